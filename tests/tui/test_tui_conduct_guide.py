"""Leading a group through its guide: what comes next, what is left out or put off, and what is dropped when late."""

import pytest
from conduct_driver import MIN, conducting, happened, led, plan_of, state_of
from session_material import CORE
from tui_driver import Driver, Opened

from facilitator.domain import events as ev
from facilitator.domain.ids import SessionId
from facilitator.domain.notes import NoteKind
from facilitator.domain.time_plan import Standing
from facilitator.workflows.study import Study

ASKED = [(at * MIN, ev.QuestionAsked(name)) for at, name in ((1, "round"), (6, "first"), (12, "groups"), (19, "core"))]


@pytest.fixture
def session_id(peopled: Study) -> SessionId:
    return led(peopled)


def standings(study: Study, session_id: SessionId) -> dict[str, str]:
    plan = plan_of(study, session_id)
    return {one.id: plan.standing(one).value for one in plan.questions if plan.standing(one) is not Standing.OPEN}


def reason(study: Study, session_id: SessionId, question_id: str) -> str:
    plan = plan_of(study, session_id)
    (question,) = [one for one in plan.questions if one.id == question_id]
    return plan.reason(question)


async def written(driver: Driver, text: str) -> None:
    await driver.write(text)
    await driver.press("enter")


async def test_the_next_question_is_put_left_out_or_put_off_and_each_step_taken_back(
    peopled: Study, opened: Opened, session_id: SessionId
) -> None:
    async with opened() as driver:
        await conducting(driver, session_id)
        await driver.press("U")
        assert any("No question was asked" in one for one in driver.notices)
        await driver.press("space", "minus")
        assert "skip “Think back to when you …” because ▸" in driver.text
        await driver.press("escape")
        assert standings(peopled, session_id) == {"round": "asked"}
        await driver.press("minus")
        await written(driver, "they have just met")
        assert reason(peopled, session_id, "first") == "they have just met"
        await driver.press("plus")
        assert "next ▸ KEY 1 of 2" in driver.text
        assert standings(peopled, session_id) == {"round": "asked", "first": "skipped", "groups": "parked"}
        await driver.press("b")
        assert any("No other was asked before" in one for one in driver.notices)
        await driver.press("U", "U")
        assert standings(peopled, session_id) == {"round": "asked"}
        assert "next ▸ INTRODUCTORY 1 of 1" in driver.text
        await driver.press("U")
        assert standings(peopled, session_id) == {} and "not asked yet · space asks it" in driver.text


async def test_letters_find_a_question_to_ask_to_skip_or_to_put_off(
    peopled: Study, opened: Opened, session_id: SessionId
) -> None:
    async with opened() as driver:
        await conducting(driver, session_id)
        await driver.press("g")
        await driver.write("KEY WITHOUT")
        assert "What is the core of it" in driver.text and "rub against" not in driver.text
        await driver.press("f7")
        assert "because ▸" in driver.text
        await written(driver, "was said")
        await driver.press("g")
        await driver.write("rub against")
        await driver.press("f8", "g", "down", "down", "enter")
        assert standings(peopled, session_id) == {"core": "skipped", "fit": "parked", "groups": "asked"}
        assert reason(peopled, session_id, "core") == "was said"
        await driver.press("g")
        assert "– KEY 1 of 2" in driver.text and "↷ KEY 2 of 2" in driver.text and "✓ TRANSITION" in driver.text
        await driver.write("nothing like it")
        await driver.press("enter", "f7", "f8", "up", "down", "escape")
        assert standings(peopled, session_id) == {"core": "skipped", "fit": "parked", "groups": "asked"}


