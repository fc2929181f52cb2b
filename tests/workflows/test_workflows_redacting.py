from dataclasses import replace
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st
from rapidfuzz import fuzz

from facilitator.domain import events as ev
from facilitator.domain.doubts import Doubt, Rule
from facilitator.domain.edits import edited, touched
from facilitator.domain.ids import Speaker
from facilitator.domain.session_state import Hearing, SessionState
from facilitator.domain.spans import Span
from facilitator.domain.stretches import Stretch, without
from facilitator.domain.transcript import Segment, Word, words_text
from facilitator.domain.withdrawal import hidden
from facilitator.privacy.surfaces import KnownSurface
from facilitator.workflows.redacting import unsaid, word_spans

KNOWN = [
    KnownSurface("Kristin", "[P1]", "P1"),
    KnownSurface("Ashgrove Hospital", "[Hospital 1]", "E1"),
    KnownSurface("花子", "[P2]", "P2"),
]
END_MS = 20_000


# --- what is put under a tone


def words(text: str, start_ms: int = 1_000, each_ms: int = 400, probability: float = 0.9) -> tuple[Word, ...]:
    """Each word lasts `each_ms`; half as long a pause lies before the next."""
    step = each_ms * 3 // 2
    return tuple(
        Word(one, start_ms + step * at, start_ms + step * at + each_ms, probability)
        for at, one in enumerate(text.split())
    )


def turn(text: str, said: tuple[Word, ...], number: int = 1) -> Segment:
    start, end = (said[0].start_ms, said[-1].end_ms) if said else (1_000, 3_000)
    return Segment(number, start, end, Speaker("P1"), text, said)


def state_of(
    *turns: Segment,
    heard: tuple[Word, ...] | None = None,
    speech: tuple[Stretch, ...] = (),
    doubts: tuple[Doubt, ...] = (),
    filled: tuple[Stretch, ...] = (),
) -> SessionState:
    """A session in which `heard`, or else what the turns say, was heard."""
    said = heard if heard is not None else tuple(word for one in turns for word in one.words)
    segment = ev.HeardSegment(0, END_MS, words_text(said), said)
    hearing = Hearing(ev.TranscriptionStarted("faster-whisper", "base", "", "en", END_MS, filled))
    hearing.windows[0] = ev.WindowTranscribed(0, 0, END_MS, (segment,), speech)
    state = SessionState()
    state.hearing, state.doubts = hearing, doubts
    state.segments = {one.id: one for one in turns}
    return state


def found_in(state: SessionState, filled: tuple[Stretch, ...] = ()) -> list[Stretch]:
    return unsaid(state, KNOWN, END_MS, filled)[0]


def test_a_name_is_toned_by_the_time_of_its_word_with_a_margin() -> None:
    said = words("I agree with Kristin, as always")
    assert found_in(state_of(turn(words_text(said), said))) == [(2_800 - 250, 3_200 + 250)]


def test_an_identifier_of_several_words_and_its_neighbor_make_one_stretch() -> None:
    said = words("At Ashgrove Hospital Kristin said so")
    assert found_in(state_of(turn(words_text(said), said))) == [(1_600 - 250, 3_200 + 250)]


def test_the_margin_ends_with_the_sound() -> None:
    said = words("Kristin said", 100)
    late = words("ask Kristin", END_MS - 1_000)
    state = state_of(turn("Kristin said", said), turn("ask Kristin", late, 2))
    assert found_in(state) == [(0, 750), (19_600 - 250, END_MS)]


def test_without_word_times_all_of_the_turn_is_toned_and_told() -> None:
    assert unsaid(state_of(turn("I agree with Kristin", ())), KNOWN, END_MS) == ([(750, 3_250)], 1)
    said = words("I agree with Kristin")
    assert unsaid(state_of(turn("I do agree with Kristin", said), heard=()), KNOWN, END_MS) == ([(750, 3_450)], 1)
    assert unsaid(state_of(turn("I do agree", ())), KNOWN, END_MS) == ([], 0)


def test_a_language_without_spaces_is_followed_by_its_words() -> None:
    said = words("私 は、 花 子、 です")
    assert found_in(state_of(turn("私は、花子、です", said))) == [(2_200 - 250, 3_200 + 250)]


def test_a_corrected_word_has_the_time_of_what_it_replaced() -> None:
    said = words("I agree with kitchen as always")
    state = state_of(turn(words_text(said), said))
    change(state, ev.TextCorrected(1, "", "I agree with Kristin as always"))
    assert found_in(state) == [(2_800 - 250, 3_200 + 250)]


