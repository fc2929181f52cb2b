"""Sound files made elsewhere, decoded in a process of their own (`python -m facilitator.audio.decode`).

WAV, FLAC, MP3, M4A (AAC, ALAC), Ogg Vorbis and Opus. The process gets the open file, never its name.
"""

import json
import queue
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import IO, TYPE_CHECKING, Any, Final, Self

from facilitator.audio.child import command, environment
from facilitator.domain.errors import InvalidAudio, NotFound

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_LENGTH: Final = struct.Struct(">I")
_BLOCK_SECONDS: Final = 60.0
_QUEUED_BLOCKS: Final = 8
_MOST_BYTES: Final = 1 << 20

Item = tuple[str, bytes]
"""("head" | "block" | "verdict" | "end", its bytes)."""


class Decoded:
    """A file being decoded: iterate once over int16 mono blocks of a second or less. Close it, or use `with`.

    Iterating raises InvalidAudio when the file turns out to be cut off, damaged or too long, at the latest at its end:
    what was taken before must then be thrown away.
    """

    def __init__(self, path: Path) -> None:
        with _opened(path) as file:
            self._child = subprocess.Popen(
                [*command("facilitator.audio.decode")],
                env=environment() | {"OPENBLAS_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"},
                stdin=file,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
        assert self._child.stdout is not None  # noqa: S101  a pipe, as asked above
        self._items: queue.Queue[Item] = queue.Queue(_QUEUED_BLOCKS)
        self._reader = threading.Thread(target=_read_into, args=(self._child.stdout, self._items), daemon=True)
        self._reader.start()
        try:
            head = _understood(self._next("head"))
            self.rate = int(head["rate"])
            """Hz, 48000 at most."""
            self.duration_ms: int | None = head["duration_ms"]
            """What the file says of its length, if it says."""
        except BaseException:
            self.close()
            raise

    def __iter__(self) -> Iterator["NDArray[np.int16]"]:
        import numpy as np  # late: only whoever decodes needs it

        while True:
            block = self._next("block")
            if not block:
                _understood(self._next("verdict"))
                return
            yield np.frombuffer(block, dtype="<i2")

    def close(self) -> None:
        """End the decoding, wherever it is."""
        self._child.kill()
        while self._reader.is_alive():  # it may wait for room
            self._drain()
            self._reader.join(0.01)
        self._child.wait()
        if self._child.stdout is not None:
            self._child.stdout.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _next(self, wanted: str) -> bytes:
        try:
            kind, data = self._items.get(timeout=_BLOCK_SECONDS)
        except queue.Empty as error:
            raise _gave_up() from error
        if kind != wanted:
            raise _gave_up()
        return data

    def _drain(self) -> None:
        while not self._items.empty():
            self._items.get()


def decode(path: Path) -> Decoded:
    """Begin decoding `path`.

    Raises:
        NotFound: no such file.
        InvalidAudio: not one of the accepted kinds, empty, damaged, or beyond 12 h, 16 channels or 192 kHz.
    """
    return Decoded(path)


def _opened(path: Path) -> IO[bytes]:
    if not path.exists():
        raise NotFound("There is no such sound file.", do="Check the path.")
    try:
        if path.is_file():
            return path.open("rb")
    except OSError as error:
        raise InvalidAudio("The sound file cannot be opened.", do="Check its access rights.") from error
    raise InvalidAudio("That is not a file.", safe="Nothing was imported.", do="Give a sound file.")


def _understood(line: bytes) -> dict[str, Any]:
    given: dict[str, Any] = json.loads(line)
    if refused := given.get("refused"):
        raise InvalidAudio(refused["what"], safe=refused["safe"], do=refused["do"])
    return given


def _gave_up() -> InvalidAudio:
    return InvalidAudio(
        "The file makes its decoder fail or hang.",
        safe="Nothing was imported, and nothing on this computer was touched.",
        do="Do not trust this file; ask for it again, as WAV or FLAC.",
    )


def _read_into(pipe: IO[bytes], items: "queue.Queue[Item]") -> None:
    if head := pipe.readline(_MOST_BYTES):
        items.put(("head", head))
    while len(prefix := pipe.read(_LENGTH.size)) == _LENGTH.size:
        length = _LENGTH.unpack(prefix)[0]
        block = pipe.read(length) if length <= _MOST_BYTES else b""
        if len(block) < length or length > _MOST_BYTES:
            break
        items.put(("block", block))
        if not length and (verdict := pipe.readline(_MOST_BYTES)):
            items.put(("verdict", verdict))
            return
    items.put(("end", b""))


if __name__ == "__main__":
    from facilitator.audio import decode_child  # the libraries that it loads are for the child only

    sys.exit(decode_child.main())
