"""Rosters as CSV files, as spreadsheet programs write them.

A column `name` is required, `aliases` is optional; every other column is background and goes, without names, into the
study database. Row numbers in messages are those of the spreadsheet: the headings are row 1.
"""

import csv
import io
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from facilitator.domain.errors import InvalidInput, InvalidRoster, NotFound
from facilitator.domain.roster import RosterRow
from facilitator.domain.text import fold, one_line, refuse_unsafe_name

MAX_BYTES: Final = 1_000_000
MAX_ROWS: Final = 500
MAX_COLUMNS: Final = 50
MAX_VALUE: Final = 200
SHOWN_FAULTS: Final = 100
_IDENTIFYING: Final = re.compile(
    "((home|postal|private)?address|birth(day|date)|dateofbirth|dob|(private)?e?mail(address)?|(family|full|first|given|last)name"
    "|surname|(mobile|tele|work)?phone(number)?|mobile(number)?|(national|personal)(id|number)|ssn)"
)
_EMAIL: Final = re.compile(r"\S@\S+\.\S")
Report = Callable[[int, str], None]


@dataclass(frozen=True, slots=True)
class _Table:
    """Cells as read: `rows` are (spreadsheet row, cells), each as long as `heads`."""

    heads: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]


def read_roster(path: Path) -> tuple[RosterRow, ...]:
    """The people of a CSV file, in its order: UTF-8, comma or semicolon, at most 1 MB and 500 people.

    Several aliases of a person stand in one cell with `;` or `|` between them; with `|` where `;` parts the columns.

    Raises:
        NotFound: no such file.
        InvalidRoster: its `what` lists every fault on a line of its own, with the row.
    """
    faults: list[tuple[int, str]] = []
    table = _table(_read(path), lambda row, fault: faults.append((row, fault)))
    return _checked(table, faults, path.name)


def checked_rows(rows: Sequence[RosterRow]) -> tuple[RosterRow, ...]:
    """People who were typed rather than read from a file, held to the same rules. Raises InvalidRoster."""
    faults: list[tuple[int, str]] = []
    columns = tuple(dict.fromkeys(column for row in rows for column in row.background))
    heads = _heads(("name", "aliases", *columns), lambda row, fault: faults.append((row, fault)))
    cells = tuple(
        (number, (row.name, ";".join(row.aliases), *(row.background.get(column, "") for column in columns)))
        for number, row in enumerate(rows, start=2)
    )
    return _checked(_Table(heads, cells) if heads else None, faults, "roster")


def _checked(table: _Table | None, faults: list[tuple[int, str]], label: str) -> tuple[RosterRow, ...]:
    people = _people(table, lambda row, fault: faults.append((row, fault))) if table else []
    faults += _clashes(people)
    faults += _named_backgrounds(people)
    if faults:
        ordered = sorted(faults, key=lambda item: item[0])
        raise _refusal(label, [f"row {row}: {fault}" if row else fault for row, fault in ordered])
    return tuple(person for _, person in people)


def _read(path: Path) -> str:
    if not path.exists():
        raise NotFound(f"There is no file {one_line(path.name, 120)}.", do="Check the name and the folder.")
    if not path.is_file():
        raise _refusal(path.name, ["this is not a file; name a file that ends in .csv"])
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise _refusal(path.name, [f"cannot be read ({error.strerror}); check who may read it"]) from error
    if len(data) > MAX_BYTES:
        raise _refusal(path.name, ["is over 1 MB; a roster has one short row for each person"])
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise _refusal(path.name, [f"line {line} is not UTF-8; save it again as “CSV UTF-8”"]) from error


def _delimiter(text: str) -> str:
    """Whichever of comma and semicolon the row of headings holds more often."""
    heads = next((line for line in text.splitlines() if line.strip()), "")
    return ";" if heads.count(";") > heads.count(",") else ","


def _table(text: str, report: Report) -> _Table | None:
    """The cells, or None where no headings can be made out; ragged rows are reported and left out."""
    delimiter = _delimiter(text)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    filled: list[tuple[int, tuple[str, ...]]] = []
    try:
        for row, cells in enumerate(reader, start=1):
            if any(cell.strip() for cell in cells):
                filled.append((row, tuple(cell.strip() for cell in cells)))
            if len(filled) > MAX_ROWS + 1:
                report(0, f"holds more than {MAX_ROWS} people; split it")
                return None
    except csv.Error as error:
        shown = one_line(str(error), 80)
        report(0, f"line {reader.line_num}: quotation marks are not closed or not doubled ({shown})")
        return None
    if not filled:
        report(0, "the file is empty; the first row holds the headings, one of them `name`")
        return None
    heads = _heads(filled[0][1], report)
    if len(filled) == 1:
        report(0, "holds no people; add a row for each person under the headings")
    return _Table(heads, _even_rows(filled[1:], len(heads), delimiter, report)) if heads else None


def _even_rows(
    rows: list[tuple[int, tuple[str, ...]]], width: int, delimiter: str, report: Report
) -> tuple[tuple[int, tuple[str, ...]], ...]:
    sign = "a semicolon" if delimiter == ";" else "a comma"
    for row, cells in rows:
        if len(cells) != width:
            report(row, f"has {len(cells)} cells where the headings have {width}; put texts that hold {sign} in quotes")
    return tuple((row, cells) for row, cells in rows if len(cells) == width)


