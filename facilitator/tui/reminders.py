"""The lines below the list of sessions: what is due for deletion, and how old the last backup is."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:  # opens databases; not needed for the first paint
    from facilitator.workflows.sessions import Summary
    from facilitator.workflows.study import Study

OLD_DAYS: Final = 7


def reminders(study: "Study", rows: "Iterable[Summary]") -> tuple[str, ...]:
    """Each begins with the sign ! and says what to do."""
    from facilitator.workflows.retaining import due

    return tuple(f"! {line}" for line in (*due(study), *backup_hint(study.state.backed_up_utc, rows)))


def backup_hint(backed_up_utc: str, rows: "Iterable[Summary]", now: datetime | None = None) -> tuple[str, ...]:
    """One line when there is sound and no recent backup of it; else nothing."""
    if not any(row.length_ms for row in rows):
        return ()
    if not backed_up_utc:
        return ("This study was never backed up: ^p, then Back up",)
    days = ((now or datetime.now(UTC)) - datetime.fromisoformat(backed_up_utc)).days
    return (f"The last backup was {days} days ago: ^p, then Back up",) if days >= OLD_DAYS else ()
