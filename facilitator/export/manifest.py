"""`manifest.json` and `SHA256SUMS`: what an export holds, checkable by anybody with stock programs."""

import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

import facilitator
from facilitator.domain.detail import ExportProfile
from facilitator.domain.events import ExportedFile
from facilitator.domain.session_state import Approval
from facilitator.domain.text import one_line
from facilitator.export.layout import STATEMENT

MANIFEST: Final = "manifest.json"
SUMS: Final = "SHA256SUMS"
FORMAT_VERSION: Final = 1
SOUND_STATEMENT: Final = "The people in the recording are still identifiable by voice"
_MAX_BYTES: Final = 1_000_000
_PLAIN_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_SUM_LINE: Final = re.compile(r"([0-9a-f]{64})  ([A-Za-z0-9][A-Za-z0-9._-]{0,99})")


class ManifestFile(BaseModel):
    """One exported file: its size and the SHA-256 of its bytes, 64 hex digits."""

    model_config = ConfigDict(extra="forbid", strict=True)
    name: str
    bytes: int = Field(ge=0)
    sha256: str = Field(pattern="^[0-9a-f]{64}$")


class Manifest(BaseModel):
    """The manifest of one export. `content_sha256` is the digest that `approver`, a role or initials, approved.

    `profile` says for whom, and so how much detail the text keeps.
    """

    model_config = ConfigDict(extra="forbid", strict=True)
    format_version: int = FORMAT_VERSION
    program_version: str
    session_id: str
    profile: ExportProfile = ExportProfile.TEAM
    content_sha256: str
    approver: str
    approved_utc: str
    statement: str
    created_utc: str
    files: list[ManifestFile]


def manifest_text(
    session_id: str, approval: Approval, files: Sequence[ExportedFile], created: datetime, *, with_sound: bool = False
) -> str:
    """The manifest as JSON with sorted keys, one value a line; it says what sound still gives away."""
    manifest = Manifest(
        program_version=facilitator.__version__,
        session_id=session_id,
        profile=approval.profile,
        content_sha256=approval.content_sha256,
        approver=approval.approver,
        approved_utc=_second(datetime.fromisoformat(approval.at_utc)),
        statement=f"{STATEMENT}. {SOUND_STATEMENT}." if with_sound else f"{STATEMENT}.",
        created_utc=_second(created),
        files=[ManifestFile(name=file.name, bytes=file.bytes, sha256=file.sha256) for file in files],
    )
    return json.dumps(manifest.model_dump(), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def _second(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def sums_text(files: Sequence[ExportedFile]) -> str:
    """Lines for `sha256sum --check SHA256SUMS`."""
    return "".join(f"{file.sha256}  {file.name}\n" for file in files)


def exported_file(path: Path) -> ExportedFile:
    """Name, digest and size of a file, read anew from the disk, in little memory."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        return ExportedFile(path.name, digest, file.tell())


def verify_manifest(folder: Path) -> list[str]:
    """What is wrong with an export folder, a sentence each; empty when every file is what the manifest says."""
    try:
        text = _small_text(folder / MANIFEST)
        manifest = Manifest.model_validate_json(text)
    except FileNotFoundError:
        return [f"{MANIFEST} is missing."]
    except (OSError, UnicodeDecodeError, ValueError, ValidationError):
        return [f"{MANIFEST} cannot be read, or is not a manifest of this program."]
    if manifest.format_version != FORMAT_VERSION:
        return [f"{MANIFEST} was written by another version of this program ({manifest.format_version})."]
    listed = {file.name: file for file in manifest.files}
    problems = [problem for file in manifest.files for problem in _file_problems(folder, file)]
    if len(listed) != len(manifest.files) or not listed:
        problems.append(f"{MANIFEST} lists no file, or a file twice.")
    problems += _sums_problems(folder, {name: file.sha256 for name, file in listed.items()})
    strangers = sorted(item.name for item in folder.iterdir() if item.name not in (*listed, MANIFEST, SUMS))
    return problems + [f"{one_line(name, 100)} is not part of this export." for name in strangers]


def _small_text(path: Path) -> str:
    with path.open("rb") as file:
        data = file.read(_MAX_BYTES + 1)
    if len(data) > _MAX_BYTES:
        raise ValueError("larger than any export writes")
    return data.decode("utf-8")


def _file_problems(folder: Path, file: ManifestFile) -> Iterator[str]:
    if not _PLAIN_NAME.fullmatch(file.name):
        yield f"{MANIFEST} lists a file with an unusual name."
        return
    path = folder / file.name
    if path.is_symlink() or not path.is_file():
        yield f"{file.name} is missing."
    elif exported_file(path) != ExportedFile(file.name, file.sha256, file.bytes):
        yield f"{file.name} was changed after the export."


def _sums_problems(folder: Path, listed: dict[str, str]) -> Iterator[str]:
    try:
        lines = _small_text(folder / SUMS).splitlines()
    except FileNotFoundError:
        yield f"{SUMS} is missing."
        return
    except (OSError, UnicodeDecodeError, ValueError):
        yield f"{SUMS} cannot be read."
        return
    matches = [_SUM_LINE.fullmatch(line) for line in lines]
    found = {match[2]: match[1] for match in matches if match}
    if None in matches or found != {**listed, MANIFEST: exported_file(folder / MANIFEST).sha256}:
        yield f"{SUMS} does not agree with {MANIFEST}."
