import io
import json

import numpy as np
import pytest
from transcription_support import spoken_window

from facilitator.domain.errors import Cancelled, Damaged, FacilitatorError, WorkerFailed
from facilitator.domain.transcript import Word
from facilitator.transcription import messages
from facilitator.transcription.engines import Heard
from facilitator.transcription.listening import Found
from facilitator.transcription.planning import Window


def test_what_was_heard_survives_the_wire() -> None:
    words = (Word("Já,", 0, 400, 0.5), Word("“så”\u2028", 400, 900, 0.25))
    found = Found(
        Heard(words, "nn", "no", 0.75, 0.125, -0.5, True, ((0, 5_000, "en"), (5_000, 9_000, "sv"))),
        ((0, 1_500), (2_000, 4_000)),
    )
    raw = messages.line(messages.found_out(7, found))
    assert raw.count(b"\n") == 1
    message = messages.read(raw)
    assert message["index"] == 7
    assert messages.found_in(message) == found


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
    assert "RuntimeError in test_transcription_messages" in came.what
    assert "memory" in messages.failure_in(messages.failure_out(MemoryError())).what


def test_a_made_up_error_class_becomes_worker_failed() -> None:
    for name in ("annotations", "ClassVar", "SystemExit", "nothing"):
        assert type(messages.failure_in({"failed": name, "what": "x"})) is WorkerFailed


def test_a_batch_survives_the_wire_with_its_speech_in_times_of_each_window() -> None:
    sound = np.random.default_rng(1).uniform(-1, 1, 2_000 * 16).astype(np.float32)
    first = Window(4, 60_000, 90_000, ((61_000, 61_500), (80_000, 80_500)), ((60_500, 61_500), (79_500, 80_500)), sound)
    second = spoken_window(sound[:160], 6, 90_000)
    pipe = io.BytesIO(messages.batch_out([first, second]) + b"rest")
    headers, sounds = messages.batch_in(messages.read(pipe.readline()), pipe)
    assert [header["index"] for header in headers] == [4, 6]
    assert [one.speech for one in sounds] == [((500, 1_000), (1_500, 2_000)), ((0, 10),)]
    assert np.array_equal(sounds[0].samples, sound)
    assert np.array_equal(sounds[1].samples, sound[:160])
    assert pipe.read() == b"rest"
    answer = messages.answer_out(headers, [Found(Heard((), "en", "en", 1.0, 0.0, -0.1, False))] * 2)
    assert [one["index"] for one in answer["batch"]] == [4, 6]


@pytest.mark.parametrize("count", [-1, 0, 10**9])
def test_sound_of_impossible_length_is_refused(count: int) -> None:
    with pytest.raises(WorkerFailed, match="impossible"):
        messages.samples_in(io.BytesIO(b"\0" * 400), count)


def test_half_a_sound_is_refused() -> None:
    with pytest.raises(WorkerFailed, match="half"):
        messages.samples_in(io.BytesIO(b"\0" * 39), 10)
