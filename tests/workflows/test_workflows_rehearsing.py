"""A session rehearsed: the whole use case with a sample as the room, on a clock that runs faster than time."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from cli_runner import PASSPHRASE, files

from facilitator.audio.messages import Alarm, Fault, Gap, Level, Message
from facilitator.audio.status_file import read_status
from facilitator.audio.voices import running
from facilitator.domain import events as ev
from facilitator.domain.errors import UsageError
from facilitator.domain.ids import Speaker, session_id
from facilitator.domain.notes import NoteKind
from facilitator.domain.recording import Pause
from facilitator.storage.study_folder import StudyFolder
from facilitator.workflows.conducting import Conduct
from facilitator.workflows.prechecking import precheck
from facilitator.workflows.rehearsal_mark import mark, rehearsal_of
from facilitator.workflows.rehearsing import Rehearsed, rehearsal
from facilitator.workflows.sessions import Session
from facilitator.workflows.sound import open_track
from facilitator.workflows.study import Study, open_study

ROOT = Path(__file__).resolve().parents[2]
S01 = session_id("01")


@pytest.fixture(autouse=True)
def own_temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.fixture
def rehearsed(opened: Study) -> Rehearsed:
    with Session(opened, S01, write=False) as session:
        return Rehearsed.of(session)


@pytest.fixture
def fast(rehearsed: Rehearsed) -> Iterator[Session]:
    """A session being rehearsed at twenty times the speed."""
    with rehearsal(rehearsed, 20) as (study, own_id), Session(study, own_id) as session:
        yield session


def _record_for(conduct: Conduct, seconds: float) -> list[Message]:
    heard, end = list[Message](), time.monotonic() + seconds
    while time.monotonic() < end:
        heard += conduct.poll()
        time.sleep(0.05)
    return heard


def _gone(pid: int) -> bool:
    """Nothing may be there to take notice of its end."""
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def _until(seen: Callable[[], bool], seconds: float = 8.0) -> None:
    deadline = time.monotonic() + seconds
    while not seen():
        assert time.monotonic() < deadline, "did not happen"
        time.sleep(0.05)


def _of_kind(session: Session, kind: type[ev.Event]) -> list[int]:
    return [item.at_ms for item in session.history() if isinstance(item.event, kind)]


def test_it_has_the_guide_and_the_numbers_and_nothing_personal(opened: Study, rehearsed: Rehearsed) -> None:
    before = files(opened.folder.root)
    with rehearsal(rehearsed) as (study, own_id), Session(study, own_id) as session:
        with Session(opened, S01, write=False) as real:
            assert session.state.guide == real.state.guide
            assert session.state.participants == real.state.participants
            assert session.state.title == f"Rehearsal · {real.state.title}"
        assert study.names_at_hand == {} and study.settings.title == "Rehearsal"
        assert {*session.state.participants} == {*study.state.consents}
        root = study.folder.root
        assert opened.folder.root not in root.parents
        plain = b"".join(files(root).values())
        assert b"AGE-SECRET-KEY" not in plain and b"North hospital" not in plain
    assert not root.exists() and not root.parent.exists()
    assert files(opened.folder.root) == before


def test_ten_seconds_at_twenty_times_the_speed(fast: Session) -> None:
    conduct = Conduct(fast)
    assert conduct.now_ms == 0 and conduct.rehearsal_speed == 20
    conduct.start("any microphone", 48_000)
    began, heard, pressed = time.monotonic(), list[Message](), list[tuple[int, int]]()
    for number in range(10):
        heard += _record_for(conduct, 1.0)
        before_ms = conduct.now_ms
        conduct.mark(Speaker(fast.state.participants[number % 2]))
        conduct.note(NoteKind.THEME, f"note {number}")
        pressed.append((before_ms, conduct.now_ms))
    passed_ms = 20_000 * (time.monotonic() - began)
    assert abs(conduct.now_ms - passed_ms) < 20_000
    recorded = conduct.stop()
    assert recorded.lost_ms == recorded.silent_ms == 0 and recorded.length_ms >= passed_ms - 1_000
    assert not [one for one in heard if isinstance(one, Alarm | Gap | Fault)]
    assert 30 <= sum(isinstance(one, Level) for one in heard) <= 90
    state = fast.reread()
    assert state.troubles == [] and state.gaps == [] and [take.rate for take in state.takes] == [16_000]
    for kind in (ev.SpeakerMarked, ev.NoteTaken):
        stored = _of_kind(fast, kind)
        assert all(low <= at <= high for at, (low, high) in zip(stored, pressed, strict=True))
    assert len(_of_kind(fast, ev.RecordingReached)) <= 2, "no more commits than in earnest"
    reader = open_track(fast)
    assert reader.check().damage == () and reader.pauses == [] and reader.length_ms == recorded.length_ms


def test_a_pause_begins_at_the_key_press_and_the_clock_runs_on(fast: Session) -> None:
    conduct = Conduct(fast)
    conduct.start()
    _record_for(conduct, 0.5)
    wished_ms, at_ns = conduct.now_ms, time.monotonic_ns()
    time.sleep(0.1)
    conduct.pause(Pause.OFF_RECORD, at_ns)
    assert conduct.paused is Pause.OFF_RECORD
    _record_for(conduct, 0.5)
    conduct.resume()
    _record_for(conduct, 0.5)
    assert conduct.now_ms > wished_ms + 1_000 * 20
    assert conduct.stop().lost_ms == 0
    ((at_ms, length_ms, why),) = fast.reread().gaps
    assert abs(at_ms - wished_ms) <= 20 and length_ms >= 500 * 20 and why == Pause.OFF_RECORD.value
    assert not open_track(fast).read(at_ms + 1, at_ms + length_ms).any()


def test_the_last_minute_is_struck_and_it_goes_on(fast: Session) -> None:
    conduct = Conduct(fast)
    conduct.start()
    _record_for(conduct, 1.0)
    conduct.note(NoteKind.QUOTE, "not to be kept")
    preview = conduct.strike_preview(0.25)
    struck = conduct.strike(preview.from_ms)
    assert struck.notes == 1 and struck.sound_ms >= 10_000
    _record_for(conduct, 0.5)
    assert conduct.recording and conduct.troubles == ()
    assert conduct.stop().lost_ms == 0


def test_a_second_take_keeps_its_distance_on_the_fast_clock(fast: Session) -> None:
    conduct = Conduct(fast)
    conduct.start()
    _record_for(conduct, 0.5)
    ended_ms = conduct.stop().length_ms
    assert conduct.now_ms == ended_ms, "it stands still"
    time.sleep(0.5)
    conduct.start_again()
    assert conduct.now_ms >= ended_ms + 500 * 20
    _record_for(conduct, 0.3)
    conduct.stop()
    assert fast.state.gaps[0][0] == ended_ms and fast.state.gaps[0][1] >= 500 * 20


def test_no_microphone_is_looked_for(fast: Session) -> None:
    checks = {one.name: one for one in precheck(fast)}
    assert checks["Microphone"].ok and "sample" in checks["Microphone"].detail
    conduct = Conduct(fast)
    conduct.start()
    with pytest.raises(UsageError, match="sample"):
        conduct.check_input("default")
    assert not conduct.start_backup("any other") or conduct.backup_level is None
    conduct.stop()


CHILD = """
import sys, time
from pathlib import Path
from facilitator.storage.keys import personal_key
from facilitator.storage.study_folder import StudyFolder, read_settings
from facilitator.workflows.conducting import Conduct
from facilitator.workflows.sessions import Session
from facilitator.workflows.study import Study
folder = StudyFolder(Path(sys.argv[1]))
with Study(folder, read_settings(folder), personal_key(sys.stdin.readline())) as study, Session(study, "01") as session:
    conduct = Conduct(session)
    conduct.start()
    conduct.ask(session.state.guide.questions[0])
    print(time.monotonic_ns(), conduct.now_ms, flush=True)
    time.sleep(600)
