"""Hears an input for a few seconds, in a process of its own and in memory only: before a recording, and never kept.

The child reads one JSON line and writes one (who is heard, or why nobody is), then s16le mono samples as they come.
"""

import json
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import IO, Any, Final

from facilitator.audio.child import command, environment, forbid_core_dumps
from facilitator.audio.messages import Refused
from facilitator.domain.errors import DeviceFailed, FacilitatorError, WorkerFailed

_OPENING_SECONDS: Final = 10.0
_BLOCK_MS: Final = 100


@dataclass(frozen=True, slots=True)
class Heard:
    """s16le mono `pcm` of `rate` Hz from `device`."""

    device: str
    rate: int
    pcm: bytes


def hear(
    device: str | None,
    *,
    rate: int = 48_000,
    channel: int | None = None,
    seconds: float = 3.0,
    on_block: Callable[[bytes], None] | None = None,
) -> Heard:
    """Hear `device` (None: the default input) for `seconds`; `on_block` gets each tenth of a second as it comes.

    Raises:
        MissingNeed: no PortAudio.
        DeviceFailed: no such input, or no sound from it.
    """
    asked = {"device": device, "rate": rate, "channel": channel, "seconds": seconds}
    child = subprocess.Popen(
        command("facilitator.audio.level_test"),
        env=environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    late = threading.Timer(seconds + _OPENING_SECONDS, child.kill)
    late.start()
    try:
        with child:
            assert child.stdin is not None and child.stdout is not None  # noqa: S101  pipes, as asked above
            child.stdin.write(json.dumps(asked).encode("ascii") + b"\n")
            child.stdin.close()
            name = _name(child.stdout.readline())
            pcm = _all(child.stdout, rate * _BLOCK_MS // 1000 * 2, on_block)
    except BrokenPipeError as error:
        raise WorkerFailed("The level test did not start.", safe="Nothing was recorded.") from error
    finally:
        child.kill()
        late.cancel()
    if len(pcm) < int(seconds * rate):  # half of it
        raise DeviceFailed(f"The input “{name}” delivers no sound.", do="Check that no other program uses it.")
    return Heard(name, rate, pcm)


def _name(line: bytes) -> str:
    try:
        said: dict[str, Any] = json.loads(line)
    except ValueError as error:
        raise DeviceFailed("The microphone did not start.", do="Check that it is plugged in.") from error
    if refused := said.get("refused"):
        raise Refused(**refused).as_error()
    return str(said["device"])


def _all(pipe: IO[bytes], block: int, on_block: Callable[[bytes], None] | None) -> bytes:
    pcm = b""
    while data := pipe.read(block):
        pcm += data
        if on_block is not None:
            on_block(data)
    return pcm[: len(pcm) // 2 * 2]


def main() -> int:
    """Write what is heard to standard output."""
    from facilitator.audio.capture import DeviceSource
    from facilitator.audio.source_route import bring_to

    forbid_core_dumps()
    out = sys.stdout.buffer
    asked = json.loads(sys.stdin.readline())
    rate = int(asked["rate"])
    try:
        source = DeviceSource(asked["device"], rate, channel=asked["channel"])
    except FacilitatorError as error:
        out.write(json.dumps({"refused": asdict(Refused.of(error))}).encode("ascii") + b"\n")
        return error.exit_code
    if source.source is not None:
        bring_to(source.source)
    out.write(json.dumps({"device": source.name}).encode("ascii") + b"\n")
    block = rate * _BLOCK_MS // 1000
    try:
        for _ in range(max(1, round(asked["seconds"] * 1000 / _BLOCK_MS))):
            out.write(source.read(block)[0])
            out.flush()
    except DeviceFailed as error:
        return error.exit_code
    finally:
        source.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
