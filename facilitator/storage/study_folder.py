"""Where the parts of a study lie, and its plain settings file."""

import json
import shutil
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from facilitator.domain.errors import InvalidInput, NewerVersion, NotFound, UsageError
from facilitator.domain.ids import SessionId
from facilitator.domain.text import one_line
from facilitator.storage.files import make_folder, read_file, storage_failed, sync_folder, write_atomically

FORMAT: Final = 1
STUDY_FILES: Final = ("identity.age", "linkage.key.age", "linkage.age", "study.key.age", "study.db", "study.toml")


class StudySettings(BaseModel):
    """`study.toml`: nothing personal. `recipient` is the public key that new data is sealed for.

    `search` is how much the search for identifiers proposes.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    format: int
    title: str
    approval_reference: str = ""
    language: str = "en"
    search: Literal["careful", "balanced", "brief"] = "careful"
    recipient: str
    linkage: str = "linkage.age"


@dataclass(frozen=True, slots=True)
class StudyFolder:
    """Paths of a study. `root` is absolute; `identity` is another person's identity file, if not the researcher's."""

    root: Path
    identity: Path | None = None

    @property
    def settings_file(self) -> Path:
        return self.root / "study.toml"

    @property
    def guides(self) -> Path:
        return self.root / "guides"

    @property
    def identity_file(self) -> Path:
        return self.identity or self.root / "identity.age"

    @property
    def database(self) -> Path:
        return self.root / "study.db"

    @property
    def database_key(self) -> Path:
        return self.root / "study.key.age"

    @property
    def lock_file(self) -> Path:
        return self.root / ".study.lock"

    @property
    def access_lock(self) -> Path:
        """Held while somebody changes who can open what."""
        return self.root / ".access.lock"

    def session(self, session_id: SessionId) -> "SessionFolder":
        """The folder of one session."""
        return SessionFolder(self.root / "sessions" / session_id)

    def linkage(self, settings: StudySettings) -> Path:
        """The linkage file: relative paths start at the study."""
        return self.root / Path(settings.linkage).expanduser()


@dataclass(frozen=True, slots=True)
class SessionFolder:
    """Paths of one session."""

    root: Path

    @property
    def database(self) -> Path:
        return self.root / "session.db"

    @property
    def key(self) -> Path:
        return self.root / "session.key.age"

    @property
    def audio(self) -> Path:
        return self.root / "audio"

    @property
    def reserve(self) -> Path:
        """What a running recording keeps in reserve for a full disk."""
        return self.audio / "ballast"

    def track(self, number: int) -> Path:
        """The folder of the recording (0) or of a backup track (1 or more)."""
        return self.root / f"audio-backup-{number}" if number else self.audio

    @property
    def exports(self) -> Path:
        return self.root / "exports"

    @property
    def lock_file(self) -> Path:
        return self.root / ".session.lock"

    @property
    def assist_lock(self) -> Path:
        """Held by a second writer, and by whoever replaces what that one would have open."""
        return self.root / ".assist.lock"


def find_study(start: Path, identity: Path | None = None) -> StudyFolder:
    """The study in `start` or the nearest folder above it, to be opened with `identity` if that is given.

    Raises:
        NotFound: none of them holds a study.
    """
    start = start.expanduser().resolve()
    for folder in (start, *start.parents):
        if (folder / "study.toml").is_file():
            return StudyFolder(folder, identity)
    raise NotFound(
        f"There is no study in {start} or above it.",
        do="Go to the study's folder, name it with --study DIR, or make one with `facilitator study init DIR`.",
    )


def write_settings(
    folder: StudyFolder, *, title: str, approval_reference: str, language: str, recipient: str
) -> StudySettings:
    """Write a new `study.toml`; raises StorageFailed."""
    settings = StudySettings(
        format=FORMAT,
        title=one_line(title, 200),
        approval_reference=one_line(approval_reference, 120),
        language=language,
        recipient=recipient,
    )
    text = (
        "# A Facilitator study. This file holds no personal data.\n"
        f"format = {settings.format}\n"
        f"title = {_toml(settings.title)}\n"
        "# Number of the ethics or data protection approval; printed in exports.\n"
        f"approval_reference = {_toml(settings.approval_reference)}\n"
        "# Language spoken, as an ISO 639-1 code.\n"
        f"language = {_toml(settings.language)}\n"
        "# How much the search for identifiers proposes: careful, balanced or brief.\n"
        f"search = {_toml(settings.search)}\n"
        "# Public key that new data is sealed for; its secret half is in identity.age.\n"
        f"recipient = {_toml(settings.recipient)}\n"
        "# Names belong here and nowhere else. Best kept on another medium: give its path.\n"
        f"linkage = {_toml(settings.linkage)}\n"
    )
    write_atomically(folder.settings_file, text.encode())
    return settings


def prepare_folder(root: Path) -> tuple[StudyFolder, StudyFolder]:
    """The study's folder, and an empty one inside it to make the study's files in; `move_into_place` ends it.

    Raises:
        UsageError: a study, or part of one, is there already: its keys must never be overwritten.
        StorageFailed: the folder cannot be written.
    """
    root = root.expanduser().resolve()
    folder, making = StudyFolder(root), StudyFolder(root / ".study-in-the-making")
    present = [name for name in STUDY_FILES if (root / name).exists()]
    present += [f"sessions/{path.name}" for path in sorted((root / "sessions").glob("[0-9]*"))]
    if present:
        raise UsageError(
            f"There is a study, or part of one, in {root} already: {', '.join(present[:4])}.",
            safe="It was left untouched.",
            do="Choose another folder, or restore what is missing there from your backup.",
        )
    shutil.rmtree(making.root, ignore_errors=True)
    for path in (root, making.root):
        make_folder(path)
    return folder, making


def move_into_place(making: StudyFolder, folder: StudyFolder) -> None:
    """Move the finished files; `study.toml` comes last, since it is what makes a folder a study."""
    try:
        for name in STUDY_FILES:
            (making.root / name).rename(folder.root / name)
        shutil.rmtree(making.root)
    except OSError as error:
        raise storage_failed(folder.root, error) from error
    for path in (folder.guides, folder.root / "sessions"):
        make_folder(path)
    sync_folder(folder.root)


def read_settings(folder: StudyFolder) -> StudySettings:
    """The study's settings.

    Raises:
        InvalidInput: `study.toml` has faults; each is named.
        NewerVersion: a newer version of this program made the study.
    """
    raw = read_file(folder.settings_file, "study settings file")
    try:
        values = tomllib.loads(raw.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidInput(f"study.toml cannot be read: {error}.", do="Correct that line.") from error
    version = values.get("format")
    if isinstance(version, int) and version > FORMAT:
        raise NewerVersion(
            f"This study was made by a newer version of Facilitator (format {version}).",
            safe="It was left untouched.",
            do="Update with `pip install --upgrade facilitator`.",
        )
    try:
        return StudySettings.model_validate(values)
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors())
        raise InvalidInput(f"study.toml has faults: {faults}.", do="Correct these lines.") from error


def _toml(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)  # a JSON string is a TOML basic string
