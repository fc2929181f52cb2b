import pytest

from facilitator.domain.ids import ResearchNumber
from facilitator.domain.roster import Identity
from facilitator.privacy.replacement import Replacer, pseudonymize
from facilitator.privacy.residue import find_residue
from facilitator.privacy.surfaces import KnownSurface, SurfaceMatcher, known_from_identities


def identity(number: str, name: str, *aliases: str) -> Identity:
    return Identity(ResearchNumber(number), name, aliases)


def matcher(*identities: Identity, register: tuple[KnownSurface, ...] = ()) -> SurfaceMatcher:
    return SurfaceMatcher([*known_from_identities(identities), *register])


GROUP = matcher(
    identity("P1", "Kristin Haugen", "Kikki"),
    identity("P2", "Anne-Lise Berg"),
    identity("P3", "Ann Ødegård"),
    identity("P4", "Christina"),
    identity("P5", "Christina Moe"),
    identity("P6", "Even Solli"),
    register=(
        KnownSurface("34 years old", "[Age 1]", "E1"),
        KnownSurface("+47 912 34 567", "[Contact 1]", "E2"),
        KnownSurface("kristin@x.no", "[Contact 2]", "E3"),
        KnownSurface("Haukeland", "[Place 1]", "E4"),
        KnownSurface("12.05.1980", "[Date 1]", "E5"),
    ),
)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("Kristin said", "[P1] said"),
        ("kristin said", "[P1] said"),
        ("KRISTIN SAID NO", "[P1] SAID NO"),
        ("Kristín and Kri\u0301stin", "[P1] and [P1]"),
        ("Kris\u00adtin", "[P1]"),
        ("Kristin's turn", "[P1]'s turn"),
        ("Kristin’s turn", "[P1]’s turn"),
        ("Kristins tur", "[P1]s tur"),
        ("KRISTINS TUR", "[P1]S TUR"),
        ("Kristi\u0301n’s turn", "[P1]’s turn"),
        ("Kristin Haugen", "[P1]"),
        ("Kristin\n Haugen's", "[P1]'s"),
        ("KRISTIN-HAUGEN", "[P1]"),
        ("kristinhaugen82", "[P1]82"),
        ("kristin.haugen@mail.no", "[P1]@mail.no"),
        ("kristin_h", "[P1]_h"),
        ("Kikki laughed", "[P1] laughed"),
        ("Anne-Lise", "[P2]"),
        ("anne lise", "[P2]"),
        ("Annelise", "[P2]"),
        ("Anne‑Lise’s", "[P2]’s"),
        ("Lise Berg", "[P2]"),
        ("Annual planning with Ann", "Annual planning with [P3]"),
        ("Odegard, ØDEGÅRD, ødegårds", "[P3], [P3], [P3]s"),
        ("Christina", "[P4 or P5]"),
        ("Christina Moe", "[P5]"),
        ("Christinas", "[P4 or P5]s"),
        ("[Kristin] and […] and [the program]", "[[P1]] and […] and [the program]"),
        ("even Even EVEN", "even [P6] [P6]"),
        ("34 Years  Old, 134 years old", "[Age 1], 134 years old"),
        ("+47 912 34 567 or 4791234567", "[Contact 1] or [Contact 1]"),
        ("kristin@x.no", "[Contact 2]"),
        ("haukelands Haukeland-en", "[Place 1]s [Place 1]-en"),
        ("12.05.1980, 12/05/1980, 112.05.1980", "[Date 1], [Date 1], 112.05.1980"),
        ("Kristine and Kristinsen", "Kristine and Kristinsen"),
        ("", ""),
    ],
)
def test_each_form_is_replaced_and_nothing_else(raw: str, expected: str) -> None:
    assert pseudonymize(raw, GROUP).text == expected


def test_a_match_says_where_what_and_whose() -> None:
    match, place = GROUP.find("So Kristín's ward at haukeland.")
    assert (match.surface, match.span.start, match.span.end) == ("Kristín", 3, 10)
    assert (match.replacement, match.owner, match.rule) == ("[P1]", "P1", "participant")
    assert (place.surface, place.owner, place.rule) == ("haukeland", "E4", "register")