def test_a_typed_run_of_words_is_toned_together_since_nobody_knows_the_times_in_it() -> None:
    said = words("I agree with the kitchen steps as always")
    state = state_of(turn(words_text(said), said))
    change(state, ev.TextCorrected(1, "", "I agree with what our Kristin said to us as always"))
    assert found_in(state) == [(2_800 - 250, 4_400 + 250)]


def test_a_name_put_in_where_nothing_was_heard_is_toned_with_the_words_beside_it() -> None:
    said = tuple(replace(word, end_ms=word.start_ms + 600) for word in words("I agree with as always"))
    state = state_of(turn(words_text(said), said))
    change(state, ev.TextCorrected(1, "", "I agree with Kristin as always"))
    assert found_in(state) == [(2_200 - 250, 3_400 + 250)]


def test_a_name_that_was_corrected_away_is_toned_all_the_same() -> None:
    said = words("I agree with Kristin as always")
    for after in ("I agree with her as always", "I agree with as always", "I agree as always"):
        state = state_of(turn(words_text(said), said))
        change(state, ev.TextCorrected(1, "", after))
        assert (2_800 - 250, 3_200 + 250) in [(max(low, 2_550), high) for low, high in found_in(state)], after


def test_words_that_were_taken_out_are_toned_but_for_fillers_and_words_said_twice() -> None:
    said = words("Um I I live in Storgata five uh with my um brother")
    state = state_of(turn(words_text(said), said))
    change(state, ev.TextCorrected(1, "", "I live with my brother"))
    assert found_in(state) == [(3_400 - 250, 5_000 + 250)]


def test_what_a_person_put_in_brackets_instead_of_what_was_heard_is_toned() -> None:
    said = tuple(replace(word, end_ms=word.start_ms + 600) for word in words("I told Torvald about it as always"))
    state = state_of(turn(words_text(said), said))
    change(state, ev.TextCorrected(1, "", "I [laughs] told [a colleague] about it as always"))
    assert found_in(state) == [(2_200 - 250, 2_800 + 250)], "and the laugh has no time of its own"
    as_it_was = state_of(turn("I [told] Torvald about it as always", words("I [told] Torvald about it as always")))
    assert found_in(as_it_was) == []


def test_a_word_that_was_timed_too_short_is_toned_with_those_beside_it_whatever_took_its_place() -> None:
    for end_ms in (1_560, 1_500):
        said = (
            Word("I", 1_000, 1_200, 0.9),
            Word("love", 1_200, 1_500, 0.9),
            Word("Bergen", 1_500, end_ms, 0.6),
            Word("very", 2_200, 2_500, 0.9),
            Word("much", 2_500, 2_900, 0.9),
        )
        for instead in ("[a town]", "[Bergen area]", "[x]", "near [a town]", "the coast", ""):
            state = state_of(turn(words_text(said), said), heard=said, speech=((1_000, 2_900),))
            change(state, ev.TextCorrected(1, "", " ".join(f"I love {instead} very much".split())))
            assert not without([(1_200 - 250, 2_500 + 250)], found_in(state)), (end_ms, instead)


def test_a_bracket_of_which_a_word_was_heard_is_toned() -> None:
    said = words("at a big town hall today")
    state = state_of(turn(words_text(said), said))
    change(state, ev.TextCorrected(1, "", "at [a big place] today"))
    assert found_in(state) == [(1_600 - 250, 3_800 + 250)]


def test_words_said_twice_are_toned_where_both_were_taken_out() -> None:
    said = words("we live in Bergen Bergen now", 1_000, 220)
    for instead in ("", "[a town]", "somewhere else"):
        state = state_of(turn(words_text(said), said), speech=((1_000, 2_870),))
        change(state, ev.TextCorrected(1, "", " ".join(f"we live in {instead} now".split())))
        assert found_in(state) == [(1_990 - 250, 2_540 + 250)], instead
    said = words("I I I live in Bergen, Bergen now")
    state = state_of(turn(words_text(said), said))
    change(state, ev.TextCorrected(1, "", "I live in Bergen now"))
    assert found_in(state) == []


def test_a_word_replaced_by_others_that_do_not_sound_alike_is_toned() -> None:
    said = words("we live in Bergen now")
    for instead, toned in (
        ("somewhere", (2_200, 3_200)),
        ("in somewhere", (2_800, 3_200)),
        ("in (a town)", (2_800, 3_200)),
        ("in [a town", (2_800, 3_200)),
        ("in uh", (2_800, 3_200)),
        ("in -", (2_800, 3_200)),
    ):
        state = state_of(turn(words_text(said), said))
        change(state, ev.TextCorrected(1, "", f"we live {instead} now"))
        assert found_in(state) == [(toned[0] - 250, toned[1] + 250)], instead


