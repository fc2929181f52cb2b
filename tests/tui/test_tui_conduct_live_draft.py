"""The draft that is made while a group is recorded, as far as the screen has a part in it."""

from conduct_driver import conducting, led
from tui_driver import Opened

from facilitator.workflows.live_draft import Standing
from facilitator.workflows.study import Study


async def test_one_key_switches_the_draft_off_and_on_again(peopled: Study, opened: Opened) -> None:
    session_id = led(peopled)
    async with opened() as driver:
        screen = await conducting(driver, session_id)
        assert screen.draft.standing == Standing(on=True)
        await driver.press("T")
        await driver.settle()
        assert not screen.draft.standing.on
        assert driver.notices == ["No draft is made meanwhile. Transcribe afterwards."]
        await driver.press("T")
        await driver.settle()
        assert screen.draft.standing.on
        assert driver.notices == ["The draft is made meanwhile again."]
