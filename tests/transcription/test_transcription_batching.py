from collections import deque
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from transcription_support import silence, silent_window, spoken_window

from facilitator.domain.errors import Cancelled, WorkerFailed
from facilitator.domain.events import WindowTranscribed
from facilitator.domain.progress import Progress, silent
from facilitator.domain.transcript import Word
from facilitator.transcription import messages
from facilitator.transcription.batching import Hearer, Shape, Waiting
from facilitator.transcription.engines import Heard
from facilitator.transcription.listening import Found
from facilitator.transcription.planning import Window


class Slow(Hearer):
    """Hears "w3" in window 3. It has loaded its engine after `loads_after` windows, and answers the latest first."""

    def __init__(self, shape: Shape, loads_after: int = 0) -> None:
        super().__init__()
        self._engine, self._loads_after, self._loaded = shape, loads_after, False
        self.heard: list[list[int]] = []
        self.under_way: deque[list[int]] = deque()
        self.most_under_way = 0
        self.closed = 0

    def close(self) -> None:
        self._closed.set()
        self.closed += 1

    @property
    def _at_once(self) -> int:
        return self._engine.lanes if self._loaded else 0

    @property
    def _has_answered(self) -> bool:
        return False

    def _shape(self, ahead: int, waiting: Waiting) -> Shape | None:
        return self._ready(waiting) if self._loaded or ahead >= self._loads_after else None

    def _ready(self, waiting: Waiting) -> Shape:
        self._loaded = True
        return self._engine

    def _send(self, batch: Sequence[Window]) -> None:
        assert self._loaded
        self.heard.append([window.index for window in batch])
        self.under_way.append(self.heard[-1])
        self.most_under_way = max(self.most_under_way, len(self.under_way))

    def _answer(self, waiting: Waiting) -> messages.Message:
        waiting()
        return {"batch": [messages.found_out(index, found(index)) for index in self.under_way.pop()]}


def found(index: int) -> Found:
    return Found(Heard((Word(f"w{index}", 0, 10, 0.9),), "en", "en", 0.9, 0.1, -0.2, False))


def window(index: int, spoken: bool = True) -> Window:
    return spoken_window(silence(0.01), index, 10 * index) if spoken else silent_window(index, 10 * index)


def indexes(batches: list[list[WindowTranscribed]]) -> list[int]:
    return [one.index for batch in batches for one in batch]


shapes = st.builds(Shape, lanes=st.integers(1, 4), batch=st.integers(1, 16))
lateness = st.integers(0, 40)


@settings(deadline=None)
@given(
    spoken=st.lists(st.booleans(), max_size=80), done=st.sets(st.integers(0, 80)), shape=shapes, late=st.integers(0, 40)
)
def test_each_window_that_is_not_done_is_heard_once_and_what_came_of_it_is_its_own(
    spoken: list[bool], done: set[int], shape: Shape, late: int
) -> None:
    hearer = Slow(shape, late)
    windows = [window(index, one) for index, one in enumerate(spoken)]
    batches = list(hearer.run(iter(windows), done, silent, 10 * len(windows)))
    wanted = [one.index for one in windows if one.index not in done]
    assert sorted(indexes(batches)) == wanted
    for one in (one for batch in batches for one in batch):
        assert [segment.text for segment in one.segments] == ([f"w{one.index}"] if spoken[one.index] else [])
        assert one.start_ms == 10 * one.index
    assert all(indexes([batch]) == sorted(indexes([batch])) for batch in batches)
    assert all(len(batch) <= shape.batch for batch in hearer.heard)
    assert hearer.most_under_way <= shape.lanes + 1, "one waits for its turn, not more: windows are large"
    assert [index for batch in hearer.heard for index in batch] == [index for index in wanted if spoken[index]]


@settings(deadline=None)
@given(count=st.integers(0, 90), shape=shapes, late=lateness)
def test_batches_are_the_same_however_long_the_engine_took_to_load(count: int, shape: Shape, late: int) -> None:
    at_once, later = Slow(shape), Slow(shape, late)
    for hearer in (at_once, later):
        list(hearer.run(map(window, range(count)), (), silent, 10 * count))
    assert at_once.heard == later.heard


