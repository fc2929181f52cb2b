"""`facilitator transcribe` and `speakers`."""

import click

from facilitator.cli.output import progress, say
from facilitator.cli.study_option import Opener, study_options
from facilitator.domain.errors import FacilitatorError, UsageError
from facilitator.domain.ids import SessionId, session_id
from facilitator.domain.timebase import clock, exact


@click.command()
@click.argument("sessions", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Every session that has a recording and no draft.")
@click.option("--engine", default="auto", show_default=True, help="auto, faster-whisper or openai-whisper.")
@click.option("--model", default="base", show_default=True, help="Whisper model; see `facilitator models list`.")
@click.option("--language", help="ISO 639-1; the study's language if not given.")
@click.option("--again", is_flag=True, help="Transcribe anew, giving up the present draft and its corrections.")
@study_options
def transcribe(
    opener: Opener,
    sessions: tuple[str, ...],
    everything: bool,
    engine: str,
    model: str,
    language: str | None,
    again: bool,
) -> None:
    """Transcribe SESSIONS on this machine. Ctrl-C keeps what is done; the same command goes on from there."""
    from facilitator.workflows.sessions import Session, summaries
    from facilitator.workflows.transcribing import check_engine
    from facilitator.workflows.transcribing import transcribe as run

    check_engine(engine)
    if not sessions and not everything:
        raise UsageError("No session was named.", do="Name one, such as 01, or add --all.")
    wanted = [session_id(text) for text in sessions]
    failed: list[tuple[SessionId, FacilitatorError]] = []
    with opener.study() as study:
        if everything:
            wanted = [row.id for row in summaries(study) if row.next == "transcribe"]
        for one in wanted:
            try:
                with Session(study, one) as session, progress() as report:
                    state = run(session, engine=engine, model=model, language=language, again=again, report=report)
                    say(f"Session {one}: {len(state.segments)} turns over {clock(state.length_ms)}, read back.")
                    if state.transcription is not None and (filled := state.transcription.filled):
                        missing = exact(sum(length for _, length in filled))
                        say(f"  {missing} that cannot be read from the recording were heard from a backup track.")
            except FacilitatorError as error:
                if len(wanted) == 1:
                    raise
                say(f"Session {one}: {error.what}", err=True)
                failed.append((one, error))
    if failed:
        raise failed[0][1]
    say("Next: facilitator correct " + (wanted[0] if wanted else "S") if wanted else "Nothing to transcribe.")


@click.command()
@click.argument("session")
@study_options
def speakers(opener: Opener, session: str) -> None:
    """Give turns without a speaker one from the facilitator's marks; the rest stay unknown."""
    from facilitator.workflows.transcribing import fill_speakers

    with opener.session(session) as opened:
        filled = fill_speakers(opened)
        unknown = sum(segment.speaker is None for segment in opened.state.segments.values())
    say(f"{filled} turns attributed; {unknown} stay unknown.")
