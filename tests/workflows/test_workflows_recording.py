import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import psutil
import pytest
import soundfile
from cli_runner import PASSPHRASE, run
from sound_room import SoundRoom

from facilitator.domain import events as ev
from facilitator.domain.errors import ConsentMissing, UsageError
from facilitator.domain.ids import Speaker, session_id
from facilitator.domain.notes import NoteKind
from facilitator.domain.transcript import Segment
from facilitator.workflows.conducting import Conduct
from facilitator.workflows.correcting import Correction
from facilitator.workflows.recording import record
from facilitator.workflows.sessions import Session
from facilitator.workflows.study import Study


@pytest.fixture
def room(sound_room: SoundRoom, monkeypatch: pytest.MonkeyPatch) -> SoundRoom:
    """The sound room as this process's own sound system."""
    for name, value in sound_room.settings.items():
        monkeypatch.setenv(name, value)
    return sound_room


@pytest.fixture
def tone(tmp_path: Path) -> Path:
    path = tmp_path / "tone.wav"
    rate = 48_000
    soundfile.write(path, 0.4 * np.sin(2 * np.pi * 880 * np.arange(rate * 20) / rate), rate)
    return path


def _peak(session: Session, start_ms: int, end_ms: int) -> float:
    session.record(ev.DraftMade((Segment(1, 0, 900, None, "tone"),)))
    samples, rate = Correction(session).clip(start_ms, end_ms)
    return float(np.argmax(np.abs(np.fft.rfft(samples.astype(float)))) * rate / len(samples))


def test_a_headless_recording_holds_what_was_heard(opened: Study, room: SoundRoom, tone: Path) -> None:
    playing = room.play(tone)
    try:
        with Session(opened, session_id("01")) as session:
            recorded = record(session, 3.0)
            assert recorded.lost_ms == 0 and 2900 <= recorded.length_ms <= 3600
            assert recorded.records >= 12
            assert abs(_peak(session, 1000, 2500) - 880) < 5
            assert session.reread().recorded
    finally:
        playing.kill()
        playing.wait()


def test_nobody_is_recorded_without_consent(opened: Study, room: SoundRoom) -> None:
    with Session(opened, session_id("02")) as session:
        with pytest.raises(ConsentMissing, match="P3"):
            Conduct(session).start()
        assert session.state.takes == [] and room.listeners() == 0
        assert list(session.folder.audio.glob("*.rec")) == []


def test_ctrl_c_stops_and_keeps_what_was_recorded(planned: Path, room: SoundRoom) -> None:
    command = [sys.executable, "-m", "facilitator.cli.main", "record", "01", "--seconds", "60", "--study", str(planned)]
    environment = room.env | {"FACILITATOR_PASSPHRASE": PASSPHRASE}
    program = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    status = planned / "sessions" / "01" / "audio" / "capture.json"
    deadline = time.monotonic() + 30
    while not status.exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    time.sleep(1.5)
    program.send_signal(signal.SIGINT)
    told, errors = program.communicate(timeout=30)
    assert program.returncode == 0, errors
    assert "Stored and read back" in told and " 0 ms lost" in told
    assert room.listeners() == 0


def test_a_recording_outlives_its_program_and_is_taken_over(planned: Path, room: SoundRoom, opened: Study) -> None:
    command = [sys.executable, "-m", "facilitator.cli.main", "record", "01", "--seconds", "60", "--study", str(planned)]
    environment = room.env | {"FACILITATOR_PASSPHRASE": PASSPHRASE}
    program = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL, start_new_session=True)
    status = planned / "sessions" / "01" / "audio" / "capture.json"
    deadline = time.monotonic() + 30
    while not status.exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    time.sleep(2.0)
    os.killpg(program.pid, signal.SIGKILL)
    program.wait()
    time.sleep(0.5)
    assert room.listeners() == 1, "the recording goes on"
    with Session(opened, session_id("01")) as session:
        conduct = Conduct(session)
        assert conduct.find_running() and conduct.recording
        conduct.mark(Speaker("P1"))
        conduct.note(NoteKind.THEME, "still here [really]")
        assert conduct.now_ms > 1500
        recorded = conduct.stop()
        assert recorded.lost_ms == 0 and recorded.length_ms > 1500
        assert not conduct.recording and room.listeners() == 0
        state = session.reread()
        assert [note.text for note in state.notes.values()] == ["still here [really]"]
        assert len(state.takes) == 1


def test_a_second_take_goes_on_later_on_the_same_clock(opened: Study, room: SoundRoom) -> None:
    with Session(opened, session_id("01")) as session:
        first = record(session, 1.0)
        time.sleep(1.5)
        conduct = Conduct(session)
        conduct.start()
        time.sleep(1.2)
        second = conduct.stop()
        takes = session.reread().takes
        assert len(takes) == 2 and takes[1].at_ms >= first.length_ms + 1000
        assert second.lost_ms == 0 and second.length_ms > takes[1].at_ms
        quiet, _ = _clip(session, first.length_ms + 100, takes[1].at_ms - 100)
        assert not quiet.any(), "nothing is invented between two takes"


def _clip(session: Session, start_ms: int, end_ms: int) -> "tuple[np.ndarray, int]":
    session.record(ev.DraftMade((Segment(1, 0, 900, None, "tone"),)))
    return Correction(session).clip(start_ms, end_ms)


def test_a_killed_capture_process_keeps_what_it_stored(opened: Study, room: SoundRoom) -> None:
    with Session(opened, session_id("01")) as session:
        conduct = Conduct(session)
        conduct.start()
        time.sleep(2.5)
        pids = _capture_pids()
        assert len(pids) == 1
        os.kill(pids[0], signal.SIGKILL)
        time.sleep(0.5)
        said = conduct.poll()
        assert not conduct.recording and said
        conduct.note(NoteKind.TECHNICAL, "the recorder died")
        recorded = conduct.stop()
        assert recorded.length_ms >= 1000
        conduct.start()
        time.sleep(1.0)
        assert conduct.stop().length_ms > recorded.length_ms + 1000
        assert len(session.reread().takes) == 2


def _capture_pids() -> list[int]:
    children = psutil.Process().children(recursive=True)
    return [one.pid for one in children if "facilitator.audio.capture" in " ".join(one.cmdline())]


def test_only_people_of_the_session_can_be_marked(opened: Study) -> None:
    with Session(opened, session_id("01")) as session:
        conduct = Conduct(session)
        conduct.mark(Speaker("M"))
        for wrong in ("P3", "P99"):
            with pytest.raises(UsageError):
                conduct.mark(Speaker(wrong))
        with pytest.raises(UsageError):
            conduct.note(NoteKind.THEME, "   ")
        assert conduct.undo_mark() == "M"
        assert session.reread().marks == {} and len(session.reread().notes) == 0


def test_the_doctor_names_what_is_missing_and_the_remedy() -> None:
    done = run("doctor", "--json")
    needs = {need["name"]: need for need in done.json}
    assert {
        "PortAudio",
        "Microphone",
        "Whisper weights",
        "spaCy language model",
        "Free disk",
        "Disk encryption",
    } <= set(needs)
    assert needs["Whisper weights"]["found"] and needs["spaCy language model"]["found"]
    assert all(need["found"] or need["mend"] or need["name"] == "Microphone" for need in done.json)
    assert done.code == (11 if any(need["found"] is False for need in done.json) else 0)
