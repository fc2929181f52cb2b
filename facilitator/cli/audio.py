"""`facilitator devices`, `record`, `strike` and `import-audio`."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from facilitator.cli.output import columns, emit, progress, say
from facilitator.cli.study_option import Opener, json_option, study_options
from facilitator.domain.errors import UsageError
from facilitator.domain.recording import Pause
from facilitator.domain.timebase import clock

if TYPE_CHECKING:
    from facilitator.workflows.conducting import Conduct, Recorded
    from facilitator.workflows.sessions import Session


@click.command()
@json_option
def devices(as_json: bool) -> None:
    """List microphones and speakers."""
    from facilitator.audio.devices import input_devices, output_devices

    inputs, outputs = input_devices(), output_devices()
    data = [
        {"kind": kind, "name": one.name, "channels": one.channels, "rate": one.default_rate, "default": one.is_default}
        for kind, found in (("input", inputs), ("output", outputs))
        for one in found
    ]
    rows = [("", "Kind", "Name", "Channels", "Rate")]
    rows += [
        ("*" if row["default"] else "", str(row["kind"]), str(row["name"]), str(row["channels"]), f"{row['rate']} Hz")
        for row in data
    ]
    emit(data, as_json, columns(rows) if data else ["No sound devices found. See: facilitator doctor"])


WORD = "strike"
RATES = ("16000", "22050", "32000", "44100", "48000")
PAUSES = {"break": Pause.BREAK, "off-record": Pause.OFF_RECORD}


@click.command()
@click.argument("session")
@click.option("--seconds", type=float, help="How long to record, 0.5 to 43200.")
@click.option("--device", help="Name of the input; the system's default if not given.")
@click.option("--backup-device", help="A second input that records in parallel, as a backup track.")
@click.option("--rate", type=click.Choice(RATES), default="48000", help="Hz; further takes keep the first one's.")
@click.option("--channel", type=click.IntRange(1, 64), help="Keep this channel of the input; all mixed if not given.")
@click.option("--force", is_flag=True, help="Record although the disk is nearly full.")
@click.option("--draft/--no-draft", default=True, help="Transcribe meanwhile, with what the computer has left.")
@click.option("--stop", is_flag=True, help="End a recording that goes on without a screen, and read it back.")
@click.option("--pause", type=click.Choice(list(PAUSES)), help="Have such a recording store nothing for a while.")
@click.option("--resume", is_flag=True, help="Have it store sound again.")
@study_options
def record(
    opener: Opener,
    session: str,
    seconds: float | None,
    device: str | None,
    backup_device: str | None,
    rate: str,
    channel: int | None,
    force: bool,
    draft: bool,
    stop: bool,
    pause: str | None,
    resume: bool,
) -> None:
    """Record SESSION for --seconds without a screen. Ctrl-C stops early and keeps what was recorded.

    What could spoil the recording is looked for first; only a missing consent or input, or a full disk, forbids it.
    --stop, --pause and --resume are for a recording whose screen or command is gone: its recorder goes on alone.
    """
    from facilitator.workflows import prechecking, recording
    from facilitator.workflows.live_draft import LiveDraft

    given = [name for name, chosen in (("--stop", stop), ("--pause", pause), ("--resume", resume)) if chosen]
    if given:
        _refuse_together(given, seconds)
        _steer(opener, session, stop=stop, pause=pause)
        return
    if seconds is None:
        raise UsageError("How long to record was not said.", safe="Nothing was recorded.", do="Add --seconds N.")
    recording.check_seconds(seconds)
    with opener.session(session) as opened, progress() as report:
        planned_ms = int(seconds * 1000)
        checks = prechecking.precheck(
            opened, device=device, backup_device=backup_device, rate=int(rate), planned_ms=planned_ms
        )
        for one in checks:
            if one.ok is None and one.name != "Level":
                say(f"  ? {one.name}: {one.detail}", err=True)
        prechecking.refuse_blocked(checks, force=force)
        recorded = recording.record(
            opened,
            seconds,
            device=device,
            backup_device=backup_device,
            rate=int(rate),
            channel=channel,
            checks=checks,
            draft=LiveDraft(opened) if draft else None,
            report=report,
        )
        _tell_stored(opened, recorded)


def _refuse_together(given: list[str], seconds: float | None) -> None:
    if len(given) > 1 or seconds is not None:
        alone = " and ".join(given) + (" and --seconds" if seconds is not None else "")
        raise UsageError(f"{alone} do not go together.", safe="Nothing was changed.", do="Give one of them.")


def _steer(opener: Opener, session: str, *, stop: bool, pause: str | None) -> None:
    """Stop, pause or resume a recorder that outlived whoever started it."""
    from facilitator.workflows.conducting import Conduct

    with opener.session(session) as opened:
        conduct = Conduct(opened)
        conduct.find_running()
        if not conduct.under_way:
            raise UsageError(
                f"Session {opened.id} is not being recorded.",
                safe="Nothing was changed.",
                do=f"If its recording was cut off: `facilitator recover {opened.id}`.",
            )
        if stop:
            _tell_stored(opened, conduct.stop())
            return
        try:
            _pause_or_resume(conduct, pause)
        finally:
            conduct.detach()


def _pause_or_resume(conduct: "Conduct", pause: str | None) -> None:
    if pause is not None:
        conduct.pause(PAUSES[pause])
        why = conduct.paused.value if conduct.paused else pause
        say(f"Paused ({why}): nothing is stored. The session clock runs on.")
        say(f"Next: facilitator record {conduct.session.id} --resume")
    else:
        conduct.resume()
        say("It records.")


def _tell_stored(session: "Session", recorded: "Recorded") -> None:
    length, lost = clock(recorded.length_ms), recorded.lost_ms
    silent = f", {recorded.silent_ms} ms without sound" if recorded.silent_ms else ""
    say(f"Stored and read back: {length} in {recorded.records} records, {lost} ms lost{silent}.")
    if session.state.transcription_finished and session.state.segments:
        say(f"A draft of {len(session.state.segments)} turns is there.")
        say(f"Next: facilitator correct {session.id}")
    else:
        say(f"Next: facilitator transcribe {session.id}")


@click.command()
@click.argument("session")
@click.option("--minutes", type=float, required=True, help="How much of its end, 0.05 to 720.")
@click.option("--word", help="The word `strike`, for scripts; else it is asked for.")
@study_options
def strike(opener: Opener, session: str, minutes: float, word: str | None) -> None:
    """Destroy the last minutes of SESSION at a participant's request: sound, backup tracks and notes, for good.

    A recording that a closed screen left running goes on afterwards. Strike before the draft is corrected.
    """
    from facilitator.workflows.conducting import Conduct

    with opener.session(session) as opened:
        conduct = Conduct(opened)
        conduct.find_running()
        preview = conduct.strike_preview(minutes)
        say(f"From {clock(preview.from_ms)} on, {preview} will be destroyed.")
        if conduct.under_way:
            say("It is being recorded: what is recorded until you go on is destroyed as well.")
        require_word(WORD, word)
        struck = conduct.strike(preview.from_ms)
        conduct.detach()
        say(str(struck))


def require_word(wanted: str, given: str | None) -> None:
    """Go on only if `given`, or what is typed now, is exactly `wanted`. Raises UsageError otherwise."""
    if given is None and sys.stdin.isatty():
        given = str(click.prompt(f"Type {wanted} to go on", default="", show_default=False, err=True))
    if given != wanted:
        raise UsageError(
            f"The word {wanted} was not given.",
            safe="Nothing was destroyed.",
            do=f"Type it when asked, or give --word {wanted}.",
        )


@click.command("import-audio")
@click.argument("session")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--as-backup", is_flag=True, help="FILE is a second recorder's; it fills gaps of the recording.")
@study_options
def import_audio(opener: Opener, session: str, file: Path, as_backup: bool) -> None:
    """Bring FILE (WAV, FLAC, MP3, M4A, Ogg Vorbis or Opus) into SESSION, encrypted. FILE itself is not touched.

    With --as-backup, FILE is what another recorder heard of a session that was recorded here: it is aligned by its
    sound. Breaks, what was off the record or struck, and what lies before and after the recording are not taken in.
    """
    from facilitator.workflows import importing

    with opener.session(session) as opened, progress() as report:
        if as_backup:
            say(str(importing.import_backup(opened, file, report)))
            say(f"{file.name} itself still holds everything, also what was off the record; delete it when you may.")
        else:
            length = importing.import_audio(opened, file, report)
            say(f"Imported and read back: {clock(length)}. The original is still where it was; delete it when you may.")
        say(f"Next: facilitator transcribe {opened.id}")
