"""What a guide file may hold, and how each fault is told to the person who wrote it."""

import string
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Annotated, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, ValidationError
from pydantic_core import ErrorDetails

from facilitator.domain.guide import QuestionType
from facilitator.domain.text import MAX_LINE, one_line
from facilitator.storage.yaml_nodes import Document, Fault, Unquoted, Where

MIN_MINUTES: Final = 0.5
MAX_MINUTES: Final = 60
MIN_SLOT: Final = 10
MAX_SLOT: Final = 480
TYPES: Final = tuple(kind.value for kind in QuestionType)

_UNSEEN: Final = "\u00ad\u200b\u200c\u200d\u2060\ufeff" + string.whitespace


def _seen(value: object) -> object:
    """What has no width counts as a blank at the ends, so that a text of nothing else is empty."""
    return value.strip(_UNSEEN) if isinstance(value, str) else value


_Text = Annotated[
    str, BeforeValidator(_seen), StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_LINE)
]
_Title = Annotated[str, BeforeValidator(_seen), StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
_Id = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9-]{0,59}$")]
_Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})?$")]
_STRICT: Final = ConfigDict(extra="forbid", strict=True, frozen=True)


class QuestionFile(BaseModel):
    """One question as written. `minutes` 0.5 to 60; without an `id` its position gives one (q1, q2, …)."""

    model_config = _STRICT
    id: _Id | None = None
    type: Literal["opening", "introductory", "transition", "key", "ending"]
    text: _Text
    minutes: float = Field(ge=MIN_MINUTES, le=MAX_MINUTES, allow_inf_nan=False)
    probes: list[_Text] = []
    must_ask: bool = False
    stimuli: list[_Text] = []


class SectionFile(BaseModel):
    """One section as written."""

    model_config = _STRICT
    title: _Title
    questions: list[QuestionFile] = Field(min_length=1)


class GuideFile(BaseModel):
    """A whole guide as written. `slot_minutes` 10 to 480; left out when the appointment's length is not known yet."""

    model_config = _STRICT
    id: _Id
    title: _Title
    language: _Language
    slot_minutes: float | None = Field(default=None, ge=MIN_SLOT, le=MAX_SLOT, allow_inf_nan=False)
    materials: list[_Text] = []
    welcome: _Text | None = None
    ground_rules: list[_Text] = []
    closing: _Text | None = None
    glossary: list[_Text] = []
    sections: list[SectionFile] = Field(min_length=1)


_OWNERS: Final[Mapping[str, type[BaseModel]]] = {"guide": GuideFile, "section": SectionFile, "question": QuestionFile}
_NUMBERS: Final = {
    "minutes": f"write a number from {MIN_MINUTES} to {MAX_MINUTES}, such as 12.5",
    "slot_minutes": f"write a number from {MIN_SLOT} to {MAX_SLOT}, such as 90",
}
_SHAPES: Final = {
    "guide": "`id`, `title`, `language` and `sections`",
    "section": "`title` and `questions`",
    "question": "`type`, `text` and `minutes`",
}


def check_guide(document: Document) -> tuple[GuideFile | None, list[Fault]]:
    """Validate a parsed file: the guide when it has no fault at all, and every fault in the order of its lines."""
    faults = list(document.faults)
    guide: GuideFile | None = None
    if document.value is not None:
        try:
            guide = GuideFile.model_validate(document.value)
        except ValidationError as error:
            faults += (_fault(detail, document) for detail in error.errors(include_url=False))
        faults += _repeated_ids(document)
        faults += _no_key_question(document)
    return (None if faults else guide), sorted(set(faults))


def _owner(where: Where) -> str:
    """Which of the three a path inside the file leads into."""
    if len(where) >= 4 and where[0] == "sections" and where[2] == "questions":
        return "question"
    return "section" if len(where) >= 2 and where[0] == "sections" else "guide"


