import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from cli_runner import PASSPHRASE, files, run
from sound_room import SoundRoom

from facilitator.audio.container import RecordWriter
from facilitator.audio.journal import Journal
from facilitator.audio.messages import Alarm, Gap, Level, Paused, Reached, Stopped
from facilitator.audio.recorder import Recorder
from facilitator.audio.status_file import Status, finish, read_status, write_status
from facilitator.domain import events as ev
from facilitator.domain.errors import Busy, Damaged
from facilitator.domain.ids import SessionId, session_id
from facilitator.domain.recording import Pause, Trouble
from facilitator.domain.timebase import exact
from facilitator.storage.study_folder import StudyFolder
from facilitator.workflows.recovering import Verdict, diagnose, diagnose_folder, needs_recovery, recover
from facilitator.workflows.sessions import Session
from facilitator.workflows.sound import open_track
from facilitator.workflows.study import Study, open_study
from facilitator.workflows.track_state import known_of

RATE = 8000
QUARTER = RATE // 4
NOISE = np.random.default_rng(5).integers(1, 20_000, RATE).astype("<i2")


@pytest.fixture
def session(opened: Study) -> Iterator[Session]:
    with Session(opened, session_id("01")) as session:
        yield session


def _write(session: Session, seconds: float, *, start_s: float = 0.0, track: int = 0) -> RecordWriter:
    """Sound on the disk, as a capture process leaves it that is killed after its last sync."""
    known = track in session.state.backups or any(session.folder.track(track).glob("*.rec"))
    point = open_track(session, track).resume_point() if known and start_s else None
    writer = RecordWriter(
        session.folder.track(track),
        session_id=session.id,
        recipient=session.key.audio_recipient,
        rate=RATE,
        next_seq=point.next_seq if point else 0,
        previous=point.previous if point else bytes(32),
        ballast_bytes=0,
    )
    at, end = int(start_s * RATE), int((start_s + seconds) * RATE)
    while at < end:
        block = NOISE[: min(RATE, end - at)]
        writer.append(block.tobytes(), at)
        at += len(block)
    writer.close()
    return writer


def _interrupted(session: Session, seconds: float = 10.0) -> RecordWriter:
    session.record(ev.RecordingStarted(RATE, "test"), 0)
    return _write(session, seconds)


def _verdicts(session: Session) -> set[Verdict]:
    return {one.verdict for one in diagnose(session).findings}


def _dead_status(folder: Path, heard_ms: int, stored_ms: int) -> None:
    level = Level(heard_ms, -30.0, -20.0, stored_ms)
    write_status(folder, Status(2**22 + 7, 1.0, "01", 0, 0, "2021-09-14T10:00:00.000+00:00", RATE, stored_ms, 0, level))


def test_a_session_in_order_needs_nothing_and_is_left_alone(session: Session) -> None:
    assert not needs_recovery(session) and _verdicts(session) == {Verdict.WELL}
    writer = _interrupted(session)
    session.record(ev.RecordingStopped(writer.samples, 10_000, writer.head), 10_000)
    found = diagnose(session, thorough=True)
    assert not found.needs_recovery and not found.needs_restoring and not needs_recovery(session)
    assert found.tracks[0].stored_ms == 10_000 and found.tracks[0].records == 40 and found.tracks[0].whole
    before = session.state.last_seq
    assert recover(session).lines == ["There was nothing to put in order."]
    assert session.state.last_seq == before


def test_a_diagnosis_changes_not_one_byte(planned: Path, session: Session) -> None:
    _interrupted(session)
    _dead_status(session.folder.audio, 10_000, 9_750)
    (session.folder.audio / "ballast").write_bytes(b"0" * 100)
    (session.folder.root / "audio.importing").mkdir()
    session.record(ev.StrikeOrdered(8_000, 10_000), 10_000)
    study = session.study
    session.close()
    before = {**files(planned), "folders": sorted(map(str, planned.rglob("*.importing")))}
    found = diagnose_folder(study, SessionId("01"), thorough=True)
    assert found.interrupted and found.needs_recovery
    assert {"Take", "Strike", "Leftovers"} <= {one.part for one in found.findings}
    assert {**files(planned), "folders": sorted(map(str, planned.rglob("*.importing")))} == before


