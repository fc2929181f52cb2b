"""Deciding once for each identifier what becomes of it, with every place where it stands in view."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widgets import OptionList

from facilitator.domain.detail import ExportProfile
from facilitator.domain.entities import Action, Category
from facilitator.domain.errors import FacilitatorError, NotFound
from facilitator.domain.ids import SessionId
from facilitator.domain.transcript import Segment
from facilitator.tui.screens.listening_screen import ListeningScreen
from facilitator.tui.screens.session_screen import SAVED
from facilitator.tui.widgets.detail_choice import Choice, DetailChoice
from facilitator.tui.widgets.dialogs import Confirm
from facilitator.tui.widgets.identifier_list import ROSTER, IdentifierList
from facilitator.tui.widgets.identifier_panel import IdentifierPanel

if TYPE_CHECKING:
    from facilitator.workflows.pseudonymizing import Item, Pseudonymization, RosterHit

NOT_SEARCHED = "The texts have not been searched yet. / searches them."
NOTHING_FOUND = "No identifiers were found. Read the transcript all the same: a search proposes, it does not promise."


class PseudonymizeScreen(ListeningScreen):
    """Identifiers on the left, the chosen one on the right."""

    NAME = "Pseudonymize"
    HELP = """\
The program has looked for what could identify somebody: names that sound like those of the roster, places, dates, \
contacts and more. It only proposes; each identifier is yours to decide, once, for the whole study.

r replaces it everywhere with the text offered, e with a text of yours, g with its general form, k keeps it as it \
is. a replaces all that are open of the same kind. u takes the last decision on an identifier back; s and d are \
undone by themselves. Names on the roster are always replaced and need no decision. / searches again; that happens \
by itself when a text has changed.