"""


def test_who_comes_back_after_the_screen_died_finds_the_same_second(opened: Study) -> None:
    mark(opened, 10, lasting=True)
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(opened.folder.root)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    assert child.stdin is not None and child.stdout is not None
    with child.stdin, child.stdout:
        child.stdin.write(f"{opened.key.secret}\n")
        child.stdin.flush()
        then_ns, then_ms = map(int, child.stdout.readline().split())
        child.send_signal(signal.SIGKILL)
        child.wait()
    time.sleep(0.5)
    with Session(opened, S01) as session:
        conduct = Conduct(session)
        assert conduct.find_running() and conduct.rehearsal_speed == 10
        now_ns, now_ms = time.monotonic_ns(), conduct.now_ms
        assert abs(now_ms - then_ms - (now_ns - then_ns) * 10 // 1_000_000) <= 50
        status = read_status(session.folder.audio)
        assert status is not None and abs(status.at(now_ns) - now_ms) <= 50
        _record_for(conduct, 0.5)
        assert conduct.troubles == ()
        assert conduct.stop().lost_ms == 0


SCREEN = """
import sys, time
from pathlib import Path
from facilitator.domain.guide import Guide, Question, QuestionType, Section
from facilitator.workflows.conducting import Conduct
from facilitator.workflows.rehearsing import Rehearsed, rehearsal
from facilitator.workflows.sessions import Session
guide = Guide("g", "G", "en", (Section("S", (Question("q", QuestionType.OPENING, "Who are you?", 5),)),))
keep = Path(sys.argv[1]) if len(sys.argv) > 1 else None
group = Rehearsed("T", guide, ("P1", "P4"))
with rehearsal(group, 10, keep=keep, passphrase="long enough") as (study, own_id), Session(study, own_id) as session:
    Conduct(session).start()
    print(study.folder.root, flush=True)
    time.sleep(600)