def test_a_killed_recording_is_closed_with_what_was_stored(session: Session) -> None:
    writer = _interrupted(session)
    _dead_status(session.folder.audio, 10_250, 9_500)
    assert needs_recovery(session)
    assert diagnose(session).lost_at_most_ms == 500
    done = recover(session)
    assert (done.recovered_ms, done.missing_ms, done.length_ms) == (10_000, 500, 10_000)
    assert "10.000 s of sound were recovered" in done.lines[0] and "0.500 s at most are missing" in done.lines[0]
    state = session.reread()
    assert state.recorded and state.length_ms == 10_000
    last = [item.event for item in session.history()][-2:]
    assert last == [ev.RecordingStopped(writer.samples, 10_000, writer.head), ev.RecordingRecovered(10_000, 500)]
    assert not needs_recovery(session) and not done.after.needs_recovery
    assert recover(session).recovered_ms == 0 and session.reread().last_seq == state.last_seq
    assert not (session.folder.audio / "capture.json").exists()


def test_a_recorder_killed_in_a_pause_had_nothing_to_lose(session: Session) -> None:
    writer = _interrupted(session)
    level = Level(60_000, -30.0, -20.0, 10_000)
    pid, began = 2**22 + 7, "2021-09-14T10:00:00.000+00:00"
    status = Status(pid, 1.0, "01", 0, 0, began, RATE, 10_000, 0, level, Pause.OFF_RECORD.value)
    write_status(session.folder.audio, status)
    session.record(ev.RecordingReached(40, "a" * 64), 10_250)  # the pause then took a record back
    session.record(ev.RecordingPaused(Pause.OFF_RECORD), 10_000)
    done = recover(session)
    assert (done.recovered_ms, done.missing_ms) == (10_000, 0) and not done.after.needs_restoring
    assert session.reread().paused is None and writer.next_seq == 40


def test_a_recorder_that_ended_in_order_unheard_lost_nothing(session: Session) -> None:
    writer = _interrupted(session)
    finish(session.folder.audio, Stopped(writer.samples, writer.head, 10_000))
    assert diagnose(session).lost_at_most_ms == 0
    done = recover(session)
    assert (done.recovered_ms, done.missing_ms) == (10_000, 0) and "nothing is missing" in done.lines[0]


def test_sound_that_was_heard_and_never_stored_is_counted(session: Session) -> None:
    _interrupted(session, 5.0)
    _dead_status(session.folder.audio, 12_000, 5_000)
    assert recover(session).missing_ms == 7_000


@pytest.mark.parametrize("cut", range(1, 60, 7))
def test_a_cut_off_record_costs_itself_only(session: Session, cut: int) -> None:
    _interrupted(session)
    path = session.folder.audio / "0001.rec"
    path.write_bytes(path.read_bytes()[:-cut])
    kept = path.read_bytes()
    found = diagnose(session)
    assert found.tracks[0].cut_off and found.tracks[0].stored_ms == 9_750 and found.tracks[0].whole
    assert any("9.750 s of sound are stored" in line and "0.250 s lost at most" in line for line in found.lines)
    assert recover(session).recovered_ms == 9_750
    assert path.read_bytes() == kept, "what is on the disk is never rewritten"
    assert not diagnose(session).needs_recovery


def test_a_recording_cut_at_a_records_edge_is_told_from_one_that_ended(session: Session) -> None:
    writer = _interrupted(session)
    path = session.folder.audio / "0001.rec"
    whole = path.read_bytes()
    session.record(ev.RecordingReached(39, writer.head), 10_000)
    assert diagnose(session).tracks[0].whole
    edge = open_track(session).place_of(7_000)
    assert edge is not None
    path.write_bytes(whole[: edge.offset])
    found = diagnose(session)
    assert found.tracks[0].missing_records == 12 and found.tracks[0].missing_ms == 3_000 and found.needs_restoring
    assert any("12 records, 3.000 s of sound that had been stored are not there" in line for line in found.lines)
    done = recover(session)
    assert (done.recovered_ms, done.missing_ms) == (7_000, 3_000)
    path.write_bytes(whole)  # restored from a backup
    assert needs_recovery(session) and recover(session).recovered_ms == 3_000
    assert session.reread().length_ms == 10_000 and diagnose(session, thorough=True).tracks[0].whole


