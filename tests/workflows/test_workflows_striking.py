import time
from pathlib import Path
from typing import Any

import pytest
from cli_runner import run
from known_sound import ALIKE, Playing, apart, find
from sound_room import SoundRoom

from facilitator.audio.container import RecordWriter, record_files
from facilitator.audio.record_format import AGE_INTRO, LENGTH, Opener, Record
from facilitator.domain import events as ev
from facilitator.domain.errors import NotFound, StorageFailed, UsageError
from facilitator.domain.group import DebriefPart
from facilitator.domain.ids import session_id
from facilitator.domain.notes import NoteKind
from facilitator.domain.recording import STRUCK
from facilitator.domain.stretches import common, without
from facilitator.domain.transcript import Segment
from facilitator.storage.study_folder import SessionFolder
from facilitator.workflows.conducting import Conduct, StrikePreview, Struck
from facilitator.workflows.note_taking import NoteTaking
from facilitator.workflows.sessions import Session
from facilitator.workflows.sound import SessionSound, open_track
from facilitator.workflows.striking import finish_strike, order_strike
from facilitator.workflows.study import Study
from facilitator.workflows.withheld import withheld

RATE = 16_000


@pytest.fixture
def room(sound_room: SoundRoom, monkeypatch: pytest.MonkeyPatch) -> SoundRoom:
    for name, value in sound_room.settings.items():
        monkeypatch.setenv(name, value)
    return sound_room


