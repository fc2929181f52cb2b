from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facilitator.domain.entities import Category
from facilitator.domain.ids import ResearchNumber
from facilitator.domain.mosaic import (
    Fate,
    Identifier,
    Profile,
    Said,
    Shared,
    by_risk,
    find_cues,
    find_phrases,
    minimal_sets,
    rare_sets,
    rare_words,
    shared_backgrounds,
)

PEOPLE = (
    {"sex": "male", "role": "therapist", "place": "north"},
    {"sex": "female", "role": "therapist", "place": "north"},
    {"sex": "male", "role": "nurse", "place": "south"},
    {"sex": "female", "role": "therapist", "place": "north"},
    {"sex": "male", "role": "nurse", "place": ""},
)
COLUMNS = ("a", "b", "c", "d")
ROSTERS = st.lists(st.fixed_dictionaries({name: st.sampled_from(["", "x", "y"]) for name in COLUMNS}), min_size=1)


def _said(*texts: str) -> list[Said]:
    return [Said("01", at * 1000, text) for at, text in enumerate(texts)]


def _count(columns: tuple[str, ...], own: dict[str, str], people: list[dict[str, str]]) -> int:
    return sum(all(one[column] == own[column] for column in columns) for one in people)


@given(ROSTERS, st.integers(2, 4))
def test_minimal_sets_are_rare_minimal_and_complete(people: list[dict[str, str]], below: int) -> None:
    own = people[0]
    stated = [column for column, value in own.items() if value]
    sets = [found for size in (1, 2, 3) for found in combinations(stated, size)]
    rare = [found for found in sets if _count(found, own, people) < below]
    minimal = {found for found in rare if not any(set(other) < set(found) for other in rare)}
    found = minimal_sets(own, people, below)
    assert {tuple(column for column, _ in one.values) for one in found} == minimal
    assert len(found) == len(minimal)
    assert all(one.count == _count(tuple(column for column, _ in one.values), own, people) for one in found)


@given(ROSTERS)
def test_the_person_is_always_one_of_those_who_share(people: list[dict[str, str]]) -> None:
    shared = shared_backgrounds(people[0], people)
    assert all(1 <= one.count <= len(people) for one in shared)
    assert [one.count for one in shared] == sorted(one.count for one in shared)


def test_the_smallest_sets_single_out_and_no_superset_is_shown() -> None:
    assert [str(one) for one in minimal_sets(PEOPLE[0], PEOPLE)] == ["male + therapist", "male + north"]
    assert [(str(one), one.count) for one in rare_sets(PEOPLE[4], PEOPLE)] == [("nurse", 2)]
    assert [(str(one), one.count) for one in rare_sets(PEOPLE[2], PEOPLE)] == [("south", 1), ("nurse", 2)]


def test_empty_columns_say_nothing() -> None:
    assert shared_backgrounds({"place": ""}, PEOPLE) == ()
    assert rare_sets({"place": ""}, PEOPLE) == ()


@pytest.mark.parametrize(
    ("text", "kind", "telling"),
    [
        ("I have my twin daughters at home", "family", True),
        ("as my only son said", "family", True),
        ("my wife says so", "family", False),
        ("we have three small children", "family", True),
        ("I had the twins then", "family", True),
        ("my ex-husband left", "family", True),
        ("we got an award", "event", True),
        ("it was in the newspaper", "event", True),
        ("the year of the flood", "event", True),
        ("during the strike", "event", True),
        ("there was a trial in court", "event", True),
    ],
)
def test_cues_of_family_and_events(text: str, kind: str, telling: bool) -> None:
    (cue,) = find_cues(_said(text))
    assert (cue.kind, cue.telling, cue.said) == (kind, telling, Said("01", 0, text))


@pytest.mark.parametrize(
    "text", ["a clinical trial", "trial and error", "it strikes me", "he was fired", "the person", "my sonata", "sons"]
)
def test_what_is_no_cue(text: str) -> None:
    assert find_cues(_said(text)) == ()


def test_an_excerpt_cuts_no_word() -> None:
    text = f"{'alpha ' * 20}my twin sons {'omega ' * 20}".strip()
    (cue,) = find_cues(_said(text))
    assert set(cue.said.text.replace("…", "").split()) == {"alpha", "my", "twin", "sons", "omega"}
    assert cue.said.text.startswith("…alpha") and cue.said.text.endswith("omega…")


