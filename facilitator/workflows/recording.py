"""Headless recording and imported recordings."""

import contextlib
import hashlib
import shutil
import time
from pathlib import Path

from facilitator.domain import events as ev
from facilitator.domain.errors import Busy, DeviceFailed, InvalidAudio, UsageError
from facilitator.domain.progress import Progress, Report, silent
from facilitator.domain.timebase import samples_to_ms
from facilitator.workflows.conducting import Conduct, Fault, Level, Recorded
from facilitator.workflows.sessions import Session

POLL_S = 0.1


def record(session: Session, seconds: float, *, device: str | None = None, report: Report = silent) -> Recorded:
    """Record for `seconds` (0.5 to 43,200), or until Ctrl-C or Cancelled from `report`; then stop and read back.

    Raises:
        UsageError: a length out of range.
        DeviceFailed: the capture process died; what it stored is kept.
    """
    check_seconds(seconds)
    conduct = Conduct(session)
    if conduct.find_running():
        raise Busy(
            f"Session {session.id} is being recorded already.",
            safe="That recording goes on.",
            do=f"Take it over with `facilitator conduct {session.id}`.",
        )
    conduct.start(device, stop_after_ms=int(seconds * 1000))
    start_ms = session.state.takes[-1].at_ms
    try:
        with contextlib.suppress(KeyboardInterrupt):  # Ctrl-C is the stop button of a recording without a screen
            _watch(conduct, start_ms, seconds, report)
    finally:
        recorded = conduct.stop()
    return recorded


def _watch(conduct: Conduct, start_ms: int, seconds: float, report: Report) -> None:
    while conduct.now_ms - start_ms < seconds * 1000:
        time.sleep(POLL_S)
        for message in conduct.poll():
            if isinstance(message, Fault) and not conduct.recording:
                raise DeviceFailed(message.what, safe="What was stored is kept.", do="Run the command again.")
            if isinstance(message, Level):
                done = min(seconds, (message.stored_ms - start_ms) / 1000)
                report(Progress("Recording", done, seconds, max(0.0, seconds - done)))


def check_seconds(seconds: float) -> None:
    """Raises UsageError for a length outside half a second to 12 hours."""
    if not 0.5 <= seconds <= 43_200:
        raise UsageError(
            "A recording lasts from half a second to 12 hours.",
            safe="Nothing was recorded.",
            do="Give --seconds a number from 0.5 to 43200.",
        )


def import_audio(session: Session, path: Path, report: Report = silent) -> int:
    """Bring a recording made elsewhere into the session, encrypted, and return its length in ms.

    The whole file is decoded into a folder beside `audio/` first, checked, and renamed into place: a bad file leaves
    nothing behind.

    Raises:
        InvalidAudio: not a sound file of a known format, empty, or over the limits.
        UsageError: the session has audio already.
    """
    if session.state.takes:
        raise UsageError(
            f"Session {session.id} has audio already.", safe="It was left untouched.", do="Plan a new session for it."
        )
    if Conduct(session).find_running() or any(session.folder.audio.glob("*.rec")):
        raise UsageError(
            f"Session {session.id} holds a recording that its log does not know.",
            safe="It was left untouched.",
            do=f"Open `facilitator conduct {session.id}`, which takes it over.",
        )
    staged = session.folder.root / "audio.importing"
    shutil.rmtree(staged, ignore_errors=True)
    staged.mkdir(mode=0o700)
    try:
        imported = _write_records(session, path, staged, report)
        shutil.rmtree(session.folder.audio, ignore_errors=True)
        staged.rename(session.folder.audio)
    except BaseException:
        shutil.rmtree(staged, ignore_errors=True)
        raise
    session.record(imported, 0)
    return samples_to_ms(imported.samples, imported.rate)


def _write_records(session: Session, path: Path, staged: Path, report: Report) -> ev.AudioImported:
    from facilitator.audio.container import AudioReader, RecordWriter  # numpy is not needed before this
    from facilitator.audio.decode import decode

    with decode(path) as decoded:
        writer = RecordWriter(
            staged, session_id=session.id, recipient=session.key.audio_recipient, rate=decoded.rate, ballast_bytes=0
        )
        total_ms, samples = decoded.duration_ms, 0
        record_bytes = decoded.rate // 4 * 2
        waiting = b""
        for block in decoded:
            waiting += block.tobytes()
            while len(waiting) >= record_bytes:
                writer.append(waiting[:record_bytes], samples)
                waiting, samples = waiting[record_bytes:], samples + record_bytes // 2
            done_ms = samples_to_ms(samples, decoded.rate)
            report(Progress("Importing", done_ms, max(total_ms or done_ms, done_ms)))
        if waiting:
            writer.append(waiting, samples)
            samples += len(waiting) // 2
        writer.close()
    with path.open("rb") as source:
        digest = hashlib.file_digest(source, "sha256").hexdigest()
    stored = AudioReader(staged, session_id=session.id, identity=session.key.audio_secret).check()
    if samples == 0 or stored.samples != samples or stored.damage:
        raise InvalidAudio(
            "The sound could not be stored whole." if samples else "The file holds no sound.",
            safe="Nothing was imported.",
            do="Check that the file plays in another program, then try again.",
        )
    return ev.AudioImported(decoded.rate, samples, stored.head, digest)
