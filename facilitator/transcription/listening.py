"""How the worker hears a batch of windows: once with all, and once more, otherwise, what went wrong or was left out."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from facilitator.domain.accounting import uncovered
from facilitator.domain.stretches import Stretch, merged
from facilitator.domain.transcript import Word
from facilitator.transcription.engines import Engine, Heard, Manner

if TYPE_CHECKING:
    from facilitator.transcription.planning import Samples

_CAREFUL_BEAM: Final = 5
_AROUND_MS: Final = 300
_PER_MS: Final = 16


@dataclass(frozen=True, slots=True, eq=False)
class Sound:
    """One window as the worker gets it: samples, and where in them somebody speaks, in ms."""

    samples: "Samples"
    speech: tuple[Stretch, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """What was heard in one window. `again` are the stretches that were heard a second time, in ms of the window."""

    heard: Heard
    again: tuple[Stretch, ...] = ()


def listen(engine: Engine, sounds: Sequence[Sound], manner: Manner) -> list[Found]:
    """Hear the windows of one batch.

    A window whose text loops is heard again in two halves, since a loop feeds on what came before it. Speech that no
    word covers is heard again: first all of a window from the first such stretch to the last, as mostly one early end
    of its text left out several, then each that is left by itself. All that without a prompt and with at least five
    readings. What is better is kept.
    """
    found = [Found(heard) for heard in engine.hear([sound.samples for sound in sounds], manner)]
    careful = replace(manner, prompt="", beam=max(manner.beam, _CAREFUL_BEAM))
    for index, (sound, one) in enumerate(zip(sounds, found, strict=True)):
        if one.heard.loops and (halves := _halves(sound)):
            again = engine.hear([_cut(sound, half) for half in halves], replace(careful, language=one.heard.language))
            found[index] = _unlooped(one, halves, again)
    several = [(index, left) for index, left in _left_out(sounds, found) if len(left) > 1]
    _hear_left(engine, sounds, found, several, careful)
    single = [(index, [stretch]) for index, left in _left_out(sounds, found) for stretch in left]
    _hear_left(engine, sounds, found, single, careful)
    return found


_Left = tuple[int, list[Stretch]]
"""A window's place in its batch, and speech in it without words."""


def _left_out(sounds: Sequence[Sound], found: Sequence[Found]) -> list[_Left]:
    return [
        (index, uncovered(sound.speech, one.heard.words))
        for index, (sound, one) in enumerate(zip(sounds, found, strict=True))
    ]


def _hear_left(
    engine: Engine, sounds: Sequence[Sound], found: list[Found], asked: Sequence[_Left], manner: Manner
) -> None:
    """Hear each window once from the first of its stretches to the last, and put what is new into `found`."""
    for language in dict.fromkeys(found[index].heard.language for index, _ in asked):
        same = [(index, left) for index, left in asked if found[index].heard.language == language]
        for first in range(0, len(same), engine.batch):
            batch = same[first : first + engine.batch]
            around = [_wider(sounds[index], (left[0][0], left[-1][1])) for index, left in batch]
            cut = [_cut(sounds[index], wider) for (index, _), wider in zip(batch, around, strict=True)]
            second = engine.hear(cut, replace(manner, language=language))
            for (index, left), (start_ms, _), heard in zip(batch, around, second, strict=True):
                found[index] = _filled(found[index], left, start_ms, heard)


def _halves(sound: Sound) -> list[Stretch]:
    """The window before and after the longest pause of its middle third; none in a window without one."""
    length = len(sound.samples) // _PER_MS
    middle = [
        (low, high)
        for (_, low), (high, _) in zip(sound.speech, sound.speech[1:], strict=False)
        if length // 3 <= (low + high) // 2 <= 2 * length // 3
    ]
    if not middle:
        return []
    low, high = max(middle, key=lambda gap: gap[1] - gap[0])
    return [(0, (low + high) // 2), ((low + high) // 2, length)]


def _unlooped(before: Found, halves: Sequence[Stretch], heard: Sequence[Heard]) -> Found:
    if any(one.loops for one in heard):
        return replace(before, again=tuple(halves))
    words = tuple(word for half, one in zip(halves, heard, strict=True) for word in _moved(one.words, half[0]))
    average = min(one.average for one in heard)
    return Found(replace(before.heard, words=words, average=average, loops=False), tuple(halves))


def _filled(before: Found, left: Sequence[Stretch], start_ms: int, heard: Heard) -> Found:
    """With those of the words heard the second time that lie in the stretches that had none."""
    words = [word for word in _moved(heard.words, start_ms) if any(_middle(word, stretch) for stretch in left)]
    again = tuple(merged((*before.again, *left)))
    if heard.loops or not words:
        return replace(before, again=again)
    joined = sorted((*before.heard.words, *words), key=lambda word: (word.start_ms, word.end_ms))
    return Found(
        replace(before.heard, words=_in_order(joined), average=min(before.heard.average, heard.average)), again
    )


def _in_order(words: Sequence[Word]) -> tuple[Word, ...]:
    placed: list[Word] = []
    for word in words:
        start = max(word.start_ms, placed[-1].end_ms if placed else 0)
        placed.append(replace(word, start_ms=start, end_ms=max(start, word.end_ms)))
    return tuple(placed)


def _middle(word: Word, stretch: Stretch) -> bool:
    return stretch[0] <= (word.start_ms + word.end_ms) // 2 < stretch[1]


def _moved(words: Sequence[Word], by_ms: int) -> list[Word]:
    return [replace(word, start_ms=word.start_ms + by_ms, end_ms=word.end_ms + by_ms) for word in words]


def _wider(sound: Sound, stretch: Stretch) -> Stretch:
    return max(0, stretch[0] - _AROUND_MS), min(len(sound.samples) // _PER_MS, stretch[1] + _AROUND_MS)


def _cut(sound: Sound, stretch: Stretch) -> "Samples":
    return sound.samples[stretch[0] * _PER_MS : stretch[1] * _PER_MS]
