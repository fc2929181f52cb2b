"""Opens a finished file as a stranger would and looks for names in every place that it has.

A Word document is unzipped: text joined across runs, runs alone, attributes, comments, processing instructions,
part names and archive comments. What cannot be opened or read counts as unsafe.
"""

import io
import re
import unicodedata
import zipfile
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Final
from xml.parsers import expat

from facilitator.domain.errors import Damaged
from facilitator.domain.release import BLANK

MAX_PARTS: Final = 500
MAX_PART_BYTES: Final = 64_000_000
MAX_TOTAL_BYTES: Final = 256_000_000
MAX_RATIO: Final = 200
RATIO_FLOOR: Final = 1_000_000
"""Inflated size from which the ratio counts; short repetitive parts pack harder than that without any harm."""

Contains = Callable[[str, Sequence[str]], bool]
"""(text, surface forms) → whether any of them is in the text. Injected: the rules of matching belong to `privacy`."""

_SIGNS: Final = {"tab": " ", "br": "\n", "cr": "\n", "noBreakHyphen": "-"}
"""Elements of a run that stand for a character."""

_CLOCKS: Final = re.compile(r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)|\b\d\d:\d\d:\d\d\b|\b[0-9a-f]{64}\b")
"""Time stamps and digests of our own making, in which an age or a year would be found by chance."""
Piece = tuple[str, str]
"""(part, text) of a file."""


@dataclass(frozen=True, slots=True)
class Leak:
    """An identifier stands in `part` of `file`. A place whose own name is the leak is described, not named."""

    file: str
    part: str


class OnPurpose:
    """What a file holds on purpose, though a search would find an identifier in it.

    Args:
        name: of the file.
        data: what it would be with a blank in place of each of `blanked`.
        blanked: the words in question.
    """

    def __init__(self, name: str, data: bytes, blanked: Collection[str]) -> None:
        either = "|".join(sorted({_loosely(one) for one in blanked if one.strip()}, key=lambda one: (-len(one), one)))
        self._parts: dict[str, list[tuple[re.Pattern[str], str]]] = {}
        for part, pieces in _parts(name, data):
            self._parts[part] = [
                (re.compile(rf"\s*(?:{either})\s*".join(map(re.escape, piece.split(BLANK)))), piece)
                for piece in pieces
                if BLANK in piece
            ]

    def without(self, part: str, piece: str) -> str:
        """A piece with blanks where it has what it is to have there; any other as it is."""
        return next((blank for whole, blank in self._parts.get(part, ()) if whole.fullmatch(piece)), piece)


def _loosely(words: str) -> str:
    return r"\s+".join(map(re.escape, unicodedata.normalize("NFC", words).split()))


def scan(
    path: Path, surfaces: Sequence[str], contains: Contains, *, known: frozenset[Piece] = frozenset()
) -> list[Leak]:
    """Every place of the file in which one of `surfaces` stands; empty when it is clean.

    Args:
        path: a .docx file, or any UTF-8 text.
        surfaces: names and other identifiers that may not leave.
        contains: decides whether a text holds one of them.
        known: pieces that the same format writes for an empty session (`known_pieces`). They come from the program
            and not from the study; a participant called Normal must not stop every export.

    Raises:
        Damaged: the file cannot be opened, or breaks the limits on count, size and ratio.
    """
    return scan_bytes(path.name, path.read_bytes(), surfaces, contains, known=known)


def scan_bytes(
    name: str,
    data: bytes,
    surfaces: Sequence[str],
    contains: Contains,
    *,
    known: frozenset[Piece] = frozenset(),
    purpose: OnPurpose | None = None,
) -> list[Leak]:
    """`scan` for what would become the file `name`, before a byte of it is on the disk; less what it has on purpose."""
    named = contains(_as_words(name), surfaces) or contains(name, surfaces)
    shown = "a file of this export" if named else name
    leaks = [Leak(shown, "its file name")] if named else []
    for part, pieces in _parts(name, data):
        named = contains(_as_words(part), surfaces) or contains(part, surfaces)
        if named:
            leaks.append(Leak(shown, "the name of a part"))
        searched = (piece for piece in pieces if (part, piece) not in known)
        text = "\n".join(purpose.without(part, piece) if purpose else piece for piece in searched)
        if contains(_CLOCKS.sub(" ", text), surfaces):
            leaks.append(Leak(shown, "a part" if named else part))
    return leaks


