import json
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import pytest
from export_samples import AT, approval_of, contains, sample

from facilitator.domain.errors import Cancelled, Damaged, StorageFailed
from facilitator.export import gate
from facilitator.export.gate import ExportResult, Sound
from facilitator.export.manifest import verify_manifest

CONTENT = bytes(range(256)) * 5000
NAME = "session-01.redacted.flac"


def _write(file: BinaryIO) -> None:
    file.write(CONTENT)


def _check(path: Path) -> None:
    if path.read_bytes() != CONTENT:
        raise Damaged("Not what was written.")


def _export(folder: Path, sound: Sound) -> ExportResult:
    return gate.export(
        sample(),
        folder=folder,
        run_name="a",
        formats=["txt"],
        approval=approval_of(sample().digest),
        surfaces=["Kristin", "Voice", "Identifiable"],  # the last two are words of the manifest
        contains=contains,
        session_id="01",
        exported_at=AT,
        sound=sound,
    )


def test_sound_goes_through_the_gate_with_the_rest(tmp_path: Path) -> None:
    result = _export(tmp_path / "exports", Sound(NAME, _write, _check))
    assert [file.name for file in result.files] == ["session-01.txt", NAME]
    assert (result.folder / NAME).read_bytes() == CONTENT
    assert (result.folder / NAME).stat().st_mode & 0o777 == 0o600
    assert [file.bytes for file in result.files][1] == len(CONTENT)
    assert NAME in (result.folder / "SHA256SUMS").read_text()
    assert "still identifiable by voice" in json.loads((result.folder / "manifest.json").read_text())["statement"]
    assert verify_manifest(result.folder) == []
    with (result.folder / NAME).open("r+b") as file:
        file.write(b"!")
    assert verify_manifest(result.folder) == [f"{NAME} was changed after the export."]


def _cancelled(file: BinaryIO) -> None:
    file.write(CONTENT[:100_000])
    raise Cancelled("Stopped.")


def _full(file: BinaryIO) -> None:
    file.write(CONTENT[:100_000])
    raise OSError(28, "No space left on device")


def _short(file: BinaryIO) -> None:
    file.write(CONTENT[:-1])


@pytest.mark.parametrize(("write", "error"), [(_cancelled, Cancelled), (_full, StorageFailed), (_short, Damaged)])
def test_sound_that_fails_leaves_nothing(
    write: Callable[[BinaryIO], None], error: type[Exception], tmp_path: Path
) -> None:
    with pytest.raises(error):
        _export(tmp_path / "exports", Sound(NAME, write, _check))
    assert list((tmp_path / "exports").iterdir()) == []
