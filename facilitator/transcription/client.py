"""Drive the transcription worker: windows in, what was heard out. No model library is loaded here."""

import contextlib
import queue
import threading
import time
from collections.abc import Callable, Collection, Iterator
from typing import IO, TYPE_CHECKING, Final, Self, cast

from facilitator.domain.errors import Cancelled, WorkerFailed
from facilitator.domain.events import WindowTranscribed
from facilitator.domain.progress import Progress, Report, estimate_left
from facilitator.transcription import children, engines, messages
from facilitator.transcription.store import Weights

if TYPE_CHECKING:
    from facilitator.transcription.planning import Window

_TICK_SECONDS: Final = 0.5
_LABEL: Final = "Transcribing"


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

    def transcribe(self, window: "Window", waiting: Callable[[], None] = lambda: None) -> WindowTranscribed:
        """What was heard in a window, in times of the session clock.

        Args:
            window: at most 30 s.
            waiting: called twice a second; when it raises, the worker is ended.

        Raises:
            WorkerFailed: the worker died, or its engine failed.
            Damaged: the weights are not what was stored.
            Cancelled: `close` was called meanwhile.
        """
        try:
            worker = self._worker or self._start(waiting)
            worker.send(_window_out(window))
            return _window_in(window, worker.answer(waiting))
        except BaseException as error:
            stopped = self._closed.is_set()
            self.close()  # an answer that nobody took would be taken for the next window's
            if stopped and isinstance(error, WorkerFailed):
                raise _stopped() from error
            raise

    def _start(self, waiting: Callable[[], None]) -> "_Worker":
        if self._closed.is_set():
            raise _stopped()
        self._worker = worker = _Worker()
        if self._closed.is_set():  # by another thread, which then saw no worker to end
            raise _stopped()
        worker.send(messages.line(self._job))
        worker.answer(waiting)
        return worker

    def run(
        self, windows: "Iterator[Window]", done: Collection[int], report: Report, total_ms: int
    ) -> Iterator[WindowTranscribed]:
        """Transcribe the windows whose index is not in `done`, reporting between them and while they take.

        A report counts a window as done when the caller has come back for the next one, hence has stored it.
        `report` may raise Cancelled. `total_ms` is the length of the whole recording.
        """
        pace = _Pace(report, total_ms)
        for window in windows:
            length = window.end_ms - window.start_ms
            if window.index in done:
                pace.skipped_ms += length
                continue
            pace.tell()
            yield self.transcribe(window, pace.tell)
            pace.finished(length)
        pace.tell()


class _Pace:
    """What is done and how long the rest will take, judged by the windows of this run alone."""

    def __init__(self, report: Report, total_ms: int) -> None:
        self._report, self._total_ms = report, total_ms
        self._begun = self._judged = time.monotonic()
        self._left: float | None = None
        self._fresh_ms = self.skipped_ms = 0

    def finished(self, length_ms: int) -> None:
        self._fresh_ms += length_ms
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


def _window_out(window: "Window") -> bytes:
    header = {"index": window.index, "start_ms": window.start_ms, "end_ms": window.end_ms}
    return messages.line({**header, "samples": len(window.samples)}) + window.samples.astype("<f4").tobytes()


def _window_in(window: "Window", answer: messages.Message) -> WindowTranscribed:
    if answer.get("window") != window.index:
        raise WorkerFailed("The transcription helper answered for another window.", safe="What was stored stays.")
    heard = tuple(messages.segment_in(segment, window.start_ms) for segment in answer["segments"])
    return WindowTranscribed(window.index, window.start_ms, window.end_ms, heard)


def _stopped() -> Cancelled:
    return Cancelled("The transcription was stopped.", safe="Every window that was finished is stored.")


def _died(code: int) -> WorkerFailed:
    return WorkerFailed(
        f"The transcription helper ended before it had answered (status {code}).",
        safe="Every window that was finished is stored.",
        do="Run `facilitator transcribe` again; it goes on where it stopped. Close other programs if memory is short.",
    )
