from pathlib import Path

import pytest
from session_material import P1, drafted
from study_sound import record_sound
from tui_driver import NARROW, WIDE, Driver, Opened

from facilitator.domain import events as ev
from facilitator.domain.ids import SessionId
from facilitator.domain.progress import Progress
from facilitator.domain.withdrawal import Rule
from facilitator.tui.keys import shown_bindings
from facilitator.tui.screens.roster import RosterScreen
from facilitator.tui.screens.withdraw import WithdrawScreen
from facilitator.tui.widgets.line_input import LineInput
from facilitator.tui.widgets.withdraw_receipt import receipt_text
from facilitator.tui.widgets.withdraw_working import Carrying
from facilitator.workflows.sessions import Session
from facilitator.workflows.study import Study
from facilitator.workflows.withdrawing import withdraw, word_for

S1 = SessionId("01")
THEIRS = "humble"
"""A word that only P1 says."""


@pytest.fixture
def talked(peopled: Study) -> Study:
    """A session in which P1, who is Mona Vik, speaks once, with a note about her, and one turn has no speaker."""
    drafted(peopled)
    with Session(peopled, S1) as session:
        record_sound(session, 30)
    return peopled


def words(study: Study) -> str:
    with Session(study, S1, write=False) as session:
        return " ".join(turn.text for turn in session.state.transcript)


def receipt_file(study: Study, name: str = "receipt-P1.txt") -> Path:
    return study.folder.root / name


def is_whole(driver: Driver) -> None:
    """No line is wider than the terminal, and every key of the footer can be read."""
    shown = driver.text.splitlines()
    assert all(len(line) <= driver.app.size.width for line in shown)
    for key, binding in shown_bindings(driver.app.screen):
        assert any(f"{key} {binding.description}" in line for line in shown[-2:]), key


async def confirm(driver: Driver, typed: str = "P1") -> None:
    """Answer the question of ^s."""
    await driver.press("ctrl+s")
    await driver.write(typed)
    await driver.press("enter")


@pytest.mark.parametrize("size", [NARROW, WIDE])
async def test_what_is_theirs_is_shown_before_anything_happens(
    opened: Opened, talked: Study, size: tuple[int, int]
) -> None:
    async with opened(size) as driver:
        await driver.press("r")
        is_whole(driver)
        await driver.press("w")
        is_whole(driver)
        assert "Withdrawal · P1 (Mona Vik)" in driver.text
        assert "nothing is changed yet" in driver.text
        assert "( ) destroy · “If you withdraw, your data will be deleted”" in driver.text
        assert "( ) mask    · “Data collected until then may be kept, but is not used”" in driver.text
        assert "Session 01  1 turn (18 words), 1 note about them, 0:05 of sound" in driver.text
        assert "▲ 1 turn has no speaker" in driver.text
        await driver.press("ctrl+s")
        assert driver.notices[-1].startswith("Choose first what the consent form promises")
        talked.refresh()
        assert not talked.state.withdrawals and THEIRS in words(talked)


async def test_each_rule_says_what_it_does(opened: Opened, talked: Study) -> None:
    async with opened() as driver:
        await driver.press("r", "w", "space")
        assert "(•) destroy" in driver.text and "Destroyed will be what they said" in driver.text
        assert "bring any of it back." in driver.text
        await driver.press("down", "space")
        assert "( ) destroy" in driver.text and "(•) mask" in driver.text
        assert "Masked will be what they said" in driver.text


async def test_one_key_or_another_number_withdraws_nobody(opened: Opened, talked: Study) -> None:
    async with opened() as driver:
        await driver.press("r", "w", "space", "ctrl+s")
        assert "Withdraw P1 (Mona Vik)" in driver.text and "Type P1 to go on." in driver.text
        await driver.press("enter")
        assert "That was not P1." in driver.text and "Safe  Nothing was changed." in driver.text
        await driver.press("escape")
        await confirm(driver, "P2")
        assert "That was not P1." in driver.text
        await driver.press("escape", "ctrl+s", "escape")
        talked.refresh()
        assert not talked.state.withdrawals
        assert not receipt_file(talked).exists()