"""


def _rehearsing(temporary: Path, *keep: str) -> tuple["subprocess.Popen[str]", Path]:
    env = os.environ | {"TMPDIR": str(temporary)}
    child = subprocess.Popen(
        [sys.executable, "-c", SCREEN, *keep], stdout=subprocess.PIPE, text=True, cwd=ROOT, env=env
    )
    assert child.stdout is not None
    with child.stdout:
        return child, Path(child.stdout.readline().strip())


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_nothing_is_left_of_one_that_is_asked_to_end(own_temporary_folder: Path, number: signal.Signals) -> None:
    child, root = _rehearsing(own_temporary_folder)
    status = running(root / "sessions" / "01" / "audio")
    assert status is not None
    child.send_signal(number)
    assert child.wait(20) != 0
    assert not root.parent.exists() and _gone(status.pid)


def test_a_closed_terminal_ends_the_recording_of_one_that_is_kept(tmp_path: Path) -> None:
    child, root = _rehearsing(tmp_path, str(tmp_path / "kept"))
    audio = root / "sessions" / "01" / "audio"
    status = running(audio)
    assert status is not None
    child.send_signal(signal.SIGHUP)
    assert child.wait(20) != 0
    assert _gone(status.pid) and (audio / "stopped.json").exists()


def test_what_a_kill_leaves_records_no_more_and_goes_with_the_next_one(
    own_temporary_folder: Path, rehearsed: Rehearsed
) -> None:
    child, root = _rehearsing(own_temporary_folder)
    audio = root / "sessions" / "01" / "audio"
    assert running(audio) is not None
    child.kill()
    child.wait()
    _until(lambda: running(audio) is None)
    assert root.exists()
    with rehearsal(rehearsed):
        assert not root.parent.exists()


def test_it_is_removed_after_an_error_with_its_recording(rehearsed: Rehearsed) -> None:
    with pytest.raises(ZeroDivisionError), rehearsal(rehearsed, 5) as (study, own_id):
        root = study.folder.root
        with Session(study, own_id) as session:
            Conduct(session).start()
            status = read_status(session.folder.audio)
        raise ZeroDivisionError
    assert status is not None and _gone(status.pid)
    assert not root.parent.exists()


def test_one_that_is_kept_can_be_looked_at(rehearsed: Rehearsed, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    with rehearsal(rehearsed, 20, keep=kept, passphrase=PASSPHRASE) as (study, own_id):
        with Session(study, own_id) as session:
            conduct = Conduct(session)
            conduct.start()
            _record_for(conduct, 0.5)
            conduct.note(NoteKind.THEME, "kept")
            conduct.detach()
        study.close()  # as the screens do
    with open_study(StudyFolder(kept), PASSPHRASE) as study, Session(study, own_id) as session:
        assert session.state.recorded and session.state.length_ms >= 5_000
        assert session.verify_log() and [note.text for note in session.state.notes.values()] == ["kept"]
        assert running(session.folder.audio) is None
    with pytest.raises(UsageError, match="not empty"), rehearsal(rehearsed, keep=kept, passphrase=PASSPHRASE):
        pass


@pytest.mark.parametrize("speed", [0, -1, 61])
def test_a_speed_that_cannot_be_kept_is_refused(rehearsed: Rehearsed, own_temporary_folder: Path, speed: int) -> None:
    with pytest.raises(UsageError, match="1 to 60"), rehearsal(rehearsed, speed):
        pass
    assert not list(own_temporary_folder.iterdir())


def test_the_mark_of_a_rehearsal_means_nothing_in_another_study(rehearsed: Rehearsed, opened: Study) -> None:
    with rehearsal(rehearsed, 7) as (study, _):
        assert (found := rehearsal_of(study)) is not None and found.speed == 7 and not found.lasting
        shutil.copy(study.folder.root / "rehearsal.json", opened.folder.root)
    assert (opened.folder.root / "rehearsal.json").exists() and rehearsal_of(opened) is None
    (opened.folder.root / "rehearsal.json").write_text("[]")
    assert rehearsal_of(opened) is None
