from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facilitator.domain.ids import ASSISTANT, MODERATOR, Speaker
from facilitator.domain.notes import SpeakerMark
from facilitator.domain.participation import (
    SETTLED_MS,
    SILENT_MS,
    Hint,
    Share,
    TalkShares,
    VoiceActivity,
    hints,
    shares,
)

P1, P2, P3 = (Speaker(f"P{value}") for value in (1, 2, 3))
PEOPLE = (P1, P2, P3, MODERATOR)
MINUTE = 60_000
QUIET, TALK = -65.0, -30.0


def _marks(*pairs: tuple[int, Speaker | None]) -> list[SpeakerMark]:
    return [SpeakerMark(at_ms, speaker) for at_ms, speaker in pairs]


def _heard(*stretches: tuple[int, int, float], every: int = 250) -> VoiceActivity:
    """Voice activity that was told (from, to, level) of block upon block."""
    voice = VoiceActivity()
    for start_ms, end_ms, level in stretches:
        for at_ms in range(start_ms + every, end_ms + 1, every):
            voice.take(at_ms, level)
    return voice


# --- shares


def test_shares_of_talk_and_turns() -> None:
    found = shares(_marks((1000, P1), (4000, P2), (5000, P1), (6000, MODERATOR)), PEOPLE, 11_000)
    assert found == {
        P1: Share(40, 2, 5000, now=False),
        P2: Share(10, 1, 6000, now=False),
        P3: Share(0, 0, 10_000, now=False),
        MODERATOR: Share(50, 1, 0, now=True),
    }
    assert list(found) == list(PEOPLE)


def test_before_the_first_mark_nobody_has_a_share_and_nobody_is_silent() -> None:
    assert set(shares([], PEOPLE, 90 * MINUTE).values()) == {Share(0, 0, 0, now=False)}
    assert set(shares(_marks((MINUTE, None)), PEOPLE, MINUTE).values()) == {Share(0, 0, 0, now=False)}


def test_a_speaker_who_is_marked_again_goes_on_in_one_turn_but_not_after_somebody_unknown() -> None:
    assert shares(_marks((0, P1), (1000, P1), (2000, P1)), PEOPLE, 3000)[P1] == Share(100, 1, 0, now=True)
    assert shares(_marks((0, P1), (1000, None), (2000, P1)), PEOPLE, 3000)[P1].turns == 2


def test_time_that_is_marked_as_unknown_counts_for_nobody() -> None:
    found = shares(_marks((0, P1), (1000, None), (9000, P2)), PEOPLE, 12_000)
    assert (found[P1].percent, found[P2].percent) == (25, 75)
    assert found[P1].silent_ms == 11_000
    nobody = shares(_marks((0, None)), PEOPLE, 5000)
    assert {one.percent for one in nobody.values()} == {0} and not any(one.now for one in nobody.values())
    assert nobody[P1].silent_ms == 5000, "since the first mark of the group"


def test_marks_need_not_come_in_order() -> None:
    told = _marks((1000, P1), (4000, P2), (5000, P1))
    assert shares(reversed(told), PEOPLE, 6000) == shares(told, PEOPLE, 6000)


def test_those_who_are_not_asked_about_count_for_the_whole_all_the_same() -> None:
    assert shares(_marks((0, P1), (1000, P2)), [P1], 4000) == {P1: Share(25, 1, 3000, now=False)}


def test_a_latecomer_was_not_silent_before_they_came() -> None:
    told = _marks((0, P1))
    assert shares(told, PEOPLE, 20 * MINUTE, came_ms={P2: 15 * MINUTE})[P2].silent_ms == 5 * MINUTE
    assert shares(told, PEOPLE, 20 * MINUTE, came_ms={P2: 15 * MINUTE})[P3].silent_ms == 20 * MINUTE
    spoke = _marks((0, P2), (MINUTE, P1))
    assert shares(spoke, PEOPLE, 20 * MINUTE, came_ms={P2: 0})[P2].silent_ms == 19 * MINUTE
    assert shares(told, PEOPLE, 20 * MINUTE, came_ms={P2: 25 * MINUTE})[P2].silent_ms == 0


