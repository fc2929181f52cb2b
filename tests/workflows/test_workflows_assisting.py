import itertools
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from sound_room import SoundRoom
from study_sound import record_sound
from two_writers import ONE, note, start_writer

from facilitator.audio.status_file import Status, read_status, write_status
from facilitator.domain import events as ev
from facilitator.domain.access import Role
from facilitator.domain.errors import Busy, NotFound, UsageError
from facilitator.domain.ids import MODERATOR, ResearchNumber, Speaker
from facilitator.domain.notes import NoteKind
from facilitator.domain.progress import Progress
from facilitator.domain.recording import NO_HEAD, Pause
from facilitator.storage import keys
from facilitator.workflows import access, retaining
from facilitator.workflows.assisting import Assist
from facilitator.workflows.conducting import Conduct
from facilitator.workflows.rekeying import rekey_session
from facilitator.workflows.second_writer import no_assistant
from facilitator.workflows.sessions import Session
from facilitator.workflows.striking import finish_strike, order_strike
from facilitator.workflows.study import Study

P1, P2 = (Speaker(ResearchNumber(number)) for number in ("P1", "P2"))
MANY = 1_000


@pytest.fixture
def room(sound_room: SoundRoom, monkeypatch: pytest.MonkeyPatch) -> SoundRoom:
    for name, value in sound_room.settings.items():
        monkeypatch.setenv(name, value)
    return sound_room