async def test_what_is_theirs_is_destroyed_and_the_receipt_shown_and_written(opened: Opened, talked: Study) -> None:
    async with opened(WIDE) as driver:
        await driver.press("r", "w", "space")
        await confirm(driver)
        assert "✓ carried out and read back" in driver.text
        assert f"✓ The receipt lies in {receipt_file(talked)}" in driver.text
        assert "Session 01: 1 turn (18 words) and 1 note about them destroyed." in driver.text
        assert "Mona" not in driver.text and "^s" not in driver.text
        is_whole(driver)
        written = receipt_file(talked).read_text()
        assert written.startswith("Receipt of a withdrawal\n") and "Mona" not in written
        talked.refresh()
        assert talked.state.withdrawals[P1].finished_utc
        assert P1 not in talked.linkage.identities
        assert THEIRS not in words(talked) and "Berit" in words(talked)
        await driver.press("escape")
        assert isinstance(driver.app.screen, RosterScreen)
        assert "3 participants · 3 consents missing · 1 withdrew" in driver.text
        assert "P1     –" in driver.text and "✓ withdrew 20" in driver.text
        assert "Mona" not in driver.text


async def test_what_was_masked_can_be_destroyed_later(opened: Opened, talked: Study) -> None:
    withdraw(talked, P1, Rule.MASK, word_for(P1))
    async with opened() as driver:
        await driver.press("r", "down", "down", "down", "c")
        assert driver.notices[-1].startswith("P1 withdrew")
        await driver.press("w")
        assert "(•) mask" in driver.text and "✓ withdrew 20" in driver.text
        assert "nothing of theirs is left to do" in driver.text
        await driver.press("up", "space")
        assert "P1 withdrew on 20" in driver.text and "by the rule “mask”" in driver.text
        assert "1 turn (18 words)" in driver.text
        await confirm(driver)
        assert "Contributions: destroyed" in driver.text
        talked.refresh()
        assert talked.state.withdrawals[P1].rule is Rule.DESTROY


async def test_the_receipt_is_shown_again_without_being_asked(opened: Opened, talked: Study) -> None:
    receipt_file(talked).write_text("the first one")
    withdraw(talked, P1, Rule.DESTROY, word_for(P1))
    async with opened(WIDE) as driver:
        await driver.press("r", "down", "down", "down", "w")
        assert "(•) destroy" in driver.text and "mask" not in driver.text
        driver.app.screen.query_one("#receipt", LineInput).value = ""
        await driver.press("ctrl+s")
        assert "The receipt is in no file; Esc, then w shows it again." in driver.text
        assert "Receipt of a withdrawal" in driver.text
        assert receipt_file(talked).read_text() == "the first one"
        assert not receipt_file(talked, "receipt-P1-2.txt").exists()


async def test_a_receipt_that_cannot_be_written_is_refused_before_anything_happens(
    opened: Opened, talked: Study
) -> None:
    receipt_file(talked).write_text("the first one")
    async with opened(WIDE) as driver:
        await driver.press("r", "w", "space")
        field = driver.app.screen.query_one("#receipt", LineInput)
        assert field.value == str(receipt_file(talked, "receipt-P1-2.txt"))
        for path, said in ((receipt_file(talked), "exists already"), (Path("/nowhere/x"), "Nothing can be written")):
            field.value = str(path)
            await driver.press("ctrl+s")
            assert said in driver.text and "Safe  Nothing was changed." in driver.text
            await driver.press("escape")
        talked.refresh()
        assert not talked.state.withdrawals


async def test_a_session_that_is_open_elsewhere_is_refused_and_can_be_tried_again(
    opened: Opened, talked: Study
) -> None:
    async with opened(WIDE) as driver:
        await driver.press("r", "w", "space")
        with Session(talked, S1):
            await confirm(driver)
            assert "open" in driver.text and "▲" in driver.text
            await driver.press("escape")
            talked.refresh()
            assert not talked.state.withdrawals
        assert "(•) destroy" in driver.text and "nothing is changed yet" in driver.text
        await confirm(driver)
        assert "✓ carried out and read back" in driver.text


