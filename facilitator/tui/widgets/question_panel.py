"""The question under discussion: large, on its own, with the time it has had and what comes next."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar, Final

from textual.content import Content
from textual.style import Style
from textual.widget import Widget

from facilitator.domain.conduct_state import QuestionStep, Step
from facilitator.domain.guide import Guide, Question
from facilitator.domain.text import one_line
from facilitator.domain.time_plan import LATE_MS, Dropping, TimePlan
from facilitator.domain.timebase import clock
from facilitator.tui.widgets.flow import same_lines
from facilitator.tui.widgets.row_layout import wrap

BAR: Final = 16
MEASURE: Final = 72
"""Characters of a question's line that are still read at a glance."""
STEP_WORDS: Final = {Step.ASKED: "asked", Step.SKIPPED: "skipped", Step.PARKED: "put off"}
TALL: Final = 32
"""Lines of a terminal that has room for a blank one between the question and its probes."""


@dataclass(frozen=True, slots=True)
class Shown:
    """One question as shown. Times in ms; `asked` is False for a question that waits to be put. `late` says what to
    drop, `next` what comes; either may be ""."""

    place: str
    section: str
    text: str
    probes: tuple[str, ...]
    stimuli: tuple[str, ...]
    asked: bool
    spent_ms: int
    planned_ms: int
    whole: str
    late: str
    next: str


def shown(
    plan: TimePlan, stimuli_shown: frozenset[tuple[str, int]] = frozenset(), *, may_drop: bool = True
) -> Shown | None:
    """What the panel shows: the current question, or the one to begin with; None for an empty guide. `may_drop` as in
    `late_words`."""
    question = plan.current or plan.next
    if question is None or plan.guide is None:
        return None
    section = next(section.title for section in plan.guide.sections if question in section.questions)
    return Shown(
        place=_place(plan.guide, question),
        section=section,
        text=question.text,
        probes=question.probes,
        stimuli=tuple(
            f"{name} · {'shown' if (question.id, index) in stimuli_shown else 'z when shown'}"
            for index, name in enumerate(question.stimuli)
        ),
        asked=plan.current is not None,
        spent_ms=plan.spent_ms(question),
        planned_ms=question.planned_ms,
        whole=_whole(plan),
        late=late_words(plan.dropping, plan.guide, may_drop=may_drop) if plan.dropping else "",
        next=_next(plan) if plan.current else "",
    )


def late_words(dropping: Dropping, guide: Guide | None, *, may_drop: bool = True) -> str:
    """How late, and what to drop: one line that a half-second's glance takes in. Without `may_drop`, y means something
    else just now."""
    late = f"+{clock(dropping.late_ms)} late"
    if not dropping.questions:
        return f"{late} · only key and must-ask questions are left"
    if len(dropping.questions) == 1:
        what = f"“{one_line(dropping.questions[0].text, 24)}”"
    else:
        what = ", ".join(_short_place(guide, one.id) for one in dropping.questions)
    keeps = "keeps all key questions" if dropping.enough else f"saves {clock(dropping.saved_ms)}"
    return f"{late} · {'y drops' if may_drop else 'dropping'} {what}: {keeps}"


def undone_words(undone: Iterable[QuestionStep], guide: Guide | None) -> str:
    """Which steps were taken back."""
    steps = (f"{_short_place(guide, one.question_id)} {STEP_WORDS[one.step]}" for one in undone)
    return f"taken back: {', '.join(steps)}"


def _short_place(guide: Guide | None, question_id: str) -> str:
    """KEY 2; the id of a question that the guide does not have."""
    if guide is None or all(one.id != question_id for one in guide.questions):
        return question_id
    kind, number, _ = guide.position(question_id)
    return f"{kind.upper()} {number}"


def _place(guide: Guide, question: Question) -> str:
    kind, number, count = guide.position(question.id)
    return f"{kind.upper()} {number} of {count}" + (" · must ask" if question.must_ask else "")


