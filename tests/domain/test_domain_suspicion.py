from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facilitator.domain.doubts import Doubt, Rule
from facilitator.domain.events import HeardSegment, WindowTranscribed
from facilitator.domain.suspicion import doubts, is_stock_phrase, loops
from facilitator.domain.transcript import Word


def segment(
    text: str, start_ms: int = 0, each_ms: int = 400, sure: float = 0.9, no_speech: float = 0.1
) -> HeardSegment:
    said = text.split()
    words = tuple(
        Word(word, start_ms + number * each_ms, start_ms + (number + 1) * each_ms, sure)
        for number, word in enumerate(said)
    )
    return HeardSegment(start_ms, start_ms + each_ms * len(said), text, words, no_speech)


def window(
    *segments: HeardSegment,
    speech: Sequence[tuple[int, int]] | None = None,
    language: str = "en",
    spoken: str = "en",
    chance: float = 0.99,
    average: float = -0.2,
    looped: bool = False,
    start_ms: int = 0,
) -> WindowTranscribed:
    heard = tuple((one.start_ms, one.end_ms) for one in segments) if speech is None else tuple(speech)
    end_ms = start_ms + 29_000
    return WindowTranscribed(0, start_ms, end_ms, segments, heard, (), language, spoken, chance, average, loops=looped)


def rules(*windows: WindowTranscribed) -> list[tuple[Rule, int, int]]:
    return [(doubt.rule, doubt.start_ms, doubt.end_ms) for doubt in doubts(windows)]


PLAIN = segment("We had the same trouble and nobody at the trust asked about supervision.")


def test_plain_talk_raises_no_doubt() -> None:
    assert rules(window(PLAIN)) == []
    assert rules(window()) == rules() == []
    assert rules(window(segment("No, no, no."), segment("Yes.", 3_000))) == []


def test_a_phrase_said_four_times_is_a_loop() -> None:
    looped = segment("Well " + "I do not know. " * 4 + "Yes.")
    assert rules(window(looped)) == [(Rule.LOOP, 400, 400 * 17)]
    assert doubts([window(looped)])[0].detail == "4 times"
    assert rules(window(segment("Well " + "I do not know. " * 3 + "Yes."))) == []


def test_people_repeat_a_word_but_not_six_times() -> None:
    assert rules(window(segment("no " * 5))) == []
    assert rules(window(segment("No, " * 6))) == [(Rule.LOOP, 0, 2_400)]


def test_a_loop_over_several_segments_is_found() -> None:
    parts = [segment("Thank you all.", 1_300 * number) for number in range(5)]
    assert rules(window(*parts)) == [(Rule.LOOP, 0, parts[-1].end_ms)]


def test_a_window_that_the_engine_found_looping_is_doubted_as_a_whole_unless_the_place_is_known() -> None:
    assert rules(window(PLAIN, looped=True)) == [(Rule.LOOP, PLAIN.start_ms, PLAIN.end_ms)]
    assert rules(window(segment("so it is then " * 5), looped=True)) == [(Rule.LOOP, 0, 8_000)]
    assert rules(window(looped=True)) == []


@given(st.lists(st.sampled_from(["a", "b", "c"]), max_size=40))
def test_loops_are_repetitions_and_do_not_overlap(words: list[str]) -> None:
    end_before = 0
    for first, end, times in loops(words):
        assert end_before <= first < end <= len(words)
        size = (end - first) // times
        assert times >= 4
        assert words[first:end] == words[first : first + size] * times
        end_before = end


@given(before=st.integers(0, 5), size=st.integers(1, 10), times=st.integers(4, 9))
def test_every_long_enough_repetition_is_found(before: int, size: int, times: int) -> None:
    words = [f"x{number}" for number in range(before)] + [f"w{number}" for number in range(size)] * times
    found = list(loops(words))
    assert bool(found) == (size * times >= 6)
    for first, end, _ in found:
        assert (first, end) == (before, before + size * times)


def test_case_and_punctuation_do_not_hide_a_loop() -> None:
    assert list(loops(["Yes,", "yes!", "YES…", "yes;", "yes", "yes"])) == [(0, 6, 6)]


@pytest.mark.parametrize(
    "text",
    [
        "Thanks for watching!",
        "THANK YOU FOR WATCHING.",
        "Okay. Please subscribe, and see you.",
        "Subtitles by the Amara.org community",
        "Undertekster av Nicolai Winther",
        "Tack för att du tittade!",
        "Takk for at du så på.",
        "Tak fordi du så med",
        "Untertitel im Auftrag des ZDF",
        "Sous-titres réalisés par la communauté",
        "¡Gracias por ver el vídeo!",
    ],
)
def test_phrases_from_subtitles_are_doubted(text: str) -> None:
    assert is_stock_phrase(text)
    assert (Rule.STOCK_PHRASE, 0, 400 * len(text.split())) in rules(window(segment(text)))


@pytest.mark.parametrize(
    "text",
    [
        "Thanks for coming, everyone.",
        "Thank you, Helen.",
        "I was watching television with the patients.",
        "They subscribe to the journal.",
        "She translated it herself.",
        "We see you next to the door.",
        "",
    ],
)
def test_thanks_of_people_in_a_room_are_not(text: str) -> None:
    assert not is_stock_phrase(text)


