from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from facilitator.domain.errors import InvalidRoster, NotFound
from facilitator.domain.roster import RosterRow
from facilitator.domain.text import SafeText
from facilitator.storage.roster_files import read_roster

SAMPLE = Path(__file__).parents[2] / "facilitator" / "sample" / "roster.csv"


def written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_the_sample_roster() -> None:
    rows = read_roster(SAMPLE)
    assert len(rows) == 4
    assert rows[0].aliases == ("Kris",)
    assert list(rows[0].background) == ["sex", "profession", "workplace", "years"]


@pytest.mark.parametrize(
    "text",
    [
        "name,aliases,sex\nKristin Hansen,Kris;Kiki|Kri,f\nAnders Berg,,\n",
        "\ufeffName;Aliases;sex\r\nKristin Hansen;Kris|Kiki|Kri;f\r\n\r\nAnders Berg;;\r\n;;\r\n",
        'aliases,sex,NAME\n"Kris; Kiki ;Kri;kris;Kristin  hansen",f,"Kristin\n Hansen"\n,,Anders Berg\n',
    ],
)
def test_delimiters_orders_and_empty_rows(text: str, tmp_path: Path) -> None:
    assert read_roster(written(tmp_path / "r.csv", text)) == (
        RosterRow("Kristin Hansen", ("Kris", "Kiki", "Kri"), {"sex": "f"}),
        RosterRow("Anders Berg", (), {"sex": ""}),
    )


def test_data_that_looks_like_markup_or_a_formula_stays(tmp_path: Path) -> None:
    row = read_roster(written(tmp_path / "r.csv", "name,role\nO’Neil-Ødegård,=cmd [x]\nZoe\u0308,Krankenschwester\n"))
    assert row[0] == RosterRow("O’Neil-Ødegård", (), {"role": "=cmd [x]"})
    assert row[1].name == "Zoë"


BROKEN = {
    "no name column": ("namn,sex\nA,f\n", "row 1: there is no column `name`; the columns are “namn”, “sex”"),
    "first and last": ("first name,name\nA,B\n", "row 1: column “first name” would put"),
    "e-mail column": ("name,E-mail\nA,\n", "row 1: column “E-mail” would put"),
    "e-mail value": ("name,note\nA,write to a@b.example\n", "row 2: “note” holds an e-mail address"),
    "no heading": ("name,,sex\nA,b,f\n", "row 1: column 2 has no heading"),
    "headings twice": ("name,sex,Sex\nA,f,f\n", "row 1: the heading “sex” stands 2 times"),
    "control heading": ("name,s\x1bx\nA,f\n", "row 1: the heading of column 2 holds control characters"),
    "same name": ("name\nKristin\nB\nKRISTÍN\n", "row 4: “KRISTÍN” is in row 2 already"),
    "alias is a name": ("name,aliases\nKristin,\nAnders,kristin\n", "row 3: the alias “kristin” is the name of row 2"),
    "alias is a later name": (
        "name,aliases\nAnders,Kristin\nKristin,\n",
        "row 2: the alias “Kristin” is the name of row 3",
    ),
    "alias twice": ("name,aliases\nA,Kris\nB,kris\n", "row 3: the alias “kris” is an alias of row 2 too"),
    "empty name": ("name,sex\n,f\n", "row 2: The name is empty."),
    "bracket": ("name\n[/nope]\n", "row 2: The name “[/nope]” holds [ ]"),
    "escape": ("name\nA\x1b[31m\n", "row 2: The name “A␛[31m” holds control"),
    "direction": ("name\nA\u202eB\n", "row 2: The name “A�B” holds control"),
    "no letter": ("name\n123\n", "row 2: The name “123” has no letter"),
    "alias bracket": ("name,aliases\nA,<b>\n", "row 2: The alias “<b>” holds < >"),
    "too few cells": ("name,sex\nA,f\nB\n", "row 3: has 1 cells where the headings have 2"),
    "too many cells": (
        "name;sex\nA;f;g\n",
        "row 2: has 3 cells where the headings have 2; put texts that hold a semicolon",
    ),
    "control value": ("name,sex\nA,f\x07\n", "row 2: “sex” holds control characters"),
    "long value": ("name,sex\nA," + "f" * 201 + "\n", "row 2: “sex” holds control characters or over 200"),
    "name in background": ("name,met by\nOle Berg,\nB,friend of OLE BERG\n", "row 3: “met by” holds a name"),
    "quote": ('name,sex\n"A,f\n', "quotation marks are not closed"),
    "empty": ("", "the file is empty"),
    "blank": ("\n ,\n", "the file is empty"),
    "nobody": ("name,sex\n", "holds no people"),
    "crowd": ("name\n" + "".join(f"N{'a' * n}\n" for n in range(501)), "holds more than 500 people"),
    "wide": ("name," + ",".join(f"c{n}" for n in range(60)) + "\n", "row 1: has 61 columns"),
    "huge": ("name\n" + "A" * 1_000_000, "is over 1 MB"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_rosters_name_the_row(name: str, tmp_path: Path) -> None:
    text, fault = BROKEN[name]
    with pytest.raises(InvalidRoster) as caught:
        read_roster(written(tmp_path / "r.csv", text))
    lines = caught.value.what.splitlines()
    assert any(line.startswith(f"r.csv: {fault}") or (fault in line and "row" not in fault) for line in lines), lines
    assert all(line == SafeText.of(line) and str(tmp_path) not in line for line in lines)


def test_every_fault_at_once_in_the_order_of_rows(tmp_path: Path) -> None:
    text = "name;sex;phone\n;f;\nA;m\nB[;f;\nC;f;c@d.example\nc;f;\n"
    with pytest.raises(InvalidRoster) as caught:
        read_roster(written(tmp_path / "r.csv", text))
    rows = [line.split(":")[1].strip() for line in caught.value.what.splitlines()]
    assert rows == ["row 1", "row 2", "row 3", "row 4", "row 5", "row 6"]


def test_other_encodings_folders_and_missing_files(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    path.write_bytes("name\nAnne\nBjørn\n".encode("latin-1"))
    with pytest.raises(InvalidRoster, match="line 3 is not UTF-8"):
        read_roster(path)
    path.write_bytes("name\nAnne\n".encode("utf-16"))
    with pytest.raises(InvalidRoster, match="line 1 is not UTF-8"):
        read_roster(path)
    with pytest.raises(InvalidRoster, match="not a file"):
        read_roster(tmp_path)
    with pytest.raises(NotFound):
        read_roster(tmp_path / "none.csv")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cells=st.lists(st.lists(st.text("aB[,;\"'\n\r\x00\x1bé ", max_size=6), max_size=4), max_size=5))
def test_any_table_is_read_or_refused(cells: list[list[str]], tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    path.write_text("name,aliases,x\n" + "\n".join(",".join(row) for row in cells), encoding="utf-8", newline="")
    try:
        rows = read_roster(path)
    except InvalidRoster as error:
        assert error.what
    else:
        assert all(row.name and set(row.background) == {"x"} for row in rows)