def test_a_finished_recording_that_lost_its_end_is_not_called_whole(session: Session) -> None:
    writer = _interrupted(session)
    session.record(ev.RecordingStopped(writer.samples, 10_000, writer.head), 10_000)
    edge = open_track(session).place_of(7_000)
    assert edge is not None
    path = session.folder.audio / "0001.rec"
    path.write_bytes(path.read_bytes()[: edge.offset])
    assert diagnose(session).tracks[0].missing_ms == 3_000
    assert run("recover", "01", "--check", study=session.study.folder.root).code == 6


def test_a_record_of_somebody_else_at_the_end_is_seen(session: Session, tmp_path: Path) -> None:
    writer = _interrupted(session)
    session.record(ev.RecordingStopped(writer.samples, 10_000, writer.head), 10_000)
    (session.folder.audio / "0001.rec").unlink()
    _write(session, 10.0)
    assert diagnose(session).tracks[0].altered


def test_a_flipped_byte_is_a_dated_loss(session: Session) -> None:
    _interrupted(session)
    place = open_track(session).place_of(4_000)
    assert place is not None
    path = session.folder.audio / "0001.rec"
    data = bytearray(path.read_bytes())
    data[place.offset + 400] ^= 1
    path.write_bytes(bytes(data))
    found = diagnose(session, thorough=True)
    assert [(one.at_ms, one.length_ms) for one in found.tracks[0].damage] == [(4_000, 250)]
    assert any("At 0:04, 0.250 s at most cannot be read" in line for line in found.lines)


def test_sound_that_no_take_speaks_of_is_entered(session: Session) -> None:
    writer = _interrupted(session)
    session.record(ev.RecordingStopped(writer.samples, 10_000, writer.head), 10_000)
    _write(session, 5.0, start_s=20.0)
    assert needs_recovery(session)
    done = recover(session)
    assert done.recovered_ms == 5_000 and done.length_ms == 25_000
    state = session.reread()
    assert [(take.at_ms, take.end_ms) for take in state.takes] == [(0, 10_000), (20_000, 25_000)]
    assert (10_000, 10_000, "not recorded") in state.gaps


def test_what_the_recorder_said_to_nobody_is_logged_once(session: Session) -> None:
    writer = _interrupted(session)
    journal = Journal(session.folder.audio)
    session.record(ev.AudioGap(500, "logged"), 1_000)
    for message in (
        Gap(1_000, 500, "logged"),
        Alarm(2_000, Trouble.SILENT.value),
        Reached(5_000, 19, "a" * 64),
        Reached(10_000, 39, writer.head),
        Paused(10_000, Pause.BREAK.value),
    ):
        journal.write(message)
    journal.close()
    assert any("3 messages" in line for line in diagnose(session).lines)
    recover(session)
    state = session.reread()
    assert state.reached == ev.RecordingReached(39, writer.head) and len(state.gaps) == 1
    assert [(one.at_ms, one.end_ms) for one in state.troubles] == [(2_000, 10_000)] and state.paused is None
    assert not diagnose(session).needs_recovery
    assert recover(session).messages == 0


def test_a_strike_that_was_only_ordered_is_carried_out(session: Session) -> None:
    _interrupted(session)
    session.record(ev.StrikeOrdered(6_000, 10_000), 10_000)
    assert needs_recovery(session)
    done = recover(session)
    state = session.reread()
    assert done.struck and state.strike_ordered is None and state.struck[0].from_ms <= 6_000
    assert open_track(session).length_ms <= 6_000
    assert not diagnose(session, thorough=True).needs_restoring and not needs_recovery(session)