@pytest.mark.parametrize(
    ("count", "shape", "sizes"),
    [
        (1, Shape(2, 4), [1]),
        (9, Shape(2, 4), [4, 4, 1]),
        (33, Shape(1, 16), [16, 16, 1]),
        (3, Shape(2, 1), [1, 1, 1]),
    ],
)
def test_neighbors_are_heard_together(count: int, shape: Shape, sizes: list[int]) -> None:
    hearer = Slow(shape)
    list(hearer.run(map(window, range(count)), (), silent, 10 * count))
    assert [len(batch) for batch in hearer.heard] == sizes


@settings(deadline=None)
@given(count=st.integers(0, 60), shape=shapes, batches=st.sets(st.integers(0, 59)))
def test_after_an_interruption_the_same_windows_are_heard_together(count: int, shape: Shape, batches: set[int]) -> None:
    whole = Slow(shape)
    list(whole.run(map(window, range(count)), (), silent, 10 * count))
    stored = [batch for number, batch in enumerate(whole.heard) if number in batches]
    rest = Slow(shape)
    list(rest.run(map(window, range(count)), {index for batch in stored for index in batch}, silent, 10 * count))
    assert sorted(rest.heard) == sorted(batch for batch in whole.heard if batch not in stored)


def test_a_report_counts_what_the_caller_has_come_back_from() -> None:
    reports: list[Progress] = []
    hearer, stored = Slow(Shape(1, 2)), 0
    windows = [window(index, index != 1) for index in range(7)]
    length = windows[-1].end_ms
    for batch in hearer.run(iter(windows), {0, 2}, reports.append, length, skipped_ms=0):
        assert reports[-1].done <= stored + 20
        stored += sum(one.end_ms - one.start_ms for one in batch)
    assert [report.done for report in reports] == sorted(report.done for report in reports)
    assert {report.total for report in reports} == {length}
    assert reports[-1].done == sum(one.end_ms - one.start_ms for one in windows)
    assert reports[-1].seconds_left == 0.0


def test_what_is_stored_and_not_among_the_windows_counts_as_done_from_the_start() -> None:
    reports: list[Progress] = []
    list(Slow(Shape(1, 1)).run(iter([window(5)]), (), reports.append, 60, skipped_ms=50))
    assert (reports[0].done, reports[-1].done, reports[-1].total) == (50, 60, 60)


def test_a_report_may_end_the_job_and_then_it_is_closed() -> None:
    def stop(_: Progress) -> None:
        raise Cancelled("Stopped.")

    hearer = Slow(Shape(1, 1))
    with pytest.raises(Cancelled):
        list(hearer.run(iter([window(0)]), (), stop, 10))
    assert hearer.closed == 1


def test_a_caller_that_goes_away_closes_it() -> None:
    hearer = Slow(Shape(1, 1))
    run = hearer.run(map(window, range(9)), (), silent, 90)
    next(run)
    run.close()  # type: ignore[attr-defined]
    assert hearer.closed == 1


def test_an_answer_for_other_windows_is_refused() -> None:
    class Confused(Slow):
        def _answer(self, waiting: Waiting) -> messages.Message:
            return {"batch": [messages.found_out(index + 1, found(index)) for index in self.under_way.pop()]}

    hearer = Confused(Shape(1, 2))
    with pytest.raises(WorkerFailed, match="other windows"):
        list(hearer.run(map(window, range(4)), (), silent, 40))
    assert hearer.closed == 1


def test_a_failure_after_it_was_closed_is_the_stop_that_was_asked_for() -> None:
    class Dying(Slow):
        def _answer(self, waiting: Waiting) -> messages.Message:
            self._closed.set()
            raise WorkerFailed("The helper ended.")

    with pytest.raises(Cancelled):
        list(Dying(Shape(1, 1)).run(iter([window(0)]), (), silent, 10))
