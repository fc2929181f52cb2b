import contextlib
import os
import signal
import threading
import time
from collections.abc import Callable

import numpy as np
import psutil
import pytest
from known_sound import ALIKE, Playing, apart, find
from sound_room import SoundRoom

from facilitator.audio.messages import Alarm, Gap, Message
from facilitator.audio.status_file import read_status
from facilitator.audio.voices import running
from facilitator.domain import events as ev
from facilitator.domain.errors import DeviceFailed, StorageFailed, UsageError
from facilitator.domain.ids import session_id
from facilitator.domain.notes import NoteKind
from facilitator.domain.progress import Progress
from facilitator.domain.recording import Pause, Trouble
from facilitator.workflows.conducting import Conduct
from facilitator.workflows.message_log import MessageLog
from facilitator.workflows.recording import record
from facilitator.workflows.sessions import Session
from facilitator.workflows.sound import SessionSound, open_track
from facilitator.workflows.study import Study


@pytest.fixture
def room(sound_room: SoundRoom, monkeypatch: pytest.MonkeyPatch) -> SoundRoom:
    for name, value in sound_room.settings.items():
        monkeypatch.setenv(name, value)
    return sound_room


def _until(what: Callable[[], object], seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, "did not happen"
        time.sleep(0.05)


def _record_for(conduct: Conduct, seconds: float) -> list[Message]:
    heard, end = list[Message](), time.monotonic() + seconds
    while time.monotonic() < end:
        heard += conduct.poll()
        time.sleep(0.05)
    return heard


def _captures() -> list[int]:
    """Capture processes, and for a moment what they start, which looks like them until it is another program."""
    found = []
    for one in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):  # what has just ended is none
            if "facilitator.audio.capture" in " ".join(one.cmdline()):
                found.append(one.pid)
    return found


def _kill_captures() -> None:
    for pid in _captures():
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _offset(session: Session, at_ms: int, track: int = 0, length_ms: int = 600) -> float:
    """The place in the known sound of what stands at `at_ms`, less `at_ms`: the same wherever the clock is right."""
    reader = open_track(session, track)
    found = find(reader.read(at_ms, at_ms + length_ms), reader.rate)
    assert found.alike > ALIKE
    return found.at_ms - at_ms


def test_a_pause_is_dated_and_nothing_of_it_is_stored(opened: Study, room: SoundRoom) -> None:
    with Session(opened, session_id("01")) as session, Playing(room):
        conduct = Conduct(session)
        conduct.start()
        _record_for(conduct, 1.5)
        conduct.pause(Pause.OFF_RECORD)
        paused_ms = conduct.now_ms
        assert conduct.paused is Pause.OFF_RECORD and session.reread().paused is Pause.OFF_RECORD
        _record_for(conduct, 1.5)
        conduct.resume()
        resumed_ms = conduct.now_ms
        assert conduct.paused is None and session.reread().paused is None
        _record_for(conduct, 1.5)
        assert conduct.stop().lost_ms == 0
        gaps = [gap for gap in session.reread().gaps if gap[2] == Pause.OFF_RECORD.value]
        assert len(gaps) == 1 and gaps[0][0] <= paused_ms and gaps[0][0] + gaps[0][1] <= resumed_ms
        assert not open_track(session).read(gaps[0][0] + 1, gaps[0][0] + gaps[0][1]).any()
        before, after = _offset(session, 300), _offset(session, resumed_ms + 300)
        assert abs(apart(before, after)) < 50
        kinds = [item.event.kind for item in session.history()]
        assert kinds.count("recording.paused") == kinds.count("recording.resumed") == 1


