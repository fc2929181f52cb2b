"""What a drive may hold of a file after a power cut, when only synced writes are safe."""

import random
from dataclasses import dataclass, field
from typing import NamedTuple

SECTOR = 512


class Write(NamedTuple):
    offset: int
    data: bytes


Change = Write | int
"""A write, or a truncation to so many bytes."""


class Odds(NamedTuple):
    """How likely a sector of an unsynced write is kept whole, and how likely it is torn."""

    keep: float
    tear: float

    @classmethod
    def drawn(cls, chance: random.Random) -> "Odds":
        return cls(chance.choice((0.0, 0.3, 0.5, 0.8, 1.0)), chance.choice((0.0, 0.05, 0.3)))


@dataclass(slots=True)
class CachedFile:
    """What programs see (`cached`) and what the drive has (`durable`), with what lies between, in order."""

    cached: bytearray = field(default_factory=bytearray)
    durable: bytearray = field(default_factory=bytearray)
    waiting: list[Change] = field(default_factory=list)

    def change(self, what: Change) -> None:
        self.waiting.append(what)
        _apply(self.cached, what)

    def sync(self) -> None:
        for what in self.waiting:
            _apply(self.durable, what)
        self.waiting.clear()

    def survived(self, chance: random.Random, odds: Odds) -> bytes:
        """Each 512-byte sector of each unsynced write is kept, lost or torn by lot, so that a later one may survive
        where an earlier one is lost."""
        left = bytearray(self.durable)
        for what in self.waiting:
            if isinstance(what, int):
                if chance.random() < odds.keep:
                    _apply(left, what)
            else:
                _keep_some(left, what, chance, odds)
        return bytes(left)


def _apply(target: bytearray, what: Change) -> None:
    if isinstance(what, Write):
        if len(target) < what.offset:
            target.extend(bytes(what.offset - len(target)))
        target[what.offset : what.offset + len(what.data)] = what.data
    elif what <= len(target):
        del target[what:]
    else:
        target.extend(bytes(what - len(target)))


def _keep_some(target: bytearray, what: Write, chance: random.Random, odds: Odds) -> None:
    at, end = what.offset, what.offset + len(what.data)
    while at < end:
        stop = min(end, (at // SECTOR + 1) * SECTOR)
        piece = what.data[at - what.offset : stop - what.offset]
        if chance.random() < odds.tear:
            cut = chance.randrange(len(piece) + 1)
            _apply(target, Write(at, piece[:cut]) if chance.random() < 0.5 else Write(at + cut, piece[cut:]))
        elif chance.random() < odds.keep:
            _apply(target, Write(at, piece))
        at = stop
