"""The inside of the decoding process: hostile bytes on standard input, plain samples or a refusal on standard output.

Output: one JSON line (`rate`, `duration_ms` or null; or `refused`), then blocks as `u32 big-endian length ‖ s16le`,
then a zero length and one JSON line with the verdict (`samples`, or `refused`). The process can open no file, write
none, and is bounded in memory and time.
"""

import io
import json
import struct
import sys
from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, BinaryIO, ClassVar, Final

from facilitator.audio.child import forbid_core_dumps
from facilitator.audio.sound_files import (
    HIGHEST_RATE,
    KEPT_RATE,
    LOWEST_RATE,
    MAX_CHANNELS,
    MAX_HOURS,
    MP3,
    UNFINISHED_WAV,
    Kind,
    is_broken,
    is_unfinished,
    mp3_states_length,
    sniff,
)
from facilitator.domain.errors import InvalidAudio

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

MEMORY_BYTES: Final = 2 << 30
CPU_SECONDS: Final = 1800
_LENGTH: Final = struct.Struct(">I")


class SoundFile(ABC):
    """Samples of an open file, as float32 mono blocks.

    `frames` is what the file says it has, or None, and may be off by `tolerance_seconds`; `rate` in Hz. Raises
    InvalidAudio where it is not acceptable.
    """

    rate: int
    frames: int | None
    tolerance_seconds: ClassVar[float] = 0.0

    @abstractmethod
    def blocks(self) -> Iterator["Floats"]:
        """Mono blocks of half a second or less, in order."""