def test_a_recorder_that_died_is_started_again_on_the_same_clock(opened: Study, room: SoundRoom) -> None:
    with Session(opened, session_id("01")) as session, Playing(room):
        conduct = Conduct(session)
        conduct.start(rate=16_000)
        _record_for(conduct, 2.0)
        device, before_ms = conduct.device, conduct.now_ms
        _kill_captures()
        _until(lambda: [conduct.poll(), conduct.interrupted][1])
        assert not conduct.recording
        assert [one.trouble for one in conduct.troubles] == [Trouble.RECORDER_DIED]
        time.sleep(0.6)
        assert conduct.now_ms > before_ms + 600, "the session clock runs on"
        conduct.note(NoteKind.TECHNICAL, "the recorder died")
        assert conduct.restart() and conduct.recording and not conduct.interrupted
        assert conduct.troubles == () and conduct.device == device
        again_ms = conduct.now_ms
        _record_for(conduct, 1.5)
        recorded = conduct.stop()
        state = session.reread()
        assert recorded.lost_ms == 0 and [take.rate for take in state.takes] == [16_000, 16_000]
        first, second = state.takes
        assert first.end_ms is not None and second.end_ms == state.length_ms
        assert (first.end_ms, second.at_ms - first.end_ms) in [gap[:2] for gap in state.gaps]
        assert before_ms - first.end_ms <= 600, "of what was heard before the kill, half a second is lost at most"
        assert abs(apart(_offset(session, 500), _offset(session, again_ms + 500))) < 50
        assert open_track(session).check().damage == ()


def test_off_the_record_stays_so_when_the_recorder_dies(opened: Study, room: SoundRoom) -> None:
    with Session(opened, session_id("01")) as session, Playing(room):
        conduct = Conduct(session)
        conduct.start()
        _record_for(conduct, 1.0)
        conduct.pause(Pause.OFF_RECORD)
        _kill_captures()
        _until(lambda: [conduct.poll(), conduct.interrupted][1])
        assert conduct.restart() is False and conduct.paused is Pause.OFF_RECORD
        assert _captures() == [] and not conduct.recording
        with pytest.raises(UsageError):
            conduct.check_input("pulse")
        conduct.resume()
        assert conduct.recording and conduct.paused is None
        _record_for(conduct, 1.0)
        assert conduct.stop().lost_ms == 0
        state = session.reread()
        (gap,) = [one for one in state.gaps if one[2] == Pause.OFF_RECORD.value]
        assert gap[0] == state.takes[0].end_ms and gap[0] + gap[1] == state.takes[1].at_ms
        assert state.paused is None and not open_track(session).read(gap[0] + 1, gap[0] + gap[1]).any()


def test_a_pause_wished_for_while_no_recorder_runs_holds(opened: Study, room: SoundRoom) -> None:
    with Session(opened, session_id("01")) as session:
        conduct = Conduct(session)
        conduct.start()
        _record_for(conduct, 0.6)
        _kill_captures()
        _until(lambda: [conduct.poll(), conduct.interrupted][1])
        conduct.pause(Pause.BREAK)
        assert conduct.restart() is False and _captures() == []
        assert session.reread().paused is Pause.BREAK
        conduct.stop()
        assert session.reread().paused is None and session.reread().recorded


def test_a_pause_counts_from_when_it_was_ordered_though_confirmed_later(opened: Study, room: SoundRoom) -> None:
    with Session(opened, session_id("01")) as session, Playing(room):
        conduct = Conduct(session)
        conduct.start("default", backup_device="pulse")
        _record_for(conduct, 2.0)
        wished_ms, at_ns = conduct.now_ms, time.monotonic_ns()
        time.sleep(3.5)
        conduct.pause(Pause.OFF_RECORD, at_ns)
        (paused_ms,) = [item.at_ms for item in session.history() if isinstance(item.event, ev.RecordingPaused)]
        assert abs(paused_ms - wished_ms) < 50
        conduct.stop()
        for track in (0, 1):
            assert abs(open_track(session, track).length_ms - wished_ms) < 50, "nothing of it is kept"


