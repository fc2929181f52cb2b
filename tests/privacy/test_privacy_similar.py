import pytest
from privacy_loading import loaded

from facilitator.domain.ids import ResearchNumber
from facilitator.domain.roster import Identity
from facilitator.privacy.recognizers import Finding
from facilitator.privacy.similar import BY_PLACE_RULE, EVERYDAY_RULE, INITIALS_RULE, RULE, AlikeNames, sounds_like
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


class Nothing:
    def find(self, text: str) -> tuple[Finding, ...]:
        return ()


@pytest.mark.parametrize("text", ["it was K.H. who", "it's k.h who", "only KH knows", "signed a b in it"])
def test_initials_of_the_roster_are_proposed(text: str) -> None:
    assert [finding.rule for finding in AlikeNames(Nothing(), KNOWN).find(text)] == [INITIALS_RULE]


@pytest.mark.parametrize("text", ["KHT is another", "it's a big thing", "at 5 p.m. it ends"])
def test_other_letters_are_no_initials(text: str) -> None:
    assert AlikeNames(Nothing(), KNOWN).find(text) == ()


def test_a_name_that_is_a_word_is_proposed_only_where_no_capital_tells() -> None:
    known = known_from_identities([Identity(ResearchNumber("P1"), "Pål Stensrud")])
    alike = AlikeNames(Nothing(), known)
    assert [finding.rule for finding in alike.find("and then pal said no")] == [EVERYDAY_RULE]
    assert alike.find("And then my pal said no") == ()


TEAM = known_from_identities(
    [
        Identity(ResearchNumber("P1"), "Will Stensrud"),
        Identity(ResearchNumber("P2"), "Said Karimi"),
        Identity(ResearchNumber("P3"), "Even Solli", ("So",)),
        Identity(ResearchNumber("P4"), "Can Yilmaz"),
        Identity(ResearchNumber("P5"), "Hope Dahl"),
    ]
)


@pytest.mark.parametrize(
    ("text", "proposed"),
    [
        ("Yes, my name is said and I work here", "my name is said"),
        ("Hello, this is will.", "this is will"),
        ("I talked to even about it.", "talked to even"),
        ("We met at lunch, I was with can and Kristin", "with can"),
        ("What do you think, will?", "think, will"),
        ("will, what about you? We wonder", "will, what"),
        ("Okay. even, you go first", "even, you"),
        ("No, and then will says it is fine", "will says"),
        ("I know said himself did it.", "said himself"),
        ("It was in hope's notebook", "hope's notebook"),
        ("Thanks said. Next one", "Thanks said"),
    ],
)
def test_a_name_that_is_a_word_is_proposed_where_the_words_around_it_speak_for_a_name(text: str, proposed: str) -> None:
    found = AlikeNames(Nothing(), TEAM).find(text)
    assert [(text[one.span.start : one.span.end], one.rule) for one in found] == [(proposed, BY_PLACE_RULE)]


@pytest.mark.parametrize(
    "text",
    [
        *("He said that he will come", "I said no, and she said yes", "Can you hear me? I can.", "We will, of course."),
        *("It was even better, even so", "I hope, I really hope, that it can work", "And so on, and so on."),
        *("That is what I said, you know", "She said, well, that's it", "They can even do it with hope in mind"),
        *(
            "I asked if we can, and he said so.",
            "The day's over and it's so far",
            "He even told me",
            "And said to them",
        ),
    ],
)
def test_a_word_that_is_a_name_too_is_left_alone_where_it_is_a_word(text: str) -> None:
    rules = {one.rule for one in AlikeNames(Nothing(), TEAM).find(text)}
    assert not rules & {BY_PLACE_RULE, EVERYDAY_RULE}