@pytest.mark.parametrize(
    ("name", "forms"),
    [
        ("Kristin Haugen", {"Kristin Haugen", "Kristin", "Haugen"}),
        ("Haugen, Kristin", {"Kristin Haugen", "Kristin", "Haugen"}),
        ("K. Haugen", {"K. Haugen", "Haugen"}),
        ("Dr. Bo van der Berg", {"Bo van der Berg", "Bo", "van der Berg", "der Berg", "Berg", "Bo Berg"}),
        ("Kari Anne Moe", {"Kari Anne Moe", "Kari Anne", "Kari", "Anne Moe", "Anne", "Moe", "Kari Moe"}),
        ("Le Mai", {"Le Mai", "Le", "Mai"}),
        ("Anne-Lise", {"Anne-Lise", "Anne Lise", "Anne", "Lise"}),
        ("will smith", {"Will Smith", "Will", "Smith"}),
    ],
)
def test_forms_of_a_name(name: str, forms: set[str]) -> None:
    found = {known.surface for known in known_from_identities([identity("P1", name)])}
    assert found == forms


def test_a_shared_form_names_everybody_it_may_be() -> None:
    shared = matcher(
        identity("P10", "Kristin Moe"),
        identity("P2", "Kristin Haugen"),
        identity("P1", "Kari Moe"),
        identity("M", "Moe"),
    )
    assert pseudonymize("Kristin Moe, Kristin, Moe", shared).text == "[P10], [P2 or P10], [P1, P10 or M]"


def test_different_spellings_of_the_same_letters_are_ambiguous_too() -> None:
    both = matcher(identity("P1", "Anne Lise"), identity("P2", "Annelise"))
    assert pseudonymize("Annelise", both).text == "[P1 or P2]"


def test_a_participant_wins_over_the_register() -> None:
    known = [KnownSurface("Haugen", "[Place 1]", "E1"), KnownSurface("Haugen", "[P3]", "P3")]
    assert pseudonymize("haugen", SurfaceMatcher(known)).text == "[P3]"


def test_a_longer_match_does_not_hide_a_shorter_one_beside_it() -> None:
    known = [
        KnownSurface("red hill", "[a]", "E1"),
        KnownSurface("hill house garden", "[b]", "E2"),
        KnownSurface("red", "[c]", "E3"),
    ]
    assert pseudonymize("red hill house garden", SurfaceMatcher(known)).text == "[c] [b]"


def test_no_surfaces_no_matches() -> None:
    assert SurfaceMatcher([]).find("Kristin") == ()
    assert SurfaceMatcher([KnownSurface("…", "[x]", "E1")]).find("a … b") == ()


@pytest.mark.parametrize(
    ("name", "raw", "expected"),
    [
        ("Åge", "at my age Age åge", "at my age [P1] [P1]"),
        ("Will", "I will ask Will", "I will ask [P1]"),
        ("Bo", "Bo and BO, Bos tur, boss", "[P1] and [P1], [P1]s tur, boss"),
        ("Else", "or else, said Else's friend", "or else, said [P1]'s friend"),
    ],
)
def test_everyday_words_are_names_only_with_a_capital(name: str, raw: str, expected: str) -> None:
    assert pseudonymize(raw, matcher(identity("P1", name))).text == expected


@pytest.mark.parametrize(
    "raw",
    [
        *(
            "K-R-I-S-T-I-N",
            "k r i s t i n",
            "K. R. I. S. T. I. N.",
            "K R I S T I N H A U G E N",
            "K - R - I - S - T - I - N",
        ),
        *(
            "K/R/I/S/T/I/N",
            "K / r / i / s / t / i / n",
            "k . r . i . s . t . i . n",
            "K, R, I, S, T, I, N",
            "K–R–I–S–T–I–N",
        ),
        "K_R_I_S_T_I_N",
    ],
)
def test_names_spelled_out_are_replaced(raw: str) -> None:
    shown = pseudonymize(f"it is {raw}, please", GROUP).text
    assert shown.removesuffix(", please").removesuffix(".") == "it is [P1]"
    assert not find_residue([("t", shown)], [one.surface for one in GROUP.surfaces])
    assert find_residue([("t", raw)], ["Kristin"])


