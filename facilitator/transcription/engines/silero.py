"""The voice detector: Silero's model, which comes with faster-whisper. Imported by the worker only."""

from typing import Any, cast

import numpy as np
import numpy.typing as npt
from faster_whisper.vad import get_vad_model

from facilitator.transcription.planning import PER_MS, STEP_MS, Samples

_STEP = STEP_MS * PER_MS
_CONTEXT = 64
"""Samples of the step before that the model hears again."""


class SpeechFinder:
    """Says how likely each 32 ms is speech, and remembers what it heard until it is told to start afresh."""

    def __init__(self) -> None:
        self._session: Any = cast(Any, get_vad_model()).session
        self._h: npt.NDArray[np.float32]
        self._c: npt.NDArray[np.float32]
        self._context: Samples
        self._forget()

    def find(self, samples: Samples, fresh: bool) -> npt.NDArray[np.float32]:
        """Chances of 0.0 to 1.0, one for each 512 samples at 16 kHz; `samples` are a whole number of those."""
        if fresh:
            self._forget()
        steps = samples.reshape(-1, _STEP)
        before = np.concatenate([self._context[None], steps[:-1, -_CONTEXT:]])
        self._context = steps[-1, -_CONTEXT:].copy()
        heard = np.concatenate([before, steps], axis=1, dtype=np.float32)
        chances, self._h, self._c = self._session.run(None, {"input": heard, "h": self._h, "c": self._c})
        return cast(npt.NDArray[np.float32], np.asarray(chances, dtype=np.float32).reshape(-1))

    def _forget(self) -> None:
        self._h = np.zeros((1, 1, 128), dtype=np.float32)
        self._c = np.zeros((1, 1, 128), dtype=np.float32)
        self._context = np.zeros(_CONTEXT, dtype=np.float32)
