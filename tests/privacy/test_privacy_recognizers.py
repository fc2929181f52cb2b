import importlib.util
import logging
import subprocess
import sys

import pytest
import regex
from privacy_loading import loaded, no_network

from facilitator.domain.errors import InvalidInput, MissingNeed
from facilitator.domain.spans import Span
from facilitator.privacy import recognizers as module
from facilitator.privacy.ensemble import _hits
from facilitator.privacy.patterns import RULES
from facilitator.privacy.recognizers import Recognizers


@pytest.fixture
def recognizers() -> Recognizers:
    return loaded()[0]


def found(recognizers: Recognizers, text: str) -> dict[str, str]:
    return {text[item.span.start : item.span.end]: item.category.value for item in recognizers.find(text)}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "I am Kristin Haugen and I work at Sandviken Hospital in Bergen.",
            {"Kristin Haugen": "person", "Sandviken Hospital": "organization", "Bergen": "place"},
        ),
        ("before that i was at haukeland with berit", {"haukeland": "organization", "berit": "person"}),
        ("THAT WAS WHEN ØYVIND CAME FROM MOLDE.", {"ØYVIND": "person", "MOLDE": "place"}),
        (
            "My colleague Ole Martin, he's 34 years old and he's from Tromsø.",
            {"Ole Martin": "person", "34 years old": "age", "Tromsø": "place"},
        ),
        ("I remember Per Arne from Jæren DPS.", {"Per Arne": "person", "Jæren DPS": "organization"}),
        ("In March 2019, at the DPS in Drammen.", {"March 2019": "date", "DPS in Drammen": "organization"}),
        ("Call me on nine four one two two three oh seven.", {"nine four one two two three oh seven": "contact"}),
        ("Write to kristin dot haugen at gmail dot com.", {"kristin dot haugen at gmail dot com": "contact"}),
        ("The team: post at helse dash bergen dot no.", {"post at helse dash bergen dot no": "contact"}),
        (
            "It is ola.nordmann@helse-bergen.no or www.ous.no",
            {"ola.nordmann@helse-bergen.no": "contact", "www.ous.no": "contact"},
        ),
        ("My number is +47 912 34 567.", {"+47 912 34 567": "contact"}),
        ("The birth number 010180 12345 was read out.", {"010180 12345": "number"}),
        ("It was on Monday the 3rd of May.", {"3rd of May": "date"}),
        ("One patient from Somalia told me about his wife Amina.", {"Somalia": "place", "Amina": "person"}),
        ("I'm 52, I've been here since 1998.", {"I'm 52": "age", "1998": "date"}),
        ("There was Mohammed, twenty-three years old.", {"Mohammed": "person", "twenty-three years old": "age"}),
        ("Then Dr. Nordbotten called.", {"Nordbotten": "person"}),
        ("He lives in Storgata 15, in Lillehammer.", {"Storgata 15": "place", "Lillehammer": "place"}),
        ("She studied at the University of Bergen.", {"University of Bergen": "organization"}),
        ("She moved to Lovisenberg Diakonale Sykehus.", {"Lovisenberg Diakonale Sykehus": "organization"}),
        ("He was headmaster at Furuberget school.", {"Furuberget school": "organization"}),
        ("In Oslo since two thousand and nine.", {"Oslo": "place", "two thousand and nine": "date"}),
        ("It began in twenty twenty-one.", {"twenty twenty-one": "date"}),
        ("It was Asker kommune that paid.", {"Asker kommune": "organization"}),
        ("so my name is ragnfrid and i was a nurse", {"ragnfrid": "person"}),
        ("thanks grace, and then mark murphy asked", {"grace": "person", "mark murphy": "person"}),
        ("the bus from skjoldnes was late again", {"skjoldnes": "organization"}),
        (
            "My number is forty-six ninety-six sixty-three sixteen.",
            {"forty-six ninety-six sixty-three sixteen": "contact"},
        ),
        ("Look at www dot oakwood dot no.", {"www dot oakwood dot no": "contact"}),
        ("It is spelled H-I-L-A-R-Y, please.", {"H-I-L-A-R-Y": "person"}),
        ("The youngest was eighteen and shy.", {"youngest was eighteen": "age"}),
        ("I'm the only male occupational therapist here.", {"only male occupational therapist": "other"}),
        ("The ward burned down in 1984.", {"1984": "date"}),
        ("we moved to the dominican republic", {"dominican republic": "place"}),
        ("he cleaned for storskogen housing trust", {"storskogen housing trust": "organization"}),
    ],
)
def test_spoken_sentences(recognizers: Recognizers, text: str, expected: dict[str, str]) -> None:
    assert found(recognizers, text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "We met last week for two weeks, two hours each, every Tuesday, and today.",
        "The hospital had twelve beds and our clinic had about 40 patients, in the nineties.",
        "Um, I think IMR is, like, really good, yeah.",
        "So if even that is hard, P3 agreed, [the program] works, [Place 1] too.",
        "I will hope that they may do it, or else we can't.",
        "Sixty percent of 40 people finished module 3.",
        "[…] (.)",
        "i'm sceptical, they cancelled it and don't realise that, mm-hm",
        "I I I a I mean, it is up to us.",
        "",
    ],
)
def test_what_identifies_nobody_is_not_proposed(recognizers: Recognizers, text: str) -> None:
    assert found(recognizers, text) == {}


