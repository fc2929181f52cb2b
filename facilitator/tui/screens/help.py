"""F1: what a screen is for and every key it has, both taken from the screen itself."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Label, Static

from facilitator.tui.keys import all_bindings
from facilitator.tui.screens.base import StudyScreen
from facilitator.tui.widgets.text import plain


class HelpScreen(ModalScreen[None]):
    """The help of `screen`, as its keys are at this moment."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,f1", "close", "Close", show=False)]

    def __init__(self, screen: StudyScreen) -> None:
        super().__init__()
        self._name, self._about = screen.NAME or type(screen).__name__, screen.HELP or ""
        self._keys = all_bindings(screen)

    def compose(self) -> ComposeResult:
        """Title, purpose, keys."""
        with Vertical(classes="dialog -help"):
            yield Label(plain(f"Help · {self._name}"), classes="dialog-title")
            with VerticalScroll():
                yield Static(plain(self._about), classes="dialog-body")
                yield Static(self._key_table())
            yield Static(Content("↑ ↓ scroll · Esc closes this"), classes="dialog-keys")

    def _key_table(self) -> Content:
        width = max((len(keys) for keys, _ in self._keys), default=0)
        lines = [
            Content.assemble((f"{keys:>{width}}", "bold"), f"  {binding.tooltip or binding.description}")
            for keys, binding in self._keys
        ]
        return Content("\n").join(lines)

    def action_close(self) -> None:
        """Back to the screen."""
        self.dismiss(None)
