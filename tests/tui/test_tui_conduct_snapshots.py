"""Every state of the conduct screen as text, so nothing here is told by color alone: see `snapshots`."""

from collections import namedtuple
from collections.abc import Callable

import pytest
from conduct_driver import MIN, conducting, happened, led, stage
from session_material import FIT, P1, P2, P3, P4
from snapshots import check
from tui_driver import NARROW, WIDE, Driver, Opened

from facilitator.domain import events as ev
from facilitator.domain.group import Presence
from facilitator.domain.ids import MODERATOR, SessionId, Speaker
from facilitator.domain.notes import NoteKind
from facilitator.domain.recording import Pause, Trouble
from facilitator.domain.session_state import Troubled
from facilitator.tui.screens.assist import AssistScreen
from facilitator.workflows.study import Study

SIZES = pytest.mark.parametrize("size", [NARROW, WIDE])
HERE = [(MIN, ev.PresenceChanged(number, Presence.HERE)) for number in (P1, P2, P3)]
KEYS = {"stimuli": "z", "people": "j", "returning": "l", "checklist": "c", "picker": "g"}


@pytest.fixture(autouse=True)
def the_same_everywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr("facilitator.tui.recording_watch.shutil.disk_usage", lambda _: usage(0, 0, 41 * 10**9))
    monkeypatch.setattr("facilitator.tui.recording_watch._battery_text", lambda: "")


@pytest.fixture
def session_id(peopled: Study) -> SessionId:
    return led(peopled)


@pytest.fixture
def under_way(peopled: Study, session_id: SessionId) -> SessionId:
    """After 20 minutes, in the first key question, with notes of several kinds; P4 does not come."""
    happened(
        peopled,
        session_id,
        20 * MIN,
        *HERE,
        (MIN, ev.PresenceChanged(P4, Presence.ABSENT)),
        (MIN, ev.QuestionAsked("round")),
        (2 * MIN, ev.SpeakerMarked(Speaker("P2"))),
        (5 * MIN, ev.SpeakerMarked(Speaker("P1"))),
        (6 * MIN, ev.QuestionAsked("first")),
        (9 * MIN, ev.QuestionAsked("groups")),
        (9 * MIN + 20_000, ev.StimulusShown("groups", 0)),
        (10 * MIN, ev.NoteTaken(NoteKind.FOLLOW_UP, "ask P2 about short stays", Speaker("P2"), "groups")),
        (11 * MIN, ev.NoteTaken(NoteKind.PARKED, "Dutch version", None, "groups")),
        (12 * MIN, ev.SpeakerMarked(MODERATOR)),
        (13 * MIN, ev.QuestionAsked("core")),
        (14 * MIN, ev.SpeakerMarked(Speaker("P3"))),
        (15 * MIN, ev.NoteTaken(NoteKind.QUOTE, "“you control the process” #core #staff", Speaker("P3"), "core")),
        (16 * MIN, ev.NoteTaken(NoteKind.MOMENT, "(here)", Speaker("P3"), "core")),
    )
    return session_id


@pytest.fixture
def late(peopled: Study, session_id: SessionId) -> SessionId:
    """After 40 of 60 minutes, over time in the last key question, with one question left to drop."""
    happened(
        peopled,
        session_id,
        40 * MIN,
        *HERE,
        (MIN, ev.QuestionAsked("round")),
        (2 * MIN, ev.SpeakerMarked(Speaker("P2"))),
        (6 * MIN, ev.QuestionAsked("core")),
        (20 * MIN, ev.SpeakerMarked(Speaker("P1"))),
        (24 * MIN, ev.QuestionAsked("fit")),
        (30 * MIN, ev.NoteTaken(NoteKind.QUOTE, f"“it depends”: {'so it does ' * 8}", Speaker("P3"), "fit")),
        (30 * MIN, ev.SpeakerMarked(Speaker("P2"))),
        (31 * MIN, ev.SpeakerMarked(Speaker("P1"))),
        (31 * MIN, ev.NoteTaken(NoteKind.THEME, "flexibility", Speaker("P3"), "fit")),
    )
    return session_id


@SIZES
async def test_before_anything(size: tuple[int, int], opened: Opened, session_id: SessionId) -> None:
    async with opened(size) as driver:
        await conducting(driver, session_id)
        shown = check("before", driver)
        assert "■ not recording  0:00" in shown and "space asks it" in shown and "No notes yet." in shown


