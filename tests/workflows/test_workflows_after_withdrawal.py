"""What others may still do with a session and a study once somebody withdrew."""

from dataclasses import replace

import pytest
from cli_runner import run
from hypothesis import given
from hypothesis import strategies as st
from study_sound import record_sound

from facilitator.domain import events as ev
from facilitator.domain.consent import Consent
from facilitator.domain.entities import Action, Category, RegisterEntry
from facilitator.domain.errors import InvalidRoster, NotFound, UsageError
from facilitator.domain.group import Presence
from facilitator.domain.ids import ResearchNumber, Speaker, session_id
from facilitator.domain.notes import NoteKind
from facilitator.domain.roster import RosterRow
from facilitator.domain.transcript import Segment, Word
from facilitator.domain.withdrawal import REPLACEMENT, TEXT, Rule, given_back
from facilitator.tui.widgets.transcript_rows import transcript_rows
from facilitator.workflows.conducting import Conduct
from facilitator.workflows.correcting import Correction
from facilitator.workflows.diagnosing import diagnose
from facilitator.workflows.hearing_beside import beside
from facilitator.workflows.note_taking import NoteTaking
from facilitator.workflows.participants import add_participants, record_consent
from facilitator.workflows.pseudonymizing import Pseudonymization, _people
from facilitator.workflows.redacting import unsaid
from facilitator.workflows.release import known_surfaces, release_content
from facilitator.workflows.retaining import due
from facilitator.workflows.sessions import Session
from facilitator.workflows.study import Study
from facilitator.workflows.transcribing import _settled, finish
from facilitator.workflows.withdrawing import preview, withdraw, word_for

ONE = session_id("01")
P1, P2, P3 = ResearchNumber("P1"), ResearchNumber("P2"), ResearchNumber("P3")
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


# --- a new transcript


def _hear(session: Session, *said: tuple[int, int, str], words: bool = True) -> None:
    """A new draft of what a model hears now; each text has its words evenly in its time."""
    heard = []
    for start, end, text in said:
        parts = text.split()
        step = (end - start) // len(parts)
        timed = tuple(Word(one, start + n * step, start + (n + 1) * step, 0.9) for n, one in enumerate(parts))
        heard.append(ev.HeardSegment(start, end, text, timed if words else ()))
    session.record_all([(HEARD, 0), (ev.WindowTranscribed(0, 0, 12_000, tuple(heard), ((0, 12_000),)), 0)])
    finish(session)


def _texts(session: Session) -> list[tuple[str | None, str]]:
    return [(one.speaker, one.text) for one in session.state.transcript if one.text]


@pytest.mark.parametrize("rule", list(Rule))
def test_a_new_draft_can_be_made_and_hides_what_is_marked_as_theirs(talked: Study, rule: Rule) -> None:
    with Session(talked, ONE) as session:
        for at_ms, who in ((0, "P1"), (3000, "P2"), (6000, "M")):
            session.record(ev.SpeakerMarked(Speaker(who)), at_ms)
    _withdraw(talked, rule=rule)
    with Session(talked, ONE) as session:
        _hear(session, (0, 2900, "We begin"), (3000, 5900, "zebra quagga"), (6000, 12_000, "Then"))
        assert _texts(session) == [("P1", "We begin"), ("P2", TEXT), ("M", "Then")]
        assert session.reread() == session.state


@pytest.mark.parametrize("words", [True, False])
def test_what_was_attributed_to_them_by_hand_stays_hidden_in_a_new_draft(talked: Study, words: bool) -> None:
    _withdraw(talked, rule=Rule.MASK)
    with Session(talked, ONE) as session:
        _hear(session, (0, 2600, "We begin"), (3100, 5700, "zebra quagga"), (6300, 12_000, "Then"), words=words)
        assert _texts(session) == [(None, "We begin"), ("P2", TEXT), (None, "Then")]
        assert [turn.text for turn in release_content(session).turns] == ["We begin", TEXT, "Then"]
        assert session.reread() == session.state
    assert preview(talked, P2, Rule.DESTROY).shares[0].words == 2


def test_a_new_draft_is_cut_at_their_words(talked: Study) -> None:
    _withdraw(talked, rule=Rule.MASK)
    with Session(talked, ONE) as session:
        _hear(session, (0, 12_000, "We begin then zebra quagga okapi so it goes on and on"))
        assert _texts(session) == [(None, "We begin then"), ("P2", TEXT), (None, "so it goes on and on")]


TIMES = st.lists(st.tuples(st.integers(0, 99), st.integers(0, 20)), max_size=8)


