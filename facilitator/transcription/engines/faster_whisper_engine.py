"""The fast engine: faster-whisper on CTranslate2. Imported by the worker only."""

from collections.abc import Mapping
from typing import Any

import ctranslate2
import numpy as np
from faster_whisper import WhisperModel

from facilitator.domain.events import HeardSegment
from facilitator.transcription.engines import SEED, heard
from facilitator.transcription.planning import RATE, Samples


class FasterWhisperEngine:
    """int8 on the CPU, float16 on a CUDA device that works.

    Args:
        contents: the model's files by name: model.bin, config.json, tokenizer.json, vocabulary.
        threads: CPU threads.
    """

    def __init__(self, contents: Mapping[str, bytes], threads: int) -> None:
        self._model = _load(contents, threads)

    def transcribe(self, samples: Samples, *, language: str | None, prompt: str, beam: int) -> list[HeardSegment]:
        ctranslate2.set_random_seed(SEED)
        segments, info = self._model.transcribe(
            samples,
            language=language,
            initial_prompt=prompt or None,
            beam_size=beam,
            word_timestamps=True,
            condition_on_previous_text=False,
            vad_filter=False,
        )
        limit = len(samples) * 1000 // RATE
        return [made for segment in segments if (made := _heard(segment, info.language, limit)) is not None]


def _heard(segment: Any, language: str, limit_ms: int) -> HeardSegment | None:
    words = [(word.word, word.start, word.end, word.probability) for word in segment.words or ()]
    return heard(segment.text, segment.start, segment.end, words, segment.no_speech_prob, language, limit_ms)


def _load(contents: Mapping[str, bytes], threads: int) -> Any:
    if ctranslate2.get_cuda_device_count() > 0:
        model = _model(contents, threads, "cuda", "float16")
        try:
            model.encode(np.zeros((model.feature_extractor.mel_filters.shape[0], 3000), dtype=np.float32))
        except RuntimeError:  # a driver without cuBLAS and cuDNN shows only at the first use; the CPU always works
            del model
        else:
            return model
    return _model(contents, threads, "cpu", "int8")


def _model(contents: Mapping[str, bytes], threads: int, device: str, kind: str) -> Any:
    return WhisperModel(
        "weights given as bytes",
        device=device,
        compute_type=kind,
        cpu_threads=threads,
        local_files_only=True,
        files=dict(contents),
    )
