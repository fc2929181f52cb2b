import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facilitator.domain.errors import UsageError
from facilitator.domain.transcript import Word
from facilitator.transcription import engines


def test_auto_is_the_fast_engine_unless_the_weights_serve_only_the_other() -> None:
    assert engines.resolve("auto") == "faster-whisper"
    assert engines.resolve("auto", "openai-whisper") == "openai-whisper"
    assert engines.resolve("openai-whisper") == "openai-whisper"
    with pytest.raises(UsageError):
        engines.resolve("siri")


def test_pieces_without_a_space_belong_to_the_word_before() -> None:
    raw = [(" well", 0.1, 0.3, 0.9), ("-known", 0.3, 0.6, 0.5), (" $", 0.7, 0.8, 0.9), ("5,000.", 0.8, 1.14, 0.8)]
    made = engines.whole_words(raw, "en", 28_000)
    assert made == (Word("well-known", 100, 600, 0.5), Word("$5,000.", 700, 1140, 0.8))


def test_languages_without_spaces_keep_their_words() -> None:
    made = engines.whole_words([("今日", 0.0, 0.5, 1.0), ("は", 0.5, 1.0, 1.0)], "ja", 28_000)
    assert [word.text for word in made] == ["今日", "は"]


def test_blanks_are_no_words() -> None:
    assert engines.whole_words([(" ", 0.0, 1.0, 0.1), ("", 1.0, 2.0, 0.1)], "en", 28_000) == ()


seconds = st.floats(-1, 40, allow_nan=False)
raw_words = st.lists(
    st.tuples(st.sampled_from([" a", "b", " c.", " "]), seconds, seconds, st.floats(-0.5, 1.5)), max_size=9
)


@settings(max_examples=60, deadline=None)
@given(words=raw_words, language=st.sampled_from(["en", "ja"]))
def test_times_never_run_backwards_or_past_the_sound_and_no_letter_is_lost(
    words: list[tuple[str, float, float, float]], language: str
) -> None:
    made = engines.whole_words(words, language, 28_000)
    times = [at for word in made for at in (word.start_ms, word.end_ms)]
    assert [0, *times, 28_000] == sorted([0, *times, 28_000])
    assert all(0.0 <= word.probability <= 1.0 for word in made)
    said = "".join(text for text, *_ in words).split()
    assert "".join(word.text for word in made) == "".join(said)


def test_a_text_that_goes_round_in_circles_is_told_from_one_that_does_not() -> None:
    said = "We had the same trouble. Doctor Nelson moved to Oslo on the tenth of March, and after that nobody asked."
    assert not engines.looping(said)
    assert not engines.looping("No, no, no, no.")
    assert not engines.looping("  ")
    assert engines.looping("I don't know what to say. " * 6)
    assert engines.looping("ja ja " * 30)
