"""Sound for sessions in tests: real encrypted records, logged as a recording would log them."""

import numpy as np

from facilitator.audio.container import RecordWriter
from facilitator.domain import events as ev
from facilitator.domain.timebase import samples_to_ms
from facilitator.workflows.sessions import Session
from facilitator.workflows.sound import open_track

RATE = 8000


def record_sound(session: Session, seconds: float = 1.0, track: int = 0) -> bytes:
    """Store noise as the session's recording, or as a backup track, and return it as s16le."""
    pcm = np.random.default_rng(track + 1).integers(1, 30_000, int(RATE * seconds)).astype("<i2").tobytes()
    folder = session.folder.track(track)
    with RecordWriter(
        folder, session_id=session.id, recipient=session.key.audio_recipient, rate=RATE, ballast_bytes=0
    ) as writer:
        writer.append(pcm, 0)
        samples, head = writer.samples, writer.head
    end_ms = samples_to_ms(samples, RATE)
    begun = ev.BackupStarted(track, RATE, "test") if track else ev.RecordingStarted(RATE, "test")
    ended = ev.BackupStopped(track, samples, end_ms, head) if track else ev.RecordingStopped(samples, end_ms, head)
    session.record_all([(begun, 0), (ended, end_ms)])
    return pcm


def heard(session: Session, track: int = 0) -> bytes:
    """All sound of a track."""
    reader = open_track(session, track)
    return reader.read(0, reader.length_ms).tobytes()
