"""The page docs/recovery.md, done as it says: no part of this program reads what it wrote."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from cli_runner import PASSPHRASE

from facilitator.audio.container import RecordWriter
from facilitator.domain import events as ev
from facilitator.domain.ids import session_id
from facilitator.domain.notes import NoteKind
from facilitator.workflows.conducting import Conduct
from facilitator.workflows.sessions import Session
from facilitator.workflows.study import Study

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "recovery.md").read_text(encoding="utf-8")
RATE = 8000
SOUND = np.random.default_rng(3).integers(1, 20_000, 3 * RATE).astype("<i2")

pytestmark = pytest.mark.skipif(
    shutil.which("age") is None, reason="the age program is not installed (apt install age)"
)


def _script(name: str) -> str:
    found = re.search(rf"```python\n(# {re.escape(name)}:.*?)```", PAGE, re.DOTALL)
    assert found, f"the page has lost {name}"
    return found[1]


def _command(start: str) -> list[str]:
    blocks: list[str] = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines()]
    return next(line for line in lines if line.startswith(start)).split()


def _typed(command: list[str], folder: Path) -> str:
    """Run a command on a terminal of its own, type the passphrase when it is asked for, return what it showed."""
    on_a_terminal = "import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))"
    program = subprocess.Popen(
        [sys.executable, "-c", on_a_terminal, *command], cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert program.stdin and program.stdout
    shown = b""
    while b"passphrase" not in shown and (more := os.read(program.stdout.fileno(), 65_536)):
        shown += more
    rest, _ = program.communicate(PASSPHRASE.encode() + b"\n", timeout=120)
    assert program.returncode == 0, shown + rest
    return (shown + rest).decode()


@pytest.fixture
def recorded(opened: Study) -> Session:
    """Two stretches of sound with a second between them in which nothing was recorded, and a note; closed."""
    with Session(opened, session_id("01")) as session:
        session.record(ev.RecordingStarted(RATE, "test"), 0)
        with RecordWriter(
            session.folder.audio, session_id="01", recipient=session.key.audio_recipient, rate=RATE, ballast_bytes=0
        ) as writer:
            writer.append(SOUND[: 2 * RATE].tobytes(), 0)
            writer.append(SOUND[2 * RATE :].tobytes(), 3 * RATE)
        session.record(ev.RecordingStopped(writer.samples, 4_000, writer.head), 4_000)
        Conduct(session).note(NoteKind.THEME, "shared decisions")
    return session


def _secrets(root: Path) -> dict[str, str]:
    shown = _typed(_command("age -d -i identity.age"), root)
    found: dict[str, str] = json.loads(shown[shown.index("{") : shown.index("}") + 1])
    return found


def test_the_keys_open_with_age_alone(recorded: Session, planned: Path) -> None:
    shown = _typed(_command("age -d identity.age"), planned)
    assert recorded.study.key.secret in shown
    assert _secrets(planned) == {"database": recorded.key.database.hex(), "audio": recorded.key.audio_secret}


def test_the_script_makes_the_very_samples(recorded: Session, planned: Path, tmp_path: Path) -> None:
    script = tmp_path / "records_to_wav.py"
    script.write_text(_script("records_to_wav.py"), encoding="utf-8")
    first, second = sorted((planned / "sessions" / "01" / "audio").glob("*.rec"))
    run = [sys.executable, "records_to_wav.py", str(planned), "01", "sound.wav"]
    assert "4.000 s in sound.wav, 0 records could not be opened" in _typed(run, tmp_path)
    samples, rate = soundfile.read(tmp_path / "sound.wav", dtype="int16")
    wanted = np.concatenate([SOUND[: 2 * RATE], np.zeros(RATE, "<i2"), SOUND[2 * RATE :]])
    assert rate == RATE and np.array_equal(samples, wanted)

    second.write_bytes(second.read_bytes()[:-9])
    data = bytearray(first.read_bytes())
    data[8 + 4 + 400] ^= 1  # in the sound of the first record
    data[data.index(b"age-encryption", 100) - 1] ^= 1  # the length of the second
    first.write_bytes(bytes(data))
    assert "2 records could not be opened" in _typed(run, tmp_path)
    samples, _ = soundfile.read(tmp_path / "sound.wav", dtype="int16")
    wanted[: RATE // 4] = 0
    assert np.array_equal(samples, wanted[: len(samples)]) and len(samples) == 4 * RATE - RATE // 4


def test_the_events_open_with_sqlcipher_alone(recorded: Session, planned: Path, tmp_path: Path) -> None:
    key = _secrets(planned)["database"]
    script = tmp_path / "events.py"
    script.write_text(_script("events.py"), encoding="utf-8")
    sql = re.search(r"```sql\n(.*?)```", PAGE, re.DOTALL)
    assert sql and "SELECT event.at_ms, event.kind, payload.body" in sql[1]
    done = _quiet([sys.executable, str(script), str(planned / "sessions" / "01" / "session.db"), key])
    assert "4000 recording.stopped" in done and "shared decisions" in done


def _quiet(command: list[str]) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_names_open_with_age_alone(opened: Study, planned: Path, tmp_path: Path) -> None:
    shown = _typed(["age", "-d", "-i", "identity.age", "linkage.key.age"], planned)
    secret = re.search(r"AGE-SECRET-KEY-1[A-Z0-9]+", shown)
    assert secret
    (tmp_path / "key").write_text(secret[0])
    names = _quiet(["age", "-d", "-i", str(tmp_path / "key"), str(planned / "linkage.age")])
    assert "Kristin Haugen" in names
