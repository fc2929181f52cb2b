from pathlib import Path

import pytest
from cli_runner import run

from facilitator.domain.errors import InvalidInput, InvalidRoster
from facilitator.domain.ids import session_id
from facilitator.domain.roster import RosterRow, alphabetical
from facilitator.workflows.participants import add_moderator, add_participants
from facilitator.workflows.sessions import Session
from facilitator.workflows.study import Study

SORTED = tuple(RosterRow(name) for name in ("Anne Aas", "Berit Bo", "Carl Dahl", "Dina Eng"))


def _names(study: Study, numbers: tuple[str, ...]) -> list[str]:
    identities = study.linkage.identities
    return [identity.name for number, identity in identities.items() if number in numbers]


def test_numbers_never_follow_the_alphabet_by_accident(opened: Study) -> None:
    added = add_participants(opened, SORTED)
    assert added.drawn and added.numbers == ("P4", "P5", "P6", "P7")
    names = _names(opened, added.numbers)
    assert sorted(names) == [row.name for row in SORTED] and not alphabetical(names)


def test_the_order_of_the_file_can_be_kept(planned: Path, tmp_path: Path) -> None:
    roster = tmp_path / "roster.csv"
    roster.write_text("name\n" + "\n".join(row.name for row in SORTED))
    assert run("participants", "import", roster, "--keep-order", study=planned).code == 0
    listed = run("participants", "list", "--names", "--json", study=planned).json
    assert [(row["number"], row["name"]) for row in listed[3:]] == [
        (f"P{number}", row.name) for number, row in enumerate(SORTED, 4)
    ]


def test_rows_in_any_other_order_keep_it(opened: Study) -> None:
    rows = SORTED[::-1]
    added = add_participants(opened, rows)
    assert not added.drawn and _names(opened, added.numbers) == [row.name for row in rows]


def test_numbers_are_unique_in_the_study_and_names_stay_in_the_linkage_file(opened: Study, planned: Path) -> None:
    with pytest.raises(InvalidRoster, match="P1"):
        add_participants(opened, [RosterRow("KRISTIN HAUGEN")])
    with pytest.raises(InvalidInput):
        add_moderator(opened, "[/nope]")
    assert "Haugen" not in repr(opened.state)
    with Session(opened, session_id("01"), write=False) as session:
        assert "Haugen" not in repr(session.state)
    for path in planned.rglob("*"):
        assert not path.is_file() or b"Haugen" not in path.read_bytes()


def test_the_table_counts_and_suppresses(planned: Path) -> None:
    rows = run("participants", "table", "--json", study=planned).json
    assert {row["value"]: row["count"] for row in rows} == {"nurse": None, "doctor": None}
    assert "suppressed" in run("participants", "table", study=planned).out
