"""The field of a note: knows when its first character was typed, and writes tags out."""

from collections.abc import Iterable
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.suggester import Suggester

from facilitator.domain.notes import completed
from facilitator.tui.pressing import pressed_ns
from facilitator.tui.widgets.opened import OpenedInput


class TagSuggester(Suggester):
    """Shows how the tag that is being typed would go on."""

    def __init__(self) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self.tags: tuple[str, ...] = ()

    async def get_suggestion(self, value: str) -> str | None:
        """The whole value with its last tag written out."""
        return completed(value, self.tags)


class NoteText(OpenedInput):
    """Enter stores, Escape drops, Tab writes the tag at the end out."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "submit", "Save", id="note.save", tooltip="Store it"),
        Binding("escape", "screen.back", "Drop it", id="note.drop", tooltip="Leave it unwritten"),
        Binding("tab", "complete", "Tag", show=False, id="note.tag", tooltip="Write the #tag at the end out"),
        Binding("f2", "screen.note_kind", "Kind", id="note.kind", tooltip="Another kind of note"),
        Binding("f3", "screen.note_speaker", "Speaker", id="note.speaker", tooltip="Another person whom it is about"),
    ]

    def __init__(self) -> None:
        self.tagging = TagSuggester()
        super().__init__(compact=True, suggester=self.tagging, select_on_focus=False)
        self.begun_ns = 0
        """When the first character of what stands here was typed, or pasted."""

    def know(self, tags: Iterable[str]) -> None:
        """Write these tags out."""
        self.tagging.tags = tuple(tags)

    def on_key(self, event: events.Key) -> None:
        """Perhaps the first character; Textual handles it."""
        self._look_at(event)

    def on_paste(self, event: events.Paste) -> None:
        """As a first character."""
        self._look_at(event)

    def _look_at(self, event: events.Event) -> None:
        if not self.value.strip():
            self.begun_ns = pressed_ns(event)

    def action_complete(self) -> None:
        """Write the tag out."""
        if longer := completed(self.value, self.tagging.tags):
            self.value = f"{longer} "
            self.cursor_position = len(self.value)
