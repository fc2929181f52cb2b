import pytest

from facilitator.privacy.residue import contains_any, find_residue

SURFACES = ["Kristin Haugen", "Kristin", "Haugen", "Even", "Frida", "34 years old", "Sandviken Hospital"]


@pytest.mark.parametrize(
    "text",
    [
        "so Kristin said",
        "so kristin's",
        "Kristins tur",
        "KRISTIN-HAUGEN",
        "kristinhaugen@online.no",
        "my mail is xkristinhaugenx",
        "write to khaugen@online.no",
        "https://x.no/people/khaugen",
        "kristin_1982",
        "Kristi\u0301n",
        "[Kristin]",
        "<w:t>Kristin</w:t>",
        '{"name":"Haugen"}',
        "34  YEARS old",
        "sandviken-hospital",
        "we asked Even",
        "\x00\x01Kristin\x02",
    ],
)
def test_what_must_be_found(text: str) -> None:
    assert contains_any(text, SURFACES)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[P1] said that even so it was Friday, the 3rd",
        "<a id='00A1'>Friday</a>",
        "Kristine is another name",
        "134 years old",
        "in Sandviken. Hospital beds were few",
        "[Place 1] and […]",
    ],
)
def test_what_must_not_be_found(text: str) -> None:
    assert not contains_any(text, SURFACES)


def test_a_hit_says_which_text_where_and_which_surface() -> None:
    hits = find_residue([("turn at 0", "nothing"), ("turn at 5", "old Haugen’s")], SURFACES)
    assert [(hit.ref, hit.span.start, hit.span.end, hit.index) for hit in hits] == [("turn at 5", 4, 10, 2)]


def test_every_place_is_reported() -> None:
    hits = find_residue([("a", "Kristin and KRISTIN"), ("b", "kristin")], ["Kristin"])
    assert [(hit.ref, hit.span.start) for hit in hits] == [("a", 0), ("a", 12), ("b", 0)]


def test_no_surfaces_no_residue() -> None:
    assert find_residue([("a", "Kristin")], []) == ()
    assert not contains_any("Kristin", ["…", ""])


def test_the_plural_of_a_word_that_is_a_name_too_is_no_residue() -> None:
    assert find_residue([("t", "the marks on the wall, and she wills it")], ["Mark", "Will"]) == ()
