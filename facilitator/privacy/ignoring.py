"""What recognizers propose by mistake, and nobody should have to decide: the documented ignore rule.

Not proposed are dates and durations without a month, year or numbered day (today, last week, every Tuesday, two
weeks), bare numbers, research numbers and replacements such as P3 or [Place 1], fillers, common clinical terms, and the
terms of the study's glossary with their abbreviations (IMR for Illness Management and Recovery).
"""

import re
from collections.abc import Iterable
from typing import Final

from facilitator.domain.entities import Category
from facilitator.domain.text import fold

_MONTH_NAMES: Final = """
    january february march april may june july august september october november december
    jan feb mar apr jun jul aug sep sept oct nov dec
    januar februar mars april mai juni juli august september oktober november desember
    januari februari mars maj augusti marts marz dezember maart mei augustus
    janvier fevrier avril juin juillet aout septembre octobre novembre decembre
    enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre
"""
"""English and Norwegian; Swedish, Danish, German, Dutch, French and Spanish where they differ. Folded."""
_MONTHS: Final = "|".join(dict.fromkeys(_MONTH_NAMES.split()))
_DATED: Final = re.compile(
    rf"\b(?:{_MONTHS})\b|\b(?:1[89]|20)\d\d\b|\b\d{{1,2}}[./-]\d{{1,2}}\b|\b\d{{1,2}}(?:st|nd|rd|th)\b"
)
_SPOKEN_YEAR: Final = re.compile(
    r"\btwo thousand\b|\bnineteen[ -](?:hundred|oh|\w+ty)|\btwenty[ -](?:oh|ten|eleven|twelve|\w+teen|\w+ty)"
)
_RELATIVE_YEARS: Final = re.compile(r"\b(?:19|20)?\d0['’]?s\b")
_LABEL: Final = re.compile(rf"p\d{{1,4}}|m|a|(?:{'|'.join(Category)}) \d+")
_SMALL_WORDS: Final = frozenset(("and", "of", "the", "for", "in", "with", "og"))
_FILLERS: Final = """
    ah eh er hm hmm huh mhm mm mmm oh okay ok uh um wow yeah yep yes no ja nei jo right sure god jesus christmas easter
    english moderator
"""
_CLINICAL: Final = """
    imr act fact cbt dbt gp icd icd-10 dsm dsm-5 ptsd adhd ocd ect ips dps nav wrap covid covid-19 corona recovery
    psychiatry psychosis bipolar schizophrenia homework module handout guideline
"""
_TOOLS: Final = "excel powerpoint teams zoom google whatsapp"
_PHRASES: Final = ("illness management and recovery", "motivational interviewing", "stress-vulnerability model")
_TERMS: Final = frozenset((*_FILLERS.split(), *_CLINICAL.split(), *_TOOLS.split(), *_PHRASES))


def ignored(surface: str, category: Category) -> bool:
    """True when a finding is no identifier by the rule above."""
    text = fold(surface).strip(" .,;:!?'\"’()[]")
    if not any(char.isalnum() for char in text) or text in _TERMS or _LABEL.fullmatch(text):
        return True
    if category is Category.DATE:
        dated = _DATED.search(text) or _SPOKEN_YEAR.search(text)
        return not dated or bool(_RELATIVE_YEARS.fullmatch(text))
    by_model = category in (Category.PERSON, Category.PLACE, Category.ORGANIZATION, Category.OTHER)
    return by_model and not any(char.isalpha() for char in text)


def glossary_terms(glossary: Iterable[str]) -> frozenset[str]:
    """The terms, folded, with the abbreviations of those of three words and more."""
    terms = {fold(" ".join(term.split())) for term in glossary}
    return frozenset(terms | {short for term in terms if len(short := _abbreviation(term)) > 2})


def in_glossary(surface: str, terms: frozenset[str]) -> bool:
    """True when `surface` is a term of the glossary or a run of words from one, with or without an article."""
    text = re.sub(r"^(?:the|a|an|our) ", "", fold(" ".join(surface.split())))
    return any(text == term or re.search(rf"\b{re.escape(text)}\b", term) for term in terms)


def _abbreviation(term: str) -> str:
    return "".join(word[0] for word in re.split(r"[\s\-]+", term) if word and word not in _SMALL_WORDS)