def test_an_excerpt_cuts_no_replacement() -> None:
    (cue,) = find_cues(_said("It was in [Place E0000AA of the north of the country], my twin sons and I were here."))
    assert cue.said.text == "…my twin sons and I were here."
    (cue,) = find_cues(_said("My twin sons and I were in [Place E0000AA of the north of the country]."))
    assert cue.said.text == "My twin sons and I were in…"


def test_phrases_are_quoted_titles_or_rare_and_none_overlap() -> None:
    turns = _said(
        "She told me “you are a stubborn mule” again.",
        "I wrote for the Journal of Silent Wards then.",
        "We repaired a barometer with sealing wax, and the nurse, the nurse, laughed.",
        "We go on with it.",
    )
    rare = rare_words((one.text for one in turns), {"again", "then", "laughed", "wrote", "told"}.__contains__)
    assert "nurse" not in rare and "again" not in rare and "barometer" in rare
    found = find_phrases(turns, rare)
    assert {(one.kind, one.said.text) for one in found} == {
        ("quoted", "you are a stubborn mule"),
        ("title", "Journal of Silent Wards"),
        ("rare words", "repaired a barometer with sealing"),
    }
    assert [one.rare for one in found] == sorted((one.rare for one in found), reverse=True)


def test_replacements_are_no_part_of_a_phrase() -> None:
    turns = _said("We saw “a heron at [Place 2]” and Dr [Person 1] Quist. Gravel [Person 9] lichen.")
    assert find_phrases(turns, rare_words((one.text for one in turns), lambda _: False), 9) == ()


def test_at_most_five_phrases() -> None:
    turns = _said(*(f"{chr(97 + at) * 5} {chr(97 + at) * 6}" for at in range(9)))
    assert len(find_phrases(turns, rare_words((one.text for one in turns), lambda _: False))) == 5


def _identifier(category: Category, fate: Fate) -> Identifier:
    return Identifier("E000001", category, fate, "x", 1, ("01",))


P1, P2, P3 = (ResearchNumber(f"P{value}") for value in (1, 2, 10))


def test_the_verdict_never_promises_anything() -> None:
    plain = Profile(P1, (Shared((("a", "x"),), 9),), ())
    assert plain.verdict == "nothing stands out by these rules"
    one = _identifier(Category.PLACE, Fate.KEPT)
    assert not Profile(P1, plain.shared, (), (one,)).reasons, "one kind alone is no combination"
    replaced = (one, _identifier(Category.DATE, Fate.REPLACED))
    assert not Profile(P1, plain.shared, (), replaced).reasons, "what is replaced does not count"
    both = Profile(P1, plain.shared, (), (one, _identifier(Category.DATE, Fate.OPEN)))
    assert both.verdict == "stands out: place and date remain in the text"


def test_a_rare_background_counts_with_one_kind() -> None:
    shared = (Shared((("a", "x"),), 2),)
    found = Profile(P1, shared, shared, (_identifier(Category.PLACE, Fate.OPEN),))
    assert found.verdict == "stands out: only 2: x; place remains in the text beside a rare background"


def test_a_row_that_only_the_whole_of_singles_out_stands_out() -> None:
    own = dict.fromkeys("abcd", "x")
    people = [own, *({**own, column: "y"} for column in "abcd" for _ in range(3))]
    profile = Profile(P1, shared_backgrounds(own, people), rare_sets(own, people))
    assert (profile.rare, profile.verdict) == ((), "stands out: only one with the whole row")


def test_telling_remarks_are_kinds_that_remain() -> None:
    cues = find_cues(_said("my twin sons were on television", "my wife too"))
    assert Profile(P1, (), (), cues=cues).remaining == ("family", "event")
    assert Profile(P1, (), (), cues=find_cues(_said("my wife"))).remaining == ()


def test_those_who_stand_out_come_first() -> None:
    alone = Profile(P3, (Shared((("a", "x"),), 1),), (Shared((("a", "x"),), 1),))
    common, unknown = Profile(P2, (Shared((("a", "y"),), 9),), ()), Profile(P1, (), ())
    assert [one.number for one in by_risk((unknown, common, alone))] == [P3, P2, P1]
