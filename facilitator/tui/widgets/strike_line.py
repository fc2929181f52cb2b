"""Striking the last minutes, in the place of the entry line: how many, then the exact word."""

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widgets import Static

from facilitator.tui.widgets.line_input import LineInput
from facilitator.tui.widgets.text import plain

WORD = "strike"


class StrikeText(LineInput):
    """The field of the minutes, then of the word."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "submit", "Take it", id="strike.take", tooltip="Take what is typed"),
        Binding("escape", "screen.back", "Keep everything", id="strike.drop", tooltip="Destroy nothing"),
    ]


class StrikeLine(Vertical):
    """Hidden until `ask_minutes`. The state of the recording stays in sight above."""

    DEFAULT_CSS = """
    StrikeLine {
        display: none;
        height: auto;
        padding: 0 2;
        border-top: solid $panel;
        & > #strike-said { height: auto; width: 1fr; text-style: bold; color: $text-warning; }
        & > Horizontal { height: 1; }
        & #strike-label { width: auto; color: $text-accent; text-style: bold; }
    }
    StrikeLine.-open { display: block; }
    """

    class Minutes(Message):
        """So many minutes are meant; nothing is decided."""

        def __init__(self, minutes: int) -> None:
            super().__init__()
            self.minutes = minutes

    class Confirmed(Message):
        """The word was typed in full: destroy all from `from_ms` of the session clock."""

        def __init__(self, from_ms: int) -> None:
            super().__init__()
            self.from_ms = from_ms

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - the name that every widget uses
        super().__init__(id=id)
        self._from_ms: int | None = None

    def compose(self) -> ComposeResult:
        """What it means, and the field."""
        yield Static(id="strike-said")
        with Horizontal():
            yield Static(id="strike-label")
            yield StrikeText(compact=True, max_length=12)

    @property
    def is_open(self) -> bool:
        """True while keys are text."""
        return self.has_class("-open")

    def ask_minutes(self, initial: int = 5) -> None:
        """Ask how many of the last minutes."""
        self._from_ms = None
        self._put("Strike the last minutes at a participant's request: how many?", "minutes ▸ ", str(initial))

    def ask_word(self, from_ms: int, meaning: str) -> None:
        """Say what striking all from there destroys, and ask for the word."""
        self._from_ms = from_ms
        self._put(f"{meaning} Type {WORD} and Enter; Esc keeps everything.", f"type {WORD} ▸ ", "")

    def close(self) -> None:
        """Hide it, and forget what was typed."""
        self.remove_class("-open")
        self._from_ms = None
        if self.query_one(StrikeText).has_focus:
            self.screen.set_focus(None)

    def _put(self, said: str, label: str, initial: str) -> None:
        self.add_class("-open")
        self.query_one("#strike-said", Static).update(plain(said))
        self.query_one("#strike-label", Static).update(plain(label))
        field = self.query_one(StrikeText)
        field.value = initial
        field.focus()
        field.action_select_all()

    @on(LineInput.Changed)
    def _changed(self, event: LineInput.Changed) -> None:
        event.stop()

    @on(LineInput.Submitted)
    def _submitted(self, event: LineInput.Submitted) -> None:
        event.stop()
        typed = event.value.strip().casefold()
        if self._from_ms is None:
            if typed.isdecimal() and int(typed) > 0:
                self.post_message(self.Minutes(int(typed)))
            else:
                self._put("A whole number of minutes, 1 or more: how many are to be struck?", "minutes ▸ ", "5")
        elif typed == WORD:
            self.post_message(self.Confirmed(self._from_ms))
        else:
            self.query_one("#strike-label", Static).update(plain(f"that was not it · type {WORD} ▸ "))
            self.query_one(StrikeText).value = ""