def test_leftovers_go_and_records_stay(session: Session) -> None:
    writer = _interrupted(session)
    session.record(ev.RecordingStopped(writer.samples, 10_000, writer.head), 10_000)
    (session.folder.root / "audio.importing").mkdir()
    (session.folder.root / "audio.importing" / "0001.rec").write_bytes(b"half")
    (session.folder.root / ".session.key.age.0123abcd").write_bytes(b"half")
    (session.folder.exports / ".facilitator-staging-4194303-x").mkdir(parents=True)
    for name in ("capture.json", "capture.part", "request.waited", "ballast"):
        (session.folder.audio / name).write_bytes(b"{}")
    records = (session.folder.audio / "0001.rec").read_bytes()
    assert recover(session).removed == 7
    assert sorted(path.name for path in session.folder.audio.iterdir()) == ["0001.rec"]
    assert (session.folder.audio / "0001.rec").read_bytes() == records
    assert not (session.folder.root / "audio.importing").exists() and not list(session.folder.exports.iterdir())


def test_an_interrupted_backup_track_is_closed(session: Session) -> None:
    _interrupted(session)
    session.record(ev.BackupStarted(1, RATE, "second"), 0)
    _write(session, 8.0, track=1)
    recover(session)
    state = session.reread()
    assert state.backups[1].end_ms == 8_000 and state.takes[0].end_ms == 10_000
    assert diagnose(session, thorough=True).tracks[1].whole


def test_a_backup_track_that_the_log_does_not_know_is_entered(session: Session) -> None:
    writer = _interrupted(session)
    session.record(ev.RecordingStopped(writer.samples, 10_000, writer.head), 10_000)
    backup = _write(session, 6.0, track=2)
    assert diagnose(session).needs_recovery
    recover(session)
    assert session.reread().backups[2].end_ms == 6_000 and not diagnose(session).needs_recovery
    assert [item.event for item in session.history()][-1] == ev.BackupStopped(2, backup.samples, 6_000, backup.head)


