"""Which windows are heard together, in what order they come back, and how long the rest takes.

The same for a worker on this computer and for a cluster, so that both hear the same batches.
"""

import contextlib
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self

from facilitator.domain.errors import Cancelled, WorkerFailed
from facilitator.domain.events import WindowTranscribed
from facilitator.domain.progress import Progress, Report, estimate_left
from facilitator.transcription import messages
from facilitator.transcription.phrasing import transcribed

if TYPE_CHECKING:
    from facilitator.transcription.planning import Window

_LABEL: Final = "Transcribing"
Waiting = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Shape:
    """What an engine does best: `lanes` batches side by side, of `batch` windows each."""

    lanes: int
    batch: int


class Hearer(ABC):
    """Hears windows in batches. Use it as a context manager."""

    def __init__(self) -> None:
        self._closed = threading.Event()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def run(
        self,
        windows: "Iterator[Window]",
        done: Collection[int],
        report: Report,
        total_ms: int,
        *,
        skipped_ms: int = 0,
    ) -> Iterator[list[WindowTranscribed]]:
        """Transcribe the windows whose index is not in `done`, as many at once as the engine does best.

        What is yielded belongs together and is in order; the lists come as they are finished. A report counts windows
        as done when the caller has come back for the next ones, hence has stored them. `report` may raise Cancelled.

        Args:
            windows: in order.
            done: indexes of those to leave out.
            report: told between windows, and twice a second while they take.
            total_ms: the length of all that is heard; `skipped_ms` of it are stored and not among the windows.

        Raises:
            WorkerFailed: the worker died, or its engine failed.
            Damaged: the weights are not what was stored.
            Cancelled: `close` was called meanwhile.
        """
        pace = Pace(report, total_ms, skipped_ms)
        heard: dict[int, list[Window]] = {}
        with self._ended_by_errors():
            self._begin(pace.tell)
            for batch in self._batches(windows, done, pace):
                if len(batch[0].samples):
                    self._send(batch)
                    heard[batch[0].index] = batch
                else:
                    yield [transcribed(batch[0], None)]
                    pace.finished(batch)
                yield from self._answered(heard, self._at_once, pace)
            yield from self._answered(heard, 0, pace)
        pace.tell()

    @abstractmethod
    def close(self) -> None:
        """End it at once; what it was working on is lost. May be called from another thread."""

    def _begin(self, waiting: Waiting) -> None:  # noqa: B027 - most need nothing
        """Called before the first window is planned."""

    @property
    @abstractmethod
    def _at_once(self) -> int:
        """How many batches are worth having under way."""

    @property
    @abstractmethod
    def _has_answered(self) -> bool:
        """Whether `_answer` would return at once."""

    @abstractmethod
    def _shape(self, ahead: int, waiting: Waiting) -> Shape | None:
        """The engine's shape, or None while it is still being loaded and more than `ahead` windows may wait for it."""

    @abstractmethod
    def _ready(self, waiting: Waiting) -> Shape:
        """The engine's shape, once it is loaded."""

    @abstractmethod
    def _send(self, batch: "Sequence[Window]") -> None:
        """Have a batch heard."""

    @abstractmethod
    def _answer(self, waiting: Waiting) -> messages.Message:
        """The next batch that was heard, whichever it is."""

    def _batches(self, windows: "Iterator[Window]", done: Collection[int], pace: "Pace") -> "Iterator[list[Window]]":
        """Windows as they are heard together; those without speech alone.

        Neighbors are, by their numbers: what lies in a batch is the same after an interruption and on a cluster.
        """
        ahead: list[Window] = []
        for window in windows:
            pace.tell()
            if window.index in done:
                pace.skipped_ms += window.end_ms - window.start_ms
            elif not len(window.samples):
                yield [window]
            else:
                ahead.append(window)
                if (shape := self._shape(len(ahead), pace.tell)) is not None:
                    yield from _together(ahead, shape.batch)
        if ahead:
            yield from _together(ahead, self._ready(pace.tell).batch, is_all=True)

    def _answered(self, heard: "dict[int, list[Window]]", left: int, pace: "Pace") -> Iterator[list[WindowTranscribed]]:
        """What is finished, and what is not until no more than `left` batches are being heard."""
        while len(heard) > left or (heard and self._has_answered):
            pace.tell()
            answer = self._answer(pace.tell)
            batch = heard.pop(_first_index(answer), [])
            yield self._transcribed(batch, answer)
            pace.finished(batch)

    def _transcribed(self, batch: "Sequence[Window]", answer: messages.Message) -> list[WindowTranscribed]:
        found = answer.get("batch", [])
        if not batch or [one.get("index") for one in found] != [window.index for window in batch]:
            raise WorkerFailed("The transcription helper answered for other windows.", safe="What was stored stays.")
        return [transcribed(window, messages.found_in(one)) for window, one in zip(batch, found, strict=True)]

    @contextlib.contextmanager
    def _ended_by_errors(self) -> Iterator[None]:
        """Close after an error: an answer that nobody took would be taken for the next windows'."""
        try:
            yield
        except BaseException as error:
            was_closed = self._closed.is_set()
            self.close()
            if was_closed and isinstance(error, WorkerFailed):
                raise stopped() from error
            raise


class Pace:
    """What is done and how long the rest will take, judged by the windows of this run alone."""

    def __init__(self, report: Report, total_ms: int, skipped_ms: int) -> None:
        self._report, self._total_ms, self.skipped_ms = report, total_ms, skipped_ms
        self._begun = self._judged = time.monotonic()
        self._left: float | None = None
        self._fresh_ms = 0

    def finished(self, batch: "Sequence[Window]") -> None:
        """Count the windows of a batch as done."""
        self._fresh_ms += sum(window.end_ms - window.start_ms for window in batch)
        self._judged = time.monotonic()
        self._left = estimate_left(self._judged - self._begun, self._fresh_ms, self._total_ms - self.skipped_ms)

    def tell(self) -> None:
        """Report where the job is."""
        left = None if self._left is None else max(0.0, self._left - (time.monotonic() - self._judged))
        self._report(Progress(_LABEL, self.skipped_ms + self._fresh_ms, self._total_ms, left))


def stopped() -> Cancelled:
    """The error for a run that was closed meanwhile."""
    return Cancelled("The transcription was stopped.", safe="Every window that was finished is stored.")


def _first_index(answer: messages.Message) -> int:
    found = answer.get("batch") or [{"index": -1}]
    return int(found[0]["index"])


def _together(ahead: "list[Window]", size: int, *, is_all: bool = False) -> "Iterator[list[Window]]":
    """Take those batches from `ahead` that no further window can belong to."""
    while ahead:
        batch = [window for window in ahead if window.index // size == ahead[0].index // size]
        if not is_all and len(batch) == len(ahead) and (batch[-1].index + 1) % size:
            return
        del ahead[: len(batch)]
        yield batch
