from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facilitator.domain import events as ev
from facilitator.domain.consent import Consent, missing_consents
from facilitator.domain.edits import Edit, inverse
from facilitator.domain.errors import UsageError
from facilitator.domain.ids import ResearchNumber, Speaker, number_range, research_number, session_id
from facilitator.domain.notes import NoteKind
from facilitator.domain.roster import Participant, alphabetical, background_table, next_numbers
from facilitator.domain.session_state import SessionState
from facilitator.domain.spans import Replacement, Span, apply, longest_first
from facilitator.domain.timebase import clock, ms_to_samples, samples_to_ms, stamp
from facilitator.domain.transcript import Segment, Word, merged, retime, split, with_text

texts = st.text(alphabet="abc [].,é", min_size=0, max_size=40)


@st.composite
def text_and_replacements(draw: st.DrawFn) -> tuple[str, list[Replacement]]:
    text = draw(texts)
    cuts = st.integers(0, len(text))
    pairs = draw(st.lists(st.tuples(cuts, cuts, texts), max_size=6))
    return text, [Replacement(Span(min(a, b), max(a, b)), new) for a, b, new in pairs]


@given(text_and_replacements())
def test_replacing_changes_nothing_outside_the_spans(case: tuple[str, list[Replacement]]) -> None:
    text, replacements = case
    chosen = longest_first(replacements)
    result = apply(text, chosen)
    assert len(result) == len(text) + sum(len(item.text) - len(item.span) for item in chosen)
    at = shift = 0
    for item in chosen:
        assert result[at + shift : item.span.start + shift] == text[at : item.span.start]
        shift += len(item.text) - len(item.span)
        at = item.span.end
    assert result[at + shift :] == text[at:]


@given(text_and_replacements())
def test_longest_first_leaves_no_overlap_and_drops_only_what_overlaps(case: tuple[str, list[Replacement]]) -> None:
    _, replacements = case
    chosen = longest_first(replacements)
    assert all(not a.span.overlaps(b.span) for a in chosen for b in chosen if a is not b)
    for item in replacements:
        if item not in chosen and len(item.span):
            assert any(item.span.overlaps(kept.span) and len(kept.span) >= len(item.span) for kept in chosen)


def test_overlapping_spans_are_an_error() -> None:
    with pytest.raises(ValueError, match="overlap"):
        apply("abcdef", [Replacement(Span(0, 3), "x"), Replacement(Span(2, 4), "y")])


words_strategy = st.lists(
    st.sampled_from(["it", "depends", "on", "how", "you", "use", "it,", "[the", "program]"]), max_size=12
)


@given(words_strategy, words_strategy)
def test_retiming_keeps_times_in_order_and_within_the_segment(old: list[str], new: list[str]) -> None:
    words = tuple(Word(text, 1000 + 200 * i, 1000 + 200 * i + 180, 0.9) for i, text in enumerate(old))
    end = 1000 + 200 * max(1, len(old))
    timed = retime(words, " ".join(new), 1000, end)
    assert [word.text for word in timed] == new
    assert all(1000 <= word.start_ms <= word.end_ms <= end for word in timed)
    assert all(a.start_ms <= b.start_ms for a, b in pairwise(timed))


def test_words_that_stay_keep_their_times() -> None:
    words = (Word("be", 0, 100, 0.9), Word("humble", 150, 500, 0.4), Word("too", 600, 800, 0.9))
    timed = retime(words, "be humble and kind too", 0, 800)
    assert [(word.start_ms, word.end_ms) for word in timed] == [
        (0, 100),
        (150, 500),
        (500, 550),
        (550, 600),
        (600, 800),
    ]


@pytest.mark.parametrize(
    "edit",
    [
        ev.TextCorrected(1, "a", "b"),
        ev.SpeakerCorrected(1, None, Speaker("P2")),
        ev.SegmentChecked(1, False, True),
    ],
)
def test_an_inverse_takes_an_edit_back(edit: Edit) -> None:
    segment = Segment(1, 0, 1000, None, "a", (Word("a", 0, 1000, 0.8),))
    state = SessionState(segments={1: segment})
    state.apply(ev.Stored(5, "", 0, "", edit, ""))
    assert state.segments[1] != segment and len(state.edits) == 1
    state.apply(ev.Stored(6, "", 0, "", inverse(edit, 5), ""))
    assert replace(state.segments[1], words=()) == replace(segment, words=()) and state.edits == []
    assert replace(inverse(inverse(edit, 5), 6), undoes=None) == edit


@given(words_strategy, st.integers(0, 80), st.booleans())
def test_splitting_loses_no_word_and_joining_gives_it_back(parts: list[str], at: int, timed: bool) -> None:
    text = " ".join(parts)
    words = tuple(Word(part, 100 * i, 100 * i + 80, 0.5) for i, part in enumerate(parts)) if timed else ()
    segment = Segment(1, 0, 100 * max(1, len(parts)), Speaker("P1"), text, words)
    first, rest = split(segment, min(at, len(text)), 2)
    assert first.words + rest.words == words and (first.id, rest.id) == (1, 2)
    assert "".join((first.text + rest.text).split()) == "".join(parts)
    assert segment.start_ms <= first.end_ms <= rest.start_ms <= segment.end_ms
    joined = merged(first, rest)
    assert joined.words == words and joined.end_ms == segment.end_ms
    if min(at, len(text)) == len(" ".join(parts[: len(first.text.split())])):
        assert joined.text == text


