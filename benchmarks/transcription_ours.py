"""Hear a recording as the program's workflows do, without a study: planner, voice detector and transcriber."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.transcription_sound import RATE, Samples
from facilitator.domain.events import WindowTranscribed
from facilitator.domain.progress import silent
from facilitator.transcription.client import SpeechDetector, Transcriber
from facilitator.transcription.planning import at_model_rate, plan

Read = Callable[[int, int], Samples]


def from_file(file: Path) -> tuple[Read, int]:
    """Reads samples between two times from a raw file, which it repeats for ever; and the file's length in ms."""
    count = file.stat().st_size // 2

    def read(start_ms: int, end_ms: int) -> Samples:
        at, left, parts = start_ms * RATE // 1000 % count, (end_ms - start_ms) * RATE // 1000, []
        while left > 0:
            parts.append(np.fromfile(file, dtype="<i2", count=min(left, count - at), offset=2 * at))
            left, at = left - len(parts[-1]), 0
        return np.concatenate(parts) if parts else np.zeros(0, dtype=np.int16)

    return read, count * 1000 // RATE


def from_samples(samples: Samples) -> tuple[Read, int]:
    """The same of samples in memory."""

    def read(start_ms: int, end_ms: int) -> Samples:
        return samples[start_ms * RATE // 1000 : end_ms * RATE // 1000]

    return read, len(samples) * 1000 // RATE


def hear(
    transcriber: Transcriber,
    detector: SpeechDetector,
    sound: tuple[Read, int],
    stored: "dict[int, WindowTranscribed] | None" = None,
) -> Iterator[WindowTranscribed]:
    """Windows as they are finished, without those in `stored`; goes on after the first of them that follow each other.

    The same steps as in `facilitator.workflows.hearing.hear`.
    """
    read, end_ms = sound
    windows = stored or {}
    index, start_ms = 0, 0
    while (window := windows.get(index)) is not None:
        index, start_ms = index + 1, window.end_ms
    blocks = at_model_rate(read, RATE, end_ms, start_ms=start_ms)
    planned = plan(blocks, detector.find, start_ms=start_ms, index=index)
    for batch in transcriber.run(planned, windows.keys(), silent, end_ms, skipped_ms=start_ms):
        yield from batch


def text(windows: "dict[int, WindowTranscribed]") -> str:
    """What was heard, in order."""
    return " ".join(segment.text for index in sorted(windows) for segment in windows[index].segments)


def prepared(beam: int, weights: Any, threads: int = 0, language: str | None = "en") -> Transcriber:
    """A transcriber whose model is loaded."""
    made = Transcriber(weights, language=language, beam=beam, threads=threads)
    made.start()
    return made