def _wait(conduct: Conduct, seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        conduct.poll()
        time.sleep(0.05)


def _recorded(session: Session, seconds: int, track: int = 0) -> None:
    """A take of `seconds` without a microphone."""
    folder, key = session.folder.track(track), session.key.audio_recipient
    writer = RecordWriter(folder, session_id=session.id, recipient=key, rate=RATE, ballast_bytes=0)
    for second in range(seconds):
        writer.append(bytes([second + 1, 0]) * RATE, second * RATE)
    writer.close()
    end_ms = seconds * 1000
    if track:
        session.record(ev.BackupStarted(track, RATE, "another"))
        session.record(ev.BackupStopped(track, writer.samples, end_ms, writer.head), end_ms)
    else:
        session.record(ev.RecordingStarted(RATE, "none"))
        session.record(ev.RecordingStopped(writer.samples, end_ms, writer.head), end_ms)


def _strike(conduct: Conduct, minutes: float) -> Struck:
    return conduct.strike(conduct.strike_preview(minutes).from_ms)


def _everything(folder: SessionFolder) -> bytes:
    """All bytes of the session's folder, but for the room that is kept in reserve."""
    paths = [path for path in sorted(folder.root.rglob("*")) if path.is_file() and path.name != "ballast"]
    return b"".join(path.read_bytes() for path in paths)


def _opened_blobs(session: Session) -> list[Record]:
    """Every record that the session's key opens, wherever in the session's folder it lies."""
    opener, found = Opener(session.key.audio_secret, None), list[Record]()
    for path in sorted(session.folder.root.rglob("*")):
        data = path.read_bytes() if path.is_file() else b""
        at = data.find(AGE_INTRO)
        while at >= 0:
            following = data.find(AGE_INTRO, at + 1)
            ends = {len(data), at + int.from_bytes(data[at - LENGTH.size : at], "big")}
            ends |= {following, following - LENGTH.size} if following > 0 else set()
            opened = [opener.open(data[at:end]) for end in ends]
            found += [one for one in opened if isinstance(one, Record)][:1]
            at = following
    return found


def _blob_heads(session: Session, track: int, from_ms: int) -> list[bytes]:
    """Bytes that tell each blob of a track from `from_ms` on from all others."""
    reader = open_track(session, track)
    place = reader.place_of(from_ms)
    assert place is not None
    heads, later = list[bytes](), False
    for path in record_files(session.folder.track(track)):
        data = path.read_bytes()
        start = place.offset if path.name == place.file else 0
        later = later or path.name == place.file
        at = data.find(AGE_INTRO, start) if later else -1
        while at >= 0:
            heads.append(data[at + 30 : at + 120])
            at = data.find(AGE_INTRO, at + 1)
    return heads


def _payloads(session: Session) -> list[str]:
    rows: Any = session._connection.execute("SELECT body FROM payload")
    return [str(body) for (body,) in rows]


def test_a_strike_while_recording_destroys_sound_backup_and_notes(opened: Study, room: SoundRoom) -> None:
    with Session(opened, session_id("01")) as session, Playing(room):
        conduct = Conduct(session)
        conduct.start("default", rate=RATE, backup_device="pulse")
        conduct.note(NoteKind.THEME, "the beginning")
        conduct.mark(None)
        _wait(conduct, 4.6)
        conduct.note(NoteKind.QUOTE, "Ingeborg said it")
        conduct.mark(None)
        doomed = _blob_heads(session, 0, conduct.now_ms - 2900) + _blob_heads(session, 1, conduct.now_ms - 2900)
        everything = _everything(session.folder)
        assert len(doomed) > 12 and all(one in everything for one in doomed)
        preview = conduct.strike_preview(0.05)
        assert preview.notes == 1 and 2900 <= preview.sound_ms <= 3000
        struck_ms = conduct.now_ms
        struck = _strike(conduct, 0.05)
        assert conduct.recording and struck.notes == 1 and struck.tracks == 1
        assert struck.from_ms <= struck_ms - 2900
        assert 2500 <= struck.sound_ms <= struck.to_ms - struck.from_ms + 1
        _wait(conduct, 1.5)
        assert conduct.stop().lost_ms == 0
        assert min(one.to_ms for one in session.state.struck) >= struck_ms, "up to the moment of the order"
        _judge(session, struck.from_ms, struck.to_ms)
        everything = _everything(session.folder)
        assert not any(one in everything for one in doomed)
        state = session.reread()
        assert [note.text for note in state.notes.values()] == ["the beginning"] and len(state.marks) == 2
        assert not any("Ingeborg" in body for body in _payloads(session))
        sound = [open_track(session).read(at, at + 600) for at in (400, struck.to_ms + 400)]
        (first, later) = [find(piece, RATE) for piece in sound]
        assert min(first.alike, later.alike) > ALIKE
        assert abs(apart(first.at_ms - 400, later.at_ms - struck.to_ms - 400)) < 50


def _judge(session: Session, from_ms: int, to_ms: int) -> None:
    """Nothing of the stretch is left anywhere, and what is left is whole."""
    records = _opened_blobs(session)
    order = [item.event for item in session.history() if isinstance(item.event, ev.StrikeOrdered)][-1]
    assert from_ms <= order.from_ms and to_ms >= order.to_ms
    for one in records:
        starts, ends = one.first_sample * 1000 // RATE, one.end_sample * 1000 // RATE
        assert ends <= order.from_ms + 1 or starts >= order.to_ms - 1, "a record of the stretch is left"
    for track in (0, *session.state.backups):
        reader = open_track(session, track)
        assert reader.check().damage == (), f"track {track}"
        assert not reader.read(order.from_ms + 1, order.to_ms).any()
    assert not SessionSound(session).read(order.from_ms + 1, order.to_ms).any(), "nor is it filled from a backup"
    stored = sum(open_track(session, track).check().records for track in (0, *session.state.backups))
    assert stored == len(records), "no record lies anywhere else"
    assert session.verify_log() == session.state.last_seq
    assert (from_ms, to_ms - from_ms, STRUCK) in session.reread().gaps
    assert session.reread().strike_ordered is None


def test_strikes_after_the_end_and_again_and_recording_goes_on(opened: Study, room: SoundRoom) -> None:
    with Session(opened, session_id("01")) as session:
        _recorded(session, 20)
        _recorded(session, 20, track=1)
        conduct = Conduct(session)
        conduct.note(NoteKind.THEME, "at the end")
        struck = _strike(conduct, 0.1)
        assert (struck.from_ms, struck.to_ms, struck.sound_ms, struck.notes) == (14_000, 20_000, 6000, 1)
        _judge(session, 14_000, 20_000)
        assert conduct.strike_preview(0.2) == StrikePreview(8000, 6000, 0)
        struck = _strike(conduct, 0.2)
        assert (struck.from_ms, struck.to_ms, struck.sound_ms) == (8000, 20_000, 6000)
        _judge(session, 8000, 20_000)
        assert _strike(conduct, 0.05).sound_ms == 0, "there is nothing left of it"
        assert open_track(session).length_ms == 8000 and session.state.length_ms == 20_000
        conduct.start("default")
        _wait(conduct, 1.0)
        first = _strike(conduct, 0.05)
        assert first.sound_ms > 0
        _wait(conduct, 1.0)
        second = _strike(conduct, 0.05)
        assert second.sound_ms > 0
        _wait(conduct, 1.0)
        assert conduct.stop().lost_ms == 0
        assert open_track(session).check().damage == () and session.verify_log()
        assert open_track(session, 1).check().damage == ()
        assert open_track(session).length_ms > second.to_ms


def test_everything_can_be_struck_and_a_new_beginning_made(opened: Study, room: SoundRoom) -> None:
    with Session(opened, session_id("01")) as session:
        conduct = Conduct(session)
        conduct.start("default")
        _wait(conduct, 1.2)
        struck = _strike(conduct, 10)
        assert struck.from_ms == 0 and conduct.recording
        assert conduct.stop().lost_ms == 0
        _strike(conduct, 10)
        assert record_files(session.folder.audio) == []
        with pytest.raises(NotFound):
            open_track(session)
        conduct.start("default")
        _wait(conduct, 1.2)
        assert conduct.stop().lost_ms == 0
        assert open_track(session).check().damage == () and session.verify_log()


def test_a_strike_that_was_only_ordered_is_carried_out_by_the_next_start(opened: Study, room: SoundRoom) -> None:
    with Session(opened, session_id("01")) as session:
        _recorded(session, 10)
        order_strike(session, 4_000, 10_000)
        conduct = Conduct(session)
        assert conduct.strike_pending
        conduct.start("default")
        assert not conduct.strike_pending and session.reread().struck[0].from_ms == 4000
        conduct.stop()
        _judge_range(session, 4000, 10_000)
        assert finish_strike(session) is None


def _judge_range(session: Session, from_ms: int, to_ms: int) -> None:
    reader = open_track(session)
    assert reader.check().damage == () and not reader.read(from_ms, to_ms).any()


def test_what_the_recorder_destroyed_unlogged_is_logged_and_no_more_destroyed(
    opened: Study, room: SoundRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Session(opened, session_id("01")) as session, Playing(room):
        conduct = Conduct(session)
        conduct.start("default", rate=RATE)
        _wait(conduct, 4.0)
        store = session.record

        def refuse(event: ev.Event, at_ms: int = 0) -> ev.Stored:
            if isinstance(event, ev.AudioStruck):
                raise StorageFailed("The disk is full.")
            return store(event, at_ms)

        monkeypatch.setattr(session, "record", refuse)
        with pytest.raises(StorageFailed):
            _strike(conduct, 0.05)
        monkeypatch.setattr(session, "record", store)
        assert conduct.strike_pending and conduct.recording
        conduct.detach()
        time.sleep(1.5)
        conduct = Conduct(session)
        assert conduct.find_running() and not conduct.strike_pending
        (struck,) = session.reread().struck
        assert struck.samples > 2 * RATE and struck.next_seq > struck.first_seq
        assert conduct.stop().lost_ms == 0
        _judge(session, struck.from_ms, struck.to_ms)
        after = open_track(session).read(struck.to_ms + 300, struck.to_ms + 1200)
        assert find(after, RATE).alike > ALIKE, "what was said after the strike is kept"


@pytest.mark.parametrize("track", [0, 1])
def test_a_destruction_cut_off_in_the_middle_is_completed(opened: Study, track: int) -> None:
    with Session(opened, session_id("01")) as session:
        _recorded(session, 10)
        _recorded(session, 10, track=1)
        order_strike(session, 4_000, 10_000)
        place = open_track(session, track).place_of(4000)
        assert place is not None
        path = session.folder.track(track) / place.file
        with path.open("r+b") as file:  # as far as it had come: overwritten, not cut off yet
            file.seek(place.offset)
            file.write(bytes(path.stat().st_size - place.offset))
        struck = finish_strike(session)
        assert struck is not None and struck.to_ms == 10_000
        assert path.stat().st_size <= place.offset
        _judge(session, 4000, 10_000)


def test_no_strike_once_the_draft_is_corrected_nor_without_sound(opened: Study) -> None:
    with Session(opened, session_id("01")) as session:
        with pytest.raises(UsageError, match="no recording"):
            _strike(Conduct(session), 1)
        _recorded(session, 5)
        for wrong in (0.0, -1.0, 721.0, float("nan")):
            with pytest.raises(UsageError):
                Conduct(session).strike_preview(wrong)
        session.record(ev.DraftMade((Segment(1, 0, 5000, None, "So we begin."),)))
        session.record(ev.SegmentChecked(1, False, True))
        with pytest.raises(UsageError, match="corrected already"):
            _strike(Conduct(session), 1)
        assert session.reread().strike_ordered is None and open_track(session).length_ms == 5000


def test_the_command_asks_for_the_exact_word(planned: Path, opened: Study) -> None:
    with Session(opened, session_id("01")) as session:
        _recorded(session, 10)
    refused = run("strike", "01", "--minutes", "0.1", "--word", "Strike", "--study", planned)
    assert refused.code == 2 and "was not given" in refused.err
    done = run("strike", "01", "--minutes", "0.1", "--word", "strike", "--study", planned)
    assert done.code == 0, done.err
    assert "Destroyed 0:04 to 0:10: 0:06 of sound, no note." in done.out
    with Session(opened, session_id("01")) as session:
        _judge(session, 4000, 10_000)


def test_the_command_strikes_a_recording_that_was_left_running(planned: Path, opened: Study, room: SoundRoom) -> None:
    with Session(opened, session_id("01")) as session, Playing(room):
        conduct = Conduct(session)
        conduct.start("default", rate=RATE)
        _wait(conduct, 4.0)
        busy = run("strike", "01", "--minutes", "0.05", "--word", "strike", study=planned)
        assert busy.code == 8, "the screen that has it open does it itself"
        conduct.detach()
    with Playing(room):
        done = run("strike", "01", "--minutes", "0.05", "--word", "strike", study=planned)
        assert done.code == 0, done.err
        with Session(opened, session_id("01")) as session:
            conduct = Conduct(session)
            assert conduct.find_running(), "it goes on"
            _wait(conduct, 1.0)
            assert conduct.stop().lost_ms == 0
            (struck,) = session.state.struck
            assert struck.samples > 2 * RATE
            _judge(session, struck.from_ms, struck.to_ms)


def test_a_backup_that_no_log_knows_is_struck_as_well(opened: Study) -> None:
    with Session(opened, session_id("01")) as session:
        _recorded(session, 10)
        folder, key = session.folder.track(1), session.key.audio_recipient
        with RecordWriter(folder, session_id=session.id, recipient=key, rate=RATE, ballast_bytes=0) as writer:
            writer.append(bytes([1, 0]) * RATE * 10, 0)
        order_strike(session, 4_000, 10_000)
        finish_strike(session)
        assert max(record.end_sample for record in _opened_blobs(session)) == 4 * RATE


def test_an_order_destroys_no_later_note_and_none_is_stored_over_one_that_waits(opened: Study) -> None:
    with Session(opened, session_id("01")) as session:
        _recorded(session, 10)
        order_strike(session, 2_000, 8_000)
        with pytest.raises(StorageFailed, match="earlier strike"):
            order_strike(session, 9_000, 10_000)
        early, late = (session.record(ev.NoteTaken(NoteKind.THEME, "a note"), at_ms).seq for at_ms in (3_000, 10_500))
        finish_strike(session)
        assert early not in session.state.notes and late in session.state.notes


def test_all_words_of_the_stretch_are_destroyed_and_none_before_it(opened: Study) -> None:
    with Session(opened, session_id("01")) as session:
        noting, guide = NoteTaking(session), session.state.guide
        assert guide is not None
        first, second, *_ = guide.questions
        early = noting.note(NoteKind.THEME, "early", at_ms=2_000)
        noting.reword(first, "an early wording")
        _recorded(session, 10)
        late = noting.note(NoteKind.QUOTE, "SECRET note", at_ms=6_000)
        noting.mark(None, 7_000)
        noting.first_words("SECRET words")
        noting.edit_note(late, NoteKind.QUOTE, "SECRET edit", None)
        noting.edit_note(late, NoteKind.QUOTE, "", None)
        noting.edit_note(early, NoteKind.QUOTE, "SECRET addition", None)
        noting.skip(second, "SECRET reason", 8_000)
        noting.reword(first, "SECRET wording")
        noting.write_debrief(DebriefPart.THEMES, "SECRET theme")
        assert sum("SECRET" in body for body in _payloads(session)) == 7
        destroyed = session.state.written_since(4_000, 10_000)
        order_strike(session, 4_000, 10_000)
        finish_strike(session)
        assert session.state.struck[-1].destroyed == destroyed and len(destroyed) == 8, "its removal, too"
        assert not [body for body in _payloads(session) if "SECRET" in body]
        rows: Any = session._connection.execute("SELECT seq FROM payload")
        assert not {seq for (seq,) in rows} & set(destroyed)
        state = session.reread()
        assert state == session.state and session.verify_log() == state.last_seq
        assert [note.text for note in state.notes.values()] == ["early"] and not state.steps and not state.debrief
        assert state.guide_as_run and state.guide_as_run.questions[0].text == "an early wording"
        assert [(mark.at_ms, mark.words) for mark in state.speaker_marks] == [(7_000, "")]


def test_a_strike_carries_out_the_one_that_waits_and_keeps_what_lies_between(opened: Study) -> None:
    with Session(opened, session_id("01")) as session:
        _recorded(session, 70)
        before = open_track(session).read(0, 70_000)
        order_strike(session, 10_000, 20_000)
        kept = session.record(ev.NoteTaken(NoteKind.THEME, "between the two"), 40_000).seq
        struck = _strike(Conduct(session), 0.1)
        assert (struck.from_ms, struck.to_ms) == (64_000, 70_000)
        after = open_track(session).read(0, 70_000)
        assert (after[20 * RATE : 64 * RATE] == before[20 * RATE : 64 * RATE]).all()
        assert not after[10 * RATE : 20 * RATE].any() and not after[64 * RATE :].any()
        assert kept in session.state.notes and len(session.state.struck) == 2


def test_what_was_announced_is_destroyed_however_long_the_word_takes(opened: Study, room: SoundRoom) -> None:
    with Session(opened, session_id("01")) as session, Playing(room):
        conduct = Conduct(session)
        conduct.start("default", rate=RATE)
        _wait(conduct, 3.5)
        preview = conduct.strike_preview(0.06)
        _wait(conduct, 2.0)
        struck = conduct.strike(preview.from_ms)
        assert struck.from_ms <= preview.from_ms and struck.sound_ms > preview.sound_ms + 1_500
        assert conduct.stop().lost_ms == 0
        _judge(session, struck.from_ms, struck.to_ms)


def test_all_of_an_order_is_withheld_where_the_recording_ended_before_it(opened: Study) -> None:
    with Session(opened, session_id("01")) as session:
        _recorded(session, 5)  # then the device was lost
        order_strike(session, 3_000, 9_000)
        finish_strike(session)
        session.record(ev.RecordingStarted(RATE, "none"), 12_000)
        session.record(ev.RecordingStopped(RATE, 13_000, "0" * 64), 13_000)
        session.record(ev.AudioGap(7_000, "the device was lost"), 5_000)
        assert not common([(3_000, 9_000)], without([(0, 13_000)], withheld(session)))


@pytest.mark.parametrize("again", [False, True])
def test_an_order_carried_out_late_keeps_what_was_recorded_after_it(
    opened: Study, again: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Session(opened, session_id("01")) as session:
        _recorded(session, 70)
        before = open_track(session).read(0, 70_000)
        heads = _blob_heads(session, 0, 50_000)[: 4 * 10]
        session.record(ev.StrikeOrdered(50_000, 60_000), 60_000)
        if again:
            with monkeypatch.context() as crash:
                crash.setattr("facilitator.workflows.striking._check_gone", _died)
                with pytest.raises(KeyboardInterrupt):
                    finish_strike(session)
        struck = finish_strike(session)
        assert struck is not None and (struck.from_ms, struck.to_ms) == (50_000, 60_000)
        reader = open_track(session)
        assert not reader.check().damage and session.verify_log()
        after = reader.read(0, 70_000)
        assert (after[: 50 * RATE] == before[: 50 * RATE]).all() and (after[60 * RATE :] == before[60 * RATE :]).all()
        assert not after[50 * RATE : 60 * RATE].any()
        everything = _everything(session.folder)
        assert len(heads) == 40 and not [head for head in heads if head in everything]
        assert session.state.gaps == [(50_000, 10_000, STRUCK)]


def _died(*_: object) -> None:
    raise KeyboardInterrupt
