"""How a long job says where it is, through one callback that any front end can draw."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a job is. `done` and `total` share a unit of the job's choice; `seconds_left` is None while unknown."""

    label: str
    done: float
    total: float
    seconds_left: float | None = None

    @property
    def fraction(self) -> float:
        """0.0 to 1.0."""
        return min(1.0, self.done / self.total) if self.total > 0 else 0.0

    def __str__(self) -> str:
        left = "" if self.seconds_left is None else f" · {_left(self.seconds_left)} left"
        return f"{self.label} {self.fraction:.0%}{left}"


Report = Callable[[Progress], None]
"""Takes each progress report. It may raise Cancelled; the job then stops with what it has stored."""


def silent(_: Progress) -> None:
    """A report that nobody reads."""


def estimate_left(seconds_spent: float, done: float, total: float) -> float | None:
    """Seconds left at the pace so far, or None before 3 % is done."""
    if total <= 0 or done / total < 0.03:
        return None
    return seconds_spent * (total - done) / done


def _left(seconds: float) -> str:
    return f"{int(seconds)} s" if seconds < 90 else f"{round(seconds / 60)} min"
