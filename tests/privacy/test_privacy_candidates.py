from collections.abc import Iterable
from dataclasses import replace

import pytest
from privacy_loading import loaded

from facilitator.domain.entities import Candidate, Category, Passage, PassageKind
from facilitator.domain.ids import ResearchNumber
from facilitator.domain.progress import Progress
from facilitator.domain.roster import Identity
from facilitator.domain.spans import Span
from facilitator.privacy.candidates import STEPS, find_candidates
from facilitator.privacy.recognizers import Finding, Recognizers
from facilitator.privacy.similar import AlikeNames
from facilitator.privacy.surfaces import SurfaceMatcher, known_from_identities

KNOWN = SurfaceMatcher(known_from_identities([Identity(ResearchNumber("P1"), "Kristin Haugen")]))


@pytest.fixture
def recognizers() -> Recognizers:
    return loaded()[0]


class Scripted:
    """Proposes fixed words, wherever they stand exactly so."""

    def __init__(self, words: dict[str, Category]) -> None:
        self.words = words

    def find(self, text: str) -> tuple[Finding, ...]:
        return tuple(
            Finding(Span(text.index(word), text.index(word) + len(word)), category, "scripted", 0.9)
            for word, category in self.words.items()
            if word in text
        )


def segments(*texts: str) -> list[Passage]:
    return [Passage(PassageKind.SEGMENT, str(index), text, index * 1000) for index, text in enumerate(texts)]


def by_surface(candidates: Iterable[Candidate]) -> dict[str, Candidate]:
    return {candidate.surface: candidate for candidate in candidates}


def test_one_candidate_for_each_identifier_with_every_mention() -> None:
    texts = segments("In Bergen, yes.", "bergen again, BERGEN's rain", "Bergen", "the bergenhus is another place")
    (candidate,) = find_candidates(texts, KNOWN, Scripted({"Bergen": Category.PLACE}))
    assert (candidate.key, candidate.surface, candidate.category) == ("bergen", "Bergen", Category.PLACE)
    assert [(mention.ref, mention.surface, mention.rule) for mention in candidate.mentions] == [
        ("segment:0", "Bergen", "scripted"),
        ("segment:1", "bergen", "same words"),
        ("segment:1", "BERGEN", "same words"),
        ("segment:2", "Bergen", "scripted"),
    ]


def test_known_names_are_no_candidates() -> None:
    texts = segments("Kristin spoke", "Kristin Haugen's idea", "Haugen")
    words = {"Kristin": Category.PERSON, "Kristin Haugen's": Category.PERSON, "Haugen": Category.PERSON}
    assert find_candidates(texts, KNOWN, Scripted(words)) == ()


def test_of_a_partly_known_name_the_rest_is_a_candidate() -> None:
    (candidate,) = find_candidates(
        segments("then Kristin Solberg came"), KNOWN, Scripted({"Kristin Solberg": Category.PERSON})
    )
    assert candidate.surface == "Solberg"
    (mention,) = candidate.mentions
    assert (mention.span.start, mention.span.end) == (13, 20)


def test_an_address_or_clinic_with_a_known_name_stays_whole() -> None:
    words = {"kristin.haugen@x.no": Category.CONTACT, "Haugen Clinic": Category.ORGANIZATION}
    found = find_candidates(segments("kristin.haugen@x.no", "at Haugen Clinic"), KNOWN, Scripted(words))
    assert [candidate.surface for candidate in found] == ["kristin.haugen@x.no", "Haugen Clinic"]


def test_a_shorter_candidate_inside_a_longer_one_is_no_mention_of_its_own() -> None:
    words = {"Sandviken Hospital": Category.ORGANIZATION, "Sandviken": Category.PLACE}
    found = by_surface(find_candidates(segments("Sandviken Hospital", "in sandviken"), KNOWN, Scripted(words)))
    assert [mention.ref for mention in found["Sandviken"].mentions] == ["segment:1"]
    assert [mention.ref for mention in found["Sandviken Hospital"].mentions] == ["segment:0"]


def test_the_most_frequent_spelling_and_category_win() -> None:
    class Twice(Scripted):
        def find(self, text: str) -> tuple[Finding, ...]:
            category = Category.PERSON if text.startswith("x") else Category.PLACE
            return (Finding(Span(2, len(text)), category, "scripted", 0.9),)

    (candidate,) = find_candidates(segments("a STORD", "x Stord", "x Stord"), KNOWN, Twice({}))
    assert (candidate.surface, candidate.category) == ("Stord", Category.PERSON)


