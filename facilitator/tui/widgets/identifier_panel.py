"""One identifier with every place where it stands, and what becomes of it."""

from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from facilitator.domain.detail import ExportProfile
from facilitator.domain.entities import Action
from facilitator.domain.text import one_line
from facilitator.domain.timebase import stamp
from facilitator.tui.widgets.line_input import LineInput
from facilitator.tui.widgets.text import plain

if TYPE_CHECKING:
    from facilitator.workflows.pseudonymizing import Item, RosterHit
    from facilitator.workflows.suggesting import Context

SHOWN_CONTEXTS = 40
"""More places than that decide nothing more; the count says how many there are."""


CUT = 60
"""A context of this length goes on in the transcript."""


class ReplacementText(LineInput):
    """The field of a replacement."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "submit", "Replace with this", id="replacement.take", tooltip="Replace it everywhere"),
        Binding("escape", "screen.back", "Leave it", id="replacement.drop", tooltip="Decide nothing"),
    ]


class IdentifierPanel(Vertical):
    """Heading, places, and at the bottom the decision or the field in which a replacement is typed."""

    DEFAULT_CSS = """
    IdentifierPanel {
        width: 1fr;
        height: 1fr;
        border-left: solid $panel;
        & > #identifier { height: auto; padding: 1 2 0 2; }
        & > VerticalScroll { height: 1fr; padding: 1 2 0 2; }
        & #contexts { height: auto; }
        & > #decision { height: auto; padding: 0 2; border-top: solid $panel; }
        & > ReplacementText { display: none; }
        & > ReplacementText.-open { display: block; }
    }
    """

    class Written(Message):
        """Enter was pressed in the field."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - the name that every widget uses
        super().__init__(id=id)
        self._contexts: tuple[Context, ...] = ()
        self._hidden = 0
        self._at = 0
        self._shown = ""

    def compose(self) -> ComposeResult:
        """Heading, places, decision, field."""
        yield Static(id="identifier")
        with VerticalScroll(can_focus=False):
            yield Static(id="contexts")
        yield Static(id="decision")
        yield ReplacementText(compact=True, select_on_focus=False)

    @property
    def place(self) -> "Context | None":
        """The place that is marked, of those that are shown."""
        return self._contexts[self._at] if self._contexts else None

    def step(self, by: int) -> None:
        """Mark the next place, or the one before."""
        if self._contexts:
            self._at = max(0, min(len(self._contexts) - 1, self._at + by))
            self._show_places()

    @property
    def typing(self) -> bool:
        """True while a replacement is typed."""
        return self.query_one(ReplacementText).has_class("-open")

    def show(self, item: "Item") -> None:
        """Show an identifier."""
        why = f" · {one_line(item.suggested.why)}" if item.suggested.why and item.decision is None else ""
        heading = f" {item.entity.category.value} · heard {len(item.contexts)}×{why}"
        others = [one_line(surface) for surface in item.entity.surfaces[1:]]
        rules = dict.fromkeys(context.rule for context in item.contexts)
        spelled = f" · also as {', '.join(others)}" if others else ""
        also = f"\nfound by: {', '.join(rules)}{spelled}"
        self._say(
            "identifier",
            Content.assemble(
                (f"“{one_line(item.surface, 60)}”", "bold $text-accent"), heading, (also, "$foreground 70%")
            ),
        )
        self._take_places(item.entity.id, item.contexts)
        self._say("decision", Content("\n").join((_decision_line(item), _detail_line(item))))

    def _take_places(self, shown: str, contexts: "tuple[Context, ...]") -> None:
        if self._shown != shown:
            self._shown, self._at = shown, 0
            self.query_one(VerticalScroll).scroll_home(animate=False)
        self._contexts = contexts[:SHOWN_CONTEXTS]
        self._at = min(self._at, max(0, len(self._contexts) - 1))
        self._hidden = len(contexts) - len(self._contexts)
        self._show_places()

    def _show_places(self) -> None:
        lines = [_context_line(one, marked=index == self._at) for index, one in enumerate(self._contexts)]
        if self._hidden:
            lines.append(Content(f"and {self._hidden} more places"))
        self._say("contexts", Content("\n\n").join(lines))

    def show_roster(self, hit: "RosterHit") -> None:
        """Show a participant whose names occur."""
        self._say("identifier", Content.assemble((f"Names of {hit.owner}", "bold $text-accent"), f" · {hit.mentions}×"))
        self._take_places(hit.owner, hit.contexts)
        always = "A name on the roster is always replaced; there is nothing to decide."
        self._say("decision", plain(f"✓ replaced everywhere with {hit.replacement}\n{always}"))

    def show_none(self, text: str) -> None:
        """Say why there is nothing to show."""
        self._contexts, self._shown = (), ""
        self._say("identifier", Content())
        self._say("contexts", plain(text))
        self._say("decision", Content())

    def begin_typing(self, text: str) -> None:
        """Let a replacement be typed, starting from `text`."""
        field = self.query_one(ReplacementText)
        field.add_class("-open")
        field.value = text
        field.focus()
        field.action_select_all()  # typing replaces it, End goes on from it

    def end_typing(self) -> None:
        """Close the field."""
        self.query_one(ReplacementText).remove_class("-open")

    def scroll_contexts(self, direction: int) -> None:
        """Show more places."""
        places = self.query_one(VerticalScroll)
        places.scroll_relative(y=direction * max(1, places.size.height - 1), animate=False)

    @on(LineInput.Submitted)
    def _submitted(self, event: LineInput.Submitted) -> None:
        event.stop()
        self.post_message(self.Written(event.value))

    def _say(self, part: str, content: Content) -> None:
        self.query_one(f"#{part}", Static).update(content)


def _context_line(context: "Context", *, marked: bool) -> Content:
    who = context.speaker if len(context.speaker) < 5 else f"{context.speaker} "
    return Content.assemble(
        ("▸ " if marked else "  ", "bold $text-accent"),
        ("= kept here  " if context.kept else "", "bold"),
        (f"{stamp(context.at_ms)} {who:<4}", "$foreground 70%"),
        f" {'…' * (len(context.before) >= CUT)}{_inner(context.before)}",
        (one_line(context.surface), "bold underline"),
        f"{_inner(context.after)}{'…' * (len(context.after) >= CUT)}",
    )


def _inner(text: str) -> str:
    """The gate for text that keeps its space at either end."""
    safe = one_line(text)
    return f"{' ' * text[:1].isspace()}{safe}{' ' * (text[-1:].isspace() and bool(safe))}"


def _detail_line(item: "Item") -> Content:
    if item.decision is None:
        return Content.styled(f"g general form {item.general}", "$foreground 70%")
    outside = ", ".join(
        f"{profile}: {one_line(shown) if shown else 'as it was said'}"
        for profile, shown in item.shown.items()
        if profile is not ExportProfile.TEAM
    )
    return Content.styled(f"d {outside}", "$foreground 70%")


def _decision_line(item: "Item") -> Content:
    decision = item.decision
    if decision is None:
        return Content.assemble(
            ("open   ", "bold $text-warning"), "r replaces it everywhere with ", (one_line(item.suggestion), "bold")
        )
    if decision.action is Action.KEEP:
        return plain("= kept as it is, everywhere")
    kept = sum(context.kept for context in item.contexts)
    but = f", but for {kept} place{'s' * (kept != 1)}" if kept else ""
    return Content.assemble(f"✓ replaced everywhere{but} with ", (one_line(decision.replacement), "bold"))
