"""A rehearsal as a person sees it: no microphone, and REHEARSAL on the first line whatever happens."""

import asyncio
from collections.abc import Callable

import pytest
import session_material as material
from tui_driver import NARROW, WIDE, Driver

from facilitator.domain.recording import Pause
from facilitator.tui.app import FacilitatorApp
from facilitator.tui.screens.conduct import ConductScreen
from facilitator.workflows.rehearsing import Rehearsed, rehearsal
from facilitator.workflows.sessions import Session
from facilitator.workflows.study import Study

P1, P2 = material.P1, material.P2


async def _until(driver: Driver, seen: Callable[[str], bool], seconds: float = 10.0) -> None:
    for _ in range(int(seconds / 0.05)):
        await driver.pilot.pause()
        if seen(driver.text.splitlines()[0]):
            return
        await asyncio.sleep(0.05)
    raise AssertionError(driver.text)


@pytest.mark.parametrize("size", [NARROW, WIDE])
async def test_a_group_is_rehearsed_without_a_microphone(
    size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PULSE_SERVER", "none")
    with rehearsal(Rehearsed("North", material.guide(), (P1, P2)), 20) as (study, own_id):
        app = FacilitatorApp(study.folder.root, at=("conduct", own_id), study=study)
        async with app.run_test(size=size) as pilot:
            driver = Driver(app, pilot)
            await driver.settle()
            await _until(driver, lambda line: "■ REHEARSAL 20× · not recording  0:00" in line)
            screen = driver.app.screen
            assert isinstance(screen, ConductScreen)
            await driver.press("r")
            await _until(driver, lambda line: "● REHEARSAL 20× 0:2" in line and "dB" in line)
            before_ms = screen.conduct.now_ms
            await driver.press("1")
            after_ms = screen.conduct.now_ms
            await driver.press("p")
            await _until(driver, lambda line: "‖ REHEARSAL 20× · BREAK" in line)
            await driver.press("p")
            await _until(driver, lambda line: "● REHEARSAL 20×" in line)
            assert "▲" not in driver.text, "no alarm, however fast the clock runs"
            assert not screen.may_record_action("check", ())
            await driver.press("s", "y")
            await _until(driver, lambda line: "■ REHEARSAL 20× · not recording" in line)
            marked_ms = [mark.at_ms for mark in screen.session.state.speaker_marks]
            assert len(marked_ms) == 1 and before_ms <= marked_ms[0] <= after_ms
            assert [why for _, _, why in screen.session.state.gaps] == [Pause.BREAK.value]


async def test_what_an_app_was_given_is_shown_without_unlocking(study: Study) -> None:
    with rehearsal(Rehearsed("North", material.guide(), (P1, P2)), 1) as (own, session_id):
        app = FacilitatorApp(study.folder.root, study=own)
        async with app.run_test() as pilot:
            driver = Driver(app, pilot)
            await driver.settle()
            assert "Rehearsal · North" in driver.text and "Passphrase" not in driver.text
        with Study(own.folder, own.settings, own.key) as again, Session(again, session_id, write=False) as session:
            assert session.state.takes == []
