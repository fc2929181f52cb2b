"""Participants: research numbers, background and, kept apart, the names that belong to them."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

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


@dataclass(frozen=True, slots=True)
class BackgroundRow:
    """One value of one column: `count` is None where it was suppressed."""

    column: str
    value: str
    count: int | None


def background_table(participants: Iterable[Participant], threshold: int = SMALL_CELL) -> tuple[BackgroundRow, ...]:
    """Counts for each background column, small cells suppressed.

    When exactly one cell of a column is suppressed, the next smallest is suppressed too: otherwise the column's
    total would give it back (complementary suppression).
    """
    people = tuple(participants)
    columns = dict.fromkeys(column for person in people for column in person.background)
    rows: list[BackgroundRow] = []
    for column in columns:
        counts = Counter(person.background.get(column) or "not stated" for person in people)
        hidden = {value for value, count in counts.items() if count < threshold}
        if len(hidden) == 1 and len(counts) > 1:
            hidden.add(min((value for value in counts if value not in hidden), key=lambda value: counts[value]))
        rows.extend(
            BackgroundRow(column, value, None if value in hidden else count) for value, count in counts.most_common()
        )
    return tuple(rows)
