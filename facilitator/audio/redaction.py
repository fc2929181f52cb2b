"""Sound in which some stretches are replaced by a tone, written as FLAC and read back.

Outside the stretches every sample is the source's; inside nothing of the source is left: the tone takes its place and
is not mixed with it. All of it works in blocks, so that a recording of hours needs no more memory than a short one.
"""

import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from facilitator.domain.errors import Damaged, StorageFailed
from facilitator.domain.progress import Progress, Report, estimate_left, silent
from facilitator.domain.stretches import Stretch
from facilitator.domain.timebase import ms_to_samples

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Pcm = NDArray[np.int16]

TONE_HZ: Final = 1000
TONE_DBFS: Final = -20.0
"""Of the tone's peak: heard well, and not painful beside quiet speech."""
FADE_MS: Final = 10
_BLOCK_MS: Final = 30_000


class Tone:
    """The tone at `rate` Hz. One second holds a whole number of its periods, so that one second can be repeated."""

    def __init__(self, rate: int) -> None:
        import numpy as np  # late: listing commands need no arrays

        made = _sine_class()(TONE_HZ, sample_rate=rate, bit_depth=16).to_audio_segment(1000, TONE_DBFS)
        self._second: Pcm = np.frombuffer(made.raw_data, dtype="<i2")
        self._fade = ms_to_samples(FADE_MS, rate)

    def piece(self, at: int, count: int, length: int) -> "Pcm":
        """`count` samples from sample `at` on of a tone that is `length` samples long, faded at both of its ends."""
        import numpy as np

        place = np.arange(at, at + count)
        ramp = np.minimum(1.0, np.minimum(place + 1, length - place) / (self._fade + 1))
        faded: Pcm = np.rint(self._second[place % len(self._second)] * ramp).astype("<i2")
        return faded


@dataclass(frozen=True, slots=True)
class Redaction:
    """A sound with a tone over some of it.

    Attributes:
        source: gives mono int16 samples between two times in ms, exactly that long.
        rate: in Hz.
        length_ms: of the source.
        toned: (first, end) samples that the tone replaces, in order, without overlaps.
    """

    source: "Callable[[int, int], Pcm]"
    rate: int
    length_ms: int
    toned: tuple[Stretch, ...]
    tone: Tone = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "tone", Tone(self.rate))

    def read(self, start_ms: int, end_ms: int) -> "Pcm":
        """The redacted samples between two times; they are the same however the reading is cut."""
        pcm = self.source(start_ms, end_ms).copy()
        first = ms_to_samples(start_ms, self.rate)
        for start, end in _within(self.toned, first, first + len(pcm)):
            low, high = max(start, first), min(end, first + len(pcm))
            pcm[low - first : high - first] = self.tone.piece(low - start, high - low, end - start)
        return pcm


def blocks(
    read: "Callable[[int, int], Pcm]", rate: int, length_ms: int, label: str, report: Report = silent
) -> "Iterator[tuple[int, Pcm]]":
    """(first sample, samples) of what `read` gives, in blocks of 30 s; `report` is told under `label` how far it is."""
    begun = time.monotonic()
    for at_ms in range(0, length_ms, _BLOCK_MS):
        report(Progress(label, at_ms, length_ms, estimate_left(time.monotonic() - begun, at_ms, length_ms)))
        yield ms_to_samples(at_ms, rate), read(at_ms, min(at_ms + _BLOCK_MS, length_ms))
    report(Progress(label, length_ms, length_ms, 0.0))


def silences(sound: "Iterable[tuple[int, Pcm]]", least: int) -> list[Stretch]:
    """(first, end) samples of each run of `least` samples or more that are exactly zero: nothing was recorded there."""
    import numpy as np

    found: list[Stretch] = []
    last, total = -1, 0
    for first, pcm in sound:
        sounding = np.concatenate([[last], np.flatnonzero(pcm) + first])
        quiet = np.flatnonzero(np.diff(sounding) > least)
        found += [(int(sounding[at]) + 1, int(sounding[at + 1])) for at in quiet]
        last, total = int(sounding[-1]), first + len(pcm)
    return [*found, (last + 1, total)] if total - last - 1 >= max(1, least) else found


