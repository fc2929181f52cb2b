"""What stays in sight on the conduct screen looks as it is: at any size, under a line being typed, without colors."""

import re

import pytest
from conduct_driver import MIN, conducting, happened, led, notes_of, until
from session_material import P3
from textual.geometry import Region
from textual.style import Style
from tui_driver import NARROW, WIDE, Driver, Opened

from facilitator.domain import events as ev
from facilitator.domain.group import Presence
from facilitator.domain.ids import SessionId, Speaker
from facilitator.domain.notes import NoteKind
from facilitator.tui.widgets.note_list import NoteList
from facilitator.tui.widgets.note_text import NoteText
from facilitator.tui.widgets.opened import OpenedList
from facilitator.tui.widgets.participant_marks import ParticipantMarks
from facilitator.tui.widgets.question_panel import QuestionPanel
from facilitator.workflows.study import Study

HIGHLIGHTED = "option-list--option-highlighted"
QUOTE = "you control the process"


@pytest.fixture
def session_id(peopled: Study) -> SessionId:
    session_id = led(peopled)
    happened(
        peopled,
        session_id,
        20 * MIN,
        (MIN, ev.QuestionAsked("round")),
        (3 * MIN, ev.NoteTaken(NoteKind.FOLLOW_UP, "ask about short stays", Speaker("P2"), "round")),
        (4 * MIN, ev.NoteTaken(NoteKind.THEME, "hope", Speaker("P1"), "round")),
        (5 * MIN, ev.NoteTaken(NoteKind.QUOTE, QUOTE, Speaker("P3"), "round")),
    )
    return session_id


def open_list(driver: Driver) -> OpenedList:
    (shown,) = (one for one in driver.app.screen.query(OpenedList) if one.region)
    return shown


def row_style(driver: Driver) -> Style:
    """Of the row under the cursor of the open list."""
    return open_list(driver).get_visual_style(HIGHLIGHTED)


def notes_in_sight(driver: Driver) -> list[str]:
    region = driver.app.screen.query_one(NoteList).content_region
    return driver.text.splitlines()[region.y : region.bottom]


def grounds_of(driver: Driver, region: Region) -> set[str]:
    """Background colors."""
    lines = driver.app.screen._compositor.render_strips()[region.y : region.bottom]
    return {str(part.style.bgcolor) for line in lines for part in line if part.style}


async def resize(driver: Driver, width: int, height: int) -> None:
    await driver.pilot.resize_terminal(width, height)
    await driver.settle()


async def test_the_notes_outlive_a_terminal_of_any_size(opened: Opened, session_id: SessionId) -> None:
    async with opened() as driver:
        await conducting(driver, session_id)
        whole = notes_in_sight(driver)
        assert any(QUOTE in line for line in whole)
        for width, height in ((32, 60), (4, 40), (1, 24)):
            await resize(driver, width, height)
        await resize(driver, 36, 60)
        lines = notes_in_sight(driver)
        narrow = "".join(line[27:].strip() for line in lines)
        assert QUOTE.replace(" ", "") in narrow.replace(" ", "")
        await resize(driver, *NARROW)
        assert notes_in_sight(driver) == whole


async def test_a_selection_over_the_notes_leaves_no_trace(opened: Opened, session_id: SessionId) -> None:
    async with opened() as driver:
        screen = await conducting(driver, session_id)
        question, notes = screen.query_one(QuestionPanel).region, screen.query_one(NoteList).region
        grounds = grounds_of(driver, notes)
        await driver.pilot.mouse_down(offset=(2, question.y + 1))
        await driver.pilot.hover(offset=(40, notes.y + 2))
        await driver.pilot.mouse_up(offset=(40, notes.y + 2))
        await driver.settle()
        copied = screen.get_selected_text()
        assert copied is not None and "tell us" in copied and "NoteList" not in copied
        assert grounds_of(driver, question) != grounds, "the selection shows"
        await driver.press("down", "down")
        assert grounds_of(driver, notes) == grounds


