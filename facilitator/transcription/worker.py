"""The transcription worker, a process of its own: `python -m facilitator.transcription.worker`.

On stdin, first the job as a JSON line, answered by `{"ready": job, "lanes", "batch"}`:

- `{"job": "text", "engine", "model", "folder", "files", "language", "prompt", "beam", "threads", "nice"}`. Then for
  each batch of windows `{"batch": [{"index", "samples", "speech"}, …]}` in times of the window, followed by the samples
  of all, little-endian float32 at 16 kHz; answered by `{"batch": [{"index", "words", …}, …]}`. Up to `lanes` batches
  are heard at once, and answered in the order in which they are finished.
- `{"job": "speech", "nice"}`. Then `{"samples", "fresh"}` and samples, answered by `{"chances": […]}`, one each 32 ms.

`{"done": true}` or the end of stdin ends it. An error is `{"failed": class, "what", "safe", "do"}` and holds nothing of
the recording. The worker writes no file and opens no connection.
"""

import ctypes
import os
import signal
import sys
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from threading import Lock
from typing import IO, Any, Final

from facilitator.transcription import children, engines, messages, store
from facilitator.transcription.listening import Sound, listen

_TRIM_EVERY: Final = 8
"""Windows."""
_NETWORK: Final = frozenset({"socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto"})


def main() -> None:
    """Answer until there is nothing more to hear."""
    answers = _Answers(os.fdopen(os.dup(1), "wb"))
    os.dup2(2, 1)  # libraries that write to stdout must not break into the answers
    _settle()
    try:
        _serve(sys.stdin.buffer, answers)
    except BaseException as error:  # the caller raises it again
        answers.send(messages.failure_out(error))


class _Answers:
    """The way back, for all lanes."""

    def __init__(self, pipe: IO[bytes]) -> None:
        self._pipe, self._lock = pipe, Lock()

    def send(self, message: messages.Message) -> None:
        with self._lock:
            self._pipe.write(messages.line(message))
            self._pipe.flush()


def _serve(asked: IO[bytes], answers: _Answers) -> None:
    job = messages.read(asked.readline())
    if job["nice"] and hasattr(os, "nice"):
        os.nice(int(job["nice"]))
    if job["job"] == "speech":
        _find_speech(asked, answers)
    else:
        _hear(job, asked, answers)


def _find_speech(asked: IO[bytes], answers: _Answers) -> None:
    from facilitator.transcription.engines.silero import SpeechFinder

    finder = SpeechFinder()
    answers.send({"ready": "speech", "lanes": 1, "batch": 1})
    while raw := asked.readline():
        header = messages.read(raw)
        if "done" in header:
            return
        chances = finder.find(messages.samples_in(asked, int(header["samples"])), bool(header["fresh"]))
        answers.send({"chances": [round(float(chance), 4) for chance in chances]})


def _hear(job: messages.Message, asked: IO[bytes], answers: _Answers) -> None:
    folder, threads = Path(job["folder"]), int(job["threads"]) or children.usable_threads()
    contents = store.read_checked(folder, job["files"])
    engine = engines.load(job["engine"], job["model"], folder, contents, threads)
    del contents
    manner = engines.Manner(job["language"], job["prompt"], int(job["beam"]))
    answers.send({"ready": job["engine"], "lanes": engine.lanes, "batch": engine.batch})

    def work(headers: list[messages.Message], sounds: list[Sound]) -> None:
        answers.send(messages.answer_out(headers, listen(engine, sounds, manner)))
        if headers[0]["index"] % _TRIM_EVERY == 0:
            _give_back()

    def tell(done: "Future[None]") -> None:
        if (error := done.exception()) is not None:
            answers.send(messages.failure_out(error))

    with ThreadPoolExecutor(engine.lanes) as lanes:
        while raw := asked.readline():
            header = messages.read(raw)
            if "done" in header:
                return
            headers, sounds = messages.batch_in(header, asked)
            lanes.submit(work, headers, sounds).add_done_callback(tell)


def _give_back() -> None:
    """Return freed memory to the system, where the C library is glibc.

    Windows of ever other lengths leave holes in its heap, which would grow for hours. To have each buffer returned when
    it is freed (`MALLOC_MMAP_THRESHOLD_`) takes a third more time.
    """
    if sys.platform == "linux" and (trim := getattr(ctypes.CDLL(None), "malloc_trim", None)) is not None:
        trim(0)


def _settle() -> None:
    """Leave Ctrl-C to the caller, leave no memory image behind after a crash, and refuse the network."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform != "win32":
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    sys.addaudithook(_refuse_network)


def _refuse_network(event: str, _: tuple[Any, ...]) -> None:
    if event in _NETWORK:
        raise PermissionError("The transcription worker opens no network connection.")


if __name__ == "__main__":
    main()
