"""The transcription worker, a process of its own: `python -m facilitator.transcription.worker`.

On stdin, first the job as a JSON line (`engine`, `model`, `folder`, `files`, `language`, `prompt`, `beam`, `threads`,
`nice`), answered by `{"ready": engine}`; then for each window a JSON line (`index`, `start_ms`, `end_ms`, `samples`)
followed by that many little-endian float32 at 16 kHz, answered by `{"window": index, "speech_ms", "segments"}` in times
of the window. `{"done": true}` or the end of stdin ends it. An error is `{"failed": class, "what", "safe", "do"}` and
holds nothing of the recording. The worker writes no file and opens no connection.
"""

import os
import signal
import sys
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

from facilitator.domain.errors import WorkerFailed
from facilitator.transcription import engines, messages, store

if TYPE_CHECKING:
    from facilitator.transcription.planning import Samples

_NETWORK: Final = frozenset({"socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto"})
_SPEECH_THRESHOLD: Final = 0.35
"""Of Silero's 0 to 1. Lower than its 0.5: a window sent in vain costs seconds, a quiet voice dropped costs evidence."""
_LONGEST_WINDOW: Final = 30 * 16_000
_MOST_THREADS: Final = 8


def main() -> None:
    """Answer windows until there are no more."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # libraries that write to stdout must not break into the answers
    _settle()
    try:
        _serve(sys.stdin.buffer, answers)
    except BaseException as error:  # the caller raises it again
        _answer(answers, messages.failure_out(error))


def _serve(windows: IO[bytes], answers: IO[bytes]) -> None:
    job = messages.read(windows.readline())
    if job["nice"] and hasattr(os, "nice"):
        os.nice(int(job["nice"]))
    folder, threads = Path(job["folder"]), int(job["threads"]) or _threads()
    contents = store.read_checked(folder, job["files"])
    engine = engines.load(job["engine"], job["model"], folder, contents, threads)
    del contents
    _answer(answers, {"ready": job["engine"]})
    while raw := windows.readline():
        header = messages.read(raw)
        if "done" in header:
            return
        _answer(answers, _window(engine, job, header, _samples(windows, int(header["samples"]))))


def _window(engine: engines.Engine, job: messages.Message, header: messages.Message, samples: "Samples") -> Any:
    speech_ms = _speech_ms(samples)
    segments = (
        engine.transcribe(samples, language=job["language"], prompt=job["prompt"], beam=int(job["beam"]))
        if speech_ms
        else []
    )
    said = [messages.segment_out(segment) for segment in segments]
    return {"window": header["index"], "speech_ms": speech_ms, "segments": said}


def _samples(windows: IO[bytes], count: int) -> "Samples":
    import numpy as np

    if not 0 < count <= _LONGEST_WINDOW:
        raise WorkerFailed("The transcription helper was sent a window of impossible length.")
    raw = windows.read(4 * count)
    if len(raw) != 4 * count:
        raise WorkerFailed("The transcription helper was sent half a window.")
    return np.frombuffer(raw, dtype="<f4").astype(np.float32)


def _speech_ms(samples: "Samples") -> int:
    """How much of the window is speech, in milliseconds, with a margin around each stretch."""
    from faster_whisper.vad import VadOptions, get_speech_timestamps

    options = VadOptions(threshold=_SPEECH_THRESHOLD, min_speech_duration_ms=100, min_silence_duration_ms=500)
    return sum((found["end"] - found["start"]) // 16 for found in get_speech_timestamps(samples, options))


def _answer(answers: IO[bytes], message: messages.Message) -> None:
    answers.write(messages.line(message))
    answers.flush()


def _threads() -> int:
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(usable, _MOST_THREADS)


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
