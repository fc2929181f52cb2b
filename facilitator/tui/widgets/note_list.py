"""The notes of a session as they are taken, newest first. Draws only those in sight, however many there are."""

from collections.abc import Iterable
from typing import ClassVar, Final

from textual.content import Content
from textual.geometry import Region
from textual.selection import Selection
from textual.strip import Strip
from textual.style import Style
from textual.visual import Visual
from textual.widget import Widget

from facilitator.domain.notes import RETURNING, Note
from facilitator.domain.text import one_line
from facilitator.domain.timebase import clock
from facilitator.tui.widgets.row_layout import wrap

_Look = tuple[Note, int, bool, bool]
"""All that the lines of a note depend on: itself, the list's width, whether it is chosen, and off the record."""
HEAD: Final = 2 + 8 + 12 + 5
"""Cells before the text: sign of the selected note, time, kind, speaker."""


class NoteList(Widget):
    """Time, kind, speaker and text of each note; the selected one carries ▸. A settled follow-up carries ✓."""

    DEFAULT_CSS = """
    NoteList {
        height: 1fr;
        min-height: 2;
        padding: 0 2 0 0;
        text-wrap: nowrap;
        & > .notes--time { color: $foreground 70%; }
        & > .notes--kind { color: $text-primary; text-style: bold; }
        & > .notes--quiet { color: $foreground 70%; }
        & > .notes--selected { text-style: bold; color: $text-accent; }
    }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {"notes--time", "notes--kind", "notes--quiet", "notes--selected"}
    ALLOW_SELECT = False  # a selection goes by places, which strips would have to be given anew whenever they move

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - the name that every widget uses
        super().__init__(id=id)
        self._notes: tuple[Note, ...] = ()
        self._off_record: frozenset[int] = frozenset()
        self._top = 0
        self._selected: int | None = None
        self._made: dict[int, tuple[_Look, list[Strip]]] = {}
        self._in_sight: list[Strip] = []

    def notify_style_update(self) -> None:
        """Another theme has other colors."""
        self._made.clear()
        super().notify_style_update()

    def get_selection(self, _selection: Selection) -> None:
        """None of it, where a selection that began elsewhere goes over it."""

    @property
    def selected(self) -> Note | None:
        """The note that a key would change; the newest, while none was chosen."""
        if not self._notes:
            return None
        return self._notes[0 if self._selected is None else min(self._selected, len(self._notes) - 1)]

    def show(self, notes: Iterable[Note], off_record: frozenset[int] = frozenset()) -> None:
        """Show these notes, newest first. Those in `off_record` stay out of
        exports and say so. Whatever is selected stays so; without that the list goes to the newest."""
        ordered = tuple(sorted(notes, key=lambda note: (note.at_ms, note.id), reverse=True))
        if (ordered, off_record) == (self._notes, self._off_record):
            return
        self._off_record = off_record
        chosen = None if self._selected is None or self.selected is None else self.selected.id
        self._notes, top = ordered, self._top
        places = {note.id: place for place, note in enumerate(ordered)}
        self._selected = places.get(chosen) if chosen is not None else None
        self._top = 0 if self._selected is None else min(top, self._selected)
        while self._selected is not None and self._selected > self._last_in_sight():
            self._top += 1
        self.refresh()

    def rest(self) -> None:
        """Select nothing, and go to the newest."""
        self._top, self._selected = 0, None
        self.refresh()

    def select(self, direction: int) -> None:
        """The next older (1) or newer (-1) note; above the newest, none."""
        if not self._notes:
            return
        place = -1 if self._selected is None else self._selected
        place = min(len(self._notes) - 1, place + direction)
        self._selected = place if place >= 0 else None
        self._top = min(self._top, max(place, 0))
        while place > self._last_in_sight():
            self._top += 1
        self.refresh()

    def scroll_notes(self, direction: int) -> None:
        """About a screenful of older (1) or newer (-1) notes."""
        step = max(1, self._last_in_sight() - self._top)
        self._top = max(0, min(len(self._notes) - 1, self._top + direction * step))
        self.refresh()

    def render_lines(self, crop: Region) -> list[Strip]:
        """As drawn."""
        self._in_sight = self._strips()
        return super().render_lines(crop)

    def render_line(self, y: int) -> Strip:
        """Line `y`, from 0."""
        if y < len(self._in_sight):
            return self._in_sight[y]
        return Strip.blank(self.content_size.width, self.visual_style.rich_style)

    def _strips(self) -> list[Strip]:
        """The notes in sight, each wrapped beside its time; what is older is counted in the last line, behind … where
        a note is cut. Something of the first one always shows."""
        if not self.content_size.width:
            return []
        if not self._notes:
            return [self._strip(Content.styled("  No notes yet.", self._style("quiet")))]
        width, height = self._room, max(1, self.content_size.height)
        lines: list[Strip] = []
        for place in range(self._top, len(self._notes)):
            own = self._lines(place, width)
            left = len(self._notes) - place
            if len(lines) + len(own) > height - (left > 1):
                room = max(height - 1, 1) - len(lines)
                lines = [*lines, *own[:room]][: max(height - 1, 1)]
                lines.append(self._older(left - (room > 0), cut=0 < room < len(own)))
                break
            lines += own
        return lines[:height]

    def _older(self, count: int, *, cut: bool) -> Strip:
        said = f"  {'… ' if cut else ''}{f'{count} older ▾' if count else ''}"
        return self._strip(Content.styled(said.rstrip(), self._style("quiet")))

    @property
    def _room(self) -> int:
        return max(1, self.content_size.width - HEAD)

    def _last_in_sight(self) -> int:
        used, height = 0, max(1, self.content_size.height)
        for place in range(self._top, len(self._notes)):
            used += len(wrap(self._text(self._notes[place]), self._room))
            if used > height - (place + 1 < len(self._notes)):
                return max(self._top, place - 1)
        return len(self._notes) - 1

    def _lines(self, place: int, width: int) -> list[Strip]:
        note = self._notes[place]
        look = (note, self.content_size.width, place == self._selected, note.id in self._off_record)
        made = self._made.get(note.id)
        if made is None or made[0] != look:
            drawn = self._drawn(note, width, chosen=place == self._selected)
            made = self._made[note.id] = look, [self._strip(line) for line in drawn]
        return made[1]

    def _strip(self, line: Content) -> Strip:
        width = self.content_size.width
        return Visual.to_strips(self, line, width, 1, self.visual_style, apply_selection=False)[0]

    def _drawn(self, note: Note, width: int, *, chosen: bool) -> list[Content]:
        text = self._text(note)
        settled = " ✓" if note.kind in RETURNING and note.settled else ""
        head = Content.assemble(
            ("▸ " if chosen else "  ", self._style("selected")),
            (f"{clock(note.at_ms):>7} ", self._style("time")),
            (f"{note.kind.value + settled:<12}", self._style("kind")),
            f"{note.speaker or '':<5}",
        )
        style = self._style("selected") if chosen else ""
        lines = [Content.styled(text[start:end], style) for start, end in wrap(text, width)]
        return [head + lines[0], *(Content(" " * HEAD) + line for line in lines[1:])]

    def _text(self, note: Note) -> str:
        return ("off the record · " if note.id in self._off_record else "") + one_line(note.text)

    def _style(self, part: str) -> Style:
        return self.get_visual_style(f"notes--{part}")
