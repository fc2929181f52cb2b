"""The lines below the list of sessions: what is due for deletion, and how old the last backup is."""

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Final

from facilitator.workflows import reminders as found

if TYPE_CHECKING:  # opens databases; not needed for the first paint
    from facilitator.workflows.sessions import Summary
    from facilitator.workflows.study import Study

_BACK_UP: Final = "^p, then Back up"


def reminders(study: "Study", rows: "Iterable[Summary]") -> tuple[str, ...]:
    """Each begins with the sign ! and says what to do."""
    now = found.reminders(study, rows)
    return tuple(f"! {line}" for line in (*now.deletion, *_with_keys(now.backup)))


def backup_hint(backed_up_utc: str, rows: "Iterable[Summary]", now: datetime | None = None) -> tuple[str, ...]:
    """One line when there is sound and no recent backup of it; else nothing."""
    return _with_keys(found.backup_reminder(backed_up_utc, rows, now))


def _with_keys(backup: str) -> tuple[str, ...]:
    return (f"{backup}: {_BACK_UP}",) if backup else ()
