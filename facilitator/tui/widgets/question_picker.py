"""Finding a question of the guide by typing a part of it."""

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from facilitator.domain.guide import Guide, Question
from facilitator.domain.text import fold, one_line
from facilitator.tui.widgets.line_input import LineInput
from facilitator.tui.widgets.text import plain


class PickerText(LineInput):
    """The field of the picker; up and down move in the list below it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "submit", "Ask this one", id="picker.take"),
        Binding("escape", "screen.back", "Stay", id="picker.drop", tooltip="Back to the question as it is"),
        Binding("up", "choose(-1)", "Up", show=False, id="picker.up"),
        Binding("down", "choose(1)", "Down", show=False, id="picker.down"),
    ]

    class Step(Message):
        """Move in the list."""

        def __init__(self, direction: int) -> None:
            super().__init__()
            self.direction = direction

    def action_choose(self, direction: int) -> None:
        """Move in the list."""
        self.post_message(self.Step(direction))


class QuestionPicker(Vertical):
    """Every question with its place in the guide; those asked already carry ✓."""

    DEFAULT_CSS = """
    QuestionPicker {
        display: none;
        height: 1fr;
        padding: 1 2 0 2;
        & > OptionList { height: 1fr; margin: 1 0 0 0; }
    }
    QuestionPicker.-open { display: block; }
    """

    class Picked(Message):
        """A question was chosen."""

        def __init__(self, question: Question) -> None:
            super().__init__()
            self.question = question

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - the name that every widget uses
        super().__init__(id=id)
        self._lines: list[tuple[str, Question]] = []
        self._found: list[Question] = []

    def compose(self) -> ComposeResult:
        """Field and list."""
        yield PickerText(placeholder="Go to: letters of the question or its kind", compact=True)
        choices = OptionList(compact=True)
        choices.can_focus = False
        yield choices

    @property
    def is_open(self) -> bool:
        """True while it shows."""
        return self.has_class("-open")

    def open(self, guide: Guide, asked: Sequence[str]) -> None:
        """Show the questions of `guide`; `asked` are ids."""
        self._lines = []
        for question in guide.questions:
            kind, number, count = guide.position(question.id)
            sign = "✓" if question.id in asked else " "
            self._lines.append((one_line(f"{kind.upper()} {number} of {count} · {question.text}"), question))
            self._lines[-1] = (f"{sign} {self._lines[-1][0]}", question)
        self.add_class("-open")
        field = self.query_one(PickerText)
        field.value = ""
        self._filter("")
        field.focus()

    def close(self) -> None:
        """Hide it."""
        self.remove_class("-open")
        self.screen.set_focus(None)

    @on(LineInput.Changed)
    def _typed(self, event: LineInput.Changed) -> None:
        event.stop()
        self._filter(event.value)

    @on(PickerText.Step)
    def _stepped(self, event: PickerText.Step) -> None:
        choices = self.query_one(OptionList)
        if event.direction > 0:
            choices.action_cursor_down()
        else:
            choices.action_cursor_up()

    @on(LineInput.Submitted)
    def _submitted(self, event: LineInput.Submitted) -> None:
        event.stop()
        index = self.query_one(OptionList).highlighted
        if index is not None and self._found:
            self.post_message(self.Picked(self._found[index]))

    @on(OptionList.OptionSelected)
    def _clicked(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.post_message(self.Picked(self._found[event.option_index]))

    def _filter(self, letters: str) -> None:
        words = fold(letters).split()
        fitting = [(line, question) for line, question in self._lines if all(word in fold(line) for word in words)]
        self._found = [question for _, question in fitting]
        choices = self.query_one(OptionList)
        choices.set_options([Option(plain(line)) for line, _ in fitting])
        choices.highlighted = 0 if fitting else None
