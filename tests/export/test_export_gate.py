import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import docx
import psutil
import pytest
from export_samples import AT, HOSTILE, approval_of, contains, sample, turn

from facilitator.domain.errors import Damaged, LeakFound, NotVerified, StorageFailed, UsageError
from facilitator.domain.ids import Speaker
from facilitator.domain.release import ReleaseContent, ReleaseNote, ReleaseQuestion
from facilitator.export import gate, manifest
from facilitator.export.formats import FORMATS
from facilitator.export.gate import ExportResult, remove_leftovers
from facilitator.export.manifest import verify_manifest

NAMES = ["Kristin", "Berg Hansen"]


def run(
    folder: Path,
    content: ReleaseContent | None = None,
    *,
    formats: Sequence[str] = ("docx", "txt"),
    run_name: str = "2021-09-14",
    surfaces: Sequence[str] = NAMES,
) -> ExportResult:
    content = content or sample()
    return gate.export(
        content,
        folder=folder,
        run_name=run_name,
        formats=formats,
        approval=approval_of(content.digest),
        surfaces=surfaces,
        contains=contains,
        session_id="01",
        exported_at=AT,
    )


def everything_in(folder: Path) -> list[str]:
    return sorted(item.name for item in folder.rglob("*")) if folder.exists() else []


def test_an_export_lies_complete_and_closed_in_its_folder(tmp_path: Path) -> None:
    result = run(tmp_path / "exports")
    assert result.folder == tmp_path / "exports" / "2021-09-14"
    assert [file.name for file in result.files] == ["session-01.docx", "session-01.txt"]
    assert everything_in(result.folder) == ["SHA256SUMS", "manifest.json", "session-01.docx", "session-01.txt"]
    assert [item.name for item in result.folder.parent.iterdir()] == ["2021-09-14"]
    assert result.folder.stat().st_mode & 0o777 == 0o700
    assert verify_manifest(result.folder) == []
    assert HOSTILE in (result.folder / "session-01.txt").read_text(encoding="utf-8")
    assert any(HOSTILE in item.text for item in docx.Document(str(result.folder / "session-01.docx")).paragraphs)


def test_the_manifest_says_what_was_approved_and_when(tmp_path: Path) -> None:
    result = run(tmp_path)
    written = json.loads((result.folder / "manifest.json").read_text())
    assert written["content_sha256"] == sample().digest
    assert written["created_utc"] == "2026-01-02T03:04:05Z"
    assert (written["session_id"], written["format_version"]) == ("01", 1)
    assert written["statement"] == "Pseudonymized; may still identify people."
    assert [(item["name"], item["bytes"], item["sha256"]) for item in written["files"]] == [
        (item.name, item.bytes, item.sha256) for item in result.files
    ]


@pytest.mark.skipif(not shutil.which("sha256sum"), reason="needs the sha256sum program")
def test_the_stock_program_checks_the_sums(tmp_path: Path) -> None:
    result = run(tmp_path)
    command = ["sha256sum", "--check", "--strict", "SHA256SUMS"]
    checked = subprocess.run(command, cwd=result.folder, capture_output=True, text=True, check=False)
    assert (checked.returncode, checked.stdout.count(": OK"), checked.stderr) == (0, 3, "")
    (result.folder / "session-01.txt").write_text("changed")
    assert subprocess.run(command, cwd=result.folder, capture_output=True, check=False).returncode == 1


@pytest.mark.parametrize("approved", [None, "", "0" * 64])
def test_without_the_approval_of_this_very_content_nothing_is_written(approved: str | None, tmp_path: Path) -> None:
    folder = tmp_path / "exports"
    with pytest.raises(NotVerified) as caught:
        gate.export(
            sample(),
            folder=folder,
            run_name="a",
            formats=["txt"],
            approval=approval_of(approved),
            surfaces=[],
            contains=contains,
            session_id="01",
        )
    assert caught.value.exit_code == 13
    assert not folder.exists()


