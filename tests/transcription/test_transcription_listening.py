from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from facilitator.domain.stretches import Stretch
from facilitator.domain.transcript import Word
from facilitator.transcription.engines import Heard, Manner
from facilitator.transcription.listening import Found, Sound, listen
from facilitator.transcription.planning import PER_MS, Samples

MANNER = Manner("en", "IMR, hope", 1)
Say = Callable[[int, int], Heard]
"""What is heard from one time to another; a sound's samples are their own times, so that the engine knows where."""


@dataclass
class Parrot:
    """An engine that hears in a sound what the test says is there, and remembers what it was asked."""

    first: Say
    second: Say
    batch: int = 4
    lanes: int = 1
    asked: list[tuple[list[Stretch], Manner]] = field(default_factory=list)

    def hear(self, sounds: Sequence[Samples], manner: Manner) -> list[Heard]:
        times = [(round(float(sound[0])), round(float(sound[-1])) + 1) for sound in sounds]
        self.asked.append((times, manner))
        say = self.first if manner == MANNER else self.second
        return [say(start, end) for start, end in times]


def sound(length_ms: int, *speech: Stretch, begins_ms: int = 0) -> Sound:
    times = np.repeat(np.arange(begins_ms, begins_ms + length_ms, dtype=np.float32), PER_MS)
    return Sound(times, speech)


def heard(*words: tuple[str, int, int], loops: bool = False, average: float = -0.25, language: str = "en") -> Heard:
    said = tuple(Word(text, start, end, 0.9) for text, start, end in words)
    return Heard(said, language, "en", 0.9, 0.1, average, loops)


def texts(found: Found) -> list[tuple[str, int, int]]:
    return [(word.text, word.start_ms, word.end_ms) for word in found.heard.words]


def never(start_ms: int, end_ms: int) -> Heard:
    raise AssertionError("nothing had to be heard again")


def test_what_was_heard_well_is_heard_once() -> None:
    engine = Parrot(lambda start, _: heard(("so", 100, 900), average=-0.1 * start - 0.1), never)
    found = listen(engine, [sound(1_000, (0, 1_000)), sound(1_000, (0, 1_000), begins_ms=5)], MANNER)
    assert [one.again for one in found] == [(), ()]
    assert [one.heard.average for one in found] == [-0.1, -0.6], "in the order of the sounds"
    assert engine.asked == [([(0, 1_000), (5, 1_005)], MANNER)]


LOOPING = sound(9_000, (0, 3_900), (4_300, 6_900), (7_000, 9_000))


def test_a_loop_is_heard_again_in_two_halves_without_prompt_and_with_more_readings() -> None:
    engine = Parrot(
        lambda *_: heard(("round", 0, 4_000), ("round", 4_000, 9_000), loops=True),
        lambda start, _: heard((f"from {start}", 10, 3_900 if start == 0 else 4_800), average=-0.1 - start),
    )
    (found,) = listen(engine, [LOOPING], MANNER)
    assert texts(found) == [("from 0", 10, 3_900), ("from 4100", 4_110, 8_900)]
    assert found.again == ((0, 4_100), (4_100, 9_000))
    assert not found.heard.loops
    assert found.heard.average == -4_100.1, "of the half that was heard worse"
    assert engine.asked[1:] == [([(0, 4_100), (4_100, 9_000)], Manner("en", "", 5))]


def test_more_readings_than_five_stay() -> None:
    engine = Parrot(lambda *_: heard(loops=True), lambda *_: heard(loops=True))
    many = Manner("en", "x", 8)
    listen(engine, [LOOPING], many)
    assert {manner for _, manner in engine.asked[1:]} == {Manner("en", "", 8)}


def test_a_loop_whose_half_loops_as_well_is_kept_and_says_so() -> None:
    engine = Parrot(
        lambda *_: heard(("round", 0, 4_000), ("round", 4_000, 9_000), loops=True),
        lambda start, _: heard(("other", 0, 2_000), loops=start > 0),
    )
    (found,) = listen(engine, [LOOPING], MANNER)
    assert texts(found) == [("round", 0, 4_000), ("round", 4_000, 9_000)]
    assert found.heard.loops
    assert found.again == ((0, 4_100), (4_100, 9_000))


def test_a_loop_without_a_pause_in_its_middle_stays_as_it_is() -> None:
    engine = Parrot(lambda *_: heard(("round", 0, 9_000), loops=True), never)
    for whole in (sound(9_000, (0, 9_000)), sound(9_000, (0, 1_000), (1_500, 9_000)), sound(9_000)):
        (found,) = listen(engine, [whole], MANNER)
        assert found.heard.loops
        assert found.again == ()


def test_speech_without_words_is_heard_again_by_itself_and_filled_in() -> None:
    engine = Parrot(
        lambda *_: heard(("one", 0, 1_000), ("four", 8_000, 9_000), average=-0.2),
        lambda *_: heard(("one", 0, 500), ("two", 1_000, 2_000), ("three", 3_000, 5_000), average=-0.6),
    )
    (found,) = listen(engine, [sound(9_000, (0, 9_000))], MANNER)
    assert engine.asked[1:] == [([(1_100, 7_900)], Manner("en", "", 5))], "with 300 ms around it"
    assert found.again == ((1_400, 7_600),)
    assert texts(found) == [("one", 0, 1_000), ("two", 2_100, 3_100), ("three", 4_100, 6_100), ("four", 8_000, 9_000)]
    assert found.heard.average == -0.6


