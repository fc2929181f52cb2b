"""Entries side by side, broken between entries and never inside one."""

from collections.abc import Iterable

from textual.content import Content

GAP = "  "


def flow(entries: Iterable[Content], width: int) -> list[Content]:
    """As many `entries` to a line of `width` cells as fit, two spaces apart."""
    lines: list[Content] = []
    for entry in entries:
        if lines and lines[-1].cell_length + len(GAP) + entry.cell_length <= width:
            lines[-1] += Content(GAP) + entry
        else:
            lines.append(entry)
    return lines
