import os
import shutil
import wave
from pathlib import Path

import pytest
from cli_runner import files, run

from facilitator.domain.ids import session_id
from facilitator.storage.study_folder import StudyFolder
from facilitator.workflows.sessions import Session
from facilitator.workflows.study import open_study

GUIDE = """id: g
title: Guide
language: en
sections:
  - title: S
    questions:
      - {id: q1, type: key, text: Why?, minutes: 5%s}
"""


def _refused(planned: Path, code: int, said: str, *arguments: str | Path) -> None:
    before = files(planned)
    done = run(*arguments, study=planned)
    assert done.code == code, done.err
    assert said.lower() in done.err.lower()
    assert "Traceback" not in done.err and "\x1b" not in done.err
    assert done.out == ""
    assert files(planned) == before


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (GUIDE % ", probe: [a]", "guide.yaml:7"),
        (GUIDE % ", minutes: 500", "guide.yaml:7"),
        ("id: g\n  title: [", "guide.yaml:2"),
        ("a: &x [1]\nb: *x\n", "guide.yaml"),
    ],
)
def test_a_faulty_guide_names_file_and_line(planned: Path, tmp_path: Path, text: str, said: str) -> None:
    guide = tmp_path / "guide.yaml"
    guide.write_text(text)
    assert run("guide", "check", guide).code == 3
    _refused(planned, 3, said, "session", "new", "--guide", guide, "--participants", "P1")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name\nOla Moe\nOLA MOE\n", "twice"),
        ("navn\nOla Moe\n", "name"),
        ("name\n[/nope]\n", "[/nope]"),
        ("name\nOla\x1b[31m Moe\n", "control"),
        ("name\nOla \u202eMoe\n", "control or invisible"),
        ("", "empty"),
        ("name\nKristin Haugen\n", "on the roster already"),
    ],
)
def test_a_faulty_roster_is_refused(planned: Path, tmp_path: Path, text: str, said: str) -> None:
    roster = tmp_path / "roster.csv"
    roster.write_text(text, encoding="utf-8")
    before = files(planned)
    done = run("participants", "import", roster, study=planned)
    assert done.code == 3, done.err
    assert "\x1b" not in done.err and "\u202e" not in done.err
    assert files(planned) == before


@pytest.mark.parametrize("name", ["[/nope]", "Ola\x1b]0;x\x07", "\u202eeloj", ""])
def test_a_hostile_name_is_refused(planned: Path, name: str) -> None:
    before = files(planned)
    done = run("participants", "add", name, "--alias", "Fine", study=planned)
    assert done.code in (2, 3) and "\x1b" not in done.err
    assert files(planned) == before


