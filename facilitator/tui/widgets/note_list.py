"""The notes of a session as they are taken, newest first."""

from collections.abc import Iterable
from typing import ClassVar

from textual.containers import VerticalScroll
from textual.content import Content
from textual.style import Style
from textual.widget import Widget

from facilitator.domain.notes import Note
from facilitator.domain.text import one_line
from facilitator.domain.timebase import clock
from facilitator.tui.widgets.row_layout import wrap

HEAD = 8 + 12 + 5
"""Cells before the text: time, kind, speaker."""


class _Notes(Widget):
    """All notes as one text."""

    DEFAULT_CSS = "_Notes { height: auto; padding: 0 2; }"
    COMPONENT_CLASSES: ClassVar[set[str]] = {"notes--time", "notes--kind", "notes--empty"}

    def __init__(self) -> None:
        super().__init__()
        self.notes: tuple[Note, ...] = ()

    def render(self) -> Content:
        """Every note, wrapped beside its time."""
        if not self.notes:
            return Content.styled("No notes yet.", self._style("empty"))
        return Content("\n").join(
            line for note in self.notes for line in self._lines(note, max(10, self.content_size.width - HEAD))
        )

    def get_content_height(self, container: object, viewport: object, width: int) -> int:
        """Lines of all notes."""
        return max(1, sum(len(wrap(one_line(note.text), max(10, width - HEAD))) for note in self.notes))

    def _lines(self, note: Note, width: int) -> list[Content]:
        text = one_line(note.text)
        head = Content.assemble(
            (f"{clock(note.at_ms):>7} ", self._style("time")),
            (f"{note.kind.value:<12}", self._style("kind")),
            f"{note.speaker or '':<5}",
        )
        lines = [Content(text[start:end]) for start, end in wrap(text, width)]
        return [head + lines[0], *(Content(" " * HEAD) + line for line in lines[1:])]

    def _style(self, part: str) -> Style:
        return self.get_visual_style(f"notes--{part}")


class NoteList(VerticalScroll, can_focus=False):
    """Time, kind, speaker and text of each note."""

    DEFAULT_CSS = """
    NoteList {
        height: 1fr;
        min-height: 2;
        & .notes--time { color: $foreground 70%; }
        & .notes--kind { color: $text-primary; text-style: bold; }
        & .notes--empty { color: $foreground 70%; }
    }
    """

    def compose(self) -> Iterable[Widget]:
        """One widget, however many notes."""
        yield _Notes()

    def show(self, notes: Iterable[Note]) -> None:
        """Show these notes, newest first; the list goes to the newest."""
        shown = self.query_one(_Notes)
        shown.notes = tuple(sorted(notes, key=lambda note: note.id, reverse=True))
        shown.refresh(layout=True)
        self.scroll_home(animate=False)
