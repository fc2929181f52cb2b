"""What a person ought to be reminded of: what is due for deletion, and how old the last backup is."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:  # opens databases; not needed for the first paint
    from facilitator.workflows.sessions import Summary
    from facilitator.workflows.study import Study

OLD_DAYS: Final = 7


@dataclass(frozen=True, slots=True)
class Reminders:
    """`deletion` is a line for each thing that is due; `backup` is one, or "". Neither says what to press or type."""

    deletion: tuple[str, ...] = ()
    backup: str = ""


def reminders(study: "Study", rows: "Iterable[Summary]") -> Reminders:
    """As of now; `rows` are the study's sessions. Opens no session."""
    from facilitator.workflows.retaining import due

    return Reminders(tuple(due(study)), backup_reminder(study.state.backed_up_utc, rows))


def backup_reminder(backed_up_utc: str, rows: "Iterable[Summary]", now: datetime | None = None) -> str:
    """Words for sound without a backup of the last week; "" where there is none to speak of."""
    if not any(row.length_ms for row in rows):
        return ""
    if not backed_up_utc:
        return "This study was never backed up"
    days = ((now or datetime.now(UTC)) - datetime.fromisoformat(backed_up_utc)).days
    return f"The last backup was {days} days ago" if days >= OLD_DAYS else ""