def test_an_edit_after_approval_voids_it(tmp_path: Path) -> None:
    edited = replace(sample(), turns=(*sample().turns, turn(800_000, "P1", "one more")))
    with pytest.raises(NotVerified, match="changed after it was approved"):
        gate.export(
            edited,
            folder=tmp_path,
            run_name="a",
            formats=["txt"],
            approval=approval_of(sample().digest),
            surfaces=[],
            contains=contains,
            session_id="01",
        )


LEAKY = {
    "a turn": {"turns": (turn(0, "P1", "ask KRISTIN"),)},
    "over a line break": {"turns": (turn(0, "P1", "ask Kristin\nnow"),)},
    "a note": {"notes": (ReleaseNote(0, "theme", None, "Kristin nods"),)},
    "a question": {"questions": (ReleaseQuestion(0, "key", "What did Kristin mean?"),)},
    "a gap": {"gaps": ((0, 5, "Kristin left"),)},
    "the title": {"title": "Kristin's group"},
    "the study": {"study_title": "Berg Hansen study"},
    "the approval reference": {"approval_reference": "Kristin 12"},
    "a speaker": {"turns": (turn(0, "Kristin", "yes"),)},
    "a participant": {"participants": (Speaker("Kristin"),)},
}


@pytest.mark.parametrize("formats", [["docx"], ["txt"]])
@pytest.mark.parametrize("place", LEAKY)
def test_a_leak_anywhere_refuses_the_export_and_leaves_nothing(place: str, formats: list[str], tmp_path: Path) -> None:
    content = replace(sample(), **LEAKY[place])  # type: ignore[arg-type]
    with pytest.raises(LeakFound) as caught:
        run(tmp_path / "exports", content, formats=formats)
    assert everything_in(tmp_path) == []
    assert f"session-01.{formats[0]}" in caught.value.what
    assert not contains(str(caught.value), NAMES)


def test_a_name_that_only_the_staged_files_hold_is_found_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(manifest, "STATEMENT", "Written by Kristin")
    monkeypatch.setattr(gate, "known_pieces", lambda *_: frozenset())
    with pytest.raises(LeakFound, match=r"manifest\.json"):
        run(tmp_path)
    assert everything_in(tmp_path) == []


def test_a_name_in_the_name_of_the_folder_is_a_leak_too(tmp_path: Path) -> None:
    with pytest.raises(LeakFound, match="the export's folder") as caught:
        run(tmp_path, run_name="for_kristin")
    assert everything_in(tmp_path) == []
    assert not contains(str(caught.value), NAMES)


def test_names_that_are_words_of_the_program_do_not_stop_an_export(tmp_path: Path) -> None:
    words = ["Normal", "Calibri", "Key", "Opening", "Moderator", "Page", "Title", "Status", "People", "en-US", "2026"]
    assert verify_manifest(run(tmp_path, surfaces=words).folder) == []


def test_an_existing_destination_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "2021-09-14").mkdir()
    with pytest.raises(UsageError, match="already"):
        run(tmp_path)
    assert everything_in(tmp_path) == ["2021-09-14"]
    (tmp_path / "b").symlink_to(tmp_path / "nowhere")
    with pytest.raises(UsageError, match="already"):
        run(tmp_path, run_name="b")


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "../a", ".hidden", "a b", "a..b", "x" * 81, "a\n"])
def test_unusable_names_of_a_run(name: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        run(tmp_path, run_name=name)
    assert everything_in(tmp_path) == []


def test_unknown_formats_and_other_sessions_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="docx, txt"):
        run(tmp_path, formats=["pdf"])
    with pytest.raises(UsageError, match="another session"):
        run(tmp_path, replace(sample(), session_id="02"))
    assert everything_in(tmp_path) == []


def test_a_folder_that_cannot_be_written_is_explained(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageFailed) as caught:
        run(tmp_path / "file" / "exports")
    assert caught.value.safe and caught.value.do


FAILING = {"fsync": 9, "rename": 1}


