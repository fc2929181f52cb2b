"""The capture process, `python -m facilitator.audio.capture`: a microphone, a folder, a public key, and no more.

It reads one JSON line (`messages.Request`), then orders (`commands.Command`), from standard input, and writes messages
to standard output. Neither the end of its input nor a dead reader of its output stops it: the program that started it
may have crashed, and the group goes on talking. Orders then come as a file in its folder. A rehearsal hears a sound
file instead, and ends with its input unless somebody may come back to it.
"""

import os
import queue
import signal
import sys
import threading
import time
from array import array
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from facilitator.audio.awake import Wakefulness
from facilitator.audio.capture_loop import CaptureLoop
from facilitator.audio.child import forbid_core_dumps
from facilitator.audio.commands import Command
from facilitator.audio.devices import choose_source, find_input, sound_library
from facilitator.audio.messages import HIGHEST_RATE, LOWEST_RATE, Awake, Level, Message, Refused, Request, to_line
from facilitator.audio.pulse import PulseSource
from facilitator.audio.rehearsal import FASTEST, Pace, SampleSource, sparing
from facilitator.audio.source_route import Route, RouteJudge, current_route, move_stream, watch_route
from facilitator.domain.errors import DeviceFailed, FacilitatorError, UsageError, WorkerFailed

_MOST_WAITING: Final = 256
_LATENCY_SECONDS: Final = 0.25  # with PortAudio's own choice, its ALSA part burns a third of a core over PulseAudio
_LOOK_SECONDS: Final = 0.04
_PATIENCE_SECONDS: Final = 4.0


class DeviceSource:
    """A microphone through PortAudio. `device` is a name as `devices` lists it, None for the default one.

    `channel` of it is kept, from 1 on; None for the mix of all that the sound system makes. `source` is what it was
    when it was opened before, so that nothing else is taken for it.

    Raises:
        MissingNeed: no PortAudio.
        UsageError: it has fewer channels.
        DeviceFailed: no such device, it refuses the rate, or the sound system does not answer.
    """

    def __init__(
        self,
        device: str | None,
        rate: int,
        *,
        channel: int | None = None,
        again: bool = False,
        source: PulseSource | None = None,
    ) -> None:
        library = sound_library()
        self._error: type[Exception] = library.PortAudioError
        self.waiting = 0
        try:
            if again:
                _look_anew(library)
            found = find_input(library, device, source)
        except self._error as error:
            raise DeviceFailed("The sound devices cannot be listed.", do="Restart the sound system.") from error
        self.name, self.source, self._rate, self._channel = found.name, found.source, rate, channel
        least = 2 if found.source is None else found.channels  # fewer than there are would be a mix
        self._opened = 1 if channel is None else max(channel, min(least, found.channels))
        if channel is not None and not 1 <= channel <= found.channels:
            raise UsageError(
                f"The input “{self.name}” has no channel {channel}, but {found.channels} in all.",
                do="Choose another channel; `facilitator devices` lists how many each input has.",
            )
        choose_source(found)
        try:
            self._stream: Any = library.RawInputStream(
                samplerate=rate, device=found.number, channels=self._opened, dtype="int16", latency=_LATENCY_SECONDS
            )
            self._stream.start()
        except self._error as error:
            raise DeviceFailed(
                f"The input “{self.name}” cannot record at {rate} Hz.",
                do="Choose another input; `facilitator devices` lists them.",
            ) from error

    def read(self, frames: int) -> tuple[bytes, bool]:
        """Wait for `frames` samples; True with them if some before were lost.

        Only what is there is fetched from PortAudio: a read that waits in there cannot be ended from outside.
        """
        pieces, lost, patience = [], False, time.monotonic() + _PATIENCE_SECONDS
        while frames:
            try:
                here = min(frames, self._available())
                data, overflowed = self._stream.read(here) if here else (b"", False)
                self.waiting = self._available() if here == frames else 0
            except self._error as error:
                raise DeviceFailed(f"The input “{self.name}” was lost.") from error
            pieces.append(bytes(data))
            frames, lost = frames - here, lost or bool(overflowed)
            if here:
                patience = time.monotonic() + _PATIENCE_SECONDS
            elif time.monotonic() > patience:
                raise DeviceFailed(f"The input “{self.name}” delivers no sound.")
            if frames:
                time.sleep(min(_LOOK_SECONDS, max(_LOOK_SECONDS / 8, frames / self._rate)))
        return self._kept(b"".join(pieces)), lost

    def _available(self) -> int:
        return int(self._stream.read_available)

    def close(self) -> None:
        self._stream.abort(ignore_errors=True)
        self._stream.close(ignore_errors=True)

    def _kept(self, pcm: bytes) -> bytes:
        return pcm if self._opened == 1 else array("h", pcm)[(self._channel or 1) - 1 :: self._opened].tobytes()


