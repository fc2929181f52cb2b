from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from facilitator.domain import events as ev
from facilitator.domain.edits import inverse
from facilitator.domain.group import ASSISTING, DebriefPart, Presence
from facilitator.domain.guide import Guide, Question, QuestionType, Section
from facilitator.domain.ids import ResearchNumber, Speaker
from facilitator.domain.notes import NoteKind
from facilitator.domain.session_state import SessionState
from facilitator.domain.transcript import Segment
from facilitator.storage.database import create_database
from facilitator.storage.event_log import EventLog

KEY = bytes(range(32))
TEXTS = st.text(max_size=30)
SPEAKERS = st.sampled_from([None, *map(Speaker, ("P1", "P2", "M"))])
IDS = st.integers(1, 4)
SEQS = st.integers(1, 30)
TIMES = st.integers(0, 20).map(lambda second: second * 1000)
"""Few, so that strikes hit notes, and edits of one moment meet."""
NUMBERS = st.sampled_from([ResearchNumber(f"P{value}") for value in (1, 2, 3)])
KINDS = st.sampled_from(NoteKind)
QUESTIONS = st.sampled_from(["q1", "q2"])
CONDUCTING: list[st.SearchStrategy[ev.Event]] = [
    st.builds(ev.QuestionAsked, QUESTIONS),
    st.builds(ev.QuestionSkipped, QUESTIONS, TEXTS),
    st.builds(ev.QuestionParked, QUESTIONS),
    st.builds(ev.QuestionStepUndone, SEQS),
    st.builds(ev.QuestionReworded, QUESTIONS, TEXTS),
    st.builds(ev.StimulusShown, QUESTIONS, st.integers(0, 2)),
    st.builds(ev.FirstWordsNoted, SEQS, TEXTS),
    st.builds(ev.NoteTaken, KINDS, TEXTS, SPEAKERS, st.none()),
    st.builds(ev.NoteEdited, SEQS, KINDS, TEXTS, SPEAKERS),
    st.builds(ev.NoteSettled, SEQS, st.booleans()),
    st.builds(ev.PresenceChanged, NUMBERS, st.sampled_from(Presence)),
    st.builds(ev.SeatsArranged, st.permutations([ResearchNumber("P1"), ResearchNumber("P2")]).map(tuple)),
    st.builds(ev.ItemTicked, st.sampled_from(["summary", "thanks"]), st.booleans()),
    st.builds(ev.DebriefWritten, st.sampled_from(DebriefPart), TEXTS),
]
STRIKES: st.SearchStrategy[ev.Event] = st.builds(
    ev.AudioStruck, TIMES, TIMES, st.just(0), st.just(0), st.just(0), st.just("0" * 64)
)
"""What each destroys is told when it is stored."""
EVENTS: st.SearchStrategy[ev.Event] = st.one_of(
    st.builds(ev.SpeakerMarked, SPEAKERS),
    st.builds(ev.SpeakerMarkUndone, SEQS),
    st.builds(ev.NoteTaken, KINDS, TEXTS, SPEAKERS, st.none()),
    st.builds(ev.TextCorrected, IDS, TEXTS, TEXTS),
    st.builds(ev.SpeakerCorrected, IDS, SPEAKERS, SPEAKERS),
    st.builds(ev.SegmentChecked, IDS, st.booleans(), st.booleans()),
    st.builds(ev.SegmentSplit, IDS, st.integers(5, 9), st.integers(0, 6)),
    st.builds(ev.SegmentsMerged, IDS, IDS, st.integers(0, 6)),
    st.builds(ev.Approved, st.just("0" * 64), st.just("officer")),
    st.builds(ev.QuestionAsked, TEXTS),
    *CONDUCTING,
    STRIKES,
    st.builds(ev.RecordingStarted, st.just(48_000), st.just("mic")),
    st.builds(ev.RecordingStopped, st.integers(0, 10**6), st.integers(0, 10**6), st.just("")),
    st.just("undo").map(lambda _: ev.AudioGap(250, "undo")),
)
GUIDE = Guide(
    "g", "A guide", "en", (Section("One", tuple(Question(f"q{n}", QuestionType.KEY, "What?", 5) for n in (1, 2))),)
)
PLANNED = ev.SessionPlanned("A group", GUIDE, (ResearchNumber("P1"), ResearchNumber("P2")))
DRAFT = ev.DraftMade(tuple(Segment(number, number * 100, number * 100 + 90, None, "word") for number in range(1, 5)))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(EVENTS, TIMES | st.integers(0, 10**6)), max_size=25), st.floats(0, 1))
def test_replaying_the_log_gives_the_state_that_was_shown(
    tmp_path_factory: pytest.TempPathFactory, events: list[tuple[ev.Event, int]], part: float
) -> None:
    connection = create_database(tmp_path_factory.mktemp("replay") / "session.db", KEY)
    log, shown = EventLog(connection), SessionState()
    for event, at_ms in [(DRAFT, 0), *events]:
        if isinstance(event, ev.AudioGap) and shown.edits:
            seq, edit = shown.edits[-1]
            event = inverse(edit, seq)
        if isinstance(event, ev.AudioStruck):
            event = replace(event, destroyed=shown.written_since(event.from_ms, event.to_ms))
        shown.apply(log.append(event, at_ms))
    _judge(log, shown, part)
    assert log.verify() == shown.last_seq
    connection.close()


