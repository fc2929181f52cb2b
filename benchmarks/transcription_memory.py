"""The most memory that all processes of a system hold together while they hear a long recording.

The recording is a short one that repeats; ours reads it from the disk piece by piece, as it reads a session's sound.
"""

import threading
from pathlib import Path
from typing import Any, Final

import psutil

from benchmarks.transcription_sound import Recording, podcast
from benchmarks.transcription_systems import Systems

LONG_MIN, LONGEST_MIN, QUICK_MIN = 30.0, 240.0, 1.0
_LOOK_S: Final = 0.2
_MB: Final = 1_000_000


def memory(systems: Systems, folder: Path, quick: bool) -> dict[str, Any]:
    """Peaks in MB. A shared page counts once (PSS), where the system tells that."""
    piece = podcast(folder)
    if quick:
        return {"peak_mb": _peak(systems, "ours", piece, QUICK_MIN), "peak_of_min": QUICK_MIN}
    first = _peak(systems, "ours", piece, LONG_MIN)
    longest = _peak(systems, "ours", piece, LONGEST_MIN)
    return {
        "peak_mb": first,
        "peak_of_min": LONG_MIN,
        "peak_4h_mb": longest,
        "growth_percent": 100 * (longest / first - 1),
        "peak_faster_whisper_mb": _peak(systems, "faster-whisper", piece, LONG_MIN),
    }


def _peak(systems: Systems, name: str, piece: Recording, minutes: float) -> float:
    if name in systems.begun:
        systems.end(name)  # a fresh process, which holds nothing of what was heard before
    question = {"file": str(piece.file), "beam": 1, "words": False, "seconds": minutes * 60}
    with _Watched(systems.pid(name)) as watched:
        answer = systems.ask(name, question)
    print(f"{name}, {minutes:.0f} minutes: {watched.peak_mb:.0f} MB at most, in {answer['seconds']:.0f} s")
    for one, most in watched.each_mb.items():
        print(f"  {one} {most:.0f} MB at most")
    return watched.peak_mb


class _Watched:
    """Context manager: looks at a process and all below it five times a second."""

    def __init__(self, pid: int) -> None:
        self._process = psutil.Process(pid)
        self.peak_mb = 0.0
        self.each_mb: dict[str, float] = {}
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look)

    def __enter__(self) -> "_Watched":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._over.wait(_LOOK_S):
            try:
                family = [self._process, *self._process.children(recursive=True)]
            except psutil.NoSuchProcess:
                return
            now = {f"process {number}": _mb(one) for number, one in enumerate(family, start=1)}
            self.peak_mb = max(self.peak_mb, sum(now.values()))
            self.each_mb |= {name: max(mb, self.each_mb.get(name, 0.0)) for name, mb in now.items()}


def _mb(process: psutil.Process) -> float:
    try:
        info = process.memory_full_info()
    except psutil.Error:
        return 0.0
    return float(getattr(info, "pss", info.rss)) / _MB
