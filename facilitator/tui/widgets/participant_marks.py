"""Who is in the group, which key marks them as speaking, and who has talked how much."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

from textual.content import Content
from textual.widget import Widget

from facilitator.domain.ids import ASSISTANT, MODERATOR, Speaker
from facilitator.domain.text import one_line
from facilitator.tui.widgets.flow import flow
from facilitator.tui.widgets.talk_shares import Share

SILENT_MS: Final = 5 * 60_000
"""Shorter silences are how a conversation works."""
BAR: Final = 6
NAME: Final = 9
LIST_WIDTH: Final = 60
"""A widget narrower than this lists people one to a line; a wider one sets them side by side."""


@dataclass(frozen=True, slots=True)
class Person:
    """`key` marks them as speaking; `name` is a first name, or ""."""

    key: str
    label: Speaker
    name: str = ""


class ParticipantMarks(Widget):
    """A list when narrow, a flow of entries when wide. The one who speaks carries ◂ and is reversed."""

    DEFAULT_CSS = """
    ParticipantMarks {
        height: auto;
        padding: 0 2;
        & > .marks--key { color: $accent; text-style: bold; }
        & > .marks--quiet { color: $foreground 60%; }
        & > .marks--now { text-style: bold; background: $primary; color: $background; }
        & > .marks--bar { color: $primary; }
    }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {"marks--key", "marks--quiet", "marks--now", "marks--bar"}

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - the name that every widget uses
        super().__init__(id=id)
        self._people: tuple[Person, ...] = ()
        self._shares: Mapping[Speaker, Share] = {}
        self._unknown = False

    def introduce(self, people: Sequence[Person]) -> None:
        """Show these people from now on."""
        self._people = tuple(people)
        self.refresh(layout=True)

    def show(self, shares: Mapping[Speaker, Share], *, unknown: bool) -> None:
        """Show new shares; `unknown` when the mark says that nobody knows who speaks."""
        if (shares, unknown) != (self._shares, self._unknown):
            self._shares, self._unknown = dict(shares), unknown
            self.refresh()

    def render(self) -> Content:
        """All entries."""
        width = self.content_size.width
        return Content("\n").join(self._listed() if width < LIST_WIDTH else self._flowed(width))

    def get_content_height(self, container: object, viewport: object, width: int) -> int:
        """One line a person, or as many as the flow takes."""
        return len(self._people) + 1 if width < LIST_WIDTH else len(self._flowed(width))

    def _listed(self) -> list[Content]:
        lines = []
        for person in self._people:
            share = self._shares.get(person.label, Share(0, None, False))
            filled = min(BAR, round(share.percent * BAR / 50))  # half of the talk is a full bar
            head = f"{person.label:<5}{one_line(person.name, NAME):<{NAME + 1}}"
            style = self.get_visual_style("marks--now") if share.now else ""
            lines.append(
                Content.assemble(
                    (person.key, self.get_visual_style("marks--key")),
                    " ",
                    (head, style),
                    ("━" * filled, self.get_visual_style("marks--bar")),
                    ("─" * (BAR - filled), self.get_visual_style("marks--quiet")),
                    f"{share.percent:>4} % ",
                    self._state(share),
                )
            )
        return [*lines, self._unknown_entry()]

    def _flowed(self, width: int) -> list[Content]:
        entries = []
        for person in self._people:
            share = self._shares.get(person.label, Share(0, None, False))
            name = one_line(person.name, NAME)
            text = name if person.label in (MODERATOR, ASSISTANT) else f"{person.label} {name}".rstrip()
            style = self.get_visual_style("marks--now") if share.now else ""
            sign = " ◂" if share.now else f" {share.percent} %"
            entries.append(
                Content.assemble((person.key, self.get_visual_style("marks--key")), " ", (text, style), f"{sign:<5}")
            )
        return flow([*entries, self._unknown_entry()], width)

    def _state(self, share: Share) -> Content:
        if share.now:
            return Content.styled("◂ now", self.get_visual_style("marks--key"))
        if share.silent_ms is not None and share.silent_ms >= SILENT_MS:
            return Content.styled(f"silent {share.silent_ms // 60_000} min", self.get_visual_style("marks--quiet"))
        return Content()

    def _unknown_entry(self) -> Content:
        style = self.get_visual_style("marks--now") if self._unknown else self.get_visual_style("marks--quiet")
        return Content.assemble(
            ("0", self.get_visual_style("marks--key")), " ", ("unknown" + (" ◂" if self._unknown else ""), style)
        )
