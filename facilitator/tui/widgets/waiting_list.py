"""What is still to be come back to, beside the question where there is room."""

from collections.abc import Sequence
from typing import ClassVar

from textual.content import Content
from textual.widget import Widget

from facilitator.domain.notes import Note, NoteKind
from facilitator.domain.text import one_line

HEADINGS = {NoteKind.FOLLOW_UP: "Follow up", NoteKind.PARKED: "Parked"}


class WaitingList(Widget):
    """Follow-ups and parked topics, a line each; nothing while there are none."""

    DEFAULT_CSS = """
    WaitingList {
        height: auto;
        max-height: 50%;
        padding: 1 2;
        border-top: solid $panel;
        display: none;
        & > .waiting--kind { color: $text-primary; text-style: bold; }
        & > .waiting--who { color: $foreground 70%; }
    }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {"waiting--kind", "waiting--who"}

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - the name that every widget uses
        super().__init__(id=id)
        self._notes: tuple[Note, ...] = ()

    def show(self, notes: Sequence[Note]) -> None:
        """Show these."""
        if tuple(notes) != self._notes:
            self._notes = tuple(notes)
            self.set_class(bool(notes), "-some")
            self.refresh(layout=True)

    def render(self) -> Content:
        """Both kinds under their headings."""
        return Content("\n").join(self._lines(self.content_size.width))

    def get_content_height(self, container: object, viewport: object, width: int) -> int:
        """A line each."""
        return len(self._lines(width))

    def _lines(self, width: int) -> list[Content]:
        lines: list[Content] = []
        for kind, heading in HEADINGS.items():
            found = [note for note in self._notes if note.kind is kind]
            if found:
                lines.append(Content.styled(heading, self.get_visual_style("waiting--kind")))
            for note in found:
                who = (f"{note.speaker} " if note.speaker else "", self.get_visual_style("waiting--who"))
                lines.append(Content.assemble(" · ", who, one_line(note.text)).truncate(width, ellipsis=True))
        return lines
