import pytest
import session_material as material
from session_material import HOSTILE
from tui_driver import NARROW, WIDE, Driver, Opened

from facilitator.domain.events import NoteTaken
from facilitator.domain.ids import MODERATOR, SessionId
from facilitator.domain.notes import NoteKind
from facilitator.domain.roster import RosterRow
from facilitator.domain.session_state import SessionState
from facilitator.tui.screens.conduct import ConductScreen
from facilitator.tui.screens.home import HomeScreen
from facilitator.tui.widgets.dialogs import ShowError
from facilitator.workflows.participants import add_participants
from facilitator.workflows.sessions import Session, plan_session
from facilitator.workflows.study import Study


def state_of(study: Study, session_id: SessionId) -> SessionState:
    study.refresh()
    with Session(study, session_id, write=False) as session:
        return session.state


async def conducting(driver: Driver, session_id: SessionId) -> ConductScreen:
    screen = ConductScreen(session_id)
    driver.app.push_screen(screen)
    await driver.settle()
    return screen


async def test_marks_are_stored_and_taken_back(peopled: Study, opened: Opened) -> None:
    session_id = material.planned(peopled)
    async with opened() as driver:
        await conducting(driver, session_id)
        await driver.press("1", "m", "2", "0")
        speakers = [mark.speaker for mark in state_of(peopled, session_id).marks.values()]
        assert speakers == ["P1", MODERATOR, "P2", None]
        await driver.press("u", "u", "backspace")
        assert [mark.speaker for mark in state_of(peopled, session_id).marks.values()] == ["P1", MODERATOR]
        await driver.press("9")
        assert any("4 participants" in notice for notice in driver.notices)
        await driver.press("u", "u", "u")
        assert state_of(peopled, session_id).marks == {}
        assert any("no speaker mark" in notice for notice in driver.notices)
        assert "saved ✓" in driver.text.splitlines()[0]


async def test_questions_follow_the_guide_and_letters_find_any(peopled: Study, opened: Opened) -> None:
    session_id = material.planned(peopled)
    async with opened() as driver:
        await conducting(driver, session_id)
        assert "not asked yet" in driver.text
        await driver.press("space")
        assert "OPENING 1 of 1" in driver.text
        await driver.press("space")
        assert "KEY 1 of 2" in driver.text
        assert "Could you say more about that?" in driver.text
        await driver.press("b", "g", *"should", "enter")
        assert "ENDING 1 of 1" in driver.text
        await driver.press("space", "space", "g", "escape")
        assert any("All questions were asked" in notice for notice in driver.notices)
    assert [asked for _, asked in state_of(peopled, session_id).asked] == ["round", "core", "round", "end", "change"]


async def test_a_note_keeps_digits_and_appears_once_stored(peopled: Study, opened: Opened) -> None:
    session_id = material.planned(peopled)
    async with opened() as driver:
        await conducting(driver, session_id)
        await driver.press("space", "2", "v", *"1 of 9 said m")
        assert state_of(peopled, session_id).notes == {}
        assert "quote · P2 ▸" in driver.text
        await driver.press("enter")
        (note,) = state_of(peopled, session_id).notes.values()
        assert (note.kind, note.text, note.speaker, note.question_id) == (
            NoteKind.QUOTE,
            "1 of 9 said m",
            "P2",
            "round",
        )
        assert "1 of 9 said m" in driver.text
        assert len(state_of(peopled, session_id).marks) == 1


async def test_escape_drops_a_note_and_an_empty_one_is_none(peopled: Study, opened: Opened) -> None:
    session_id = material.planned(peopled)
    async with opened() as driver:
        screen = await conducting(driver, session_id)
        await driver.press("t", *"gone", "escape", "f", "enter", "h", "space", "enter")
        assert state_of(peopled, session_id).notes == {}
        assert driver.app.screen is screen
        await driver.press("escape")
        assert isinstance(driver.app.screen, HomeScreen)


async def test_hostile_text_is_shown_as_signs(peopled: Study, opened: Opened) -> None:
    session_id = material.planned(peopled, HOSTILE)
    async with opened(WIDE) as driver:
        await conducting(driver, session_id)
        await driver.press("t")
        await driver.write(HOSTILE)
        await driver.press("enter")
        (note,) = state_of(peopled, session_id).notes.values()
        assert note.text.startswith("[/nope] ␛[31mred �dlrow� [b]bold[/b]")
        assert note.text.count("bold[/b]") == 1, "a paste comes once"
        assert "[/nope] ␛[31mred" in driver.text
        assert not set(driver.text) & set("\x1b\u202e\u202c\u2066\U000e0041")


async def test_a_session_in_use_leads_back(peopled: Study, opened: Opened) -> None:
    session_id = material.planned(peopled)
    async with opened() as driver:
        with Session(peopled, session_id):
            await conducting(driver, session_id)
            assert isinstance(driver.app.screen, ShowError)
            await driver.press("escape")
            assert isinstance(driver.app.screen, HomeScreen)


@pytest.mark.parametrize("size", [NARROW, WIDE])
async def test_everything_is_in_sight(size: tuple[int, int], peopled: Study, opened: Opened) -> None:
    session_id = material.planned(peopled)
    async with opened(size) as driver:
        screen = await conducting(driver, session_id)
        await driver.press("space", "space", "1", "t", *"tuning in", "enter")
        wanted = (
            "not recording",
            "KEY 1 of 2",
            "of 15:00",
            "treatment and your role?",
            "Has that changed",
            "tuning in",
        )
        people = ("P1", "P4", "moderator", "unknown", "◂")
        keys = ("t theme", "h own thought", "Speaker", "Undo", "Next", "Skip", "Go to", "r Record", "Help", "Back")
        for part in (*wanted, *people, *keys):
            assert part in driver.text, part
        assert len(list(screen.walk_children())) < 200


async def test_the_list_of_notes_scrolls_by_key(peopled: Study, opened: Opened) -> None:
    session_id = material.planned(peopled)
    with Session(peopled, session_id) as session:
        for number in range(40):
            session.record(NoteTaken(NoteKind.THEME, f"note {number}"), number * 1_000)
    async with opened() as driver:
        await conducting(driver, session_id)
        assert "note 39" in driver.text and "note 25" not in driver.text
        await driver.press(*["pagedown"] * 20)
        assert "note 0" in driver.text


async def test_twelve_participants_have_a_key_each(study: Study, opened: Opened) -> None:
    names = [f"Ola{number:02} Vik{number:02}" for number in range(1, 14)]
    add_participants(study, [RosterRow(name, (), {}) for name in names])
    numbers = tuple(study.state.participants)
    session_id = plan_session(study, material.guide(), numbers, title="Many")
    async with opened(NARROW) as driver:
        await conducting(driver, session_id)
        await driver.press("9", "J", "K", "L")
        speakers = [mark.speaker for mark in state_of(study, session_id).marks.values()]
        assert speakers == ["P9", "P10", "P11", "P12"]
        for entry in ("9 P9", "J P10", "K P11", "L P12", "– P13"):
            assert entry in driver.text


async def test_a_long_title_leaves_the_state_of_the_recording_whole(peopled: Study, opened: Opened) -> None:
    session_id = material.planned(peopled, "North [/nope] hospital in the long valley behind the mountains")
    async with opened(NARROW) as driver:
        await conducting(driver, session_id)
        await driver.press("1")
        line = driver.text.splitlines()[0]
        assert " GB " in line and "01 North" in line and line.endswith("saved ✓")
