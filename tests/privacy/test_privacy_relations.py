import pytest

from facilitator.privacy.relations import related_form, relation


@pytest.mark.parametrize(
    ("before", "after", "what"),
    [
        ("So I asked my colleague ", " about it", "colleague"),
        ("and our old boss, ", " left", "boss"),
        ("my sister called ", ", she", "sister"),
        ("There was ", ", my neighbour, who said", "neighbour"),
        ("There was ", ", who is my boss now", "boss"),
        ("his colleague ", " said", ""),
        ("my colleague said that ", " left", ""),
        ("", "", ""),
    ],
)
def test_a_relation_is_what_the_speaker_says_beside_the_name(before: str, after: str, what: str) -> None:
    assert relation(before, after) == what


def test_people_of_one_kind_are_told_apart() -> None:
    taken: list[str] = []
    for _ in range(2):
        taken.append(related_form("P2", "colleague", taken))
    assert taken == ["[P2's colleague 1]", "[P2's colleague 2]"]
    assert related_form("P3", "boss", taken) == "[P3's boss]"
    assert related_form("P3", "boss", ["[P3's boss]"]) == "[P3's boss 1]"