def test_sound_files_that_are_none(planned: Path, tmp_path: Path) -> None:
    text = tmp_path / "text.wav"
    text.write_text("ffconcat version 1.0\nfile /etc/hostname\n")
    empty = tmp_path / "empty.wav"
    with wave.open(str(empty), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(16_000)
    nothing = tmp_path / "nothing.wav"
    nothing.write_bytes(b"")
    for path in (text, empty, nothing):
        _refused(planned, 3, "audio refused", "import-audio", "01", path)
    assert run("import-audio", "01", tmp_path / "absent.wav", study=planned).code in (3, 4)
    assert list((planned / "sessions" / "01").glob("audio*/*")) == []


@pytest.mark.parametrize("seconds", ["0", "-1", "0.2", "1e9", "nan"])
def test_a_recording_of_no_length(planned: Path, seconds: str) -> None:
    _refused(planned, 2, "half a second", "record", "01", "--seconds", seconds)


@pytest.mark.parametrize("words", [(), ("conduct", "01")])
def test_screens_without_a_terminal_are_refused(planned: Path, words: tuple[str, ...]) -> None:
    _refused(planned, 2, "need a terminal", *words)


def test_nobody_is_recorded_without_consent(planned: Path) -> None:
    _refused(planned, 12, "P3", "record", "02", "--seconds", "1")


def test_a_wrong_passphrase(planned: Path) -> None:
    before = files(planned)
    done = run("study", "status", study=planned, passphrase="not the passphrase")
    assert (done.code, done.out) == (5, "")
    assert "passphrase" in done.err
    assert files(planned) == before


def test_no_passphrase_and_nobody_to_ask(planned: Path) -> None:
    done = run("study", "status", study=planned, passphrase=None)
    assert done.code == 2 and "FACILITATOR_PASSPHRASE" in done.err


def test_a_study_of_a_newer_version(planned: Path) -> None:
    settings = planned / "study.toml"
    settings.write_text(settings.read_text().replace("format = 1", "format = 2"))
    _refused(planned, 7, "newer version", "study", "status")


def test_two_programs_cannot_work_on_one_session(planned: Path) -> None:
    with (
        open_study(StudyFolder(planned), "four unrelated words") as study,
        Session(study, session_id("01")),
    ):
        _refused(planned, 8, "open in another", "record", "01", "--seconds", "1")
        assert run("session", "show", "01", study=planned).code == 0
    assert run("correct", "01", "--undo", study=planned).code == 4


def test_an_unwritable_folder(tmp_path: Path) -> None:
    blocked = tmp_path / "blocked"
    if os.geteuid() == 0:
        blocked.write_text("a file where a folder should be")  # root may write anywhere else
    else:
        blocked.mkdir(mode=0o500)
    done = run("study", "init", blocked / "study", "--title", "T")
    assert done.code == 9 and "Could not write" in done.err
    assert not (blocked / "study").exists()


def test_an_existing_study_is_never_overwritten(planned: Path) -> None:
    before = files(planned)
    assert run("study", "init", planned, "--title", "T").code == 2
    assert files(planned) == before


def test_a_short_passphrase_writes_nothing(tmp_path: Path) -> None:
    assert run("study", "init", tmp_path / "study", "--title", "T", passphrase="short").code == 3
    assert not (tmp_path / "study").exists()


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("session", "show", "99"), 4),
        (("session", "show", "../.."), 2),
        (("session", "new", "--guide", "nope", "--participants", "P1"), 4),
        (("session", "new", "--guide", "pilot", "--participants", "P9"), 4),
        (("session", "new", "--guide", "pilot", "--participants", "Kristin"), 2),
        (("consent", "record", "P9"), 4),
        (("transcribe", "01"), 4),
        (("transcribe", "01", "--engine", "magic"), 2),
        (("transcribe", "01", "--language", "klingon"), 2),
        (("transcribe", "01", "--model", "no-such-model"), 11),
        (("transcribe", "01", "--beam", "0"), 2),
        (("transcribe", "01", "--from", "1:00"), 2),
        (("transcribe", "01", "--beside", "--from", "soon"), 2),
        (("transcribe", "01", "--beside", "--again"), 2),
        (("transcribe", "--all", "--beside"), 2),
        (("transcribe", "01", "--cluster", "tcp://198.51.100.1:8786"), 2),
        (("transcribe", "01", "--tls-ca", "ca.pem"), 2),
        (("correct", "01", "--turn", "1", "--text", "x"), 4),
        (("pseudonymize", "01", "--list"), 4),
        (("verify", "01"), 13),
        (("export", "01"), 13),
        (("export", "01", "--format", "exe"), 2),
        (("nonsense",), 2),
    ],
)
def test_requests_that_cannot_be_met(planned: Path, arguments: tuple[str, ...], code: int) -> None:
    before = files(planned)
    done = run(*arguments, study=planned) if arguments != ("nonsense",) else run(*arguments)
    assert done.code == code, done.err
    assert "Traceback" not in done.err
    assert files(planned) == before


def test_a_damaged_linkage_file(planned: Path) -> None:
    path = planned / "linkage.age"
    data = path.read_bytes()
    path.write_bytes(data[:-3])
    _refused(planned, 6, "linkage file", "participants", "list", "--names")
    path.unlink()
    _refused(planned, 4, "linkage file", "participants", "list", "--names")
    _refused(planned, 4, "linkage file", "participants", "add", "Ola Moe")
    listed = run("participants", "list", "--json", study=planned)
    assert listed.code == 0 and [row["number"] for row in listed.json] == ["P1", "P2", "P3"]


def test_no_study_here(tmp_path: Path) -> None:
    done = run("study", "status", study=tmp_path)
    assert done.code == 4 and "study init" in done.err


def test_a_copy_of_the_study_still_opens(planned: Path, tmp_path: Path) -> None:
    shutil.copytree(planned, tmp_path / "backup")
    assert run("study", "check", study=tmp_path / "backup").code == 0
