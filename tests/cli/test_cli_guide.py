import os
import unicodedata
from pathlib import Path
from unittest import mock

import pytest
from cli_runner import run
from hypothesis import given
from hypothesis import strategies as st

from facilitator.cli.guide_columns import cells, reflowed, wrapped
from facilitator.cli.guide_handout import handout_pages
from facilitator.domain.guide import Guide, Question, QuestionType, Section

GUIDES = Path(__file__).parents[2] / "guides"
IMR = GUIDES / "imr-practitioners.yaml"
PLAIN = "id: g\ntitle: T\nlanguage: en\nsections:\n  - title: One\n    questions:\n"
KEY = "      - {id: core, type: key, text: 'Isn''t it good?', minutes: 15}\n"


@pytest.fixture
def guide(tmp_path: Path) -> Path:
    path = tmp_path / "g.yaml"
    path.write_text(PLAIN + KEY)
    return path


def beside(*names: str | Path, columns: int) -> list[str]:
    with mock.patch.dict(os.environ, {"COLUMNS": str(columns), "LINES": "24"}):
        done = run("guide", "show", names[0], "--beside", names[1])
    assert done.code == 0, done.err
    return done.out.splitlines()


def test_hints_say_where_what_and_the_source_and_leave_the_exit_code(guide: Path) -> None:
    done = run("guide", "check", guide)
    assert done.code == 0 and done.err == ""
    first, second, *hints = done.out.splitlines()
    assert first == "g.yaml: no faults. 1 questions, 15:00 planned."
    assert second.endswith("hints from simple rules; you know better:")
    assert "  core: “isn't it” in the question may lead people to an answer; " in done.out
    assert all(line.startswith(("  core: ", "  guide: ")) for line in hints)
    assert any(line.endswith("(Patton 2015)") for line in hints)


def test_hints_as_json(guide: Path) -> None:
    done = run("guide", "check", guide, "--json")
    assert done.code == 0
    assert (done.json["guide"], done.json["planned_minutes"], done.json["slot_minutes"]) == ("g", 15, 0)
    assert {"rule", "where", "what", "source"} == set(done.json["hints"][0])
    assert "leading" in [hint["rule"] for hint in done.json["hints"]] and done.json["differences"] == []


@pytest.mark.parametrize("path", sorted(GUIDES.glob("*.yaml")), ids=lambda path: path.name)
def test_the_shipped_guides_come_out_clean(path: Path) -> None:
    assert run("guide", "check", path).out.count("\n") == 1


def test_a_translation_is_compared_by_id(guide: Path) -> None:
    other = guide.with_name("g.nb.yaml")
    changed = KEY.replace("key,", "ending,").replace("15", "10") + KEY.replace("core", "ekstra")
    other.write_text((PLAIN + changed).replace("id: g", "id: g-nb"))
    done = run("guide", "check", guide, "--beside", "g.nb")
    assert done.code == 0
    assert done.out.splitlines()[-4:] == [
        "Beside g-nb: differences.",
        "  core: is key in g, ending in g-nb",
        "  core: has 15 minutes in g, 10 in g-nb",
        "  ekstra: is missing in g",
    ]
    assert run("guide", "check", IMR, "--beside", "imr-practitioners.nb").out.endswith(": the same questions.\n")
    other.write_text("id: [")
    assert run("guide", "check", guide, "--beside", "g.nb").code == 3
    assert run("guide", "check", guide, "--beside", "nope").code == 4


def test_a_guide_is_shown_by_its_id_too_with_what_is_new() -> None:
    done = run("guide", "show", "imr-practitioners-nb")
    assert done.code == 0 and "Appointment of 90 minutes" in done.out
    assert "◆ show: Kortet med de elleve modulene" in done.out and "[must ask] Fortell" in done.out
    assert "  · Bordskilt med forskningsnummer" in done.out


@pytest.mark.parametrize("columns", [20, 60, 81, 200])
def test_two_columns_are_even_and_complete(columns: int) -> None:
    lines = beside("imr-practitioners", "imr-practitioners.nb", columns=columns)
    column = (max(columns, 60) - 3) // 2
    for line in lines:
        assert cells(line) <= max(columns, 60) and line[column : column + 2] == " │", line
    left, right = (" ".join(" ".join(side).split()) for side in zip(*(line.split("│") for line in lines), strict=True))
    assert "core · KEY · 13 min" in left and "core · KEY · 13 min" in right
    assert "Hva er kjernen i IMR for deg" in right and "What is the core of IMR for you" in left


