from pathlib import Path

from tui_driver import NARROW, Driver

from facilitator.domain.access import Role
from facilitator.domain.guide import Guide
from facilitator.domain.ids import ResearchNumber
from facilitator.storage.keys import new_personal_key
from facilitator.tui.app import FacilitatorApp
from facilitator.workflows.access import grant
from facilitator.workflows.guides import find_guide
from facilitator.workflows.sessions import plan_session
from facilitator.workflows.study import Study


async def test_another_person_opens_the_study_with_an_identity_without_passphrase(
    peopled: Study, tmp_path: Path
) -> None:
    guide: Guide = find_guide(peopled.folder.guides, "pilot")
    made = plan_session(peopled, guide, [ResearchNumber("P1")], title="North hospital")
    plan_session(peopled, guide, [ResearchNumber("P2")], title="Closed to them")
    guest = new_personal_key()
    grant(peopled, made, guest.recipient, Role.TRANSCRIBER)
    (peopled.folder.root / "identity.age").unlink()
    file = tmp_path / "mine.txt"
    file.write_text(f"{guest.secret}\n")
    app = FacilitatorApp(peopled.folder.root, identity=file)
    async with app.run_test(size=NARROW) as pilot:
        driver = Driver(app, pilot)
        await driver.settle()
        assert app.study is not None and app.study.key == guest
        assert "North hospital" in driver.text and "Closed to them" not in driver.text
        assert "Access refused" in driver.text
        await driver.press("p")
        assert "Kristin" not in driver.text
