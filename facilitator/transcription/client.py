"""Drive the transcription workers: windows in, what was heard out. No model library is loaded here."""

import contextlib
import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import IO, TYPE_CHECKING, Final, Self, cast

from facilitator.domain.errors import Cancelled, WorkerFailed
from facilitator.domain.events import WindowTranscribed
from facilitator.domain.progress import Progress, Report, estimate_left
from facilitator.transcription import children, engines, messages
from facilitator.transcription.phrasing import transcribed
from facilitator.transcription.store import Weights

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from facilitator.transcription.planning import Samples, Window

_TICK_SECONDS: Final = 0.5
_LABEL: Final = "Transcribing"
_PLANNED_AHEAD: Final = 16
"""Windows, 2 MB each, that may wait while the model is loaded."""
Waiting = Callable[[], None]


def _without_a_word() -> None:
    """Wait and say nothing."""


class SpeechDetector:
    """A running worker that finds speech; its `find` is what `planning.plan` needs. Use it as a context manager.

    Args:
        nice: how far it steps back behind other programs, 0 to 19.
        waiting: called twice a second while it works; when it raises, the worker is ended.
    """

    def __init__(self, *, nice: int = 10, waiting: Waiting = _without_a_word) -> None:
        self._nice, self._waiting = nice, waiting
        self._worker: _Worker | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the worker."""
        if self._worker is not None:
            self._worker.stop()
            self._worker = None

    def find(self, samples: "Samples", fresh: bool) -> "npt.NDArray[np.float32]":
        """How likely each 32 ms of `samples` is speech, 0.0 to 1.0; `fresh` forgets what came before.

        Raises:
            WorkerFailed: the worker died.
        """
        import numpy as np  # the caller has it; importing this module should not load it

        if self._worker is None:
            self._worker = _Worker()
            self._worker.send(messages.line({"job": "speech", "nice": self._nice}))
            self._worker.answer(self._waiting)
        header = messages.line({"samples": len(samples), "fresh": fresh})
        self._worker.send(header + samples.astype("<f4").tobytes())
        return np.array(self._worker.answer(self._waiting)["chances"], dtype=np.float32)


class Transcriber:
    """A running worker with a loaded model. Use it as a context manager; it starts at the first window.

    Args:
        weights: from `weights.find_weights`.
        engine: auto, faster-whisper or openai-whisper.
        language: a code such as "en", or None to let the engine find out for each window.
        prompt: words to expect, such as terms of the study, or "".
        beam: how many readings are followed at once, 1 to 10; 1 is fastest.
        threads: CPU threads, 0 for all up to eight.
        nice: how far the worker steps back behind other programs, 0 to 19; recording must always come first.

    Raises:
        UsageError: no such engine.
    """

    def __init__(
        self,
        weights: Weights,
        *,
        engine: str = "auto",
        language: str | None = "en",
        prompt: str = "",
        beam: int = 5,
        threads: int = 0,
        nice: int = 10,
    ) -> None:
        self.engine = engines.resolve(engine, weights.form)
        self._job: messages.Message = {
            "job": "text",
            "engine": self.engine,
            "model": weights.model,
            "folder": str(weights.folder),
            "files": dict(weights.files),
            "language": language,
            "prompt": prompt,
            "beam": beam,
            "threads": threads,
            "nice": nice,
        }
        self._worker: _Worker | None = None
        self._lanes = self._batch = 0
        self._closed = threading.Event()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def pid(self) -> int | None:
        """The worker's process number while it runs."""
        return self._worker.pid if self._worker is not None else None

    def close(self) -> None:
        """End the worker at once; what it was working on is lost. May be called from another thread."""
        self._closed.set()
        if self._worker is not None:
            self._worker.stop()

    def start(self, waiting: Waiting = _without_a_word) -> None:
        """Load the model, unless that is done. Raises what `run` does."""
        with self._ended_by_errors():
            self._ready(waiting)

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
        pace = _Pace(report, total_ms, skipped_ms)
        heard: dict[int, list[Window]] = {}
        with self._ended_by_errors():
            for batch in self._batches(windows, done, pace):
                if len(batch[0].samples):
                    self._send(batch)
                    heard[batch[0].index] = batch
                else:
                    yield [transcribed(batch[0], None)]
                    pace.finished(batch)
                yield from self._answered(heard, self._lanes, pace)
            yield from self._answered(heard, 0, pace)
        pace.tell()

    def transcribe(self, window: "Window", waiting: Waiting = _without_a_word) -> WindowTranscribed:
        """One window; raises what `run` does."""
        with self._ended_by_errors():
            if not len(window.samples):
                return transcribed(window, None)
            self._ready(waiting)
            self._send([window])
            return self._answer([window], self._running.answer(waiting))[0]

    def _batches(self, windows: "Iterator[Window]", done: Collection[int], pace: "_Pace") -> "Iterator[list[Window]]":
        """Windows as they are heard together: those without speech alone, the last shared out evenly."""
        ahead: deque[Window] = deque()
        for window in windows:
            pace.tell()
            if window.index in done:
                pace.skipped_ms += window.end_ms - window.start_ms
            elif not len(window.samples):
                yield [window]
            else:
                ahead.append(window)
                self._begin()  # it loads its model while more windows are planned
                if not self._lanes and (self._running.has_answered or len(ahead) > _PLANNED_AHEAD):
                    self._ready(pace.tell)
                while self._lanes and len(ahead) >= 2 * self._lanes * self._batch:
                    yield [ahead.popleft() for _ in range(self._batch)]
        if ahead:
            self._ready(pace.tell)
            yield from _shared_out(list(ahead), self._lanes, self._batch)

    @property
    def _running(self) -> "_Worker":
        assert self._worker is not None  # noqa: S101 - `_begin` came before
        return self._worker

    def _begin(self) -> None:
        if self._closed.is_set():
            raise _stopped()
        if self._worker is None:
            self._worker = _Worker()
            if self._closed.is_set():  # by another thread, which then saw no worker to end
                raise _stopped()
            self._worker.send(messages.line(self._job))

    def _ready(self, waiting: Waiting) -> None:
        self._begin()
        if not self._lanes:
            ready = self._running.answer(waiting)
            self._lanes, self._batch = int(ready["lanes"]), int(ready["batch"])

    def _send(self, batch: "Sequence[Window]") -> None:
        headers = [
            {"index": one.index, "samples": len(one.samples), "speech": one.window_ms(one.speech)} for one in batch
        ]
        sound = b"".join(one.samples.astype("<f4").tobytes() for one in batch)
        self._running.send(messages.line({"batch": headers}) + sound)

    def _answered(
        self, heard: "dict[int, list[Window]]", left: int, pace: "_Pace"
    ) -> Iterator[list[WindowTranscribed]]:
        """What is finished, until no more than `left` batches are being heard."""
        while len(heard) > left:
            pace.tell()
            answer = self._running.answer(pace.tell)
            batch = heard.pop(_first_index(answer), [])
            yield self._answer(batch, answer)
            pace.finished(batch)

    def _answer(self, batch: "Sequence[Window]", answer: messages.Message) -> list[WindowTranscribed]:
        found = answer.get("batch", [])
        if not batch or [one.get("index") for one in found] != [window.index for window in batch]:
            raise WorkerFailed("The transcription helper answered for other windows.", safe="What was stored stays.")
        return [transcribed(window, messages.found_in(one)) for window, one in zip(batch, found, strict=True)]

    @contextlib.contextmanager
    def _ended_by_errors(self) -> Iterator[None]:
        """End the worker after an error: an answer that nobody took would be taken for the next windows'."""
        try:
            yield
        except BaseException as error:
            stopped = self._closed.is_set()
            self.close()
            if stopped and isinstance(error, WorkerFailed):
                raise _stopped() from error
            raise


