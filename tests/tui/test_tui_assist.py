"""A second person beside the one who conducts: what each sees of the other, and what a strike leaves of a line."""

import asyncio

import pytest
from conduct_driver import MIN, conducting, happened, led, notes_of, state_of
from textual.events import Key
from tui_driver import Driver, Opened

from facilitator.domain import events as ev
from facilitator.domain.ids import SessionId, Speaker
from facilitator.domain.notes import NoteKind
from facilitator.tui.screens.assist import AssistScreen
from facilitator.tui.screens.conduct import ConductScreen
from facilitator.workflows.assisting import Assist
from facilitator.workflows.note_taking import NoteTaking
from facilitator.workflows.sessions import Session
from facilitator.workflows.study import Study


@pytest.fixture
def session_id(peopled: Study) -> SessionId:
    return led(peopled)


async def assisting(driver: Driver, session_id: SessionId) -> AssistScreen:
    screen = AssistScreen(session_id)
    driver.app.push_screen(screen)
    await driver.settle()
    return screen


async def test_both_see_what_the_other_wrote_and_take_back_their_own(
    peopled: Study, opened: Opened, session_id: SessionId
) -> None:
    async with opened() as driver:
        with Session(peopled, session_id) as main:
            noting = NoteTaking(main)
            screen = await assisting(driver, session_id)
            await driver.press("t", *"seen", "enter", "2")
            noting.mark(Speaker("P3"))
            main.refresh()
            assert [note.text for note in main.state.notes.values()] == ["seen"]
            screen.take_in()
            await driver.settle()
            assert "P3 Ola ◂" in driver.text
            await driver.press("u")
            main.refresh()
            assert [mark.speaker for mark in main.state.marks.values()] == ["P3"], "never the other's"
        for key in "rpoxs":
            assert not [one for one in screen.active_bindings.values() if one.binding.key == key and one.enabled]


async def test_what_the_other_removes_leaves_an_open_list(
    peopled: Study, opened: Opened, session_id: SessionId
) -> None:
    async with opened() as driver:
        screen = await conducting(driver, session_id)
        await driver.press("f", *"ask", "enter", "l")
        with Session(peopled, session_id, beside=True) as other:
            (note,) = other.state.notes.values()
            Assist(other).edit_note(note.id, note.kind, "", None)
        await driver.press("enter")
        assert driver.app.screen is screen and "Nothing was noted" in driver.text


async def test_a_note_that_the_other_changed_meanwhile_is_not_overwritten_unseen(
    peopled: Study, opened: Opened, session_id: SessionId
) -> None:
    async with opened() as driver:
        await conducting(driver, session_id)
        await driver.press("t", *"hope", "enter", "enter", *" more")
        with Session(peopled, session_id, beside=True) as other:
            (note,) = other.state.notes.values()
            Assist(other).edit_note(note.id, NoteKind.NONVERBAL, "nods", Speaker("P2"))
        await driver.press("enter")
        assert "now it is nonverbal · P2, “nods”. Enter again stores yours" in driver.notices[-1]
        assert [one.text for one in notes_of(peopled, session_id)] == ["nods"]
        await driver.press("escape")
        assert [one.text for one in notes_of(peopled, session_id)] == ["nods"], "Esc leaves theirs"
        await driver.press("enter", *" thrice")
        with Session(peopled, session_id, beside=True) as other:
            Assist(other).edit_note(note.id, NoteKind.NONVERBAL, "", None)
        await driver.press("enter")
        assert "removed" in driver.notices[-1] and notes_of(peopled, session_id) == []
        await driver.press("enter")
        assert [one.text for one in notes_of(peopled, session_id)] == ["nods thrice"]


