import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facilitator.domain.errors import Cancelled, Damaged, FacilitatorError, UsageError, WorkerFailed
from facilitator.domain.events import HeardSegment
from facilitator.domain.transcript import Word
from facilitator.transcription import engines, messages


def test_auto_is_the_fast_engine_unless_the_weights_serve_only_the_other() -> None:
    assert engines.resolve("auto") == "faster-whisper"
    assert engines.resolve("auto", "openai-whisper") == "openai-whisper"
    assert engines.resolve("openai-whisper") == "openai-whisper"
    with pytest.raises(UsageError):
        engines.resolve("siri")


def test_pieces_without_a_space_belong_to_the_word_before() -> None:
    raw = [(" well", 0.1, 0.3, 0.9), ("-known", 0.3, 0.6, 0.5), (" $", 0.7, 0.8, 0.9), ("5,000.", 0.8, 1.14, 0.8)]
    made = engines.heard(" well-known $5,000.", 0.0, 1.2, raw, 0.1, "en", 28_000)
    assert made == HeardSegment(
        0, 1200, "well-known $5,000.", (Word("well-known", 100, 600, 0.5), Word("$5,000.", 700, 1140, 0.8)), 0.1
    )


def test_languages_without_spaces_keep_their_text_and_their_words() -> None:
    made = engines.heard("今日は", 0.0, 1.0, [("今日", 0.0, 0.5, 1.0), ("は", 0.5, 1.0, 1.0)], 0.0, "ja", 28_000)
    assert made is not None
    assert made.text == "今日は"
    assert [word.text for word in made.words] == ["今日", "は"]


def test_nothing_heard_is_no_segment() -> None:
    assert engines.heard("  ", 0.0, 1.0, [], 0.9, "en", 28_000) is None
    assert engines.heard(" ", 0.0, 1.0, [(" ", 0.0, 1.0, 0.1)], 0.9, "en", 28_000) is None


seconds = st.floats(-1, 40, allow_nan=False)
raw_words = st.lists(
    st.tuples(st.sampled_from([" a", "b", " c.", " "]), seconds, seconds, st.floats(-0.5, 1.5)), max_size=9
)


@settings(max_examples=60, deadline=None)
@given(words=raw_words, start=seconds, end=seconds)
def test_times_never_run_backwards_or_past_the_window(
    words: list[tuple[str, float, float, float]], start: float, end: float
) -> None:
    made = engines.heard(" text", start, end, words, 0.0, "en", 28_000)
    assert made is not None
    times = [at for word in made.words for at in (word.start_ms, word.end_ms)]
    assert [made.start_ms, *times, made.end_ms] == sorted([made.start_ms, *times, made.end_ms])
    assert made.start_ms >= 0
    assert made.end_ms <= 28_000
    assert all(0.0 <= word.probability <= 1.0 for word in made.words)
    said = "".join(text for text, *_ in words).split()
    assert "".join(word.text for word in made.words) == "".join(said)


def test_a_segment_survives_the_wire_and_moves_to_the_session_clock() -> None:
    segment = HeardSegment(0, 900, "Já, “så”\u2028", (Word("Já,", 0, 400, 0.5), Word("“så”", 400, 900, 0.25)), 0.125)
    raw = messages.line(messages.segment_out(segment))
    assert raw.count(b"\n") == 1
    moved = messages.segment_in(messages.read(raw), 60_000)
    assert (moved.start_ms, moved.end_ms, moved.text, moved.no_speech) == (60_000, 60_900, segment.text, 0.125)
    assert moved.words == (Word("Já,", 60_000, 60_400, 0.5), Word("“så”", 60_400, 60_900, 0.25))


@pytest.mark.parametrize("raw", [b"", b"loading model\n", b"[1]\n", b"\xff\n"])
def test_what_is_no_message_is_an_error(raw: bytes) -> None:
    with pytest.raises(WorkerFailed):
        messages.read(raw)


@pytest.mark.parametrize("error", [Damaged("What.", safe="Safe.", do="Do."), Cancelled("Stopped.")])
def test_an_error_crosses_with_its_class_and_parts(error: FacilitatorError) -> None:
    came = messages.failure_in(messages.read(messages.line(messages.failure_out(error))))
    assert (type(came), came.what, came.safe, came.do) == (type(error), error.what, error.safe, error.do)


def test_an_error_of_a_library_crosses_without_its_text() -> None:
    try:
        raise RuntimeError("cannot decode: Kristin said no")
    except RuntimeError as error:
        message = messages.failure_out(error)
    assert "Kristin" not in json.dumps(message)
    came = messages.failure_in(message)
    assert isinstance(came, WorkerFailed)
    assert "RuntimeError in test_transcription_engines" in came.what
    assert "memory" in messages.failure_in(messages.failure_out(MemoryError())).what


def test_a_made_up_error_class_becomes_worker_failed() -> None:
    for name in ("annotations", "ClassVar", "SystemExit", "nothing"):
        assert type(messages.failure_in({"failed": name, "what": "x"})) is WorkerFailed