def test_a_mishearing_that_was_put_right_stays_audible() -> None:
    said = words("uh we cord the coal every months")
    state = state_of(turn(words_text(said), said))
    change(state, ev.TextCorrected(1, "", "We record the goal, every month"))
    assert found_in(state) == []
    said = words("私 は 東 京 です")
    state = state_of(turn("私は東京です", said))
    change(state, ev.TextCorrected(1, "", "私は、東京です。"))
    assert found_in(state) == []
    change(state, ev.TextCorrected(1, "", "私は、ある街です。"))
    assert found_in(state) == [(2_200 - 250, 3_200 + 250)]


def test_what_another_person_says_at_the_same_time_does_not_stand_for_a_word() -> None:
    said, other = words("we live in Bergen now"), words("that is a fine day", 2_600, 300)
    state = state_of(turn(words_text(said), said), turn(words_text(other), other, 2), heard=(*said, *other))
    change(state, ev.TextCorrected(1, "", "we live in now"))
    assert found_in(state) == [(2_800 - 250, 3_200 + 250)]


def test_an_identifier_over_the_seam_of_merged_turns_is_toned_word_by_word() -> None:
    first = (*words("we went to"), Word("Ashgrove", 9_500, 10_000, 0.9))
    second = (Word("Hospital", 4_000, 4_600, 0.9), Word("yes", 4_700, 5_000, 0.9))
    state = state_of(turn(words_text(first), first), turn(words_text(second), second, 2), heard=(*first, *second))
    change(state, ev.SegmentsMerged(1, 2, 0))
    assert found_in(state) == [(4_000 - 250, 4_600 + 250), (9_500 - 250, 10_000 + 250)]
    short = (replace(second[0], end_ms=4_050), second[1])
    state = state_of(turn(words_text(first), first), turn(words_text(short), short, 2), heard=())
    change(state, ev.SegmentsMerged(1, 2, 0))
    assert found_in(state) == [(4_000 - 250, 5_000 + 250), (9_500 - 250, 10_000 + 250)], "too short by itself"


def test_a_bracket_over_the_seam_of_merged_turns_is_toned_on_both_sides() -> None:
    first, second = words("we went to Northern", 8_000), words("Clinic yes we did", 4_000)
    state = state_of(turn(words_text(first), first), turn(words_text(second), second, 2), heard=(*first, *second))
    change(state, ev.SegmentsMerged(1, 2, 0))
    change(state, ev.TextCorrected(1, "", "we went to [a place] yes we did"))
    assert not without([(9_800 - 250, 10_200 + 250), (4_000 - 250, 4_400 + 250)], found_in(state))


def test_people_who_withdrew_are_not_heard() -> None:
    said, other = words("we set a goal"), words("and kept to it", 6_000)
    state = state_of(turn(words_text(said), said), replace(turn(words_text(other), other, 2), speaker=Speaker("P2")))
    state.withdrawn[Speaker("P2")] = ((12_000, 13_000),)
    state.segments[2] = hidden(state.segments[2])
    assert found_in(state) == [(6_000 - 250, 8_200 + 250), (11_750, 13_250)]


def test_an_emptied_turn_is_toned() -> None:
    said = words("my neighbor at the corner")
    state = state_of(turn(words_text(said), said))
    change(state, ev.TextCorrected(1, "", ""))
    change(state, ev.SegmentChecked(1, False, True))
    assert found_in(state) == [(1_000 - 250, 3_800 + 250)]


def test_what_was_not_understood_is_toned_until_somebody_has_heard_it() -> None:
    said = words("we set a goal of our own", 5_000)
    doubt = Doubt(Rule.UNRESOLVED, 5_600, 6_400)
    state = state_of(turn(words_text(said), said), doubts=(doubt, Doubt(Rule.UNSURE, 5_000, 9_000)))
    assert found_in(state) == [(5_350, 6_650)]
    change(state, ev.SegmentChecked(1, False, True))
    assert found_in(state) == []


def test_speech_of_which_there_is_no_text_is_toned_up_to_the_next_words() -> None:
    said = words("we set a goal")
    state = state_of(turn(words_text(said), said), speech=((900, 3_500), (4_000, 4_200), (6_000, 7_000)))
    assert found_in(state) == [(5_750, 7_250)]
    state = state_of(turn(words_text(said), said), speech=((900, 4_400),))
    assert found_in(state) == [(3_200, 4_650)], "a name that the model left out at the end"


