"""Finding a question of the guide by typing a part of it."""

from typing import ClassVar, Final

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from facilitator.domain.guide import Question
from facilitator.domain.text import fold, one_line, plain_words
from facilitator.domain.time_plan import Standing, TimePlan
from facilitator.domain.timebase import clock
from facilitator.tui.widgets.line_input import LineInput
from facilitator.tui.widgets.opened import OpenedInput
from facilitator.tui.widgets.text import plain


class PickerText(OpenedInput):
    """The field of the picker; up and down move in the list below it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "submit", "Ask this one", id="picker.take"),
        Binding("escape", "screen.back", "Stay", id="picker.drop", tooltip="Back to the question as it is"),
        Binding("f7", "skip", "Skip", id="picker.skip", tooltip="Leave this one out; asks why"),
        Binding("f8", "park", "Later", id="picker.park", tooltip="Put this one off until before the ending questions"),
        Binding("up", "choose(-1)", "Up", show=False, id="picker.up"),
        Binding("down", "choose(1)", "Down", show=False, id="picker.down"),
    ]

    class Step(Message):
        """Move in the list."""

        def __init__(self, direction: int) -> None:
            super().__init__()
            self.direction = direction

    class Put(Message):
        """Leave the highlighted question out, or, with `later`, put it off."""

        def __init__(self, later: bool) -> None:
            super().__init__()
            self.later = later

    def action_skip(self) -> None:
        """Leave it out."""
        self.post_message(self.Put(later=False))

    def action_park(self) -> None:
        """Put it off."""
        self.post_message(self.Put(later=True))

    def action_choose(self, direction: int) -> None:
        """Move in the list."""
        self.post_message(self.Step(direction))


SIGNS: Final = {Standing.OPEN: " ", Standing.ASKED: "✓", Standing.SKIPPED: "–", Standing.PARKED: "↷"}


class QuestionPicker(Vertical):
    """Every question with its place in the guide, and a sign for what became of it: ✓ asked, – skipped, ↷ put off."""

    DEFAULT_CSS = """
    QuestionPicker {
        display: none;
        height: 1fr;
        layout: grid;
        grid-size: 1 2;
        grid-rows: auto 1fr;
        padding: 1 2 0 2;
        & > OptionList { height: auto; max-height: 100%; margin: 1 0 0 0; text-wrap: nowrap; text-overflow: ellipsis; }
    }
    """

    class Picked(Message):
        """A question was chosen: to be asked now, left out or put off, as `step` says."""

        def __init__(self, question: Question, step: Standing) -> None:
            super().__init__()
            self.question, self.step = question, step

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - the name that every widget uses
        super().__init__(id=id)
        self._lines: list[tuple[str, str, Question]] = []
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
        return bool(self.display)

    def open(self, plan: TimePlan) -> None:
        """Show the questions of the guide."""
        self._lines = []
        for question in plan.questions:
            kind, number, count = plan.guide.position(question.id) if plan.guide else ("", 0, 0)
            place = f"{kind.upper()} {number} of {count}"
            spent = clock(plan.spent_ms(question)) if plan.spent_ms(question) else ""
            must = "must ask · " if question.must_ask else ""
            line = f"{SIGNS[plan.standing(question)]} {place:<20}{spent:>6}  {must}{one_line(question.text, 300)}"
            searched = fold(f"{kind} {number} {must}{one_line(question.text)}")
            self._lines.append((line, searched, question))
        self.display = True
        field = self.query_one(PickerText)
        field.value = ""
        self._filter("")
        self.screen.set_focus(field)

    def close(self) -> None:
        """Hide it."""
        self.display = False
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

    @on(PickerText.Put)
    def _put(self, event: PickerText.Put) -> None:
        event.stop()
        index = self.query_one(OptionList).highlighted
        if index is not None and self._found:
            self.post_message(self.Picked(self._found[index], Standing.PARKED if event.later else Standing.SKIPPED))

    @on(LineInput.Submitted)
    def _submitted(self, event: LineInput.Submitted) -> None:
        event.stop()
        index = self.query_one(OptionList).highlighted
        if index is not None and self._found:
            self.post_message(self.Picked(self._found[index], Standing.ASKED))

    @on(OptionList.OptionSelected)
    def _clicked(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.post_message(self.Picked(self._found[event.option_index], Standing.ASKED))

    def _filter(self, letters: str) -> None:
        words = fold(letters).split()
        fitting = [
            (line, question)
            for line, searched, question in self._lines
            if all(_is_in(searched, word) for word in words)
        ]
        self._found = [question for _, question in fitting]
        choices = self.query_one(OptionList)
        choices.set_options([Option(plain(line)) for line, _ in fitting])
        choices.highlighted = 0 if fitting else None


def _is_in(searched: str, word: str) -> bool:
    """A number only as a whole word: `key 1` is not meant to find KEY 10."""
    return word in (plain_words(searched) if word.isdecimal() else searched)