← and → mark one of the places, space plays it, s keeps or replaces only that one. d says how much of the identifier \
readers of a journal and users of an archive see. Page up and page down scroll.
"""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("r", "replace", "Replace", id="pseudonymize.replace", tooltip="Replace everywhere by the text offered"),
        Binding("e", "edit", "Edit text", id="pseudonymize.edit", tooltip="Replace everywhere with a text of yours"),
        Binding("g", "generalize", "General form", id="pseudonymize.general", tooltip="Replace by what it is one of"),
        Binding("k", "keep", "Keep", id="pseudonymize.keep", tooltip="It identifies nobody; leave it as it is"),
        Binding(
            "s", "some", "Only this place", id="pseudonymize.some", tooltip="Keep or replace the marked place only"
        ),
        Binding("space", "play", "Play", id="pseudonymize.play", tooltip="Hear the marked place, or stop"),
        Binding("left", "step(-1)", "Place before", show=False, id="pseudonymize.before", priority=True),
        Binding("right", "step(1)", "Next place", show=False, id="pseudonymize.next", priority=True),
        Binding("a", "all", "All of this kind", id="pseudonymize.all", tooltip="Replace all open ones of this kind"),
        Binding("d", "detail", "Detail", id="pseudonymize.detail", tooltip="How much of it other exports show"),
        Binding("u,ctrl+z", "undo", "Undo", id="pseudonymize.undo", tooltip="Take the last decision back"),
        Binding("slash", "search", "Search again", id="pseudonymize.search", tooltip="Search all texts again"),
        Binding("pageup", "scroll(-1)", "Places up", show=False, id="pseudonymize.up", priority=True),
        Binding("pagedown", "scroll(1)", "More places", show=False, id="pseudonymize.down", priority=True),
    ]
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide")]  # noqa: RUF012 - Textual declares it so
    DEFAULT_CSS = """
    PseudonymizeScreen {
        & > Horizontal { height: 1fr; }
        &.-wide IdentifierList { width: 44; }
    }
    """
    CSS = "PseudonymizeScreen IdentifierList { padding: 1 0 0 1; }"  # over the style sheet of all lists
    LIST_ONLY: ClassVar[frozenset[str]] = frozenset(
        {"replace", "edit", "generalize", "keep", "some", "play", "step", "all", "detail", "undo", "search"}
    )

    work: "Pseudonymization"

    def __init__(self, session_id: SessionId) -> None:
        super().__init__(session_id)
        self._items: dict[str, Item] = {}
        self._hits: dict[str, RosterHit] = {}
        self._said = ""
        self._together = 1

    def compose_body(self) -> ComposeResult:
        """List and panel."""
        with Horizontal():
            yield IdentifierList(id="identifiers", compact=True)
            yield IdentifierPanel(id="panel")

    def start_work(self) -> None:
        """Show what was found; search first when a text has changed since."""
        from facilitator.workflows.correcting import Correction
        from facilitator.workflows.pseudonymizing import Pseudonymization

        if not self.session.state.segments:
            raise NotFound(
                f"Session {self.session_id} has no transcript yet.",
                do="Transcribe it first: t on the list of sessions.",
            )
        self.work, self.correction = Pseudonymization(self.session), Correction(self.session)
        self.query_one(IdentifierList).focus()
        self._show()
        if not self.work.current:
            self.action_search()

    @property
    def panel(self) -> IdentifierPanel:
        """The chosen identifier."""
        return self.query_one(IdentifierPanel)

    @property
    def chosen(self) -> "Item | None":
        """The identifier under the cursor; None on a name of the roster."""
        option = self.query_one(IdentifierList).highlighted_option
        return self._items.get(option.id or "") if option else None

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """While a replacement is typed, keys are text."""
        if self.is_open and action in self.LIST_ONLY and self.panel.typing:
            return False
        return super().check_action(action, parameters)

    def action_search(self) -> None:
        """Search every text, beside the event loop."""
        self.run_with_progress("Looking for identifiers", self.work.search, self._searched)

    def _searched(self, waiting: int) -> None:
        self._said = SAVED
        self._show()
        self.tell(f"{waiting} to decide." if waiting else "Nothing to decide.")

    def action_replace(self) -> None:
        """Replace the chosen identifier by what is offered."""
        item = self.chosen
        if item is not None:
            self._decide(item, lambda: self.work.decide(item.entity.id, Action.REPLACE, item.suggestion))

    def action_generalize(self) -> None:
        """Replace the chosen identifier by its general form."""
        item = self.chosen
        if item is not None:
            self._decide(item, lambda: self.work.generalize(item.entity.id))

    def action_some(self) -> None:
        """Keep the marked place of an identifier that is replaced elsewhere, or replace it too."""
        item, place = self.chosen, self.panel.place
        if item is None or place is None:
            return
        if self._store(lambda: self.work.keep_place(item.entity.id, place.ref, place.start, kept=not place.kept)):
            self._show(item.entity.id)
            self.tell("Replaced there, as everywhere." if place.kept else "Kept as it is, at this place only.")

    def action_step(self, by: int) -> None:
        """Mark another place."""
        self.panel.step(by)

    @property
    def in_hand(self) -> Segment | None:
        """Nothing: what is played is a place."""
        return None

    def action_play(self) -> None:
        """Hear the marked place, or stop."""
        place = self.panel.place
        if self.playing:
            self.silence()
        elif place is not None and (stretch := self.work.heard_at(place)) is not None:
            self.play(*stretch)
        elif place is not None:
            self.tell("That was written, not said: there is no sound of it.")

    def action_all(self) -> None:
        """Replace all open identifiers of the chosen one's kind, after a question."""
        item = self.chosen
        if item is None:
            return
        kind = item.entity.category
        waiting = sum(one.decision is None and one.entity.category is kind for one in self._items.values())
        if not waiting:
            self.tell(f"Nothing of the kind {kind} is open.")
            return
        question = Confirm(
            f"Replace all {waiting} open identifiers of the kind {kind}?",
            "Each by the text offered for it, unseen. u takes all of them back.",
            yes="Replace them",
        )
        self.app.push_screen(question, lambda yes: self._decide_all(kind) if yes else None)

    def _decide_all(self, kind: Category) -> None:
        self._together = 1

        def done(count: int) -> None:
            self._together, self._said = max(1, count), SAVED
            self._show()
            self.tell(f"{count} replaced.")

        self.run_with_progress("Replacing", lambda report: self.work.decide_all(kind, report), done)

    def action_detail(self) -> None:
        """Choose how much of the identifier exports for others show."""
        item = self.chosen
        if item is None:
            return
        if item.decision is None:
            self.tell("Decide it first; then d says how much of it others see.")
            return
        details = self.study.state.details
        now = {profile: details.get((item.entity.id, profile)) for profile in ExportProfile}
        self.app.push_screen(DetailChoice(item, now), partial(self._set_detail, item))

    def _set_detail(self, item: "Item", choice: Choice | None) -> None:
        if choice is not None and self._store(lambda: self.work.set_detail(item.entity.id, *choice)):
            self._show(item.entity.id)

    def action_keep(self) -> None:
        """Leave the chosen identifier as it is."""
        item = self.chosen
        if item is not None:
            self._decide(item, lambda: self.work.decide(item.entity.id, Action.KEEP))

    def action_edit(self) -> None:
        """Let a replacement be typed."""
        item = self.chosen
        if item is not None:
            decided = item.decision.replacement if item.decision else ""
            self.panel.begin_typing((decided or item.suggestion).strip("[]"))
            self.refresh_bindings()

    @on(IdentifierPanel.Written)
    def _written(self, message: IdentifierPanel.Written) -> None:
        item = self.chosen
        if item is None:
            self._end_typing()
            return
        if not message.text.strip():
            self.tell("Write what stands for it, such as Hospital A.")
        elif self._decide(item, lambda: self.work.decide(item.entity.id, Action.REPLACE, message.text)):
            self._end_typing()

    def action_undo(self) -> None:
        """Take the last decision of the study back; those that were made together, together."""
        count, self._together = self._together, 1
        entity_id = ""
        try:
            for _ in range(count):
                entity_id = self.work.undo()
        except NotFound as error:
            self.tell(error.what)
        except FacilitatorError as error:
            self.fail(error)
        else:
            self._said = "taken back, " + SAVED
            self._show(entity_id)
            if entity_id not in self._items:
                self.tell("The last decision was about an identifier of another session; it is open again.")

    def action_scroll(self, direction: int) -> None:
        """Show more places of the chosen identifier."""
        self.panel.scroll_contexts(direction)

    def action_back(self) -> None:
        """Close the field, or leave."""
        if self.panel.typing:
            self._end_typing()
        else:
            super().action_back()

    @on(OptionList.OptionHighlighted)
    def _highlighted(self) -> None:
        self._show_chosen()

    def _decide(self, item: "Item", decide: Callable[[], None]) -> bool:
        if self._store(decide):
            self._show(self._after(item))
            return True
        return False

    def _store(self, change: Callable[[], None]) -> bool:
        try:
            change()
        except FacilitatorError as error:
            self.fail(error)
            return False
        self._said, self._together = SAVED, 1
        return True

    def _after(self, item: "Item") -> str | None:
        """The open identifier below `item`, so that deciding walks down the list; the first one at its end."""
        waiting = [one.entity.id for one in self._items.values() if one.decision is None]
        if item.entity.id not in waiting:
            return item.entity.id
        index = waiting.index(item.entity.id)
        return next(iter(waiting[index + 1 :] or waiting[:index]), item.entity.id)

    def _end_typing(self) -> None:
        self.panel.end_typing()
        self.query_one(IdentifierList).focus()
        self.refresh_bindings()

    def _show(self, keep_on: str | None = None) -> None:
        self._items = {item.entity.id: item for item in self.work.items()}
        self._hits = {f"{ROSTER}{hit.owner}": hit for hit in self.work.roster_hits()}
        self.query_one(IdentifierList).show(tuple(self._items.values()), tuple(self._hits.values()), keep_on)
        self._show_chosen()
        count = len(self._items)
        waiting = sum(item.decision is None for item in self._items.values())
        left = f"{self.session_name} · {count} identifiers · {count - waiting} decided · {waiting} open"
        self.bar.show(left, self._said)

    def _show_chosen(self) -> None:
        option, item = self.query_one(IdentifierList).highlighted_option, self.chosen
        if item is not None:
            self.panel.show(item)
        elif option is not None and option.id in self._hits:
            self.panel.show_roster(self._hits[option.id])
        else:
            self.panel.show_none(NOT_SEARCHED if self.session.state.searched is None else NOTHING_FOUND)
