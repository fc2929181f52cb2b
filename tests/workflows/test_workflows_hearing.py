from dataclasses import replace

import pytest
from study_sound import record_sound

from facilitator.domain import events as ev
from facilitator.domain.accounting import Fate, is_whole, sums
from facilitator.domain.errors import UsageError
from facilitator.domain.ids import ResearchNumber, session_id
from facilitator.domain.transcript import Word
from facilitator.workflows.guides import find_guide
from facilitator.workflows.hearing import (
    FILLERS,
    PROMPT_LENGTH,
    Manner,
    accounted,
    check_manner,
    filled,
    missing,
    prompt,
)
from facilitator.workflows.sessions import Session, plan_session
from facilitator.workflows.study import Study

HOW = ev.TranscriptionStarted("faster-whisper", "base", "0" * 64, "en", 20_000)
GUIDE = "imr-practitioners"


def window(index: int, start_ms: int, end_ms: int, *said: tuple[int, int]) -> ev.WindowTranscribed:
    """Somebody speaks throughout; words only where they are `said`."""
    words = tuple(Word("word", start, end, 0.9) for start, end in said)
    heard = (ev.HeardSegment(words[0].start_ms, words[-1].end_ms, "words", words),) if words else ()
    return ev.WindowTranscribed(index, start_ms, end_ms, heard, ((start_ms, end_ms),))


@pytest.mark.parametrize(
    "manner",
    [
        Manner(engine="siri"),
        Manner(beam=0),
        Manner(beam=11),
        Manner(language="klingon"),
        Manner(model="base.en", language="no"),
    ],
)
def test_what_no_engine_can_do_is_refused(manner: Manner) -> None:
    with pytest.raises(UsageError):
        check_manner(manner)
    check_manner(Manner())
    check_manner(Manner("openai-whisper", "tiny.en", "en", 1))
    check_manner(Manner(language="auto", beam=10))


def test_terms_of_the_guide_are_expected_and_names_only_if_that_is_allowed(opened: Study) -> None:
    numbers = (ResearchNumber("P1"), ResearchNumber("P2"))
    number = plan_session(opened, find_guide(opened.folder.guides, GUIDE), numbers)
    called = [opened.linkage.identities[one] for one in numbers]
    names = [name for one in called for name in (one.name, *one.aliases)]
    with Session(opened, number) as session:
        guide = session.state.guide
        assert guide is not None and guide.glossary
        expected = prompt(session, HOW)
        assert expected
        assert set(expected.split(", ")) <= set(guide.glossary)
        assert len(expected) <= PROMPT_LENGTH
        assert not any(part in expected for name in names for part in name.split())
        with_names = prompt(session, replace(HOW, names=True))
        assert with_names.startswith(", ".join(names))
        assert prompt(session, replace(HOW, fillers=True)) == f"{FILLERS} {expected}"


def test_a_term_of_the_guide_that_is_a_participants_name_is_not_expected(opened: Study) -> None:
    guide = find_guide(opened.folder.guides, GUIDE)
    named = replace(guide, glossary=("recovery", "Haugen model", "kristin", "Kris", "IMR"))
    with Session(opened, plan_session(opened, named, [ResearchNumber("P1")])) as session:
        assert prompt(session, HOW) == "IMR, recovery"
        assert "Haugen model" in prompt(session, replace(HOW, names=True))


def test_of_too_many_terms_the_shortest_are_expected(opened: Study) -> None:
    guide = find_guide(opened.folder.guides, GUIDE)
    long = replace(guide, glossary=tuple(f"term {'x' * number}" for number in range(60, 0, -1)))
    with Session(opened, plan_session(opened, long, [ResearchNumber("P1")])) as session:
        expected = prompt(session, HOW)
    assert PROMPT_LENGTH - 30 < len(expected) <= PROMPT_LENGTH
    assert expected.startswith("term x, term xx, ")


def test_every_second_of_a_session_is_accounted_for(opened: Study) -> None:
    with Session(opened, session_id("01")) as session:
        assert accounted(session.state) == ()
        session.record_all(
            [
                (ev.RecordingStarted(16_000, "test"), 0),
                (ev.AudioGap(2_000, "the device is gone"), 12_000),
                (ev.RecordingStopped(16_000, 15_000, "0" * 64), 15_000),
                (ev.RecordingStarted(16_000, "test"), 16_000),
                (ev.RecordingStopped(16_000, 20_000, "0" * 64), 20_000),
                (HOW, 0),
                (window(0, 0, 10_000, (1_000, 2_000), (2_500, 4_000)), 0),
            ]
        )
        assert missing(session.state) == [(12_000, 14_000), (15_000, 16_000)]
        parts = accounted(session.state)
        assert is_whole(parts, 20_000)
        assert sums(parts) == {
            Fate.TEXT: 2_500,
            Fate.PAUSE: 500,
            Fate.UNRESOLVED: 5_600,
            Fate.MISSING: 3_000,
            Fate.SILENCE: 8_400,
        }


def test_a_gap_that_a_backup_track_filled_is_not_missing(opened: Study) -> None:
    with Session(opened, session_id("01")) as session:
        session.record_all(
            [
                (ev.RecordingStarted(16_000, "test"), 0),
                (ev.AudioGap(2_000, "the device is gone"), 12_000),
                (ev.RecordingStopped(16_000, 20_000, "0" * 64), 20_000),
                (replace(HOW, filled=((12_500, 1_500),)), 0),
            ]
        )
        assert missing(session.state) == [(12_000, 12_500)]


def test_without_backup_tracks_nothing_is_filled_and_after_a_purge_what_was_stays_known(opened: Study) -> None:
    with Session(opened, session_id("01")) as session:
        record_sound(session)
        assert filled(session) == ()
        session.record(replace(HOW, filled=((500, 100),)))
        session.record(ev.AudioPurged(1, 1, "0" * 64))
        assert filled(session) == ((500, 100),)