def _judge(log: EventLog, shown: SessionState, part: float) -> None:
    """What is replayed, also when a program was started anew in between, is what was shown."""
    assert SessionState.fold(log.read()) == shown
    cut = int(part * shown.last_seq)
    resumed = SessionState.fold(stored for stored in log.read() if stored.seq <= cut)
    for stored in log.read(after=cut):
        resumed.apply(stored)
    assert resumed == shown


@st.composite
def groups(draw: st.DrawFn) -> list[tuple[ev.Event, int, str]]:
    """A group that is conducted and struck, each note edited and settled more often than by chance."""
    told: list[tuple[ev.Event, int, str]] = [(PLANNED, 0, "researcher")]
    notes: list[int] = []
    for _ in range(draw(st.integers(0, 25))):
        event = draw(st.one_of(*CONDUCTING, STRIKES))
        if isinstance(event, ev.AudioStruck):
            event = replace(event, to_ms=event.from_ms + event.to_ms)
        if isinstance(event, ev.NoteEdited | ev.NoteSettled) and notes:
            event = replace(event, note_id=draw(st.sampled_from(notes)))
        told.append((event, draw(TIMES), draw(st.sampled_from(["researcher", ASSISTING]))))
        if isinstance(event, ev.NoteTaken):
            notes.append(len(told))
    return told


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(groups(), st.floats(0, 1))
def test_after_strikes_the_log_gives_the_state_that_was_shown_and_none_of_the_words(
    tmp_path_factory: pytest.TempPathFactory, events: list[tuple[ev.Event, int, str]], part: float
) -> None:
    connection = create_database(tmp_path_factory.mktemp("struck") / "session.db", KEY)
    log, shown = EventLog(connection), SessionState()
    gone: set[int] = set()
    for event, at_ms, log.actor in events:
        if isinstance(event, ev.AudioStruck):
            event = replace(event, destroyed=shown.written_since(event.from_ms, event.to_ms))
            gone |= set(event.destroyed)
        shown.apply(log.append(event, at_ms))
        if isinstance(event, ev.AudioStruck):
            assert shown.written_since(event.from_ms, event.to_ms) == ()
            left = [one for one in shown.notes.values() if event.from_ms <= one.at_ms <= event.to_ms]
            assert left == [], "no note of the stretch is left"
    _judge(log, shown, part)
    assert log.verify() == shown.last_seq
    assert not gone & {stored.seq for stored in log.read()}
    for stored in log.read():
        assert not getattr(stored.event, "text", "") or stored.seq in shown.written, "words that no strike would find"
    connection.close()
