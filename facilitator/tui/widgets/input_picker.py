"""Choosing another microphone while a group is in session; everything else on the screen goes on working."""

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from facilitator.tui.widgets.text import plain


class InputList(OptionList):
    """The inputs that are here now."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "select", "Use this input", id="input.take", tooltip="Record with this input from now on"),
        Binding("escape", "screen.back", "Leave it", id="input.drop", tooltip="Change nothing"),
        Binding("i", "screen.list_inputs", "Look again", id="input.again", tooltip="Look for inputs again"),
    ]


class InputPicker(Vertical):
    """Hidden until `open`."""

    DEFAULT_CSS = """
    InputPicker {
        display: none;
        height: 1fr;
        padding: 1 2 0 2;
        & > Static { height: auto; text-style: bold; }
        & > InputList { height: 1fr; margin: 1 0 0 0; }
    }
    InputPicker.-open { display: block; }
    """

    class Chosen(Message):
        """Record with `device` from now on."""

        def __init__(self, device: str) -> None:
            super().__init__()
            self.device = device

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - the name that every widget uses
        super().__init__(id=id)
        self._devices: tuple[str, ...] = ()

    def compose(self) -> ComposeResult:
        """Heading and list."""
        yield Static(id="inputs-said")
        yield InputList(markup=False, compact=True)

    @property
    def is_open(self) -> bool:
        """True while it shows."""
        return self.has_class("-open")

    def open(self) -> None:
        """Show it, empty, until `fill`."""
        self._devices = ()
        self.query_one(InputList).clear_options()
        self._say("Looking for inputs…")
        self.add_class("-open")

    def fill(self, devices: Sequence[str], now: str) -> None:
        """Show these inputs; `now` is the one in use."""
        self._devices = tuple(devices)
        shown = self.query_one(InputList)
        shown.set_options([Option(plain(f"{name}{'  (in use until now)' if name == now else ''}")) for name in devices])
        shown.highlighted = 0 if devices else None
        shown.focus()
        self._say("Record with which input?" if devices else "No input is here: plug one in, then i looks again.")

    def close(self) -> None:
        """Hide it."""
        self.remove_class("-open")
        if self.query_one(InputList).has_focus:
            self.screen.set_focus(None)

    def _say(self, text: str) -> None:
        self.query_one("#inputs-said", Static).update(plain(text))

    @on(OptionList.OptionSelected)
    def _selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        if event.option_index < len(self._devices):
            self.post_message(self.Chosen(self._devices[event.option_index]))