@pytest.mark.parametrize(("call", "at"), [(call, at) for call, count in FAILING.items() for at in range(count)])
def test_every_single_failing_call_leaves_nothing(
    call: str, at: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = os if call == "fsync" else Path
    real, count = getattr(owner, call), 0

    def fails(*arguments: object) -> object:
        nonlocal count
        count += 1
        if count == at + 1:
            raise OSError(28, "No space left on device")
        return real(*arguments)

    monkeypatch.setattr(owner, call, fails)
    folder = tmp_path / "exports"
    if at < (7 if call == "fsync" else 1):
        with pytest.raises(StorageFailed, match="No space left"):
            run(folder)
        assert everything_in(folder) == []
    else:
        assert verify_manifest(run(folder).folder) == []


def test_a_file_that_lacks_a_turn_is_not_exported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def incomplete(content: ReleaseContent, at: datetime) -> bytes:
        return FORMATS["txt"].render(replace(content, turns=content.turns[:-1]), at)

    broken = replace(FORMATS["txt"], render=incomplete)
    monkeypatch.setattr(gate, "FORMATS", {**FORMATS, "txt": broken})
    with pytest.raises(Damaged):
        run(tmp_path, formats=["txt"])
    assert everything_in(tmp_path) == []


def test_an_export_that_changes_on_its_way_is_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def changed(folder: Path) -> list[str]:
        (folder / "session-01.txt").write_text("changed")
        return verify_manifest(folder)

    monkeypatch.setattr(manifest, "verify_manifest", changed)
    with pytest.raises(Damaged):
        run(tmp_path)
    assert everything_in(tmp_path) == []


def test_an_interrupted_export_leaves_nothing(tmp_path: Path) -> None:
    def interrupted(text: str, surfaces: Sequence[str]) -> bool:
        if list(tmp_path.glob(".facilitator-staging-*/manifest.json")):
            raise KeyboardInterrupt
        return False

    with pytest.raises(KeyboardInterrupt):
        gate.export(
            sample(),
            folder=tmp_path,
            run_name="a",
            formats=["txt"],
            approval=approval_of(sample().digest),
            surfaces=NAMES,
            contains=interrupted,
            session_id="01",
        )
    assert everything_in(tmp_path) == []


def test_leftovers_of_a_killed_export_are_removed_by_the_next(tmp_path: Path) -> None:
    gone = next(number for number in range(4_000_000, 4_100_000) if not psutil.pid_exists(number))
    (tmp_path / f".facilitator-staging-{gone}-abc").mkdir()
    (tmp_path / f".facilitator-staging-{gone}-abc" / "session-01.txt").write_text("unchecked")
    running = tmp_path / f".facilitator-staging-{os.getpid()}-abc"
    running.mkdir()
    run(tmp_path, formats=["txt"])
    assert sorted(item.name for item in tmp_path.iterdir()) == [running.name, "2021-09-14"]
    assert remove_leftovers(tmp_path) == 0


def test_changed_missing_and_strange_files_are_named(tmp_path: Path) -> None:
    folder = run(tmp_path).folder
    (folder / "session-01.txt").write_text("changed")
    (folder / "session-01.docx").unlink()
    (folder / "extra\x1b.txt").write_text("")
    (folder / "SHA256SUMS").unlink()
    assert verify_manifest(folder) == [
        "session-01.docx is missing.",
        "session-01.txt was changed after the export.",
        "SHA256SUMS is missing.",
        "extra␛.txt is not part of this export.",
    ]


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ('"format_version": 1', '"format_version": 2', "another version"),
        ('"session-01.txt"', '"../../secret"', "unusual name"),
        ('"statement"', '"note"', "not a manifest"),
        ('"session-01.txt"', '"session-01.docx"', "a file twice"),
        (sample().digest, "0" * 64, "SHA256SUMS does not agree"),
    ],
)
def test_a_changed_manifest_is_noticed(old: str, new: str, problem: str, tmp_path: Path) -> None:
    folder = run(tmp_path).folder
    path = folder / "manifest.json"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    assert any(problem in found for found in verify_manifest(folder))


def test_a_folder_without_a_manifest(tmp_path: Path) -> None:
    assert verify_manifest(tmp_path) == ["manifest.json is missing."]
    (tmp_path / "manifest.json").write_bytes(b"\xff")
    assert "cannot be read" in verify_manifest(tmp_path)[0]