def test_in_a_break_nobody_talks_and_nobody_is_silent() -> None:
    told = _marks((0, P1), (10 * MINUTE, P2))
    pause = [(11 * MINUTE, 26 * MINUTE)]
    found = shares(told, PEOPLE, 30 * MINUTE, breaks=pause)
    assert (found[P1].percent, found[P2].percent) == (67, 33), "10 and 5 minutes"
    assert found[P1].silent_ms == 5 * MINUTE and found[P3].silent_ms == 15 * MINUTE
    assert shares(told, PEOPLE, 20 * MINUTE, breaks=pause)[P1].silent_ms == MINUTE, "nor while it lasts"


def test_a_mark_that_lies_ahead_of_the_clock_counts_for_nothing() -> None:
    found = shares(_marks((0, P1), (5000, P2)), PEOPLE, 4000)
    assert found[P2] == Share(0, 1, 0, now=True) and found[P1].percent == 100
    voice = _heard((0, 6000, QUIET))
    assert shares(_marks((5000, P2)), PEOPLE, 4000, voice)[P2].percent == 0
    assert voice.talked_ms(5000, 4000) == 0 and VoiceActivity().talked_ms(5000, 4000) == 0


def test_only_the_time_in_which_somebody_is_heard_counts() -> None:
    voice = _heard((0, 10_000, QUIET), (10_000, 12_000, TALK), (12_000, 20_000, QUIET), (20_000, 26_000, TALK))
    found = shares(_marks((10_000, P1), (20_000, P2)), PEOPLE, 26_000, voice)
    assert (found[P1].percent, found[P2].percent) == (25, 75)
    assert shares(_marks((10_000, P1), (20_000, P2)), PEOPLE, 26_000)[P1].percent == 62, "without levels, all counts"
    silent = shares(_marks((0, P1), (5000, P2)), PEOPLE, 10_000, voice)
    assert silent[P1] == Share(0, 1, 5000, now=False), "nothing was heard at all"


# --- voice activity


def test_without_levels_all_time_is_talk() -> None:
    assert VoiceActivity().talked_ms(3000, 10_000) == 7000


def test_what_stands_out_from_the_noise_is_talk() -> None:
    voice = _heard((0, 5000, QUIET), (5000, 8000, TALK), (8000, 10_000, QUIET))
    assert voice.talked_ms(0, 10_000) == 3000
    assert voice.talked_ms(5000, 8000) == 3000 and voice.talked_ms(0, 5000) == voice.talked_ms(8000, 10_000) == 0
    assert voice.talked_ms(4900, 5100) == 100, "within blocks"
    assert voice.talked_ms(7900, 8100) == 100
    assert voice.talked_ms(6000, 12_000) == 2000 + 2000, "behind the last level it is not known"


@pytest.mark.parametrize("floor", [-80.0, -50.0, -35.0])
def test_how_loud_a_room_is_does_not_matter(floor: float) -> None:
    voice = _heard((0, 5000, floor), (5000, 8000, floor + 12), (8000, 10_000, floor + 6))
    expected = 3000 if floor + 12 >= -60 else 0  # what is hardly there at all is never speech
    assert voice.talked_ms(0, 10_000) == expected


def test_a_steady_loud_noise_is_talk_for_a_minute_at_most_and_speech_above_it_is_told_from_it() -> None:
    voice = _heard((0, 60_000, QUIET), (60_000, 180_000, TALK))
    assert 50_000 <= voice.talked_ms(60_000, 180_000) <= 60_000
    assert voice.talked_ms(120_000, 180_000) == 0, "a fan"
    for at_ms in range(180_250, 190_001, 250):
        voice.take(at_ms, TALK + 12)
    assert voice.talked_ms(180_000, 190_000) == 10_000
    for at_ms in range(190_250, 250_001, 250):
        voice.take(at_ms, QUIET if at_ms % 1000 else TALK)
    assert voice.talked_ms(200_000, 250_000) == 12_500, "it was turned off: the floor sank within ten seconds"