def test_off_the_record_reaches_the_backup_while_the_recorder_is_dead(opened: Study, room: SoundRoom) -> None:
    with Session(opened, session_id("01")) as session, Playing(room):
        conduct = Conduct(session)
        conduct.start("default", backup_device="pulse")
        _record_for(conduct, 1.0)
        os.kill(_pid(session, 0), signal.SIGKILL)
        _until(lambda: [conduct.poll(), conduct.interrupted][1])
        assert conduct.under_way
        paused_ms = conduct.now_ms
        conduct.pause(Pause.OFF_RECORD)
        assert conduct.restart() is False and session.reread().paused is Pause.OFF_RECORD
        time.sleep(1.0)
        resumed_ms = conduct.now_ms
        conduct.resume()
        assert conduct.recording and conduct.backup_level is not None
        _record_for(conduct, 1.0)
        assert conduct.stop().lost_ms == 0
        for track in (0, 1):
            assert not open_track(session, track).read(paused_ms + 20, resumed_ms).any(), f"track {track}"
        assert not SessionSound(session).read(paused_ms + 20, resumed_ms).any(), "nor is it filled from a backup"


def test_a_backup_alone_can_be_paused_and_stopped(opened: Study, room: SoundRoom) -> None:
    with Session(opened, session_id("01")) as session, Playing(room):
        conduct = Conduct(session)
        conduct.start("default", backup_device="pulse")
        _record_for(conduct, 1.0)
        os.kill(_pid(session, 0), signal.SIGKILL)
        conduct.detach()
        _until(lambda: not _runs(session, 0))
        conduct = Conduct(session)
        assert not conduct.find_running() and conduct.under_way
        before_ms = conduct.now_ms
        assert before_ms > 900, "the clock of the backup goes on"
        conduct.pause(Pause.OFF_RECORD)
        assert conduct.paused is Pause.OFF_RECORD and session.reread().paused is Pause.OFF_RECORD
        time.sleep(0.8)
        conduct.start_again()
        assert conduct.recording and conduct.paused is None and session.reread().paused is None
        _record_for(conduct, 1.0)
        os.kill(_pid(session, 0), signal.SIGKILL)
        conduct.detach()
        _until(lambda: not _runs(session, 0))
        conduct = Conduct(session)
        assert not conduct.find_running() and conduct.under_way
        conduct.stop()
        assert not conduct.under_way and session.reread().recorded
        assert session.reread().backups[1].end_ms is not None and room.listeners() == 1


def test_a_recorder_that_another_program_ended_is_started_again(opened: Study, room: SoundRoom) -> None:
    with Session(opened, session_id("01")) as session:
        conduct = Conduct(session)
        conduct.start("default", channel=1)
        _record_for(conduct, 0.8)
        os.kill(_pid(session, 0), signal.SIGTERM)
        _until(lambda: [conduct.poll(), conduct.interrupted][1])
        (trouble,) = conduct.troubles
        assert trouble.trouble is Trouble.RECORDER_DIED and "Another program" in trouble.detail
        assert conduct.restart() and conduct.recording and conduct.troubles == ()
        conduct.stop()
        assert [take.channel for take in session.reread().takes] == [1, 1]
        assert not conduct.interrupted and not conduct.under_way


def test_going_on_in_another_program_takes_input_channel_and_backup_along(opened: Study, room: SoundRoom) -> None:
    with Session(opened, session_id("01")) as session:
        conduct = Conduct(session)
        conduct.start("default", channel=2, backup_device="pulse")
        _record_for(conduct, 0.6)
        conduct.stop()
        conduct = Conduct(session)
        conduct.start_again()
        assert (conduct.device, conduct.backup_device) == ("default", "pulse")
        conduct.detach()
        conduct = Conduct(session)
        assert conduct.find_running()
        os.kill(_pid(session, 0), signal.SIGKILL)
        _until(lambda: [conduct.poll(), conduct.interrupted][1])
        conduct.restart()
        conduct.stop()
        assert [take.channel for take in session.reread().takes] == [2, 2, 2]


def _pid(session: Session, track: int) -> int:
    status = read_status(session.folder.track(track))
    assert status is not None
    return status.pid


