"""A recording in real time through a virtual microphone, beside a speech engine that keeps the processor busy.

`drift_ms` compares what was played with what was stored, by one clock: the room and the recorder are on one computer.
So it tells of sound that was lost, doubled or set down in the wrong place, not of a sound card whose clock is wrong.
"""

import os
import subprocess
import sys
import tempfile
import threading
import time
import wave
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import numpy as np
import psutil
import pyrage

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))  # known_sound and sound_room are there

from known_sound import Playing, apart, find
from sound_room import SoundRoom

from facilitator.audio.container import AudioReader
from facilitator.audio.messages import Alarm, Fault, Gap, Level, Message
from facilitator.audio.recorder import Recorder

RATE = 48_000
PIECE_MS = 500
SAMPLE_S = 25
BUSY = "the computer was too busy"
_PEER = Path(__file__).with_name("recording_peer.py")
_MB = 1_000_000


def no_room() -> str | None:
    """Why there can be no live recording here, or None."""
    return SoundRoom.absent()


class Load:
    """Context manager: Whisper transcribes the sample again and again, as the program would; else numpy multiplies."""

    def __init__(self, weights: Any | None) -> None:
        self.what = (
            "Whisper base, as `facilitator transcribe` runs it" if weights else "numpy (no Whisper weights here)"
        )
        self.windows = 0
        self._over = threading.Event()
        self._end: Any = lambda: None
        self._threads = (
            [threading.Thread(target=self._transcribe, args=(weights,))]
            if weights
            else [threading.Thread(target=self._multiply) for _ in range(os.cpu_count() or 2)]
        )
        self.usage: Usage | None = None

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._end()
        for thread in self._threads:
            thread.join()

    def figures(self) -> dict[str, Any]:
        """What kept the processor busy, and how busy (of one core)."""
        percent = self.usage.cpu_percent if self.usage else None
        return {"load": self.what, "load_windows": self.windows, "load_cpu_percent": percent}

    def _transcribe(self, weights: Any) -> None:
        from facilitator.domain.errors import Cancelled
        from facilitator.transcription.client import Transcriber
        from facilitator.transcription.planning import Window

        whole = (0, SAMPLE_S * 1000)
        window = Window(0, *whole, (whole,), (whole,), _sample())
        with Transcriber(weights) as worker:
            self._end = worker.close
            while not self._over.is_set():
                try:
                    worker.transcribe(window)
                except Cancelled:
                    return
                self.windows += 1
                if self.usage is None and worker.pid is not None:
                    self.usage = Usage(psutil.Process(worker.pid))
                if self.usage is not None:
                    self.usage.look()

    def _multiply(self) -> None:
        some = np.random.default_rng(1).random((400, 400))
        while not self._over.is_set():
            some = some @ some
            some /= np.linalg.norm(some)


def _weights() -> Any | None:
    """The speech model of this user, or None; asked before the room is another home, where there is none."""
    from facilitator.domain.errors import FacilitatorError
    from facilitator.transcription.weights import find_weights

    try:
        return find_weights("base")
    except FacilitatorError:
        return None


@contextmanager
def _inside(room: SoundRoom) -> Iterator[None]:
    """With the surroundings of the room, for the capture process."""
    before = dict(os.environ)
    os.environ.update(room.settings)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _sample() -> Any:
    import soundfile
    import soxr

    from facilitator.workflows.demo import SAMPLE

    samples, rate = soundfile.read(SAMPLE / "focus_group.ogg", dtype="float32", frames=SAMPLE_S * 48_000)
    return soxr.resample(samples, rate, 16_000)[: SAMPLE_S * 16_000]


@dataclass
class Usage:
    """Processor seconds and memory of one process, looked at every second, less its first `settle_s` seconds."""

    process: psutil.Process
    rss_mb: float = 0.0
    helpers: dict[int, tuple[str, float, float]] = field(default_factory=dict)
    _begun: tuple[float, float] | None = None
    _now: tuple[float, float] = (0.0, 0.0)

    def look(self) -> None:
        """Take the figures of now; those of a process that has ended stay as they were."""
        try:
            used = self.process.cpu_times()
            self._now = (time.monotonic(), used.user + used.system)
            self._begun = self._begun or self._now
            self.rss_mb = max(self.rss_mb, self.process.memory_info().rss / _MB)
            for child in self.process.children(recursive=True):
                used, name = child.cpu_times(), child.name()
                self.helpers[child.pid] = (name, used.user + used.system, child.memory_info().rss / _MB)
        except psutil.NoSuchProcess:
            return

    @property
    def cpu_percent(self) -> float:
        """Of one core, on average."""
        begun = self._begun or self._now
        seconds = self._now[0] - begun[0]
        return 100 * (self._now[1] - begun[1]) / seconds if seconds else 0.0

    @property
    def helper_cpu_percent(self) -> float:
        """Of one core, of the processes that it started."""
        begun = self._begun or self._now
        seconds = self._now[0] - begun[0]
        return 100 * sum(one[1] for one in self.helpers.values()) / seconds if seconds else 0.0