def test_talk_with_pauses_stays_talk_however_long_it_lasts() -> None:
    voice = VoiceActivity()
    for block in range(1, 4 * 600 + 1):
        voice.take(block * 250, QUIET if block % 4 == 0 else TALK)
    assert 450_000 - 750 <= voice.talked_ms(0, 600_000) <= 450_000, "all but what came before the first pause"


def test_levels_that_come_late_or_twice_are_passed_over() -> None:
    voice = _heard((0, 3000, QUIET), (3000, 5000, TALK))
    voice.take(5000, QUIET)
    voice.take(4000, QUIET)
    voice.take(3500, QUIET)
    voice.take(0, QUIET)
    voice.take(-250, QUIET)
    assert voice.talked_ms(0, 5000) == 2000, "what was heard as talk stays so"
    voice.take(5250, QUIET)
    assert voice.talked_ms(0, 5250) == 2000


def test_levels_that_come_more_often_than_blocks_count_once() -> None:
    voice = _heard((0, 5000, QUIET), every=100)
    voice.take(5100, TALK)
    voice.take(5200, QUIET)
    assert voice.talked_ms(5000, 5200) == 100, "the second level does not take the first one's time"
    assert voice.talked_ms(0, 5200) == 100


def test_time_of_which_no_level_tells_is_talk() -> None:
    voice = _heard((0, 2000, QUIET), (60_000, 62_000, QUIET))
    assert voice.talked_ms(0, 62_000) == 58_000
    assert voice.talked_ms(1000, 3000) == 1000 and voice.talked_ms(59_500, 60_500) == 500
    assert voice.talked_ms(10_000, 20_000) == 10_000
    first = VoiceActivity()  # a program that was started anew
    first.take(600_000, QUIET)
    assert first.talked_ms(0, 600_000) == 600_000 - 250


def test_digital_silence_is_no_talk() -> None:
    voice = _heard((0, 5000, float("-inf")), (5000, 6000, TALK))
    assert voice.talked_ms(0, 6000) == 1000


# --- hints


def _share(percent: int = 10, silent_ms: int = 0) -> Share:
    return Share(percent, 1, silent_ms, now=False)


def test_whoever_is_silent_for_ten_minutes_is_hinted_at_the_longest_first() -> None:
    found = {P1: _share(silent_ms=SILENT_MS), P2: _share(silent_ms=SILENT_MS - 1), P3: _share(silent_ms=12 * MINUTE)}
    assert hints(found, 0, 20 * MINUTE) == [Hint(P3, silent_ms=12 * MINUTE), Hint(P1, silent_ms=SILENT_MS)]
    assert [one.speaker for one in hints(found, 0, 20 * MINUTE, silent_ms=11 * MINUTE)] == [P3]


def test_over_half_of_the_talk_is_worth_a_hint_once_five_minutes_have_passed() -> None:
    found = {P1: _share(51), P2: _share(50 - 1), P3: _share(0)}
    assert hints(found, MINUTE, MINUTE + SETTLED_MS) == [Hint(P1, percent=51)]
    assert hints(found, MINUTE, MINUTE + SETTLED_MS - 1) == []
    assert hints({P1: _share(50), P2: _share(50)}, 0, 60 * MINUTE) == []
    assert hints({P1: _share(90), MODERATOR: _share(10)}, 0, 60 * MINUTE) == [], "somebody alone holds the floor"


def test_the_silent_come_before_the_loud() -> None:
    found = {P1: _share(80), P2: _share(20), P3: _share(0, SILENT_MS)}
    assert hints(found, 0, 30 * MINUTE) == [Hint(P3, silent_ms=SILENT_MS), Hint(P1, percent=80)]


def test_moderator_and_assistant_are_never_hinted_at() -> None:
    found = {MODERATOR: _share(90), ASSISTANT: _share(0, 90 * MINUTE), P1: _share(5), P2: _share(5)}
    assert hints(found, 0, 90 * MINUTE) == []


# --- properties

SPEAKERS = st.sampled_from([None, *PEOPLE])
MOMENTS = st.integers(0, 200_000)
LEVELS = st.floats(-90, 0)