def test_findings_are_in_order_and_apart(recognizers: Recognizers) -> None:
    text = "Kristin Haugen, 34 years old, from Sandviken Hospital in Bergen, kristin@haugen.no, since March 2019."
    spans = [item.span for item in recognizers.find(text)]
    assert spans == sorted(spans)
    assert not any(a.overlaps(b) for a in spans for b in spans if a != b)
    assert len(spans) == 6


def test_nothing_reaches_for_the_network() -> None:
    recognizers, attempts_while_loading = loaded()
    with no_network() as attempts:
        recognizers.find("Mail ola@nordmann.co.uk, see https://helse-bergen.no/x and example.com, call 22 33 44 55.")
    assert (attempts_while_loading, attempts) == ((), [])


def test_importing_it_loads_no_language_model() -> None:
    code = "import sys, facilitator.privacy.candidates; print({'spacy', 'presidio_analyzer'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_nothing_is_logged(recognizers: Recognizers, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        recognizers.find("Kristin Haugen paid 40 dollars at the World Cup in Bergen.")
    assert caplog.records == []


def test_the_version_names_model_and_rules(recognizers: Recognizers) -> None:
    assert recognizers.version == module.search_version()
    assert module.search_version(at_least=0.4) == f"{recognizers.version}, scores from 0.4"
    assert "presidio-analyzer 2" in recognizers.version
    assert "en_core_web_sm" in recognizers.version


def test_a_missing_model_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    absent = "presidio_analyzer"
    monkeypatch.setattr(module, "find_spec", lambda name: None if name == absent else importlib.util.find_spec(name))
    assert module.search_version() is None
    with pytest.raises(MissingNeed) as raised:
        Recognizers.load()
    assert "pip install" in raised.value.do


@pytest.mark.parametrize(
    "piece", ["a ", "a-", "1 ", "dot at ", "Xx-", "X.", "a dot ", "only a ", "five ", "head of the a "]
)
def test_no_pattern_takes_long_over_any_text(piece: str) -> None:
    text = (piece * 20_000)[:20_000]
    for rule in RULES:
        for _ in regex.finditer(rule.pattern, text, timeout=5):  # raises TimeoutError
            pass


def test_words_of_another_language_are_not_all_proposed() -> None:
    norwegian = Recognizers.load("no")
    found_there = found(norwegian, "da jeg jobbet på avdelingen kom Øyvind fra Molde og snakket om behandlingen")
    assert {"Øyvind", "Molde"} <= {word for surface in found_there for word in surface.split()}
    assert not {"avdelingen", "behandlingen", "snakket"} & found_there.keys()


def test_of_two_findings_that_overlap_nothing_is_lost(recognizers: Recognizers) -> None:
    text = "i had typed lfosshaug jankowski at outlook dot com"
    assert found(recognizers, text).keys() == {"lfosshaug", "jankowski at outlook dot com"}


def test_a_longer_guess_is_as_sure_as_the_surest_part_of_it(recognizers: Recognizers) -> None:
    # a run of words that are not everyday, of which our list knows the first as a town
    (finding,) = recognizers.find("the levanger trollvik thing")
    assert (finding.span, finding.rule, finding.score) == (Span(4, 21), "name list", 0.7)


@pytest.mark.parametrize(
    ("text", "surface", "score"),
    [
        ("We bought it from Gas Power and sold it.", "Gas Power", 0.5),
        ("Then Ragnfrid from skjoldnes came to Oslo.", "skjoldnes", 0.5),
        ("Then Ragnfrid from skjoldnes came to Oslo.", "Ragnfrid", 0.85),
        ("then ragnfrid from skjoldnes came to oslo", "skjoldnes", 0.85),
        ("We worked with Green Valley in Oslo.", "Green Valley", 0.85),
    ],
)
def test_the_language_model_is_less_sure_where_the_words_do_not_bear_it_out(
    recognizers: Recognizers, text: str, surface: str, score: float
) -> None:
    scores = {text[one.span.start : one.span.end]: (one.rule, one.score) for one in recognizers.find(text)}
    assert scores[surface] == ("language model", score)


def test_texts_that_were_expected_are_read_as_any_other(recognizers: Recognizers) -> None:
    texts = ["Kristin left Bergen.", "…", "", "berit and i", "Kristin left Bergen.", "On 3 May 2019, at 22 33 44 55."]
    together = Recognizers.load()
    together.expect(texts)
    assert [together.find(text) for text in texts] == [recognizers.find(text) for text in texts]
    assert together.find("Out of turn, in Oslo.") == recognizers.find("Out of turn, in Oslo.")


def test_what_was_expected_may_be_asked_in_another_order_or_not_at_all(recognizers: Recognizers) -> None:
    recognizers.expect(["first, Anna", "then Bergen", "Molde at last"])
    assert found(recognizers, "then Bergen") == {"Bergen": "place"}
    assert found(recognizers, "first, Anna") == {"Anna": "person"}
    recognizers.expect([])
    assert found(recognizers, "Molde at last") == {"Molde": "place"}


def test_a_text_that_takes_too_long_is_no_search(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("facilitator.privacy.ensemble._LONGEST_S", 0.001)
    slow = regex.compile(r"(?:a+)+b")
    with pytest.raises(InvalidInput, match="takes too long"):
        list(_hits(slow, "a" * 5_000))