def test_undoing_a_split_or_a_join_restores_both_segments() -> None:
    one = Segment(1, 0, 900, Speaker("P1"), "a b", (Word("a", 0, 400, 0.2), Word("b", 500, 900, 0.9)), checked=True)
    two = Segment(2, 1000, 1900, Speaker("P2"), "c")
    edits: list[Edit] = [ev.SegmentSplit(1, 3, 1), ev.SegmentsMerged(1, 2, 4)]
    for edit in edits:
        state = SessionState(segments={1: one, 2: two})
        state.apply(ev.Stored(5, "", 0, "", edit, ""))
        assert len(state.segments) == (3 if isinstance(edit, ev.SegmentSplit) else 1)
        state.apply(ev.Stored(6, "", 0, "", inverse(edit, 5), ""))
        assert state.segments == {1: one, 2: two} and state.edits == []


def test_every_change_of_content_voids_the_approval() -> None:
    changes: list[ev.Event] = [
        ev.TextCorrected(1, "a", "b"),
        ev.SpeakerCorrected(1, None, Speaker("M")),
        ev.SegmentChecked(1, False, True),
        ev.NoteTaken(NoteKind.THEME, "x"),
        ev.DraftMade(()),
    ]
    for change in changes:
        state = SessionState(segments={1: Segment(1, 0, 9, None, "a")})
        state.apply(ev.Stored(1, "2021-01-01", 0, "", ev.Approved("hash", "officer"), ""))
        assert state.approval is not None
        state.apply(ev.Stored(2, "", 0, "", change, ""))
        assert state.approval is None, change.kind


def test_numbers_are_never_used_again() -> None:
    assert next_numbers(["P1", "P2", "P10"], 2) == ("P11", "P12")
    assert next_numbers([], 1) == ("P1",)


def test_ranges_of_research_numbers() -> None:
    assert number_range("P1-P3, p9,P2") == ("P1", "P2", "P3", "P9")
    for wrong in ("P3-P1", "X1", "P0", "P1-P500", "1-3"):
        with pytest.raises(UsageError):
            number_range(wrong)


@pytest.mark.parametrize("wrong", ["..", "../x", "0", "a", "12345", "-1", "1/2"])
def test_session_ids_cannot_be_paths(wrong: str) -> None:
    with pytest.raises(UsageError):
        session_id(wrong)
    with pytest.raises(UsageError):
        research_number(wrong)


def test_alphabetical_order_is_noticed() -> None:
    assert alphabetical(["Anne", "Berit", "Carl"])
    assert not alphabetical(["Carl", "Anne", "Berit"])
    assert not alphabetical(["Anne", "Berit"])


def _people(values: dict[str, int]) -> list[Participant]:
    names = [value for value, count in values.items() for _ in range(count)]
    return [Participant(ResearchNumber(f"P{index}"), {"job": value}) for index, value in enumerate(names, 1)]


def test_a_small_cell_takes_a_second_one_with_it() -> None:
    rows = {row.value: row.count for row in background_table(_people({"nurse": 19, "social worker": 5, "doctor": 2}))}
    assert rows == {"nurse": 19, "social worker": None, "doctor": None}


def test_two_small_cells_protect_each_other() -> None:
    rows = {row.value: row.count for row in background_table(_people({"nurse": 19, "cook": 1, "doctor": 2}))}
    assert rows == {"nurse": 19, "cook": None, "doctor": None}


def test_the_reference_study_has_no_small_cell_at_the_default() -> None:
    counts = {"nurse": 19, "social worker": 5, "doctor or psychologist": 4, "educator": 4, "other": 4}
    assert {row.value: row.count for row in background_table(_people(counts))} == counts


def test_consent_to_recording_is_what_counts() -> None:
    one, two, three = (ResearchNumber(f"P{value}") for value in (1, 2, 3))
    consents = {one: Consent(one, "2021-09-14"), two: Consent(two, "2021-09-14", recording=False)}
    assert missing_consents((one, two, three), consents) == (two, three)


def test_times_are_rounded_down_and_never_up() -> None:
    assert stamp(9_999) == "00:00:09"
    assert clock(5_491_999) == "1:31:31"
    assert samples_to_ms(47_999, 48_000) == 999
    assert ms_to_samples(999, 16_000) == 15_984


@given(st.integers(0, 10**9), st.sampled_from([8_000, 16_000, 44_100, 48_000]))
def test_time_conversions_never_gain(ms: int, rate: int) -> None:
    assert samples_to_ms(ms_to_samples(ms, rate), rate) <= ms


def test_with_text_keeps_who_and_when() -> None:
    segment = Segment(3, 10, 500, Speaker("P1"), "a b", (Word("a", 10, 200, 0.5), Word("b", 250, 500, 0.5)))
    changed = with_text(segment, "a c")
    assert (changed.id, changed.start_ms, changed.end_ms, changed.speaker) == (3, 10, 500, "P1")
    assert changed.words[0] == segment.words[0] and changed.words[1].probability == 1.0
