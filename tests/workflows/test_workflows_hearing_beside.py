from dataclasses import replace
from pathlib import Path

import pytest
import soundfile
from study_sound import record_sound

from facilitator.domain import events as ev
from facilitator.domain.errors import Cancelled, NotFound, UsageError
from facilitator.domain.ids import session_id
from facilitator.domain.progress import Progress
from facilitator.domain.transcript import Segment, Word
from facilitator.transcription import offline_packages
from facilitator.workflows.correcting import Correction
from facilitator.workflows.demo import SAMPLE
from facilitator.workflows.hearing import Manner, filled, find_weights_for, started
from facilitator.workflows.hearing_beside import Beside, beside, differs, hear_beside
from facilitator.workflows.importing import import_audio
from facilitator.workflows.sessions import Session
from facilitator.workflows.study import Study

HERE = pytest.mark.skipif(offline_packages.parts() is None, reason="the extra `offline` is not installed")
QUICK = Manner(beam=1)
HOW = ev.TranscriptionStarted("faster-whisper", "small", "0" * 64, "en", 20_000, beside=True)
FIRST = "thanks for coming everyone we're recording now and your names will be replaced by numbers"
DRAFT = (
    Segment(1, 200, 6_000, None, f"{FIRST.capitalize()}."),
    Segment(2, 9_600, 19_900, None, "For me, the core is soap."),
    Segment(3, 20_200, 28_900, None, "I agree with Kirsten."),
)


def excerpt(folder: Path, seconds: float) -> Path:
    path = folder / "excerpt.flac"
    samples, rate = soundfile.read(SAMPLE / "focus_group.ogg", stop=int(seconds * 48_000))
    soundfile.write(path, samples, rate)
    return path


def window(index: int, start_ms: int, end_ms: int, *said: tuple[str, int, int]) -> ev.WindowTranscribed:
    words = tuple(Word(text, start, end, 0.9) for text, start, end in said)
    heard = ev.HeardSegment(words[0].start_ms, words[-1].end_ms, " ".join(word.text for word in words), words)
    return ev.WindowTranscribed(index, start_ms, end_ms, (heard,))


def kinds(session: Session) -> list[str]:
    return [stored.event.kind for stored in session.history() if stored.event.kind.startswith("transcription.")]


@HERE
@pytest.mark.slow
def test_what_is_heard_beside_leaves_the_corrected_draft_and_goes_on_after_an_interruption(
    opened: Study, tmp_path: Path
) -> None:
    def stop(_: Progress) -> None:
        if session.state.beside and session.state.beside[-1].windows:
            raise Cancelled("Stopped.")

    with Session(opened, session_id("01")) as session:
        length_ms = import_audio(session, excerpt(tmp_path, 50))
        session.record(ev.DraftMade(DRAFT))
        Correction(session).set_text(2, "For me, the core is hope.")
        Correction(session).set_checked(2)
        before = (session.state.segments.copy(), session.state.edits.copy())
        with pytest.raises(Cancelled):
            hear_beside(session, QUICK, report=stop)
        kept = dict(session.state.beside[0].windows)
        assert 0 < len(kept) < 3
        assert not beside(session.state, session.state.segments[1]), "not before it is finished"

    with Session(opened, session_id("01")) as session:
        assert hear_beside(session, QUICK) == 2, "the first turn was heard as it stands, but for case and points"
        (hearing,) = session.state.beside
        assert {index: hearing.windows[index] for index in kept} == kept
        assert hearing.is_whole and hearing.finished and hearing.end_ms == length_ms
        assert (session.state.segments, session.state.edits) == before
        assert session.state.hearing is None
        other = beside(session.state, session.state.segments[3])[0]
        assert (other.model, other.beam, other.language) == ("base", 1, "en")
        assert other.text.startswith("I agree with ")
        assert kinds(session) == ["transcription.started", *["transcription.window"] * 3, "transcription.finished"]

        seq = session.state.last_seq
        assert hear_beside(session, QUICK) == 2
        assert session.state.last_seq == seq, "the same is not heard again"
        found = hear_beside(session, QUICK, from_ms=9_500, to_ms=20_100)
        assert found == 2, "what covers the second turn was heard anew, the rest as before"
        stretch = session.state.beside[-1]
        assert (stretch.in_order[0].start_ms, stretch.in_order[-1].end_ms) == (9_500, 20_100)
        texts = [one.text for one in beside(session.state, session.state.segments[2])]
        assert len(texts) == 2
        assert all("hope" in text for text in texts), texts
        assert len(beside(session.state, session.state.segments[3])) == 1
        assert (session.state.segments, session.state.edits) == before


@HERE
def test_nothing_is_heard_beside_what_is_not_there(opened: Study) -> None:
    with Session(opened, session_id("01")) as session:
        with pytest.raises(NotFound, match="no finished recording"):
            hear_beside(session, QUICK)
        record_sound(session, 3.0)
        with pytest.raises(NotFound, match="no draft"):
            hear_beside(session, QUICK)


