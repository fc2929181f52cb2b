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
    holes, passed = merged(taken), 0
    for start, end in merged(stretches):
        while passed < len(holes) and holes[passed][1] <= start:
            passed += 1
        at, place = start, passed
        while place < len(holes) and holes[place][0] < end:
            left.append((at, holes[place][0]))
            at, place = holes[place][1], place + 1
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
