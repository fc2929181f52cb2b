from dataclasses import replace

import pytest

from facilitator.domain.guide import Guide, Question, QuestionType, Section
from facilitator.domain.guide_hints import guide_hints

OPENING, INTRODUCTORY, TRANSITION, KEY, ENDING = QuestionType
ROUTE = ((OPENING, 5), (INTRODUCTORY, 10), (TRANSITION, 10), (KEY, 15), (KEY, 15), (KEY, 15), (ENDING, 10))


def guide_of(*asked: tuple[QuestionType, float], slot: float = 90, language: str = "en") -> Guide:
    questions = tuple(
        Question(f"q{place}", kind, "What matters to you?", minutes) for place, (kind, minutes) in enumerate(asked, 1)
    )
    return Guide("g", "Title", language, (Section("All", questions),), slot_minutes=slot)


def asking(text: str, kind: QuestionType = TRANSITION, language: str = "en", probe: str = "") -> list[tuple[str, str]]:
    """(rule, where) of the hints on a sound guide in which one question is worded as `text`."""
    guide = guide_of(*ROUTE, language=language, slot=120)
    worded = Question("x", kind, text, 1, (probe,) if probe else ())
    hints = guide_hints(replace(guide, sections=(*guide.sections, Section("More", (worded,)))))
    return [(hint.rule, hint.where) for hint in hints]


def rules(guide: Guide) -> list[str]:
    return [hint.rule for hint in guide_hints(guide)]


def test_a_sound_guide_gives_no_hint() -> None:
    assert guide_hints(guide_of(*ROUTE)) == ()


def test_welcome_and_closing_count_against_the_slot_to_the_minute() -> None:
    assert rules(guide_of(*ROUTE, slot=90)) == []
    (hint,) = guide_hints(guide_of(*ROUTE, slot=89))
    assert hint.rule == "slot" and hint.where == ""
    assert "80 minutes of questions" in hint.what and "leave out 1 min" in hint.what
    assert hint.source == "after Krueger & Casey 2015"


def test_no_slot_is_told() -> None:
    assert rules(guide_of(*ROUTE, slot=0)) == ["slot"]


@pytest.mark.parametrize("kind", [OPENING, INTRODUCTORY, TRANSITION, ENDING])
def test_each_missing_type_is_named(kind: QuestionType) -> None:
    (hint,) = guide_hints(guide_of(*((one, minutes) for one, minutes in ROUTE if one is not kind)))
    assert hint.rule == "missing-type" and kind.value in hint.what


@pytest.mark.parametrize(
    ("keys", "minutes", "wanted"),
    [
        (1, 20, ["key-number", "key-share"]),
        (2, 20, []),
        (5, 10, []),
        (6, 10, ["key-number"]),
        (2, 10, ["key-share"]),
        (4, 9.5, ["key-minutes"] * 4),
        (2, 20.5, ["key-minutes"] * 2),
    ],
)
def test_number_share_and_length_of_key_questions(keys: int, minutes: float, wanted: list[str]) -> None:
    others = ((OPENING, 5), (INTRODUCTORY, 10), (TRANSITION, 10), (ENDING, 10))
    assert rules(guide_of(*others, *[(KEY, minutes)] * keys, slot=120)) == wanted


def test_more_than_a_dozen_questions() -> None:
    assert rules(guide_of(*ROUTE, *[(ENDING, 0.5)] * 5, slot=120)) == []
    assert rules(guide_of(*ROUTE, *[(ENDING, 0.5)] * 6, slot=120)) == ["number"]


def test_a_short_appointment_is_spared_the_balance_of_a_full_group() -> None:
    short = ((OPENING, 5), (INTRODUCTORY, 5), (TRANSITION, 5), (KEY, 5), (ENDING, 5))
    assert rules(guide_of(*short, slot=44)) == []
    assert rules(guide_of(*short, slot=45)) == ["key-number", "key-share", "key-minutes"]


LEADING = [
    "Don't you think that it helps?",
    "Isn’t it useful?",
    "It is useful, isn't it?",
    "Wouldn't you agree that it helps?",
    "How good is the program?",
    "How much better has it become?",
    "What is obviously missing?",
    "What, of course, would you change?",
]


@pytest.mark.parametrize("text", LEADING)
def test_leading_words_in_a_question_or_a_probe(text: str) -> None:
    assert ("leading", "x") in asking(text)
    assert asking("What matters?", probe=text) == [("leading", "x")]


DOUBLE = [
    "What do you like, and why?",
    "What changed and how?",
    "Where is it used, or do you avoid it?",
    "What works? What does not?",
]


@pytest.mark.parametrize("text", DOUBLE)
def test_two_questions_in_one(text: str) -> None:
    assert asking(text) == [("double-barreled", "x")]
    assert asking(text, OPENING) == []


@pytest.mark.parametrize(
    "text", ["Do you like it?", "Is it useful?", "Think back. Have you used it?", "So, could it be?"]
)
def test_a_question_that_yes_or_no_answers(text: str) -> None:
    assert asking(text) == [("closed", "x")]
    assert asking(text, ENDING) == []


@pytest.mark.parametrize("text", ["Why did you begin?", "When you began, why was that?", "Think back. Why then?"])
def test_why_questions(text: str) -> None:
    assert asking(text) == [("why", "x")]


def test_a_long_question_is_told_by_its_words_in_any_language() -> None:
    assert asking("word " * 29 + "word?") == []
    assert asking("word " * 30 + "word?") == [("long", "x")]
    assert ("long", "x") in asking("wort " * 30 + "wort?", language="de")


GOOD = [
    "What is it like for you, as staff, to work with IMR?",
    "What don't you like about it?",
    "How well does that capture what was said?",
    "Where does it fit, or rub against, your role and values?",
    "Think back to the last time. What happened?",
    "Could you tell me how it began?",
    "What would you say to those who do not know it?",
    "Tell us what you see when you open the door and walk in.",
]


@pytest.mark.parametrize("text", GOOD)
def test_open_questions_are_left_alone(text: str) -> None:
    assert asking(text) == []


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("Synes du ikke at det hjelper?", "leading"),
        ("Det er nyttig, ikke sant?", "leading"),
        ("Det er nyttig, ikkje sant?", "leading"),
        ("Hva liker du, og hvorfor?", "double-barreled"),
        ("Kva likar du, og kvifor?", "double-barreled"),
        ("Har du brukt det?", "closed"),
        ("Hvorfor begynte du?", "why"),
        ("Kvifor det?", "why"),
    ],
)
@pytest.mark.parametrize("language", ["nb", "nn", "no", "nb-NO"])
def test_norwegian_rules(text: str, rule: str, language: str) -> None:
    assert (rule, "x") in asking(text, language=language)
    assert rule not in [found for found, _ in asking(text, language="en")]


def test_a_language_without_rules_is_told_once_and_only_there() -> None:
    assert asking("Warum nicht?", language="de") == [("language", "")]
    assert asking("Don't you think so?", language="de-CH") == [("language", "")]
