"""What may be imported, told by its first bytes, and whether the file is all there. Pure; reads, never decodes."""

import os
import zlib
from dataclasses import dataclass
from typing import BinaryIO, Final

MAX_HOURS: Final = 12
MAX_CHANNELS: Final = 16
LOWEST_RATE: Final = 8_000
HIGHEST_RATE: Final = 192_000
KEPT_RATE: Final = 48_000
"""Files with more samples a second are reduced to this many: speech needs no more."""

_UNKNOWN_LENGTH: Final = 0xFFFF_FF00
_OGG_HEADER: Final = 27
_MIRROR: Final = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of sound file. `demuxer` is the one FFmpeg may use for it; "" where libsndfile reads it."""

    name: str
    demuxer: str = ""


WAV = Kind("WAV")
FLAC = Kind("FLAC")
OGG = Kind("Ogg")
UNFINISHED_WAV = Kind("WAV", "wav")
MP3 = Kind("MP3", "mp3")
M4A = Kind("M4A", "mov,mp4,m4a,3gp,3g2,mj2")


def sniff(head: bytes) -> Kind | None:
    """The kind of a file that starts with `head` (16 bytes or more), or None for one that is not accepted."""
    if head[:4] in (b"RIFF", b"RF64") and head[8:12] == b"WAVE":
        return WAV
    if head.startswith(b"fLaC"):
        return FLAC
    if head.startswith(b"OggS"):
        return OGG
    if head[4:8] == b"ftyp":
        return M4A
    if head.startswith(b"ID3") or (len(head) > 2 and head[0] == 0xFF and head[1] & 0xE6 == 0xE2):
        return MP3
    return None


def is_broken(kind: Kind, file: BinaryIO) -> bool:
    """Whether the file ends before its own structure does, or, for Ogg, a page is damaged or missing.

    libsndfile skips such pages silently, which would shorten the recording. Other kinds are judged while decoding.
    A WAV whose header says 0 or the largest number was never finished by its recorder; what is there counts as all.
    """
    if kind is WAV:
        return _wav_cut_off(file, file.seek(0, os.SEEK_END))
    return kind is OGG and not _ogg_pages_sound(file)


def is_unfinished(kind: Kind, file: BinaryIO) -> bool:
    """Whether this is a WAV that says it holds 0 bytes but goes on: its recorder was cut off before the last stroke."""
    if kind is not WAV:
        return False
    at, length = _wav_data(file)
    return length == 0 and file.seek(0, os.SEEK_END) > at


def mp3_states_length(file: BinaryIO) -> bool:
    """Whether an MP3's first frame states its length; without that, FFmpeg only guesses it. Leaves `file` in place."""
    before = file.tell()
    file.seek(0)
    head = file.read(10)
    tag = sum((byte & 0x7F) << shift for byte, shift in zip(head[6:10], (21, 14, 7, 0), strict=False))
    file.seek(10 + tag if head.startswith(b"ID3") else 0)
    first_frame = file.read(2048)
    file.seek(before)
    return any(mark in first_frame for mark in (b"Xing", b"Info", b"VBRI"))


def _wav_cut_off(file: BinaryIO, size: int) -> bool:
    file.seek(0)
    if file.read(4) == b"RF64":
        return False
    at, length = _wav_data(file)
    return at < 0 or (length < _UNKNOWN_LENGTH and at + length > size)


def _wav_data(file: BinaryIO) -> tuple[int, int]:
    """Offset and stated length of a WAV's samples; (-1, 0) where there are none."""
    at = 12
    while file.seek(at) == at and len(head := file.read(8)) == 8:
        length = int.from_bytes(head[4:], "little")
        if head.startswith(b"data"):
            return at + 8, length
        at += 8 + length + length % 2
    return -1, 0


def _ogg_pages_sound(file: BinaryIO) -> bool:
    """Whether the file is a row of whole Ogg pages (RFC 3533), right by their checksums and numbered without a hole."""
    next_number: dict[bytes, int] = {}
    file.seek(0)
    while head := file.read(_OGG_HEADER):
        if len(head) < _OGG_HEADER or not head.startswith(b"OggS"):
            return False
        table = file.read(head[26])
        body = file.read(sum(table))
        if len(table) < head[26] or len(body) < sum(table):
            return False
        if _ogg_checksum(head[:22] + bytes(4) + head[26:] + table + body) != int.from_bytes(head[22:26], "little"):
            return False
        serial, number = head[14:18], int.from_bytes(head[18:22], "little")
        if next_number.get(serial, number) != number:
            return False
        next_number[serial] = number + 1
    return True


def _ogg_checksum(page: bytes) -> int:
    """CRC-32 with Ogg's bit order and start value, through zlib's, which mirrors bits and inverts both ends."""
    mirrored = zlib.crc32(page.translate(_MIRROR), 0xFFFF_FFFF) ^ 0xFFFF_FFFF
    return int(f"{mirrored:032b}"[::-1], 2)