@pytest.mark.parametrize("name", ["St. Olav's Hospital", "Mt. Sinai", "Dr. Martens AS", "12. June"])
def test_a_full_stop_inside_a_name_ends_no_sentence(name: str) -> None:
    decided = SurfaceMatcher([KnownSurface(name, "[X 1]", "E7")])
    assert pseudonymize(f"I was at {name} then", decided).text == "I was at [X 1] then"
    assert find_residue([("t", f"I was at {name} then")], [name])


def test_a_long_run_of_letters_takes_no_time() -> None:
    text = "a b " * 5_000
    assert GROUP.find(text) == () and find_residue([("t", text)], ["Kristin Haugen"]) == ()


def test_a_surface_without_capital_counts_beside_the_name_that_is_a_word() -> None:
    both = matcher(identity("P1", "Pål Stensrud"), register=(KnownSurface("pal", "[Person 1]", "E8"),))
    assert pseudonymize("then pal said, and Pål too", both).text == "then [Person 1] said, and [P1] too"


def test_a_replacer_gives_what_a_search_would_each_time_it_is_asked() -> None:
    replacer = Replacer(GROUP.surfaces)
    for raw in ("Kristin said", "nobody said", "Kristin said"):
        assert replacer.replaced(raw).text == pseudonymize(raw, GROUP).text


def test_a_longer_name_spelled_out_wins_over_one_that_begins_before_it() -> None:
    both = matcher(identity("P1", "Ida"), identity("P2", "Danielle"))
    assert pseudonymize("i d a n i e l l e", both).text == "i [P2]"
    assert pseudonymize("I-D-A, she said", both).text == "[P1], she said"


def test_what_was_put_in_is_left_alone_when_it_is_read_again() -> None:
    known = SurfaceMatcher([KnownSurface("Ward", "[P1]", "P1"), KnownSurface("Solli clinic", "[Ward A]", "E1")])
    assert pseudonymize("Ward at [Ward A], and [Ward B]", known).text == "[P1] at [Ward A], and [[P1] B]"


def test_a_comma_between_two_words_is_part_of_a_surface() -> None:
    known = SurfaceMatcher(
        [KnownSurface("you think, will", "[P1]", "E1"), KnownSurface("5 June, 2019", "[Date]", "E2")]
    )
    assert pseudonymize("What do you think, will?", known).text == "What do [P1]?"
    assert find_residue([("t", "do you think, will")], ["you think, will"])
    free = "What do you think will happen?"
    assert pseudonymize(free, known).text == free and not find_residue([("t", free)], ["you think, will"])
    assert pseudonymize("on 5 June 2019", known).text == "on [Date]"


def test_signs_between_the_parts_of_a_name_do_not_hide_it() -> None:
    known = SurfaceMatcher([KnownSurface("Berg clinic", "[Clinic A]", "E1")])
    for raw in ("Berg “clinic", "Berg / clinic", "Berg – clinic", "BERG_CLINIC"):
        assert pseudonymize(raw, known).text == "[Clinic A]"
    for raw in ("to Berg. Clinic work is", "Berg [clinic]", "Berg, clinic"):
        assert pseudonymize(raw, known).text == raw and not find_residue([("t", raw)], ["Berg clinic"])


def test_of_two_owners_of_one_form_the_same_wins_in_any_order() -> None:
    known = [KnownSurface("Ann-Lise", "[a]", "E2A"), KnownSurface("Annlise", "[b]", "E1B")]
    assert {pseudonymize("annlise", SurfaceMatcher(order)).text for order in (known, known[::-1])} == {"[b]"}


@pytest.mark.parametrize("word", ["son", "song", "back", "still", "early"])
def test_frequent_words_that_are_last_names_too_need_a_capital(word: str) -> None:
    group = matcher(identity("P1", f"Mina {word.capitalize()}"))
    assert pseudonymize(f"her {word} and {word.capitalize()}", group).text == f"her {word} and [P1]"