async def test_what_was_put_off_and_what_was_to_come_back_to_come_before_the_ending(
    peopled: Study, opened: Opened, session_id: SessionId
) -> None:
    parked = (20 * MIN, ev.QuestionParked("fit"))
    follow_up = (21 * MIN, ev.NoteTaken(NoteKind.FOLLOW_UP, "ask P2 about short stays"))
    happened(peopled, session_id, 32 * MIN, *ASKED, parked, follow_up)
    async with opened() as driver:
        await conducting(driver, session_id)
        assert "next ▸ KEY 2 of 2" in driver.text, "before the ending question that follows in the guide"
        await driver.press("space")
        assert "KEY 2 of 2" in driver.text and standings(peopled, session_id)["fit"] == "asked"
        await driver.press("space")
        assert "To come back to before the end · 1 open" in driver.text
        assert "most" not in standings(peopled, session_id)
        assert "Enter taken up · space goes on" in driver.text
        await driver.press("enter")
        assert "To come back to before the end · 0 open" in driver.text and "[✓]" in driver.text
        await driver.press("space")
        assert "ENDING 1 of 2" in driver.text and standings(peopled, session_id)["most"] == "asked"


async def test_a_question_is_worded_anew_and_shown_with_its_cards_and_probes(
    peopled: Study, opened: Opened, session_id: SessionId
) -> None:
    async with opened() as driver:
        screen = await conducting(driver, session_id)
        await driver.press("z")
        assert "To show with the questions" in driver.text
        await driver.press("down", "enter")
        assert "The vignette of Anne  · shown 0:00" in driver.text
        await driver.press("escape", "g")
        await driver.write("place where you work")
        await driver.press("enter")
        assert "◫ The card with the eleven modules · z when shown" in driver.text
        assert "◫ The vignette of Anne · shown" in driver.text
        assert [one[1:] for one in state_of(peopled, session_id).stimuli] == [("groups", 1)]
        await driver.press("full_stop")
        assert "▸ 1 probe · . shows" in driver.text and "Which modules" not in driver.text
        await driver.press("full_stop")
        assert "▸ Which modules do you use most" in driver.text
        await driver.press("W")
        assert screen.entry.text == "How does it look in the place where you work?"
        await driver.press("home", *["delete"] * 3)
        await driver.write("And how")
        await driver.press("enter")
        assert "And how does it look in the place where you work?" in driver.text
        await driver.press("W", "end", "ctrl+u", "enter")
        assert "How does it look" in driver.text and "And how does" not in driver.text
        texts = {one.id: one.text for one in plan_of(peopled, session_id).questions}
        assert texts["groups"] == "How does it look in the place where you work?" and texts["core"] == CORE


async def test_a_late_group_is_told_what_to_drop_and_y_drops_it(
    peopled: Study, opened: Opened, session_id: SessionId
) -> None:
    happened(peopled, session_id, 33 * MIN, ASKED[0], ASKED[-1])
    async with opened() as driver:
        screen = await conducting(driver, session_id)
        assert "+9:00 late · y drops INTRODUCTORY 1, TRANSITION 1: keeps all" in " ".join(driver.text.split())
        assert screen.check_action("yes", ()) and "y Yes" in driver.text
        await driver.press("y")
        assert standings(peopled, session_id) == {
            "round": "asked",
            "core": "asked",
            "first": "skipped",
            "groups": "skipped",
        }
        assert reason(peopled, session_id, "groups") == "no time"
        assert "late" not in driver.text and "y Yes" not in driver.text and not screen.check_action("yes", ())
        await driver.press("U")
        assert standings(peopled, session_id) == {"round": "asked", "core": "asked"}, "one key, one to undo"
        assert "+9:00 late" in driver.text
        assert "taken back: INTRODUCTORY 1 skipped, TRANSITION 1 skipped" in driver.text


@pytest.mark.parametrize(("typed", "found"), [("key 2", "fit"), ("key 1", "core"), ("ending", "most")])
async def test_kind_and_number_find_that_question(
    peopled: Study, opened: Opened, session_id: SessionId, typed: str, found: str
) -> None:
    async with opened() as driver:
        screen = await conducting(driver, session_id)
        await driver.press("g", *(key if key != " " else "space" for key in typed), "enter")
        assert screen.current_question_id == found