@st.composite
def voices(draw: st.DrawFn) -> VoiceActivity:
    voice = VoiceActivity()
    for at_ms, level in draw(st.lists(st.tuples(MOMENTS, LEVELS), max_size=40)):
        voice.take(at_ms, level)
    at_ms = draw(MOMENTS)
    for level in draw(st.lists(LEVELS, max_size=40)):
        at_ms += draw(st.sampled_from([100, 250, 250, 4000]))
        voice.take(at_ms, level)
    return voice


@given(voices(), st.lists(MOMENTS, min_size=2, max_size=6))
def test_talk_adds_up_over_adjacent_stretches_and_is_never_longer_than_they_are(
    voice: VoiceActivity, cuts: list[int]
) -> None:
    cuts.sort()
    parts = [voice.talked_ms(start, end) for start, end in pairwise(cuts)]
    assert sum(parts) == voice.talked_ms(cuts[0], cuts[-1])
    assert all(0 <= part <= end - start for part, (start, end) in zip(parts, pairwise(cuts), strict=True))


@given(
    st.lists(st.tuples(MOMENTS, SPEAKERS), max_size=15),
    MOMENTS,
    voices(),
    st.lists(st.tuples(MOMENTS, MOMENTS), max_size=3),
)
def test_shares_add_up_to_all_or_nothing(
    told: list[tuple[int, Speaker | None]], now_ms: int, voice: VoiceActivity, breaks: list[tuple[int, int]]
) -> None:
    marks = _marks(*told)
    found = shares(marks, PEOPLE, now_ms, voice, breaks=breaks)
    whole = sum(one.percent for one in found.values())
    assert whole == 0 or abs(whole - 100) <= len(PEOPLE) / 2
    assert sum(one.now for one in found.values()) <= 1
    for person, one in found.items():
        assert 0 <= one.percent <= 100 and 0 <= one.silent_ms <= now_ms
        assert one.turns <= sum(mark.speaker == person for mark in marks)
        assert (one.turns == 0) == all(mark.speaker != person for mark in marks)
        assert one.percent == 0 or one.turns > 0


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("mark"), st.integers(0, 3_000), SPEAKERS),
        st.tuples(st.just("earlier"), MOMENTS, SPEAKERS),
        st.tuples(st.just("levels"), st.integers(1, 20), LEVELS),
        st.tuples(st.just("undo"), st.integers(0, 30), st.none()),
        st.tuples(st.just("break"), MOMENTS, st.none()),
    ),
    max_size=40,
)


@given(STEPS)
def test_what_is_remembered_of_earlier_marks_changes_no_share(steps: list[tuple[str, int, object]]) -> None:
    voice = VoiceActivity()
    talk, marks, breaks, now_ms = TalkShares(voice), list[SpeakerMark](), list[tuple[int, int]](), 0
    for what, value, more in steps:
        if what == "mark":
            now_ms += value
            marks.append(SpeakerMark(now_ms, more))  # type: ignore[arg-type]
        elif what == "earlier":
            marks.append(SpeakerMark(min(value, now_ms), more))  # type: ignore[arg-type]
        elif what == "levels":
            for _ in range(value):
                now_ms += 250
                voice.take(now_ms, more)  # type: ignore[arg-type]
        elif what == "undo" and marks:
            marks.pop(value % len(marks))
        elif what == "break":
            breaks.append((min(value, now_ms), now_ms))
        ordered = sorted(marks, key=lambda mark: mark.at_ms)
        assert talk.at(ordered, PEOPLE, now_ms, breaks=breaks) == shares(ordered, PEOPLE, now_ms, voice, breaks=breaks)


def test_a_long_group_is_summed_once() -> None:
    voice = _heard((0, 2_000_000, TALK))
    marks = _marks(*((1_000 * at, PEOPLE[at % 4]) for at in range(1_500)))
    talk = TalkShares(voice)
    first = talk.at(marks, PEOPLE, 2_000_000)
    asked = 0
    until = VoiceActivity.talked_until

    def counted(self: VoiceActivity, at_ms: int) -> int:
        nonlocal asked
        asked += 1
        return until(self, at_ms)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(VoiceActivity, "talked_until", counted)
        assert talk.at(marks, PEOPLE, 2_000_000) == first
    assert asked <= 4