@SIZES
async def test_a_group_under_way_and_each_list(size: tuple[int, int], opened: Opened, under_way: SessionId) -> None:
    async with opened(size) as driver:
        await conducting(driver, under_way)
        shown = check("question", driver)
        for part in ("KEY 1 of 2", "next ▸ KEY 2 of 2", "P3 Ola ◂" if size is NARROW else "33 %   1× ◂", "absent"):
            assert part in shown, part
        for name, key in KEYS.items():
            await driver.press(key)
            shown = check(name, driver)
            assert "■ not recording" in shown and "t theme" not in shown, "no legend of keys that mean something else"
            await driver.press("escape")
        await driver.press("b")
        assert "◫ The card with the eleven modules · shown" in check("stimuli-beside", driver)
        await driver.press("U")
        assert "KEY 1 of 2" in driver.text and "taken back: TRANSITION 1 asked" in driver.text
        await driver.press("full_stop")
        assert "t theme" in driver.text


async def test_lines_that_are_written(opened: Opened, under_way: SessionId) -> None:
    async with opened(NARROW) as driver:
        await conducting(driver, under_way)
        await driver.press("t")
        await driver.write("the manual is in the way #co")
        assert "theme · P3 ▸" in check("line-note", driver)
        await driver.press("escape", "down", "down", "enter")
        assert "edit quote · P3 ▸" in check("line-edit", driver)
        await driver.press("escape", "minus")
        assert "because ▸" in check("line-skip", driver)
        await driver.press("escape", "W")
        assert "wording ▸" in check("line-wording", driver)
        await driver.press("escape", "w")
        assert "first words · P3 ▸" in check("line-first-words", driver)
        await driver.press("escape", "c", "t")
        assert "theme ▸" in check("line-below-a-list", driver)


@SIZES
async def test_the_round_table(size: tuple[int, int], opened: Opened, under_way: SessionId) -> None:
    async with opened(size) as driver:
        await conducting(driver, under_way)
        await driver.press("tab")
        shown = check("table", driver)
        assert "╭" in shown and "3 P3 Ola ◂" in shown and "m moderator" in shown


@SIZES
async def test_a_late_group_while_it_records(
    size: tuple[int, int], opened: Opened, late: SessionId, monkeypatch: pytest.MonkeyPatch
) -> None:
    staged = stage(monkeypatch, 40 * MIN)
    async with opened(size) as driver:
        screen = await conducting(driver, late)
        shown = check("late", driver)
        assert "● REC 40:00" in shown and "+3:00 late · y drops “Think back to when you" in shown
        assert "P3 silent 38 min" in shown and "P4 silent" not in shown, "nobody said that P4 is here"
        assert all(word in shown for word in (*FIT.split(), "Think", "medication"))
        await driver.press("s")
        shown = check("stop", driver)
        assert "y stops" in shown and "y drops" not in shown, "y means one thing at a time"
        await driver.press("escape", "x")
        assert "how many?" in check("strike-minutes", driver)
        await driver.press("5", "enter")
        shown = check("strike-word", driver)
        assert "● REC 40:00" in shown and "Type strike and Enter" in shown.replace("\n", "")
        await driver.press("escape", "i")
        driver.app.clear_notifications()
        await driver.pilot.pause()
        assert "silent" not in check("hints-off", driver)
        staged.show(paused=Pause.BREAK, paused_ms=38 * MIN)
        await _drawn(driver, screen.tick)
        assert "‖ BREAK since 38:00 · nothing is recorded" in check("paused", driver)
        staged.show(paused=None, troubles=(Troubled(39 * MIN, Trouble.NO_SOUND),))
        await _drawn(driver, screen.tick)
        assert "▲ NO SOUND ARRIVES since 39:00" in check("alarm", driver)


async def test_the_debrief(opened: Opened, under_way: SessionId) -> None:
    for size in (NARROW, WIDE):
        async with opened(size) as driver:
            await conducting(driver, under_way)
            await driver.press("D")
            await driver.write("flexible use of the manual")
            shown = check("debrief", driver)
            assert "✓  7:00 of 13:00   key · What is the core" in shown or size is NARROW
            assert "tension?" in shown


async def test_the_assistant(opened: Opened, under_way: SessionId) -> None:
    async with opened(NARROW) as driver:
        driver.app.push_screen(AssistScreen(under_way))
        await driver.settle()
        shown = check("assist", driver)
        assert "ASSISTING  ■ not recording  20:00" in shown and "r Record" not in shown


async def _drawn(driver: Driver, draw: Callable[[], None]) -> None:
    draw()
    await driver.settle()
