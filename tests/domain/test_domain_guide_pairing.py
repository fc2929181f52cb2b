from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from facilitator.domain.guide import Guide, Question, QuestionType, Section
from facilitator.domain.guide_pairing import differences, paired


def guide_of(name: str, *ids: str) -> Guide:
    return Guide(name, name, "en", (Section("All", tuple(Question(one, QuestionType.KEY, "?", 5) for one in ids)),))


def order(left: str, right: str) -> str:
    return "".join(pair.id for pair in paired(guide_of("l", *left), guide_of("r", *right)))


def test_what_only_the_translation_has_stands_after_what_it_follows_there() -> None:
    assert order("abc", "abc") == "abc"
    assert order("abc", "axbc") == "axbc"
    assert order("abc", "xyabc") == "xyabc"
    assert order("abc", "cxy") == "abcxy"
    assert order("abc", "") == "abc"


@given(st.lists(st.sampled_from("abcdef"), unique=True), st.lists(st.sampled_from("abcdef"), unique=True))
def test_every_id_stands_once_and_on_its_side(left: list[str], right: list[str]) -> None:
    pairs = paired(guide_of("l", *left), guide_of("r", *right))
    assert sorted(pair.id for pair in pairs) == sorted({*left, *right})
    assert [pair.id for pair in pairs if pair.questions[0]] == left
    assert {pair.id for pair in pairs if pair.questions[1]} == set(right)


def test_differences_name_missing_questions_types_and_minutes() -> None:
    mine, theirs = guide_of("l", "a", "b", "c"), guide_of("r", "b", "c", "d")
    first, second, third = theirs.questions
    changed = (replace(first, type=QuestionType.ENDING), replace(second, minutes=7.5), third)
    theirs = replace(theirs, sections=(Section("All", changed),))
    assert [*differences(mine, theirs)] == [
        ("a", "is missing in r"),
        ("b", "is key in l, ending in r"),
        ("c", "has 5 minutes in l, 7.5 in r"),
        ("d", "is missing in l"),
    ]
    assert [*differences(mine, mine)] == []
