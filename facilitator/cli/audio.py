"""`facilitator devices`, `record` and `import-audio`."""

from pathlib import Path

import click

from facilitator.cli.output import columns, emit, progress, say
from facilitator.cli.study_option import Opener, json_option, study_options
from facilitator.domain.timebase import clock


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


@click.command()
@click.argument("session")
@click.option("--seconds", type=float, required=True, help="How long to record, 0.5 to 43200.")
@click.option("--device", help="Name of the input; the system's default if not given.")
@study_options
def record(opener: Opener, session: str, seconds: float, device: str | None) -> None:
    """Record SESSION without a screen. Ctrl-C stops early and keeps what was recorded."""
    from facilitator.workflows import recording

    recording.check_seconds(seconds)
    with opener.session(session) as opened, progress() as report:
        recorded = recording.record(opened, seconds, device=device, report=report)
        length, lost = clock(recorded.length_ms), recorded.lost_ms
        say(f"Stored and read back: {length} in {recorded.records} records, {lost} ms lost.")
        say(f"Next: facilitator transcribe {opened.id}")


@click.command("import-audio")
@click.argument("session")
@click.argument("file", type=click.Path(path_type=Path))
@study_options
def import_audio(opener: Opener, session: str, file: Path) -> None:
    """Bring FILE (WAV, FLAC, MP3, M4A, Ogg Vorbis or Opus) into SESSION, encrypted. FILE itself is not touched."""
    from facilitator.workflows import recording

    with opener.session(session) as opened, progress() as report:
        length = recording.import_audio(opened, file, report)
        say(f"Imported and read back: {clock(length)}. The original is still where it was; delete it when you may.")
        say(f"Next: facilitator transcribe {opened.id}")