def _fault(detail: ErrorDetails, document: Document) -> Fault:
    where: Where = detail["loc"]
    name = next((part for part in reversed(where) if isinstance(part, str)), "guide")
    kind, given = detail["type"], detail["input"]
    if kind == "missing":
        return Fault(document.line(where[:-1]), f"the {_owner(where[:-1])} has no `{name}`; add a line `{name}: …`")
    if kind == "extra_forbidden":
        message = _unknown_field(name, _owner(where[:-1]))
    elif name in _NUMBERS:
        message = _number(name, given, document.raw.get(where, ""))
    elif name == "must_ask":
        message = f"`must_ask` is “{_short(document.raw.get(where, given))}”; write true or false, without quotes"
    elif kind == "literal_error":
        message = _unknown_type(document.raw.get(where, given))
    elif kind in ("string_type", "string_too_short", "string_too_long"):
        shown = f"`{name}`" if where[-1] == name else f"an entry of `{name}`"
        message = _text(kind, shown, given, document.raw.get(where, ""))
    elif kind == "string_pattern_mismatch":
        form = "a code such as en, de or nb" if name == "language" else "letters, digits and hyphens, such as imr-staff"
        message = f"`{name}` is “{_short(given)}”; write {form}"
    elif kind == "list_type":
        message = f"`{name}` must be a list; write each entry on a line of its own that begins with a dash"
    elif kind == "too_short":
        message = f"`{name}` is empty; a guide needs at least one section with one question"
    else:
        message = f"a {_owner(where)} is written as fields: {_SHAPES[_owner(where)]}"
    return Fault(document.line(where), message)


def _short(value: object) -> str:
    return one_line(str(value), 40)


def _unknown_field(name: str, owner: str) -> str:
    known = list(_OWNERS[owner].model_fields)
    elsewhere = [other for other, model in _OWNERS.items() if other != owner and name in model.model_fields]
    near = get_close_matches(name.lower().replace("-", "_").replace(" ", "_"), known, 1, 0.6)
    if near:
        advice = f"did you mean `{near[0]}`?"
    elif elsewhere:
        advice = f"it belongs to a {elsewhere[0]}; check the indentation"
    else:
        advice = f"a {owner} has {', '.join(known)}"
    return f"unknown field `{_short(name)}`; {advice}"


def _unknown_type(given: object) -> str:
    near = get_close_matches(str(given).lower(), TYPES, 1, 0.5)
    advice = f"; did you mean {near[0]}?" if near else ""
    return f"“{_short(given)}” is not a type of question; the five are {', '.join(TYPES)}{advice}"


def _number(name: str, given: object, raw: str) -> str:
    wanted = _NUMBERS[name]
    if isinstance(given, str):
        return f"`{name}` must be a number without quotes or words; {wanted}"
    if isinstance(given, float):
        return f"`{name}` is {_short(raw)}; {wanted}"
    return f"`{name}` must be a number; {wanted}"


def _text(kind: str, name: str, given: object, raw: str) -> str:
    if kind == "string_too_long":
        return f"{name} is longer than {200 if name == '`title`' else MAX_LINE} characters; shorten it"
    if kind == "string_too_short" or (isinstance(given, Unquoted) and not raw.strip()):
        return f"{name} is empty; write a text, or leave the line out where it is optional"
    if isinstance(given, dict | list):
        return f"{name} must be a text; put it in quotes, since it holds a colon, a bracket or a dash"
    return f'{name} must be a text, but YAML reads {_short(raw)} as something else; put it in quotes: "{_short(raw)}"'


def _question_fields(document: Document) -> Iterator[tuple[Where, Mapping[str, object]]]:
    """Every question that can be made out, in the order of the guide, even in a faulty file."""
    top = document.value if isinstance(document.value, dict) else {}
    sections = top.get("sections")
    for number, section in enumerate(sections if isinstance(sections, list) else ()):
        questions = section.get("questions") if isinstance(section, dict) else None
        for index, question in enumerate(questions if isinstance(questions, list) else ()):
            if isinstance(question, dict):
                yield ("sections", number, "questions", index), question


def _repeated_ids(document: Document) -> Iterator[Fault]:
    seen: dict[str, int] = {}
    for position, (where, question) in enumerate(_question_fields(document), start=1):
        written = question.get("id")
        name = written if isinstance(written, str) else f"q{position}"
        line = document.line((*where, "id"))
        if name.casefold() in seen:
            first = seen[name.casefold()]
            yield Fault(line, f"the question id “{_short(name)}” is taken by line {first}; give each its own")
        seen.setdefault(name.casefold(), line)


def _no_key_question(document: Document) -> Iterator[Fault]:
    """A guide without a key question is a fault; an unknown type has its own message and may have been meant as one."""
    types = [question.get("type") for _, question in _question_fields(document)]
    if types and all(kind in TYPES and kind != QuestionType.KEY for kind in types):
        yield Fault(document.line(("sections",)), "no question is of type key; a guide needs at least one key question")
