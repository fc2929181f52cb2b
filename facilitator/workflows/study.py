"""Making a study, opening it, and writing to its log."""

import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self

from facilitator.domain.access import Grant, Role
from facilitator.domain.errors import (
    AccessRefused,
    Busy,
    Damaged,
    FacilitatorError,
    InvalidInput,
    NotFound,
    StorageFailed,
)
from facilitator.domain.events import Event, LinkageDestroyed, OwnerNamed, Stored
from facilitator.domain.ids import ResearchNumber, SessionId
from facilitator.domain.roster import Identity
from facilitator.domain.study_state import StudyState
from facilitator.storage import keys, linkage_key, rekeying
from facilitator.storage.database import create_database, open_database
from facilitator.storage.event_log import EventLog
from facilitator.storage.files import can_be_written, held, write_atomically
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

if TYPE_CHECKING:
    from facilitator.privacy.replacement import Replacer

_WHAT: Final = "This study"
_WAIT_S: Final = 3.0
"""How long to wait for a program that opens or changes the study: that takes milliseconds, new keys about a second."""


class Study:
    """An unlocked study. Close it, or use it as a context manager.

    `state` and `linkage` are as of the last `refresh`; `replacer` is that of the last release text, to make the next.
    With `write` False, and on a medium that cannot be written, it is `read_only`: not one byte is changed, what broke
    off is left as it is, and whatever would write is refused.

    Raises:
        Busy: its keys are just being replaced.
        InvalidInput: `study.toml` names another researcher than the study's own log does.
        AccessRefused, Damaged, NotFound, NewerVersion, StorageFailed: as `open_database`, and for its key.
    """

    def __init__(
        self, folder: StudyFolder, settings: StudySettings, key: keys.PersonalKey, *, write: bool = True
    ) -> None:
        self.folder = folder
        self.settings = settings
        self.key = key
        self.state = StudyState()
        self.read_only = not (write and can_be_written(folder.root))
        self._linkage: Linkage | None = None
        self.replacer: Replacer | None = None
        if self.read_only:
            rekeying.refuse_moving(folder.root, folder.database_key.name, "this study")
            self._open()
        else:
            with held(folder.lock_file, _WHAT, changing=True, wait_s=_WAIT_S):  # so that nobody replaces it meanwhile
                rekeying.finish(folder.root, folder.database_key.name)
                self._open()
        try:
            self.refresh()
            if self.state.owner and self.state.owner != settings.recipient:
                raise _other_recipient("the researcher who made this study", self.state.owner)
            if not self.read_only:
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
        self.replacer = None
        self._connection.close()

    def _open(self) -> None:
        database_key = keys.open_database_key(self.folder.database_key, self.key, "study key")
        self._connection = open_database(self.folder.database, database_key, read_only=self.read_only)
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
        files = self.linkage_files
        try:
            if files.doomed_key.exists():
                with self.changing():
                    self.end_linkage()
            elif self.own and not self.state.linkage_destroyed_utc and linkage_key.unsettled(files, self.key):
                with self.changing():
                    if not self.state.linkage_destroyed_utc:  # by another program, just now
                        linkage_key.settle(files, self.key, self.recipients_of_names)
        except (
            AccessRefused,
            Busy,
            Damaged,
            StorageFailed,
        ):  # said where names are needed; a group can be led without them
            return

    def end_linkage(self) -> bool:
        """Destroy the key between names and numbers, log it, then destroy the linkage file. Call it in `changing`.

        Returns whether the linkage file was at hand; where it cannot be removed it stays, and opens for nobody.

        Raises:
            StorageFailed: the key could not be destroyed, or that could not be logged; calling again goes on.
        """
        linkage_key.destroy_key(self.linkage_files)
        self._linkage = None
        if not self.state.linkage_destroyed_utc:
            self.record(LinkageDestroyed())
        reached = linkage_key.destroy_file(self.linkage_files)
        with suppress(StorageFailed):  # an empty file; the next opening tries again
            linkage_key.forget(self.linkage_files)
        return reached

    @property
    def linkage_files(self) -> LinkageFiles:
        """Where the linkage file and its key lie."""
        return LinkageFiles(self.folder.root, self.folder.linkage(self.settings))

    @property
    def own(self) -> bool:
        """Whether it was opened by the researcher who made it, not by somebody with a grant."""
        return self.key.recipient == self.settings.recipient

    @property
    def own_grants(self) -> list[Grant]:
        """The grants of whoever opened it; none for the researcher who made it."""
        return [one for one in self.state.grants if one.recipient == self.key.recipient]

    def role_in(self, session_id: SessionId | None = None) -> str:
        """Who is at the keyboard, for the logs: the role in a session, else in any; never a name."""
        if self.own:
            return Role.RESEARCHER.value
        of_session = [one for one in self.own_grants if one.session_id == session_id]
        return next((one.role.value for one in (*of_session, *self.own_grants)), "unknown")

    def recipients(self, grants: Iterable[Grant]) -> tuple[str, ...]:
        """Public keys of the researcher and of all who have one of `grants`."""
        return tuple(dict.fromkeys((self.settings.recipient, *(one.recipient for one in grants))))

    @property
    def recipients_of_names(self) -> tuple[str, ...]:
        """Public keys of those who may see names."""
        return self.recipients(one for one in self.state.grants if one.names)

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
        self.refuse_read_only()
        self._log.actor = self.role_in()
        stored = self._log.append_all([(event, 0) for event in events])
        self._replay()
        return stored

    def _replay(self) -> None:
        for stored in self._log.read(after=self.state.last_seq):
            self.state.apply(stored)

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Hold the study against every other program, with its state refreshed. Raises Busy, StorageFailed."""
        self.refuse_read_only()
        with held(self.folder.lock_file, _WHAT, changing=True, wait_s=_WAIT_S):
            self.refresh()
            yield

    @contextmanager
    def changing_access(self) -> Iterator[None]:
        """Nobody else changes meanwhile who can open what; the state is refreshed. Take it before `changing`.

        Raises:
            Busy: somebody else is at it.
            StorageFailed: nothing can be written here.
        """
        self.refuse_read_only()
        with held(self.folder.access_lock, "Who can open this study", changing=True):
            self.refresh()
            yield

    def refuse_read_only(self) -> None:
        """Raises StorageFailed where nothing may be written."""
        if self.read_only:
            raise StorageFailed(
                f"Nothing can be written in {self.folder.root}, so this study can only be looked at.",
                safe="Nothing was changed.",
                do="Copy its whole folder to a disk that can be written, and work there.",
            )

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
    _make(folder, making, key, title=title, approval_reference=approval_reference, language=language)
    for guide in sorted(shipped_guides().glob("*.yaml")):
        if not (folder.guides / guide.name).exists():
            shutil.copyfile(guide, folder.guides / guide.name)
    with open_study(folder, passphrase) as study:
        study.verify_log()
        study.change_linkage(lambda linkage: linkage)  # reads it back
    return folder.root


def throwaway_study(root: Path, *, title: str, language: str = "en") -> Study:
    """Make a study without guides and open it. Its key is in memory only: once closed, nobody can open it again.

    Raises:
        UsageError: there is one already.
        StorageFailed: the folder cannot be written.
    """
    folder, making = prepare_folder(root)
    key = keys.new_personal_key()
    write_atomically(making.identity_file, keys.seal(key.secret.encode(), (key.recipient,)))  # opens for itself alone
    _make(folder, making, key, title=title, language=language)
    return Study(folder, read_settings(folder), key)


def _make(
    folder: StudyFolder,
    making: StudyFolder,
    key: keys.PersonalKey,
    *,
    title: str,
    approval_reference: str = "",
    language: str = "en",
) -> None:
    """Make all files of a study but the identity, which is there, and move them into place."""
    recipients = (key.recipient,)
    database_key = keys.create_database_key(making.database_key, recipients)
    database = create_database(making.database, database_key)
    EventLog(database).append(OwnerNamed(key.recipient))
    database.close()
    linkage_key.create(LinkageFiles(making.root, making.root / "linkage.age"), recipients)
    write_settings(
        making, title=title, approval_reference=approval_reference, language=language, recipient=key.recipient
    )
    move_into_place(making, folder)


def open_study(folder: StudyFolder, passphrase: str, *, write: bool = True) -> Study:
    """Unlock a study; with `write` False, for a look that changes nothing.

    Raises:
        AccessRefused: wrong passphrase.
        InvalidInput: `study.toml` has faults, or names another researcher than the one whose identity this is.
        NewerVersion, Damaged, NotFound, Busy, StorageFailed: as `Study`.
    """
    settings = read_settings(folder)
    key = keys.unlock_identity(folder.identity_file, passphrase)
    if folder.identity is None and key.recipient != settings.recipient:
        raise _other_recipient("the identity in identity.age", key.recipient)
    if write:
        with suppress(StorageFailed):  # a copy under the old passphrase; the next opening tries again
            finish_shredding(folder.identity_file)
    return Study(folder, settings, key, write=write)


def _other_recipient(whose: str, recipient: str) -> InvalidInput:
    """The study must not be worked on: what is sealed from now on would be lost to its researcher, or be another's."""
    return InvalidInput(
        f"`recipient` in study.toml is not the public key of {whose}: that line was changed, or the file is another's.",
        safe="Nothing was written, and nothing was sealed for the key that stands there.",
        do=f'Find out who changed it, then write recipient = "{recipient}". Your own identity, if it is not the '
        "researcher's, is given with --identity.",
    )