@given(
    st.lists(TIMES, max_size=4), st.lists(st.tuples(st.integers(0, 99), st.integers(1, 30)), max_size=3), st.booleans()
)
def test_no_word_is_lost_or_left_to_another_by_giving_it_back(
    said: list[list[tuple[int, int]]], spoken: list[tuple[int, int]], marked: bool
) -> None:
    stretches = [(start, start + length) for start, length in spoken]
    draft = [
        Segment(
            n, 0, 120, Speaker("P1") if marked else None, "x", tuple(Word("x", at, at + long, 0.9) for at, long in one)
        )
        for n, one in enumerate(said, start=1)
    ]
    found = given_back(draft, {Speaker(P2): stretches})
    assert [word for one in found for word in one.words] == [word for one in draft for word in one.words]
    for one in found:
        for word in one.words:
            inside = any(start <= (word.start_ms + word.end_ms) // 2 < end for start, end in stretches)
            assert (one.speaker == Speaker(P2)) is inside


def test_a_turn_attributed_to_them_since_stays_hidden_in_a_new_draft(talked: Study) -> None:
    _withdraw(talked, rule=Rule.MASK)
    with Session(talked, ONE) as session:
        Correction(session).set_speaker(4, Speaker(P2))
        _hear(session, (0, 2600, "We begin"), (6300, 12_000, "Then"))
        assert _texts(session) == [(None, "We begin"), ("P2", TEXT)]


# --- first words, notes, what was heard beside


def _note_first_words(session: Session, *told: tuple[str | None, int, str]) -> None:
    for who, at_ms, text in told:
        mark = session.record(ev.SpeakerMarked(Speaker(who) if who else None), at_ms).seq
        session.record(ev.FirstWordsNoted(mark, text), at_ms)


def _payloads(session: Session) -> str:
    return "\n".join(str(body) for (body,) in session._connection.execute("SELECT body FROM payload"))


@pytest.mark.parametrize("rule", list(Rule))
@pytest.mark.parametrize("who", ["P2", None, "P3"])
@pytest.mark.parametrize("at_ms", [2800, 3000, 3900])
def test_first_words_of_their_turn_go_whoever_was_marked(
    talked: Study, who: str | None, at_ms: int, rule: Rule
) -> None:
    with Session(talked, ONE) as session:
        _note_first_words(session, ("P1", 200, "we"), (who, at_ms, "tapir"), ("M", 6200, "then"), (None, 8000, "on"))
    _withdraw(talked, rule=rule)
    with Session(talked, ONE) as session:
        assert [mark.words for mark in session.state.speaker_marks] == ["we", "", "then", "on"]
        assert not any("tapir" in row.text for row in transcript_rows(session.state))
        assert ("tapir" in _payloads(session)) is (rule is Rule.MASK)
        assert session.reread() == session.state and session.verify_log()
    assert not preview(talked, P2, rule).to_do


def test_first_words_of_a_turn_attributed_to_them_later_go_with_it(talked: Study) -> None:
    with Session(talked, ONE) as session:
        _note_first_words(session, (None, 6200, "tapir"))
    _withdraw(talked)
    with Session(talked, ONE) as session:
        assert "tapir" in _payloads(session)
        Correction(session).set_speaker(4, Speaker(P2))
        assert not session.state.first_words and session.reread() == session.state
    assert preview(talked, P2, Rule.DESTROY).to_do
    _withdraw(talked)
    with Session(talked, ONE) as session:
        assert "tapir" not in _payloads(session)


def test_first_words_of_somebody_who_began_while_they_spoke_stay(talked: Study) -> None:
    with Session(talked, ONE) as session:
        _note_first_words(session, ("M", 5900, "then"), ("P1", 100, "we"))
    _withdraw(talked)
    with Session(talked, ONE) as session:
        assert {mark.words for mark in session.state.speaker_marks} == {"then", "we"}


@pytest.mark.parametrize("since", ["P1", None])
@pytest.mark.parametrize("settled", [True, False])
def test_a_note_that_was_about_them_stays_as_it_reads_now(talked: Study, since: str | None, settled: bool) -> None:
    with Session(talked, ONE) as session:
        who = Speaker(since) if since else None
        note = session.record(ev.NoteTaken(NoteKind.QUOTE, "walrus", Speaker(P2), "Q1"), 4000).seq
        session.record(ev.NoteEdited(note, NoteKind.FOLLOW_UP, "fine", who), 4100)
        session.record(ev.NoteSettled(note, settled), 4200)
        (before,) = session.state.notes.values()
    assert preview(talked, P2, Rule.DESTROY).shares[0].notes == 0
    _withdraw(talked)
    with Session(talked, ONE) as session:
        (after,) = session.state.notes.values()
        assert replace(after, id=before.id) == before
        assert "walrus" not in _payloads(session) and "fine" in _payloads(session)
        assert session.reread() == session.state and session.verify_log()
    assert not preview(talked, P2, Rule.DESTROY).to_do


def test_what_was_heard_beside_their_turns_is_not_shown(talked: Study) -> None:
    with Session(talked, ONE) as session:
        session.record(replace(HEARD, model="small", beside=True))
        heard = ev.HeardSegment(3000, 4500, "oryx", (Word("oryx", 3000, 4500, 0.9),))
        session.record(ev.WindowTranscribed(0, 0, 12_000, (heard,), ((3000, 4500),)))
        session.record(ev.TranscriptionFinished(1))
        assert beside(session.state, session.state.segments[2])[0].text == "oryx"
    _withdraw(talked, rule=Rule.MASK)
    with Session(talked, ONE) as session:
        assert beside(session.state, session.state.segments[2]) == []
        assert beside(session.state, session.state.segments[1])
        with pytest.raises(NotFound):
            Correction(session).take_other(2)


# --- corrections, the roster, decisions, consent


@pytest.mark.parametrize("first", [1, 3])
def test_no_turn_of_another_is_joined_with_theirs(talked: Study, first: int) -> None:
    _withdraw(talked, rule=Rule.MASK)
    with Session(talked, ONE) as session:
        before = _texts(session)
        with pytest.raises(UsageError, match="withdrew"):
            Correction(session).merge(first)
        assert _texts(session) == before
        Correction(session).merge(2)
        assert _texts(session) == [("P1", "We begin"), ("P2", TEXT), ("M", "Then")]


def test_somebody_who_withdrew_by_mask_is_not_put_on_the_roster_again(talked: Study) -> None:
    _withdraw(talked, rule=Rule.MASK)
    with pytest.raises(InvalidRoster, match="withdrew, as P2"):
        add_participants(talked, [RosterRow("Anders Berg"), RosterRow("Berit Nilsen")], keep_order=True)
    assert P2 not in talked.state.participants and len(talked.linkage.identities) == 3


def _misheard(study: Study, surface: str, replacement: str = "") -> RegisterEntry:
    """An identifier that was found in session 01, and replaced."""
    linkage, entry = study.linkage.with_entity(Category.PERSON, (surface,))
    study.change_linkage(lambda _: linkage)
    with Session(study, ONE) as session:
        found = ev.FoundMention(entry.id, "segment:1", 0, 2, "r", 0.5)
        session.record(ev.CandidatesSearched("0" * 64, "x", (found,)))
        if replacement:  # P21 was on the roster then
            study.record(ev.EntityDecided(entry.id, entry.category, Action.REPLACE, f"[{replacement}]"))
        else:
            Pseudonymization(session).decide(entry.id, Action.REPLACE)
    return entry


def test_nothing_is_replaced_by_their_number_any_more(talked: Study) -> None:
    alike, friend = _misheard(talked, "Enders"), _misheard(talked, "Torvald", "P2's brother")
    other = _misheard(talked, "Ragnhild", "P21's sister")
    assert talked.state.decisions[alike.id].replacement == "[P2]"
    _withdraw(talked)
    decided = {key: one.replacement for key, one in talked.state.decisions.items()}
    assert decided[alike.id] == REPLACEMENT
    assert decided[friend.id] == "[withdrawn participant's brother]"
    assert decided[other.id] == "[P21's sister]"
    assert next(one.replacement for one in known_surfaces(talked) if one.surface == "Enders") == REPLACEMENT
    assert {entry for _, entry, _ in talked.state.decision_log} == {other.id}, "nor by an undo"


def test_somebody_who_withdrew_can_be_noted_as_having_left(talked: Study) -> None:
    _withdraw(talked)
    with Session(talked, ONE) as session:
        noting = NoteTaking(session)
        for presence in (Presence.HERE, Presence.EXPECTED):
            with pytest.raises(UsageError, match="withdrew"):
                noting.set_presence(P2, presence)
        noting.set_presence(P2, Presence.LEFT)
        assert session.state.presence[P2] is Presence.LEFT and P2 not in session.state.expected


@pytest.mark.parametrize("rule", list(Rule))
def test_they_agree_no_more_that_sound_is_shared(talked: Study, rule: Rule) -> None:
    record_consent(talked, (P1, P2), Consent(P1, "2021-09-14", True, True, True))
    _withdraw(talked, rule=rule)
    assert talked.state.consents[P2] == Consent(P2, "2021-09-14", True, True, audio_sharing=False)
    assert talked.state.consents[P1].audio_sharing
