"""Where a group stands in its guide: pure reckoning over the questions asked and when."""

from collections.abc import Sequence

from facilitator.domain.guide import Guide, Question
from facilitator.tui.widgets.question_panel import Shown


class QuestionCourse:
    """The questions of `guide` and the (at_ms, id) of each asking, oldest first."""

    def __init__(self, guide: Guide | None, asked: Sequence[tuple[int, str]]) -> None:
        self._guide = guide
        self._questions = guide.questions if guide else ()
        known = {question.id for question in self._questions}
        self._asked = [(at_ms, question_id) for at_ms, question_id in asked if question_id in known]

    @property
    def current(self) -> Question | None:
        """The question asked last, or None before the first."""
        last = self._asked[-1][1] if self._asked else ""
        return next((question for question in self._questions if question.id == last), None)

    def neighbor(self, direction: int) -> Question | None:
        """The question after (1) or before (-1) the current one in the guide; the first, when none was asked."""
        current = self.current
        if current is None:
            return self._questions[0] if self._questions and direction > 0 else None
        index = self._questions.index(current) + direction
        return self._questions[index] if 0 <= index < len(self._questions) else None

    def spent_ms(self, question_id: str, now_ms: int) -> int:
        """Time under this question, all askings together, up to `now_ms`."""
        ends = [*(at_ms for at_ms, _ in self._asked[1:]), now_ms]
        return sum(
            max(0, end_ms - at_ms)
            for (at_ms, asked_id), end_ms in zip(self._asked, ends, strict=False)
            if asked_id == question_id
        )

    def shown(self, now_ms: int) -> Shown | None:
        """What the panel shows at `now_ms`: the current question, or the first one while none was asked."""
        question = self.current or self.neighbor(1)
        if question is None or self._guide is None:
            return None
        kind, number, count = self._guide.position(question.id)
        section = next(section.title for section in self._guide.sections if question in section.questions)
        return Shown(
            f"{kind.upper()} {number} of {count}",
            section,
            question.text,
            question.probes,
            self.current is not None,
            self.spent_ms(question.id, now_ms),
            int(question.minutes * 60_000),
            now_ms,
            self._guide.planned_ms,
        )
