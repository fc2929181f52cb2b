"""Lines of entries side by side, broken between entries and never inside one; and whether lines have changed."""

from collections.abc import Iterable, Sequence

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


def same_lines(before: Sequence[Content], after: Sequence[Content]) -> bool:
    """Whether they look the same, styles included: `==` compares their text alone."""
    return len(before) == len(after) and all(one.is_same(other) for one, other in zip(before, after, strict=True))
