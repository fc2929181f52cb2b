"""Making a study, opening it, and writing to its log."""

import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from facilitator.domain.errors import NotFound
from facilitator.domain.events import Event, Stored
from facilitator.domain.ids import ResearchNumber
from facilitator.domain.roster import Identity
from facilitator.domain.study_state import StudyState
from facilitator.storage import keys
from facilitator.storage.database import create_database, open_database
from facilitator.storage.event_log import EventLog
from facilitator.storage.files import held
from facilitator.storage.guide_files import shipped_guides
from facilitator.storage.linkage import Linkage, read_linkage, write_linkage
from facilitator.storage.study_folder import (
    StudyFolder,
    StudySettings,
    move_into_place,
    prepare_folder,
    read_settings,
    write_settings,
)


class Study:
    """An unlocked study. Close it, or use it as a context manager.

    `state` and `linkage` are as of the last `refresh`.
    """

    def __init__(self, folder: StudyFolder, settings: StudySettings, key: keys.PersonalKey) -> None:
        self.folder = folder
        self.settings = settings
        self.key = key
        database_key = keys.open_database_key(folder.database_key, key, "study key")
        self._connection = open_database(folder.database, database_key)
        self._log = EventLog(self._connection)
        self.state = StudyState()
        self._linkage: Linkage | None = None
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

    @property
    def linkage(self) -> Linkage:
        """The linkage file, read when it is first needed after a refresh.

        Raises:
            NotFound: it is not there, such as on a stick that is not plugged in.
            Damaged, AccessRefused: it cannot be opened.
        """
        if self._linkage is None:
            self._linkage = read_linkage(self.folder.linkage(self.settings), self.key)
        return self._linkage

    @property
    def names_at_hand(self) -> Mapping[ResearchNumber, Identity]:
        """Names for the screens; none while the linkage file is elsewhere, since a group can be led without it."""
        return self.linkage.identities if self.linkage_here else {}

    @property
    def linkage_here(self) -> bool:
        """False while the linkage file is not there."""
        try:
            return self.linkage is not None
        except NotFound:
            return False

    def refresh(self) -> None:
        """Take in what other programs have written."""
        self._replay()
        self._linkage = None

    def record(self, *events: Event) -> list[Stored]:
        """Store events in the study log, all or none; durable when this returns. Raises StorageFailed."""
        stored = self._log.append_all([(event, 0) for event in events])
        self._replay()
        return stored

    def _replay(self) -> None:
        for stored in self._log.read(after=self.state.last_seq):
            self.state.apply(stored)

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Hold the study against every other program, with its state refreshed. Raises Busy."""
        with held(self.folder.lock_file, "This study"):
            self.refresh()
            yield

    def change_linkage(self, change: Callable[[Linkage], Linkage]) -> None:
        """Rewrite the linkage file with `change` applied to what is stored now. Raises Busy, StorageFailed."""
        with self.changing():
            changed = change(self.linkage)
            if changed != self.linkage:
                write_linkage(self.folder.linkage(self.settings), changed, self.recipients)
                self._linkage = changed

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
    folder, making = prepare_folder(root)
    key = keys.create_identity(making.identity_file, passphrase)
    recipients = (key.recipient,)
    database_key = keys.create_database_key(making.database_key, recipients)
    create_database(making.database, database_key).close()
    write_linkage(making.root / "linkage.age", Linkage(), recipients)
    write_settings(
        making, title=title, approval_reference=approval_reference, language=language, recipient=key.recipient
    )
    move_into_place(making, folder)
    for guide in sorted(shipped_guides().glob("*.yaml")):
        if not (folder.guides / guide.name).exists():
            shutil.copyfile(guide, folder.guides / guide.name)
    with open_study(folder, passphrase) as study:
        study.verify_log()
        study.change_linkage(lambda linkage: linkage)  # reads it back
    return folder.root


def open_study(folder: StudyFolder, passphrase: str) -> Study:
    """Unlock a study.

    Raises:
        AccessRefused: wrong passphrase.
        NewerVersion, Damaged, NotFound, InvalidInput: the files say so.
    """
    settings = read_settings(folder)
    return Study(folder, settings, keys.unlock_identity(folder.identity_file, passphrase))
