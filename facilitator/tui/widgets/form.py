"""A dialog with several fields and, below them, things to tick."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Label, Static

from facilitator.tui.widgets.check_list import CheckList, Tick
from facilitator.tui.widgets.line_input import LineInput
from facilitator.tui.widgets.text import plain


@dataclass(frozen=True, slots=True)
class Field:
    """One line to fill in. A password is drawn as dots."""

    key: str
    label: str
    initial: str = ""
    password: bool = False


@dataclass(frozen=True, slots=True)
class Answers:
    """What was filled in, by field key, and the keys that were ticked."""

    values: dict[str, str]
    ticked: tuple[str, ...]


class Form(ModalScreen[Answers | None]):
    """Enter goes to the next field and, from the last, takes the form; ^s takes it from anywhere. Escape: None."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "Cancel", show=False),
        Binding("ctrl+s", "take", "Take", show=False),
    ]

    def __init__(self, title: str, fields: Sequence[Field], ticks: Sequence[Tick] = (), note: str = "") -> None:
        super().__init__()
        self._note = note
        self._title, self._fields, self._ticks = title, tuple(fields), tuple(ticks)

    def compose(self) -> ComposeResult:
        """Title, fields, ticks, what there is to know, keys."""
        with Vertical(classes="dialog"):
            yield Label(plain(self._title), classes="dialog-title")
            with VerticalScroll(can_focus=False, classes="dialog-form"):
                for place, field in enumerate(self._fields):
                    yield Label(plain(field.label), classes="field-label")
                    yield LineInput(field.initial, password=field.password, compact=True, id=f"field-{place}")
                if self._ticks:
                    yield CheckList(self._ticks)
            if self._note:
                yield Static(plain(self._note), classes="dialog-keys")
            ticks = " · space ticks" if self._ticks else ""
            yield Static(
                Content(f"Enter next field{ticks} · ^s stores all · Esc stores nothing"), classes="dialog-keys"
            )

    @on(LineInput.Submitted)
    def _submitted(self, event: LineInput.Submitted) -> None:
        if event.input.id == f"field-{len(self._fields) - 1}" and not self._ticks:
            self.action_take()
        else:
            self.focus_next()

    def action_take(self) -> None:
        """Close with the answers."""
        values = {
            field.key: self.query_one(f"#field-{place}", LineInput).value for place, field in enumerate(self._fields)
        }
        self.dismiss(Answers(values, self.query_one(CheckList).ticked if self._ticks else ()))

    def action_cancel(self) -> None:
        """Close without answers."""
        self.dismiss(None)