def _runs(session: Session, track: int) -> bool:
    return running(session.folder.track(track)) is not None


def test_a_second_device_records_in_parallel_on_the_same_clock(opened: Study, room: SoundRoom) -> None:
    with Session(opened, session_id("01")) as session, Playing(room):
        conduct = Conduct(session)
        conduct.start("default", backup_device="pulse", rate=32_000)
        _record_for(conduct, 2.0)
        assert conduct.backup_level is not None and conduct.backup_device == "pulse"
        conduct.pause(Pause.BREAK)
        time.sleep(1.0)
        conduct.resume()
        _record_for(conduct, 1.5)
        end_ms = conduct.now_ms
        recorded = conduct.stop()
        state = session.reread()
        assert recorded.lost_ms == 0 and state.recorded
        assert [(one.track, one.source, one.end_ms is not None) for one in state.backups.values()] == [
            (1, "pulse", True)
        ]
        assert open_track(session, 1).check().damage == ()
        for at_ms in (1200, end_ms - 900):
            assert abs(apart(_offset(session, at_ms), _offset(session, at_ms, track=1))) < 50
        (gap,) = [one for one in state.gaps if one[2] == Pause.BREAK.value]
        paused = open_track(session, 1).read(gap[0] + 100, gap[0] + gap[1] - 100)
        assert len(paused) > 10_000 and not paused.any()
        assert room.listeners() == 1  # the sound's own


def test_a_backup_that_dies_harms_nothing_and_goes_on_in_its_track(opened: Study, room: SoundRoom) -> None:
    with Session(opened, session_id("01")) as session, Playing(room):
        conduct = Conduct(session)
        conduct.start("default")
        assert conduct.start_backup("pulse")
        _record_for(conduct, 1.5)
        os.kill(_pid(session, 1), signal.SIGKILL)
        _until(lambda: [conduct.poll(), conduct.backup_troubles][1])
        assert conduct.recording and conduct.troubles == () and conduct.backup_level is None
        (trouble,) = conduct.backup_troubles
        assert trouble.trouble is Trouble.RECORDER_DIED and trouble.detail.startswith("backup: ") and trouble.track == 1
        assert conduct.start_backup("pulse") and conduct.backup_troubles == ()
        _record_for(conduct, 1.0)
        assert conduct.stop().lost_ms == 0
        state = session.reread()
        assert list(state.backups) == [1] and state.backups[1].end_ms is not None and len(state.takes) == 1
        assert open_track(session, 1).check().damage == ()


def test_a_backup_that_cannot_start_is_a_trouble_of_the_backup(opened: Study, room: SoundRoom) -> None:
    with Session(opened, session_id("01")) as session:
        conduct = Conduct(session)
        conduct.start(backup_device="no such input")
        assert conduct.recording and conduct.troubles == () and conduct.backup_level is None
        assert "no such input" in conduct.backup_troubles[0].detail
        assert conduct.start_backup(conduct.device) is False, "the same input twice is no backup"
        conduct.stop()
        assert session.reread().recorded and session.reread().backups == {}


def test_both_recordings_are_taken_over_and_nothing_is_logged_twice(opened: Study, room: SoundRoom) -> None:
    with Session(opened, session_id("01")) as session, Playing(room):
        conduct = Conduct(session)
        conduct.start("default", backup_device="pulse")
        _record_for(conduct, 0.8)
        conduct.pause(Pause.BREAK)
        conduct.resume()
        _record_for(conduct, 0.8)
        events = [item.event.kind for item in session.history()]
        conduct.detach()
        for _ in range(2):
            conduct = Conduct(session)
            assert conduct.find_running() and conduct.device == "default" and conduct.backup_device == "pulse"
            _record_for(conduct, 0.6)
            assert conduct.backup_level is not None
            conduct.detach()
        assert [item.event.kind for item in session.history()] == events
        conduct = Conduct(session)
        conduct.find_running()
        conduct.pause(Pause.OFF_RECORD)
        conduct.detach()
        conduct = Conduct(session)
        assert conduct.find_running() and conduct.paused is Pause.OFF_RECORD
        conduct.resume()
        assert conduct.stop().lost_ms == 0
        assert room.listeners() == 1 and session.reread().backups[1].end_ms is not None


