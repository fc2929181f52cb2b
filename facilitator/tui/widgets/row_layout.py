"""Where the rows of a long list stand, in screen lines. Pure: it knows neither widgets nor styles.

Heights are guessed at first and measured when a row comes into view, so that 20,000 rows open at once.
"""

import re
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from typing import Final

from rich.cells import cell_len

_WORD: Final = re.compile(r"\S+\s*|\s+")


def wrap(text: str, width: int) -> tuple[tuple[int, int], ...]:
    """(start, end) character offsets of each line of `text` in `width` cells; breaks after spaces, else anywhere.

    There is always one line at least. A line may keep one trailing run of spaces beyond its width.
    """
    width = max(1, width)
    if text.isascii() and len(text) <= width:
        return ((0, len(text)),)
    lines: list[tuple[int, int]] = []
    start = used = 0
    for match in _WORD.finditer(text):
        word = match.group().rstrip()
        cells = cell_len(word)
        if used and used + cells > width:
            lines.append((start, match.start()))
            start, used = match.start(), 0
        while cells > width:
            start = _split(text, start, width, lines)
            word = text[start : match.end()].rstrip()
            cells = cell_len(word)
        used += cells + match.end() - match.start() - len(match.group().rstrip())
    lines.append((start, len(text)))
    return tuple(lines)


def _split(text: str, start: int, width: int, lines: list[tuple[int, int]]) -> int:
    """Add the longest piece of one overlong word that fits, and return where the rest begins."""
    end, used = start, 0
    while end < len(text) and (end == start or used + cell_len(text[end]) <= width):
        used += cell_len(text[end])
        end += 1
    lines.append((start, end))
    return end


def guess_height(text: str, width: int) -> int:
    """About how many lines `text` takes in `width` cells; ragged edges cost a line in twenty."""
    return max(1, -(-len(text) * 21 // (20 * max(1, width))))


class RowLayout:
    """Heights of rows and the first line of each, with a bisect from line to row.

    Args:
        heights: lines of each row, 1 or more.
    """

    def __init__(self, heights: Sequence[int]) -> None:
        self._heights = list(heights)
        self._tops = [0, *accumulate(self._heights)]
        self._sound_to = len(self._heights)

    def __len__(self) -> int:
        return len(self._heights)

    @property
    def total(self) -> int:
        """Lines of all rows together."""
        self._settle()
        return self._tops[-1]

    def height(self, row: int) -> int:
        """Lines of one row."""
        return self._heights[row]

    def top(self, row: int) -> int:
        """First line of `row`; `len(self)` gives the line after the last."""
        if row > self._sound_to:
            self._settle()
        return self._tops[row]

    def row_at(self, line: int) -> int:
        """The row that holds `line`; lines outside are taken as the nearest inside. Raises IndexError when empty."""
        if not self._heights:
            raise IndexError("no rows")
        self._settle()
        return min(len(self._heights) - 1, max(0, bisect_right(self._tops, line) - 1))

    def set_height(self, row: int, height: int) -> int:
        """Change one height and return by how many lines the rows below move."""
        change = height - self._heights[row]
        if change:
            self._heights[row] = height
            self._sound_to = min(self._sound_to, row)
        return change

    def _settle(self) -> None:
        first = self._sound_to
        if first < len(self._heights):
            self._tops[first:] = accumulate(self._heights[first:], initial=self._tops[first])
            self._sound_to = len(self._heights)
