"""A guide in the making: what is usual at each point, and how it comes into the study's folder."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Final

from facilitator.domain.errors import InvalidGuide, InvalidInput, UsageError
from facilitator.domain.guide import Guide, Question, QuestionType, Section
from facilitator.domain.text import fold
from facilitator.storage.guide_files import list_guides, save_new_guide

USUAL_KEY_QUESTIONS: Final = 3
USUAL_MINUTES: Final = {
    QuestionType.OPENING: 5.0,
    QuestionType.INTRODUCTORY: 7.0,
    QuestionType.TRANSITION: 8.0,
    QuestionType.KEY: 15.0,
    QuestionType.ENDING: 5.0,
}
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,39}")
_NORWEGIAN_RULES: Final = (
    "Det er frivillig å delta. Du kan stå over et spørsmål, eller gå, uten å oppgi noen grunn.",
    "Det finnes ingen riktige eller gale svar, og dere trenger ikke å være enige.",
    "En snakker om gangen, slik at opptaket blir tydelig.",
    "Ikke bruk navn på personer som ikke er her.",
    "Det som blir sagt her, blir her. Vi ber alle om det, men kan ikke love det på vegne av andre.",
)
_RULES: Final = {
    "en": (
        "Taking part is voluntary. You may pass on a question, or leave, without giving a reason.",
        "There are no right or wrong answers, and you need not agree with each other.",
        "One person speaks at a time, so that the recording stays clear.",
        "Please do not use the names of people who are not here.",
        "What is said here stays here. We ask this of everyone, though we cannot promise it on behalf of others.",
    ),
    "nb": _NORWEGIAN_RULES,
    "no": _NORWEGIAN_RULES,
}


def usual_rules(language: str) -> tuple[str, ...]:
    """The ground rules that most studies use, in English or bokmål; none in another language."""
    return _RULES.get(language.split("-")[0], ())


def usual_type(guide: Guide) -> QuestionType:
    """The type that follows in Krueger's route: each of the first three once, three key questions, then endings."""
    types = [question.type for question in guide.questions]
    if not types:
        return QuestionType.OPENING
    if types[-1] in (QuestionType.KEY, QuestionType.ENDING):
        few = types[-1] is QuestionType.KEY and types.count(QuestionType.KEY) < USUAL_KEY_QUESTIONS
        return QuestionType.KEY if few else QuestionType.ENDING
    route = list(QuestionType)
    return route[route.index(types[-1]) + 1]


def suggested_name(title: str) -> str:
    """A name for a guide made of its title: lower-case letters, digits and hyphens; "" where none are in it."""
    return re.sub(r"[^a-z0-9]+", "-", fold(title)).strip("-")[:40].strip("-")


def free_name(folder: Path, name: str) -> str:
    """`name`, when a new guide may have it.

    Raises:
        InvalidInput: it is not 1 to 40 letters, digits and hyphens.
        UsageError: a guide in `folder` has it as its file name or its id.
    """
    if not _NAME.fullmatch(name):
        raise InvalidInput(
            f"“{name}” cannot be the name of a guide.",
            do="Use up to 40 letters a to z, digits and hyphens, such as imr-staff.",
        )
    if name.casefold() in _taken(folder):
        raise UsageError(f"There is a guide {name} already.", safe="It is unchanged.", do="Choose another name.")
    return name


def with_section(guide: Guide, title: str) -> Guide:
    """The guide with one more section, empty so far."""
    return replace(guide, sections=(*guide.sections, Section(title, ())))


def with_question(guide: Guide, question: Question) -> Guide:
    """The guide with `question` at the end of its last section; its position gives its id: q1, q2, …"""
    *before, last = guide.sections
    numbered = replace(question, id=f"q{len(guide.questions) + 1}")
    return replace(guide, sections=(*before, Section(last.title, (*last.questions, numbered))))


def store_guide(folder: Path, guide: Guide) -> Path:
    """Write the guide, without empty sections, as a new file `ID.yaml` in `folder`; it has been read back then.

    Raises:
        UsageError, InvalidGuide, StorageFailed, Damaged: as `save_new_guide`.
    """
    path = folder / f"{guide.id}.yaml"
    save_new_guide(path, tidied(guide))
    return path


def store_unfinished(folder: Path, guide: Guide) -> Path | None:
    """As `store_guide`, under a name of its own that ends in `-unfinished`; None where it is no valid guide yet."""
    taken = _taken(folder)
    names = (f"{guide.id}-unfinished{number}" for number in ("", *(f"-{count}" for count in range(2, 1_000))))
    free = next(name for name in names if name.casefold() not in taken)
    try:
        return store_guide(folder, replace(guide, id=free))
    except InvalidGuide:
        return None


def tidied(guide: Guide) -> Guide:
    """The guide without sections that hold no question."""
    return replace(guide, sections=tuple(section for section in guide.sections if section.questions))


def _taken(folder: Path) -> set[str]:
    return {name.casefold() for guide in list_guides(folder) for name in (guide.path.stem, guide.id)}
