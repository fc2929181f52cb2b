import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from sound_room import SoundRoom

from facilitator.audio.status_file import Status, write_status
from facilitator.domain import events as ev
from facilitator.domain.accounting import Fate
from facilitator.domain.ids import session_id
from facilitator.domain.stretches import common
from facilitator.domain.transcript import Segment, Word
from facilitator.transcription import offline_packages
from facilitator.workflows.conducting import Conduct
from facilitator.workflows.hearing import accounted
from facilitator.workflows.live_draft import LiveDraft
from facilitator.workflows.sessions import Session
from facilitator.workflows.study import Study

SAMPLE = Path(__file__).resolve().parents[2] / "facilitator" / "sample" / "focus_group.ogg"
PATIENCE_S = 240.0


def _window(index: int, start_ms: int, end_ms: int) -> ev.WindowTranscribed:
    word = Word("yes", start_ms, start_ms + 300, 0.9)
    segment = ev.HeardSegment(start_ms, start_ms + 300, "yes", (word,))
    return ev.WindowTranscribed(index, start_ms, end_ms, (segment,))


def _heard(session: Session, *ends_ms: int, total_ms: int = 0) -> None:
    """As a live draft would store it."""
    session.record(ev.TranscriptionStarted("faster-whisper", "base", "0" * 64, "en", total_ms))
    starts = (0, *ends_ms)
    for index, (start, end) in enumerate(zip(starts, ends_ms, strict=False)):
        session.record(_window(index, start, end), start)


def _same_when_read_anew(session: Session) -> None:
    anew, now = session.reread(), session.state
    assert (anew.hearing, anew.beside, anew.segments, anew.doubts) == (
        now.hearing,
        now.beside,
        now.segments,
        now.doubts,
    )


def test_a_recording_that_goes_on_drops_only_the_window_that_ended_with_it(opened: Study) -> None:
    with Session(opened, session_id("01")) as session:
        _heard(session, 27_000, 51_000, 60_000)
        session.record(ev.HeardUntil(60_000))
        assert session.state.hearing is not None and session.state.hearing.is_whole
        session.record_all([(ev.TranscriptionFinished(3), 0), (ev.DraftMade((Segment(1, 0, 300, None, "yes"),)), 0)])
        assert session.state.transcription_finished
        session.record(ev.HeardUntil(0))
        assert session.state.hearing.goes_on == (2, 51_000) and not session.state.transcription_finished
        _same_when_read_anew(session)
        session.record(_window(2, 51_000, 78_000), 51_000)
        session.record(ev.HeardUntil(78_000))
        assert session.state.hearing.is_whole
        _same_when_read_anew(session)


def test_what_was_taken_back_is_forgotten_and_its_text_is_gone(opened: Study) -> None:
    with Session(opened, session_id("01")) as session:
        _heard(session, 27_000, 51_000)
        session.record(ev.HearingForgotten(40_000, session.state.heard_since(40_000)))
        assert session.state.hearing is not None and session.state.hearing.goes_on == (1, 27_000)
        stored = [item.event for item in session.history() if isinstance(item.event, ev.WindowTranscribed)]
        assert [window.index for window in stored] == [0]
        session.verify_log()
        _same_when_read_anew(session)


def test_a_strike_takes_the_draft_with_it_and_says_that_it_is_unfinished(opened: Study) -> None:
    with Session(opened, session_id("01")) as session:
        _heard(session, 27_000, 51_000, total_ms=51_000)
        session.record_all([(ev.TranscriptionFinished(2), 0), (ev.DraftMade((Segment(1, 0, 300, None, "yes"),)), 0)])
        destroyed = session.state.heard_since(30_000)
        session.record(ev.AudioStruck(30_000, 51_000, 0, 0, 0, "", destroyed, track=0), 51_000)
        assert not session.state.segments and not session.state.transcription_finished
        assert session.state.hearing is not None and set(session.state.hearing.windows) == {0}
        _same_when_read_anew(session)
        assert "yes" not in str([item.event for item in session.history() if isinstance(item.event, ev.DraftMade)])


