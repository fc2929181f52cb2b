"""The seating chart: a table drawn in characters, everybody at their place. Pure layout, no widget."""

from collections.abc import Sequence
from typing import Final

from textual.content import Content

LEAST_WIDTH: Final = 40
TABLE: Final = 5
"""The least cells between the two long sides."""


def round_table(seats: Sequence[Content], moderator: Content, width: int) -> list[Content]:
    """Lines of a chart in `width` cells (40 or more).

    `seats` go clockwise from the moderator's left, as the moderator sees them; the moderator sits below.
    """
    left, top = _sides(len(seats))
    west, north, east = seats[:left][::-1], seats[left : left + top], seats[left + top :]
    side = side_width(width)
    inner = width - 2 * side - 4
    rows = max(len(west), len(east), 1)
    lines = _spread(north, width)
    lines.append(Content(" " * (side + 1) + "╭" + "─" * inner + "╮"))
    for row in range(rows):
        before = _cell(west[row] if row < len(west) else Content(), side, right_aligned=True)
        after = _cell(east[row] if row < len(east) else Content(), side)
        lines.append(before + Content(" │" + " " * inner + "│ ") + after)
    lines.append(Content(" " * (side + 1) + "╰" + "─" * inner + "╯"))
    return lines + _spread([moderator], width)


def side_width(width: int) -> int:
    """Cells for whoever sits at one of the long sides of a chart in `width` cells."""
    return max(8, (width - TABLE - 4) // 2)


def _sides(count: int) -> tuple[int, int]:
    """How many sit on the left and at the far end; the others sit on the right."""
    top = {0: 0, 1: 1, 2: 0}.get(count, 3 if count % 2 and count >= 5 else 1 if count == 3 else 2)
    return (count - top) // 2, top


def _cell(text: Content, width: int, *, right_aligned: bool = False) -> Content:
    shown = text.truncate(width, ellipsis=True)
    room = Content(" " * (width - shown.cell_length))
    return room + shown if right_aligned else shown + room


def _spread(entries: Sequence[Content], width: int) -> list[Content]:
    """One line with `entries` at even distances; none for none."""
    if not entries:
        return []
    share = width // len(entries)
    line = Content()
    for entry in entries:
        shown = entry.truncate(share - 1, ellipsis=True)
        before = (share - shown.cell_length) // 2
        line += Content(" " * before) + shown + Content(" " * (share - before - shown.cell_length))
    return [line]
