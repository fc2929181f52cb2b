import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from facilitator.domain import events as ev
from facilitator.domain.edits import inverse
from facilitator.domain.ids import Speaker
from facilitator.domain.notes import NoteKind
from facilitator.domain.session_state import SessionState
from facilitator.domain.transcript import Segment
from facilitator.storage.database import create_database
from facilitator.storage.event_log import EventLog

KEY = bytes(range(32))
TEXTS = st.text(max_size=30)
SPEAKERS = st.sampled_from([None, *map(Speaker, ("P1", "P2", "M"))])
IDS = st.integers(1, 4)
EVENTS: st.SearchStrategy[ev.Event] = st.one_of(
    st.builds(ev.SpeakerMarked, SPEAKERS),
    st.builds(ev.SpeakerMarkUndone, st.integers(1, 30)),
    st.builds(ev.NoteTaken, st.sampled_from(NoteKind), TEXTS, SPEAKERS, st.none()),
    st.builds(ev.TextCorrected, IDS, TEXTS, TEXTS),
    st.builds(ev.SpeakerCorrected, IDS, SPEAKERS, SPEAKERS),
    st.builds(ev.SegmentChecked, IDS, st.booleans(), st.booleans()),
    st.builds(ev.SegmentSplit, IDS, st.integers(5, 9), st.integers(0, 6)),
    st.builds(ev.SegmentsMerged, IDS, IDS, st.integers(0, 6)),
    st.builds(ev.Approved, st.just("0" * 64), st.just("officer")),
    st.builds(ev.QuestionAsked, TEXTS),
    st.builds(ev.RecordingStarted, st.just(48_000), st.just("mic")),
    st.builds(ev.RecordingStopped, st.integers(0, 10**6), st.integers(0, 10**6), st.just("")),
    st.just("undo").map(lambda _: ev.AudioGap(250, "undo")),
)
DRAFT = ev.DraftMade(tuple(Segment(number, number * 100, number * 100 + 90, None, "word") for number in range(1, 5)))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(EVENTS, st.integers(0, 10**6)), max_size=25), st.floats(0, 1))
def test_replaying_the_log_gives_the_state_that_was_shown(
    tmp_path_factory: pytest.TempPathFactory, events: list[tuple[ev.Event, int]], part: float
) -> None:
    connection = create_database(tmp_path_factory.mktemp("replay") / "session.db", KEY)
    log, shown = EventLog(connection), SessionState()
    for event, at_ms in [(DRAFT, 0), *events]:
        if isinstance(event, ev.AudioGap) and shown.edits:
            seq, edit = shown.edits[-1]
            event = inverse(edit, seq)
        shown.apply(log.append(event, at_ms))
    assert SessionState.fold(log.read()) == shown
    cut = int(part * shown.last_seq)
    resumed = SessionState.fold(stored for stored in log.read() if stored.seq <= cut)
    for stored in log.read(after=cut):
        resumed.apply(stored)
    assert resumed == shown
    assert log.verify() == shown.last_seq
    connection.close()
