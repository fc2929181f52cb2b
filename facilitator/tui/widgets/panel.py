"""A list in the middle of the conduct screen: what all of them share."""

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static
from textual.widgets.option_list import Option

from facilitator.tui.widgets.opened import OpenedList
from facilitator.tui.widgets.text import plain

if TYPE_CHECKING:  # opens databases; not needed for the first paint
    from facilitator.workflows.note_taking import NoteTaking

Store = Callable[[Callable[[], object]], bool]
"""Does something that stores, shows an error where it fails, and says whether it did not."""


class Panel(Vertical):
    """Hidden until `open`, in place of the question and the notes; the recording stays in sight above.

    Keys that a panel does not use go on doing what they do, so that somebody may be marked as speaking meanwhile.
    Subclasses give `heading` and `rows`, bind keys to actions of their own, and do `chosen` on Enter.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "screen.back", "Close", id="panel.close", tooltip="Back to the question"),
    ]
    DEFAULT_CSS = """
    Panel {
        display: none;
        height: 1fr;
        layout: grid;
        grid-size: 1 2;
        grid-rows: auto 1fr;
        padding: 1 2 0 2;
        & > Static { height: auto; text-style: bold; color: $text-primary; }
        & > OpenedList { height: auto; max-height: 100%; margin: 1 0 0 0; }
    }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - the name that every widget uses
        super().__init__(id=id)
        self._noting: NoteTaking | None = None
        self._store: Store = lambda _: False
        self._pressed_ms: Callable[[], int] = lambda: 0
        self._ids: list[str] = []

    def compose(self) -> ComposeResult:
        """Heading and list."""
        yield Static()
        yield OpenedList(markup=False, compact=True)

    @property
    def noting(self) -> "NoteTaking":
        """What the panel works on; only while it is open."""
        assert self._noting is not None  # noqa: S101  given by `open`
        return self._noting

    @property
    def is_open(self) -> bool:
        """True while it shows."""
        return bool(self.display)

    def open(self, noting: "NoteTaking", store: Store, pressed_ms: Callable[[], int]) -> None:
        """Show what there is, and take the keys of the list. `pressed_ms` says when a key was pressed."""
        self._noting, self._store, self._pressed_ms = noting, store, pressed_ms
        self.display = True  # a class would style it and all in it anew
        self.draw()
        self.focus_list()

    def focus_list(self) -> None:
        """Take the keys of the list."""
        self.screen.set_focus(self.query_one(OpenedList))

    def close(self) -> None:
        """Hide it."""
        self.display = False
        if self.query_one(OpenedList).has_focus:
            self.screen.set_focus(None)

    def draw(self) -> None:
        """Show the rows anew; the cursor stays on the row where it was."""
        shown = self.query_one(OpenedList)
        place = self.current
        rows = self.rows()
        self._ids = [key for key, _ in rows]
        shown.set_options([Option(text) for _, text in rows])
        if rows:
            shown.highlighted = self._ids.index(place) if place in self._ids else 0
        self.query_one(Static).update(plain(self.heading()))

    @property
    def current(self) -> str:
        """Id of the row under the cursor, or ""."""
        place = self.query_one(OpenedList).highlighted
        return self._ids[place] if place is not None and place < len(self._ids) else ""

    def do(self, action: Callable[[int], object]) -> None:
        """Store something at the time of the key press, then draw what is so now."""
        at_ms = self._pressed_ms()
        if self._store(lambda: action(at_ms)):
            self.draw()

    def heading(self) -> str:
        """The line above the list."""
        return ""

    def rows(self) -> list[tuple[str, Content]]:
        """(id, text) of each row."""
        return []

    def chosen(self, row: str) -> None:
        """Enter was pressed on a row."""

    @on(OpenedList.OptionSelected)
    def _selected(self, event: OpenedList.OptionSelected) -> None:
        event.stop()
        if self.current:
            self.chosen(self.current)
