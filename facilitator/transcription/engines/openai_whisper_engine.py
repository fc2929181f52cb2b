"""The reference engine: openai-whisper on torch, on the CPU in float32. Imported by the worker only."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
import whisper

from facilitator.transcription.convert import whisper_model
from facilitator.transcription.engines import SEED, Heard, Manner, looping, whole_words
from facilitator.transcription.planning import RATE, Samples


class OpenAIWhisperEngine:
    """Slower than the fast engine, and what that one is compared with.

    Args:
        model: name of the model, such as "base".
        folder: where its files lie.
        contents: the files by name; `model.bin` is converted in memory, else the one `.pt` file is loaded by Whisper.
        threads: CPU threads.
    """

    lanes = 1
    batch = 1

    def __init__(self, model: str, folder: Path, contents: Mapping[str, bytes], threads: int) -> None:
        torch.set_num_threads(threads)
        self._model = _load(model, folder, contents)

    def hear(self, sounds: Sequence[Samples], manner: Manner) -> list[Heard]:
        """See `Engine`."""
        return [self._hear(sound, manner) for sound in sounds]

    def _hear(self, sound: Samples, manner: Manner) -> Heard:
        spoken, chance = self._language(sound)
        language = manner.language or spoken
        torch.manual_seed(SEED)
        result = self._model.transcribe(
            sound,
            language=language,
            initial_prompt=manner.prompt or None,
            beam_size=manner.beam if manner.beam > 1 else None,
            word_timestamps=True,
            condition_on_previous_text=False,
            fp16=False,
            verbose=None,
        )
        segments: list[Mapping[str, Any]] = result["segments"]
        words = [
            (word["word"], word["start"], word["end"], float(word["probability"]))
            for segment in segments
            for word in segment["words"]
        ]
        return Heard(
            whole_words(words, language, len(sound) * 1000 // RATE),
            language,
            spoken,
            chance,
            no_speech=max((float(segment["no_speech_prob"]) for segment in segments), default=1.0),
            average=min((float(segment["avg_logprob"]) for segment in segments), default=0.0),
            loops=looping(result["text"]),
        )

    def _language(self, sound: Samples) -> tuple[str, float]:
        if not self._model.is_multilingual:
            return "en", 1.0
        features = whisper.log_mel_spectrogram(whisper.pad_or_trim(sound), self._model.dims.n_mels)
        chances: dict[str, float] = self._model.detect_language(features)[1]
        spoken = max(chances, key=lambda language: chances[language])
        return spoken, float(chances[spoken])


def _load(model: str, folder: Path, contents: Mapping[str, bytes]) -> Any:
    if "model.bin" in contents:
        return whisper_model(contents["model.bin"], model)
    # Whisper's own loader reads tensors only (weights_only), from a file whose digest was just checked.
    loaded = whisper.load_model(str(folder / next(iter(contents))), device="cpu")
    heads = whisper._ALIGNMENT_HEADS.get(model)
    if heads is not None:
        loaded.set_alignment_heads(heads)
    return loaded
