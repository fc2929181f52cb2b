"""YAML with line numbers and without surprises: no aliases, tags or repeated fields, limited in size and depth.

Plain `safe_load` lets alias bombs and deep nesting through, keeps the last of two equal fields without a word, reads
`no` as false and `12:30:45` as 45045. Here every scalar keeps its source text, only `true` and `false` are truth
values, and all faults are collected.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import yaml

from facilitator.domain.text import SafeText, one_line

MAX_DEPTH: Final = 32
Where = tuple[str | int, ...]
"""The way to a value: field names and list positions from the top."""

_STR: Final = "tag:yaml.org,2002:str"
_BOOL: Final = "tag:yaml.org,2002:bool"
_NUMBERS: Final = ("tag:yaml.org,2002:int", "tag:yaml.org,2002:float")
_TRUTH: Final = {"true": True, "false": False}
_NUMBER: Final = re.compile(r"[+-]?[0-9]{1,9}(\.[0-9]{1,20})?")
_NONCHARACTERS: Final = re.compile("[\ufffe\uffff]")
_HINTS: Final = (
    ("\\t", "indent with spaces, not with tabs"),
    ("mapping values are not allowed", "put a text that holds a colon in quotes"),
    ("could not find expected ':'", "every field needs a colon and a space after its name"),
    ("expected <block end>", "start the fields of one item in the same column, and quote texts that begin with a sign"),
    ("levels deep", "a guide needs six; check the indentation"),
    ("single document", "keep one guide in a file, without a `---` between"),
    ("quoted scalar", "close the quotation mark"),
    ("expected ',' or", "close the bracket, or put the text in quotes"),
)


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """What is wrong on `line` (from 1) and what to write instead."""

    line: int
    message: str


@dataclass(frozen=True, slots=True)
class Unquoted:
    """A scalar that is neither text, a plain number, true nor false: `no`, `12:30`, a date, or nothing at all."""

    raw: str


@dataclass(slots=True)
class Document:
    """A file as plain values: dict, list, str, float, bool or Unquoted; with the line of each field and list item."""

    value: object = None
    lines: dict[Where, int] = field(default_factory=dict)
    raw: dict[Where, str] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)

    def line(self, where: Where) -> int:
        """The line of the field or value at `where`, or of the nearest thing around it."""
        while where and where not in self.lines:
            where = where[:-1]
        return self.lines.get(where, 1)


class _TooDeep(yaml.MarkedYAMLError):
    pass


class _Loader(yaml.SafeLoader):
    """Composes nodes only; reports anchors, aliases and tags, and stops before nesting can exhaust the stack."""

    def __init__(self, text: str, faults: list[Fault]) -> None:
        super().__init__(text)
        self.faults = faults
        self.depth = 0

    def compose_node(self, parent: yaml.Node | None, index: object) -> yaml.Node | None:
        source: Any = self  # the stubs leave PyYAML's event methods untyped
        event = source.peek_event()
        line = event.start_mark.line + 1
        if isinstance(event, yaml.AliasEvent):
            source.get_event()
            self.faults.append(Fault(line, "a text that begins with * is an alias; put it in quotes or write it out"))
            return yaml.ScalarNode(_STR, "alias", source.get_mark(), source.get_mark())
        if isinstance(event, yaml.NodeEvent) and event.anchor is not None:
            self.faults.append(Fault(line, "a text that begins with & is an anchor; put it in quotes or leave it out"))
            event.anchor = None
        if getattr(event, "tag", None) is not None:
            self.faults.append(Fault(line, "a text that begins with ! is a tag; put it in quotes or leave it out"))
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise _TooDeep(problem=f"more than {MAX_DEPTH} levels deep", problem_mark=event.start_mark)
        try:
            return super().compose_node(parent, index)  # type: ignore[arg-type]
        finally:
            self.depth -= 1


def read_yaml(text: str) -> Document:
    """Parse `text`; never raises for what the text holds, but collects `faults`.

    After a syntax fault nothing beyond it can be read: `value` is None then.
    """
    document = Document()
    clean = _without_controls(text.replace("\r\n", "\n").replace("\r", "\n"), document.faults)
    loader = _Loader(clean, document.faults)
    try:
        root = loader.get_single_node()
    except yaml.YAMLError as error:
        document.faults.append(_syntax_fault(error))
        return document
    finally:
        loader.dispose()
    if root is None:
        document.faults.append(Fault(1, "the file is empty; start with `id:`, `title:`, `language:` and `sections:`"))
        return document
    document.lines[()] = root.start_mark.line + 1
    document.value = _plain(root, (), document)
    return document


def unsafe_characters(text: str) -> list[str]:
    """The control, direction and line-separator characters of `text`, as `U+001B`, each once."""
    if SafeText.of(text, len(text) * 4 + 1) == unicodedata.normalize("NFC", text) and not _NONCHARACTERS.search(text):
        return []
    found = (char for char in text if _unsafe(char))
    return list(dict.fromkeys(f"U+{ord(char):04X}" for char in found))


def _unsafe(char: str) -> bool:
    return SafeText.of(char) != unicodedata.normalize("NFC", char) or bool(_NONCHARACTERS.match(char))


def _without_controls(text: str, faults: list[Fault]) -> str:
    """Report each line with unsafe characters, and put � in their place so that the rest can still be checked."""
    lines = text.split("\n")
    for index, line in enumerate(lines):
        if found := unsafe_characters(line):
            faults.append(Fault(index + 1, _control_message(found)))
            lines[index] = "".join("�" if _unsafe(char) else char for char in line)
    return "\n".join(lines)


def _control_message(found: list[str]) -> str:
    return f"holds a control or invisible character ({', '.join(found[:3])}); type the line anew rather than pasting it"


def _syntax_fault(error: yaml.YAMLError) -> Fault:
    problem = one_line(str(getattr(error, "problem", None) or error), 120)
    marks = [getattr(error, "problem_mark", None), getattr(error, "context_mark", None)]
    if "end of stream" in problem:  # the end of the file says nothing about where the open quotation mark stands
        marks.reverse()
    mark = next((mark for mark in marks if mark is not None), None)
    context = str(getattr(error, "context", None) or "")
    hint = next((hint for part, hint in _HINTS if part in problem or part in context), "check quotes and indentation")
    return Fault(mark.line + 1 if mark else 1, f"this is not valid YAML ({problem}); {hint}")


def _plain(node: yaml.Node, where: Where, document: Document) -> object:
    if isinstance(node, yaml.MappingNode):
        return {name: _plain(value, (*where, name), document) for name, value in _fields(node, where, document)}
    if isinstance(node, yaml.SequenceNode):
        items: list[object] = []
        for index, item in enumerate(node.value):
            document.lines[*where, index] = item.start_mark.line + 1
            items.append(_plain(item, (*where, index), document))
        return items
    return _scalar(node, where, document)


def _fields(node: yaml.MappingNode, where: Where, document: Document) -> Iterator[tuple[str, yaml.Node]]:
    for key, value in node.value:
        line = key.start_mark.line + 1
        if not isinstance(key, yaml.ScalarNode):
            document.faults.append(Fault(line, "a field name must be a word; put a text that begins with { in quotes"))
            continue
        name = str(SafeText.of(key.value, 120))
        if (*where, name) in document.lines:
            first = document.lines[*where, name]
            document.faults.append(Fault(line, f"`{name}` stands here a second time (first in line {first}); keep one"))
            continue
        document.lines[*where, name] = line
        yield name, value


def _scalar(node: yaml.Node, where: Where, document: Document) -> object:
    raw = str(node.value)
    document.raw[where] = raw
    if node.tag == _STR:
        if found := unsafe_characters(raw):
            document.faults.append(Fault(node.start_mark.line + 1, _control_message(found)))
        return raw
    if node.tag in _NUMBERS and _NUMBER.fullmatch(raw):
        return float(raw)
    if node.tag == _BOOL and raw.lower() in _TRUTH:
        return _TRUTH[raw.lower()]
    return Unquoted(raw)
