"""Planning a session: its guide, who takes part, a title and a date."""

from datetime import date
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Label

from facilitator.domain.errors import InvalidInput, UsageError
from facilitator.domain.ids import ResearchNumber, SessionId
from facilitator.tui.screens.base import StudyScreen
from facilitator.tui.widgets.check_list import CheckList, Tick
from facilitator.tui.widgets.line_input import LineInput
from facilitator.tui.widgets.text import plain

if TYPE_CHECKING:  # storage loads slowly
    from facilitator.storage.guide_files import GuideSummary


class NewSessionScreen(StudyScreen):
    """Four things to give; ^s makes the session."""

    NAME = "New session"
    HELP = (
        "Plan one focus group. The guide is copied into the session, so a later change of the guide's file does not "
        "reach it. The title may say where the group meets, never who is in it. Tab goes from field to field, Space "
        "ticks, ^s makes the session."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "create", "Create", id="new-create", tooltip="Make the session"),
        Binding("tab", "app.focus_next", "Next field", id="new-next", tooltip="To the next field or list"),
        Binding("a", "everybody", "Everybody", id="new-everybody", tooltip="Tick everybody, or nobody"),
    ]

    def compose_body(self) -> ComposeResult:
        """Fields on top, the two lists below."""
        with Vertical(id="fields"):
            yield Label(Content("Title (no names of people)"), classes="field-label")
            yield LineInput(compact=True, id="title")
            yield Label(Content("Date planned"), classes="field-label")
            yield LineInput(date.today().isoformat(), compact=True, id="date")
        with Horizontal(id="lists"):
            with Vertical():
                yield Label(Content("Guide"), classes="field-label")
                yield CheckList(single=True, id="guides")
            with Vertical():
                yield Label(Content("Who takes part"), id="people-label", classes="field-label")
                yield CheckList(id="people")

    def on_mount(self) -> None:
        self.bar.show(" New session", f"{self.study.settings.title} ")
        self.query_one("#title", LineInput).focus()
        self._fill_people()
        self.run_apart(self._read_guides, self._fill_guides)

    def _read_guides(self) -> "list[GuideSummary]":
        from facilitator.storage.guide_files import list_guides

        return list_guides(self.study.folder.guides)

    def _fill_guides(self, guides: "list[GuideSummary]") -> None:
        usable = [guide for guide in guides if not guide.fault]
        lines = [
            Tick(
                str(guide.path),
                f"{guide.title} · {guide.questions} questions, {guide.planned_ms // 60_000} min",
                place == 0,
            )
            for place, guide in enumerate(usable)
        ]
        self.query_one("#guides", CheckList).fill(lines)
        faulty = [guide.path.name for guide in guides if guide.fault]
        if faulty:
            self.tell(f"Left out because of faults: {', '.join(faulty)}. `facilitator guide check FILE` names them.")

    def _fill_people(self) -> None:
        state, names = self.study.state, self.study.names_at_hand
        lines = []
        for number in state.participants:
            name = names[number].name.split()[0] if number in names else ""
            consent = state.consents.get(number)
            sign = "" if consent and consent.recording else " · no consent yet"
            lines.append(Tick(number, f"{number:<4} {name}{sign}"))
        self.query_one("#people", CheckList).fill(lines)
        if not lines:
            text = "Who takes part: nobody is on the roster yet. Esc, then r adds people."
            self.query_one("#people-label", Label).update(plain(text))

    def action_everybody(self) -> None:
        """Tick all, or none when all are ticked."""
        people = self.query_one("#people", CheckList)
        people.tick_all(len(people.ticked) < people.option_count)

    def action_create(self) -> None:
        """Make the session from what is filled in."""
        chosen = self.query_one("#guides", CheckList).ticked
        numbers = tuple(ResearchNumber(key) for key in self.query_one("#people", CheckList).ticked)
        title = self.query_one("#title", LineInput).value
        planned = self.query_one("#date", LineInput).value.strip()
        if not chosen:
            self.fail(UsageError("No guide is chosen.", do="Tab to the guides and press Space on one."))
        elif not numbers:
            self.fail(
                UsageError("A session needs participants.", do="Tab to the list of people and tick them with Space.")
            )
        elif not is_date(planned):
            self.fail(InvalidInput(f"“{planned}” is not a date.", do="Write it as year-month-day, such as 2027-01-31."))
        else:
            self.run_apart(lambda: self._create(chosen[0], numbers, title, planned), self._created)

    def _create(self, guide_path: str, numbers: tuple[ResearchNumber, ...], title: str, planned: str) -> SessionId:
        from facilitator.workflows.guides import find_guide
        from facilitator.workflows.sessions import plan_session

        guide = find_guide(self.study.folder.guides, guide_path)
        return plan_session(self.study, guide, numbers, title=title, planned_for=planned)

    def _created(self, session_id: SessionId) -> None:
        self.facilitator.home.choose(session_id)
        self.dismiss(None)


def is_date(text: str) -> bool:
    """True for year-month-day."""
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
