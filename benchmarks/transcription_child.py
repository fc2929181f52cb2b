"""One system of `benchmarks.transcription` in a process of its own. Its arguments: the system, and how many cores.

Asked by JSON lines on stdin: `{"file", "beam", "words", "seconds"}`, answered by `{"seconds", "text"}` or `{"seconds",
"speech"}`. Models are loaded and the sound is read before the clock starts. `seconds` of the question lets the file
repeat until it is that long.
"""

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np

Question = dict[str, Any]
Job = Callable[[], dict[str, Any]]
BATCH: Final = 8
_NICE: Final = 10
"""What our workers take; the others get the same, so that a busy computer hinders all alike."""


class System(Protocol):
    """Something that hears."""

    def ready(self, asked: Question) -> Job:
        """What is left to do once everything is loaded."""


def _whole(asked: Question) -> "np.ndarray[Any, np.dtype[np.float32]]":
    samples = np.fromfile(asked["file"], dtype="<i2").astype(np.float32) / np.float32(32768)
    return np.resize(samples, round(asked["seconds"] * 16_000)) if asked.get("seconds") else samples


class Ours:
    """Planner, voice detector and transcriber; word times are always on."""

    def __init__(self, cores: int) -> None:
        from facilitator.transcription.client import SpeechDetector, Transcriber
        from facilitator.transcription.weights import find_weights

        self._cores, self._weights, self._detector = cores, find_weights(), SpeechDetector()
        self._transcribers: dict[int, Transcriber] = {}

    def ready(self, asked: Question) -> Job:
        from benchmarks.transcription_ours import from_file, hear, prepared, text

        beam = asked["beam"]
        if beam not in self._transcribers:
            self._transcribers[beam] = prepared(beam, self._weights, self._cores)
        self._detector.find(np.zeros(512, dtype=np.float32), True)
        read, length_ms = from_file(Path(asked["file"]))
        end_ms = round(asked["seconds"] * 1000) if asked.get("seconds") else length_ms

        def job() -> dict[str, Any]:
            # All windows are kept, as a session keeps them.
            windows = {one.index: one for one in hear(self._transcribers[beam], self._detector, (read, end_ms))}
            return {"text": text(windows)}

        return job


class OpenAIWhisper:
    """openai-whisper's own `transcribe`; a beam of 1 is its default, which is greedy."""

    def __init__(self, cores: int) -> None:
        import torch

        from facilitator.transcription import store
        from facilitator.transcription.convert import whisper_model
        from facilitator.transcription.weights import find_weights

        torch.set_num_threads(cores)
        weights = find_weights(engine="openai-whisper")
        contents = store.read_checked(weights.folder, dict(weights.files))
        self._model = whisper_model(contents["model.bin"], weights.model)

    def ready(self, asked: Question) -> Job:
        sound, beam = _whole(asked), asked["beam"]

        def job() -> dict[str, Any]:
            found = self._model.transcribe(
                sound,
                language="en",
                beam_size=beam if beam > 1 else None,
                word_timestamps=asked["words"],
                fp16=False,
                verbose=None,
            )
            return {"text": found["text"]}

        return job


class FasterWhisper:
    """faster-whisper's batched pipeline, or its one-by-one `transcribe`."""

    def __init__(self, cores: int, batched: bool = True) -> None:
        from faster_whisper import BatchedInferencePipeline, WhisperModel

        from facilitator.transcription.weights import find_weights

        model = WhisperModel(
            str(find_weights().folder), device="cpu", compute_type="int8", cpu_threads=cores, local_files_only=True
        )
        self._hear = BatchedInferencePipeline(model).transcribe if batched else model.transcribe
        self._more = {"batch_size": BATCH} if batched else {}

    def ready(self, asked: Question) -> Job:
        sound = _whole(asked)

        def job() -> dict[str, Any]:
            segments, _ = self._hear(
                sound, language="en", beam_size=asked["beam"], word_timestamps=asked["words"], **self._more
            )
            return {"text": " ".join(segment.text.strip() for segment in segments)}

        return job


class Silero:
    """The voice detector as faster-whisper ships it, with its usual threshold: says where somebody speaks, in ms."""

    def __init__(self, cores: int) -> None:
        from faster_whisper.vad import VadOptions, get_speech_timestamps

        self._options = VadOptions(threshold=0.5, min_silence_duration_ms=100, speech_pad_ms=0)
        self._find = get_speech_timestamps

    def ready(self, asked: Question) -> Job:
        sound = _whole(asked)

        def job() -> dict[str, Any]:
            return {"speech": [[one["start"] // 16, one["end"] // 16] for one in self._find(sound, self._options)]}

        return job


SYSTEMS: Final[dict[str, Callable[[int], System]]] = {
    "ours": Ours,
    "openai-whisper": OpenAIWhisper,
    "faster-whisper": FasterWhisper,
    "faster-whisper one by one": lambda cores: FasterWhisper(cores, batched=False),
    "silero": Silero,
}


def main() -> None:
    """Answer until stdin ends."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # libraries that print must not break into the answers
    name, cores = sys.argv[1], int(sys.argv[2])
    if name != "ours" and hasattr(os, "nice"):
        os.nice(_NICE)
    system = SYSTEMS[name](cores)
    for line in sys.stdin:
        job = system.ready(json.loads(line))
        begun = time.perf_counter()
        found = job()
        answers.write(json.dumps({"seconds": time.perf_counter() - begun} | found) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
