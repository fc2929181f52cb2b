"""What stands together of one participant, or which sessions it was read from."""

from collections.abc import Callable, Iterator
from itertools import groupby
from typing import TYPE_CHECKING, Final

from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.events import Resize
from textual.widgets import Static

from facilitator.domain.mosaic import Fate, Identifier, Profile, Said, Shared
from facilitator.domain.text import one_line
from facilitator.domain.timebase import clock
from facilitator.tui.widgets.row_layout import wrap
from facilitator.tui.widgets.text import plain

if TYPE_CHECKING:
    from facilitator.workflows.mosaic import Mosaic

_SIGNS: Final = {Fate.OPEN: "?", Fate.KEPT: "=", Fate.REPLACED: "✓"}
"""As on the screen where identifiers are decided."""
Sections = Iterator[tuple[str, list[str]]]


class MosaicPanel(Vertical):
    """A heading, and below it sections of lines, wrapped anew for each width."""

    DEFAULT_CSS = """
    MosaicPanel {
        width: 1fr;
        height: 1fr;
        border-left: solid $panel;
        & > #about { height: auto; padding: 1 2 0 2; }
        & > VerticalScroll { height: 1fr; padding: 1 2 0 2; }
        & #sections { height: auto; }
    }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)
        self._draw: Callable[[int], Content] = lambda _: Content()

    def compose(self) -> ComposeResult:
        """Heading and sections."""
        yield Static(id="about")
        with VerticalScroll(can_focus=False):
            yield Static(id="sections")

    def show_text(self, text: str) -> None:
        """Show a sentence alone."""
        self._show(Content(), lambda width: _lines("", [text], width))

    def show_person(self, one: Profile, everybody: int) -> None:
        """Show a participant of `everybody` on the roster."""
        stands_out = "stands out" if one.reasons else "nothing stands out by these rules"
        heading = Content.assemble((one.number, "bold $text-accent"), f" · {stands_out}")
        self._show(heading, lambda width: _together(_person(one, everybody), width))

    def show_sessions(self, seen: "Mosaic") -> None:
        """Show what was read, and what was left out and why."""
        heading = Content.styled("Sessions behind this", "bold $text-accent")
        self._show(heading, lambda width: _together(_sessions(seen), width))

    def scroll(self, direction: int) -> None:
        """Show more."""
        part = self.query_one(VerticalScroll)
        part.scroll_relative(y=direction * max(1, part.size.height - 1), animate=False)

    def show_end(self) -> None:
        """Show what stands last, the notes."""
        self.query_one(VerticalScroll).scroll_end(animate=False)

    def on_resize(self, _: Resize) -> None:
        """Lines are wrapped to the width."""
        self._redraw()

    def _show(self, heading: Content, draw: Callable[[int], Content]) -> None:
        self._draw = draw
        self.query_one("#about", Static).update(heading)
        self._redraw()
        self.query_one(VerticalScroll).scroll_home(animate=False)

    def _redraw(self) -> None:
        width = max(12, self.size.width - 6)  # border, padding and scroll bar
        self.query_one("#sections", Static).update(self._draw(width))


def _person(one: Profile, everybody: int) -> Sections:
    yield "Why", list(one.reasons)
    yield f"Background, how many of {everybody} share it", list(_background(one))
    yield "Rare together", [f"{_count(shared)} of {everybody}: {_values(shared)}" for shared in one.rare]
    yield "Said, in their own turns", [_identifier(found) for found in one.identifiers]
    yield "Family", [_said(cue.said) for cue in one.cues if cue.kind == "family"]
    yield "Events", [_said(cue.said) for cue in one.cues if cue.kind == "event"]
    yield "Phrases that can be looked up", [f"{_said(phrase.said)} ({phrase.kind})" for phrase in one.phrases]
    yield "Risk notes", [f"{note.at_utc[:10]} {note.text}" for note in one.notes] or ["none yet: n writes one"]


def _background(one: Profile) -> Iterator[str]:
    """Each value with its count, then the smallest of two values, then the whole row."""
    singles = [shared for shared in one.shared if len(shared.values) == 1]
    for shared in singles:
        yield f"{shared.values[0][0]} {shared.values[0][1]}: {shared.count}"
    pairs = [shared for shared in one.shared if len(shared.values) == 2]
    if pairs and len(singles) > 1:
        yield f"fewest for two, {_values(pairs[0])}: {pairs[0].count}"
    whole = [shared for shared in one.shared if len(shared.values) == len(singles) > 2]
    if whole:
        yield f"the whole row: {whole[0].count}"


def _values(shared: Shared) -> str:
    return str(shared)


def _count(shared: Shared) -> str:
    return "only one" if shared.count == 1 else f"only {shared.count}"


def _identifier(found: Identifier) -> str:
    times = "once" if found.mentions == 1 else f"{found.mentions} times"
    where = ", ".join(found.sessions)
    return f"{_SIGNS[found.fate]} {found.category.value} {found.shown}: {found.fate.value}, {times} in {where}"


def _said(said: Said) -> str:
    return f"{said.session} at {clock(said.at_ms)} {said.text}"


def _sessions(seen: "Mosaic") -> Sections:
    yield "Read", [", ".join(seen.read) or "none"]
    by_reason = groupby(sorted(seen.left_out, key=lambda one: one[1]), key=lambda one: one[1])
    yield "Left out", [f"▲ {', '.join(session for session, _ in those)}: {why}" for why, those in by_reason]
    if seen.unattributed:
        yield "Turns without a speaker", [f"▲ {seen.unattributed}, which are in nobody's view"]
    yield (
        "What this cannot see",
        ["The rules are few and the patterns English: read the turns of each person together before a release too."],
    )


def _together(sections: Sections, width: int) -> Content:
    return Content("\n\n").join(_lines(heading, lines, width) for heading, lines in sections if lines)


def _lines(heading: str, entries: list[str], width: int) -> Content:
    """A heading and below it the entries, those that go on indented."""
    found = [Content.styled(heading, "bold")] if heading else []
    for entry in entries:
        text = one_line(entry, 2000)
        for place, (start, end) in enumerate(wrap(text, width - 2)):
            found.append(plain(f"{'  ' if place else ''}{text[start:end].rstrip()}"))
    return Content("\n").join(found)