def _first_index(answer: messages.Message) -> int:
    found = answer.get("batch") or [{"index": -1}]
    return int(found[0]["index"])


def _shared_out(windows: "list[Window]", lanes: int, most: int) -> "Iterator[list[Window]]":
    """All of `windows` in batches of at most `most`, as even as they can be and as many as keep every lane busy."""
    rounds = -(-len(windows) // (lanes * most))
    count = min(len(windows), rounds * lanes)
    for number in range(count):
        yield windows[len(windows) * number // count : len(windows) * (number + 1) // count]


class _Pace:
    """What is done and how long the rest will take, judged by the windows of this run alone."""

    def __init__(self, report: Report, total_ms: int, skipped_ms: int) -> None:
        self._report, self._total_ms, self.skipped_ms = report, total_ms, skipped_ms
        self._begun = self._judged = time.monotonic()
        self._left: float | None = None
        self._fresh_ms = 0

    def finished(self, batch: "Sequence[Window]") -> None:
        self._fresh_ms += sum(window.end_ms - window.start_ms for window in batch)
        self._judged = time.monotonic()
        self._left = estimate_left(self._judged - self._begun, self._fresh_ms, self._total_ms - self.skipped_ms)

    def tell(self) -> None:
        left = None if self._left is None else max(0.0, self._left - (time.monotonic() - self._judged))
        self._report(Progress(_LABEL, self.skipped_ms + self._fresh_ms, self._total_ms, left))


class _Worker:
    """The child process, and two threads at its pipes, so that waiting for it can always be interrupted."""

    def __init__(self) -> None:
        self._process = children.start("facilitator.transcription.worker")
        self._outbox: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._answers: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._threads = [threading.Thread(target=work, daemon=True) for work in (self._write, self._read)]
        for thread in self._threads:
            thread.start()
        self._stopping = threading.Lock()

    @property
    def pid(self) -> int:
        return self._process.pid

    def _write(self) -> None:
        pipe = cast(IO[bytes], self._process.stdin)
        while (content := self._outbox.get()) is not None:
            try:
                pipe.write(content)
                pipe.flush()
            except OSError:  # a worker that takes nothing any more will not answer either: the reader reports its end
                self._process.kill()
                return

    def _read(self) -> None:
        for line in cast(IO[bytes], self._process.stdout):
            self._answers.put(line)
        self._answers.put(b"")

    @property
    def has_answered(self) -> bool:
        """Whether `answer` would return at once."""
        return not self._answers.empty()

    def send(self, content: bytes) -> None:
        self._outbox.put(content)

    def answer(self, waiting: Callable[[], None]) -> messages.Message:
        """The next answer. Raises the error that the worker reports, or WorkerFailed when it is gone."""
        while True:
            with contextlib.suppress(queue.Empty):
                line = self._answers.get(timeout=_TICK_SECONDS)
                break
            waiting()
        if not line.endswith(b"\n"):
            self._answers.put(line)  # the end stays the end, whoever asks next
            raise _died(self._process.wait())
        message = messages.read(line)
        if "failed" in message:
            raise messages.failure_in(message)
        return message

    def stop(self) -> None:
        """Kill the process and wait for it and for the threads; may be called more than once."""
        with self._stopping:
            if self._process.poll() is None:
                self._process.kill()
            self._outbox.put(None)
            for thread in self._threads:
                thread.join()
            children.stop(self._process)


def _stopped() -> Cancelled:
    return Cancelled("The transcription was stopped.", safe="Every window that was finished is stored.")


def _died(code: int) -> WorkerFailed:
    return WorkerFailed(
        f"The transcription helper ended before it had answered (status {code}).",
        safe="Every window that was finished is stored.",
        do="Run `facilitator transcribe` again; it goes on where it stopped. Close other programs if memory is short.",
    )
