"""The keys at the bottom of every screen; a second line takes what the first cannot hold."""

from typing import Any, ClassVar

from textual.content import Content, Span
from textual.events import Click
from textual.screen import Screen
from textual.style import Style
from textual.widget import Widget

from facilitator.tui.keys import shown_bindings

GAP = "  "


class KeyFooter(Widget):
    """Every shown key of the screen with its word, wrapped between keys, never inside one. A click presses the key."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"key-footer--key"}

    def __init__(self) -> None:
        super().__init__()
        self._drawn: tuple[int, list[Content]] | None = None
        self._painted: list[Content] = []
        self._is_late = False

    def on_mount(self) -> None:
        self.screen.bindings_updated_signal.subscribe(self, self._changed)

    def notify_style_update(self) -> None:
        """Another theme has other colors."""
        self._drawn = None
        super().notify_style_update()

    def _changed(self, _: Screen[Any]) -> None:
        """Told several times a key press: what the key did is drawn first, then once which keys can be pressed now."""
        if not self._is_late:
            self._is_late = True
            self.call_after_refresh(self._catch_up)

    def _catch_up(self) -> None:
        self._is_late, self._drawn = False, None
        if self.is_attached and self._lines(self.size.width) != self._painted:
            # a new layout draws the whole screen; other keys in as many lines do not need it
            least = self.styles.min_height
            wanted = max(self.get_content_height(None, None, self.size.width), int(least.value) if least else 1)
            self.refresh(layout=wanted != self.size.height)

    def on_click(self, event: Click) -> None:
        """Press the key that was clicked."""
        if key := event.style.meta.get("pressed"):
            self.app.simulate_key(key)

    def render(self) -> Content:
        """The keys, as many to a line as fit."""
        self._painted = self._lines(self.size.width or self.app.size.width)
        return Content("\n").join(self._painted)

    def get_content_height(self, container: object, viewport: object, width: int) -> int:
        """Lines needed at `width` cells."""
        return max(1, len(self._lines(width)))

    def _lines(self, width: int) -> list[Content]:
        """Asked for several times a key press: which keys can be pressed is asked of every binding only once."""
        if self._drawn is None or self._drawn[0] != width:
            self._drawn = width, self._flowed(width)
        return self._drawn[1]

    def _flowed(self, width: int) -> list[Content]:
        key_style = self.get_visual_style("key-footer--key")
        lines: list[Content] = []
        for keys, binding in shown_bindings(self.screen):
            text = f"{keys} {binding.description}"
            pressed = Style.from_meta({"pressed": binding.key})
            entry = Content(text, [Span(0, len(text), pressed), Span(0, len(keys), key_style)])
            if lines and lines[-1].cell_length + len(GAP) + entry.cell_length <= width:
                lines[-1] += Content(GAP) + entry
            else:
                lines.append(entry)
        return lines