def _heads(cells: tuple[str, ...], report: Report) -> tuple[str, ...]:
    """The headings, `name` and `aliases` in small letters; empty when no row can be read by them."""
    shown = [one_line(cell, 60) for cell in cells]
    heads = tuple(fold(cell) if fold(cell) in ("name", "aliases") else str(cell) for cell in shown)
    for position, (raw, head) in enumerate(zip(cells, heads, strict=True), start=1):
        if not head:
            report(1, f"column {position} has no heading; name it or remove the column")
        elif not _whole(raw, 60):
            report(1, f"the heading of column {position} holds control characters or is too long; type it anew")
        elif _IDENTIFYING.fullmatch(re.sub(r"[\W_]", "", fold(head))):
            report(1, f"column “{head}” would put what identifies people into the study database; remove it")
    folded = [fold(head) for head in heads if head]
    for head in dict.fromkeys(name for name in folded if folded.count(name) > 1):
        report(1, f"the heading “{head}” stands {folded.count(head)} times; keep one")
    if len(heads) > MAX_COLUMNS:
        report(1, f"has {len(heads)} columns; {MAX_COLUMNS} are enough")
    if "name" not in heads:
        found = ", ".join(f"“{head}”" for head in heads[:MAX_COLUMNS] if head)
        report(1, f"there is no column `name`; the columns are {found}")
        return ()
    return heads


def _people(table: _Table, report: Report) -> list[tuple[int, RosterRow]]:
    people: list[tuple[int, RosterRow]] = []
    for row, cells in table.rows:
        fields = dict(zip(table.heads, cells, strict=True))
        name = _checked_name(fields.pop("name"), "name", row, report)
        aliases = tuple(_aliases(fields.pop("aliases", ""), name, row, report))
        background = {head: _value(value, head, row, report) for head, value in fields.items() if head}
        people.append((row, RosterRow(name, aliases, background)))
    return people


def _checked_name(raw: str, what: str, row: int, report: Report) -> str:
    """The name as it will be kept; "" when it was refused and reported."""
    try:
        return str(refuse_unsafe_name(raw, what))
    except InvalidInput as error:
        report(row, f"{error.what} {error.do}".rstrip())
        return ""


def _aliases(cell: str, name: str, row: int, report: Report) -> Iterator[str]:
    seen = {fold(name)}
    for piece in re.split(r"[;|]", cell):
        if not piece.strip():
            continue
        alias = _checked_name(piece, "alias", row, report)
        if alias and fold(alias) not in seen:
            seen.add(fold(alias))
            yield alias


def _value(raw: str, head: str, row: int, report: Report) -> str:
    value = one_line(raw, MAX_VALUE)
    if not _whole(raw, MAX_VALUE):
        report(row, f"“{head}” holds control characters or over {MAX_VALUE} characters; type it anew")
    elif _EMAIL.search(value):
        report(row, f"“{head}” holds an e-mail address, which identifies the person; remove it")
    return str(value)


def _whole(raw: str, limit: int) -> bool:
    """True when the gate for text changes nothing but white space and Unicode form."""
    return one_line(raw, limit) == unicodedata.normalize("NFC", " ".join(raw.split()))


def _clashes(people: list[tuple[int, RosterRow]]) -> Iterator[tuple[int, str]]:
    """Names that two people share, and aliases that point to more than one person; without case and accents."""
    names: dict[str, int] = {}
    for row, person in people:
        if person.name and names.setdefault(fold(person.name), row) != row:
            yield row, f"“{person.name}” is in row {names[fold(person.name)]} already; make the names differ"
    aliases: dict[str, int] = {}
    for row, person in people:
        for alias in person.aliases:
            key = fold(alias)
            if names.get(key, row) != row:
                yield row, f"the alias “{alias}” is the name of row {names[key]}; it would stand for both"
            elif aliases.setdefault(key, row) != row:
                yield row, f"the alias “{alias}” is an alias of row {aliases[key]} too; it would stand for both"


def _named_backgrounds(people: list[tuple[int, RosterRow]]) -> Iterator[tuple[int, str]]:
    """Background goes where no name may go, so a cell that repeats somebody's name is a fault."""
    known = {fold(name) for _, person in people for name in (person.name, *person.aliases) if name}
    for row, person in people:
        for head in _repeating(person.background, known):
            yield row, f"“{head}” holds a name of the roster; background must not identify anybody"


def _repeating(background: Mapping[str, str], known: set[str]) -> Iterator[str]:
    for head, value in background.items():
        folded = fold(value)
        if folded in known or any(" " in name and name in folded for name in known):
            yield head


def _refusal(label: str, faults: list[str]) -> InvalidRoster:
    shown = one_line(label, 120)
    lines = [f"{shown}: {fault}" for fault in faults[:SHOWN_FAULTS]]
    if len(faults) > SHOWN_FAULTS:
        lines.append(f"{shown}: and {len(faults) - SHOWN_FAULTS} more")
    return InvalidRoster(
        "\n".join(lines),
        safe="Nobody was added; the study is as it was.",
        do="Correct the file and import it again.",
    )