async def test_one_that_was_broken_off_goes_on(opened: Opened, talked: Study) -> None:
    talked.record(ev.WithdrawalOrdered(P1, Rule.DESTROY, ()))
    async with opened(WIDE) as driver:
        await driver.press("r")
        assert "▲ withdrawal broken off" in driver.text
        await driver.press("down", "down", "down", "w")
        assert "▲ broken off" in driver.text and "(•) destroy" in driver.text
        assert "ordered before, and broken off: ^s goes on with it" in driver.text
        await confirm(driver)
        assert "✓ carried out and read back" in driver.text
        assert THEIRS not in words(talked)


async def test_one_that_the_disk_broke_off_says_what_is_safe_and_goes_on(
    opened: Opened, talked: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(WIDE) as driver:
        await driver.press("r", "w", "space")
        with monkeypatch.context() as patched:
            patched.setattr("facilitator.audio.striking.destroy_inside", lambda *_: None)
            await confirm(driver)
        assert "Some of the sound that was to be destroyed" in driver.text
        assert "Safe  The order is stored;" in driver.text
        await driver.press("escape")
        assert "▲ broken off" in driver.text and "✓ The receipt" not in driver.text
        assert not receipt_file(talked).exists()
        await confirm(driver)
        assert "✓ carried out and read back" in driver.text and receipt_file(talked).exists()


async def test_a_session_that_cannot_be_opened_is_told_and_nothing_can_be_started(
    opened: Opened, talked: Study
) -> None:
    talked.folder.session(S1).key.unlink()
    async with opened(WIDE) as driver:
        await driver.press("r", "w", "escape")
        assert isinstance(driver.app.screen, WithdrawScreen)
        assert "▲ cannot be looked at" in driver.text and "✗ " in driver.text
        assert "^s Withdraw" not in driver.text
        await driver.press("ctrl+s", "escape")
        assert isinstance(driver.app.screen, RosterScreen)
        talked.refresh()
        assert not talked.state.withdrawals


async def test_nobody_leaves_or_stops_while_it_is_carried_out(opened: Opened, talked: Study) -> None:
    async with opened() as driver:
        await driver.press("r", "w")
        dialog = Carrying("Withdrawing P1")
        await driver.app.push_screen(dialog)
        await driver.pilot.pause()
        assert "It cannot be stopped in between" in " ".join(driver.text.replace("┃", " ").split())
        dialog.report(Progress("Withdrawing P1", 1, 4, 30.0))
        await driver.pilot.pause()
        assert "Withdrawing P1 25% · 30 s left" in driver.text
        await driver.press("escape", "ctrl+q")
        assert driver.app.screen is dialog and driver.app.is_running
        assert "▲ It has to come to its end first" in driver.text
        dialog.dismiss()
        await driver.pilot.pause()
        assert isinstance(driver.app.screen, WithdrawScreen)


async def test_the_screen_stays_until_it_is_done(opened: Opened, talked: Study) -> None:
    async with opened() as driver:
        await driver.press("r", "w", "space", "ctrl+s")
        await driver.write("P1")
        await driver.pilot.press("enter", "escape", "escape")
        await driver.settle()
        talked.refresh()
        assert talked.state.withdrawals[P1].finished_utc
        assert receipt_file(talked).exists()


def test_a_receipt_is_wrapped_with_what_goes_on_further_in() -> None:
    lines = ["Receipt", "  Chain of hashes before: 0123456789abcdef", "- one two three", "  four", "", "- five"]
    assert receipt_text(lines, 20).plain.split("\n") == [
        "Receipt",
        "  Chain of hashes",
        "    before:",
        "    0123456789abcdef",
        "- one two three",
        "  four",
        "",
        "- five",
    ]