def _whole(plan: TimePlan) -> str:
    now, late = plan.now_ms, plan.late_ms
    until = plan.ends_ms if plan.ends_ms is not None else plan.guide.planned_ms if plan.guide else 0
    pace = f" · {clock(-late)} spare" if late <= -LATE_MS else ""  # when late, a line of its own says so
    return f"whole group {clock(now)} of {clock(until)}{pace}"


def _next(plan: TimePlan) -> str:
    coming = plan.next
    if coming is None or plan.guide is None:
        return "that was the last one"
    return f"{_place(plan.guide, coming)} · {one_line(coming.text, 200)}"


class QuestionPanel(Widget):
    """Type and position, time on this question and in all, the question, its probes, what comes next."""

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
        self._probes = True
        self._drawn: dict[tuple[int, bool], list[Content]] = {}

    def notify_style_update(self) -> None:
        """Another theme has other colors."""
        self._drawn.clear()
        super().notify_style_update()

    def show(self, shown: Shown | None) -> None:
        """Show a question, or that the guide has none."""
        if shown != self._shown:
            before = self._at_hand()
            self._shown = shown
            self._drawn.clear()
            after = self._at_hand()
            if not same_lines(before, after):  # time runs in smaller steps than it is shown in
                self.refresh(layout=len(before) != len(after))

    def toggle_probes(self) -> None:
        """Hide the probes, or show them again."""
        self._probes = not self._probes
        self._drawn.clear()
        self.refresh(layout=True)

    def render(self) -> Content:
        """All of it, wrapped."""
        return Content("\n").join(self._lines(self.content_size.width))

    def get_content_height(self, container: object, viewport: object, width: int) -> int:
        """Lines that the question takes at this width."""
        return len(self._lines(width))

    def _at_hand(self) -> list[Content]:
        return self._lines(self.content_size.width or MEASURE)

    def _lines(self, width: int) -> list[Content]:
        """Asked for several times whenever something changes: wrapped only once."""
        look = (width, self.app.size.height < TALL)
        if look not in self._drawn:
            self._drawn[look] = self._laid_out(*look)
        return self._drawn[look]

    def _laid_out(self, width: int, short: bool) -> list[Content]:
        shown = self._shown
        if shown is None:
            return [Content("The guide of this session has no questions.")]
        quiet = self._style("quiet")
        spent = self._spent(shown)
        below, late = self._below(shown, width), _wrapped(shown.late, width) if shown.late else []
        lines = [
            _between(Content.styled(shown.place, self._style("place")), spent, width),
            _between(Content.styled(one_line(shown.section), quiet), Content.styled(shown.whole, quiet), width),
            *(Content.styled(line, self._style("over")) for line in late),
            Content(),
            *(Content.styled(line, self._style("text")) for line in _wrapped(shown.text, min(width, MEASURE))),
            *([] if below and short else [Content()]),
            *below,
        ]
        coming = f"next ▸ {shown.next}" if shown.asked else "not asked yet · space asks it"
        return [*lines, Content.styled(coming, quiet).truncate(width, ellipsis=True)]

    def _below(self, shown: Shown, width: int) -> list[Content]:
        """Probes, or how many there are, and what is shown with the question."""
        quiet = self._style("quiet")
        if shown.probes and not self._probes:
            many = "1 probe" if len(shown.probes) == 1 else f"{len(shown.probes)} probes"
            return [Content.styled(f"  ▸ {many} · . shows", quiet)]
        lines: list[Content] = []
        for sign, text in (*(("▸", probe) for probe in shown.probes), *(("◫", one) for one in shown.stimuli)):
            first, *rest = _wrapped(text, min(width, MEASURE) - 4)
            lines.append(Content.styled(f"  {sign} {first}", quiet))
            lines += [Content.styled(f"    {line}", quiet) for line in rest]
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

    def _style(self, part: str) -> Style:
        return self.get_visual_style(f"question--{part}")


def _between(left: Content, right: Content, width: int) -> Content:
    left = left.truncate(max(0, width - right.cell_length - 1), ellipsis=True)
    return left + Content(" " * max(1, width - left.cell_length - right.cell_length)) + right


def _wrapped(text: str, width: int) -> list[str]:
    safe = one_line(text)
    return [safe[start:end].rstrip() for start, end in wrap(safe, width)]