def test_a_real_recorder_killed_loses_half_a_second_at_most(
    session: Session, sound_room: SoundRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in sound_room.settings.items():
        monkeypatch.setenv(name, value)
    recorder = Recorder.start(session.folder.audio, session_id="01", recipient=session.key.audio_recipient)
    session.record(ev.RecordingStarted(48_000, recorder.started.device), 0)
    time.sleep(3.3)
    assert diagnose(session).recording and not needs_recovery(session)
    with pytest.raises(Busy, match="being recorded"):
        recover(session)
    assert "goes on" in run("recover", "01", study=session.study.folder.root).err
    status = read_status(session.folder.audio)
    assert status is not None
    os.kill(status.pid, signal.SIGKILL)
    killed_ms = recorder.now_ms()
    while recorder.alive:
        time.sleep(0.01)
    recorder.poll()
    assert needs_recovery(session)
    done = recover(session)
    assert -50 <= killed_ms - done.length_ms <= 500, "the sound card's clock is another one, by some milliseconds"
    assert done.missing_ms == 500 and done.recovered_ms == done.length_ms
    assert open_track(session).check().damage == () and not done.after.needs_recovery


def test_a_crash_at_any_step_is_completed_by_the_next_run(session: Session) -> None:
    class Crash(Exception):
        pass

    _interrupted(session)
    session.record(ev.StrikeOrdered(6_000, 10_000), 10_000)
    _dead_status(session.folder.audio, 10_000, 10_000)
    for stop_at in (1, 2, 3, 4, 5):

        def report(step: object, stop_at: int = stop_at) -> None:
            if getattr(step, "done", 0) >= stop_at:
                raise Crash

        with pytest.raises(Crash):
            recover(session, report)
    assert recover(session).lines == ["There was nothing to put in order."]
    kinds = [item.event.kind for item in session.history()]
    for kind in ("audio.struck", "recording.stopped", "recording.recovered"):
        assert kinds.count(kind) == 1, kind
    session.verify_log()


def test_sound_that_cannot_be_read_at_all_keeps_the_take_open(session: Session) -> None:
    writer = _interrupted(session)
    session.record(ev.RecordingReached(39, writer.head), 10_000)
    path = session.folder.audio / "0001.rec"
    whole = path.read_bytes()
    for broken in (b"FACREC01" + bytes(len(whole)), None):
        path.unlink()
        if broken:
            path.write_bytes(broken)
        before = session.state.last_seq
        with pytest.raises(Damaged, match="put in order"):
            recover(session)
        assert session.reread().last_seq == before
        path.write_bytes(whole)
    assert recover(session).recovered_ms == 10_000


@pytest.mark.parametrize("name", ["session.db", "session.key.age"])
def test_a_damaged_database_or_key_says_what_to_restore(opened: Study, planned: Path, name: str) -> None:
    with Session(opened, session_id("01")) as session:
        writer = _interrupted(session)
        session.record(ev.RecordingStopped(writer.samples, 10_000, writer.head), 10_000)
    path = planned / "sessions" / "01" / name
    data = bytearray(path.read_bytes())
    for at in range(200, len(data), 300):
        data[at] ^= 255
    path.write_bytes(bytes(data))
    before = files(planned)
    found = diagnose_folder(opened, SessionId("01"), thorough=True)
    assert found.needs_restoring and not found.needs_recovery
    assert any(f"Restore sessions/01/{name} from your backup" in line for line in found.lines)
    if name == "session.db":
        assert found.tracks[0].stored_ms == 10_000
        assert any("session.db-wal" in line for line in found.lines)
    assert files(planned) == before
    done = run("recover", "01", study=planned)
    assert done.code == 6 and "Restore sessions/01" in done.out


def test_the_command_looks_and_then_puts_in_order(opened: Study, planned: Path) -> None:
    with Session(opened, session_id("01")) as session:
        _interrupted(session)
    checked = run("recover", "01", "--check", study=planned)
    assert checked.code == 0 and "10.000 s of sound are stored in 40 records" in checked.out
    assert "facilitator recover 01" in checked.out
    looked = run("recover", "01", "--check", "--json", study=planned)
    assert looked.json["needs_recovery"] and looked.json["recovered"] is None
    done = run("recover", "01", "--json", study=planned)
    assert done.json["recovered"]["recovered_ms"] == 10_000
    again = run("recover", "01", study=planned)
    assert again.code == 0 and "nothing to put in order" in again.out


def test_lengths_are_said_to_the_millisecond() -> None:
    assert [exact(ms) for ms in (250, 41 * 60_000 + 12_250, 3_600_000, 5_464_250)] == [
        "0.250 s",
        "41 min 12.250 s",
        "1 h 0 min 0.000 s",
        "1 h 31 min 4.250 s",
    ]


def test_ninety_minutes_are_recovered_and_to_ask_whether_that_is_needed_costs_next_to_nothing(
    planned: Path, session: Session
) -> None:
    """The promise itself is the time; that of the processor, since other programs may run beside the tests."""
    session.record(ev.RecordingStarted(RATE, "test"), 0)
    writer = _write(session, 90 * 60)
    _dead_status(session.folder.audio, 90 * 60_000, 90 * 60_000)
    session.close()
    with open_study(StudyFolder(planned), PASSPHRASE) as study, Session(study, session_id("01")) as again:
        began = time.process_time()
        assert needs_recovery(again)
        cheap = time.process_time() - began
        began = time.process_time()
        done = recover(again)
        spent = time.process_time() - began
        assert done.recovered_ms == 90 * 60_000 and done.after.tracks[0].records == writer.next_seq == 21_600
        assert not done.after.needs_recovery
    assert cheap < spent / 10, (spent, cheap)


def test_a_pause_that_took_back_all_of_a_take_leaves_nothing_missing() -> None:
    for began_ms in (0, 60_000):
        began, reached = ev.RecordingStarted(RATE, "test"), ev.RecordingReached(40, "ab" * 32)
        paused = ev.RecordingPaused(Pause.OFF_RECORD)
        events: list[tuple[ev.Event, int]] = [(began, began_ms), (reached, began_ms + 10_000), (paused, began_ms)]
        assert known_of(events, 0) is None
        stopped = ev.RecordingStopped(9, 5_000, "cd" * 32)
        first: list[tuple[ev.Event, int]] = [(ev.RecordingStarted(RATE, "test"), 0), (stopped, 5_000)]
        known = known_of([*first, *((event, at + 6_000) for event, at in events)], 0)
        assert known is not None and (known.end_ms, known.head) == (5_000, "cd" * 32)
