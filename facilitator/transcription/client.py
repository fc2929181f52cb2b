"""Drive the transcription workers: windows in, what was heard out. No model library is loaded here."""

import contextlib
import queue
import threading
from collections.abc import Callable, Sequence
from typing import IO, TYPE_CHECKING, Final, Self, cast

from facilitator.domain.errors import WorkerFailed
from facilitator.domain.events import WindowTranscribed
from facilitator.transcription import children, engines, messages
from facilitator.transcription.batching import Hearer, Shape, Waiting, stopped
from facilitator.transcription.phrasing import transcribed
from facilitator.transcription.store import Weights

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from facilitator.transcription.planning import Samples, Window

_TICK_SECONDS: Final = 0.5
_PLANNED_AHEAD: Final = 16
"""Windows, 1.3 MB each, that may wait while the model is loaded."""


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


class Transcriber(Hearer):
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
        super().__init__()
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
        self._known: Shape | None = None

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

    def transcribe(self, window: "Window", waiting: Waiting = _without_a_word) -> WindowTranscribed:
        """One window; raises what `run` does."""
        with self._ended_by_errors():
            if not len(window.samples):
                return transcribed(window, None)
            self._ready(waiting)
            self._send([window])
            return self._transcribed([window], self._answer(waiting))[0]

    @property
    def _running(self) -> "_Worker":
        assert self._worker is not None  # noqa: S101 - `_launch` came before
        return self._worker

    @property
    def _at_once(self) -> int:
        return self._known.lanes if self._known else 0

    @property
    def _has_answered(self) -> bool:
        return self._running.has_answered

    def _launch(self) -> None:
        if self._closed.is_set():
            raise stopped()
        if self._worker is None:
            self._worker = _Worker()
            if self._closed.is_set():  # by another thread, which then saw no worker to end
                raise stopped()
            self._worker.send(messages.line(self._job))

    def _shape(self, ahead: int, waiting: Waiting) -> Shape | None:
        self._launch()  # it loads its model while more windows are planned
        if self._known is None and (self._running.has_answered or ahead > _PLANNED_AHEAD):
            return self._ready(waiting)
        return self._known

    def _ready(self, waiting: Waiting) -> Shape:
        self._launch()
        if self._known is None:
            ready = self._running.answer(waiting)
            self._known = Shape(int(ready["lanes"]), int(ready["batch"]))
        return self._known

    def _send(self, batch: "Sequence[Window]") -> None:
        self._running.send(messages.batch_out(batch))

    def _answer(self, waiting: Waiting) -> messages.Message:
        return self._running.answer(waiting)


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


def _died(code: int) -> WorkerFailed:
    return WorkerFailed(
        f"The transcription helper ended before it had answered (status {code}).",
        safe="Every window that was finished is stored.",
        do="Run `facilitator transcribe` again; it goes on where it stopped. Close other programs if memory is short.",
    )
