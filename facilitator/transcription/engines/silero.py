"""The voice detector: Silero's model, which comes with faster-whisper. Imported by the worker only."""

from collections.abc import Iterator
from typing import Any, Final, cast

import numpy as np
import numpy.typing as npt
from faster_whisper.vad import get_vad_model

from facilitator.domain.stretches import Stretch
from facilitator.transcription.planning import PER_MS, SPEECH_UNTIL, STEP_MS, Samples

_STEP: Final = STEP_MS * PER_MS
_CONTEXT: Final = 64
"""Samples of the step before that the model hears again."""
_SHORTEST_STEPS: Final = 12
"""A silence of 0.4 s and more is judged twice."""
_LOUD: Final = 0.05
"""Root mean square of a voice near the microphone, of 1.0."""
_MOST_GAIN: Final = 20.0

Chances = npt.NDArray[np.float32]


class SpeechFinder:
    """Says how likely each 32 ms is speech, and remembers what it heard until it is told to start afresh.

    Used to a loud voice, the model takes a quiet one after it for silence. So each silence is judged once more, by
    itself and as loud as a voice; the higher chance counts. Noise stays noise: over 550 s of silence, noise and music
    in the scenes of `benchmarks.transcription`, that found 0.2 s more, and left two fifths less of the speech unfound.
    """

    def __init__(self) -> None:
        self._session: Any = cast(Any, get_vad_model()).session
        self._h: npt.NDArray[np.float32]
        self._c: npt.NDArray[np.float32]
        self._context: Samples
        self._forget()

    def find(self, samples: Samples, fresh: bool) -> Chances:
        """Chances of 0.0 to 1.0, one for each 512 samples at 16 kHz; `samples` are a whole number of those."""
        if fresh:
            self._forget()
        steps = samples.reshape(-1, _STEP)
        chances, self._h, self._c = self._judge(steps, self._context, self._h, self._c)
        self._context = steps[-1, -_CONTEXT:].copy()
        for start, end in _silences(chances):
            alone, _, _ = self._judge(_as_loud_as_a_voice(steps[start:end]), *_nothing_before())
            chances[start:end] = np.maximum(chances[start:end], alone)
        return chances

    def _judge(self, steps: Samples, context: Samples, h: Any, c: Any) -> tuple[Chances, Any, Any]:
        before = np.concatenate([context[None], steps[:-1, -_CONTEXT:]])
        heard = np.concatenate([before, steps], axis=1, dtype=np.float32)
        chances, h, c = self._session.run(None, {"input": heard, "h": h, "c": c})
        return np.array(chances, dtype=np.float32).reshape(-1), h, c

    def _forget(self) -> None:
        self._context, self._h, self._c = _nothing_before()


def _nothing_before() -> tuple[Samples, Any, Any]:
    return np.zeros(_CONTEXT, np.float32), np.zeros((1, 1, 128), np.float32), np.zeros((1, 1, 128), np.float32)


def _silences(chances: Chances) -> Iterator[Stretch]:
    """Runs of steps that are no speech, long enough to be judged again."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], chances < SPEECH_UNTIL, [False]]).astype(np.int8)))
    for start, end in edges.reshape(-1, 2).tolist():
        if end - start >= _SHORTEST_STEPS:
            yield start, end


def _as_loud_as_a_voice(steps: Samples) -> Samples:
    """Amplified until its louder parts (the upper tenth) are as loud as a voice, at most twentyfold."""
    loud = float(np.quantile(np.sqrt(np.mean(steps * steps, axis=1)), 0.9))
    gain = min(_MOST_GAIN, max(1.0, _LOUD / loud)) if loud > 0 else 1.0
    return cast(Samples, np.clip(steps * np.float32(gain), -1.0, 1.0))
