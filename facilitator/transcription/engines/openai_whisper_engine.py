"""The reference engine: openai-whisper on torch, on the CPU in float32. Imported by the worker only."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
import whisper

from facilitator.domain.events import HeardSegment
from facilitator.transcription.convert import whisper_model
from facilitator.transcription.engines import SEED, heard
from facilitator.transcription.planning import RATE, Samples


class OpenAIWhisperEngine:
    """Slower than the fast engine, and what that one is compared with.

    Args:
        model: name of the model, such as "base".
        folder: where its files lie.
        contents: the files by name; `model.bin` is converted in memory, else the one `.pt` file is loaded by Whisper.
        threads: CPU threads.
    """

    def __init__(self, model: str, folder: Path, contents: Mapping[str, bytes], threads: int) -> None:
        torch.set_num_threads(threads)
        self._model = _load(model, folder, contents)

    def transcribe(self, samples: Samples, *, language: str | None, prompt: str, beam: int) -> list[HeardSegment]:
        torch.manual_seed(SEED)
        result = self._model.transcribe(
            samples,
            language=language,
            initial_prompt=prompt or None,
            beam_size=beam if beam > 1 else None,
            word_timestamps=True,
            condition_on_previous_text=False,
            fp16=False,
            verbose=None,
        )
        limit = len(samples) * 1000 // RATE
        spoken = str(result["language"])
        return [made for segment in result["segments"] if (made := _heard(segment, spoken, limit)) is not None]


def _heard(segment: Mapping[str, Any], language: str, limit_ms: int) -> HeardSegment | None:
    words = [(word["word"], word["start"], word["end"], word["probability"]) for word in segment["words"]]
    no_speech = float(segment["no_speech_prob"])
    return heard(segment["text"], segment["start"], segment["end"], words, no_speech, language, limit_ms)


def _load(model: str, folder: Path, contents: Mapping[str, bytes]) -> Any:
    if "model.bin" in contents:
        return whisper_model(contents["model.bin"], model)
    # Whisper's own loader reads tensors only (weights_only), from a file whose digest was just checked.
    loaded = whisper.load_model(str(folder / next(iter(contents))), device="cpu")
    heads = whisper._ALIGNMENT_HEADS.get(model)
    if heads is not None:
        loaded.set_alignment_heads(heads)
    return loaded