def _look_anew(library: Any) -> None:
    """Start PortAudio again, which sees the devices of when it was started."""
    with suppress(library.PortAudioError):  # it does not run where the last start failed
        library._terminate()
    library._initialize()


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


def _listen(fd: int, rest: bytes, orders: "queue.SimpleQueue[Command]", at_end: Callable[[], None]) -> None:
    """Pass on the orders that come, then do `at_end`."""
    while True:
        *lines, rest = rest.split(b"\n")
        for line in lines:
            with suppress(UsageError):
                orders.put(Command.from_line(line))
        more = os.read(fd, 4096)
        if not more:
            return at_end()
        rest += more


class Company:
    """What goes along with a recording: its input, keeping the computer awake, and the watch over the sound's route."""

    def __init__(self, request: Request) -> None:
        self._request = request
        self._opened = False
        self._device = request.device
        self._source: PulseSource | None = None
        self._routes = queue.SimpleQueue[Route | None]()
        self._wakefulness: Wakefulness | None = None

    def open_source(self) -> DeviceSource:
        """The input asked for. After a loss that very one again: another may be the default by then, unasked.

        The first time, learn what it is by the sound system, while no sound came yet. Raises as DeviceSource does.
        """
        rate, channel = self._request.rate, self._request.channel
        found = DeviceSource(self._device, rate, channel=channel, again=self._opened, source=self._source)
        if not self._opened:
            self._opened, self._device, self._source = True, found.name, found.source
            _beside(lambda: self._routes.put(current_route(os.getpid())))
        return found

    def join(self, loop: CaptureLoop) -> None:
        """Sound arrives."""
        _beside(lambda: self._stay_awake(loop))
        _beside(lambda: self._watch_route(loop))

    def _watch_route(self, loop: CaptureLoop) -> None:
        judge = RouteJudge(loop.troubles, loop.now_ms, move_stream, self._source)
        judge.look(self._routes.get())
        watch_route(judge)

    def _stay_awake(self, loop: CaptureLoop) -> None:
        try:
            self._wakefulness = Wakefulness()  # held to the end of this process
            loop.tell(self._wakefulness.answer())
        except OSError as error:
            loop.tell(Awake((), (f"sleep ({error.strerror})",)))


def _beside(work: Callable[[], None]) -> None:
    threading.Thread(target=work, daemon=True).start()


def _settle_in(stop: threading.Event) -> None:
    """Let nothing that happens to the terminal end the recording; a polite request to terminate ends it in order."""
    forbid_core_dumps()
    for name in ("SIGINT", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: stop.set())


def _loop(
    request: Request, speaker: _Speaker, stop: threading.Event, orders: "queue.SimpleQueue[Command]"
) -> CaptureLoop:
    if request.rehearsal is None:
        company = Company(request)
        return CaptureLoop(request, company.open_source, speaker.send, stop, orders=orders, begun=company.join)
    pace, sample = Pace(request.speed), Path(request.rehearsal.sample)
    send = sparing(speaker.send)
    return CaptureLoop(request, lambda: SampleSource(sample, request.rate, pace), send, stop, pace.now_ns, orders)


def main() -> int:
    """Record as asked on standard input. 0 after an orderly end, else the exit code of the error."""
    stop, orders = threading.Event(), queue.SimpleQueue[Command]()
    _settle_in(stop)
    speaker = _Speaker(sys.stdout.fileno())
    try:
        line, rest = _first_line(sys.stdin.fileno())
        request = Request.from_line(line)
        if not LOWEST_RATE <= request.rate <= HIGHEST_RATE:
            raise UsageError(f"Recording is done at {LOWEST_RATE} to {HIGHEST_RATE} samples a second.")
        if not 1 <= request.speed <= FASTEST:
            raise UsageError(f"A rehearsal runs at 1 to {FASTEST} times the speed.")
        at_end = stop.set if request.rehearsal and not request.rehearsal.lasting else lambda: None
        threading.Thread(target=_listen, args=(sys.stdin.fileno(), rest, orders, at_end), daemon=True).start()
        well = _loop(request, speaker, stop, orders).run()
    except FacilitatorError as error:
        speaker.send(Refused.of(error))
        return error.exit_code
    except Exception as error:  # the last resort: a helper must say that it died, but quote nothing
        speaker.send(Refused.of(WorkerFailed(f"The recorder failed unexpectedly ({type(error).__name__}).")))
        return WorkerFailed.exit_code
    return 0 if well else WorkerFailed.exit_code


if __name__ == "__main__":
    _code = main()
    os._exit(_code)  # a device that hangs must not keep the process, nor what goes along with it
