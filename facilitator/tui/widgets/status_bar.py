"""The line at the top of every screen: what this is on the left, the state of things on the right."""

from textual.content import Content
from textual.widget import Widget

from facilitator.tui.widgets.text import plain

ALARM_SIGN = "▲"


class StatusBar(Widget):
    """One line. When it grows too narrow the left text is cut, never the right."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)
        self._left, self._right, self._alarm = "", "", False

    def show(self, left: str, right: str = "", *, alarm: bool = False) -> None:
        """Replace both texts. An alarm is bold, reversed and starts with ▲, so that it needs no color."""
        self._left, self._right, self._alarm = left, right, alarm
        self.set_class(alarm, "-alarm")
        self.refresh()

    @property
    def text(self) -> str:
        """What the line says now, at its full width."""
        return self.render().plain

    def render(self) -> Content:
        """The line, exactly as wide as the widget."""
        width = self.size.width
        sign = f"{ALARM_SIGN} " if self._alarm else ""
        right = _gated(f" {self._right.strip()} ").truncate(width, ellipsis=True)
        room = max(0, width - right.cell_length)
        left = _gated(f" {sign}{self._left.strip()} ").truncate(room, ellipsis=True)
        gap = max(0, width - left.cell_length - right.cell_length)
        return left + Content(" " * gap) + right


def _gated(text: str) -> Content:
    return plain(text.replace("\n", " ").replace("\t", " "))