def known_pieces(name: str, data: bytes) -> frozenset[Piece]:
    """The pieces of an empty session's file, to be left out by `scan`."""
    return frozenset((part, piece) for part, pieces in _parts(name, data) for piece in pieces)


def _as_words(name: str) -> str:
    return re.sub(r"[\W_]+", " ", name)


def _parts(name: str, data: bytes) -> Iterator[tuple[str, list[str]]]:
    """(part, its pieces of text) of a file; a text file is one part."""
    if not name.endswith(".docx"):
        try:
            yield "text", data.decode("utf-8").split("\n")
        except UnicodeDecodeError as error:
            raise _unreadable() from error
        return
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            yield from _archive_parts(archive)
    except (zipfile.BadZipFile, expat.ExpatError, EOFError, NotImplementedError, UnicodeError) as error:
        raise _unreadable() from error


def _archive_parts(archive: zipfile.ZipFile) -> Iterator[tuple[str, list[str]]]:
    entries = archive.infolist()
    names = [entry.filename for entry in entries]
    if len(entries) > MAX_PARTS or len({name.casefold() for name in names}) != len(names):
        raise _unreadable()
    yield "archive comments", [_bytes(archive.comment), *(_bytes(entry.comment + entry.extra) for entry in entries)]
    left = MAX_TOTAL_BYTES
    for entry in entries:
        data = _inflated(archive, entry, min(left, MAX_PART_BYTES))
        left -= len(data)
        if not entry.filename.endswith((".xml", ".rels")):
            raise _unreadable()
        yield entry.filename, list(_xml_pieces(data))


def _inflated(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, limit: int) -> bytes:
    """The part, counted while inflating: the sizes in the archive's directory are claims."""
    with archive.open(entry) as stream:
        data = stream.read(limit + 1)
    if len(data) > limit or (len(data) > RATIO_FLOOR and len(data) > MAX_RATIO * max(1, entry.compress_size)):
        raise _unreadable()
    return data


def _bytes(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")


def _unreadable() -> Damaged:
    return Damaged(
        "A staged export file cannot be opened for checking, or holds something that no export should.",
        safe="Nothing has left the study.",
        do="Try again; if it happens twice, report it to the people who keep this program.",
    )


class _Collector:
    """Gathers pieces from XML events: a paragraph's text in one piece, and runs that touch inside a word as others."""

    def __init__(self) -> None:
        self.pieces: list[str] = []
        self.runs: list[str] = []
        self.paragraphs = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        local = name.rpartition(":")[2]
        self.paragraphs += local == "p"
        if local in _SIGNS:
            self.runs.append(_SIGNS[local])
        self.pieces += (value for key, value in attributes.items() if not key.startswith("xmlns"))

    def end(self, name: str) -> None:
        self.paragraphs -= name.rpartition(":")[2] == "p"
        if not self.paragraphs:
            self.flush()

    def text(self, text: str) -> None:
        self.runs.append(text)

    def flush(self) -> None:
        self.pieces.append("".join(self.runs))
        for left, right in pairwise(self.runs):
            if left[-1:].isalnum() and right[:1].isalnum():
                self.pieces += (left, right)
        self.runs.clear()

    def doctype(self, *_: object) -> None:
        raise _unreadable()


def _xml_pieces(data: bytes) -> Iterator[str]:
    collector, parser = _Collector(), expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler = collector.start, collector.end
    parser.CharacterDataHandler, parser.CommentHandler = collector.text, collector.pieces.append
    parser.ProcessingInstructionHandler = lambda target, text: collector.pieces.append(f"{target} {text}")
    parser.StartDoctypeDeclHandler = collector.doctype
    parser.Parse(data, True)
    collector.flush()
    return (piece for piece in dict.fromkeys(collector.pieces) if piece.strip())