@HERE
@pytest.mark.parametrize(
    ("from_ms", "to_ms"), [(0, 3_001), (3_000, None), (2_501, None), (1_000, 1_499), (2_000, 1_000), (-1, 2_000)]
)
def test_a_stretch_that_is_not_in_the_session_is_refused_and_nothing_stored(
    opened: Study, from_ms: int, to_ms: int | None
) -> None:
    with Session(opened, session_id("01")) as session:
        record_sound(session, 3.0)
        session.record(ev.DraftMade(DRAFT))
        seq = session.state.last_seq
        with pytest.raises(UsageError, match="lasts 0:03"):
            hear_beside(session, QUICK, from_ms=from_ms, to_ms=to_ms)
        assert session.state.last_seq == seq


@HERE
@pytest.mark.parametrize("manner", [Manner(language="klingon"), Manner(engine="siri"), Manner(beam=11)])
def test_what_cannot_be_is_refused_and_nothing_stored(opened: Study, manner: Manner) -> None:
    with Session(opened, session_id("01")) as session:
        record_sound(session, 3.0)
        session.record(ev.DraftMade(DRAFT))
        seq = session.state.last_seq
        with pytest.raises(UsageError):
            hear_beside(session, manner)
        assert session.state.last_seq == seq


@HERE
def test_a_run_that_was_begun_anew_and_finished_is_not_heard_once_more(opened: Study) -> None:
    with Session(opened, session_id("01")) as session:
        record_sound(session, 3.0)
        session.record(ev.DraftMade(DRAFT))
        weights = find_weights_for(QUICK, lambda _: None)
        usual = started(session, QUICK, weights, session.state.length_ms, filled(session))
        how = replace(usual, beside=True, to_ms=session.state.length_ms)
        for one in (how, replace(how, beam=2), how):  # the first was cut off, and something else was heard then
            session.record(one)
        session.record_all([(window(0, 0, 3_000, ("yes", 0, 300)), 0), (ev.TranscriptionFinished(1), 0)])
        seq = session.state.last_seq
        hear_beside(session, QUICK)
        assert session.state.last_seq == seq


# --- what is shown beside a turn


def test_each_run_that_covers_a_turn_is_shown_the_latest_first(opened: Study) -> None:
    turn = Segment(1, 1_000, 4_000, None, "We set a goal.")
    with Session(opened, session_id("01")) as session:
        first = window(
            0, 0, 20_000, ("before", 200, 900), ("We", 1_000, 1_400), ("set", 1_500, 2_000), ("gold.", 3_000, 4_000)
        )
        session.record_all(
            [
                (ev.DraftMade((turn,)), 0),
                (HOW, 0),
                (first, 0),
                (ev.TranscriptionFinished(1), 0),
                (replace(HOW, model="tiny", from_ms=1_500), 0),
                (window(0, 1_500, 20_000, ("set", 1_500, 2_000)), 0),
                (ev.TranscriptionFinished(1), 0),
                (replace(HOW, model="medium", beam=1, to_ms=5_000), 0),
                (window(0, 0, 2_600, ("we", 1_000, 1_400), ("set", 1_500, 2_000)), 0),
                (window(1, 2_600, 5_000, ("a", 2_600, 2_700), ("goal", 3_000, 4_000), ("and", 4_100, 4_200)), 0),
                (ev.TranscriptionFinished(2), 0),
                (replace(HOW, model="large"), 0),
                (window(0, 0, 9_000, ("not", 1_000, 2_000)), 0),
            ]
        )
        shown = beside(session.state, turn)
    assert shown == [Beside(1, "we set a goal", "medium", "en", 1), Beside(1, "We set gold.", "small", "en", 5)]
    assert [differs(turn, one) for one in shown] == [False, True]


def test_a_word_belongs_to_the_turn_that_its_middle_is_in(opened: Study) -> None:
    with Session(opened, session_id("01")) as session:
        session.record_all(
            [
                (HOW, 0),
                (window(0, 0, 20_000, ("one", 800, 1_199), ("two", 1_200, 3_000), ("three", 1_900, 2_101)), 0),
                (ev.TranscriptionFinished(1), 0),
            ]
        )
        turns = (Segment(1, 0, 1_000, None, ""), Segment(2, 1_000, 2_000, None, ""), Segment(3, 2_000, 3_000, None, ""))
        assert [beside(session.state, turn)[0].text for turn in turns] == ["one", "", "two three"]
        assert beside(session.state, Segment(4, 2_100, 2_100, None, ""))[0].text == "two"


def test_a_language_without_spaces_is_shown_without(opened: Study) -> None:
    with Session(opened, session_id("01")) as session:
        session.record_all(
            [
                (replace(HOW, language="ja"), 0),
                (window(0, 0, 20_000, ("今日", 0, 400), ("は", 400, 500)), 0),
                (ev.TranscriptionFinished(1), 0),
            ]
        )
        assert beside(session.state, Segment(1, 0, 500, None, ""))[0].text == "今日は"


@pytest.mark.parametrize(
    ("text", "other", "apart"),
    [
        ("Yes, that's it.", "yes that s it", False),
        ("Yes, that's it.", "yes that it", True),
        ("Torbjørn", "torbjorn", False),
        ("", "", False),
        ("", "…", False),
        ("", "hm", True),
    ],
)
def test_turns_differ_by_their_words(text: str, other: str, apart: bool) -> None:
    assert differs(Segment(1, 0, 1, None, text), Beside(1, other, "base", "en", 5)) == apart