class PlainFile(SoundFile):
    """WAV, FLAC and Ogg through libsndfile."""

    def __init__(self, file: BinaryIO) -> None:
        import soundfile

        file.seek(0)
        self._error: type[Exception] = soundfile.LibsndfileError
        try:
            self._sound: Any = soundfile.SoundFile(file)
        except self._error as error:
            raise not_readable() from error
        check_shape(self._sound.samplerate, self._sound.channels)
        self.rate = self._sound.samplerate
        most = MAX_HOURS * 3600 * HIGHEST_RATE * MAX_CHANNELS * 100
        self.frames = self._sound.frames if 0 < self._sound.frames < most else None

    def blocks(self) -> Iterator["Floats"]:
        while True:
            try:
                block = self._sound.read(self.rate // 2, dtype="float32", always_2d=True)
            except self._error as error:
                raise not_readable() from error
            if not len(block):
                return
            yield block.mean(axis=1)


class PackedFile(SoundFile):
    """MP3 and M4A through FFmpeg, held to the one demuxer that the first bytes call for."""

    tolerance_seconds = 0.2  # padding of encoders

    def __init__(self, file: BinaryIO, kind: Kind) -> None:
        import av

        file.seek(0)
        self._error = av.FFmpegError
        try:
            options = {"format_whitelist": kind.demuxer, "protocol_whitelist": ""}
            self._container = av.open(file, "r", format=kind.demuxer.split(",")[0], container_options=options)
            stream = self._container.streams.audio[0]
        except (self._error, IndexError, ValueError) as error:
            raise not_readable() from error
        context = stream.codec_context
        check_shape(context.sample_rate, context.layout.nb_channels)
        self._stream, self.rate = stream, context.sample_rate
        stated = kind is not MP3 or mp3_states_length(file)
        duration, unit = stream.duration, stream.time_base
        self.frames = int(duration * unit * self.rate) if stated and duration and unit else None

    def blocks(self) -> Iterator["Floats"]:
        import numpy as np

        gathered: list[Floats] = []
        for part in self._parts():
            gathered.append(part)
            if sum(map(len, gathered)) >= self.rate // 4:
                yield np.concatenate(gathered)
                gathered.clear()
        if gathered:
            yield np.concatenate(gathered)

    def _parts(self) -> Iterator["Floats"]:
        import av

        planar = av.AudioResampler(format="fltp")
        try:
            for frame in self._container.decode(self._stream):
                check_shape(frame.sample_rate, frame.layout.nb_channels)
                if frame.sample_rate != self.rate:
                    raise InvalidAudio("The file changes its sampling rate half-way.", safe="Nothing was imported.")
                for part in planar.resample(frame):
                    yield part.to_ndarray().mean(axis=0, dtype="float32")
        except (self._error, ValueError) as error:
            raise not_readable() from error


def not_readable() -> InvalidAudio:
    """The refusal of a file that its decoder gives up on."""
    return InvalidAudio(
        "The file is damaged, cut off, or not the sound file it seems to be.",
        safe="Nothing was imported.",
        do="Copy it from the recorder again, or convert it to WAV or FLAC.",
    )


def check_shape(rate: int, channels: int) -> None:
    """Raises InvalidAudio outside 8–192 kHz and 1–16 channels."""
    if not LOWEST_RATE <= rate <= HIGHEST_RATE or not 1 <= channels <= MAX_CHANNELS:
        raise InvalidAudio(
            f"The file has {channels} channels at {rate} Hz; 1 to {MAX_CHANNELS} at 8 to 192 kHz are accepted.",
            safe="Nothing was imported.",
            do="Convert it to mono at 48 kHz.",
        )


def _open(file: BinaryIO) -> SoundFile:
    kind = sniff(file.read(64))
    if kind is None:
        raise InvalidAudio(
            "This is none of the sound files that can be imported.",
            safe="Nothing was imported.",
            do="Give a WAV, FLAC, MP3, M4A or Ogg file.",
        )
    if is_broken(kind, file):
        raise not_readable()
    if is_unfinished(kind, file):
        kind = UNFINISHED_WAV  # libsndfile takes the 0 at its word
    return PackedFile(file, kind) if kind.demuxer else PlainFile(file)


def _too_long() -> InvalidAudio:
    return InvalidAudio(
        f"The recording is longer than {MAX_HOURS} hours.",
        safe="Nothing was imported.",
        do="Cut it into its sessions and import each.",
    )


def _bounded(sound: SoundFile) -> Iterator["Floats"]:
    """The blocks of `sound`, not more than allowed, and not fewer than it says."""
    most, seen = MAX_HOURS * 3600 * sound.rate, 0
    if sound.frames is not None and sound.frames > most:
        raise _too_long()
    for block in sound.blocks():
        seen += len(block)
        if seen > most:
            raise _too_long()
        yield block
    if sound.frames is not None and seen < sound.frames - sound.tolerance_seconds * sound.rate:
        raise not_readable()


def _reduced(blocks: Iterator["Floats"], rate: int) -> Iterator["Floats"]:
    """The blocks at 48 kHz if they have more; otherwise as they are."""
    if rate <= KEPT_RATE:
        yield from blocks
        return
    import numpy as np
    import soxr

    stream = soxr.ResampleStream(rate, KEPT_RATE, 1, dtype="float32")
    for block in blocks:
        yield stream.resample_chunk(block)
    yield stream.resample_chunk(np.zeros(0, dtype="float32"), last=True)


def _pcm(block: "Floats") -> bytes:
    import numpy as np

    scaled = np.nan_to_num(block * np.float32(32768), nan=0.0, posinf=32767, neginf=-32768)
    return bytes(np.clip(np.rint(scaled), -32768, 32767).astype("<i2").tobytes())


def _serve(file: BinaryIO, out: BinaryIO) -> None:
    sound = _open(file)
    pieces = (_pcm(block) for block in _reduced(_bounded(sound), sound.rate))
    first = next((piece for piece in pieces if piece), None)
    if first is None:
        raise InvalidAudio("The file holds no sound.", safe="Nothing was imported.", do="Choose another file.")
    duration_ms = None if sound.frames is None else sound.frames * 1000 // sound.rate
    _say(out, {"rate": min(sound.rate, KEPT_RATE), "duration_ms": duration_ms})
    samples = 0
    verdict: dict[str, Any]
    try:
        while first is not None:
            if first:
                out.write(_LENGTH.pack(len(first)) + first)
            samples += len(first) // 2
            first = next(pieces, None)
        verdict = {"samples": samples}
    except InvalidAudio as error:
        verdict = _refusal(error)
    out.write(_LENGTH.pack(0))
    _say(out, verdict)


def _refusal(error: InvalidAudio) -> dict[str, Any]:
    return {"refused": {"what": error.what, "safe": error.safe, "do": error.do}}


def _say(out: BinaryIO, given: dict[str, Any]) -> None:
    out.write(json.dumps(given).encode("ascii") + b"\n")
    out.flush()


def _warm_up() -> None:
    """Have every library load what it loads late, by decoding a hundredth of a second of silence."""
    import soxr  # noqa: F401

    size = 2 * LOWEST_RATE // 100
    shape = struct.pack("<HHIIHH", 1, 1, LOWEST_RATE, 2 * LOWEST_RATE, 2, 16)
    chunks = b"WAVE" + b"fmt " + struct.pack("<I", len(shape)) + shape + b"data" + struct.pack("<I", size) + bytes(size)
    silence = b"RIFF" + struct.pack("<I", len(chunks)) + chunks
    for sound in (PlainFile(io.BytesIO(silence)), PackedFile(io.BytesIO(silence), UNFINISHED_WAV)):
        for block in _reduced(sound.blocks(), KEPT_RATE + 1):
            _pcm(block)


def _lock_down() -> None:
    """Bound the process; from here on it can open no file, hence no other file that a playlist may name."""
    forbid_core_dumps()
    if sys.platform != "win32":
        import resource  # POSIX only

        for limit, most in (
            (resource.RLIMIT_AS, MEMORY_BYTES),
            (resource.RLIMIT_CPU, CPU_SECONDS),
            (resource.RLIMIT_FSIZE, 0),
            (resource.RLIMIT_NOFILE, 3),
        ):
            resource.setrlimit(limit, (most, most))


def main() -> int:
    """Decode standard input. 0 with a verdict, whatever it is; anything else is a crash of a library."""
    _warm_up()
    _lock_down()
    out = sys.stdout.buffer
    try:
        _serve(sys.stdin.buffer, out)
    except InvalidAudio as error:
        _say(out, _refusal(error))
    except MemoryError:
        _say(out, _refusal(not_readable()))
    return 0
