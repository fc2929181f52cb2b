"""Straight after the group: what must not fade, and how the guide was covered."""

from typing import TYPE_CHECKING, ClassVar, Final

from rich.console import Group
from rich.table import Table
from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Label, Static, TextArea

from facilitator.domain.errors import FacilitatorError
from facilitator.domain.group import MAX_DEBRIEF, DebriefPart
from facilitator.domain.text import SafeText, one_line
from facilitator.domain.time_plan import Covered, Standing
from facilitator.domain.timebase import clock
from facilitator.tui.screens.base import StudyScreen
from facilitator.tui.screens.session_screen import SAVED

if TYPE_CHECKING:  # opens databases; not needed for the first paint
    from facilitator.workflows.note_taking import NoteTaking

KEEP_S: Final = 2.0
PROMPTS: Final = {
    DebriefPart.THEMES: "Themes: what was it about, in your own words?",
    DebriefPart.SURPRISES: "Surprises: what did you not expect?",
    DebriefPart.ATMOSPHERE: "Atmosphere: who carried the talk, what was not said, where was tension?",
    DebriefPart.GUIDE: "Changes to the guide for next time",
}
SIGNS: Final = {Standing.ASKED: "✓", Standing.SKIPPED: "–", Standing.PARKED: "↷", Standing.OPEN: " "}


class DebriefScreen(StudyScreen):
    """Four fields, stored as they are typed, beside the coverage of the guide."""

    NAME = "Debrief"
    HELP = (
        "Write it now: after an hour most of it is gone. What you type is stored every two seconds and when you leave. "
        "Beside it stands how the guide was covered: ✓ asked, – skipped with your reason, ↷ put off and not come back "
        "to; minutes had and planned. None of this is part of an export."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "app.focus_next", "Next field", id="debrief.next", priority=True),
        Binding("shift+tab", "app.focus_previous", "Field before", show=False, id="debrief.previous", priority=True),
    ]
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide")]  # noqa: RUF012 - Textual declares it so
    DEFAULT_CSS = """
    DebriefScreen {
        #sheet { height: 1fr; layout: horizontal; }
        #fields { width: 1fr; height: 1fr; padding: 1 2; }
        #fields Label { width: 1fr; text-style: bold; color: $text-primary; }
        TextArea { height: 1fr; min-height: 3; border: none; padding: 0 1; background: $panel; margin: 0 0 1 0; }
        TextArea:focus { background: $secondary 40%; }
        #covered { width: 58; height: 1fr; border-left: solid $panel; padding: 1 2; }
        #coverage { height: auto; }
    }
    DebriefScreen.-narrow {
        #sheet { layout: vertical; }
        #fields { height: 16; padding: 0 2; }
        TextArea { margin: 0; min-height: 2; }
        #covered { width: 1fr; border-left: none; border-top: solid $panel; padding: 0 2; }
    }
    """

    def __init__(self, noting: "NoteTaking") -> None:
        super().__init__()
        self._noting = noting
        self._told: set[str] = set()
        self._refused = ""
        self._warned = False

    def compose_body(self) -> ComposeResult:
        """Fields, and the report."""
        with Vertical(id="sheet"):
            with Vertical(id="fields"):
                for part, prompt in PROMPTS.items():
                    yield Label(Content(prompt))
                    yield TextArea(self._noting.session.state.debrief.get(part, ""), id=part.name.lower())
            with VerticalScroll(id="covered"):
                yield Static(id="coverage")

    def on_mount(self) -> None:
        session = self._noting.session
        self.query_one("#coverage", Static).update(coverage_report(self._noting.plan().coverage()))
        self.bar.show(f"Debrief · {session.id} {session.state.title}")
        self.query_one("#themes", TextArea).focus()
        self.set_interval(KEEP_S, self.keep)

    @on(TextArea.Changed)
    def _changed(self, event: TextArea.Changed) -> None:
        shown = SafeText.of(event.text_area.text, MAX_DEBRIEF + 1)  # one too many is refused, not cut
        if shown != event.text_area.text:  # nothing that steers a terminal is ever drawn
            event.text_area.load_text(shown)
            event.text_area.move_cursor(event.text_area.document.end)
        self._say("")

    def keep(self) -> None:
        """Store what is typed, each part for itself; what was refused is said, and once."""
        refused = ""
        for part in PROMPTS:
            try:
                self._noting.write_debrief(part, self.query_one(f"#{part.name.lower()}", TextArea).text)
            except FacilitatorError as error:
                refused = f"▲ {part.value} not saved: {error.what}"
                if refused not in self._told:
                    self._told.add(refused)
                    self.fail(error)
        self._refused = refused
        self._say(refused or SAVED)

    def _say(self, said: str) -> None:
        session = self._noting.session
        self.bar.show(f"Debrief · {session.id} {session.state.title}", said)

    def action_back(self) -> None:
        """Store, then leave; where a part was refused, only the second time, without it."""
        self.keep()
        if not self._refused or self._warned:
            super().action_back()
        elif self.is_current:
            self._warned = True
            self.tell("Not all is saved. Shorten it, or press Esc once more to leave without it.")


def coverage_report(covered: tuple[Covered, ...]) -> Group:
    """The coverage report: a sign, minutes had and planned, the question; under it why it was skipped."""
    parts: list[Text | Table] = [Text("How the guide was covered", "bold")]
    section = ""
    for one in covered:
        if one.section != section or len(parts) == 1:
            section = one.section
            rows = Table.grid(padding=(0, 2, 0, 0))
            for width in (1, 14, None):
                rows.add_column(width=width)
            parts += [Text(), Text(one_line(section), "bold"), rows]
        time = f"{clock(one.spent_ms)} of {clock(one.planned_ms)}"
        asked = f"{one.question.type.value} · {one_line(one.question.text, 300)}"
        rows.add_row(SIGNS[one.standing], time, Text("\n".join(part for part in (asked, one_line(one.reason)) if part)))
    return Group(*parts)
