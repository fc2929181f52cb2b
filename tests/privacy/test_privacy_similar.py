import pytest
from privacy_loading import loaded

from facilitator.domain.ids import ResearchNumber
from facilitator.domain.roster import Identity
from facilitator.privacy.similar import RULE, AlikeNames, sounds_like
from facilitator.privacy.surfaces import known_from_identities

KNOWN = known_from_identities(
    [
        Identity(ResearchNumber("P1"), "Kristin Hansen", ("Kris",)),
        Identity(ResearchNumber("P2"), "Anders Berg"),
        Identity(ResearchNumber("P3"), "Åse Ødegård"),
    ]
)


@pytest.mark.parametrize(
    ("heard", "owner"),
    [
        ("Kristen", "P1"),
        ("Christin", "P1"),
        ("Chris", "P1"),
        ("Kristen Hanson", "P1"),
        ("Enders", "P2"),
        ("Andres", "P2"),
        ("Ødegaard", "P3"),
    ],
)
def test_names_as_misheard_are_told(heard: str, owner: str) -> None:
    alike = sounds_like(heard, KNOWN)
    assert alike is not None and alike.owner == owner


@pytest.mark.parametrize("other", ["Karen", "Under", "Oslo", "Thomas", "Benders", "", "K", "Hansen Kristin Berg"])
def test_other_words_are_left_alone(other: str) -> None:
    assert sounds_like(other, KNOWN) is None


def test_a_misheard_name_is_proposed_even_where_no_recognizer_sees_one() -> None:
    text = "Well Enders calls me and we walk to the office."
    found = AlikeNames(loaded()[0], KNOWN).find(text)
    assert [(text[one.span.start : one.span.end]) for one in found if "Enders" in text[one.span.start : one.span.end]]
    quiet = AlikeNames(_Nothing(), KNOWN).find(text)
    assert [(text[one.span.start : one.span.end], one.rule) for one in quiet] == [("Enders", RULE)]


class _Nothing:
    def find(self, text: str) -> tuple[()]:
        return ()
