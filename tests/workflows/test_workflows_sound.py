from pathlib import Path

import numpy as np
import pytest
import soxr
from talk import Pcm, talk

from facilitator.audio.container import RecordWriter
from facilitator.audio.record_format import AGE_INTRO, LENGTH
from facilitator.domain import events as ev
from facilitator.domain.errors import Damaged, NotFound
from facilitator.domain.ids import session_id
from facilitator.domain.recording import STRUCK, Pause
from facilitator.domain.stretches import common, merged, total, without
from facilitator.workflows.release import release_content
from facilitator.workflows.sessions import Session
from facilitator.workflows.sound import SessionSound, open_track
from facilitator.workflows.study import Study
from facilitator.workflows.withheld import withheld

RATE = 16_000
GAP = (10_000, 16_000)


def stored(session: Session, track: int, sound: Pcm, parts: list[tuple[int, int]], rate: int = RATE) -> None:
    """Write those parts (ms) of `sound`, which lies on the session clock, as records."""
    with RecordWriter(
        session.folder.track(track),
        session_id=session.id,
        recipient=session.key.audio_recipient,
        rate=rate,
        ballast_bytes=0,
    ) as writer:
        for start, end in parts:
            first = start * rate // 1000
            writer.append(sound[first : end * rate // 1000].tobytes(), first)


def recorded(session: Session, parts: list[tuple[int, int]], *gaps: tuple[int, int, str], seconds: int = 30) -> Pcm:
    """A take of `seconds` that holds `parts` of what was said, which is returned."""
    said = talk(seconds, RATE, seed=3)
    session.record(ev.RecordingStarted(RATE, "microphone"), 0)
    for at, length, reason in gaps:
        session.record(ev.AudioGap(length, reason), at)
    stored(session, 0, said, parts)
    session.record(ev.RecordingStopped(len(said), seconds * 1000, "0" * 64), seconds * 1000)
    return said


def backed_up(session: Session, sound: Pcm, parts: list[tuple[int, int]], track: int = 1, rate: int = RATE) -> None:
    session.record(ev.BackupStarted(track, rate, "second"), 0)
    stored(session, track, sound, parts, rate)
    session.record(ev.BackupStopped(track, len(sound), len(sound) * 1000 // rate, "0" * 64), 0)


def test_stretches_add_and_subtract() -> None:
    assert merged([(5, 9), (1, 3), (3, 4), (8, 12), (20, 20)]) == [(1, 4), (5, 12)]
    assert without([(0, 10), (20, 30)], [(2, 4), (8, 22), (29, 40)]) == [(0, 2), (4, 8), (22, 29)]
    assert common([(0, 10)], [(-5, 1), (9, 20)]) == [(0, 1), (9, 10)]
    assert total([(0, 10), (5, 15)]) == 15


def test_a_gap_is_filled_from_the_backup_without_a_click(opened: Study) -> None:
    with Session(opened, session_id("01")) as session:
        said = recorded(session, [(0, GAP[0]), (GAP[1], 30_000)], (GAP[0], 6000, "the device is gone"))
        backed_up(session, said, [(0, 30_000)])
        sound = SessionSound(session)
        assert sound.filled == [(10_000, 6000, 1)] and sound.length_ms == 30_000 and not sound.unreadable
        assert (sound.read(0, 30_000) == said).all(), "the same sound in both: the joins cannot be seen"
        by_blocks = np.concatenate([block for _, block in sound.blocks(seconds=0.7)])
        assert (by_blocks == said).all()


def test_the_cross_fade_joins_differing_sounds_smoothly(opened: Study) -> None:
    with Session(opened, session_id("01")) as session:
        flat = np.full(30 * RATE, 8000, dtype=np.int16)
        session.record(ev.RecordingStarted(RATE, "microphone"), 0)
        stored(session, 0, flat, [(0, 10_000), (16_000, 30_000)])
        session.record(ev.RecordingStopped(0, 30_000, "0" * 64), 30_000)
        backed_up(session, np.full(30 * RATE, -8000, dtype=np.int16), [(0, 30_000)])
        pcm = SessionSound(session).read(0, 30_000).astype(int)
        assert (pcm[11 * RATE : 15 * RATE] == -8000).all() and (pcm[: 9 * RATE] == 8000).all()
        assert int(np.abs(np.diff(pcm)).max()) <= 16_000 // (8 * RATE // 1000) + 1


def test_a_backup_of_another_rate_fills_at_the_same_place(opened: Study) -> None:
    with Session(opened, session_id("01")) as session:
        said = recorded(session, [(0, GAP[0]), (GAP[1], 30_000)])
        second = soxr.resample(said, RATE, 44_100)
        backed_up(session, second, [(0, 30_000)], rate=44_100)
        back = soxr.resample(second, 44_100, RATE)
        sound = SessionSound(session)
        for at in range(10_000, 15_900, 590):
            heard, true = sound.read(at, at + 300).astype(int), back[at * 16 : (at + 300) * 16]
            assert true.any() and np.abs(heard - true).max() <= 40, at
        whole, pieces = sound.read(9_900, 16_100), [sound.read(at, at + 100) for at in range(9_900, 16_100, 100)]
        assert np.abs(whole.astype(int) - np.concatenate(pieces)).max() <= 40, "however it is read"


def test_damage_that_shows_only_when_read_is_filled_too(opened: Study) -> None:
    with Session(opened, session_id("01")) as session:
        said = recorded(session, [(0, 30_000)])
        backed_up(session, said, [(0, 30_000)])
        path = session.folder.audio / "0001.rec"
        data = bytearray(path.read_bytes())
        last_of_a_record = data.index(AGE_INTRO, len(data) // 2) - LENGTH.size - 1
        data[last_of_a_record] ^= 1
        path.write_bytes(data)
        sound = SessionSound(session)
        assert sound.filled == []
        pcm = sound.read(0, 30_000)
        assert [length for _, length, _ in sound.filled] == [250]
        assert (pcm == said).all()


def test_what_two_backups_have_is_taken_from_the_first_that_has_it(opened: Study) -> None:
    with Session(opened, session_id("01")) as session:
        said = recorded(session, [(0, GAP[0]), (GAP[1], 30_000)])
        backed_up(session, said, [(0, 12_000)])
        backed_up(session, said, [(0, 14_000), (15_000, 30_000)], track=2)
        sound = SessionSound(session)
        assert sound.filled == [(10_000, 2000, 1), (12_000, 2000, 2), (15_000, 1000, 2)]
        assert not sound.read(14_000, 15_000).any()


def test_nothing_withheld_is_ever_filled(opened: Study) -> None:
    with Session(opened, session_id("01")) as session:
        said = talk(60, RATE, seed=3)
        backed_up(session, said, [(0, 60_000)])  # one that recorded through it all
        session.record(ev.RecordingStarted(RATE, "microphone"), 0)
        session.record(ev.RecordingPaused(Pause.OFF_RECORD), 10_000)
        session.record(ev.AudioGap(5000, Pause.OFF_RECORD.value), 10_000)
        session.record(ev.RecordingResumed(), 15_000)
        session.record(ev.AudioGap(2000, "the device is gone"), 20_000)
        session.record(ev.RecordingStopped(0, 30_000, "0" * 64), 30_000)
        session.record(ev.AudioGap(5000, "not recorded"), 30_000)
        session.record(ev.RecordingStarted(RATE, "microphone"), 35_000)
        session.record(ev.AudioStruck(38_000, 40_000, 4, 9, 1, "0" * 64), 41_000)
        session.record(ev.RecordingStopped(0, 50_000, "0" * 64), 50_000)
        stored(session, 0, said, [(0, 10_000), (15_000, 20_000), (22_000, 30_000), (35_000, 38_000), (40_000, 50_000)])
        sound = SessionSound(session)
        assert sound.filled == [(20_000, 2000, 1)] and sound.length_ms == 50_000
        for start, end in ((10_000, 15_000), (30_000, 35_000), (38_000, 40_000)):
            assert not sound.read(start, end).any()


@pytest.mark.parametrize(("reason", "kept"), [("not recorded", True), ("the recorder had to be started again", False)])
def test_between_takes_only_what_a_failure_made_may_be_filled(opened: Study, reason: str, kept: bool) -> None:
    with Session(opened, session_id("01")) as session:
        session.record(ev.RecordingStarted(RATE, "microphone"), 0)
        session.record(ev.RecordingStopped(0, 10_000, "0" * 64), 10_000)
        session.record(ev.AudioGap(5000, reason), 10_000)
        session.record(ev.RecordingStarted(RATE, "microphone"), 15_000)
        session.record(ev.RecordingStopped(0, 30_000, "0" * 64), 30_000)
        assert bool(common(withheld(session), [(10_000, 15_000)])) is kept


def test_a_crash_while_off_the_record_leaves_it_off_the_record(opened: Study) -> None:
    with Session(opened, session_id("01")) as session:
        session.record(ev.RecordingStarted(RATE, "microphone"), 0)
        session.record(ev.RecordingPaused(Pause.OFF_RECORD), 10_000)
        session.record(ev.RecordingStopped(0, 10_000, "0" * 64), 10_000)
        session.record(ev.RecordingResumed(), 10_000)  # as a recovery says it
        session.record(ev.RecordingRecovered(10_000, 0), 10_000)
        session.record(ev.AudioGap(50_000, "not recorded"), 10_000)
        session.record(ev.RecordingStarted(RATE, "microphone"), 60_000)
        session.record(ev.RecordingStopped(0, 70_000, "0" * 64), 70_000)
        assert common(withheld(session), [(0, 70_000)]) == [(10_000, 60_000)]


def test_an_unreadable_recording_is_replaced_and_says_so(opened: Study) -> None:
    with Session(opened, session_id("01")) as session:
        said = recorded(session, [(0, 30_000)])
        for path in session.folder.audio.glob("*.rec"):
            path.write_bytes(b"FACREC01" + bytes(path.stat().st_size))
        with pytest.raises((Damaged, NotFound)):
            SessionSound(session)
        backed_up(session, said, [(0, 30_000)])
        sound = SessionSound(session)
        assert sound.unreadable and sound.filled == [(0, 30_000, 1)]
        inner = slice(RATE, 29 * RATE)
        assert (sound.read(0, 30_000)[inner] == said[inner]).all()


def test_without_backups_it_is_the_recording_itself(opened: Study) -> None:
    with Session(opened, session_id("01")) as session:
        recorded(session, [(0, GAP[0]), (GAP[1], 30_000)])
        sound, reader = SessionSound(session), open_track(session)
        assert (sound.read(500, 29_000) == reader.read(500, 29_000)).all()
        assert (sound.rate, sound.length_ms, sound.filled) == (reader.rate, reader.length_ms, [])


def test_a_damaged_backup_keeps_nobody_from_the_recording(opened: Study) -> None:
    with Session(opened, session_id("01")) as session:
        said = recorded(session, [(0, 30_000)])
        backed_up(session, said, [(0, 30_000)])
        for path in session.folder.track(1).glob("*.rec"):
            path.write_bytes(b"rubbish")
        assert (SessionSound(session).read(0, 30_000) == said).all()


def test_a_gap_that_was_heard_from_a_backup_is_no_gap_of_the_transcript(opened: Study) -> None:
    with Session(opened, session_id("01")) as session:
        gaps = ((5000, 3000, "the device is gone"), (12_000, 2000, Pause.BREAK.value), (20_000, 2000, STRUCK))
        recorded(session, [(0, 5000), (8000, 12_000)], *gaps)
        assert release_content(session).gaps == gaps
        heard = ((5004, 2000), (11_000, 10_000))
        session.record(ev.TranscriptionStarted("faster-whisper", "tiny", "0" * 64, "en", 30_000, heard))
        assert release_content(session).gaps == ((7004, 996, "the device is gone"), *gaps[1:])


def test_the_log_of_an_earlier_version_needs_no_new_fields(planned: Path, opened: Study) -> None:
    with Session(opened, session_id("01")) as session:
        session.record(ev.TranscriptionStarted("faster-whisper", "tiny", "0" * 64, "en", 1000))
        assert session.reread().transcription == session.state.transcription
        assert session.state.transcription is not None and session.state.transcription.filled == ()
