"""Discussion guides as YAML files that people write by hand."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import yaml

import facilitator
from facilitator.domain.errors import Damaged, InvalidGuide, NotFound, UsageError
from facilitator.domain.guide import Guide, Question, QuestionType, Section
from facilitator.domain.text import MAX_LINE, SafeText, one_line
from facilitator.storage.files import make_folder, write_atomically
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
    return _parsed(_read(path), path)


def save_new_guide(path: Path, guide: Guide) -> None:
    """Write a guide as a new file and read it back.

    Raises:
        UsageError: there is such a file already; it is untouched.
        InvalidGuide: the guide would not load again, as one without a key question; nothing was written.
        StorageFailed: the disk refused.
        Damaged: what was read back is not what was written.
    """
    if path.exists():
        raise UsageError(
            f"There is a guide {_shown(path)} already.", safe="It is unchanged.", do="Choose another name."
        )
    text = guide_to_yaml(guide)
    _parsed(text, path)
    make_folder(path.parent)
    write_atomically(path, text.encode())
    if load_guide(path) != guide:
        raise Damaged(f"{_shown(path)} does not read back as it was written.", do="Check the disk, and write it anew.")


def guide_paths(folder: Path) -> list[Path]:
    """The guide files of a folder by name, a guide before its translations: `imr.yaml`, `imr.nb.yaml`."""
    found = (item for item in folder.glob("*.y*ml") if item.suffix in (".yaml", ".yml"))
    return sorted(found, key=lambda path: (path.stem, path.suffix))


def list_guides(folder: Path) -> list[GuideSummary]:
    """The guides of a folder by file name, faulty ones included; a folder that does not exist holds none."""
    found: list[GuideSummary] = []
    owners: dict[str, str] = {}
    for path in guide_paths(folder):
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
    fields |= {"slot_minutes": _plain(guide.slot_minutes), "materials": list(guide.materials)}
    fields |= {"welcome": guide.welcome, "ground_rules": list(guide.ground_rules)}
    fields |= {"closing": guide.closing, "glossary": list(guide.glossary)}
    fields["sections"] = [
        {"title": section.title, "questions": [_question_fields(question) for question in section.questions]}
        for section in guide.sections
    ]
    kept = {name: value for name, value in fields.items() if value}
    return yaml.dump(kept, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110)


def _parsed(text: str, path: Path) -> Guide:
    written, faults = check_guide(read_yaml(text))
    if written is None:
        raise _refusal(path, faults)
    return _guide(written)


class _Dumper(yaml.SafeDumper):
    """Writes no aliases, and texts of several lines as blocks."""

    def ignore_aliases(self, data: object) -> bool:
        return True


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", str(text), style="|" if "\n" in text else None)


_Dumper.add_multi_representer(str, _represent_text)


def _question_fields(question: Question) -> dict[str, object]:
    fields: dict[str, object] = {"id": question.id, "type": question.type.value}
    fields |= {"text": question.text, "minutes": _plain(question.minutes)}
    fields |= {"must_ask": question.must_ask, "stimuli": list(question.stimuli), "probes": list(question.probes)}
    return {name: value for name, value in fields.items() if value}


def _plain(minutes: float) -> float:
    return int(minutes) if minutes == int(minutes) else minutes


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
        do="Correct the file, then run `facilitator guide check` on it again.",
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
        slot_minutes=written.slot_minutes or 0,
        materials=_lines(written.materials),
    )


def _question(written: QuestionFile, position: int) -> Question:
    return Question(
        id=written.id or f"q{position}",
        type=QuestionType(written.type),
        text=_line(written.text),
        minutes=written.minutes,
        probes=_lines(written.probes),
        must_ask=written.must_ask,
        stimuli=_lines(written.stimuli),
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