def _until(conduct: Conduct, draft: LiveDraft, met: Callable[[], bool], seconds: float = PATIENCE_S) -> None:
    deadline = time.monotonic() + seconds
    while not met():
        assert time.monotonic() < deadline, draft.standing
        assert not draft.standing.failed
        conduct.poll()
        draft.look()
        time.sleep(0.1)


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.skipif(offline_packages.parts() is None, reason="the extra `offline` is not installed")
def test_a_draft_grows_with_the_recording_forgets_a_strike_and_is_whole_after_the_stop(
    opened: Study, sound_room: SoundRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in sound_room.settings.items():
        monkeypatch.setenv(name, value)
    with Session(opened, session_id("01")) as session, LiveDraft(session) as draft:
        conduct = Conduct(session)
        conduct.start("default", rate=16_000)
        playing = sound_room.play(SAMPLE)
        try:
            _until(conduct, draft, lambda: draft.standing.heard_ms > 0)
            heard_ms = draft.standing.heard_ms
            assert heard_ms <= 30_000 and conduct.recording
            before = [item.seq for item in session.history() if isinstance(item.event, ev.WindowTranscribed)]
            struck = conduct.strike(conduct.strike_preview((conduct.now_ms - heard_ms + 6_000) / 60_000).from_ms)
            assert struck.from_ms < heard_ms
            assert not {item.seq for item in session.history()} & set(before), "its text is destroyed with the sound"
            stop_at = conduct.now_ms + 8_000
            _until(conduct, draft, lambda: conduct.now_ms >= stop_at)
        finally:
            playing.kill()
            playing.wait()
        recorded = conduct.stop()
        draft.recording_ended()
        assert draft.wait(PATIENCE_S) and draft.standing.done, draft.standing
        state = session.state
        assert recorded.lost_ms == 0 and not [one for one in state.troubles if one.end_ms is None]
        assert state.transcription_finished and state.hearing is not None and state.hearing.is_whole
        text = " ".join(segment.text for segment in state.transcript)
        assert "your names will be replaced by numbers" in text
        gone = [(struck.from_ms + 500, struck.to_ms - 500)]
        words = [word for segment in state.transcript for word in segment.words]
        assert not common([(word.start_ms, word.end_ms) for word in words], gone)
        fates = {part.fate for part in accounted(state) if common([(part.start_ms, part.end_ms)], gone)}
        assert fates <= {Fate.MISSING, Fate.SILENCE} and Fate.MISSING in fates
        _same_when_read_anew(session)
        _hears_only_what_is_missing(session)


def _hears_only_what_is_missing(session: Session) -> None:
    """As after a draft that ended when the later of two windows, heard side by side, had been stored, but not the
    first."""
    whole, before = session.state.transcription, _windows(session)
    first, *later = sorted(before, key=lambda one: one.index)
    assert whole is not None and later
    session.record(replace(whole, total_ms=0, filled=()))
    session.record_all([(one, one.start_ms) for one in later])
    _says_that_it_records(session, session.state.length_ms)
    with LiveDraft(session) as draft:
        draft.look()
        draft.recording_ended()
        assert draft.wait(PATIENCE_S) and draft.standing.done, draft.standing
    heard = _windows(session)[len(before) :]
    assert [one.index for one in heard] == [*(one.index for one in later), first.index], "each is stored once"
    assert heard[-1] == first and session.state.hearing is not None and session.state.hearing.is_whole
    _same_when_read_anew(session)


def _windows(session: Session) -> list[ev.WindowTranscribed]:
    """As they were stored, one after the other."""
    return [item.event for item in session.history() if isinstance(item.event, ev.WindowTranscribed)]


def test_a_short_recording_and_one_that_is_switched_off_start_nothing(opened: Study) -> None:
    with Session(opened, session_id("01")) as session, LiveDraft(session) as draft:
        draft.look()
        draft.switch(False)
        draft.look()
        draft.recording_ended()
        assert draft.wait(1.0) and not draft.standing.done and not draft.standing.on
        assert session.state.transcription is None


@pytest.mark.skipif(offline_packages.parts() is None, reason="the extra `offline` is not installed")
def test_a_draft_of_other_settings_is_not_replaced(opened: Study) -> None:
    with Session(opened, session_id("01")) as session, LiveDraft(session) as draft:
        _heard(session, 27_000, 51_000, total_ms=51_000)
        session.record_all([(ev.TranscriptionFinished(2), 0), (ev.DraftMade((Segment(1, 0, 300, None, "yes"),)), 0)])
        _says_that_it_records(session, 60_000)
        draft.look()
        assert draft.wait(PATIENCE_S) and "other settings" in draft.standing.failed
        draft.look()
        assert draft.wait(0.0)
        assert session.state.transcription is not None and session.state.transcription.weights_sha256 == "0" * 64
        assert session.state.transcription_finished and set(session.state.segments) == {1}


def _says_that_it_records(session: Session, stored_ms: int) -> None:
    folder = session.folder.track(0)
    folder.mkdir(parents=True, exist_ok=True)
    status = Status(1, 0.0, session.id, time.monotonic_ns(), 0, "2030-01-01T00:00:00Z", 16_000, stored_ms, 0, None)
    write_status(folder, status)
