"""The fast engine: Whisper on CTranslate2, with faster-whisper's tokenizer and spectrograms. For the worker only.

Against one call of the library's own pipeline with all threads, three things are done otherwise. Windows are heard side
by side, a thread or so each: the small matrices of the decoder do not divide well among threads. No window may grow
longer than speech of its length can be, so that one in a loop ends. And a window is not filled up to 30 s.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import ctranslate2
import numpy as np
from faster_whisper import WhisperModel
from faster_whisper.audio import pad_or_trim
from faster_whisper.tokenizer import Tokenizer
from faster_whisper.transcribe import get_suppressed_tokens, merge_punctuations

from facilitator.transcription.engines import Heard, Manner, OtherLanguage, RawWord, looping, whole_words
from facilitator.transcription.planning import RATE, Samples

_LANES: Final = 4
_GPU_BATCH: Final = 16
_CPU_BATCH: Final = 1
"""A thread keeps what one window needs in its caches; with more, the encoder is slower than the decoder gains."""
_FRAMES: Final = RATE // 160
"""Spectrogram columns a second."""
_LEAST_COLUMNS, _SILENT_COLUMNS, _MOST_COLUMNS = 1_500, 100, 3_000
"""Whisper was trained on 30 s, the rest silent. A second of silence, and 15 s in all, serve as well and cost less."""
_TOKENS_A_SECOND: Final = 9
"""Fast speech has 5 in English and 8 in languages that Whisper spells in small pieces."""
_TOKENS_MORE: Final = 20
_SURELY_ONE: Final = 0.9
"""From this chance on, a sound is in one language; below, ten seconds of it at a time are asked for theirs."""
_PART_S, _PART_STEP_S = 10, 5
_LEAST_CHANCE: Final = 0.25
"""Ten seconds in which the language of the text is less likely are in another. English ones never had less than 0.34,
Norwegian ones at most 0.15, in the recordings that `benchmarks.transcription` uses."""
_ENCODED_FRAMES: Final = 50
"""Columns a second of what the encoder makes."""
_EACH_FRAME: Final = 3
"""Every third of them tells the language of a sound as well, and sooner: attention weighs what it is given, wherever
that stood. `benchmarks.transcription` counts which switches of language are noticed (`--only coverage`)."""
_BEFORE: Final = "\"'“¿([{-"
_AFTER: Final = "\"'.。,，!！?？:：”)]}、"


class FasterWhisperEngine:
    """int8 on the CPU, float16 on a CUDA device that works.

    Args:
        contents: the model's files by name: model.bin, config.json, tokenizer.json, vocabulary.
        threads: CPU threads.
    """

    def __init__(self, contents: Mapping[str, bytes], threads: int) -> None:
        self.lanes = min(_LANES, threads)
        self.batch = _CPU_BATCH
        self._model = self._load(contents, threads)
        self._whisper: Any = self._model.model
        self._is_multilingual = bool(self._whisper.is_multilingual)

    def hear(self, sounds: Sequence[Samples], manner: Manner) -> list[Heard]:
        """See `Engine`."""
        made = [self._model.feature_extractor(sound)[..., :-1] for sound in sounds]
        columns = max(_LEAST_COLUMNS, *(features.shape[-1] + _SILENT_COLUMNS for features in made))
        return self._hear(
            np.stack([pad_or_trim(features, min(columns, _MOST_COLUMNS)) for features in made]), sounds, manner
        )

    def _hear(self, features: Any, sounds: Sequence[Samples], manner: Manner) -> list[Heard]:
        encoded = self._model.encode(features)
        frames = np.array(encoded.to_device(ctranslate2.Device.cpu))
        chances = self._chances(frames[:, ::_EACH_FRAME])
        spoken = [max(one.items(), key=lambda item: item[1]) for one in chances]
        written = [manner.language or language for language, _ in spoken]
        if len(set(written)) > 1:
            return self._by_language(features, sounds, manner, written)
        tokenizer = self._tokenizer(written[0])
        results = self._decode(encoded, tokenizer, sounds, manner)
        tokens = [[one for one in result.sequences_ids[0] if one < tokenizer.eot] for result in results]
        timed = self._timed(encoded, tokenizer, tokens, [len(sound) for sound in sounds])
        others = [
            () if chances[at].get(written[0], 0.0) >= _SURELY_ONE else self._others(frames[at], sound, written[0])
            for at, sound in enumerate(sounds)
        ]
        return [
            Heard(
                whole_words(timed[at], written[0], len(sound) * 1000 // RATE),
                written[0],
                *spoken[at],
                no_speech=float(results[at].no_speech_prob),
                average=_average(results[at]),
                loops=looping(tokenizer.decode(tokens[at])) or len(tokens[at]) >= _most_tokens(len(sound)),
                others=others[at],
            )
            for at, sound in enumerate(sounds)
        ]

    def _by_language(
        self, features: Any, sounds: Sequence[Samples], manner: Manner, written: Sequence[str]
    ) -> list[Heard]:
        """Each language's sounds by themselves, for a batch is decoded in one."""
        found: dict[int, Heard] = {}
        for language in dict.fromkeys(written):
            those = [index for index, one in enumerate(written) if one == language]
            same = Manner(language, manner.prompt, manner.beam)
            found |= dict(zip(those, self._hear(features[those], [sounds[at] for at in those], same), strict=True))
        return [found[index] for index in range(len(sounds))]

    def _chances(self, frames: Any) -> list[dict[str, float]]:
        """How likely each sound is in each language, by what the encoder made of it: (sounds, frames, width)."""
        if not self._is_multilingual:
            return [{"en": 1.0}] * len(frames)
        found = self._whisper.detect_language(ctranslate2.StorageView.from_array(np.ascontiguousarray(frames)))
        return [{token[2:-2]: float(chance) for token, chance in languages} for languages in found]

    def _others(self, frames: Any, sound: Samples, written: str) -> tuple[OtherLanguage, ...]:
        """What of a sound is in another language: a person who switches for half a minute is not asked twice."""
        seconds = len(sound) // RATE
        starts = range(0, max(1, seconds - _PART_S + 1), _PART_STEP_S)
        parts = np.stack([frames[first * _ENCODED_FRAMES : (first + _PART_S) * _ENCODED_FRAMES] for first in starts])
        return tuple(
            (first * 1000, min(seconds, first + _PART_S) * 1000, max(chances, key=lambda one: chances[one]))
            for first, chances in zip(starts, self._chances(parts), strict=True)
            if chances.get(written, 0.0) < _LEAST_CHANCE
        )

    def _tokenizer(self, language: str) -> Tokenizer:
        multilingual = self._is_multilingual
        return Tokenizer(
            self._model.hf_tokenizer, multilingual, task="transcribe", language=language if multilingual else "en"
        )

    def _decode(self, encoded: Any, tokenizer: Tokenizer, sounds: Sequence[Samples], manner: Manner) -> list[Any]:
        before = tokenizer.encode(" " + manner.prompt.strip()) if manner.prompt else []
        prompt = self._model.get_prompt(tokenizer, previous_tokens=before, without_timestamps=True)
        longest = max(_most_tokens(len(sound)) for sound in sounds)
        return list(
            self._whisper.generate(
                encoded,
                [list(prompt) for _ in sounds],
                beam_size=manner.beam,
                max_length=min(self._model.max_length, len(prompt) + longest),
                suppress_blank=True,
                suppress_tokens=get_suppressed_tokens(tokenizer, [-1]),
                return_scores=True,
                return_no_speech_prob=True,
            )
        )

    def _timed(
        self, encoded: Any, tokenizer: Tokenizer, tokens: list[list[int]], lengths: Sequence[int]
    ) -> list[list[RawWord]]:
        frames = [-(-length * _FRAMES // RATE) for length in lengths]
        aligned = self._model.find_alignment(tokenizer, tokens, encoded, frames)
        for words in aligned:
            merge_punctuations(words, _BEFORE, _AFTER)
        return [
            [(word["word"], word["start"], word["end"], float(word["probability"])) for word in words if word["word"]]
            for words in aligned
        ]

    def _load(self, contents: Mapping[str, bytes], threads: int) -> Any:
        if ctranslate2.get_cuda_device_count() > 0:
            model = _model(contents, threads, 1, "cuda", "float16")
            try:
                model.encode(np.zeros((model.feature_extractor.mel_filters.shape[0], 3000), dtype=np.float32))
            except RuntimeError:  # a driver without cuBLAS and cuDNN shows only at the first use; the CPU always works
                del model
            else:
                self.lanes, self.batch = 1, _GPU_BATCH
                return model
        return _model(contents, max(1, threads // self.lanes), self.lanes, "cpu", "int8")


def _most_tokens(samples: int) -> int:
    return _TOKENS_MORE + samples * _TOKENS_A_SECOND // RATE


def _average(result: Any) -> float:
    """Mean log probability of its tokens and the end; the library's score is divided by their number without it."""
    count = len(result.sequences_ids[0])
    return float(result.scores[0]) * count / (count + 1)


def _model(contents: Mapping[str, bytes], threads: int, lanes: int, device: str, kind: str) -> Any:
    return WhisperModel(
        "weights given as bytes",
        device=device,
        compute_type=kind,
        cpu_threads=threads,
        num_workers=lanes,
        local_files_only=True,
        files=dict(contents),
    )
