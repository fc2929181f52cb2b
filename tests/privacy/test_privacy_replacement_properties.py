"""What holds of every replacement, whatever the names, the text and what is put in."""

import unicodedata
from random import Random

from hypothesis import example, given, settings
from hypothesis import strategies as st

from facilitator.domain.ids import ResearchNumber
from facilitator.domain.roster import Identity
from facilitator.domain.text import fold
from facilitator.privacy.replacement import pseudonymize
from facilitator.privacy.residue import Residue, find_residue
from facilitator.privacy.surfaces import KnownSurface, SurfaceMatcher, known_from_identities

NAMES = (
    *("Kristin Haugen", "Kristin", "Haugen", "Kris", "Anne-Lise Berg", "Annelise", "Ann", "Øyvind Ødegård", "Åge"),
    *("Sean O'Brien", "Bo", "Will Mars", "Mar", "José", "Even", "Said Can", "Lise van der Berg", "Dr. K. Moe", "Ida"),
    *("Danielle Ward", "Place", "Lars", "Mary Ann Lars", "Hope"),
)
IDENTIFIERS = (
    *("St. Olav's Hospital", "Berg clinic", "12.05.1980", "34 years old", "+47 912 34 567", "Bergen, Norway", "5 km"),
    *("kari@mail.no", "B12", "K. H.", "will", "Ward 4", "Ann-Marie's", "the 12", "Mt. Sinai", "1.05.1980"),
)
LABELS = (
    *("[P1]", "[P1 or P4]", "[Ward A]", "[Place 1]", "[Age 1]", "[Person 12]", "[early 1980]", "[Kris's ward 4]"),
    *("[…]", "[a hospital]", "[I D]", "[12]", "[Bo]"),
)
GAPS = ("", " ", ", ", ". ", " - ", "-", "\n", " [", "] ", "(", '"', "_", "/", "'", "’s ", "s ", "@", "82 ", " a ", ",")
FILLER = st.text(alphabet="abns I\n.,'’-[]…øÅ3/", max_size=6)


@st.composite
def known(draw: st.DrawFn) -> list[KnownSurface]:
    people = draw(st.lists(st.sampled_from(NAMES), max_size=4, unique=True))
    identities = [Identity(ResearchNumber(f"P{at}"), name) for at, name in enumerate(people, 1)]
    others = draw(st.lists(st.sampled_from((*IDENTIFIERS, *NAMES)), max_size=4, unique=True))
    labels = [draw(st.sampled_from(LABELS)) for _ in others]
    register = [
        KnownSurface(one, label, f"E{at}") for at, (one, label) in enumerate(zip(others, labels, strict=True), 1)
    ]
    return known_from_identities(identities) + register


def written(draw: st.DrawFn, form: str) -> str:
    apart = draw(st.sampled_from(("-", " ", "/", " - ", ". ")))
    plain = "".join(char for char in unicodedata.normalize("NFD", form) if not unicodedata.combining(char))
    forms = (form, form, form.upper(), form.lower(), unicodedata.normalize("NFD", form), plain, form.replace(" ", ""))
    return draw(st.sampled_from((*forms, form.replace(" ", "-"), apart.join(filter(str.isalpha, form)))))


@st.composite
def said(draw: st.DrawFn, forms: tuple[str, ...]) -> str:
    pieces = [draw(FILLER)]
    for _ in range(draw(st.integers(1, 6))):
        pieces += [written(draw, draw(st.sampled_from(forms))), draw(st.sampled_from(GAPS)), draw(FILLER)]
    return "".join(pieces)


texts = said((*NAMES, *IDENTIFIERS, *LABELS, *(part for name in NAMES for part in name.split())))
many = settings(max_examples=80, deadline=None)


@given(surfaces=known(), text=texts)
@example([KnownSurface("Ward", "[P1]", "P1"), KnownSurface("Solli", "[Ward A]", "E1")], "Solli, Ward A")
@example([KnownSurface("34", "[Age 1]", "E1"), KnownSurface("1.05.1980", "[12]", "E2")], "34.05.1980")
@example([KnownSurface("Ida", "[P1]", "P1"), KnownSurface("Bo", "[I D]", "E1")], "Bo A")
@many
def test_replacing_in_what_was_replaced_changes_nothing(surfaces: list[KnownSurface], text: str) -> None:
    matcher = SurfaceMatcher(surfaces)
    once = pseudonymize(text, matcher).text
    assert pseudonymize(once, matcher).text == once


@given(surfaces=known(), text=texts, chance=st.randoms())
@many
def test_the_order_of_the_surfaces_does_not_matter(surfaces: list[KnownSurface], text: str, chance: Random) -> None:
    mixed = list(surfaces)
    chance.shuffle(mixed)
    assert SurfaceMatcher(mixed).find(text) == SurfaceMatcher(surfaces).find(text)


@given(surfaces=known(), text=texts)
@many
def test_no_word_is_split(surfaces: list[KnownSurface], text: str) -> None:
    for match in SurfaceMatcher(surfaces).find(text):
        before, after = text[: match.span.start], text[match.span.end :]
        assert not (_letters_meet(before[-1:], match.surface[:1]))
        assert not (_letters_meet(match.surface[-1:], after[:1])) or _genitive(after)
        assert not (before[-1:].isdecimal() and match.surface[:1].isdecimal())
        assert not (match.surface[-1:].isdecimal() and after[:1].isalnum())


@given(surfaces=known(), text=texts)
@example([KnownSurface("Mar", "[P1]", "P1"), KnownSurface("Mars", "[P2]", "P2")], "mars")
@example([KnownSurface("Ida", "[P1]", "P1"), KnownSurface("Danielle", "[P2]", "P2")], "i d a n i e l l e")
@example([KnownSurface("K. R.", "[P1]", "P1"), KnownSurface("Kristin", "[P2]", "P2")], "K-R-I-S-T-I-N")
@example([KnownSurface("Even", "[P1]", "P1")], "evenS")
@example([KnownSurface("Berg clinic", "[x]", "E1")], "Berg “clinic”")
@many
def test_what_the_second_search_still_finds_stands_within_a_word(surfaces: list[KnownSurface], text: str) -> None:
    once = pseudonymize(text, SurfaceMatcher(surfaces)).text
    labels = {one.replacement for one in surfaces}
    hits = find_residue([("t", once)], [one.surface for one in surfaces])
    assert [hit for hit in hits if not _within_word(once, hit) and not _in_label(once, hit, labels)] == []


def _letters_meet(one: str, other: str) -> bool:
    return one.isalpha() and other.isalpha()


def _genitive(after: str) -> bool:
    return fold(after[:1]) == "s" and not after[1:2].isalpha()


def _within_word(text: str, hit: Residue) -> bool:
    """khaugen@…, xkristinhaugenx: taking the name out would split the word, so a person has to look at it."""
    return text[hit.span.start - 1 : hit.span.start].isalnum() or text[hit.span.end : hit.span.end + 1].isalnum()


def _in_label(text: str, hit: Residue, labels: set[str]) -> bool:
    """In something that was put in: which a person chose, and no replacement is accepted that holds a known name."""
    return any(
        text.startswith(label, at) and hit.span.end <= at + len(label)
        for label in labels
        for at in range(hit.span.start + 1)
    )