def test_a_question_that_one_side_lacks_has_a_sign(guide: Path) -> None:
    other = guide.with_name("h.yaml")
    other.write_text(PLAIN + KEY.replace("core", "other").replace("Isn''t it good?", "何が一番大切ですか。" * 6))
    lines = beside(guide, other, columns=60)
    assert any(line.endswith(" │ ▲ core: missing here") for line in lines)
    assert any(line.startswith("▲ other: missing here") for line in lines)
    assert all(cells(line) <= 60 for line in lines) and sum(line.count("何") for line in lines) == 6


def test_a_folder_is_said_to_be_no_file(tmp_path: Path) -> None:
    refused = run("guide", "check", tmp_path)
    assert refused.code == 3 and "this is not a file" in refused.err


def test_a_handout_and_two_columns_do_not_go_together() -> None:
    done = run("guide", "show", "pilot", "--print", "--beside", "pilot")
    assert done.code == 2 and "--print and --beside" in done.err and done.out == ""


def test_the_handout_has_pages_boxes_clock_and_room_for_notes() -> None:
    done = run("guide", "show", "imr-practitioners", "--print")
    assert done.code == 0 and "\x1b" not in done.out
    pages = [page.splitlines() for page in done.out.split("\f")]
    assert len(pages) == 4 and all(len(page) <= 60 for page in pages)
    assert all(cells(line) <= 78 for page in pages for line in page)
    assert [page[0] for page in pages[1:]] == [f"imr-practitioners  page {number} of 4" for number in (2, 3, 4)]
    assert "    [ ] The card with the eleven modules, one for each person" in pages[0]
    assert "0:05–0:11  INTRODUCTORY, 6 min" in pages[0]
    assert "0:00–0:05  OPENING, 5 min  ** MUST ASK **" in pages[0]
    assert "    [ ] show: The card with the eleven modules" in pages[1]
    assert "1:15–1:20  ENDING, 5 min  ** MUST ASK **" in pages[2]
    assert done.out.count("_" * 74) == 4 * 5 + 5 * 3


@given(probes=st.lists(st.integers(0, 30), min_size=1, max_size=12))
def test_no_question_is_split_between_pages(probes: list[int]) -> None:
    questions = tuple(
        Question(
            f"q{place}", QuestionType.KEY, f"Question {place}?", 2.5, tuple(f"probe {place}" for _ in range(count))
        )
        for place, count in enumerate(probes)
    )
    pages = handout_pages(Guide("g", "T", "en", (Section("S", questions),)))
    assert all(len(page) <= 60 for page in pages)
    for place, count in enumerate(probes):
        holding = [page for page in pages if f"    Question {place}?" in page]
        assert len(holding) == 1 and holding[0].count(f"      - probe {place}") == count


def test_a_question_longer_than_a_page_goes_on_on_the_next() -> None:
    question = Question("q1", QuestionType.KEY, "Long?", 10, tuple(f"probe {place}" for place in range(150)))
    pages = handout_pages(Guide("g", "T", "en", (Section("S", (question,)),)))
    assert all(len(page) <= 60 for page in pages)
    assert sum(line.startswith("      - probe") for page in pages for line in page) == 150
    assert any(line == "0:00–0:10  KEY, 10 min" for page in pages for line in page)


@given(text=st.text(st.characters(exclude_categories=("Cs", "Cc"))), width=st.integers(12, 40))
def test_wrapping_keeps_every_word_within_the_width(text: str, width: int) -> None:
    lines = wrapped(text, width, "  · ", "    ")
    assert all(cells(line) <= width for line in lines)
    assert "".join("".join(line[4:] for line in lines).split()) == "".join(text.split())


def test_cells_count_wide_and_combining_characters() -> None:
    assert cells("Kristín") == 7 and cells(unicodedata.normalize("NFD", "Kristín")) == 7
    assert cells("何が") == 4 and cells("Ａ") == 2 and cells("a\u200bb") == 2


def test_breaks_that_only_fitted_an_editor_go_and_others_stay() -> None:
    assert reflowed("We are here\nto learn.\nThe rest.\n\nAnd\n- one\n- two") == (
        "We are here to learn.\nThe rest.\n\nAnd\n- one\n- two"
    )