def test_several_stretches_without_words_are_heard_together_first_and_what_is_left_by_itself() -> None:
    replies = {
        (1_100, 9_000): heard(("two", 1_000, 2_000), ("3", 2_900, 3_500), ("five", 6_500, 7_500), average=-0.5),
        (4_800, 7_300): heard(("four", 500, 1_500), average=-0.7),
    }
    engine = Parrot(lambda *_: heard(("one", 0, 1_000), ("three", 4_000, 4_600), average=-0.2), lambda *at: replies[at])
    (found,) = listen(engine, [sound(9_000, (0, 4_600), (5_100, 7_000), (7_200, 9_000))], MANNER)
    assert [text for text, *_ in texts(found)] == ["one", "two", "three", "four", "five"], "what had words keeps them"
    assert found.again == ((1_400, 3_600), (5_100, 7_000), (7_200, 9_000)), "each once"
    assert found.heard.average == -0.7
    assert [times for times, _ in engine.asked[1:]] == [[(1_100, 9_000)], [(4_800, 7_300)]]


def test_too_little_speech_to_matter_is_not_heard_again() -> None:
    engine = Parrot(lambda *_: heard(("one", 0, 1_000)), never)
    (found,) = listen(engine, [sound(4_000, (0, 2_800), (3_000, 4_000))], MANNER)
    assert found.again == ()


def test_nothing_or_a_loop_the_second_time_changes_nothing_but_is_told() -> None:
    for second in (heard(), heard(("la", 300, 2_000), ("la", 2_000, 3_000), loops=True)):
        engine = Parrot(lambda *_: heard(("one", 0, 1_000)), lambda *_, second=second: second)
        (found,) = listen(engine, [sound(5_000, (0, 5_000))], MANNER)
        assert found == Found(heard(("one", 0, 1_000)), ((1_400, 5_000),))


def test_words_of_the_second_time_beside_the_stretch_are_those_of_the_first_time() -> None:
    engine = Parrot(
        lambda *_: heard(("one", 0, 1_000), ("four", 4_500, 5_000)),
        lambda *_: heard(("one", 0, 200), ("two", 400, 2_000), ("four", 2_900, 3_600)),
    )
    (found,) = listen(engine, [sound(5_000, (0, 5_000))], MANNER)
    assert [text for text, *_ in texts(found)] == ["one", "two", "four"]
    assert texts(found)[-1] == ("four", 4_500, 5_000)


def test_what_was_left_out_in_many_windows_is_heard_in_batches() -> None:
    engine = Parrot(lambda *_: heard(), lambda start, _: heard((f"{start}", 500, 1_500)), batch=2)
    sounds = [sound(2_000, (0, 2_000), begins_ms=10_000 * number) for number in range(5)]
    found = listen(engine, sounds, MANNER)
    assert [len(times) for times, _ in engine.asked] == [5, 2, 2, 1]
    assert [texts(one)[0][0] for one in found] == ["0", "10000", "20000", "30000", "40000"]


def test_a_loop_that_ends_in_nothing_is_heard_a_third_time_by_itself() -> None:
    replies = {(0, 4_100): heard(("one", 0, 4_000)), (4_100, 7_200): heard(("two", 400, 2_900))}
    engine = Parrot(lambda *_: heard(("round", 0, 9_000), loops=True), lambda *at: replies.get(at, heard()))
    (found,) = listen(engine, [LOOPING], MANNER)
    assert [text for text, *_ in texts(found)] == ["one", "two"]
    assert not found.heard.loops


def test_no_sounds_are_no_work() -> None:
    engine = Parrot(never, never)
    assert listen(engine, [], MANNER) == []


times = st.integers(0, 12_000)
some_words = st.lists(st.tuples(st.sampled_from(["a", "b", "c"]), times, times), max_size=6)


def in_order(raw: list[tuple[str, int, int]]) -> list[tuple[str, int, int]]:
    ends = sorted(at for _, start, end in raw for at in (start, end))
    return [(text, ends[2 * n], ends[2 * n + 1]) for n, (text, *_) in enumerate(raw)]


@settings(max_examples=100, deadline=None)
@given(first=some_words, second=some_words, loops=st.booleans(), again=st.booleans(), cuts=st.sets(times, max_size=6))
def test_words_stay_in_order_and_within_the_sound_whatever_was_heard(
    first: list[tuple[str, int, int]], second: list[tuple[str, int, int]], loops: bool, again: bool, cuts: set[int]
) -> None:
    edges = sorted({0, 12_000, *cuts})
    speech = [(low, high - 1) for low, high in pairwise(edges)]

    def careful(start: int, end: int) -> Heard:
        words = [(text, min(low, end - start), min(high, end - start)) for text, low, high in in_order(second)]
        return heard(*words, loops=again)

    engine = Parrot(lambda *_: heard(*in_order(first), loops=loops), careful)
    (found,) = listen(engine, [sound(12_000, *speech)], MANNER)
    placed = [at for word in found.heard.words for at in (word.start_ms, word.end_ms)]
    assert [0, *placed, 12_000] == sorted([0, *placed, 12_000])
    assert not loops or found.heard.loops or found.again
    if not found.again:
        assert texts(found) == in_order(first)
