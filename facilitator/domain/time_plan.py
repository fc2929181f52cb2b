"""Where a group stands in its guide: time planned, spent and left, and what to drop when it is late. Pure reckoning."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from facilitator.domain.conduct_state import QuestionStep, Step
from facilitator.domain.guide import Guide, Question, QuestionType
from facilitator.domain.stretches import Stretch, common, total, without

LATE_MS: Final = 60_000
"""Less than this is not worth a word."""


class Standing(StrEnum):
    """What became of a question so far."""

    OPEN = "open"
    ASKED = "asked"
    SKIPPED = "skipped"
    PARKED = "parked"


@dataclass(frozen=True, slots=True)
class Covered:
    """A question in the coverage report. Times in ms; `at_ms` is its first asking, None if there was none."""

    question: Question
    section: str
    standing: Standing
    reason: str
    at_ms: int | None
    spent_ms: int
    planned_ms: int


@dataclass(frozen=True, slots=True)
class Dropping:
    """What to drop when late: `questions` save `saved_ms`; `late_ms` is how late it is without dropping anything."""

    late_ms: int
    questions: tuple[Question, ...]
    saved_ms: int

    @property
    def enough(self) -> bool:
        """Whether every question that is left keeps its minutes then."""
        return self.saved_ms >= self.late_ms


class TimePlan:
    """The plan at `now_ms` of the session clock.

    Args:
        guide: as run.
        course: what was done with questions, in time order.
        breaks: stretches that count for no question.
        now_ms: now.
    """

    def __init__(
        self, guide: Guide | None, course: Sequence[QuestionStep], breaks: Sequence[Stretch], now_ms: int
    ) -> None:
        self.guide, self.now_ms = guide, now_ms
        self.questions = guide.questions if guide else ()
        known = {question.id: question for question in self.questions}
        self._course = [step for step in course if step.question_id in known]
        self._asked = [step for step in self._course if step.step is Step.ASKED]
        self._last = {step.question_id: step for step in self._course}
        self._spent = self._all_spent(breaks)
        self.breaks_ms = total(common(breaks, [(self._asked[0].at_ms, now_ms)])) if self._asked else 0
        self.current = known[self._asked[-1].question_id] if self._asked else None

    # --- one question

    def standing(self, question: Question) -> Standing:
        """What became of it."""
        last = self._last.get(question.id)
        return Standing(last.step.value) if last else Standing.OPEN

    def reason(self, question: Question) -> str:
        """Why it was skipped, or ""."""
        last = self._last.get(question.id)
        return last.reason if last else ""

    def spent_ms(self, question: Question) -> int:
        """Time under this question, all askings together, breaks aside."""
        return self._spent.get(question.id, 0)

    def left_ms(self, question: Question) -> int:
        """What its planned minutes still hold; never under 0."""
        return max(0, question.planned_ms - self.spent_ms(question))

    # --- what comes

    @property
    def next(self) -> Question | None:
        """The question to put now: the next open one after the current; before the ending ones, what was put off or
        passed over; None when all was asked or skipped."""
        after = self.questions.index(self.current) + 1 if self.current else 0
        ahead = [one for one in self.questions[after:] if self.standing(one) is Standing.OPEN]
        parked = [one for one in self.questions if self.standing(one) is Standing.PARKED]
        if ahead and ahead[0].type is not QuestionType.ENDING:
            return ahead[0]
        passed = [one for one in self.questions[:after] if self.standing(one) is Standing.OPEN]
        return next(iter((*parked, *passed, *ahead)), None)

    @property
    def previous(self) -> Question | None:
        """The question that was asked before the current one."""
        before = [step.question_id for step in self._asked if self.current and step.question_id != self.current.id]
        return next((one for one in self.questions if before and one.id == before[-1]), None)

    # --- the whole

    @property
    def ends_ms(self) -> int | None:
        """When the group is to end: the appointment counted from the start of the clock, else the planned minutes
        counted from the first question, breaks added; None before that."""
        if self.guide is None:
            return None
        if self.guide.slot_minutes:
            return int(self.guide.slot_minutes * 60_000)
        return self._asked[0].at_ms + self.guide.planned_ms + self.breaks_ms if self._asked else None

    @property
    def to_come_ms(self) -> int:
        """Planned minutes of all that is still to be asked, what is left of the current question included."""
        waiting = [one for one in self.questions if self.standing(one) in (Standing.OPEN, Standing.PARKED)]
        current = self.current
        under_way = current is not None and self.standing(current) is Standing.ASKED
        return sum(one.planned_ms for one in waiting) + (self.left_ms(current) if current and under_way else 0)

    @property
    def late_ms(self) -> int:
        """How much too late the group would end if everything still to come took its planned minutes; under 0 when
        there is time to spare, 0 before the first question."""
        if self.ends_ms is None or not self._asked:
            return 0
        return self.now_ms + self.to_come_ms - self.ends_ms

    @property
    def dropping(self) -> Dropping | None:
        """What to drop so that the key questions keep their minutes; None while the group is less than a minute late.

        Key and must-ask questions are never proposed, ending ones only when no others are left to drop. Of the rest
        the shortest that is enough by itself goes; where none is, the longest go first.
        """
        late_ms = self.late_ms
        if late_ms < LATE_MS:
            return None
        droppable = [
            one
            for one in self.questions
            if self.standing(one) in (Standing.OPEN, Standing.PARKED)
            and one.type is not QuestionType.KEY
            and not one.must_ask
        ]
        middle = [one for one in droppable if one.type is not QuestionType.ENDING]
        chosen = _smallest(middle, late_ms)
        saved_ms = sum(one.planned_ms for one in chosen)
        if saved_ms < late_ms:
            endings = [one for one in droppable if one.type is QuestionType.ENDING]
            chosen += _smallest(endings, late_ms - saved_ms)
        in_order = tuple(one for one in self.questions if one in chosen)
        return Dropping(late_ms, in_order, sum(one.planned_ms for one in in_order))

    def coverage(self) -> tuple[Covered, ...]:
        """Every question of the guide with what became of it, in order."""
        first = {step.question_id: step.at_ms for step in reversed(self._asked)}
        sections = self.guide.sections if self.guide else ()
        return tuple(
            Covered(
                one,
                section.title,
                self.standing(one),
                self.reason(one),
                first.get(one.id),
                self.spent_ms(one),
                one.planned_ms,
            )
            for section in sections
            for one in section.questions
        )

    def _all_spent(self, breaks: Sequence[Stretch]) -> dict[str, int]:
        ends = [*(step.at_ms for step in self._asked[1:]), self.now_ms]
        spent: dict[str, int] = {}
        for step, end_ms in zip(self._asked, ends, strict=False):
            talked = total(without([(step.at_ms, max(step.at_ms, end_ms))], breaks))
            spent[step.question_id] = spent.get(step.question_id, 0) + talked
        return spent


def _smallest(questions: Sequence[Question], wanted_ms: int) -> list[Question]:
    """The shortest of `questions` that saves `wanted_ms`; else the longest ones until they do, or are all."""
    if enough := [one for one in questions if one.planned_ms >= wanted_ms]:
        return [min(enough, key=lambda one: one.planned_ms)]
    chosen: list[Question] = []
    for one in sorted(questions, key=lambda one: -one.planned_ms):
        if sum(taken.planned_ms for taken in chosen) < wanted_ms:
            chosen.append(one)
    return chosen
