"""The line at the bottom of the conduct screen: what is typed, a question to the facilitator, or what was done."""

from collections.abc import Iterable, Mapping
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

    def render(self) -> Content:
        """Keys and kinds."""
        return Content("\n").join(self._lines(self.content_size.width))

    def get_content_height(self, container: object, viewport: object, width: int) -> int:
        """Lines needed at `width` cells."""
        return len(self._lines(width))

    def _lines(self, width: int) -> list[Content]:
        key_style = self.get_visual_style("legend--key")
        entries = (Content.assemble((key, key_style), f" {name}") for key, name in self._entries.items())
        return flow(entries, width)


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
        & > Legend { width: 1fr; }
    }
    EntryLine.-typing {
        & > #entry-label { display: block; }
        & > NoteText { display: block; }
    }
    EntryLine.-asking > #entry-said { display: block; color: $text-warning; }
    EntryLine.-done > #entry-said { display: block; }
    EntryLine.-typing > Legend, EntryLine.-asking > Legend, EntryLine.-done > Legend { display: none; }
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
        self._begun = False

    def compose(self) -> ComposeResult:
        """Label and field of a note; one text; or which key begins which note."""
        yield Static(id="entry-label")
        yield self._field
        yield Static(id="entry-said")
        yield self._legend

    @property
    def typing(self) -> bool:
        """True while keys are text."""
        return self.has_class("-typing")

    @property
    def asking(self) -> bool:
        """True while a question waits for its answer."""
        return self.has_class("-asking")

    @property
    def telling(self) -> bool:
        """True while it says what was done."""
        return self.has_class("-done")

    @property
    def text(self) -> str:
        """What is typed so far."""
        return self._field.value

    def begin(self, label: str, text: str = "", tags: Iterable[str] = ()) -> None:
        """Take a line; `label` says what it is, `text` stands in it already, `tags` are written out for Tab."""
        self._set("-typing")
        self._begun = bool(text)
        self.label(label)
        field = self.query_one(NoteText)
        field.know(tags)
        with self.prevent(LineInput.Changed):
            field.value = text
        field.cursor_position = len(text)
        self.screen.set_focus(field)  # now: the next key is its first letter

    def label(self, label: str) -> None:
        """Say what the line is."""
        self.query_one("#entry-label", Static).update(plain(f"{label} ▸ "))

    def ask(self, question: str) -> None:
        """Put a question; the screen's keys answer it."""
        self._set("-asking")
        self._say(question)

    def done(self, text: str) -> None:
        """Say what was done, until the next key."""
        self._set("-done")
        self._say(text)

    def rest(self) -> None:
        """Back to the legend of note kinds."""
        self._set("")

    @on(LineInput.Changed)
    def _changed(self, event: LineInput.Changed) -> None:
        event.stop()
        if one_line(event.value):
            if not self._begun:
                self._begun = True
                self.post_message(self.Began(self.query_one(NoteText).begun_ns))
        else:
            self._begun = False

    @on(LineInput.Submitted)
    def _submitted(self, event: LineInput.Submitted) -> None:
        event.stop()
        self.post_message(self.Written(event.value))

    def _set(self, state: str) -> None:
        self.update_classes({other: other == state for other in ("-typing", "-asking", "-done")})
        if state != "-typing" and self.query_one(NoteText).has_focus:
            self.screen.set_focus(None)

    def _say(self, text: str) -> None:
        self.query_one("#entry-said", Static).update(plain(text))