def test_text_where_nobody_speaks_is_doubted() -> None:
    said = segment("one two three four five")  # 2 s
    assert rules(window(said, speech=[(1_400, 2_000), (9_000, 9_500)])) == [(Rule.OVER_SILENCE, 0, 2_000)]
    assert rules(window(said, speech=[(900, 2_000)])) == []
    assert doubts([window(said, speech=[(1_400, 2_000)])])[0].detail == "40% of it is speech"


def test_the_engines_own_sign_of_silence_is_doubted_too() -> None:
    assert rules(window(segment("you", no_speech=0.6))) == [(Rule.OVER_SILENCE, 0, 400)]
    assert rules(window(segment("you", no_speech=0.59))) == []
    both = window(segment("you", no_speech=0.9), speech=[(5_000, 6_000)])
    assert rules(both) == [(Rule.OVER_SILENCE, 0, 400)], "once is enough"


def test_more_words_than_anybody_says_in_the_time_are_doubted() -> None:
    assert rules(window(segment("one two three four", each_ms=142))) == [(Rule.TOO_FAST, 0, 568)]
    assert rules(window(segment("one two three four", each_ms=143))) == []
    assert rules(window(segment("one two three", each_ms=50))) == [], "too few to say"


@pytest.mark.parametrize("at_ms", [0, 5_000])
def test_a_doubt_about_words_without_length_has_some_so_that_it_touches_their_turn(at_ms: int) -> None:
    found = doubts([window(segment("one two three four", at_ms, each_ms=0, sure=0.1))])
    assert {doubt.rule for doubt in found} >= {Rule.TOO_FAST, Rule.UNSURE}
    assert all(doubt.start_ms <= at_ms < doubt.end_ms and doubt.start_ms < max(1, at_ms) for doubt in found)


def test_unsure_words_are_doubted_and_so_is_an_unsure_window() -> None:
    assert rules(window(segment("ask Kristin Hansen", sure=0.44))) == [(Rule.UNSURE, 0, 1_200)]
    assert rules(window(segment("ask Kristin Hansen", sure=0.45))) == []
    assert rules(window(segment("ask Kristin Hansen"), average=-1.01)) == [(Rule.UNSURE, 0, 1_200)]
    assert rules(window(segment("ask Kristin Hansen"), average=-1.0)) == []


def test_speech_without_text_is_unresolved() -> None:
    said = segment("one two three")
    open_speech = window(said, speech=[(0, 1_200), (5_000, 7_000), (8_000, 9_000)])
    assert doubts([open_speech]) == (Doubt(Rule.UNRESOLVED, 5_000, 7_000, "2.0 s of speech without text"),)
    assert rules(window(speech=[(0, 1_500)])) == [(Rule.UNRESOLVED, 0, 1_500)]


def test_a_window_that_sounds_like_another_language_is_doubted_if_that_is_sure() -> None:
    assert rules(window(PLAIN, language="en", spoken="no", chance=0.7)) == [(Rule.LANGUAGE, 0, PLAIN.end_ms)]
    assert rules(window(PLAIN, language="en", spoken="no", chance=0.69)) == []
    assert doubts([window(PLAIN, spoken="no")])[0].detail == "sounds like no, written as en"
    assert rules(window(language="en", spoken="no")) == [], "nothing was written"


def test_parts_of_a_window_in_another_language_are_doubted_by_themselves() -> None:
    parts = ((0, 10_000, "no"), (5_000, 15_000, "no"), (10_000, 20_000, "sv"))
    mixed = replace(window(PLAIN), others=parts)
    assert [(doubt.start_ms, doubt.end_ms, doubt.detail) for doubt in doubts([mixed])] == [
        (0, 15_000, "sounds like no, written as en"),
        (10_000, 20_000, "sounds like sv, written as en"),
    ]
    assert doubts([replace(window(), others=parts)]) == (), "nothing was written"


def test_a_change_of_language_is_doubted_across_silent_windows() -> None:
    later = segment("Det var det.", 70_000)
    switched = [
        window(PLAIN),
        window(start_ms=29_000, language=""),
        window(later, language="no", spoken="no", start_ms=60_000),
    ]
    assert rules(*switched) == [(Rule.LANGUAGE, later.start_ms, later.end_ms)]
    assert doubts(switched)[0].detail == "no after en"


def test_doubts_are_in_order_of_time() -> None:
    first = window(segment("no " * 8, sure=0.2), speech=[(0, 3_200), (20_000, 25_000)])
    second = window(segment("Please subscribe", 30_000), start_ms=29_000)
    found = doubts([first, second])
    assert [doubt.start_ms for doubt in found] == sorted(doubt.start_ms for doubt in found)
    assert {doubt.rule for doubt in found} == {Rule.LOOP, Rule.UNSURE, Rule.UNRESOLVED, Rule.STOCK_PHRASE}


@given(st.lists(st.sampled_from(["Kristin", "secretly", "Solberg."]), min_size=1, max_size=12), st.floats(0, 1))
def test_the_detail_of_a_doubt_holds_no_word_of_the_recording(words: list[str], sure: float) -> None:
    said = segment(" ".join(words), sure=sure, no_speech=sure)
    for doubt in doubts([window(said, speech=[(20_000, 25_000)], spoken="no", average=-3.0, looped=True)]):
        assert not any(word.strip(".") in doubt.detail for word in words)
        assert doubt.start_ms < doubt.end_ms
