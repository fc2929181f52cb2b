from pathlib import Path

import pytest
from textual.widgets import DataTable
from tui_driver import NARROW, PASSPHRASE, WIDE, Driver, Opened

from facilitator.domain import events as ev
from facilitator.domain.ids import SessionId
from facilitator.domain.transcript import Segment
from facilitator.tui.app import FacilitatorApp
from facilitator.tui.screens.correct import CorrectScreen
from facilitator.tui.screens.home import HomeScreen
from facilitator.tui.screens.new_session import NewSessionScreen
from facilitator.tui.screens.roster import RosterScreen
from facilitator.tui.screens.verify import VerifyScreen
from facilitator.tui.session_rows import stage_text
from facilitator.tui.session_signs import Signs
from facilitator.workflows.guides import find_guide
from facilitator.workflows.sessions import Session, plan_session
from facilitator.workflows.study import Study

KEYS = (
    "n New",
    "r People",
    "i Import",
    "c Conduct",
    "t Transcribe",
    "e Correct",
    "p Pseudonymize",
    "v Verify",
    "x Export",
)


def plan(study: Study, title: str) -> SessionId:
    guide = find_guide(study.folder.guides, "pilot")
    return plan_session(study, guide, tuple(study.state.participants), title=title, planned_for="2026-12-01")


@pytest.mark.parametrize("size", [NARROW, WIDE])
async def test_an_empty_study_says_what_to_do_first(opened: Opened, size: tuple[int, int]) -> None:
    async with opened(size) as driver:
        assert "This study has no session yet." in driver.text
        assert "– 1  People" in driver.text
        assert "– 3  Session" in driver.text


async def test_first_steps_follow_what_is_done(opened: Opened, peopled: Study) -> None:
    async with opened() as driver:
        assert "✓ 1  People    4 on the roster" in driver.text
        assert "– 2  Consents  4 of 4 are missing" in driver.text


@pytest.mark.parametrize("size", [NARROW, WIDE])
async def test_every_key_stands_whole_in_the_footer(opened: Opened, peopled: Study, size: tuple[int, int]) -> None:
    plan(peopled, "North hospital")
    async with opened(size) as driver:
        footer = driver.text.splitlines()[-2:]
        for key in (*KEYS, "F1 Help", "q Quit"):
            assert any(key in line for line in footer), key
        assert all(len(line) <= size[0] for line in driver.text.splitlines())


@pytest.mark.parametrize("size", [NARROW, WIDE])
async def test_a_session_shows_stage_and_next_step(opened: Opened, peopled: Study, size: tuple[int, int]) -> None:
    plan(peopled, "North hospital")
    async with opened(size) as driver:
        row = next(line for line in driver.text.splitlines() if "▸ 01 North" in line)
        for shown in ("2026-12-01", "P1–P4", "4 consents missing", "conduct"):
            assert shown in row
        assert "Enter: conduct" in driver.text


async def test_the_sign_follows_the_cursor(opened: Opened, peopled: Study) -> None:
    plan(peopled, "North")
    plan(peopled, "South")
    async with opened() as driver:
        await driver.press("down")
        assert "▸ 02 South" in driver.text
        assert "▸ 01" not in driver.text


async def test_resizing_keeps_the_selected_row(opened: Opened, peopled: Study) -> None:
    plan(peopled, "North")
    plan(peopled, "South")
    async with opened() as driver:
        await driver.press("down")
        await driver.pilot.resize_terminal(*WIDE)
        await driver.settle()
        assert "▸ 02 South" in driver.text
        assert "Length" in driver.text


async def test_hostile_titles_never_reach_the_terminal(opened: Opened, peopled: Study) -> None:
    plan(peopled, "[/nope] \x1b]0;owned\x07 \u202egnp[@click=app.bell]x[/]")
    async with opened(WIDE) as driver:
        await driver.press("down", "up")
        assert "[/nope] ␛]0;" in driver.text
        shot = driver.app.export_screenshot()
        for bad in ("\x1b", "\x07", "\u202e"):
            assert bad not in driver.text
            assert bad not in shot


async def test_hostile_names_never_reach_the_terminal(opened: Opened, study: Study) -> None:
    from facilitator.domain.ids import ResearchNumber
    from facilitator.domain.roster import Identity, Participant

    number, name = ResearchNumber("P1"), "[/nope] \x1b[31m\u202e Berg"
    study.change_linkage(lambda linkage: linkage.with_identities((Identity(number, name),)))
    study.record(ev.ParticipantAdded(Participant(number, {"[/b]\x1b": "[red]\x1b"})))
    async with opened(WIDE) as driver:
        for keys in (("r",), ("c", "escape"), ("a", "escape"), ("f1", "escape"), ("escape", "n")):
            await driver.press(*keys)
            assert "\x1b" not in driver.text
            assert "\u202e" not in driver.text


