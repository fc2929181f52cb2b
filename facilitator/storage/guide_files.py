"""Discussion guides as YAML files that people write by hand."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import yaml

import facilitator
from facilitator.domain.errors import InvalidGuide, NotFound
from facilitator.domain.guide import Guide, Question, QuestionType, Section
from facilitator.domain.text import MAX_LINE, SafeText, one_line
from facilitator.storage.guide_schema import GuideFile, QuestionFile, check_guide
from facilitator.storage.yaml_nodes import Fault, read_yaml

MAX_BYTES: Final = 1_000_000
SHOWN_FAULTS: Final = 100


@dataclass(frozen=True, slots=True)
class GuideSummary:
    """A guide file in a list. `fault` tells why it cannot be used ("" when it can); `id` is the file's stem then."""

    path: Path
    id: str
    title: str
    language: str
    questions: int
    planned_ms: int
    fault: str = ""


def load_guide(path: Path) -> Guide:
    """The guide in a YAML file of at most 1 MB, UTF-8.

    Raises:
        NotFound: no such file.
        InvalidGuide: its `what` lists every fault on a line of its own: `guides/x.yaml:12: …`.
    """
    text = _read(path)
    written, faults = check_guide(read_yaml(text))
    if written is None:
        raise _refusal(path, faults)
    return _guide(written)


def list_guides(folder: Path) -> list[GuideSummary]:
    """The guides of a folder by file name, faulty ones included; a folder that does not exist holds none."""
    found: list[GuideSummary] = []
    owners: dict[str, str] = {}
    for path in sorted(item for item in folder.glob("*.y*ml") if item.suffix in (".yaml", ".yml")):
        summary = _summary(path)
        if not summary.fault:
            owner = owners.setdefault(summary.id, _shown(path))
            if owner != _shown(path):
                summary = replace(summary, fault=f"{_shown(path)}:1: the id {summary.id} belongs to {owner} already")
        found.append(summary)
    return found


def shipped_guides() -> Path:
    """The folder of the guides that come with the program: package data, or `guides/` of a clone."""
    package = Path(facilitator.__file__).parent
    installed = package / "shipped_guides"
    return installed if installed.is_dir() else package.parent / "guides"


def guide_to_yaml(guide: Guide) -> str:
    """A guide as a file that `load_guide` reads back to an equal guide; empty optional fields are left out."""
    fields: dict[str, object] = {"id": guide.id, "title": guide.title, "language": guide.language}
    fields |= {"welcome": guide.welcome, "ground_rules": list(guide.ground_rules)}
    fields |= {"closing": guide.closing, "glossary": list(guide.glossary)}
    fields["sections"] = [
        {"title": section.title, "questions": [_question_fields(question) for question in section.questions]}
        for section in guide.sections
    ]
    kept = {name: value for name, value in fields.items() if value}
    return yaml.dump(kept, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110)


class _Dumper(yaml.SafeDumper):
    """Writes no aliases, and texts of several lines as blocks."""

    def ignore_aliases(self, data: object) -> bool:
        return True


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", str(text), style="|" if "\n" in text else None)


_Dumper.add_multi_representer(str, _represent_text)


def _question_fields(question: Question) -> dict[str, object]:
    minutes = int(question.minutes) if question.minutes == int(question.minutes) else question.minutes
    fields: dict[str, object] = {"id": question.id, "type": question.type.value}
    fields |= {"text": question.text, "minutes": minutes}
    return fields | ({"probes": list(question.probes)} if question.probes else {})


def _read(path: Path) -> str:
    if not path.exists():
        raise NotFound(f"There is no guide {_shown(path)}.", do="Run `facilitator guide list` to see the guides.")
    if not path.is_file():
        raise _refusal(path, [Fault(1, "this is not a file; name a file that ends in .yaml")])
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise _refusal(path, [Fault(1, f"cannot be read ({error.strerror}); check who may read it")]) from error
    if len(data) > MAX_BYTES:
        raise _refusal(path, [Fault(1, "is over 1 MB; a guide is a few pages of text")])
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise _refusal(path, [Fault(line, "is not UTF-8 text; save the file with the encoding UTF-8")]) from error


def _shown(path: Path) -> str:
    """Folder and name only: the way to a folder often holds its owner's name."""
    folder = path.absolute().parent.name
    return one_line(f"{folder}/{path.name}" if folder else path.name, 200)


def _refusal(path: Path, faults: list[Fault]) -> InvalidGuide:
    shown = _shown(path)
    lines = [f"{shown}:{fault.line}: {fault.message}" for fault in faults[:SHOWN_FAULTS]]
    if len(faults) > SHOWN_FAULTS:
        lines.append(f"{shown}: and {len(faults) - SHOWN_FAULTS} more")
    return InvalidGuide(
        "\n".join(lines),
        safe="The file was not changed, and no guide was taken from it.",
        do=f"Correct the file, then run `facilitator guide check {shown}`.",
    )


def _guide(written: GuideFile) -> Guide:
    sections: list[Section] = []
    position = 0
    for section in written.sections:
        questions: list[Question] = []
        for question in section.questions:
            position += 1
            questions.append(_question(question, position))
        sections.append(Section(_line(section.title), tuple(questions)))
    return Guide(
        id=written.id,
        title=_line(written.title),
        language=written.language,
        sections=tuple(sections),
        welcome=_block(written.welcome),
        ground_rules=_lines(written.ground_rules),
        closing=_block(written.closing),
        glossary=_lines(written.glossary),
    )


def _question(written: QuestionFile, position: int) -> Question:
    return Question(
        id=written.id or f"q{position}",
        type=QuestionType(written.type),
        text=_line(written.text),
        minutes=written.minutes,
        probes=_lines(written.probes),
    )


def _line(text: str) -> str:
    return str(one_line(text))


def _lines(texts: list[str]) -> tuple[str, ...]:
    return tuple(_line(text) for text in texts)


def _block(text: str | None) -> str:
    return str(SafeText.of((text or "").strip(), MAX_LINE))


def _summary(path: Path) -> GuideSummary:
    try:
        guide = load_guide(path)
    except InvalidGuide as error:
        return GuideSummary(path, one_line(path.stem, 60), "", "", 0, 0, error.what)
    return GuideSummary(path, guide.id, guide.title, guide.language, len(guide.questions), guide.planned_ms)