def test_sound_that_the_transcription_never_heard_is_toned() -> None:
    said = words("we set a goal")
    state = state_of(turn(words_text(said), said), filled=((5_000, 1_000),))
    assert found_in(state, ((5_000, 6_000),)) == []
    assert found_in(state, ((5_000, 6_000), (8_000, 9_000))) == [(7_750, 9_250)]
    assert unsaid(state, KNOWN, END_MS + 50)[0] == []
    assert unsaid(state, KNOWN, END_MS + 4_000)[0] == [(END_MS - 250, END_MS + 4_000)]
    assert unsaid(SessionState(), KNOWN, 5_000)[0] == [(0, 5_000)]


def test_what_another_model_heard_counts_too() -> None:
    said = words("I agree with the kitchen")
    state = state_of(turn(words_text(said), said))
    other = words("I agree with the Kristin")
    beside = Hearing(ev.TranscriptionStarted("faster-whisper", "small", "", "en", END_MS, beside=True))
    beside.windows[0] = ev.WindowTranscribed(0, 0, END_MS, (ev.HeardSegment(0, END_MS, words_text(other), other),))
    state.beside.append(beside)
    assert found_in(state) == [(3_400 - 250, 3_800 + 250)]


def test_words_are_found_in_their_text() -> None:
    said = words("one two, three")
    assert word_spans("one two,  three ", said) == [Span(0, 3), Span(4, 8), Span(10, 15)]
    assert word_spans("onetwo,three", said) == [Span(0, 3), Span(3, 7), Span(7, 12)]
    for other in ("one two three", "one two, three four", "one two,", ""):
        assert word_spans(other, said) == []


def change(
    state: SessionState, edit: ev.TextCorrected | ev.SegmentChecked | ev.SegmentSplit | ev.SegmentsMerged
) -> None:
    after = edited(edit, state.segments)
    for one in touched(edit) if after else ():
        state.segments.pop(one, None)
    state.segments |= {one.id: one for one in after}


VOCABULARY = ["we", "set", "goals", "with", "Kristin", "Ashgrove", "Hospital", "every", "day"]
TEXTS = st.lists(st.sampled_from(VOCABULARY), max_size=8).map(" ".join)


@given(said=st.lists(st.sampled_from(VOCABULARY), min_size=1, max_size=20))
@settings(deadline=None)
def test_names_are_toned_and_nothing_that_is_not_near_one(said: list[str]) -> None:
    spoken = words(" ".join(said), 500)
    named = [
        (word.start_ms, word.end_ms)
        for at, word in enumerate(spoken)
        if word.text == "Kristin"
        or said[at : at + 2] == ["Ashgrove", "Hospital"]
        or said[max(0, at - 1) : at + 1] == ["Ashgrove", "Hospital"]
    ]
    found = found_in(state_of(turn(" ".join(said), spoken)))
    pauses = [(end, start) for (_, end), (start, _) in pairwise(named)]  # between words of one identifier
    allowed = [(start - 250, end + 250) for start, end in (*named, *(one for one in pauses if one[1] - one[0] == 200))]
    assert not without(named, found) and not without(found, allowed)


@given(
    said=st.lists(st.sampled_from(VOCABULARY), min_size=2, max_size=16), texts=st.lists(TEXTS, max_size=4), at=st.data()
)
@settings(deadline=None)
def test_whatever_is_edited_no_name_that_was_heard_or_is_read_is_left(
    said: list[str], texts: list[str], at: st.DataObject
) -> None:
    spoken = words(" ".join(said), 500)
    half = at.draw(st.integers(1, len(said) - 1))
    state = state_of(
        turn(" ".join(said[:half]), spoken[:half]), turn(" ".join(said[half:]), spoken[half:], 2), heard=spoken
    )
    for number, text in enumerate(texts, start=10):
        chosen = at.draw(st.sampled_from(sorted(state.segments)))
        length = len(state.segments[chosen].text)
        change(state, ev.TextCorrected(chosen, "", text))
        if " " in text:
            between = [place for place, char in enumerate(text) if char == " "]
            change(state, ev.SegmentSplit(chosen, number, at.draw(st.sampled_from(between))))
        if length % 2 and len(state.segments) > 1:
            first, second = sorted(state.segments.values(), key=lambda one: (one.start_ms, one.id))[:2]
            change(state, ev.SegmentsMerged(first.id, second.id, len(first.text)))
    read = [word for one in state.segments.values() for word in one.words]
    named = [(word.start_ms, word.end_ms) for word in (*spoken, *read) if word.text == "Kristin"]
    assert not without(named, found_in(state))
    written = {word.casefold() for one in state.segments.values() for word in one.text.split()}
    gone = [
        (word.start_ms, word.end_ms)
        for word in spoken
        if not any(fuzz.ratio(word.text.casefold(), other) >= 50 for other in written)
    ]
    assert not without(gone, found_in(state))