def _until(what: Callable[[], object], seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, "did not happen"
        time.sleep(0.02)


def _by(session: Session, actor: str) -> tuple[list[str], list[int]]:
    """The notes that `actor` stored, and the times of their marks, in the order of the log."""
    theirs = [item for item in session.history() if item.actor == actor]
    notes = [item.event.text for item in theirs if isinstance(item.event, ev.NoteTaken)]
    return notes, [item.at_ms for item in theirs if isinstance(item.event, ev.SpeakerMarked)]


def test_two_programs_write_a_thousand_notes_and_marks_each(
    opened: Study, planned: Path, planned_key: keys.PersonalKey
) -> None:
    writers = [
        start_writer(planned, planned_key, name, MANY, beside=beside)
        for name, beside in (("researcher", False), ("assistant", True))
    ]
    for _, pipe in writers:
        assert pipe.recv() == "open"
    for _, pipe in writers:
        pipe.send("go")
    for _, pipe in writers:
        assert [pipe.recv() for _ in range(MANY)] == list(range(1, MANY + 1))
    for process, pipe in writers:
        pipe.send("compare")
        assert pipe.recv() == "same"
        process.join(10)
        assert process.exitcode == 0
    with Session(opened, ONE, write=False) as session:
        assert [item.seq for item in session.history()] == list(range(1, 4 * MANY + 2))
        assert session.verify_log() == 4 * MANY + 1
        for name in ("researcher", "assistant"):
            assert _by(session, name) == ([f"{name} {number}" for number in range(MANY)], list(range(MANY)))
        assert len(session.state.notes) == len(session.state.marks) == 2 * MANY
        actors = [item.actor for item in session.history()]
    changes = sum(one != other for one, other in itertools.pairwise(actors))
    assert changes > MANY / 50  # they did write at once


def test_an_assistant_who_is_killed_loses_nothing_that_was_said_to_be_stored(
    opened: Study, planned: Path, planned_key: keys.PersonalKey
) -> None:
    process, pipe = start_writer(planned, planned_key, "assistant", MANY, beside=True)
    with Session(opened, ONE) as session:
        conduct, own, stored = Conduct(session), 0, 0
        assert pipe.recv() == "open"
        pipe.send("go")
        while stored < 60:
            note(conduct, "researcher", own)
            own += 1
            while pipe.poll():
                stored = pipe.recv()
        assert process.pid is not None
        os.kill(process.pid, signal.SIGKILL)
        process.join()
        with pytest.raises(EOFError):
            while True:
                stored = pipe.recv()
        note(conduct, "researcher", own)
        notes, marks = _by(session, "assistant")
        assert stored <= len(notes) <= stored + 1 and stored <= len(marks)
        assert notes == [f"assistant {number}" for number in range(len(notes))]
        assert _by(session, "researcher")[0] == [f"researcher {number}" for number in range(own + 1)]
        assert session.verify_log() == session.state.last_seq
        assert session.state == session.reread()
        with Session(opened, ONE, beside=True) as again:  # at once: its lock died with it
            Assist(again).note(NoteKind.QUOTE, "back")
        session.refresh()
        assert [one.text for one in session.state.notes.values()][-1] == "back"


def test_the_researcher_who_is_killed_leaves_the_session_to_both(
    opened: Study, planned: Path, planned_key: keys.PersonalKey
) -> None:
    process, pipe = start_writer(planned, planned_key, "researcher", MANY, beside=False)
    with Session(opened, ONE, beside=True) as session:
        assist, own, stored = Assist(session), 0, 0
        assert pipe.recv() == "open"
        pipe.send("go")
        while stored < 60:
            note(assist, "assistant", own)
            own += 1
            while pipe.poll():
                stored = pipe.recv()
        assert process.pid is not None
        os.kill(process.pid, signal.SIGKILL)
        process.join()
        with Session(opened, ONE) as again:
            assert len(_by(again, "researcher")[0]) >= stored
            assert len(_by(again, "assistant")[0]) == own
            note(assist, "assistant", own)
            note(Conduct(again), "researcher", MANY)
            assert again.verify_log() == again.state.last_seq


def test_there_is_one_assistant_at_a_time_with_or_without_somebody_who_conducts(opened: Study) -> None:
    with Session(opened, ONE, beside=True), pytest.raises(Busy, match="has an assistant already"):
        Session(opened, ONE, beside=True)
    with Session(opened, ONE), Session(opened, ONE, beside=True):
        with pytest.raises(Busy, match="is open in another"):
            Session(opened, ONE)
        with Session(opened, ONE, write=False):
            pass
    with Session(opened, ONE, beside=True), Session(opened, ONE):
        pass


def test_nobody_takes_back_what_the_other_marked(opened: Study) -> None:
    with Session(opened, ONE) as session, Session(opened, ONE, beside=True) as beside:
        conduct, assist = Conduct(session), Assist(beside)
        conduct.mark(P1, 10)
        assist.refresh()
        with pytest.raises(NotFound):
            assist.undo_mark()
        assist.mark(P2, 20)
        conduct.mark(MODERATOR, 30)
        assert assist.undo_mark() == P2
        session.refresh()
        assert conduct.undo_mark() == MODERATOR
        assert [mark.speaker for mark in session.state.speaker_marks] == [P1]


def test_nothing_is_replaced_while_an_assistant_has_it_open(opened: Study) -> None:
    recipients = (opened.key.recipient,)
    with Session(opened, ONE) as session:
        record_sound(session)
        guest = keys.new_personal_key().recipient
    access.grant(opened, ONE, guest, Role.TRANSCRIBER)
    with Session(opened, ONE, beside=True) as beside:
        before = opened.folder.database_key.read_bytes(), beside.folder.key.read_bytes()
        with pytest.raises(Busy, match="An assistant has session 01 open"):
            rekey_session(opened, ONE, recipients)
        with pytest.raises(Busy, match="An assistant"):
            access.revoke(opened, ONE, guest)
        with Session(opened, ONE) as session, pytest.raises(Busy, match="An assistant"):
            retaining.purge_audio(session, "purge")
        with pytest.raises(Busy, match="An assistant"):
            retaining.purge_linkage(opened, "purge")
        assert (opened.folder.database_key.read_bytes(), beside.folder.key.read_bytes()) == before
        Assist(beside).note(NoteKind.THEME, "kept")
    refused = []

    def join(_: Progress) -> None:
        with pytest.raises(Busy, match="being replaced"):
            Session(opened, ONE, beside=True)
        refused.append(True)

    rekey_session(opened, ONE, recipients, join)
    assert refused
    with Session(opened, ONE, beside=True) as beside:
        assert [one.text for one in beside.state.notes.values()] == ["kept"]
        Assist(beside).note(NoteKind.THEME, "under the new key")
    with Session(opened, ONE) as session:
        retaining.purge_audio(session, "purge")
        assert len(session.state.notes) == 2
    with no_assistant(opened.folder.session(ONE)), pytest.raises(Busy, match="being replaced"):
        Session(opened, ONE, beside=True)


def test_an_interrupted_change_of_keys_is_not_ended_by_an_assistant(opened: Study) -> None:
    staged = opened.folder.session(ONE).root / "rekeyed"
    staged.mkdir()
    (staged / "complete").touch()
    with pytest.raises(Busy, match="New keys of session 01"):
        Session(opened, ONE, beside=True)
    assert staged.exists()
    with Session(opened, ONE), Session(opened, ONE, beside=True):
        assert not staged.exists()


def test_words_from_what_is_struck_do_not_slip_in(opened: Study) -> None:
    with Session(opened, ONE) as session, Session(opened, ONE, beside=True) as beside:
        record_sound(session, 4.0)
        assist = Assist(beside)
        early, late = (assist.note(NoteKind.QUOTE, text, at_ms=at) for text, at in (("early", 500), ("late", 3000)))
        assist.refresh()
        order_strike(session, 2000, 4000)  # what the assistant noted is known to whoever strikes, unasked
        for at_ms in (1500, 3500):
            with pytest.raises(UsageError, match="destroyed at a participant's request"):
                assist.note(NoteKind.QUOTE, "too late", at_ms=at_ms)
        with pytest.raises(UsageError):
            assist.edit_note(late, NoteKind.QUOTE, "later", None)
        assist.mark(P1, 3500)
        finish_strike(session)
        assert session.folder.database.with_name("session.db-wal").stat().st_size == 0  # with both connections open
        for at_ms in (2500, 3500):
            with pytest.raises(UsageError):
                assist.note(NoteKind.QUOTE, "too late", at_ms=at_ms)
        with pytest.raises((NotFound, UsageError)):
            assist.edit_note(late, NoteKind.QUOTE, "later", None)
        session.refresh()
        assert session.state.notes.keys() == {early}
        assist.edit_note(early, NoteKind.QUOTE, "earlier", None)
        assist.note(NoteKind.QUOTE, "since")
        session.refresh()
        assert [one.text for one in session.state.notes.values()] == ["earlier", "since"]
        assert session.state == beside.reread()
        assert session.verify_log() == session.state.last_seq


def test_the_assistant_reads_the_clock_of_whoever_conducts(opened: Study, room: SoundRoom) -> None:
    with Session(opened, ONE) as session, Session(opened, ONE, beside=True) as beside:
        conduct, assist = Conduct(session), Assist(beside)

        def agree() -> bool:
            conduct.poll()
            assist.refresh()
            before, own, after = conduct.now_ms, assist.now_ms, conduct.now_ms
            assert before - 20 <= own <= after + 20
            return True

        assert agree() and not assist.recording and assist.now_ms == 0
        conduct.start()
        assert agree() and assist.recording and assist.paused is None
        _until(lambda: agree() and assist.level is not None)
        conduct.pause(Pause.OFF_RECORD)
        assert agree() and assist.recording and assist.paused is Pause.OFF_RECORD and assist.level is None
        conduct.resume()
        assert agree() and assist.paused is None
        assist.note(NoteKind.QUOTE, "in time")
        session.refresh()
        assert abs(max(one.at_ms for one in session.state.notes.values()) - conduct.now_ms) < 200

        status = read_status(session.folder.audio)
        assert status is not None
        os.kill(status.pid, signal.SIGKILL)
        _until(lambda: agree() and conduct.interrupted)
        assert not assist.recording and assist.now_ms > 500
        assert conduct.restart()
        assert agree() and assist.recording
        pressed_ms = assist.ms_at(time.monotonic_ns() - 200_000_000)
        assert abs(conduct.now_ms - 200 - pressed_ms) < 50
        conduct.stop()
        assert agree() and not assist.recording and assist.now_ms == session.state.length_ms


def test_who_joins_while_the_recorder_is_dead_goes_by_the_wall_clock(opened: Study) -> None:
    with Session(opened, ONE) as session:
        session.record(ev.RecordingStarted(8000, "none"), 5000)
        with Session(opened, ONE, beside=True) as beside:
            time.sleep(0.05)
            assist = Assist(beside)
            assert 5050 <= assist.now_ms < 8000
            session.record(ev.RecordingStopped(0, 5020, NO_HEAD), 5020)
            assist.refresh()
            assert assist.now_ms == 5020


def test_a_rehearsal_runs_faster(opened: Study) -> None:
    import psutil

    with Session(opened, ONE) as session, Session(opened, ONE, beside=True) as beside:
        own, now_ns = psutil.Process(), time.monotonic_ns()
        status = Status(own.pid, own.create_time(), ONE, now_ns - 1_000_000_000, 2000, "", 8000, 0, 0, None, speed=10)
        write_status(session.folder.audio, status)
        assist = Assist(beside)
        assert 12_000 <= assist.now_ms < 22_000
        assert 1990 <= assist.ms_at(now_ns - 1_000_000_000) <= 2010
