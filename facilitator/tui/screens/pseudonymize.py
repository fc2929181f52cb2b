"""Deciding once for each identifier what becomes of it, with every place where it stands in view."""

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widgets import OptionList

from facilitator.domain.entities import Action
from facilitator.domain.errors import FacilitatorError, NotFound
from facilitator.domain.ids import SessionId
from facilitator.tui.screens.session_screen import SAVED, SessionScreen
from facilitator.tui.widgets.identifier_list import ROSTER, IdentifierList
from facilitator.tui.widgets.identifier_panel import IdentifierPanel

if TYPE_CHECKING:
    from facilitator.workflows.pseudonymizing import Item, Pseudonymization, RosterHit

NOT_SEARCHED = "The texts have not been searched yet. / searches them."
NOTHING_FOUND = "No identifiers were found. Read the transcript all the same: a search proposes, it does not promise."


class PseudonymizeScreen(SessionScreen):
    """Identifiers on the left, the chosen one on the right."""

    NAME = "Pseudonymize"
    HELP = """\
The program has looked for what could identify somebody: names that sound like those of the roster, places, dates, \
contacts and more. It only proposes; each identifier is yours to decide, once, for the whole study.

r replaces it everywhere with the text offered, e with a text of yours, k keeps it as it is. u takes the last \
decision back. Names on the roster are always replaced and need no decision. / searches again; that happens by \
itself when a text has changed. Page up and page down show more places.
"""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("r", "replace", "Replace", id="pseudonymize.replace", tooltip="Replace everywhere by the text offered"),
        Binding("e", "edit", "Edit text", id="pseudonymize.edit", tooltip="Replace everywhere with a text of yours"),
        Binding("k", "keep", "Keep", id="pseudonymize.keep", tooltip="It identifies nobody; leave it as it is"),
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
    LIST_ONLY: ClassVar[frozenset[str]] = frozenset({"replace", "edit", "keep", "undo", "search"})

    work: "Pseudonymization"

    def __init__(self, session_id: SessionId) -> None:
        super().__init__(session_id)
        self._items: dict[str, Item] = {}
        self._hits: dict[str, RosterHit] = {}
        self._said = ""

    def compose_body(self) -> ComposeResult:
        """List and panel."""
        with Horizontal():
            yield IdentifierList(id="identifiers", compact=True)
            yield IdentifierPanel(id="panel")

    def start_work(self) -> None:
        """Show what was found; search first when a text has changed since."""
        from facilitator.workflows.pseudonymizing import Pseudonymization

        if not self.session.state.segments:
            raise NotFound(
                f"Session {self.session_id} has no transcript yet.",
                do="Transcribe it first: t on the list of sessions.",
            )
        self.work = Pseudonymization(self.session)
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
        """Take the last decision of the study back."""
        try:
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
        try:
            decide()
        except FacilitatorError as error:
            self.fail(error)
            return False
        self._said = SAVED
        self._show(self._after(item))
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
