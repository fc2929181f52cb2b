"""`facilitator transcribe` and `speakers`."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from facilitator.cli.output import progress, say
from facilitator.cli.study_option import Opener, study_options
from facilitator.domain.accounting import Fate, sums
from facilitator.domain.errors import Cancelled, FacilitatorError, UsageError
from facilitator.domain.ids import SessionId, session_id
from facilitator.domain.timebase import clock, exact, milliseconds

if TYPE_CHECKING:
    from facilitator.domain.session_state import SessionState
    from facilitator.transcription.cluster import Cluster
    from facilitator.workflows.sessions import Session


@click.command()
@click.argument("sessions", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Every session that has a recording and no draft.")
@click.option("--engine", default="auto", show_default=True, help="auto, faster-whisper or openai-whisper.")
@click.option("--model", default="base", show_default=True, help="Whisper model; see `facilitator models list`.")
@click.option("--language", help="ISO 639-1; auto for whatever is spoken; the study's language if not given.")
@click.option(
    "--beam", type=click.IntRange(1, 10), default=5, show_default=True, help="Readings followed; 1 is fastest."
)
@click.option("--fillers", is_flag=True, help="Ask for “um” and the like; some sentences are heard worse then.")
@click.option("--with-names", "names", is_flag=True, help="Let participants' names be among the words to expect.")
@click.option("--beside", is_flag=True, help="Keep the draft, and show the new text beside it in `correct`.")
@click.option("--from", "from_", metavar="M:SS", help="With --beside: where to begin.")
@click.option("--to", metavar="M:SS", help="With --beside: where to end.")
@click.option("--again", is_flag=True, help="Transcribe anew, giving up the present draft and its corrections.")
@click.option("--cluster", metavar="ADDRESS", help="Hear on a dask cluster at tls://HOST:PORT; see docs/scaling.md.")
@click.option("--tls-ca", type=click.Path(path_type=Path), help="With --cluster: its authority's certificate.")
@click.option("--tls-cert", type=click.Path(path_type=Path), help="With --cluster: this computer's certificate.")
@click.option("--tls-key", type=click.Path(path_type=Path), help="With --cluster: the key of that certificate.")
@study_options
def transcribe(
    opener: Opener,
    sessions: tuple[str, ...],
    everything: bool,
    from_: str | None,
    to: str | None,
    beside: bool,
    again: bool,
    cluster: str | None,
    tls_ca: Path | None,
    tls_cert: Path | None,
    tls_key: Path | None,
    **manner: Any,
) -> None:
    """Transcribe SESSIONS, on this machine unless --cluster is given.

    Ctrl-C keeps what is done; the same command goes on from there.
    """
    from facilitator.workflows.hearing import Manner, check_manner
    from facilitator.workflows.hearing_beside import hear_beside
    from facilitator.workflows.sessions import Session, summaries
    from facilitator.workflows.transcribing import transcribe as run

    how = Manner(**manner)
    check_manner(how)
    if not sessions and not everything:
        raise UsageError("No session was named.", do="Name one, such as 01, or add --all.")
    if beside and again:
        raise UsageError("--beside keeps the draft, --again gives it up.", do="Choose one of them.")
    if beside and everything:
        raise UsageError("--all is for sessions that have no draft yet.", do="Name those to hear beside their drafts.")
    if (from_ or to) and not beside:
        raise UsageError("A part of a session is heard beside its draft.", do="Add --beside.")
    where = _cluster(cluster, tls_ca, tls_cert, tls_key)
    from_ms, to_ms = (None if text is None else milliseconds(text) for text in (from_, to))
    wanted = [session_id(text) for text in sessions]
    failed: list[tuple[SessionId, FacilitatorError]] = []
    with opener.study() as study:
        if everything:
            wanted = [row.id for row in summaries(study) if row.next == "transcribe"]
        for number, one in enumerate(wanted, start=1):
            try:
                with Session(study, one) as session, progress(_place(number, len(wanted))) as report:
                    if beside:
                        others = hear_beside(session, how, from_ms=from_ms, to_ms=to_ms, report=report, cluster=where)
                        say(f"Session {one}: heard beside the draft, which stays. {_differ(others)}")
                    else:
                        _tell(session, run(session, how, again=again, report=report, cluster=where))
            except Cancelled:
                raise
            except FacilitatorError as error:
                if len(wanted) == 1:
                    raise
                say(f"Session {one}: {error.what}", err=True)
                failed.append((one, error))
    if failed:
        raise failed[0][1]
    say("Next: facilitator correct " + (wanted[0] if wanted else "S") if wanted else "Nothing to transcribe.")


def _cluster(address: str | None, ca: Path | None, cert: Path | None, key: Path | None) -> "Cluster | None":
    if address is None:
        if ca or cert or key:
            raise UsageError("Certificates are for a cluster.", do="Add --cluster tls://HOST:PORT.")
        return None
    from facilitator.transcription.cluster import Cluster

    return Cluster(address, ca, cert, key)


def _place(number: int, count: int) -> str:
    return f"{number} of {count}: " if count > 1 else ""


def _differ(turns: int) -> str:
    return {0: "No turn differs.", 1: "1 turn differs."}.get(turns, f"{turns} turns differ.")


def _tell(session: "Session", state: "SessionState") -> None:
    """What became of the recording, second by second."""
    from facilitator.workflows.hearing import accounted

    say(f"Session {session.id}: {len(state.segments)} turns over {clock(state.length_ms)}, read back.")
    parts = sums(accounted(state))
    say("  Accounted for: " + ", ".join(f"{fate} {exact(length)}" for fate, length in parts.items() if length) + ".")
    if doubts := state.open_doubts:
        rules = [doubt.rule for doubt in doubts]
        listed = ", ".join(f"{rule} {rules.count(rule)}" for rule in dict.fromkeys(rules))
        say(f"  To be heard by a person: {listed}. In `correct`, F7 goes from one to the next.")
    if parts.get(Fate.UNRESOLVED):
        say("  Where speech has no text, an empty turn stands in the draft.")
    if state.transcription is not None and (filled := state.transcription.filled):
        missing = exact(sum(length for _, length in filled))
        say(f"  {missing} that cannot be read from the recording were heard from a backup track.")


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
