"""Participants: research numbers, background and, kept apart, the names that belong to them."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from facilitator.domain.ids import ResearchNumber, number_value


@dataclass(frozen=True, slots=True)
class Participant:
    """What the study database knows of a person: no name. `background` maps a column to its value."""

    number: ResearchNumber
    background: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Identity:
    """What only the linkage file knows: a person's name and the other names they go by."""

    number: ResearchNumber
    name: str
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RosterRow:
    """One row of an imported roster, before it has a number."""

    name: str
    aliases: tuple[str, ...] = ()
    background: Mapping[str, str] = field(default_factory=dict)


def next_numbers(used: Iterable[str], count: int) -> tuple[ResearchNumber, ...]:
    """`count` fresh numbers after the highest ever used, so that a withdrawn number never returns."""
    highest = max((number_value(number) for number in used), default=0)
    return tuple(ResearchNumber(f"P{highest + step}") for step in range(1, count + 1))


def alphabetical(names: Iterable[str]) -> bool:
    """True when three or more names stand in alphabetical order, so that a number would hint at a name."""
    folded = [name.casefold() for name in names]
    return len(folded) > 2 and folded == sorted(folded)


SMALL_CELL = 3
"""Counts under this are suppressed: fewer than three people in a cell can single somebody out."""
NOT_STATED: Final = "not stated"
TOO_FEW: Final = "too few people to be counted"
"""The one value of a column of which nothing can be told without telling all."""


@dataclass(frozen=True, slots=True)
class BackgroundRow:
    """One value of one column: `count` is None where it was suppressed."""

    column: str
    value: str
    count: int | None


def background_table(participants: Iterable[Participant], threshold: int = SMALL_CELL) -> tuple[BackgroundRow, ...]:
    """Counts for each background column, the highest first, then the suppressed ones by name.

    Cells under `threshold` are suppressed, and the next smallest with them where they could be reckoned from the number
    of people (complementary suppression). Where no cell is left for that, the column has one row, `TOO_FEW`. Nobody who
    knows this rule, the threshold and the number of people can tell the count of a suppressed cell.
    """
    people = tuple(participants)
    columns = dict.fromkeys(column for person in people for column in person.background)
    return tuple(
        row
        for column in columns
        for row in _rows(column, Counter(person.background.get(column) or NOT_STATED for person in people), threshold)
    )


def _rows(column: str, counts: Mapping[str, int], threshold: int) -> Iterator[BackgroundRow]:
    hidden = {value for value, count in counts.items() if count < threshold}
    shown = sorted(counts.keys() - hidden, key=lambda value: (-counts[value], value))
    if _told_by_their_sum([counts[value] for value in hidden], threshold):
        if not shown:
            yield BackgroundRow(column, TOO_FEW, None)
            return
        fewest = counts[shown[-1]]
        # of equals the one whose first person came first: the order of names would tell which of the two is the small
        beside = next(value for value, count in counts.items() if count == fewest)
        hidden.add(beside)
        shown.remove(beside)
    for value in shown:
        yield BackgroundRow(column, value, counts[value])
    for value in sorted(hidden):
        yield BackgroundRow(column, value, None)


def _told_by_their_sum(small: Sequence[int], threshold: int) -> bool:
    """Whether cells of 1 to `threshold` - 1 people can be told from their sum: one alone, or all as small as can be, or
    all as large: three under five that make twelve have four each."""
    return len(small) == 1 or (bool(small) and sum(small) in (len(small), len(small) * (threshold - 1)))
