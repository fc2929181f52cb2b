"""What experience says about a discussion guide: its time, its types of questions, its wording.

Hints, never errors: simple rules from the literature on focus groups. The sources are named in `guide_wording`; “after”
before one means that the number is ours, drawn from what they describe.
"""

from collections.abc import Iterator
from typing import Final

from facilitator.domain.guide import Guide, Question, QuestionType
from facilitator.domain.guide_wording import Hint, wording_hints, wording_known

RESERVE_MINUTES: Final = 10
"""What the welcome, the ground rules and the closing take of the appointment."""
FULL_GROUP_MINUTES: Final = 45
"""A shorter appointment is no full group (a try-out, a short follow-up): rules about the balance do not fit it."""
MOST_QUESTIONS: Final = 12
KEY_QUESTIONS: Final = (2, 5)
KEY_MINUTES: Final = (10, 20)

_CASEY: Final = "Krueger & Casey 2015"
_PURPOSES: Final = {
    QuestionType.OPENING: "everybody speaks once, and each voice is on the recording",
    QuestionType.INTRODUCTORY: "it brings up the topic",
    QuestionType.TRANSITION: "it leads from the topic to the key questions",
    QuestionType.ENDING: "people sum up, and say what was missed",
}


def guide_hints(guide: Guide) -> tuple[Hint, ...]:
    """Every hint on a guide: the slot, the types, the number of questions, then each question in the order asked."""
    hints = [*_slot(guide), *_missing_types(guide)]
    if max(guide.slot_minutes, planned_minutes(guide)) >= FULL_GROUP_MINUTES:
        hints += _balance(guide)
    if not wording_known(guide.language):
        unread = f"the wording in {guide.language} was not looked at"
        hints.append(Hint("language", "", f"rules about wording are known for English and Norwegian only; {unread}"))
    for question in guide.questions:
        hints += wording_hints(question, guide.language)
    return tuple(hints)


def planned_minutes(guide: Guide) -> float:
    """The minutes of all questions together."""
    return sum(question.minutes for question in guide.questions)


def _slot(guide: Guide) -> Iterator[Hint]:
    planned, slot = planned_minutes(guide), guide.slot_minutes
    if not slot:
        what = (
            f"no `slot_minutes`; state how long the appointment is, so that {planned:g} minutes can be held against it"
        )
        yield Hint("slot", "", what)
    elif planned + RESERVE_MINUTES > slot:
        what = (
            f"{planned:g} minutes of questions and about {RESERVE_MINUTES} for welcome and closing do not fit into "
            f"{slot:g}; leave out {planned + RESERVE_MINUTES - slot:g} min"
        )
        yield Hint("slot", "", what, f"after {_CASEY}")


def _missing_types(guide: Guide) -> Iterator[Hint]:
    present = {question.type for question in guide.questions}
    for kind, purpose in _PURPOSES.items():
        if kind not in present:
            yield Hint("missing-type", "", f"no question of type {kind.value}: {purpose}", _CASEY)


def _balance(guide: Guide) -> Iterator[Hint]:
    keys = [question for question in guide.questions if question.type is QuestionType.KEY]
    if len(guide.questions) > MOST_QUESTIONS:
        what = f"{len(guide.questions)} questions; about a dozen is what a group can talk through"
        yield Hint("number", "", what, "Krueger 2002")
    fewest, most = KEY_QUESTIONS
    if not fewest <= len(keys) <= most:
        yield Hint(
            "key-number", "", f"{len(keys)} key question{'s' * (len(keys) != 1)}; {fewest} to {most} are usual", _CASEY
        )
    share = sum(question.minutes for question in keys) / planned_minutes(guide)
    if share < 0.5:
        what = f"key questions have {share:.0%} of the planned time; the study is for them, so give them half or more"
        yield Hint("key-share", "", what, f"after {_CASEY}")
    yield from (_key_minutes(question) for question in keys if not KEY_MINUTES[0] <= question.minutes <= KEY_MINUTES[1])


def _key_minutes(question: Question) -> Hint:
    what = f"is a key question with {question.minutes:g} minutes; {KEY_MINUTES[0]} to {KEY_MINUTES[1]} are usual"
    return Hint("key-minutes", question.id, what, _CASEY)
