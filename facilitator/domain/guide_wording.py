"""Simple rules about the wording of questions, for English and Norwegian (bokmål and nynorsk).

They look for patterns, not for meaning: a person reads the hint and knows better.

Sources: Krueger, *Designing and Conducting Focus Group Interviews* (2002); Krueger & Casey, *Focus Groups*, 5th ed.
(2015); Patton, *Qualitative Research & Evaluation Methods*, 4th ed. (2015); Bradburn, Sudman & Wansink, *Asking
Questions* (2004).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from facilitator.domain.guide import Question, QuestionType

LONG_WORDS: Final = 30
"""A question of more words is hard to keep in mind when it is only heard."""


@dataclass(frozen=True, slots=True)
class Hint:
    """One remark on a guide, never an error.

    `rule` names the rule for scripts, `where` is the id of a question or "" for the whole guide, `what` is one
    sentence, and `source` is the short form of where the rule comes from, or "".
    """

    rule: str
    where: str
    what: str
    source: str = ""


@dataclass(frozen=True, slots=True)
class _Wording:
    """Patterns of one language. Each looks at lower-case text; `closed` and `why` at one question from its start."""

    leading: re.Pattern[str]
    double: re.Pattern[str]
    closed: re.Pattern[str]
    why: re.Pattern[str]


_ENGLISH: Final = _Wording(
    leading=re.compile(
        r"\b(?:don't|wouldn't|shouldn't|didn't) (?:you|we) (?:also |all )?(?:think|agree|find|feel|believe|say)\b"
        r"|(?:^|[.?!,;:] )(?:is|are|was|were|do|does|did|would|wo|have|has|ca|could|should)n't "
        r"(?:it|you|they|we|this|that|there)\b"
        r"|\b(?:would|do) you agree\b|\bhow (?:good|bad|great|terrible)\b|\bhow much (?:better|worse)\b"
        r"|\bobviously\b|\bof course\b|\bsurely\b|\bas (?:we all|everyone|everybody) knows?\b"
    ),
    double=re.compile(
        r"\b(?:and|or),? (?:why|how|what|when|where|who|which)\b"
        r"|\b(?:and|or),? (?:do|does|did|is|are|was|were|have|has|can|could|would|will|should) "
        r"(?:you|it|they|we|he|she|this|that)\b"
    ),
    closed=re.compile(
        r"(?:(?:and|but|so),? )?(?:do|does|did|is|are|was|were|have|has|had|can|could|would|will|should|may) "
        r"(?!you (?:tell|describe|explain|say more|give|walk)\b)"
    ),
    why=re.compile(r"(?:.*[,;:] |(?:and|but|so),? )?why\b(?! not\b)"),
)
_NORWEGIAN: Final = _Wording(
    leading=re.compile(
        r"\bikk?j?e sant\b|\b(?:synes|synest|mener|meiner|tror|trur|er) (?:du|dere|de|dykk) ikk?j?e\b"
        r"|\b(?:er|var|har|bør) (?:det|dette) ikk?j?e\b|\ber (?:du|dere|de) enige?\b"
        r"|\bhvor (?:bra|godt?|dårlig|ille|mye bedre|mye verre)\b|\bkor (?:bra|godt?|dårleg|ille|mykje betre)\b"
        r"|\bselvfølgelig\b|\bselvsagt\b|\bsjølvsagt\b|\bnaturligvis\b|\bsom alle vet\b"
    ),
    double=re.compile(
        r"\b(?:og|eller),? (?:hvorfor|hvordan|hva|hvem|hvilken|hvilke|hvor|kvifor|korleis|kva|kven|kor)\b"
        r"|\b(?:og|eller),? (?:er|har|kan|vil|skal|bør|synes|mener|tror|gjør) (?:du|dere|det|de)\b"
    ),
    closed=re.compile(
        r"(?:og |men )?(?:er|var|har|hadde|kan|kunne|vil|ville|skal|skulle|bør|burde|"
        r"synes|mener|tror|liker|gjør|bruker|får) "
        r"(?!(?:du|dere|de) (?:fortelle|beskrive|forklare|si|gi)\b)"
    ),
    why=re.compile(r"(?:.*[,;:] |og |men )?(?:hvorfor|kvifor)\b(?! ikk?j?e\b)"),
)
_WORDINGS: Final = {"en": _ENGLISH, "nb": _NORWEGIAN, "nn": _NORWEGIAN, "no": _NORWEGIAN}
_QUESTION: Final = re.compile(r"[^.?!]*\?")


def wording_known(language: str) -> bool:
    """Whether there are rules for a language code such as `en` or `nb-NO`."""
    return _base(language) in _WORDINGS


def wording_hints(question: Question, language: str) -> Iterator[Hint]:
    """What the wording of one question suggests; nothing in a language without rules, apart from its length."""
    words = len(question.text.split())
    if words > LONG_WORDS:
        what = f"has {words} words; a question that is only heard should be short (up to {LONG_WORDS})"
        yield Hint("long", question.id, what, "after Krueger & Casey 2015")
    wording = _WORDINGS.get(_base(language))
    if wording is None:
        return
    text = _plain(question.text)
    yield from _leading(question, wording)
    yield from _double(question, text, wording)
    asked = [part.strip() for part in _QUESTION.findall(text)]
    if any(wording.why.match(part) for part in asked):
        what = "asks why, which can sound like a demand for reasons; ask what prompted, influenced or made it so"
        yield Hint("why", question.id, what, "Krueger 2002")
    # Krueger's own closing questions are closed: whether a summary is right, whether anything was missed
    if question.type is not QuestionType.ENDING and any(wording.closed.match(part) for part in asked):
        what = "can be answered by yes or no; begin with what, how or where, or with “Tell me about”"
        yield Hint("closed", question.id, what, "Krueger 2002")


def _leading(question: Question, wording: _Wording) -> Iterator[Hint]:
    for text, part in ((question.text, "the question"), *((probe, "a probe") for probe in question.probes)):
        if found := wording.leading.search(_plain(text)):
            words = found[0].strip(" .?!,;:")
            what = f"“{words}” in {part} may lead people to an answer; ask so that any answer is welcome"
            yield Hint("leading", question.id, what, "Patton 2015")


def _double(question: Question, text: str, wording: _Wording) -> Iterator[Hint]:
    if question.type is QuestionType.OPENING:  # a round asks for two or three facts at once
        return
    source = "Bradburn, Sudman & Wansink 2004"
    if text.count("?") > 1:
        what = "asks more than one question; people answer the last one. Make the others probes"
        yield Hint("double-barreled", question.id, what, source)
    elif found := wording.double.search(text):
        what = f"may ask two things at once (“{found[0]}”); ask one, and make the other a probe"
        yield Hint("double-barreled", question.id, what, source)


def _base(language: str) -> str:
    return language.split("-")[0]


def _plain(text: str) -> str:
    return text.lower().replace("’", "'")
