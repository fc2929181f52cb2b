from hypothesis import given
from hypothesis import strategies as st

from facilitator.domain.stretches import Stretch, common, last_of, merged, total, without

stretches = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), max_size=8)


def moments(of: list[Stretch]) -> set[int]:
    return {at for start, end in of for at in range(start, end)}


@given(stretches, stretches)
def test_sums_and_differences_are_those_of_the_moments_in_them(ours: list[Stretch], others: list[Stretch]) -> None:
    for made, expected in (
        (merged(ours), moments(ours)),
        (without(ours, others), moments(ours) - moments(others)),
        (common(ours, others), moments(ours) & moments(others)),
    ):
        assert moments(made) == expected
        assert made == sorted(made)
        assert all(start < end for start, end in made)
        assert total(made) == len(expected)


def test_the_last_that_is_long_enough_or_else_the_longest() -> None:
    assert last_of([(0, 5), (7, 12), (20, 22)], 5) == (7, 12)
    assert last_of([(0, 5), (7, 12), (20, 22)], 2) == (20, 22)
    assert last_of([(0, 3), (7, 9)], 5) == (0, 3)