def test_glossary_terms_and_their_abbreviations_are_left_out() -> None:
    words = {
        "The Wellness Recovery Action Plan": Category.ORGANIZATION,
        "WRP": Category.ORGANIZATION,
        "WRAP": Category.ORGANIZATION,
        "Recovery Action": Category.ORGANIZATION,
    }
    texts = segments("The Wellness Recovery Action Plan", "WRP", "WRAP", "Recovery Action")
    found = find_candidates(texts, KNOWN, Scripted(words), glossary=("Wellness Recovery Action Plan",))
    assert [candidate.surface for candidate in found] == ["WRP"]


class Scored(Scripted):
    """Proposes fixed words with fixed scores."""

    def __init__(self, scores: dict[str, float]) -> None:
        super().__init__(dict.fromkeys(scores, Category.OTHER))
        self.scores = scores

    def find(self, text: str) -> tuple[Finding, ...]:
        found = super().find(text)
        return tuple(replace(one, score=self.scores[text[one.span.start : one.span.end]]) for one in found)


@pytest.mark.parametrize(
    ("step", "left"),
    [
        ("careful", {"Skjold", "Focus", "Rowan", "Bergen"}),
        ("balanced", {"Rowan", "Bergen"}),
        ("brief", {"Bergen"}),
    ],
)
def test_each_step_leaves_out_what_is_less_sure(step: str, left: set[str]) -> None:
    texts = segments("Skjold, Focus, Rowan, Bergen")
    finder = Scored({"Skjold": 0.3, "Focus": 0.2, "Rowan": 0.5, "Bergen": 0.85})
    assert by_surface(find_candidates(texts, KNOWN, finder, at_least=STEPS[step])).keys() == left


def test_one_sure_finding_brings_every_mention() -> None:
    texts = segments("in Skjoldnes", "at SKJOLDNES")
    finder = Scored({"Skjoldnes": 0.3, "SKJOLDNES": 0.8})
    (candidate,) = find_candidates(texts, KNOWN, finder, at_least=0.6)
    assert [mention.ref for mention in candidate.mentions] == ["segment:0", "segment:1"]


@pytest.mark.parametrize("at_least", [*STEPS.values(), 1.0])
@pytest.mark.parametrize(
    "text",
    [
        "then Kristen said so",
        "then kristen said so",
        "and kristen solberg too",
        "ask K. H. about it",
        "and then kris- // sorry",
    ],
)
def test_names_of_the_roster_that_were_misheard_are_proposed_at_every_step(
    recognizers: Recognizers, at_least: float, text: str
) -> None:
    finder = AlikeNames(recognizers, KNOWN.surfaces)
    (candidate,) = find_candidates(segments(text), KNOWN, finder, at_least=at_least)
    assert candidate.key in ("kristen", "kristen solberg", "k. h", "kris")


def test_a_longer_guess_does_not_hide_a_sure_part(recognizers: Recognizers) -> None:
    # “vrengstad amalie” is one run of words that are not everyday; only Amalie is of the list of names
    (candidate,) = find_candidates(
        segments("i met amalie vrengstad there"), KNOWN, recognizers, at_least=STEPS["brief"]
    )
    assert "amalie" in candidate.key


def test_progress_covers_every_passage() -> None:
    reports: list[Progress] = []
    find_candidates(segments("a", "b"), KNOWN, Scripted({}), report=reports.append)
    assert [(item.done, item.total) for item in reports] == [(0, 2), (1, 2), (2, 2)]


def test_a_small_session_with_the_real_recognizers(recognizers: Recognizers) -> None:
    texts = [
        Passage(PassageKind.TITLE, "title", "Staff of Sandviken Hospital"),
        *segments(
            "Kristin and I started at Sandviken Hospital in March 2019.",
            "um, i remember berit from tromsø, she was 34 years old.",
            "Berit's idea, yes. Last week too. IMR works.",
        ),
        Passage(PassageKind.NOTE, "7", "berit leads the talk"),
    ]
    found = by_surface(find_candidates(texts, KNOWN, recognizers, glossary=("Illness Management and Recovery",)))
    assert set(found) == {"Sandviken Hospital", "March 2019", "berit", "tromsø", "34 years old"}
    assert [mention.ref for mention in found["berit"].mentions] == ["segment:1", "segment:2", "note:7"]
    assert [mention.ref for mention in found["Sandviken Hospital"].mentions] == ["title:title", "segment:0"]