def write_flac(file: BinaryIO, redaction: Redaction, report: Report = silent) -> None:
    """Write all of it to `file`, which is open for reading and writing and empty, as FLAC of 16 bits without tags.

    Raises:
        StorageFailed: the disk refused.
    """
    import soundfile  # a native library that only this needs

    label = "Writing the redacted sound"
    try:
        with soundfile.SoundFile(
            file.fileno(), "w", redaction.rate, channels=1, format="FLAC", subtype="PCM_16", closefd=False
        ) as out:
            for _, pcm in blocks(redaction.read, redaction.rate, redaction.length_ms, label, report):
                out.write(pcm)
    except (soundfile.LibsndfileError, AssertionError) as error:  # asserts that all was written
        raise StorageFailed(
            "The redacted sound could not be written.",
            safe="The study is unchanged, and no part of the export was left behind.",
            do="Check that there is room; then export again.",
        ) from error


def check_flac(path: Path, redaction: Redaction, report: Report = silent) -> None:
    """Read a written file back with another decoder, and compare each sample with the source or the tone.

    Raises:
        Damaged: a sample differs, the length does, or the file holds anything beside one sound, such as a tag.
    """
    import av  # late: loads FFmpeg
    import numpy as np

    label = "Reading the redacted sound back"
    try:
        with av.open(str(path), format="flac") as container:
            stream, count = container.streams.audio[0], len(container.streams)
            if count != 1 or container.metadata or stream.metadata or stream.rate != redaction.rate:
                raise _not_read_back()
            decoded = _Decoded(container.decode(audio=0))
            for first, pcm in blocks(redaction.source, redaction.rate, redaction.length_ms, label, report):
                again, is_toned = decoded.take(len(pcm)), np.zeros(len(pcm), dtype=bool)
                for start, end in _within(redaction.toned, first, first + len(pcm)):
                    low, high = max(start, first), min(end, first + len(pcm))
                    is_toned[low - first : high - first] = True
                    expected = redaction.tone.piece(low - start, high - low, end - start)
                    if not np.array_equal(again[low - first : high - first], expected):
                        raise _not_read_back()
                if len(again) != len(pcm) or not np.array_equal(again[~is_toned], pcm[~is_toned]):
                    raise _not_read_back()
            if len(decoded.take(1)):
                raise _not_read_back()
    except av.FFmpegError as error:
        raise _not_read_back() from error


class _Decoded:
    """Samples of decoded frames, in pieces of any length."""

    def __init__(self, frames: Iterable[Any]) -> None:
        self._frames = iter(frames)
        self._held: list[Pcm] = []

    def take(self, count: int) -> "Pcm":
        """The next `count` samples, or fewer at the end."""
        import numpy as np

        while sum(map(len, self._held)) < count and (frame := next(self._frames, None)) is not None:
            samples = frame.to_ndarray()
            if frame.layout.nb_channels != 1 or samples.dtype != np.int16:
                raise _not_read_back()
            self._held.append(samples.reshape(-1))
        held = np.concatenate(self._held) if self._held else np.zeros(0, dtype="<i2")
        self._held = [held[count:]]
        return held[:count]


def _within(stretches: Sequence[Stretch], first: int, end: int) -> Iterator[Stretch]:
    return ((low, high) for low, high in stretches if low < end and first < high)


def _not_read_back() -> Damaged:
    return Damaged(
        "The redacted sound did not read back as it was made.",
        safe="The study is unchanged, and the export was deleted.",
        do="Export again; if it happens twice, check the disk.",
    )


def _sine_class() -> Any:
    """pydub's Sine. Its complaints at import about ffmpeg, which is not used here, and old code are hushed."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pydub.generators import Sine
    return Sine
