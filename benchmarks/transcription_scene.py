"""Recordings composed of speech with known silence, noise, music and another language between: the same each time."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import numpy as np

from benchmarks.transcription_sound import DATA, RATE, Samples, meetings, put, sound, stm
from benchmarks.transcription_systems import Systems
from facilitator.domain.stretches import Stretch

FOREIGN_S: Final = 30.0
_SPEECH_S: Final = 30.0
_Sound = np.ndarray[Any, np.dtype[np.float64]]


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of a scene; `speech` is where in the scene Silero finds speech in the piece taken by itself."""

    kind: str
    start_ms: int
    end_ms: int
    speech: tuple[Stretch, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """A recording and what it is made of."""

    samples: Samples
    parts: tuple[Part, ...]

    def stretches(self, *kinds: str) -> list[Stretch]:
        """Where there is something of these kinds."""
        return [(part.start_ms, part.end_ms) for part in self.parts if part.kind in kinds]

    @property
    def speech(self) -> list[Stretch]:
        """All speech."""
        return [stretch for part in self.parts for stretch in part.speech]


def compose(systems: Systems, folder: Path, number: int, quick: bool) -> Scene:
    """Scene `number`: English pieces with silence, white and pink noise, music and Norwegian between them, shuffled.

    The pieces are of different lengths, so that the other language begins anywhere in a window.
    """
    chance = random.Random(number)  # noqa: S311  nothing secret
    between = ["foreign", "music"] if quick else [*_PLANTED, "foreign"]
    chance.shuffle(between)
    pieces = _english(2) if quick else _english()
    chance.shuffle(pieces)
    samples: list[Samples] = []
    parts: list[Part] = []
    at_ms = 0
    for count, kind in enumerate(["speech", *(one for name in between for one in (name, "speech"))]):
        if kind == "speech":
            made = pieces[count // 2 % len(pieces)]()
        elif kind == "foreign":
            start_s = chance.uniform(0.0, 50.0)
            made = sound("king.mp3", start_s, start_s + FOREIGN_S)
        else:
            level = 10 ** (chance.uniform(-50, -20) / 20)
            made = _planted(kind, 12.0 if quick else chance.uniform(15.0, 40.0), level, number)
        made = made[: len(made) // (RATE // 1000) * (RATE // 1000)]
        length_ms = len(made) * 1000 // RATE
        found = systems.speech(put(folder, "piece", made)) if kind in ("speech", "foreign") else []
        moved = tuple((start + at_ms, end + at_ms) for start, end in found)
        parts.append(Part(kind, at_ms, at_ms + length_ms, moved))
        samples.append(made)
        at_ms += length_ms
    return Scene(np.concatenate(samples), tuple(parts))


def _english(most: int | None = None) -> list[Callable[[], Samples]]:
    """Pieces of the small group of 15 to 30 s, cut between turns, then the meetings."""
    lines = stm(DATA / "tts_focus_group_en.stm")
    ends = [0.0]
    for before, after in pairwise(lines):
        if after.start_s - ends[-1] > (_SPEECH_S / 2 if most else _SPEECH_S) and after.start_s > before.end_s:
            ends.append((before.end_s + after.start_s) / 2)

    def piece(start_s: float, end_s: float) -> Callable[[], Samples]:
        return lambda: sound("tts_focus_group_en.wav", start_s, end_s)

    def meeting(path: Path) -> Callable[[], Samples]:
        return lambda: sound(f"ami/{path.name}")

    group = [piece(start, end) for start, end in pairwise(ends)]
    return group[:most] if most else [*group, *(meeting(path) for path in meetings())]


_PLANTED: Final = ("silence", "white noise", "pink noise", "music")


def _planted(kind: str, seconds: float, level: float, seed: int) -> Samples:
    """What nobody says; `level` is its mean loudness, 1.0 being the loudest there is."""
    count = round(seconds * RATE)
    draw = np.random.default_rng(seed)
    if kind == "silence":
        made: _Sound = np.zeros(count)
    elif kind == "white noise":
        made = draw.standard_normal(count)
    elif kind == "pink noise":
        spectrum = np.fft.rfft(draw.standard_normal(count))
        made = np.fft.irfft(spectrum / np.sqrt(np.maximum(1, np.arange(len(spectrum)))), count)
    else:
        made = _chords(count)
    loud = float(np.sqrt(np.mean(made * made)))
    scaled = made * (level / loud) if loud else made
    return np.clip(scaled * 32768, -32768, 32767).astype(np.int16)


def _chords(count: int) -> _Sound:
    """Four chords in turn, two seconds each, with overtones and a little vibrato."""
    time = np.arange(count) / RATE
    made = np.zeros(count)
    for step, chord in enumerate(((220, 277, 330), (196, 247, 294), (175, 220, 262), (165, 208, 247))):
        struck = (time % 8 >= 2 * step) & (time % 8 < 2 * step + 2)
        for note in chord:
            for overtone in range(1, 6):
                swing = 0.4 * np.sin(2 * np.pi * 5 * time)
                made += struck * np.exp(-(time % 2)) * np.sin(2 * np.pi * note * overtone * time + swing) / overtone
    return made