async def test_a_list_that_a_note_takes_the_keys_from_looks_so(opened: Opened, session_id: SessionId) -> None:
    async with opened() as driver:
        screen = await conducting(driver, session_id)
        await driver.press("j")
        with_keys = row_style(driver)
        await driver.press("t", "a")
        without, writing = row_style(driver), screen.query_one(NoteText).visual_style
        assert without != with_keys and writing.bold and not without.bold
        shown = open_list(driver)
        await driver.pilot.click(offset=(10, shown.region.y + 1))
        await driver.settle()
        assert screen.focused is shown and row_style(driver) == with_keys
        assert screen.query_one(NoteText).visual_style != writing
        await driver.press("escape", "escape", "j")
        assert row_style(driver) == with_keys
        await driver.press("escape", "t")
        assert screen.query_one(NoteText).visual_style == writing


async def test_a_list_has_what_was_written_over_it(opened: Opened, session_id: SessionId) -> None:
    async with opened() as driver:
        await conducting(driver, session_id)
        await driver.press("l")
        assert "1 open" in driver.text
        await driver.press("f", "x", "y", "enter")
        assert "2 open" in driver.text


@pytest.mark.parametrize(("key", "label"), [("W", "word"), ("t", "theme ▸"), ("minus", "because ▸")])
async def test_the_first_key_says_what_its_line_is(opened: Opened, session_id: SessionId, key: str, label: str) -> None:
    async with opened() as driver:
        await conducting(driver, session_id)
        await driver.press(key)
        assert label in driver.text.splitlines()[-3]


async def test_the_row_under_the_cursor_needs_no_color(
    opened: Opened, session_id: SessionId, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with opened() as driver:
        await conducting(driver, session_id)
        for key in ("j", "l"):
            await driver.press(key)
            lines = driver.app.screen._compositor.render_strips()
            underlined = [line for line in lines if any(part.style and part.style.underline for part in line)]
            assert len(underlined) == 1
            await driver.press("escape")


async def test_the_newest_note_shows_however_long_it_is_and_little_room_there_is(
    opened: Opened, peopled: Study, session_id: SessionId
) -> None:
    happened(peopled, session_id, 30 * MIN, (25 * MIN, ev.NoteTaken(NoteKind.THEME, "begins " + "and goes on " * 80)))
    async with opened() as driver:
        screen = await conducting(driver, session_id)
        notes = notes_in_sight(driver)
        assert "begins and goes on" in notes[0] and notes[-1] == "  … 3 older ▾"
        styles = screen.query_one(NoteList).styles
        styles.height = styles.min_height = 2  # the line above is one of it
        await driver.settle()
        assert "begins and goes on" in notes_in_sight(driver)[0]


async def test_somebody_who_left_and_speaks_is_shown_to_speak(
    opened: Opened, peopled: Study, session_id: SessionId
) -> None:
    happened(peopled, session_id, 30 * MIN, (25 * MIN, ev.PresenceChanged(P3, Presence.LEFT)))
    async with opened(WIDE) as driver:
        await conducting(driver, session_id)
        await driver.press("3")
        assert re.search("3 P3 +Ola +left ◂", driver.text)
        await driver.press("tab")
        assert re.search("3 P3 Ola ← ◂", driver.text)


async def test_messages_cover_neither_people_nor_what_is_typed(opened: Opened, session_id: SessionId) -> None:
    async with opened(messages=True) as driver:
        await conducting(driver, session_id)
        await driver.press("9")
        await until(driver, lambda: "There are 4 participants" in driver.text)
        below = driver.text.splitlines()[driver.app.screen.query_one(ParticipantMarks).region.y :]
        assert not [line for line in below if "▌" in line]


async def test_a_paste_of_several_lines_is_one_and_too_long_a_note_is_refused_and_stays(
    opened: Opened, peopled: Study, session_id: SessionId
) -> None:
    async with opened() as driver:
        screen = await conducting(driver, session_id)
        await driver.press("t")
        await driver.write("one\r\ntwo\nthree")
        await driver.press("enter")
        assert notes_of(peopled, session_id)[-1].text == "one two three"
        await driver.press("t")
        await driver.write("word " * 900)
        await driver.press("enter")
        assert "more than 4000 characters" in driver.notices[-1]
        assert screen.query_one(NoteText).value == "word " * 900 and len(notes_of(peopled, session_id)) == 4
