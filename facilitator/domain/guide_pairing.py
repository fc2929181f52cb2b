"""A guide and its translation, question by question: a translation is a guide of its own with the same question ids."""

from collections.abc import Iterator
from dataclasses import dataclass

from facilitator.domain.guide import Guide, Question


@dataclass(frozen=True, slots=True)
class Pair:
    """One question id in both guides: `sections` and `questions` of the one and the other; None where one lacks it."""

    id: str
    sections: tuple[str | None, str | None]
    questions: tuple[Question | None, Question | None]


def paired(guide: Guide, other: Guide) -> tuple[Pair, ...]:
    """Every id of either guide: in the order of `guide`, and what only `other` has after what it follows there."""
    left, right = _by_id(guide), _by_id(other)
    ids = list(left)
    place = 0
    for name in right:
        if name in left:
            place = ids.index(name) + 1
        else:
            ids.insert(place, name)
            place += 1
    return tuple(_pair(name, left.get(name), right.get(name)) for name in ids)


def differences(guide: Guide, other: Guide) -> Iterator[tuple[str, str]]:
    """(question id, what differs) for ids that one side lacks, and for another type or other minutes."""
    for pair in paired(guide, other):
        mine, theirs = pair.questions
        if mine is None or theirs is None:
            yield pair.id, f"is missing in {guide.id if mine is None else other.id}"
            continue
        if mine.type is not theirs.type:
            yield pair.id, f"is {mine.type.value} in {guide.id}, {theirs.type.value} in {other.id}"
        if mine.minutes != theirs.minutes:
            yield pair.id, f"has {mine.minutes:g} minutes in {guide.id}, {theirs.minutes:g} in {other.id}"


_Placed = tuple[str, Question]


def _by_id(guide: Guide) -> dict[str, _Placed]:
    return {question.id: (section.title, question) for section in guide.sections for question in section.questions}


def _pair(name: str, left: _Placed | None, right: _Placed | None) -> Pair:
    sections = (left[0] if left else None, right[0] if right else None)
    return Pair(name, sections, (left[1] if left else None, right[1] if right else None))
