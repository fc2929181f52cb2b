"""The one editor of the correction screen: the text of one turn, on its own lines at the bottom."""

from typing import TYPE_CHECKING, ClassVar, Final

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Static, TextArea

from facilitator.domain.text import MAX_TURN, one_line
from facilitator.domain.timebase import stamp
from facilitator.domain.turn_words import differences, in_detail, rule_names
from facilitator.tui.widgets.transcript_rows import UNKNOWN, Row

if TYPE_CHECKING:
    from facilitator.workflows.hearing_beside import Beside

EMPTY: Final = "Type what you hear. Enter without text: nothing was said."


class TurnText(TextArea):
    """The field itself: Enter takes the text, Escape leaves, and a turn has no line breaks."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "take", "Save, check, next", priority=True, id="turn.take"),
        Binding("escape", "leave", "Save, to the list", priority=True, id="turn.leave"),
        Binding("f8", "cut", "Split here", id="turn.split", tooltip="Make two turns of it, cut at the cursor"),
    ]

    class Cut(Message):
        """The turn is to be cut before code point `at` of its text."""

        def __init__(self, at: int) -> None:
            super().__init__()
            self.at = at

    class Taken(Message):
        """Enter was pressed."""

    class Left(Message):
        """Escape was pressed."""

    def action_take(self) -> None:
        """Hand the text over as checked."""
        self.post_message(self.Taken())

    def action_cut(self) -> None:
        """Ask for two turns, cut at the cursor."""
        row, column = self.cursor_location
        before = "\n".join((*self.text.split("\n")[:row], self.text.split("\n")[row][:column]))
        self.post_message(self.Cut(len(one_line(before, MAX_TURN))))

    def action_leave(self) -> None:
        """Hand the text over and go back to the list."""
        self.post_message(self.Left())

    async def _on_paste(self, event: events.Paste) -> None:
        event.prevent_default()  # what is pasted passes the gate before it is drawn
        if not self.read_only:
            await super()._on_paste(events.Paste(one_line(event.text, MAX_TURN)))


class TurnEditor(Vertical):
    """Shows the current turn; while it has the focus, edits it. `editing` says which, in words as well."""

    DEFAULT_CSS = """
    TurnEditor {
        height: auto;
        border-top: solid $panel;
        padding: 0 1 0 2;
        & > #turn-head { height: 1; color: $foreground 60%; }
        & > #turn-doubts { display: none; height: 1; color: $text-warning; }
        & > #turn-other { display: none; height: 2; color: $foreground 80%; }
        &.-doubts > #turn-doubts, &.-other > #turn-other { display: block; }
        & > TurnText {
            height: 3;
            border: none; padding: 0;
            background: $background;
            scrollbar-size-vertical: 1;
        }
    }
    TurnEditor.-editing {
        border-top: heavy $accent;
        & > #turn-head { color: $text-accent; text-style: bold; }
        & > TurnText { background: $surface; }
    }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - the name that every widget uses
        super().__init__(id=id)
        self._row: Row | None = None
        self._other: Beside | None = None
        self._loaded = ""

    def compose(self) -> ComposeResult:
        """A line that says what is below, one for doubts, the text, and what was heard beside it."""
        yield Static(id="turn-head")
        yield Static(id="turn-doubts")
        field = TurnText(id="turn-text", compact=True, highlight_cursor_line=False)
        field.can_focus = False
        yield field
        yield Static(id="turn-other")

    def prepare(self, *, doubts: bool, other: bool) -> None:
        """Keep lines for doubts and for another text, where a session has them: nothing moves from turn to turn."""
        self.set_class(doubts, "-doubts")
        self.set_class(other, "-other")

    @property
    def field(self) -> TurnText:
        """The text field."""
        return self.query_one(TurnText)

    @property
    def editing(self) -> bool:
        """True while keys go into the text."""
        return self.has_class("-editing")

    @property
    def changed(self) -> bool:
        """True when the field holds something else than the turn."""
        return one_line(self.field.text, MAX_TURN) != self._loaded

    @property
    def text(self) -> str:
        """What stands in the field, on one line."""
        return one_line(self.field.text, MAX_TURN)

    def show(self, row: Row | None, other: "Beside | None" = None) -> None:
        """Show a turn, and what else was heard beside it, dropping what the field held."""
        self._row, self._other = row, other
        self._loaded = one_line(row.text, MAX_TURN) if row else ""
        if self.field.text != self._loaded:
            self.field.load_text(self._loaded)
        if self.editing:
            self.field.move_cursor(self.field.document.end)
        self._draw_head()

    def begin(self) -> None:
        """Let keys go into the text."""
        self.add_class("-editing")
        self.field.can_focus = True
        self.field.focus()
        self.field.move_cursor(self.field.document.end)
        self._draw_head()

    def end(self) -> None:
        """Back to showing only."""
        self.remove_class("-editing")
        self.field.can_focus = False
        self._draw_head()

    def _draw_head(self) -> None:
        row = self._row
        if row is None:
            self._put("head", Content("no turn"))
            return
        who = "unknown speaker" if row.who == UNKNOWN else row.who
        weak = f"⚑ {row.weak_words}" if row.weak and row.who != UNKNOWN else ""
        mode = "EDITING " if self.editing else ""
        self._put("head", Content(mode + " · ".join(filter(None, (who, stamp(row.at_ms), weak)))))
        self._put("doubts", self._doubts(row))
        self._put("other", self._difference(row))
        self.field.placeholder = Content.styled(EMPTY if self.editing else row.blank, "italic")

    def _doubts(self, row: Row) -> Content:
        detailed = Content(f"⚑ {in_detail(row.doubts)}" if row.doubts else "")
        room = self.size.width - 3
        return detailed if detailed.cell_length <= room else Content(f"⚑ {rule_names(row.doubts)}")

    def _difference(self, row: Row) -> Content:
        """`small says: …`, its own words in bold and underlined."""
        if self._other is None:
            return Content("")
        from facilitator.transcription.engines import UNSPACED

        other, spaced = self._other, self._other.language not in UNSPACED
        pieces = differences(row.text, one_line(other.text, MAX_TURN), spaced=spaced)
        words = [Content.styled(piece, "bold underline" if differs else "") for piece, differs in pieces]
        said = Content(" " if spaced else "").join(words) if other.text else Content("nothing")
        return Content(f"≠ {one_line(other.model)} says: ") + said

    def _put(self, part: str, content: Content) -> None:
        self.query_one(f"#turn-{part}", Static).update(content, layout=False)  # its size is fixed
