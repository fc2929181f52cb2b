"""The line at the bottom of the conduct screen: what is typed, a question to the facilitator, or what was done."""

from collections.abc import Iterable, Mapping
from enum import Enum, auto
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Static

from facilitator.domain.text import one_line
from facilitator.tui.widgets.flow import flow
from facilitator.tui.widgets.line_input import LineInput
from facilitator.tui.widgets.note_text import NoteText
from facilitator.tui.widgets.text import plain


class Legend(Widget):
    """Which key begins which kind of note."""

    DEFAULT_CSS = """
    Legend {
        height: auto;
        color: $foreground 70%;
        & > .legend--key { color: $accent; text-style: bold; }
    }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {"legend--key"}

    def __init__(self, entries: Mapping[str, str]) -> None:
        super().__init__()
        self._entries = entries
        self._drawn: tuple[int, list[Content]] = (0, [])

    def notify_style_update(self) -> None:
        """Another theme has other colors."""
        self._drawn = (0, [])
        super().notify_style_update()

    def render(self) -> Content:
        """Keys and kinds."""
        return Content("\n").join(self._lines(self.content_size.width))

    def get_content_height(self, container: object, viewport: object, width: int) -> int:
        """Lines needed at `width` cells."""
        return len(self._lines(width))

    def _lines(self, width: int) -> list[Content]:
        if self._drawn[0] != width:
            key_style = self.get_visual_style("legend--key")
            entries = (Content.assemble((key, key_style), f" {name}") for key, name in self._entries.items())
            self._drawn = width, flow(entries, width)
        return self._drawn[1]


class _State(Enum):
    RESTING = auto()
    TYPING = auto()
    ASKING = auto()
    TELLING = auto()


class EntryLine(Horizontal):
    """Never a dialog: the state of the recording stays in sight whatever is typed or asked here."""

    DEFAULT_CSS = """
    EntryLine {
        height: auto;
        min-height: 1;
        padding: 0 2;
        border-top: solid $panel;
        & > #entry-label { width: auto; color: $text-accent; text-style: bold; display: none; }
        & > NoteText { display: none; }
        & > #entry-said { width: 1fr; height: auto; display: none; text-style: bold; }
        & > #entry-said.-asked { color: $text-warning; }
        & > Legend { width: 1fr; }
    }
    """

    class Began(Message):
        """The first character was typed, at `begun_ns` of the monotonic clock."""

        def __init__(self, begun_ns: int) -> None:
            super().__init__()
            self.begun_ns = begun_ns

    class Written(Message):
        """Enter was pressed."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    def __init__(self, legend: Mapping[str, str], *, id: str | None = None) -> None:  # noqa: A002 - the name that every widget uses
        super().__init__(id=id)
        self._legend = Legend(legend)
        self._field = NoteText()
        self._label, self._said = Static(id="entry-label"), Static(id="entry-said")
        self._state = _State.RESTING
        self._begun = False
        self._steps_back = self._gives_way = False

    def compose(self) -> ComposeResult:
        """Label and field of a note; one text; or which key begins which note."""
        yield self._label
        yield self._field
        yield self._said
        yield self._legend

    @property
    def typing(self) -> bool:
        """True while keys are text."""
        return self._state is _State.TYPING

    @property
    def asking(self) -> bool:
        """True while a question waits for its answer."""
        return self._state is _State.ASKING

    @property
    def telling(self) -> bool:
        """True while it says what was done."""
        return self._state is _State.TELLING

    @property
    def text(self) -> str:
        """What is typed so far."""
        return self._field.value

    def begin(self, label: str, text: str = "", tags: Iterable[str] = ()) -> None:
        """Take a line; `label` says what it is, `text` stands in it already, `tags` are written out for Tab."""
        self.label(label)  # before it shows, which measures it
        self._set(_State.TYPING)
        self._begun = bool(text)
        self._field.know(tags)
        with self.prevent(LineInput.Changed):
            self._field.value = text
        self._field.cursor_position = len(text)
        self.screen.set_focus(self._field)  # now: the next key is its first letter

    def label(self, label: str) -> None:
        """Say what the line is."""
        self._label.update(plain(f"{label} ▸ "))

    def ask(self, question: str) -> None:
        """Put a question; the screen's keys answer it."""
        self._set(_State.ASKING)
        self._say(question)

    def done(self, text: str) -> None:
        """Say what was done, until the next key."""
        self._set(_State.TELLING)
        self._say(text)

    def rest(self) -> None:
        """Back to the legend of note kinds."""
        self._set(_State.RESTING)

    def step_back(self, wanted: bool) -> None:
        """Hide the legend, whose keys begin no note just now; where there is little room, give its lines away."""
        self._steps_back = wanted
        self.draw()

    def give_way(self, wanted: bool) -> None:
        """Hide all of it, for another line in its place."""
        self._gives_way = wanted
        self.draw()

    def draw(self) -> None:
        """Show what belongs to its state. Not by a class of the line, which would style all that is in it anew."""
        resting = self._state is _State.RESTING
        self._label.display = self._field.display = self._state is _State.TYPING
        self._said.display = self.asking or self.telling
        self._said.set_class(self.asking, "-asked")
        self._legend.display, self._legend.visible = resting, not self._steps_back
        self.styles.min_height = 0 if self._steps_back else None
        is_empty = resting and self._steps_back and self.screen.has_class("-narrow")
        self.display = not (is_empty or self._gives_way)

    @on(LineInput.Changed)
    def _changed(self, event: LineInput.Changed) -> None:
        event.stop()
        if one_line(event.value):
            if not self._begun:
                self._begun = True
                self.post_message(self.Began(self._field.begun_ns))
        else:
            self._begun = False

    @on(LineInput.Submitted)
    def _submitted(self, event: LineInput.Submitted) -> None:
        event.stop()
        self.post_message(self.Written(event.value))

    def _set(self, state: _State) -> None:
        self._state = state
        self.draw()
        if state is not _State.TYPING and self._field.has_focus:
            self.screen.set_focus(None)

    def _say(self, text: str) -> None:
        self._said.update(plain(text))
