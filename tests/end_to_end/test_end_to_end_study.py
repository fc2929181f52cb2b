"""One study from `study init` to a DOCX, on real parts: speech, sound server, terminal, Whisper, recognizers."""

import os
import shutil
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import docx
import pytest
from crash.canary_search import Canary
from quick_passphrases import seal_anew
from sound_room import SoundRoom
from terminal import Terminal

from facilitator.storage.study_folder import StudyFolder

PROGRAM = [sys.executable, "-m", "facilitator.cli.main"]
PASSPHRASE = "four unrelated words"
ROSTER = "name,aliases,profession\nMargaret Thompson,Maggie,nurse\nCharles Anderson,,social worker\n"
SPOKEN = (
    ("1", "en-us+f3", "Good morning. My name is Margaret Thompson, and I work as a nurse in Chicago."),
    ("2", "en-us+m3", "Hello Margaret. I am Charles Anderson. I think the program gives people hope."),
    ("1", "en-us+f3", "I agree with Charles. The patients make plans of their own again."),
)
NAMES = ("margaret", "thompson", "maggie", "charles", "anderson")
NOTE = "Maggie speaks of hope"


def _command(*words: str | Path, study: Path, code: int = 0) -> str:
    done = subprocess.run(
        [*PROGRAM, *map(str, words), "--study", str(study)],
        env=os.environ | {"FACILITATOR_PASSPHRASE": PASSPHRASE},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout


def _speech(folder: Path) -> list[tuple[str, Path]]:
    spoken = []
    for number, (key, voice, text) in enumerate(SPOKEN):
        path = folder / f"{number}.wav"
        subprocess.run(["espeak-ng", "-v", voice, "-s", "135", "-w", str(path), text], check=True)
        spoken.append((key, path))
    return spoken


def _conduct(study: Path, room: SoundRoom, speech: list[tuple[str, Path]]) -> str:
    """Lead the group in a terminal, as a facilitator would: one key a speaker, one note, stop."""
    env = room.env | {"FACILITATOR_PASSPHRASE": PASSPHRASE}
    with Terminal([*PROGRAM, "conduct", "01", "--study", str(study)], env) as terminal:
        terminal.wait_for("not recording", seconds=60)
        terminal.press("r")
        terminal.wait_for("Before recording", "Enter Record", "✓ Consent", seconds=30)
        terminal.press("Enter")
        terminal.wait_for("● REC", seconds=30)
        terminal.press("Space")
        for number, (key, path) in enumerate(speech):
            terminal.press(key)
            playing = room.play(path)
            terminal.wait_for("● REC 0:", "dB")
            if number == 1:
                terminal.press("t")
                terminal.write(NOTE)
                terminal.press("Enter")
                terminal.wait_for("theme", NOTE, "saved")
            playing.wait(60)
            time.sleep(0.6)
        shown = terminal.wait_for("REC", "P1", "P2")
        terminal.press("s")
        terminal.wait_for("Stop the recording?")
        terminal.press("y")
        terminal.wait_for("read back", "nothing lost", seconds=60)
        terminal.press("Escape")  # no debrief now
        terminal.wait_without("debrief now")
        terminal.press("Escape")
        terminal.wait_for("transcribe", seconds=60)
        return shown


@pytest.mark.slow
def test_a_group_is_recorded_transcribed_pseudonymized_verified_and_exported(
    tmp_path: Path, sound_room: SoundRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    for absent in (Terminal.absent(), None if shutil.which("espeak-ng") else "espeak-ng is not installed"):
        if absent:
            pytest.skip(absent)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setenv("TMPDIR", str(scratch))
    study, roster = tmp_path / "study", tmp_path / "roster.csv"
    roster.write_text(ROSTER)
    env = os.environ | {"FACILITATOR_PASSPHRASE": PASSPHRASE}
    subprocess.run([*PROGRAM, "study", "init", str(study), "--title", "Hope"], env=env, check=True, capture_output=True)
    _command("participants", "import", roster, study=study)
    seal_anew(StudyFolder(study).identity_file, PASSPHRASE)
    _command("session", "new", "--guide", "pilot", "--participants", "P1-P2", study=study)
    _command("record", "01", "--seconds", "1", study=study, code=12)
    _command("consent", "record", "P1-P2", study=study)

    shown = _conduct(study, sound_room, _speech(tmp_path))
    assert "● REC 0:" in shown

    _command("transcribe", "01", study=study)
    _command("export", "01", study=study, code=13)
    raw = _command("session", "show", "01", "--transcript", study=study).lower()
    assert "chicago" in raw and "hope" in raw and "thompson" in raw
    listed = _command("pseudonymize", "01", "--auto", study=study)
    assert "Chicago" in listed
    shown = _command("verify", "01", study=study)
    digest = shown.rpartition("Content: ")[2].strip()
    _command("verify", "01", "--approve", digest, "--by", "officer", study=study)
    _command("export", "01", "--format", "docx,txt", "--out", tmp_path / "out", study=study)

    (run,) = (tmp_path / "out").iterdir()
    document = docx.Document(str(next(run.glob("*.docx"))))
    text = "\n".join(paragraph.text for paragraph in document.paragraphs)
    assert "P1:" in text and "P2:" in text and "[P1]" in text
    assert "speaks of hope" in text
    with zipfile.ZipFile(next(run.glob("*.docx"))) as parts:
        everything = " ".join(parts.read(name).decode("utf-8", "replace") for name in parts.namelist()).lower()
    everything += next(run.glob("*.txt")).read_text(encoding="utf-8").lower()
    assert not [name for name in (*NAMES, "chicago") if name in everything]
    subprocess.run(["sha256sum", "-c", "--quiet", "SHA256SUMS"], cwd=run, check=True)

    assert Canary(NAMES).in_folders([study, scratch, tmp_path / "out"]) == []
    assert _command("study", "check", study=study).count("chain intact") == 2
