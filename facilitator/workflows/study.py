"""Making a study, opening it, and writing to its log."""

import shutil
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from facilitator.domain.events import Event, Stored
from facilitator.domain.study_state import StudyState
from facilitator.storage import keys
from facilitator.storage.database import create_database, open_database
from facilitator.storage.event_log import EventLog
from facilitator.storage.files import held
from facilitator.storage.linkage import Linkage, read_linkage, write_linkage
from facilitator.storage.study_folder import StudyFolder, StudySettings, create_folder, prepare_folder, read_settings

SHIPPED_GUIDES = (
    Path(__file__).resolve().parents[1] / "shipped_guides",  # in an installed copy
    Path(__file__).resolve().parents[2] / "guides",  # in a checkout
)


class Study:
    """An unlocked study. Close it, or use it as a context manager.

    `state` and `linkage` are as of the last `refresh`; every write refreshes first.
    """

    def __init__(self, folder: StudyFolder, settings: StudySettings, key: keys.PersonalKey) -> None:
        self.folder = folder
        self.settings = settings
        self.key = key
        database_key = keys.open_database_key(folder.database_key, key, "study key")
        self._connection = open_database(folder.database, database_key)
        self._log = EventLog(self._connection)
        self.state = StudyState()
        self.linkage = Linkage()
        self.refresh()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the database; the study must not be used afterwards."""
        self._connection.close()

    @property
    def recipients(self) -> tuple[str, ...]:
        """Public keys that new data is sealed for."""
        return (self.settings.recipient,)

    def refresh(self) -> None:
        """Take in what other programs have written."""
        for stored in self._log.read(after=self.state.last_seq):
            self.state.apply(stored)
        self.linkage = read_linkage(self.folder.linkage(self.settings), self.key)

    def record(self, *events: Event) -> list[Stored]:
        """Store events in the study log, all or none; durable when this returns. Raises StorageFailed."""
        stored = self._log.append_all([(event, 0) for event in events])
        self.refresh()
        return stored

    def change_linkage(self, change: Callable[[Linkage], Linkage]) -> None:
        """Rewrite the linkage file with `change` applied to what is stored now. Raises Busy, StorageFailed."""
        with held(self.folder.lock_file, "This study"):
            self.refresh()
            changed = change(self.linkage)
            if changed != self.linkage:
                write_linkage(self.folder.linkage(self.settings), changed, self.recipients)
                self.linkage = changed

    def verify_log(self) -> int:
        """Check the study log's hash chain and return the number of events; raises Damaged."""
        return self._log.verify()


def init_study(root: Path, *, title: str, passphrase: str, approval_reference: str = "", language: str = "en") -> Path:
    """Make a study and return its folder. Copies the shipped guides into it.

    Raises:
        UsageError: there is one already.
        InvalidInput: the passphrase is too short.
        StorageFailed: the folder cannot be written; nothing usable is left behind.
    """
    keys.check_passphrase(passphrase)
    folder = prepare_folder(root)
    key = keys.create_identity(folder.identity_file, passphrase)
    recipients = (key.recipient,)
    database_key = keys.create_database_key(folder.database_key, recipients)
    create_database(folder.database, database_key).close()
    write_linkage(folder.root / "linkage.age", Linkage(), recipients)
    for guide in sorted(shipped_guides().glob("*.yaml")):
        if not (folder.guides / guide.name).exists():
            shutil.copyfile(guide, folder.guides / guide.name)
    create_folder(
        folder.root, title=title, approval_reference=approval_reference, language=language, recipient=key.recipient
    )
    open_study(folder, passphrase).close()
    return folder.root


def open_study(folder: StudyFolder, passphrase: str) -> Study:
    """Unlock a study.

    Raises:
        AccessRefused: wrong passphrase.
        NewerVersion, Damaged, NotFound, InvalidInput: the files say so.
    """
    settings = read_settings(folder)
    return Study(folder, settings, keys.unlock_identity(folder.identity_file, passphrase))


def shipped_guides() -> Path:
    """The folder of guides that come with the program."""
    return next(path for path in SHIPPED_GUIDES if path.is_dir())
