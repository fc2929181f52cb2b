"""Sums and differences of stretches of time: (start, end) in any one unit, the end excluded."""

from collections.abc import Iterable, Sequence

Stretch = tuple[int, int]


def merged(stretches: Iterable[Stretch]) -> list[Stretch]:
    """The same time as few stretches in order; empty ones go."""
    found: list[Stretch] = []
    for start, end in sorted(stretches):
        if start >= end:
            continue
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((start, end))
    return found


def without(stretches: Iterable[Stretch], taken: Iterable[Stretch]) -> list[Stretch]:
    """What of `stretches` is not in `taken`, in order."""
    left: list[Stretch] = []
    holes = merged(taken)
    for start, end in merged(stretches):
        at = start
        for hole_start, hole_end in holes:
            if hole_end <= at or hole_start >= end:
                continue
            left.append((at, hole_start))
            at = hole_end
        left.append((at, end))
    return [one for one in left if one[0] < one[1]]


def common(stretches: Iterable[Stretch], others: Iterable[Stretch]) -> list[Stretch]:
    """What is in both, in order."""
    ours = merged(stretches)
    return without(ours, without(ours, others))


def last_of(stretches: Sequence[Stretch], least: int) -> Stretch:
    """The last that is at least so long; of none, the longest. `stretches` has one at least."""
    long = [one for one in stretches if one[1] - one[0] >= least]
    return long[-1] if long else max(stretches, key=lambda one: one[1] - one[0])


def total(stretches: Iterable[Stretch]) -> int:
    """Their length together."""
    return sum(end - start for start, end in merged(stretches))
