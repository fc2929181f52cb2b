"""How a group went, by the command line; also while a screen has the session open."""

from pathlib import Path

import pytest
from cli_runner import run

from facilitator.domain import events as ev
from facilitator.domain.ids import SessionId, Speaker
from facilitator.domain.notes import NoteKind
from facilitator.domain.recording import Pause
from facilitator.workflows.note_taking import NoteTaking
from facilitator.workflows.sessions import Session
from facilitator.workflows.study import Study

S01 = SessionId("01")
MINUTE = 60_000


@pytest.fixture
def led(opened: Study, planned: Path) -> Path:
    """Ten minutes: the first question asked, the second skipped, the third asked; a note, changed once."""
    with Session(opened, S01) as session:
        noting = NoteTaking(session)
        first, second, third, *_ = noting.plan().questions
        session.record(ev.RecordingStarted(48_000, "default"), 0)
        noting.ask(first, MINUTE)
        noting.skip(second, "came up [early] \x1b[31m", 4 * MINUTE)
        noting.ask(third, 5 * MINUTE)
        note = noting.note(NoteKind.QUOTE, "we bend it #core", at_ms=6 * MINUTE, speaker=Speaker("P2"))
        session.record(ev.RecordingStopped(0, 10 * MINUTE, "0" * 64), 10 * MINUTE)
        noting.edit_note(note, NoteKind.QUOTE, "we bend the manual #core", Speaker("P2"))
    return planned


def test_the_coverage_of_the_guide(led: Path) -> None:
    asked, skipped, other, *rest = run("session", "coverage", "01", "--json", study=led).json
    assert (asked["standing"], asked["spent_ms"], asked["at_ms"]) == ("asked", 4 * MINUTE, MINUTE)
    assert (skipped["standing"], skipped["spent_ms"]) == ("skipped", 0)
    assert (other["standing"], other["spent_ms"]) == ("asked", 5 * MINUTE)
    assert all(one["standing"] == "open" and one["at_ms"] is None for one in rest)
    shown = run("session", "coverage", "01", study=led).out
    assert "(skipped: came up [early] ␛[31m)" in shown and "\x1b" not in shown
    assert f"2 of {3 + len(rest)} questions asked." in shown


def test_notes_with_and_without_their_history(led: Path) -> None:
    (note,) = run("session", "notes", "01", "--json", study=led).json
    assert (note["text"], note["speaker"], note["tags"], note["at_ms"]) == (
        "we bend the manual #core",
        "P2",
        ["core"],
        6 * MINUTE,
    )
    assert "earlier" not in note and "we bend it" not in run("session", "notes", "01", study=led).out
    assert "was quote  P2   we bend it #core" in run("session", "notes", "01", "--history", study=led).out
    assert run("session", "notes", "01", "--history", "--json", study=led).json[0]["earlier"] == [
        {"kind": "quote", "speaker": "P2", "text": "we bend it #core"}
    ]


def test_notes_say_what_was_off_the_record_and_what_was_removed_once(led: Path, opened: Study) -> None:
    with Session(opened, S01) as session:
        noting = NoteTaking(session)
        session.record(ev.RecordingPaused(Pause.OFF_RECORD), 10 * MINUTE)
        note = noting.note(NoteKind.THEME, "not for others", at_ms=11 * MINUTE)
        session.record(ev.RecordingResumed(), 12 * MINUTE)
        noting.edit_note(note, NoteKind.THEME, "", None)
        noting.edit_note(note, NoteKind.TECHNICAL, "again", None)
    shown = run("session", "notes", "01", "--history", study=led).out
    assert "off the record · again" in shown and "was theme" in shown and "(removed)" in shown
    assert [one["off_the_record"] for one in run("session", "notes", "01", "--json", study=led).json] == [False, True]


def test_a_note_is_added_beside_an_open_screen_from_standard_input(led: Path, opened: Study) -> None:
    with Session(opened, S01) as screen:
        done = run("note", "01", "--kind", "technical", "--about", "P1", study=led, stdin="the [lamp] hums\n")
        assert (done.code, done.out) == (0, "saved ✓ 10:00 technical\n"), done.err
        screen.refresh()
        last = max(screen.state.notes.values(), key=lambda note: note.id)
    assert (last.text, last.kind, last.speaker, last.at_ms) == (
        "the [lamp] hums",
        NoteKind.TECHNICAL,
        "P1",
        10 * MINUTE,
    )
    assert run("note", "01", study=led, stdin="two\nlines\n").code == 0
    assert run("session", "notes", "01", "--json", study=led).json[-1]["text"] == "two lines"
    assert run("note", "01", "x", "--about", "P9", study=led).code == 2
    assert run("note", "01", "--kind", "theme", study=led).code != 0, "nothing to note, and nobody to ask"


def test_people_come_and_leave_and_are_listed_with_when(led: Path) -> None:
    assert run("session", "people", "01", "P1", "--here", study=led).code == 0
    assert run("session", "people", "01", "P1", "--left", study=led).code == 0
    first, second = run("session", "people", "01", "--json", study=led).json
    assert (first["presence"], first["changes"]) == ("left", [[10 * MINUTE, "here"], [10 * MINUTE, "left"]])
    assert (second["presence"], second["changes"]) == ("expected", [])
    assert "here 10:00, left 10:00" in run("session", "people", "01", study=led).out
    refused = run("session", "people", "01", "P3", "--here", study=led)
    assert refused.code == 12 and "No consent to recording from P3" in refused.err
    assert run("session", "people", "01", "P1", study=led).code == 2
    assert run("session", "people", "01", "P1", "--here", "--left", study=led).code == 2


def test_the_debrief_is_asked_for_part_by_part(led: Path) -> None:
    assert "Nothing is written yet." in run("session", "debrief", "01", study=led).out
    done = run("session", "debrief", "01", "--write", study=led, stdin="bending\nP2 left early\ntense\n\n")
    assert done.code == 0, done.err
    assert "bending" in done.out and "tense" in done.out
    refused = run("session", "debrief", "01", "--write", study=led, stdin="one\ntwo\nthree\nfour\nfive\n")
    assert refused.code == 2 and "5 lines are given" in refused.err
    refused = run("session", "debrief", "01", "--write", study=led, stdin="new\n" + "y" * 10_001)
    assert refused.code == 2 and "Nothing was written" in refused.err
    written = run("session", "debrief", "01", "--json", study=led).json
    assert written == {"themes": "bending", "surprises": "P2 left early", "atmosphere": "tense", "guide": ""}
