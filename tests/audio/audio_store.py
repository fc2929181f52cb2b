from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyrage
from numpy.typing import NDArray

from facilitator.audio.container import AudioReader, RecordWriter, Struck

RATE = 8000


_IDENTITY = pyrage.x25519.Identity.generate()


@dataclass(frozen=True)
class Keys:
    identity: str = str(_IDENTITY)
    recipient: str = str(_IDENTITY.to_public())


@dataclass(frozen=True)
class Store:
    """A session's audio folder with its keys."""

    folder: Path
    keys: Keys = Keys()

    def writer(self, **changes: object) -> RecordWriter:
        given = {"session_id": "07", "recipient": self.keys.recipient, "rate": RATE, "ballast_bytes": 0} | changes
        return RecordWriter(self.folder, **given)  # type: ignore[arg-type]

    def reader(self, session_id: str = "07", struck: Sequence[Struck] = ()) -> AudioReader:
        return AudioReader(self.folder, session_id=session_id, identity=self.keys.identity, struck=struck)


def noise(samples: int, seed: int = 1) -> NDArray[np.int16]:
    """Never zero, so that silence in what was read back is a gap."""
    values = np.random.default_rng(seed).integers(1, 30_000, samples)
    return values.astype("<i2")
