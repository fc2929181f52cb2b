"""Read the variables of a CTranslate2 model file.

The form is that of `ctranslate2.specs.model_spec.ModelSpec`, binary version 6, little-endian: u32 version, name of the
specification, u32 revision, u32 count, then for each variable its name, u8 rank, u32 dimensions, u8 type, u32 bytes and
the values; last u32 count and pairs of names, an alias and what it stands for. A name is u16 length with its final
zero byte, then UTF-8. Every length is checked against what is left before anything is read.
"""

import struct
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from facilitator.domain.errors import Damaged

VERSION: Final = 6
_TYPES: Final[dict[int, np.dtype[Any]]] = {
    0: np.dtype("<f4"),
    1: np.dtype("i1"),
    2: np.dtype("<i2"),
    3: np.dtype("<i4"),
    4: np.dtype("<f2"),
}
_LONGEST_RANK: Final = 8

Variables = dict[str, npt.NDArray[Any]]


@dataclass(slots=True)
class _Cursor:
    data: memoryview
    at: int = 0

    def take(self, count: int) -> memoryview:
        if count > len(self.data) - self.at:
            raise _unreadable()
        piece = self.data[self.at : self.at + count]
        self.at += count
        return piece

    def number(self, form: str) -> int:
        return int(struct.unpack("<" + form, self.take(struct.calcsize("<" + form)))[0])

    def name(self) -> str:
        raw = bytes(self.take(self.number("H")))
        if not raw.endswith(b"\0"):
            raise _unreadable()
        return raw[:-1].decode("utf-8", errors="strict")


def variables(content: bytes, specification: str = "WhisperSpec") -> Variables:
    """All variables by name, aliases included, as read-only views into `content`.

    Raises:
        Damaged: `content` is not such a file, is of another specification or version, or is cut short.
    """
    cursor = _Cursor(memoryview(content))
    try:
        if cursor.number("I") != VERSION or cursor.name() != specification:
            raise _unreadable()
        cursor.number("I")
        found = dict(_variable(cursor) for _ in range(cursor.number("I")))
        for _ in range(cursor.number("I")):
            alias, meant = cursor.name(), cursor.name()
            found[alias] = found[meant]
    except (UnicodeDecodeError, KeyError, ValueError) as error:
        raise _unreadable() from error
    if cursor.at != len(content):
        raise _unreadable()
    return found


def _variable(cursor: _Cursor) -> tuple[str, npt.NDArray[Any]]:
    name, rank = cursor.name(), cursor.number("B")
    if rank > _LONGEST_RANK:
        raise _unreadable()
    shape = tuple(cursor.number("I") for _ in range(rank))
    kind = _TYPES[cursor.number("B")]
    return name, np.frombuffer(cursor.take(cursor.number("I")), dtype=kind).reshape(shape)


def _unreadable() -> Damaged:
    return Damaged(
        "The speech model's weights cannot be read.",
        safe="No recording or transcript is affected.",
        do="Run `facilitator models get base` to fetch them anew.",
    )
