"""Hours of recording without waiting for them, the recovery of one that was killed, and what a sync costs."""

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from facilitator.domain import events as ev
from facilitator.domain.consent import Consent
from facilitator.domain.ids import ResearchNumber, SessionId
from facilitator.domain.roster import RosterRow
from facilitator.storage.study_folder import StudyFolder
from facilitator.workflows.guides import find_guide
from facilitator.workflows.participants import add_participants, record_consent
from facilitator.workflows.sessions import Session, plan_session
from facilitator.workflows.study import Study, init_study, open_study

RATE = 48_000
_ROOT = Path(__file__).resolve().parents[1]
_PASSPHRASE = "benchmark passphrase"  # noqa: S105 -- of a study that is deleted at the end


@contextmanager
def _recorded_fast(folder: Path, recipient: str, minutes: float) -> "Iterator[dict[str, Any]]":
    """A process that has recorded `minutes` and still holds the recording open; killed at the end."""
    command = [sys.executable, "-m", "benchmarks.recording_fast", str(folder), recipient, str(minutes)]
    process = subprocess.Popen(command, cwd=_ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    with process:
        assert process.stdout is not None  # noqa: S101  a pipe, as asked above
        try:
            yield json.loads(process.stdout.readline())
        finally:
            process.kill()


def long_recording(folder: Path, minutes: float) -> dict[str, float]:
    """Memory, size and time of a recording of `minutes`."""
    import pyrage

    recipient = str(pyrage.x25519.Identity.generate().to_public())
    with _recorded_fast(folder, recipient, minutes) as told:
        size = sum(path.stat().st_size for path in folder.glob("*.rec"))
    return {
        "long_h": minutes / 60,
        "long_rss_growth_mb": told["rss_mb"] - told["rss_settled_mb"],
        "long_rss_mb": told["rss_mb"],
        "long_bytes_per_h": size / minutes * 60,
        "long_took_s": told["seconds"],
        "long_gaps": told["gaps"],
    }


def recovery(folder: Path, minutes: float) -> dict[str, float]:
    """Seconds until a recording of `minutes` is in order again whose programs were killed, and what came back."""
    root = init_study(folder / "study", title="Benchmark", passphrase=_PASSPHRASE)
    with open_study(StudyFolder(root), _PASSPHRASE) as study:
        numbers = add_participants(study, [RosterRow("Somebody", (), {})]).numbers
        record_consent(study, numbers, Consent(ResearchNumber("P1"), "2030-01-01"))
        plan_session(study, find_guide(study.folder.guides, "pilot"), numbers)
        with Session(study, SessionId("01")) as session:
            session.record(ev.RecordingStarted(RATE, "scripted"), 0)
            audio, recipient = session.folder.audio, session.key.audio_recipient
        with _recorded_fast(audio, recipient, minutes):
            pass
        seconds, length_ms = _recovered(study)
    return {"recovery_of_min": minutes, "recovery_s": seconds, "recovered_s": length_ms / 1000}


def _recovered(study: Study) -> tuple[float, int]:
    from facilitator.workflows.recovering import recover

    begun = time.perf_counter()
    with Session(study, SessionId("01")) as session:
        recover(session)
        return time.perf_counter() - begun, session.state.length_ms


def sync_cost(folder: Path, times: int) -> dict[str, float]:
    """Milliseconds that `fdatasync` takes after a second of sound was appended."""
    data, taken = os.urandom(RATE * 2), []
    sync = getattr(os, "fdatasync", os.fsync)
    fd = os.open(folder / "sync", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        for _ in range(times):
            os.write(fd, data)
            begun = time.perf_counter()
            sync(fd)
            taken.append((time.perf_counter() - begun) * 1000)
    finally:
        os.close(fd)
    return {"sync_median_ms": statistics.median(taken), "sync_p99_ms": sorted(taken)[int(len(taken) * 0.99)]}
