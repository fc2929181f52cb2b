from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from transcription_support import silence, silent_window

from facilitator.domain.transcript import Word
from facilitator.transcription.engines import Heard
from facilitator.transcription.listening import Found
from facilitator.transcription.phrasing import LONG_MS, PAUSE_MS, SENTENCE_PAUSE_MS, phrases, transcribed, within_speech
from facilitator.transcription.planning import Window


def words(*parts: tuple[str, int, int]) -> list[Word]:
    return [Word(text, start, end, 0.9) for text, start, end in parts]


def texts(said: list[Word], language: str = "en") -> list[str]:
    return [segment.text for segment in phrases(said, language, 0.0)]


@st.composite
def talks(draw: st.DrawFn) -> list[Word]:
    at, made = 0, []
    for text in draw(st.lists(st.sampled_from(["so", "yes.", "(No!)", "well,", "hope…", "“Why?”"]), max_size=40)):
        at += draw(st.sampled_from([0, 20, SENTENCE_PAUSE_MS, 300, PAUSE_MS, 4_000]))
        length = draw(st.integers(0, 1_500))
        made.append(Word(text, at, at + length, 0.5))
        at += length
    return made


@settings(max_examples=80, deadline=None)
@given(said=talks())
def test_no_word_is_lost_or_moved_by_cutting_into_segments(said: list[Word]) -> None:
    made = list(phrases(said, "en", 0.25))
    assert [word for segment in made for word in segment.words] == said
    for segment in made:
        assert (segment.start_ms, segment.end_ms) == (segment.words[0].start_ms, segment.words[-1].end_ms)
        assert segment.text == " ".join(word.text for word in segment.words)
        assert segment.no_speech == 0.25
    for before, after in pairwise(made):
        pause = after.start_ms - before.end_ms
        is_sentence = before.words[-1].text.rstrip("”)")[-1] in ".!?…"
        is_long = before.end_ms - before.start_ms > LONG_MS
        assert pause >= PAUSE_MS or (is_sentence and (pause >= SENTENCE_PAUSE_MS or is_long))


def test_a_pause_or_the_end_of_a_sentence_begins_a_segment() -> None:
    assert texts(words(("one", 0, 300), ("two", 300 + PAUSE_MS, 1_400))) == ["one", "two"]
    assert texts(words(("one", 0, 300), ("two", 299 + PAUSE_MS, 1_400))) == ["one two"]
    assert texts(words(("One.", 0, 300), ("Two", 300 + SENTENCE_PAUSE_MS, 900))) == ["One.", "Two"]
    assert texts(words(("One.”", 0, 300), ("Two", 299 + SENTENCE_PAUSE_MS, 900))) == ["One.” Two"]


def test_a_long_segment_ends_with_the_next_sentence() -> None:
    said = words(
        *((f"w{n}", 500 * n, 500 * n + 500) for n in range(26)), ("end.", 13_000, 13_400), ("More", 13_400, 13_900)
    )
    assert [text.split()[-1] for text in texts(said)] == ["end.", "More"]


def test_a_language_without_spaces_is_written_without() -> None:
    assert texts(words(("今日", 0, 300), ("は", 300, 400)), "ja") == ["今日は"]
    assert texts([]) == []


def test_a_word_that_lasts_through_silence_is_drawn_in_to_the_last_speech_that_it_reaches_into() -> None:
    speech = [(1_000, 2_000), (4_000, 4_600)]
    drawn = within_speech(words(("well", 1_500, 4_300), ("so", 1_500, 4_100), ("no", 1_950, 4_050)), speech)
    assert [(word.start_ms, word.end_ms) for word in drawn] == [(3_900, 4_300), (1_500, 2_100), (1_950, 2_100)]
    kept = words(("short", 2_500, 3_100), ("inside", 1_100, 1_900), ("far", 6_000, 8_000))
    assert within_speech(kept, speech) == kept, "a short word, one in speech, and one that touches none"


def heard(*said: Word, loops: bool = False) -> Heard:
    return Heard(tuple(said), "en", "no", 0.75, 0.1, -0.25, loops)


def test_words_go_to_where_they_were_said_across_the_pauses_that_were_cut_out() -> None:
    window = Window(
        3, 60_000, 90_000, ((61_000, 62_000), (80_000, 82_000)), ((60_700, 62_300), (79_700, 82_300)), silence(4.2)
    )
    said = words(("Well,", 300, 1_200), ("hm", 1_500, 1_900), ("hope.", 2_000, 2_500), ("Yes", 3_000, 3_400))
    other = replace(heard(*said, loops=True), others=((0, 1_600, "no"), (1_000, 2_000, "sv")))
    made = transcribed(window, Found(other, ((0, 1_600), (1_600, 4_200))))
    assert (made.index, made.start_ms, made.end_ms, made.speech) == (3, 60_000, 90_000, window.speech)
    assert [(word.text, word.start_ms, word.end_ms) for segment in made.segments for word in segment.words] == [
        ("Well,", 61_000, 61_900),
        ("hm", 79_700, 80_000),
        ("hope.", 80_100, 80_600),
        ("Yes", 81_100, 81_500),
    ]
    assert [segment.text for segment in made.segments] == ["Well,", "hm hope.", "Yes"]
    assert made.again == ((60_700, 62_300), (79_700, 82_300))
    assert made.others == ((60_700, 62_300, "no"), (61_700, 80_100, "sv"))
    assert (made.language, made.spoken, made.spoken_chance, made.average, made.loops) == ("en", "no", 0.75, -0.25, True)


def test_a_window_in_which_nobody_speaks_is_stored_without_text() -> None:
    made = transcribed(silent_window(4, 7_000), None)
    assert (made.index, made.start_ms, made.end_ms, made.segments, made.speech) == (4, 7_000, 12_000, (), ())


@pytest.mark.parametrize("joint_ms", range(990, 1_011, 5))
def test_a_word_over_a_joint_keeps_its_order(joint_ms: int) -> None:
    window = Window(0, 0, 9_000, ((0, 1_000), (5_000, 6_000)), ((0, 1_000), (5_000, 6_000)), silence(2))
    said = words(("a", 500, joint_ms), ("b", joint_ms, joint_ms + 8), ("c", joint_ms + 8, 1_500))
    made = transcribed(window, Found(heard(*said)))
    times = [at for segment in made.segments for word in segment.words for at in (word.start_ms, word.end_ms)]
    assert times == sorted(times)
