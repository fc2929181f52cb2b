"""Who speaks, who is there and where they sit: one key each, and never a list in the way of it."""

import pytest
from conduct_driver import MIN, conducting, happened, state_of
from session_material import P1, P2, P3, P4, whole_guide
from tui_driver import NARROW, WIDE, Opened

from facilitator.domain import events as ev
from facilitator.domain.consent import Consent
from facilitator.domain.group import Presence
from facilitator.domain.ids import MODERATOR, SessionId, Speaker
from facilitator.tui.widgets.dialogs import ShowError
from facilitator.tui.widgets.participant_marks import ParticipantMarks
from facilitator.workflows.participants import record_consent
from facilitator.workflows.sessions import plan_session
from facilitator.workflows.study import Study


@pytest.fixture
def session_id(peopled: Study) -> SessionId:
    """Planned for three who consented; the fourth of the study has not."""
    record_consent(peopled, (P1, P2, P3), Consent(P1, "2021-09-14", True, True, False))
    return plan_session(peopled, whole_guide(), (P1, P2, P3), title="North hospital")


async def test_digits_go_by_seat_also_while_a_list_is_open(
    peopled: Study, opened: Opened, session_id: SessionId
) -> None:
    async with opened() as driver:
        await conducting(driver, session_id)
        await driver.press("w")
        assert any("Mark who speaks first" in one for one in driver.notices)
        await driver.press("x", "enter")
        assert any("There is no note yet" in one for one in driver.notices)
        await driver.press("j", "right_square_bracket", "right_square_bracket", "right_square_bracket")
        assert state_of(peopled, session_id).seats == (P2, P3, P1)
        await driver.press("1", "m", "3")
        assert "P1 Mona ◂" in driver.text and "People · 0 of 3" in driver.text
        marks = state_of(peopled, session_id).speaker_marks
        assert [mark.speaker for mark in marks] == [P2, MODERATOR, P1]
        await driver.press("left_square_bracket", "escape", "u")
        assert [mark.speaker for mark in state_of(peopled, session_id).speaker_marks] == [P2, MODERATOR]
        assert state_of(peopled, session_id).seats == (P2, P1, P3)
        await driver.press("2", "w")
        await driver.write("I would say")
        await driver.press("enter")
        state = state_of(peopled, session_id)
        ((mark, words),) = state.first_words.values()
        assert (state.marks[mark].speaker, words) == (Speaker(P1), "I would say")
        for key, name in (("c", "Checklist ·"), ("l", "Nothing was noted"), ("z", "To show")):
            await driver.press(key, "3")
            assert name in driver.text and "P3 Ola ◂" in driver.text
        await driver.press("g", "1")
        assert len(state_of(peopled, session_id).marks) == 6, "letters and digits look for a question there"


@pytest.mark.parametrize("size", [NARROW, WIDE])
async def test_the_table_and_the_hints(
    size: tuple[int, int], peopled: Study, opened: Opened, session_id: SessionId
) -> None:
    marks = ((1, "P1"), (11, MODERATOR), (12, "P2"))
    happened(peopled, session_id, 14 * MIN, *((at * MIN, ev.SpeakerMarked(Speaker(who))) for at, who in marks))
    async with opened(size) as driver:
        screen = await conducting(driver, session_id)
        people = screen.query_one(ParticipantMarks)
        for drawn in ("P3 silent 13 min", "P1 holds 77 %", "╭"):
            assert (drawn in driver.text) is (drawn != "╭"), drawn
        await driver.press("tab", "3")
        assert "╭" in driver.text and "P3 Ola ◂" in driver.text and "P3 silent" not in driver.text
        assert people.region.bottom <= screen.entry.region.y or size == WIDE
        await driver.press("i")
        assert "holds" not in driver.text and any("are off" in one for one in driver.notices)
        await driver.press("tab", "i")
        assert "╭" not in driver.text and "P1 holds 77 %" in driver.text


async def test_people_come_late_leave_or_join_unplanned(peopled: Study, opened: Opened, session_id: SessionId) -> None:
    async with opened() as driver:
        await conducting(driver, session_id)
        await driver.press("j")
        assert "?  1  P1    Mona         expected" in driver.text
        await driver.press("h", "down", "enter", "l", "down", "n")
        assert "✓  1  P1    Mona         here  since 0:00" in driver.text
        assert "←  2  P2    Åse          left  at 0:00" in driver.text and "–  3  P3" in driver.text
        assert "2 P2 Åse left" in driver.text and "3 P3 Ola absent" in driver.text
        assert state_of(peopled, session_id).expected == (P1,)
        await driver.press("down")
        assert "+     P4    " in driver.text and "not planned for today" in driver.text
        await driver.press("h")
        state = state_of(peopled, session_id)
        assert state.presence == {
            P1: Presence.HERE,
            P2: Presence.LEFT,
            P3: Presence.ABSENT,
            P4: Presence.HERE,
        }
        assert "▲ no consent to recording" in driver.text
        await driver.press("4")
        assert [mark.speaker for mark in state_of(peopled, session_id).speaker_marks] == [Speaker(P4)]


async def test_a_latecomer_without_consent_is_refused_once_there_is_a_recording(
    peopled: Study, opened: Opened, session_id: SessionId
) -> None:
    happened(peopled, session_id, 5 * MIN)
    async with opened() as driver:
        screen = await conducting(driver, session_id)
        before = state_of(peopled, session_id).last_seq
        await driver.press("j", "down", "down", "down", "h")
        assert any(isinstance(one, ShowError) for one in driver.app.screen_stack)
        assert "No consent to recording from P4." in driver.text and "Nothing was changed" in driver.text
        assert "■ not recording  5:00" in driver.text.splitlines()[0]
        await driver.press("escape")
        assert driver.app.screen is screen and "People · 0 of 3" in driver.text
        assert state_of(peopled, session_id).last_seq == before
        assert "saved ✓" not in driver.text