@pytest.fixture
def kept_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is typed is stored whenever the screen looks."""
    monkeypatch.setattr("facilitator.tui.screens.noting_screen.KEEP_S", 0.0)


def changes(study: Study, session_id: SessionId, text: str) -> None:
    """The other person gives the last note this text."""
    with Session(study, session_id, beside=True) as other:
        note = max(other.state.drafts)
        Assist(other).edit_note(note, NoteKind.THEME, text, None)


def texts(study: Study, session_id: SessionId) -> list[str]:
    return [one.text for one in notes_of(study, session_id)]


async def half_typed(driver: Driver, study: Study, session_id: SessionId, theirs: str) -> None:
    """A note is typed here and stored on the way; the other person gives it another text."""
    screen = await conducting(driver, session_id)
    await driver.press("t", *"mine")
    screen.keep()
    changes(study, session_id, theirs)


@pytest.mark.usefixtures("kept_at_once")
async def test_a_half_typed_note_that_the_other_changed_is_kept_as_they_left_it(
    peopled: Study, opened: Opened, session_id: SessionId
) -> None:
    async with opened() as driver:
        screen = await conducting(driver, session_id)
        await driver.press("t", *"half", "space")
        screen.keep()
        assert texts(peopled, session_id) == ["half"]
        changes(peopled, session_id, "half PLUS")
        await driver.press("x")
        screen.take_in()
        assert texts(peopled, session_id) == ["half PLUS"]
        await driver.press("enter")
        screen.take_in()
        assert texts(peopled, session_id) == ["half PLUS"], "told, and not stored before the next Enter"
        await driver.press("y", "escape")
        assert texts(peopled, session_id) == ["half PLUS"]


@pytest.mark.usefixtures("kept_at_once")
@pytest.mark.parametrize("theirs", ["other", ""])
async def test_enter_again_stores_ones_own_though_nothing_more_was_typed(
    theirs: str, peopled: Study, opened: Opened, session_id: SessionId
) -> None:
    async with opened() as driver:
        await half_typed(driver, peopled, session_id, theirs)
        await driver.press("enter", "enter")
        assert texts(peopled, session_id) == ["mine"]


@pytest.mark.usefixtures("kept_at_once")
async def test_escape_right_after_the_other_changed_it_leaves_theirs(
    peopled: Study, opened: Opened, session_id: SessionId
) -> None:
    async with opened() as driver:
        await half_typed(driver, peopled, session_id, "theirs")
        await driver.press("escape")
        assert texts(peopled, session_id) == ["theirs"]


@pytest.mark.usefixtures("kept_at_once")
async def test_whoever_leaves_loses_nothing_and_overwrites_nothing(
    peopled: Study, opened: Opened, session_id: SessionId
) -> None:
    async with opened() as driver:
        await half_typed(driver, peopled, session_id, "theirs")
        await driver.press("s")
        await driver.app.action_quit()
    assert texts(peopled, session_id) == ["theirs", "mines"]


async def test_whoever_leaves_with_too_long_a_note_leaves_several(
    peopled: Study, opened: Opened, session_id: SessionId
) -> None:
    async with opened() as driver:
        await conducting(driver, session_id)
        await driver.press("t")
        await driver.write("word " * 900)
        await driver.app.action_quit()
    assert " ".join(texts(peopled, session_id)).split() == ["word"] * 900
    assert len(texts(peopled, session_id)) == 2


async def test_keys_that_come_before_the_screen_is_there_do_nothing(
    peopled: Study, opened: Opened, session_id: SessionId
) -> None:
    async with opened() as driver:
        for screen in (ConductScreen(session_id), AssistScreen(session_id)):
            driver.app.push_screen(screen)
            for _ in range(30):
                driver.app.post_message(Key("space", " "))
                driver.app.post_message(Key("escape", None))
                await asyncio.sleep(0)
            await driver.settle()
            assert driver.app.is_running and driver.app._exception is None
            if driver.app.screen is screen:
                await driver.press("escape", "escape")


async def test_first_words_stay_with_the_turn_at_which_they_were_begun(
    peopled: Study, opened: Opened, session_id: SessionId
) -> None:
    async with opened() as driver:
        await conducting(driver, session_id)
        await driver.press("1", "w", *"I see")
        with Session(peopled, session_id, beside=True) as other:
            Assist(other).mark(Speaker("P2"))
        await driver.press("enter")
        state = state_of(peopled, session_id)
        ((mark, words),) = state.first_words.values()
        assert (state.marks[mark].speaker, words) == ("P1", "I see")


@pytest.mark.parametrize("screen_type", [AssistScreen, ConductScreen])
async def test_a_line_that_was_open_when_minutes_were_struck_is_dropped(
    screen_type: type[ConductScreen | AssistScreen], peopled: Study, opened: Opened, session_id: SessionId
) -> None:
    happened(peopled, session_id, 20 * MIN, (2 * MIN, ev.NoteTaken(NoteKind.THEME, "long before")))
    async with opened() as driver:
        driver.app.push_screen(screen_type(session_id))
        await driver.settle()
        await driver.press("t", *"secret")
        log = driver.app.screen.session  # type: ignore[attr-defined]
        log.record(ev.StrikeOrdered(15 * MIN, 20 * MIN), 20 * MIN)
        await driver.press("enter")
        assert "theme ▸" not in driver.text and any("was dropped" in one for one in driver.notices)
        assert [note.text for note in notes_of(peopled, session_id)] == ["long before"]
        await driver.press("t", *"since", "enter")
        assert [note.text for note in notes_of(peopled, session_id)][-1] != "secret"


@pytest.mark.usefixtures("kept_at_once")
@pytest.mark.parametrize("leaving", [False, True])
async def test_what_is_half_typed_when_minutes_are_struck_is_not_stored_on_the_way(
    leaving: bool, peopled: Study, opened: Opened, session_id: SessionId, monkeypatch: pytest.MonkeyPatch
) -> None:
    happened(peopled, session_id, 20 * MIN)
    async with opened() as driver:
        screen = await conducting(driver, session_id)
        if leaving:
            monkeypatch.setattr("facilitator.tui.screens.noting_screen.KEEP_S", 60.0)
        await driver.press("t", *"secret")
        screen.session.record(ev.StrikeOrdered(15 * MIN, 20 * MIN), 20 * MIN)
        if leaving:
            await driver.app.action_quit()
        else:
            screen.take_in()
            await driver.settle()
            assert "theme ▸" not in driver.text
    assert texts(peopled, session_id) == []