@contextmanager
def _peer(room: SoundRoom, path: Path) -> "Iterator[subprocess.Popen[bytes]]":
    process = subprocess.Popen(
        [sys.executable, str(_PEER), str(path), str(RATE)],
        env=room.env,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def record_live(seconds: float) -> dict[str, Any]:
    """Record for `seconds` with both programs under load and return the figures."""
    identity, weights = pyrage.x25519.Identity.generate(), _weights()
    with tempfile.TemporaryDirectory(prefix="recording-") as name, SoundRoom() as room, _inside(room):
        folder, peer_file = Path(name) / "audio", Path(name) / "peer.wav"
        with Playing(room), Load(weights) as load, _peer(room, peer_file) as peer:
            recorder = Recorder.start(folder, session_id="01", recipient=str(identity.to_public()), rate=RATE)
            ours, theirs = Usage(_capture_process(folder)), Usage(psutil.Process(peer.pid))
            said, lags = _listen(recorder, seconds, (ours, theirs))
            stopped_at_ms = recorder.now_ms()
            recorder.stop()
            said += recorder.poll()
            peer.kill()
            overflows = peer.communicate()[0].count(b"overflow")
        reader = AudioReader(folder, session_id="01", identity=str(identity))
        figures = _figures(said, lags, reader) | _usage("capture", ours)
        figures |= {"helpers_cpu_percent": ours.helper_cpu_percent, "helpers_rss_mb": _largest(ours)}
        figures |= {"unstored_at_stop_ms": max(0, stopped_at_ms - reader.length_ms)}
        figures |= _usage("peer", theirs) | {"peer_overflows": overflows} | _peer_file(peer_file, stopped_at_ms)
        return figures | load.figures() | {"live_s": seconds}


def _capture_process(folder: Path) -> psutil.Process:
    from facilitator.audio.status_file import read_status

    status = read_status(folder)
    if status is None:
        raise SystemExit("the recording left no status")
    return psutil.Process(status.pid)


def _listen(
    recorder: Recorder, seconds: float, watched: tuple[Usage, ...]
) -> tuple[list[Message], list[tuple[int, float]]]:
    """What is said but levels, and for each level (its time, how many ms later it came)."""
    said: list[Message] = []
    lags: list[tuple[int, float]] = []
    origin_ms = recorder.started.monotonic_ns / 1e6 - recorder.started.start_ms
    until, look_at = time.monotonic() + seconds, time.monotonic() + min(5.0, seconds / 4)
    while (now := time.monotonic()) < until:
        if now >= look_at:
            look_at += 1.0
            for usage in watched:
                usage.look()
        for message in recorder.poll():
            if isinstance(message, Level):
                lags.append((message.at_ms, time.monotonic() * 1000 - origin_ms - message.at_ms))
            else:
                said.append(message)
        time.sleep(0.02)
    return said, lags


def _figures(said: list[Message], lags: list[tuple[int, float]], reader: AudioReader) -> dict[str, Any]:
    gaps = [message for message in said if isinstance(message, Gap)]
    alarms = [message.trouble for message in said if isinstance(message, Alarm) and not message.over]
    quarter = max(4, len(lags) // 4)
    by_clock = min(lag for _, lag in lags[-quarter:]) - min(lag for _, lag in lags[:quarter])
    ends = (1_000, reader.length_ms - 1_000 - PIECE_MS)
    found = [find(reader.read(at, at + PIECE_MS), RATE) for at in ends]
    drift = apart(found[1].at_ms - found[0].at_ms, ends[1] - ends[0])
    return {
        "overflows": sum(gap.reason == BUSY for gap in gaps),
        "gaps": len(gaps),
        "lost_ms": sum(gap.length_ms for gap in gaps),
        "alarms": len(alarms),
        "alarm_names": ", ".join(sorted({*alarms})),
        "faults": sum(isinstance(message, Fault) for message in said),
        "drift_ms": abs(drift),
        "drift_by_clock_ms": abs(by_clock),
        "sound_alike": min(one.alike for one in found),
        "damaged": len(reader.check().damage),
    }


def _usage(whose: str, usage: Usage) -> dict[str, float]:
    return {f"{whose}_cpu_percent": usage.cpu_percent, f"{whose}_rss_mb": usage.rss_mb}


def _largest(usage: Usage) -> float:
    return max((one[2] for one in usage.helpers.values()), default=0.0)


def _peer_file(path: Path, recorded_ms: int) -> dict[str, float]:
    """Seconds that a strict reader gets back, one that believes the header, and one that guesses from the size."""
    import soundfile

    try:
        with wave.open(str(path)) as file:
            strict = file.getnframes() / file.getframerate()
    except (wave.Error, EOFError):
        strict = 0.0
    try:
        lenient = soundfile.info(str(path)).duration
    except soundfile.LibsndfileError:
        lenient = 0.0
    return {
        "peer_after_kill_strict_s": strict,
        "peer_after_kill_lenient_s": lenient,
        "recorded_s": recorded_ms / 1000,
    }