async def test_a_running_recording_shows_and_is_not_left_without_a_word(
    opened: Opened, peopled: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan(peopled, "North")
    monkeypatch.setattr("facilitator.tui.screens.home.find_signs", lambda *_: Signs(recording=(SessionId("01"),)))
    async with opened() as driver:
        assert "● REC 01" in driver.text.splitlines()[0]
        assert "● recording now" in driver.text
        await driver.press("q")
        assert "Leave while recording?" in driver.text
        await driver.press("n")
        assert isinstance(driver.app.screen, HomeScreen)


async def test_advice_for_a_shell_names_the_key_too(opened: Opened, peopled: Study) -> None:
    plan(peopled, "North")
    async with opened() as driver:
        await driver.press("e")
        assert "`facilitator transcribe 01`" in driver.text
        assert "Here: t on" in driver.text


async def test_keys_of_a_session_without_one_say_so(opened: Opened) -> None:
    async with opened() as driver:
        for key in "vtix":
            await driver.press(key)
            assert driver.notices == ["There is no session yet: n plans one."]  # one, however often
        assert isinstance(driver.app.screen, HomeScreen)


async def test_a_step_that_cannot_be_done_yet_is_refused_with_reasons(opened: Opened, peopled: Study) -> None:
    plan(peopled, "North")
    async with opened() as driver:
        await driver.press("t")
        assert "▲ Not found" in driver.text
        assert "has no finished recording" in driver.text
        await driver.press("escape")
        assert isinstance(driver.app.screen, HomeScreen)


async def test_import_asks_for_a_path_and_explains_a_missing_file(
    opened: Opened, peopled: Study, tmp_path: Path
) -> None:
    plan(peopled, "North")
    async with opened() as driver:
        await driver.press("i")
        await driver.write(str(tmp_path / "nothing.wav"))
        await driver.press("enter")
        assert "▲" in driver.text
        with Session(peopled, SessionId("01"), write=False) as session:
            assert session.state.takes == []


async def test_screens_open_and_close_by_their_keys(opened: Opened, peopled: Study) -> None:
    plan(peopled, "North")
    async with opened() as driver:
        for key, screen in (("n", NewSessionScreen), ("r", RosterScreen), ("v", VerifyScreen)):
            await driver.press(key)
            assert isinstance(driver.app.screen, screen)
            await driver.press("escape")
            assert isinstance(driver.app.screen, HomeScreen)


async def test_the_program_can_start_on_a_screen(study: Study, peopled: Study, opened: Opened) -> None:
    plan(peopled, "North")
    plan(peopled, "South")
    app = FacilitatorApp(study.folder.root, PASSPHRASE, ("verify", SessionId("02")))
    async with app.run_test(size=NARROW) as pilot:
        await Driver(app, pilot).settle()
        await Driver(app, pilot).settle()
        assert isinstance(app.screen, VerifyScreen)
        assert app.screen.session_id == "02"


async def test_enter_does_the_next_step(opened: Opened, peopled: Study) -> None:
    with Session(peopled, plan(peopled, "North")) as session:
        session.record(ev.AudioImported(16_000, 160_000, "0" * 64, "1" * 64))
        session.record(ev.TranscriptionStarted("faster-whisper", "base", "2" * 64, "en", 10_000))
        session.record(ev.TranscriptionFinished(1))
        session.record(ev.DraftMade((Segment(1, 0, 5000, None, "Hello."),)))
    async with opened() as driver:
        assert driver.app.screen.query_one(DataTable).has_focus
        assert "Enter: correct" in driver.text
        await driver.press("enter")
        assert isinstance(driver.app.screen, CorrectScreen)


async def test_a_damaged_session_keeps_its_row_and_is_explained(opened: Opened, peopled: Study) -> None:
    database = peopled.folder.session(plan(peopled, "North")).database
    database.write_bytes(bytes(len(database.read_bytes())))
    plan(peopled, "South")
    async with opened() as driver:
        assert "▲ Damaged file" in next(line for line in driver.text.splitlines() if "▸ 01" in line)
        assert "02 South" in driver.text
        await driver.press("enter")
        assert "✗ needs your backup" in driver.text.splitlines()[0]
        assert "✗ Event log" in driver.text
        assert "Restore sessions/01/session.db from your backup" in " ".join(driver.text.split())


def test_a_narrow_stage_is_the_last_one() -> None:
    stages = (("recorded", "✓"), ("transcribed", "✓"), ("corrected", "62 %"))
    assert stage_text(stages, wide=False) == "corrected 62 %"
    assert stage_text(stages, wide=True) == "recorded ✓  transcribed ✓  corrected 62 %"
    assert stage_text((("planned", "3 consents missing"),), wide=False) == "3 consents missing"
