"""Making a study, opening it, and writing to its log."""

import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from facilitator.domain.errors import AccessRefused, Busy, Damaged, FacilitatorError, NotFound, StorageFailed
from facilitator.domain.events import Event, LinkageDestroyed, Stored
from facilitator.domain.ids import ResearchNumber
from facilitator.domain.roster import Identity
from facilitator.domain.study_state import StudyState
from facilitator.storage import keys, linkage_key, rekeying
from facilitator.storage.database import create_database, open_database
from facilitator.storage.event_log import EventLog
from facilitator.storage.files import held
from facilitator.storage.guide_files import shipped_guides
from facilitator.storage.linkage import Linkage
from facilitator.storage.linkage_key import LinkageFiles
from facilitator.storage.shredding import finish_shredding
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
        self.state = StudyState()
        self._linkage: Linkage | None = None
        rekeying.settle(folder.root, folder.database_key.name, folder.lock_file, "This study")
        self._open()
        try:
            self.refresh()
            self._settle_keys()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the database; the study must not be used afterwards."""
        self._connection.close()

    def _open(self) -> None:
        database_key = keys.open_database_key(self.folder.database_key, self.key, "study key")
        self._connection = open_database(self.folder.database, database_key)
        self._log = EventLog(self._connection)

    @contextmanager
    def set_aside(self) -> Iterator[None]:
        """With the database closed, so that it can be replaced; it is opened again afterwards."""
        self._connection.close()
        try:
            yield
        except BaseException:
            with suppress(FacilitatorError):  # what broke it off is to be told, not what follows from it
                self._open()
            raise
        self._open()

    def _settle_keys(self) -> None:
        """End what was interrupted in replacing or destroying a key; a study of before gets its linkage key."""
        files, doomed = self.linkage_files, self.linkage_files.doomed_key.exists()
        try:
            if not doomed and (
                self.key.recipient != self.settings.recipient or not linkage_key.unsettled(files, self.key)
            ):
                return
            with self.changing():
                if doomed:
                    self.end_linkage()
                else:
                    linkage_key.settle(files, self.key, self.recipients_of_names)
        except (
            AccessRefused,
            Busy,
            Damaged,
            StorageFailed,
        ):  # said where names are needed; a group can be led without them
            return

    def end_linkage(self) -> bool:
        """Destroy the key between names and numbers, then the linkage file, and log it. Call it in `changing`.

        Returns whether the linkage file could be reached. Raises StorageFailed; calling again goes on from there.
        """
        reached = linkage_key.destroy(self.linkage_files)
        self._linkage = None
        if not self.state.linkage_destroyed_utc:
            self.record(LinkageDestroyed())
        linkage_key.forget(self.linkage_files)
        return reached

    @property
    def linkage_files(self) -> LinkageFiles:
        """Where the linkage file and its key lie."""
        return LinkageFiles(self.folder.root, self.folder.linkage(self.settings))

    @property
    def recipients_of_names(self) -> tuple[str, ...]:
        """Public keys of those who may see names."""
        return tuple(
            dict.fromkeys((self.settings.recipient, *(one.recipient for one in self.state.grants if one.names)))
        )

    @property
    def recipients(self) -> tuple[str, ...]:
        """Public keys that new data is sealed for."""
        return (self.settings.recipient,)

    @property
    def linkage(self) -> Linkage:
        """The linkage file, read when it is first needed after a refresh.

        Raises:
            NotFound: it is not there, such as on a stick that is not plugged in, or was destroyed on purpose.
            AccessRefused: names are not open to this key.
            Damaged: it cannot be opened.
        """
        if self.state.linkage_destroyed_utc:
            raise NotFound(
                "The key between names and numbers was destroyed on purpose.",
                safe="Numbers, transcripts and exports are kept.",
                do="What needs names cannot be done any more.",
            )
        if self._linkage is None:
            self._linkage = linkage_key.read(self.linkage_files, self.key)
        return self._linkage

    @property
    def names_at_hand(self) -> Mapping[ResearchNumber, Identity]:
        """Names for the screens; none while the linkage file is elsewhere, since a group can be led without it."""
        return self.linkage.identities if self.linkage_here else {}

    @property
    def linkage_here(self) -> bool:
        """False while the linkage file is not there, and for somebody who may not see names."""
        try:
            return self.linkage is not None
        except (NotFound, AccessRefused):
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
                if linkage_key.unsettled(self.linkage_files, self.key):  # it was on another medium until now
                    linkage_key.settle(self.linkage_files, self.key, self.recipients_of_names)
                linkage_key.write(self.linkage_files, changed, self.key)
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
    linkage_key.create(LinkageFiles(making.root, making.root / "linkage.age"), recipients)
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
    key = keys.unlock_identity(folder.identity_file, passphrase)
    finish_shredding(folder.identity_file)
    return Study(folder, settings, key)
