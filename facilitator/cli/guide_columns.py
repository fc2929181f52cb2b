"""Text in terminal cells: width and wrapping, also with wide and combining characters."""

import re
import unicodedata
from collections.abc import Iterator


def cells(text: str) -> int:
    """How many cells of a terminal `text` fills: two for wide characters, none for combining and invisible ones."""
    return sum(_cell(char) for char in text)


def padded(text: str, width: int) -> str:
    """`text` with spaces up to `width` cells."""
    return text + " " * (width - cells(text))


def wrapped(text: str, width: int, first: str = "", rest: str = "") -> list[str]:
    """Lines of at most `width` cells (2 or more beside the indents); `first` and `rest` are put before them.

    White space folds and line breaks stay. A word wider than a line is broken.
    """
    lines: list[str] = []
    for paragraph in text.split("\n"):
        line, empty = first if not lines else rest, True
        for word in paragraph.split():
            for piece in _pieces(word, width - max(cells(first), cells(rest))):
                if not empty and cells(line) + 1 + cells(piece) > width:
                    lines.append(line)
                    line, empty = rest, True
                line, empty = (line + piece if empty else f"{line} {piece}"), False
        lines.append(line if not empty else "")
    return lines


def reflowed(text: str) -> str:
    """`text` without the breaks that only fitted it into an editor: they neither end a sentence nor begin a list."""
    return re.sub(r"(?<![.!?:…\n])\n(?=\w)", " ", text)


def _cell(char: str) -> int:
    if unicodedata.category(char) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def _pieces(word: str, width: int) -> Iterator[str]:
    piece = ""
    for char in word:
        if piece and cells(piece) + _cell(char) > width:
            yield piece
            piece = ""
        piece += char
    yield piece
