from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import permutations, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facilitator.domain.ids import ResearchNumber
from facilitator.domain.roster import TOO_FEW, BackgroundRow, Participant, background_table

TABLE_2 = {
    "sex": {"female": 27, "male": 9},
    "profession": {
        "nurse": 19,
        "social worker": 5,
        "doctor or psychologist": 4,
        "occupational therapist or educator": 4,
        "other mental health professional": 4,
    },
    "workplace": {"inpatient": 23, "outpatient": 13},
    "years": {"under 2": 10, "2 to 5": 6, "over 5": 20},
}
"""Background of the participants of the published study of 36 that the program is modeled on."""


def people(table: Mapping[str, Mapping[str, int]]) -> list[Participant]:
    # made up: only the counts of a column are those of the table, what goes with what is not
    columns = {
        column: [value for value, count in counts.items() for _ in range(count)] for column, counts in table.items()
    }
    return [
        Participant(ResearchNumber(f"P{number}"), dict(zip(columns, values, strict=True)))
        for number, values in enumerate(zip(*columns.values(), strict=True), 1)
    ]


def published(rows: Sequence[BackgroundRow]) -> dict[str, dict[str, int | None]]:
    found: defaultdict[str, dict[str, int | None]] = defaultdict(dict)
    for row in rows:
        found[row.column][row.value] = row.count
    return dict(found)


def test_the_table_of_the_reference_study_comes_out_as_it_was_printed() -> None:
    roster = people(TABLE_2)
    assert len(roster) == 36
    assert published(background_table(roster)) == TABLE_2


@pytest.mark.parametrize(
    ("threshold", "hidden"),
    [
        (
            5,  # three cells under five that make twelve would have four each, so the five goes too
            {
                "social worker",
                "doctor or psychologist",
                "occupational therapist or educator",
                "other mental health professional",
            },
        ),
        (
            10,
            {
                "female",
                "male",
                "social worker",
                "doctor or psychologist",
                "occupational therapist or educator",
                "other mental health professional",
                "2 to 5",
                "under 2",
            },
        ),
    ],
)
def test_of_the_reference_study_small_cells_take_with_them_what_would_give_them_away(
    threshold: int, hidden: set[str]
) -> None:
    rows = background_table(people(TABLE_2), threshold)
    assert {row.value for row in rows if row.count is None} == hidden
    known = {value: count for counts in TABLE_2.values() for value, count in counts.items()}
    assert all(row.count in (None, known[row.value]) for row in rows)


def test_suppressed_rows_stand_last_in_an_order_that_tells_nothing() -> None:
    rows = background_table(people({"job": {"vicar": 2, "nurse": 19, "cook": 1, "doctor": 7}}))
    assert [(row.value, row.count) for row in rows] == [("nurse", 19), ("doctor", 7), ("cook", None), ("vicar", None)]


def test_a_column_of_which_nothing_can_be_told_has_one_row() -> None:
    assert background_table(people({"job": {"cook": 1, "vicar": 1}})) == (BackgroundRow("job", TOO_FEW, None),)
    assert background_table(people({"job": {"cook": 2}})) == (BackgroundRow("job", TOO_FEW, None),)


def test_who_did_not_say_is_counted_too() -> None:
    roster = [Participant(ResearchNumber(f"P{number}"), {"job": "nurse" if number > 3 else ""}) for number in range(9)]
    assert published(background_table(roster)) == {"job": {"nurse": 5, "not stated": 4}}


COUNTS = st.lists(st.integers(1, 40), min_size=1, max_size=8)


@given(counts=COUNTS, threshold=st.integers(1, 12))
def test_no_combination_of_published_cells_and_the_total_gives_a_suppressed_one(
    counts: list[int], threshold: int
) -> None:
    rows = background_table(people({"job": {f"v{index}": count for index, count in enumerate(counts)}}), threshold)
    values = [row.value for row in rows]
    shown = [[Fraction(value == row.value) for value in values] for row in rows if row.count is not None]
    equations = [*shown, [Fraction(1)] * len(values)]
    if values == [TOO_FEW]:
        assert all(count < threshold for count in counts)
        return
    for row in rows:
        alone = [Fraction(value == row.value) for value in values]
        can_be_reckoned = rank([*equations, alone]) == rank(equations)
        assert can_be_reckoned == (row.count is not None)
        assert row.count is None or row.count >= threshold


def rank(rows: Sequence[Sequence[Fraction]]) -> int:
    left, found = [list(row) for row in rows], 0
    for column in range(len(left[0]) if left else 0):
        pivot = next((row for row in left[found:] if row[column]), None)
        if pivot is None:
            continue
        left.remove(pivot)
        left.insert(found, pivot)
        for at, row in enumerate(left):
            if at != found and row[column]:
                times = row[column] / pivot[column]
                left[at] = [one - times * other for one, other in zip(row, pivot, strict=True)]
        found += 1
    return found


@pytest.mark.parametrize("threshold", [2, 3, 4])
def test_nobody_who_knows_the_rule_can_tell_a_suppressed_count(threshold: int) -> None:
    # every study of up to four values and six people a value: which of them give the same table?
    same: defaultdict[tuple[int, tuple[BackgroundRow, ...]], list[Mapping[str, int]]] = defaultdict(list)
    for counts in studies():
        same[sum(counts.values()), background_table(people({"job": counts}), threshold)].append(counts)
    for (_, rows), possible in same.items():
        for row in rows:
            if row.count is None and row.value != TOO_FEW:
                assert len(Counter(counts[row.value] for counts in possible)) > 1, (rows, possible)


def studies() -> Iterator[Mapping[str, int]]:
    for size in (1, 2, 3, 4):
        for counts in product(range(1, 7 if size < 4 else 6), repeat=size):
            for order in permutations(range(size)):
                yield {f"v{index}": counts[index] for index in order}
