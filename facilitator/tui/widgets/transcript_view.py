"""The transcript as one widget: thousands of turns, drawn line by line, wrapped when they come into view."""

from collections.abc import Sequence
from itertools import pairwise
from time import perf_counter
from typing import ClassVar, Final

from rich.segment import Segment as Cells
from textual import events
from textual.binding import Binding, BindingType
from textual.cache import LRUCache
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.style import Style
from textual.timer import Timer

from facilitator.domain.text import fold
from facilitator.domain.timebase import stamp
from facilitator.tui.widgets.row_layout import RowLayout, guess_height, wrap
from facilitator.tui.widgets.transcript_rows import UNKNOWN, Row, RowKind

GUTTER: Final = 19
"""Cells before the text: cursor 2, time 10, speaker 4, ≠ where another text was heard 1, sign 2."""
MAX_TEXT: Final = 92
"""Longer lines are hard to follow from one to the next."""
SLICE_S: Final = 0.008
"""Time that measuring rows in the background may take at once, under one frame."""


class TranscriptView(ScrollView):
    """Rows of a transcript with a cursor that stops at turns only."""

    DEFAULT_CSS = """
    TranscriptView {
        height: 1fr;
        overflow-x: hidden;
        overflow-y: scroll;
        scrollbar-size-vertical: 1;
        scrollbar-background: $background;
        scrollbar-background-hover: $background;
        & > .transcript--time { color: $foreground 60%; }
        & > .transcript--speaker { text-style: bold; color: $text-primary; }
        & > .transcript--unknown { text-style: bold; background: $warning; color: $background; }
        & > .transcript--checked { color: $text-success; }
        & > .transcript--flag { color: $text-warning; text-style: bold; }
        & > .transcript--weak { color: $text-warning; text-style: underline; }
        & > .transcript--doubt { color: $text-warning; text-style: italic; }
        & > .transcript--blank { color: $foreground 60%; text-style: italic; }
        & > .transcript--match { background: $accent; color: $background; text-style: bold; }
        & > .transcript--question { color: $text-accent; text-style: bold; }
        & > .transcript--note { color: $foreground 65%; text-style: italic; }
        & > .transcript--cursor { background: $surface; }
        &:focus > .transcript--cursor { background: $panel; }
    }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        f"transcript--{part}"
        for part in (
            "time",
            "speaker",
            "unknown",
            "checked",
            "flag",
            "weak",
            "doubt",
            "blank",
            "match",
            "question",
            "note",
            "cursor",
        )
    }
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "Up", show=False, id="transcript.up"),
        Binding("down,j", "move(1)", "Down", show=False, id="transcript.down"),
        Binding("pageup", "page(-1)", "Page up", show=False, id="transcript.page_up"),
        Binding("pagedown", "page(1)", "Page down", show=False, id="transcript.page_down"),
        Binding("home", "edge(0)", "First", show=False, id="transcript.first"),
        Binding("end", "edge(1)", "Last", show=False, id="transcript.last"),
    ]

    can_focus = True

    class Moved(Message):
        """The cursor stands on another turn."""

        def __init__(self, row: Row) -> None:
            super().__init__()
            self.row = row

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - the name that every widget uses
        super().__init__(id=id)
        self._rows: list[Row] = []
        self._wraps: list[tuple[tuple[int, int], ...] | None] = []
        self._layout_rows = RowLayout(())
        self._cursor = -1
        self._playing = -1
        self._needle = ""
        self._text_width = 0
        self._strips: LRUCache[int, tuple[tuple[object, ...], list[Strip]]] = LRUCache(600)
        self._unmeasured = 0
        self._background: Timer | None = None

    @property
    def rows(self) -> Sequence[Row]:
        """All rows in order."""
        return self._rows

    @property
    def cursor(self) -> int:
        """Index of the row under the cursor, -1 when there is no turn."""
        return self._cursor

    @property
    def current(self) -> Row | None:
        """The turn under the cursor."""
        return self._rows[self._cursor] if self._cursor >= 0 else None

    def show(self, rows: Sequence[Row]) -> None:
        """Show these rows from now on; the cursor goes to the first turn."""
        self._rows = list(rows)
        self._cursor = self._next_turn(-1, 1)
        self._relayout()
        self._announce()

    def replace(self, index: int, row: Row) -> None:
        """Show another state of one row."""
        self._rows[index] = row
        self._wraps[index] = None
        if self._measure(index):
            self._update_size()
            self.refresh()
        else:
            self._refresh_row(index)

    def index_of(self, segment_id: int) -> int:
        """Where a segment stands, or -1."""
        return next((index for index, row in enumerate(self._rows) if row.segment_id == segment_id), -1)

    def mark_playing(self, index: int) -> None:
        """Show which turn is heard; -1 for none."""
        before, self._playing = self._playing, index
        for changed in {before, index} - {-1}:
            self._refresh_row(changed)

    def highlight(self, needle: str) -> None:
        """Highlight `needle` (case and accents ignored) wherever it stands; "" for nothing."""
        self._needle = fold(needle)
        self.refresh()

    def go_to(self, index: int) -> None:
        """Put the cursor on a turn and bring the whole of it into view."""
        if not 0 <= index < len(self._rows) or self._rows[index].kind is not RowKind.TURN:
            return
        before, self._cursor = self._cursor, index
        for changed in {before, index} - {-1}:
            self._refresh_row(changed)
        self._bring_into_view(index)
        self._announce()

    def step(self, direction: int) -> bool:
        """Move to the next (1) or previous (-1) turn; False at the end."""
        index = self._next_turn(self._cursor, direction)
        if index < 0:
            return False
        self.go_to(index)
        return True

    def action_move(self, direction: int) -> None:
        self.step(direction)

    def action_page(self, direction: int) -> None:
        if self._cursor < 0:
            return
        line = self._layout_rows.top(self._cursor) + direction * max(1, self.size.height - 2)
        index = self._layout_rows.row_at(line)
        found = index if self._rows[index].kind is RowKind.TURN else self._next_turn(index, direction)
        if found >= 0:
            self.go_to(found)

    def action_edge(self, last: int) -> None:
        self.go_to(self._next_turn(len(self._rows), -1) if last else self._next_turn(-1, 1))

    def on_resize(self) -> None:
        if self._width_for_text() != self._text_width:
            self._relayout()
        else:
            self._measure_view()

    def on_click(self, event: events.Click) -> None:
        if self._rows:
            self.go_to(self._layout_rows.row_at(event.y + self.scroll_offset.y))

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._strips.clear()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        self._measure_view()
        super().watch_scroll_y(old_value, new_value)

    def render_line(self, y: int) -> Strip:
        line = y + self.scroll_offset.y
        width = self.size.width
        if not self._rows or line >= self._layout_rows.total:
            return Strip.blank(width, self.rich_style)
        index = self._layout_rows.row_at(line)
        strips = self._row_strips(index, width)
        return strips[min(line - self._layout_rows.top(index), len(strips) - 1)]

    # --- where things stand

    def _width_for_text(self) -> int:
        return max(10, min(MAX_TEXT, self.scrollable_content_region.width - GUTTER - 1))

    def _relayout(self) -> None:
        """Guess every height anew, keeping the row at the top of the screen where it is."""
        anchor = self._layout_rows.row_at(self.scroll_offset.y) if len(self._layout_rows) else 0
        self._text_width = self._width_for_text()
        self._strips.clear()
        self._wraps = [None] * len(self._rows)
        self._layout_rows = RowLayout([guess_height(row.shown, self._text_width) + _space(row) for row in self._rows])
        self._unmeasured = 0
        self._update_size()
        if 0 < anchor < len(self._rows):
            self.scroll_to(y=self._layout_rows.top(anchor), animate=False)
        self._measure_view()
        if self._cursor >= 0 and self.size.height:
            self._bring_into_view(self._cursor)
        if self._background is None:
            self._background = self.set_interval(0.05, self._measure_some)
        self._background.resume()
        self.refresh()

    def _lines(self, index: int) -> tuple[tuple[int, int], ...]:
        lines = self._wraps[index]
        if lines is None:
            lines = self._wraps[index] = wrap(self._rows[index].shown, self._text_width)
        return lines

    def _measure(self, index: int) -> int:
        """Give a row its true height and return by how much it differs from before."""
        return self._layout_rows.set_height(index, len(self._lines(index)) + _space(self._rows[index]))

    def _measure_view(self) -> None:
        if not self._rows or not self._text_width:
            return
        index = self._layout_rows.row_at(self.scroll_offset.y)
        line, end = self._layout_rows.top(index), self.scroll_offset.y + self.size.height
        changed = False
        while index < len(self._rows) and line < end:
            if self._wraps[index] is None:
                changed |= self._measure(index) != 0
            line += self._layout_rows.height(index)
            index += 1
        if changed:
            self._update_size()

    def _measure_some(self) -> None:
        """Measure more rows while nothing else happens; what is on screen stays where it is."""
        end = perf_counter() + SLICE_S
        first = self._layout_rows.row_at(self.scroll_offset.y) if self._rows else 0
        moved = changed = 0
        while self._unmeasured < len(self._rows) and perf_counter() < end:
            index = self._unmeasured
            if self._wraps[index] is None:
                change = self._measure(index)
                changed += abs(change)
                moved += change if index < first else 0
            self._unmeasured += 1
        if changed:
            self._update_size()
        if moved:
            self.scroll_to(y=self.scroll_offset.y + moved, animate=False)
        if self._unmeasured >= len(self._rows) and self._background:
            self._background.pause()

    def _update_size(self) -> None:
        self.virtual_size = Size(self.scrollable_content_region.width, self._layout_rows.total)

    def _bring_into_view(self, index: int) -> None:
        """Scroll only when the row is out of view, and then by half a screen: most keys redraw two rows."""
        height = self.size.height
        if not height:
            return
        for near in range(max(0, index - height), min(len(self._rows), index + height)):
            if self._wraps[near] is None:
                self._measure(near)
        self._update_size()
        top, tall = self._layout_rows.top(index), self._layout_rows.height(index)
        if top < self.scroll_offset.y:
            self.scroll_to(y=max(0, min(top - 1, top + tall - height // 2)), animate=False)
        elif top + tall > self.scroll_offset.y + height:
            self.scroll_to(y=min(top, max(0, top - height // 3)), animate=False)

    def _next_turn(self, index: int, direction: int) -> int:
        index += direction
        while 0 <= index < len(self._rows):
            if self._rows[index].kind is RowKind.TURN:
                return index
            index += direction
        return -1

    def _refresh_row(self, index: int) -> None:
        if self._rows:
            self.refresh_lines(self._layout_rows.top(index), self._layout_rows.height(index))

    def _announce(self) -> None:
        row = self.current
        if row is not None:
            self.post_message(self.Moved(row))

    # --- how a row looks

    def _row_strips(self, index: int, width: int) -> list[Strip]:
        row = self._rows[index]
        state = (row, width, index == self._cursor, index == self._playing, self._needle, self.has_focus)
        known = self._strips.get(index)
        if known is not None and known[0] == state:
            return known[1]
        base = self.visual_style + self._style("cursor") if index == self._cursor else self.visual_style
        strips = [
            Strip([Cells(text, (base + style).rich_style) for text, style in line]).extend_cell_length(
                width, base.rich_style
            )
            for line in self._row_lines(index, row)
        ]
        self._strips[index] = (state, strips)
        return strips

    def _row_lines(self, index: int, row: Row) -> list[list[tuple[str, Style]]]:
        lines = [self._text_cells(row, start, end) for start, end in self._lines(index)]
        head = self._question_head() if row.kind is RowKind.QUESTION else self._turn_head(index, row)
        shown = [[*head, *lines[0]], *([(" " * GUTTER, Style()), *line] for line in lines[1:])]
        return [[], *shown] if _space(row) else shown

    def _turn_head(self, index: int, row: Row) -> list[tuple[str, Style]]:
        pointer = "▶ " if index == self._playing else "▸ " if index == self._cursor else "  "
        sign, sign_style = self._sign(row)
        speaker = "unknown" if row.who == UNKNOWN else "note" if row.kind is RowKind.NOTE else "speaker"
        return [
            (pointer, self._style("flag")),
            (f"{stamp(row.at_ms)}  ", self._style("time")),
            (row.who, self._style(speaker)),
            (" " * (4 - len(row.who)), Style()),
            ("≠" if row.differs else " ", self._style("flag")),
            (sign, sign_style),
            (" ", Style()),
        ]

    def _sign(self, row: Row) -> tuple[str, Style]:
        if row.kind is RowKind.NOTE:
            return "✎", self._style("note")
        if row.checked:
            return "✓", self._style("checked")
        return ("⚑" if row.problem else " "), self._style("flag")

    def _question_head(self) -> list[tuple[str, Style]]:
        return [("  " + "─" * (GUTTER - 3) + " ", self._style("question"))]

    def _text_cells(self, row: Row, start: int, end: int) -> list[tuple[str, Style]]:
        """The stretch of what a row shows, cut where a doubtful word or a match begins or ends."""
        usual = Style() if row.kind is RowKind.TURN else self._style(row.kind.name.lower())
        shown, flagged = row.shown, len(row.text or row.blank)
        spans = [(low, high, "weak") for low, high in row.weak]
        spans += [(low, high, "match") for low, high in self._matches(row.text)]
        spans += [(len(row.text), flagged, "blank"), (flagged, len(shown), "doubt")]
        cuts = sorted({start, end, *(max(start, min(end, cut)) for low, high, _ in spans for cut in (low, high))})
        cells = []
        for low, high in pairwise(cuts):
            style = usual
            for span_low, span_high, part in spans:
                if span_low <= low and high <= span_high:
                    style += self._style(part)
            cells.append((shown[low:high], style))
        return cells

    def _matches(self, text: str) -> list[tuple[int, int]]:
        folded = fold(text)
        if len(folded) != len(text):
            folded = text.casefold()
        if not self._needle or len(folded) != len(text):
            return []
        found, at = [], folded.find(self._needle)
        while at >= 0:
            found.append((at, at + len(self._needle)))
            at = folded.find(self._needle, at + len(self._needle))
        return found

    def _style(self, part: str) -> Style:
        """What the style sheet says of one part; Textual's own partial style loses opaque backgrounds."""
        rules = self.get_component_styles(f"transcript--{part}")
        text = rules.text_style
        return Style(
            rules.background if rules.has_rule("background") else None,
            rules.color if rules.has_rule("color") else None,
            bold=text.bold,
            italic=text.italic,
            underline=text.underline,
        )


def _space(row: Row) -> int:
    """A blank line stands before each question."""
    return int(row.kind is RowKind.QUESTION)
