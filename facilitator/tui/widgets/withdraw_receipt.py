"""The receipt of a withdrawal, wrapped to the screen."""

from collections.abc import Iterable, Iterator

from textual.content import Content

from facilitator.tui.widgets.row_layout import wrap
from facilitator.tui.widgets.text import plain

_GOES_ON = "  "


def receipt_text(lines: Iterable[str], width: int) -> Content:
    """The `lines` of a receipt in `width` cells; what goes on stands further in."""
    shown: list[Content] = []
    for item in _items(lines):
        start = len(item) - len(item.lstrip())
        text = item.strip()
        for place, (low, high) in enumerate(wrap(text, width - start - len(_GOES_ON))):
            shown.append(plain(f"{' ' * start}{_GOES_ON if place else ''}{text[low:high].rstrip()}"))
    return Content("\n").join(shown)


def _items(lines: Iterable[str]) -> Iterator[str]:
    """The lines; those that a list item of the receipt goes on in are joined with it."""
    item: str | None = None
    for line in lines:
        if item is not None and item.startswith("- ") and line.startswith(_GOES_ON):
            item += f" {line.strip()}"
            continue
        if item is not None:
            yield item
        item = line
    if item is not None:
        yield item
