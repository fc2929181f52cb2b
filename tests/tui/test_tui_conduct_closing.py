"""Before and after: the checklist, the question that a stop asks, the debrief, and what never hides the recording."""

import pytest
from conduct_driver import MIN, conducting, happened, led, refused, stage, state_of, until
from session_material import P1, P2, P3, P4
from tui_driver import NARROW, WIDE, Opened

from facilitator.domain import events as ev
from facilitator.domain.group import DebriefPart, Presence
from facilitator.domain.ids import SessionId
from facilitator.domain.notes import NoteKind
from facilitator.domain.recording import Pause
from facilitator.tui.screens.help import HelpScreen
from facilitator.workflows.recording_state import RecordingState
from facilitator.workflows.study import Study


@pytest.fixture
def session_id(peopled: Study) -> SessionId:
    return led(peopled)


async def test_the_checklist_ticks_some_lines_by_itself(peopled: Study, opened: Opened, session_id: SessionId) -> None:
    async with opened() as driver:
        await conducting(driver, session_id)
        await driver.press("c")
        assert "Checklist · 2 of 11" in driver.text, "consents are there, and there is nothing to come back to"
        for line in ("(✓) Everybody who comes", "( ) Who is here", "( ) Sound check", "(✓) closing · Follow-ups"):
            assert line in driver.text
        assert "[ ] What is said here stays here; asked of everybody." in driver.text
        await driver.press("enter", "down", "space")
        assert "[✓] Purpose and recording explained; questions answered  0:00" in driver.text
        assert any("ticks this line by itself" in one for one in driver.notices) or "by itself" in driver.text
        assert list(state_of(peopled, session_id).ticked) == ["information"]
        await driver.press("escape", "escape", "escape")
    everybody = [(MIN, ev.PresenceChanged(number, Presence.HERE)) for number in (P1, P2, P3, P4)]
    happened(peopled, session_id, 2 * MIN, *everybody, (MIN, ev.NoteTaken(NoteKind.PARKED, "Dutch version")))
    async with opened() as driver:
        await conducting(driver, session_id)
        await driver.press("c")
        for line in ("(✓) Who is here", "(✓) Sound check", "( ) closing · Follow-ups"):
            assert line in driver.text
        await driver.press("enter")
        assert "[ ] Purpose and recording" in driver.text and state_of(peopled, session_id).ticked == {}


async def test_a_stop_asks_and_says_what_is_still_open(
    peopled: Study, opened: Opened, session_id: SessionId, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = [(at * MIN, ev.QuestionAsked(name)) for at, name in ((1, "round"), (6, "core"), (19, "fit"))]
    happened(peopled, session_id, 20 * MIN, *asked, (MIN, ev.NoteTaken(NoteKind.PARKED, "Dutch version")))
    stage(monkeypatch, 20 * MIN)
    async with opened() as driver:
        await conducting(driver, session_id)
        await driver.press("s")
        said = " ".join(driver.text.split())
        assert "Still open: 1 key or must-ask question, 1 to come back to (l), the summary (c)." in said
        await driver.press("escape")
        assert "Stop the recording?" not in driver.text and "● REC" in driver.text
        await driver.press("g")
        await driver.write("missing from this summary")
        await driver.press("enter", "l", "enter", "escape", "c", *["down"] * 7, "enter", "escape", "s")
        assert "Stop the recording?   y stops   Esc goes on" in driver.text


async def test_the_debrief_is_stored_as_it_is_typed_and_shows_how_the_guide_was_covered(
    peopled: Study, opened: Opened, session_id: SessionId, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("facilitator.tui.screens.debrief.KEEP_S", 0.2)
    steps = (
        (MIN, ev.QuestionAsked("round")),
        (6 * MIN, ev.QuestionSkipped("first", "they had just met")),
        (6 * MIN, ev.QuestionParked("groups")),
        (7 * MIN, ev.QuestionAsked("core")),
    )
    happened(peopled, session_id, 20 * MIN, *steps)
    async with opened((120, 40)) as driver:
        conduct = await conducting(driver, session_id)
        await driver.press("D")
        for line in ("✓  6:00 of 5:00", "–  0:00 of 6:00", "they had just met", "↷  0:00 of 7:00", "✓  13:00 of 13:00"):
            assert line in driver.text, line
        await driver.write("flexible use")
        await until(driver, lambda: state_of(peopled, session_id).debrief)
        assert state_of(peopled, session_id).debrief == {DebriefPart.THEMES: "flexible use"}
        await until(driver, lambda: "saved ✓" in driver.text.splitlines()[0])
        await driver.press("tab", "tab", "tab", *"no ", "escape")
        assert driver.app.screen is conduct
        assert state_of(peopled, session_id).debrief == {DebriefPart.THEMES: "flexible use", DebriefPart.GUIDE: "no"}
        await driver.press("D")
        assert "flexible use" in driver.text, "it is there when the form is opened again"


async def test_help_and_errors_leave_the_recording_in_sight_and_up_to_date(
    peopled: Study, opened: Opened, session_id: SessionId, monkeypatch: pytest.MonkeyPatch
) -> None:
    happened(peopled, session_id, 20 * MIN)
    staged = stage(monkeypatch, 20 * MIN)
    async with opened() as driver:
        await conducting(driver, session_id)
        await driver.press("f1")
        assert isinstance(driver.app.screen, HelpScreen) and "Lead the group" in driver.text
        assert "● REC 20:00" in driver.text.splitlines()[0]
        staged.ms += 7_000
        await until(driver, lambda: "● REC 20:07" in driver.text.splitlines()[0], 2)
        staged.show(paused=Pause.OFF_RECORD, paused_ms=staged.ms)
        await until(driver, lambda: "‖ OFF THE RECORD since 20:07" in driver.text.splitlines()[0], 2)
        await driver.press("escape", "n")
        monkeypatch.setattr(RecordingState, "note", refused)
        await driver.press("x", "enter")
        assert "The disk is full." in driver.text
        staged.show(paused=None)
        await until(driver, lambda: "● REC 20:07" in driver.text.splitlines()[0], 2)
        await driver.press("escape")
        assert "nonverbal ▸  x" in driver.text, "what was typed is still there to be tried again"


async def test_a_list_on_a_small_terminal_has_the_lines_of_the_legend(
    peopled: Study, opened: Opened, session_id: SessionId
) -> None:
    happened(peopled, session_id, 10 * MIN)
    async with opened(NARROW) as driver:
        screen = await conducting(driver, session_id)
        assert screen.entry.display
        await driver.press("c")
        assert not screen.entry.display
        await driver.press("x")
        assert "how many?" in driver.text
        await driver.press("escape")
        assert not screen.entry.display, "the list is open still"
        for size, shows in ((WIDE, True), (NARROW, False)):
            await driver.pilot.resize_terminal(*size)
            await driver.settle()
            assert screen.entry.display is shows
        await driver.press("t")
        assert screen.entry.display and "theme ▸" in driver.text
        await driver.press("escape", "c")
        assert screen.entry.display and "theme" in driver.text