def test_another_input_goes_on_at_once(opened: Study, room: SoundRoom) -> None:
    with Session(opened, session_id("01")) as session, Playing(room):
        conduct = Conduct(session)
        conduct.start("default")
        _record_for(conduct, 1.5)
        with pytest.raises(DeviceFailed, match="no such input"):
            conduct.check_input("no such input")
        with pytest.raises(UsageError):
            conduct.check_input("default")
        assert conduct.recording and len(session.state.takes) == 1
        conduct.check_input("pulse")
        conduct.switch_device("pulse")
        assert conduct.recording and conduct.device == "pulse"
        switched_ms = conduct.now_ms
        _record_for(conduct, 1.2)
        assert conduct.stop().lost_ms == 0
        first, second = session.reread().takes
        assert (first.device, second.device) == ("default", "pulse") and first.end_ms is not None
        assert (first.end_ms, second.at_ms - first.end_ms) in [gap[:2] for gap in session.reread().gaps]
        assert abs(apart(_offset(session, 500), _offset(session, switched_ms + 400))) < 50


def test_news_that_the_disk_refuses_are_kept_and_tried_again(
    opened: Study, room: SoundRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Session(opened, session_id("01")) as session:
        log, stored = MessageLog(session, 0), session.record_all

        def refuse(*_: object) -> None:
            raise StorageFailed("The disk is full.")

        monkeypatch.setattr(session, "record_all", refuse)
        log.take([Gap(1000, 200, "the device delivered no sound")])
        assert log.refused is not None and session.reread().gaps == []
        log.take([Alarm(1500, Trouble.SILENT.value)])
        monkeypatch.setattr(session, "record_all", stored)
        log.take([])
        assert log.refused is None
        assert session.reread().gaps == [(1000, 200, "the device delivered no sound")]
        assert [one.trouble for one in session.reread().troubles] == [Trouble.SILENT]


def test_the_same_news_are_logged_once_and_unknown_ones_not_at_all(opened: Study) -> None:
    with Session(opened, session_id("01")) as session:
        said: list[Message] = [
            Alarm(100, Trouble.CLIPPING.value),
            Alarm(150, "a trouble of next year"),
            Alarm(300, Trouble.CLIPPING.value, over=True),
            Alarm(500, Trouble.CLIPPING.value),
        ]
        MessageLog(session, 0).take(said)
        MessageLog(session, 0).take(said)
        MessageLog(session, 1).take([Alarm(600, Trouble.CLIPPING.value, over=True), Gap(1, 2, "no matter")])
        troubles = session.reread().troubles
        assert [(one.at_ms, one.end_ms) for one in troubles] == [(100, 300), (500, None)]
        assert session.reread().gaps == []


def test_a_headless_recording_outlives_its_capture_process(opened: Study, room: SoundRoom) -> None:
    said: list[str] = []

    def report(step: Progress) -> None:
        said.append(step.label)
        if step.label.startswith("Recording") and step.done >= 1.0 and not killed.is_set():
            killed.set()
            _kill_captures()

    killed = threading.Event()
    with Session(opened, session_id("01")) as session, Playing(room):  # a silent room is a trouble too
        recorded = record(session, 5.0, report=report)
        state = session.reread()
        assert "The recorder died; starting it again" in said and "Recording again" in said
        assert recorded.lost_ms == 0 and len(state.takes) == 2 and state.recorded
        assert 4_500 <= recorded.length_ms <= 6_000
        assert [(one.trouble, one.end_ms is not None) for one in state.troubles] == [(Trouble.RECORDER_DIED, True)]
        assert np.isclose(state.takes[1].at_ms, state.gaps[0][0] + state.gaps[0][1])
