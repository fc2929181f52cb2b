"""What remains identifying of each participant when all sessions are taken together."""

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widgets import OptionList

from facilitator.domain.errors import FacilitatorError
from facilitator.domain.ids import ResearchNumber
from facilitator.domain.mosaic import Profile
from facilitator.tui.screens.base import StudyScreen
from facilitator.tui.widgets.dialogs import AskText
from facilitator.tui.widgets.mosaic_list import SESSIONS, MosaicList
from facilitator.tui.widgets.mosaic_panel import MosaicPanel

if TYPE_CHECKING:  # workflows load slowly
    from facilitator.workflows.mosaic import Mosaic

NOBODY = "Nobody is on the roster yet: Esc, then r adds people."


class MosaicScreen(StudyScreen):
    """People on the left, those at risk first; what stands together of the chosen one on the right."""

    NAME = "Mosaic"
    HELP = """\
With every name replaced, somebody may still be recognized by what stands together: a rare background, a place that \
was kept, a remark on the family, words that a search engine finds. Each session may tell one of these; here they \
stand together for each participant, those who stand out first. ▲ stands out, – does not by these rules. Of what was \
said, ? is not decided yet and stands under its id, = was kept, ✓ is replaced. All text is as it would be released.

The rules see the roster, not the world, and the patterns are English: read the turns of each person together too. \
Generalize what remains (p on the list of sessions) or accept it, and note with n which and why. Notes are stored \
encrypted and cannot be changed; nothing else is changed here.
"""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n", "note", "Risk note", id="mosaic.note", tooltip="Note the risk that the chosen one is recognized"),
        Binding("pageup", "scroll(-1)", "Page up", show=False, id="mosaic.up", priority=True),
        Binding("pagedown", "scroll(1)", "More", id="mosaic.down", priority=True, tooltip="More of the chosen one"),
    ]
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide")]  # noqa: RUF012 - Textual declares it so
    DEFAULT_CSS = """
    MosaicScreen {
        & > Horizontal { height: 1fr; }
        &.-wide MosaicList { width: 44; }
    }
    """
    CSS = "MosaicScreen MosaicList { padding: 1 0 0 1; }"  # over the style sheet of all lists

    def __init__(self) -> None:
        super().__init__()
        self._seen: Mosaic | None = None
        self._people: dict[ResearchNumber, Profile] = {}
        self._drafts: dict[ResearchNumber, str] = {}

    def compose_body(self) -> ComposeResult:
        """List and panel."""
        with Horizontal():
            yield MosaicList(id="people")
            yield MosaicPanel(id="panel")

    def on_mount(self) -> None:
        self.bar.show(f" Mosaic   {self.study.settings.title}", "reading… ")
        self.query_one(MosaicPanel).show_text("Reading all sessions together; nothing is changed…")
        self.query_one(MosaicList).focus()
        self.run_apart(self._read, self._show)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """A note is about somebody."""
        if action == "note":
            return self._chosen() is not None
        return super().check_action(action, parameters)

    def _read(self) -> "Mosaic":
        from facilitator.workflows.mosaic import mosaic

        return mosaic(self.study)

    def _show(self, seen: "Mosaic", state: str = "read-only") -> None:
        self._seen = seen
        self._people = {one.number: one for one in seen.people}
        count = sum(bool(one.reasons) for one in seen.people)
        title = self.study.settings.title
        self.bar.show(f" Mosaic   {title}", f"{count} of {len(self._people)} stand out · {state} ")
        self.query_one(MosaicList).show(seen)
        self._show_chosen()

    @on(OptionList.OptionHighlighted)
    def _show_chosen(self) -> None:
        panel, seen, chosen = self.query_one(MosaicPanel), self._seen, self._chosen()
        if seen is None:
            return
        if chosen is not None:
            panel.show_person(self._people[chosen], len(self._people))
        elif seen.people:
            panel.show_sessions(seen)
        else:
            panel.show_text(NOBODY)
        self.refresh_bindings()

    def _chosen(self) -> ResearchNumber | None:
        option = self.query_one(MosaicList).highlighted_option
        if option is None or option.id in (None, SESSIONS):
            return None
        number = ResearchNumber(option.id or "")
        return number if number in self._people else None

    def action_note(self) -> None:
        """Ask for a note; one that was refused is there to be changed."""
        if (number := self._chosen()) is None:
            return

        def take(text: str | None) -> None:
            if text is not None:
                self._drafts[number] = text
                self.run_apart(lambda: self._store(number, text), lambda _: self._noted(number))

        label = (
            "What remains, and whether it is accepted, and why. Research numbers and roles, no names. "
            "It is stored encrypted and cannot be changed."
        )
        self.app.push_screen(AskText(f"Risk note on {number}", label, self._drafts.get(number, "")), take)

    def _store(self, number: ResearchNumber, text: str) -> None:
        from facilitator.workflows.mosaic import note_risk

        note_risk(self.study, number, text)

    def _noted(self, number: ResearchNumber) -> None:
        self._drafts.pop(number, None)
        if self._seen is not None:
            notes = tuple(self.study.state.risk_notes.get(number, ()))
            people = (replace(one, notes=notes) if one.number == number else one for one in self._seen.people)
            self._show(replace(self._seen, people=tuple(people)), "noted ✓")
            self.call_after_refresh(self.query_one(MosaicPanel).show_end)

    def action_scroll(self, direction: int) -> None:
        """Show more of the chosen one."""
        self.query_one(MosaicPanel).scroll(direction)

    def fail(self, error: FacilitatorError) -> None:
        """As everywhere; where nothing could be read, say why instead of waiting."""
        super().fail(error)
        if self._seen is None:
            self.bar.show(f" Mosaic   {self.study.settings.title}", "▲ cannot be read ")
            self.query_one(MosaicPanel).show_text(f"✗ {error.what}")
