"""Who is in the group, where they sit, which key marks them as speaking, and who has talked how much."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Final

from textual.content import Content
from textual.style import Style
from textual.widget import Widget

from facilitator.domain.group import Presence
from facilitator.domain.ids import ASSISTANT, MODERATOR, Speaker
from facilitator.domain.participation import Hint, Share
from facilitator.domain.text import one_line
from facilitator.tui.widgets.flow import flow, same_lines
from facilitator.tui.widgets.round_table import LEAST_WIDTH, round_table, side_width

BAR: Final = 6
NAME: Final = 9
LIST_WIDTH: Final = 60
"""A widget narrower than this lists people one to a line; a wider one sets them side by side."""
GONE: Final = {Presence.ABSENT: "absent", Presence.LEFT: "left"}
GONE_SIGNS: Final = {Presence.ABSENT: "–", Presence.LEFT: "←"}
NOBODY: Final = Share(0, 0, 0, now=False)


@dataclass(frozen=True, slots=True)
class Person:
    """`key` marks them as speaking; `name` is a first name, or ""."""

    key: str
    label: Speaker
    name: str = ""
    presence: Presence = Presence.EXPECTED


@dataclass(frozen=True, slots=True)
class Floor:
    """Who talks: shares of everybody, hints to show, and whether the mark says that nobody knows who speaks."""

    shares: Mapping[Speaker, Share]
    hints: tuple[Hint, ...] = ()
    unknown: bool = False


class ParticipantMarks(Widget):
    """A list when narrow, a flow of entries when wide, or a round table. The one who speaks carries ◂ and is
    reversed; a hint is a word at somebody's entry."""

    DEFAULT_CSS = """
    ParticipantMarks {
        height: auto;
        padding: 0 2;
        & > .marks--key { color: $accent; text-style: bold; }
        & > .marks--quiet { color: $foreground 60%; }
        & > .marks--now { text-style: bold; background: $primary; color: $background; }
        & > .marks--bar { color: $primary; }
        & > .marks--hint { color: $text-accent; }
    }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {"marks--key", "marks--quiet", "marks--now", "marks--bar", "marks--hint"}

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - the name that every widget uses
        super().__init__(id=id)
        self._people: tuple[Person, ...] = ()
        self._floor = Floor({})
        self._as_table = False
        self._drawn: dict[int, list[Content]] = {}

    def notify_style_update(self) -> None:
        """Another theme has other colors."""
        self._drawn.clear()
        super().notify_style_update()

    def introduce(self, people: Sequence[Person]) -> None:
        """Show these people from now on, in the order in which they sit; moderator and assistant last."""
        self._people = tuple(people)
        self._drawn.clear()
        self.refresh(layout=True)

    def show(self, floor: Floor) -> None:
        """Show new shares and hints."""
        width = self.content_size.width
        before, self._floor = self._lines(width), floor
        self._drawn.clear()
        after = self._lines(width)
        if not same_lines(before, after):  # most of a second's change is less than a percent
            self.refresh(layout=len(before) != len(after))

    def other_form(self) -> None:
        """The list in place of the table, or the other way about."""
        self._as_table = not self._as_table
        self._drawn.clear()
        self.refresh(layout=True)

    def render(self) -> Content:
        """All entries."""
        return Content("\n").join(self._lines(self.content_size.width))

    def get_content_height(self, container: object, viewport: object, width: int) -> int:
        """Lines that it takes at `width` cells."""
        return len(self._lines(width))

    def _lines(self, width: int) -> list[Content]:
        """Asked for several times whenever something changes: put together only once."""
        if width not in self._drawn:
            self._drawn[width] = self._laid_out(width)
        return self._drawn[width]

    def _laid_out(self, width: int) -> list[Content]:
        if self._as_table and width >= LEAST_WIDTH:
            seated = [self._seat(one, width) for one in self._people if one.label not in (MODERATOR, ASSISTANT)]
            others = [self._entry(one) for one in self._people if one.label in (MODERATOR, ASSISTANT)]
            below = Content("   ").join([*others, self._unknown_entry()])
            return [*round_table(seated, below, width), *self._hint_lines(width)]
        if width < LIST_WIDTH:
            return [*(self._row(person) for person in self._people), self._unknown_entry(), *self._hint_lines(width)]
        entries = [self._entry(person, share=True) for person in self._people]
        return [*flow([*entries, self._unknown_entry()], width), *self._hint_lines(width)]

    def _row(self, person: Person) -> Content:
        share = self._floor.shares.get(person.label, NOBODY)
        filled = min(BAR, round(share.percent * BAR / 50))  # half of the talk is a full bar
        head = f"{person.label:<5}{one_line(person.name, NAME):<{NAME + 1}}"
        key = (person.key, self._style("key"))
        if person.presence in GONE:
            return Content.assemble(
                key, " ", (head + GONE[person.presence], self._style("quiet")), *self._floor_sign(share)
            )
        return Content.assemble(
            key,
            " ",
            (head, self._style("now") if share.now else ""),
            ("━" * filled, self._style("bar")),
            ("─" * (BAR - filled), self._style("quiet")),
            f"{share.percent:>4} %",
            (f"{share.turns:>4}×", self._style("quiet")),
            *self._floor_sign(share),
        )

    def _floor_sign(self, share: Share) -> list[tuple[str, Style]]:
        return [(" ◂", self._style("key"))] if share.now else []

    def _entry(self, person: Person, *, share: bool = False) -> Content:
        own = self._floor.shares.get(person.label, NOBODY)
        name = one_line(person.name, NAME)
        text = name if person.label in (MODERATOR, ASSISTANT) else f"{person.label} {name}".rstrip()
        key = (person.key, self._style("key"))
        if person.presence in GONE:
            words = (f"{text} {GONE[person.presence]}", self._style("quiet"))
            return Content.assemble(key, " ", words, *self._floor_sign(own))
        sign = " ◂" if own.now else f" {own.percent} %" if share else ""
        style = self._style("now") if own.now else ""
        return Content.assemble(key, " ", (text, style), f"{sign:<5}" if share else sign)

    def _seat(self, person: Person, width: int) -> Content:
        """An entry of the table: a sign says who is not there, and a name makes room for signs."""
        name = one_line(person.name, min(NAME, side_width(width) - len(f"1 {person.label}  ◂")))
        seated = replace(person, name=name, presence=Presence.HERE)
        if person.presence not in GONE:
            return self._entry(seated)
        words = (f"{person.label} {name}".rstrip() + f" {GONE_SIGNS[person.presence]}", self._style("quiet"))
        share = self._floor.shares.get(person.label, NOBODY)
        return Content.assemble((person.key, self._style("key")), " ", words, *self._floor_sign(share))

    def _hint_lines(self, width: int) -> list[Content]:
        """One line: who is silent, the longest first, and who holds over half."""
        silent = [hint for hint in self._floor.hints if hint.silent_ms]
        loud = [f"{hint.speaker} holds {hint.percent} %" for hint in self._floor.hints if not hint.silent_ms]
        least = min((hint.silent_ms for hint in silent), default=0) // 60_000
        who = " ".join(hint.speaker for hint in silent)
        said = [f"{who} silent {least} min" if len(silent) == 1 else f"silent {least} min or more: {who}"]
        said = said if silent else []
        line = " · ".join([*said, *loud])
        return [Content.styled(line, self._style("hint")).truncate(width, ellipsis=True)] if line else []

    def _unknown_entry(self) -> Content:
        unknown = self._floor.unknown
        style = self._style("now" if unknown else "quiet")
        return Content.assemble(("0", self._style("key")), " ", ("unknown" + (" ◂" if unknown else ""), style))

    def _style(self, part: str) -> Style:
        return self.get_visual_style(f"marks--{part}")
