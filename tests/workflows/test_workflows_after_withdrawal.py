"""What others may still do with a session and a study once somebody withdrew."""

from dataclasses import replace

import pytest
from cli_runner import run
from study_sound import record_sound

from facilitator.domain import events as ev
from facilitator.domain.errors import UsageError
from facilitator.domain.group import Presence
from facilitator.domain.ids import ResearchNumber, Speaker, session_id
from facilitator.domain.notes import NoteKind
from facilitator.domain.roster import RosterRow
from facilitator.domain.transcript import Segment, Word
from facilitator.domain.withdrawal import REPLACEMENT, TEXT, Rule
from facilitator.workflows.conducting import Conduct
from facilitator.workflows.diagnosing import diagnose
from facilitator.workflows.participants import add_participants
from facilitator.workflows.pseudonymizing import _people
from facilitator.workflows.redacting import unsaid
from facilitator.workflows.release import known_surfaces, release_content
from facilitator.workflows.retaining import due
from facilitator.workflows.sessions import Session
from facilitator.workflows.study import Study
from facilitator.workflows.transcribing import _settled
from facilitator.workflows.withdrawing import withdraw, word_for

ONE = session_id("01")
P2, P3 = ResearchNumber("P2"), ResearchNumber("P3")
HEARD = ev.TranscriptionStarted("faster-whisper", "base", "0" * 64, "en", 12_000)
SAID = (
    (0, 2900, "P1", "We begin"),
    (3000, 4500, "P2", "zebra"),
    (4500, 5900, "P2", "quagga"),
    (6000, 12_000, "M", "Then"),
)


@pytest.fixture
def talked(opened: Study) -> Study:
    """In session 01 P2 has two turns in a row."""
    with Session(opened, ONE) as session:
        record_sound(session, 12)
        segments = tuple(
            Segment(n, start, end, Speaker(who), text, (Word(text, start, end, 0.9),))
            for n, (start, end, who, text) in enumerate(SAID, start=1)
        )
        heard = tuple(ev.HeardSegment(one.start_ms, one.end_ms, one.text, one.words) for one in segments)
        window = ev.WindowTranscribed(0, 0, 12_000, heard, ((0, 12_000),))
        made = ev.TranscriptionFinished(1), ev.DraftMade(segments)
        session.record_all([(event, 0) for event in (HEARD, window, *made)])
    return opened


def _withdraw(study: Study, number: ResearchNumber = P2, rule: Rule = Rule.DESTROY) -> None:
    withdraw(study, number, rule, word_for(number))


def test_a_number_is_never_given_again(talked: Study) -> None:
    _withdraw(talked, P3)
    assert add_participants(talked, [RosterRow("Berit Nilsen")]).numbers == ("P4",)
    _withdraw(talked, ResearchNumber("P4"))
    assert add_participants(talked, [RosterRow("Berit Nilsen")]).numbers == ("P5",)


def test_what_was_corrected_before_is_not_lost_to_other_settings(talked: Study) -> None:
    _withdraw(talked)
    with Session(talked, ONE) as session:
        assert _settled(session.state, HEARD, again=False)
        with pytest.raises(UsageError, match="corrections"):
            _settled(session.state, replace(HEARD, model="small"), again=False)


@pytest.mark.parametrize("rule", list(Rule))
def test_their_voice_is_under_a_tone_in_sound_that_is_exported(talked: Study, rule: Rule) -> None:
    _withdraw(talked, rule=rule)
    with Session(talked, ONE) as session:
        toned, _ = unsaid(session.state, [], 12_000)
        assert any(start <= 2900 and end >= 6000 for start, end in toned)
        assert not any(start < 2000 or end > 7000 for start, end in toned)


@pytest.mark.parametrize("rule", list(Rule))
def test_an_export_says_once_that_turns_in_a_row_were_withdrawn(talked: Study, rule: Rule) -> None:
    _withdraw(talked, rule=rule)
    with Session(talked, ONE) as session:
        turns = release_content(session).turns
        assert [turn.text for turn in turns] == ["We begin", TEXT, "Then"]


def test_nothing_more_is_noted_about_them(talked: Study, planned_template: object) -> None:
    _withdraw(talked)
    with Session(talked, ONE) as session:
        conduct = Conduct(session)
        with pytest.raises(UsageError, match="withdrew"):
            conduct.note(NoteKind.THEME, "late", speaker=Speaker(P2))
        with pytest.raises(UsageError, match="withdrew"):
            conduct.mark(Speaker(P2))
        with pytest.raises(UsageError, match="withdrew"):
            conduct.set_presence(P2, Presence.HERE)


def test_a_name_that_sounds_like_theirs_is_still_noticed(talked: Study) -> None:
    _withdraw(talked)
    with Session(talked, ONE) as session:
        assert any(one.surface == "Anders" and one.replacement == REPLACEMENT for one in _people(session))


def test_one_that_was_broken_off_is_told(talked: Study) -> None:
    talked.record(ev.WithdrawalOrdered(P2, Rule.DESTROY))
    assert due(talked) == ["The withdrawal of P2 was broken off: run the command again"]
    _withdraw(talked)
    assert due(talked) == []
    talked.close()
    listed = run("participants", "list", "--names", study=talked.folder.root).out
    assert "withdrawn on 20" in listed and "Anders" not in listed


def test_an_end_that_is_missing_is_still_noticed(talked: Study) -> None:
    _withdraw(talked)
    with Session(talked, ONE) as session:
        assert not diagnose(session).needs_restoring
        last = sorted(session.folder.audio.glob("*.rec"))[-1]
        last.write_bytes(last.read_bytes()[:-40_000])
        assert diagnose(session).needs_restoring


def test_a_name_that_two_people_bear_stands_for_either(talked: Study) -> None:
    add_participants(talked, [RosterRow("Anders Vik")])
    _withdraw(talked)
    known = {one.surface: one.replacement for one in known_surfaces(talked) if not one.owner.startswith("E")}
    assert known["Anders"] == "[P4 or withdrawn participant]" and known["Anders Vik"] == "[P4]"
