"""The question under discussion: large, on its own, with the time it has had."""

from dataclasses import dataclass
from typing import ClassVar, Final

from textual.content import Content
from textual.style import Style
from textual.widget import Widget

from facilitator.domain.text import one_line
from facilitator.domain.timebase import clock
from facilitator.tui.widgets.row_layout import wrap

BAR: Final = 16
MEASURE: Final = 72
"""Characters of a question's line that are still read at a glance."""


@dataclass(frozen=True, slots=True)
class Shown:
    """One question as shown. Times in ms; `asked` is False for a question that waits to be put."""

    place: str
    section: str
    text: str
    probes: tuple[str, ...]
    asked: bool
    spent_ms: int
    planned_ms: int
    whole_ms: int
    whole_planned_ms: int


class QuestionPanel(Widget):
    """Type and position, time on this question and in all, the question, its probes."""

    DEFAULT_CSS = """
    QuestionPanel {
        height: auto;
        padding: 1 2 0 2;
        & > .question--place { color: $text-accent; text-style: bold; }
        & > .question--text { text-style: bold; }
        & > .question--quiet { color: $foreground 70%; }
        & > .question--bar { color: $primary; }
        & > .question--over { color: $text-accent; text-style: bold; }
    }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "question--place",
        "question--text",
        "question--quiet",
        "question--bar",
        "question--over",
    }

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - the name that every widget uses
        super().__init__(id=id)
        self._shown: Shown | None = None

    def show(self, shown: Shown | None) -> None:
        """Show a question, or that the guide has none."""
        if shown != self._shown:
            moved = (self._shown and self._shown.text) != (shown and shown.text)
            self._shown = shown
            self.refresh(layout=moved)

    def render(self) -> Content:
        """All of it, wrapped."""
        return Content("\n").join(self._lines(self.content_size.width))

    def get_content_height(self, container: object, viewport: object, width: int) -> int:
        """Lines that the question takes at this width."""
        return len(self._lines(width))

    def _lines(self, width: int) -> list[Content]:
        shown = self._shown
        if shown is None:
            return [Content("The guide of this session has no questions.")]
        spent = self._spent(shown)
        hints = ("",) if shown.asked else (" · not asked yet, space asks it", " · space asks it", "")
        room = width - spent.cell_length - 1
        place = next((one for one in (shown.place + hint for hint in hints) if len(one) <= room), shown.place)
        lines = [
            self._between(Content.styled(place, self._style("place")), spent, width),
            self._between(
                Content.styled(one_line(shown.section), self._style("quiet")),
                Content.styled(
                    f"whole group {clock(shown.whole_ms)} of {clock(shown.whole_planned_ms)}", self._style("quiet")
                ),
                width,
            ),
            Content(),
            *(Content.styled(line, self._style("text")) for line in _wrapped(shown.text, min(width, MEASURE))),
            Content(),
        ]
        for probe in shown.probes:
            first, *rest = _wrapped(probe, min(width, MEASURE) - 4)
            lines.append(Content.styled(f"  ▸ {first}", self._style("quiet")))
            lines += [Content.styled(f"    {line}", self._style("quiet")) for line in rest]
        return lines

    def _spent(self, shown: Shown) -> Content:
        filled = min(BAR, shown.spent_ms * BAR // max(1, shown.planned_ms))
        over = shown.spent_ms - shown.planned_ms
        said = f"{clock(over)} over " if over > 0 else ""
        return Content.assemble(
            (said, self._style("over")),
            f"{clock(shown.spent_ms)} of {clock(shown.planned_ms)} ",
            ("━" * filled, self._style("over" if over > 0 else "bar")),
            ("─" * (BAR - filled), self._style("quiet")),
        )

    def _between(self, left: Content, right: Content, width: int) -> Content:
        left = left.truncate(max(0, width - right.cell_length - 1), ellipsis=True)
        return left + Content(" " * max(1, width - left.cell_length - right.cell_length)) + right

    def _style(self, part: str) -> Style:
        return self.get_visual_style(f"question--{part}")


def _wrapped(text: str, width: int) -> list[str]:
    safe = one_line(text)
    return [safe[start:end].rstrip() for start, end in wrap(safe, width)]
