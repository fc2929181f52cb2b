"""The age test vectors of C2SP through the code that opens identity files, sealed keys and audio."""

import base64
import hashlib
import json
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from facilitator.audio.record_format import Opener, Unreadable
from facilitator.domain.errors import Damaged, FacilitatorError
from facilitator.storage.keys import opened_identity, personal_key, unseal

from .framework import Outcome, Report

TITLE = "age test vectors (CCTV)"
HOLDS = "as expected, none opened that must be refused"
COUNT = 0
SECONDS = 2.0

VECTORS: Final = Path(__file__).parent / "vectors" / "cctv-age.json"
_QUANTUM: Final = "post-quantum recipients are not in the age library used here"
_ARMOR: Final = "armored files are refused: nothing here writes them"
KNOWN: Final = {
    "hybrid": _QUANTUM,
    "hybrid_and_x25519": _QUANTUM,
    "hybrid_grease": _QUANTUM,
    "hybrid_multiple_recipients": _QUANTUM,
    "armor_crlf": _ARMOR,
    "armor_full_last_line": _ARMOR,
    "armor_hybrid": _ARMOR,
    "armor_no_eol": _ARMOR,
    "armor_scrypt": _ARMOR,
    "armor_whitespace_outside": _ARMOR,
    "armor_x25519": _ARMOR,
}
"""Files that the specification lets open and that are refused here, with the reason. None that must fail is opened."""


@dataclass(frozen=True, slots=True)
class Vector:
    """`payload` is the SHA-256 of what is inside, "" where the file must be refused."""

    name: str
    payload: str
    identities: tuple[str, ...]
    passphrases: tuple[str, ...]
    file: bytes


def run(count: int, report: Report) -> Outcome:
    vectors, held = read_vectors(), 0
    for number, vector in enumerate(vectors):
        report(number, len(vectors))
        try:
            why = disagreement(vector)
        except Exception as error:  # anything outside the tree of errors would end the program
            why = f"{type(error).__name__}: {error}"
        held += not why
        if why:
            report.miss(number, f"{vector.name}: {why}")
    return Outcome(len(vectors), held, f"{len(KNOWN)} of them known exceptions")


def read_vectors() -> list[Vector]:
    """All vectors, unpacked."""
    encoded: dict[str, str] = json.loads(VECTORS.read_text(encoding="ascii"))
    return [_parsed(name, base64.b64decode(text)) for name, text in encoded.items()]


def disagreement(vector: Vector) -> str:
    """How one of the program's ways to open a file differs from what is expected; "" if none does."""
    payload = "" if vector.name in KNOWN else vector.payload
    for path, found in _opened(vector):
        if found != payload:
            return f"{path}: {'wrongly opened' if found else 'refused'}"
    return ""


def _parsed(name: str, data: bytes) -> Vector:
    head, _, file = data.partition(b"\n\n")
    fields = [line.split(": ", 1) for line in head.decode().splitlines()]
    one = dict(fields)
    return Vector(
        name,
        one["payload"] if one["expect"] == "success" else "",
        tuple(value for key, value in fields if key == "identity"),
        tuple(value for key, value in fields if key == "passphrase"),
        zlib.decompress(file) if one.get("compressed") == "zlib" else file,
    )


def _opened(vector: Vector) -> Iterator[tuple[str, str]]:
    """(path, SHA-256 of what it gives or "") of each path of the program that fits."""
    if vector.passphrases:
        yield "identity file", _first(lambda text: opened_identity(vector.file, text), vector.passphrases)
    else:
        yield "sealed file", _first(lambda text: unseal(vector.file, personal_key(text), "file"), vector.identities)
        yield "audio", _first(lambda text: _as_audio(vector.file, text), vector.identities)


def _first(open_with: Callable[[str], bytes], secrets: tuple[str, ...]) -> str:
    for secret in secrets:
        try:
            return hashlib.sha256(open_with(secret)).hexdigest()
        except FacilitatorError:
            continue
    return ""


def _as_audio(file: bytes, secret: str) -> bytes:
    """What the reader of records gets; a payload that is no record still tells that the file was opened."""
    opener, plain = Opener(secret, None), list[bytes]()
    decrypt = opener._decrypt
    opener._decrypt = lambda blob, keys: plain.append(decrypt(blob, keys)) or plain[-1]  # type: ignore[func-returns-value]
    opened = opener.open(file)
    if not plain:
        raise Damaged(opened.reason if isinstance(opened, Unreadable) else "")
    return bytes(plain[0])
