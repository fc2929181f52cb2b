"""The capture process, `python -m facilitator.audio.capture`: a microphone, a folder, a public key, and no more.

It reads one JSON line (`messages.Request`) and then `stop` from standard input, and writes messages to standard output.
Neither the end of its input nor a dead reader of its output stops it: the program that started it may have crashed, and
the group goes on talking. It then ends when `stop-request` appears in its folder.
"""

import os
import signal
import sys
import threading
from typing import Any, Final

from facilitator.audio.capture_loop import CaptureLoop
from facilitator.audio.child import forbid_core_dumps
from facilitator.audio.devices import find_input, sound_library
from facilitator.audio.messages import Level, Message, Refused, Request, to_line
from facilitator.domain.errors import DeviceFailed, FacilitatorError, WorkerFailed

_MOST_WAITING: Final = 256


class DeviceSource:
    """A microphone through PortAudio, mono, blocking reads. `device` is a name as `devices` lists it, None for default.

    Raises:
        MissingNeed: no PortAudio.
        DeviceFailed: no such device, or it refuses the rate.
    """

    def __init__(self, device: str | None, rate: int, *, again: bool = False) -> None:
        library = sound_library()
        if again:  # PortAudio sees the devices of when it was started
            library._terminate()
            library._initialize()
        self._error: type[Exception] = library.PortAudioError
        index, self.name = find_input(library, device)
        try:
            self._stream: Any = library.RawInputStream(
                samplerate=rate, device=index, channels=1, dtype="int16", latency="high"
            )
            self._stream.start()
        except self._error as error:
            raise DeviceFailed(
                f"The input “{self.name}” cannot record at {rate} Hz.",
                do="Choose another input; `facilitator devices` lists them.",
            ) from error

    def read(self, frames: int) -> tuple[bytes, bool]:
        """Wait for `frames` samples; True with them if some before were lost."""
        try:
            data, overflowed = self._stream.read(frames)
        except self._error as error:
            raise DeviceFailed(f"The input “{self.name}” was lost.") from error
        return bytes(data), bool(overflowed)

    def close(self) -> None:
        self._stream.abort(ignore_errors=True)
        self._stream.close(ignore_errors=True)


class _Speaker:
    """Writes messages to standard output without ever waiting for the reader, and without minding its death."""

    def __init__(self, fd: int) -> None:
        self._fd, self._waiting, self._dead = fd, bytearray(), False
        if hasattr(os, "set_blocking"):  # Windows has it from Python 3.12 on
            os.set_blocking(fd, False)

    def send(self, message: Message | Refused) -> None:
        line = to_line(message)
        if self._dead or (isinstance(message, Level) and len(self._waiting) > _MOST_WAITING):
            return
        self._waiting += line
        try:
            while self._waiting:
                del self._waiting[: os.write(self._fd, self._waiting)]
        except BlockingIOError:
            return
        except OSError:
            self._dead = True


def _first_line(fd: int) -> tuple[bytes, bytes]:
    """The first line of `fd` and what came after it."""
    data = b""
    while b"\n" not in data and (more := os.read(fd, 65_536)):
        data += more
    line, _, rest = data.partition(b"\n")
    return line, rest


def _listen(fd: int, rest: bytes, stop: threading.Event) -> None:
    """Set `stop` when a line `stop` comes; the end of input means nothing."""
    while b"stop\n" not in rest:
        more = os.read(fd, 4096)
        if not more:
            return
        rest = rest[-8:] + more
    stop.set()


def _settle_in(stop: threading.Event) -> None:
    """Let nothing that happens to the terminal end the recording; a polite request to terminate ends it in order."""
    forbid_core_dumps()
    for name in ("SIGINT", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: stop.set())


def main() -> int:
    """Record as asked on standard input. 0 after an orderly end, else the exit code of the error."""
    stop = threading.Event()
    _settle_in(stop)
    speaker = _Speaker(sys.stdout.fileno())
    try:
        line, rest = _first_line(sys.stdin.fileno())
        request = Request.from_line(line)
        threading.Thread(target=_listen, args=(sys.stdin.fileno(), rest, stop), daemon=True).start()
        opened: list[bool] = []

        def open_source() -> DeviceSource:
            opened.append(True)
            return DeviceSource(request.device, request.rate, again=len(opened) > 1)

        well = CaptureLoop(request, open_source, speaker.send, stop).run()
    except FacilitatorError as error:
        speaker.send(Refused.of(error))
        return error.exit_code
    except Exception as error:  # the last resort: a helper must say that it died, but quote nothing
        speaker.send(Refused.of(WorkerFailed(f"The recorder failed unexpectedly ({type(error).__name__}).")))
        return WorkerFailed.exit_code
    return 0 if well else WorkerFailed.exit_code


if __name__ == "__main__":
    _code = main()
    if threading.active_count() > 2:  # a device that hangs must not keep the process
        os._exit(_code)
    sys.exit(_code)
