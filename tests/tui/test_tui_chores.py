"""What is done to a whole study now and then, through the palette; and what the list of sessions reminds of."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
import session_material as material
from textual.command import CommandPalette
from tui_driver import NARROW, PASSPHRASE, WIDE, Driver, Opened

from facilitator.domain import events as ev
from facilitator.storage.study_folder import StudyFolder
from facilitator.tui.widgets.dialogs import AskText, ShowError, Told, Working
from facilitator.tui.widgets.form import Form
from facilitator.workflows.sessions import Session
from facilitator.workflows.study import Study, open_study


async def from_palette(driver: Driver, name: str) -> None:
    await driver.press("ctrl+p")
    assert isinstance(driver.app.screen, CommandPalette)
    await driver.press(*name.lower().replace(" ", "_").split("_")[0])
    for _ in range(50):
        await driver.pilot.pause(0.05)
        if name in driver.text:
            break
    await driver.press("down", "enter")
    await driver.settle()


@pytest.mark.parametrize("size", [NARROW, WIDE])
async def test_a_backup_is_made_and_says_where_it_lies(
    opened: Opened, peopled: Study, tmp_path: Path, size: tuple[int, int]
) -> None:
    material.drafted(peopled)
    target = tmp_path / "stick"
    target.mkdir()
    async with opened(size) as driver:
        await from_palette(driver, "Back up")
        assert isinstance(driver.app.screen, AskText), driver.text
        await driver.write(str(target))
        await driver.press("enter")
        while isinstance(driver.app.screen, Working):
            await driver.settle()
        assert isinstance(driver.app.screen, Told)
        assert "✓ 1 session" in driver.text
        assert "same disk" in driver.text
        await driver.press("escape")
    (made,) = target.iterdir()
    with open_study(StudyFolder(made), PASSPHRASE) as copy:
        assert copy.state.sessions == ["01"]
    peopled.refresh()
    assert peopled.state.backed_up_utc


async def test_another_passphrase_opens_the_study_then(opened: Opened, study: Study) -> None:
    async with opened() as driver:
        await from_palette(driver, "Passphrase")
        assert isinstance(driver.app.screen, Form), driver.text
        for value in (PASSPHRASE, "a longer new one", "a longer new 0ne"):
            await driver.write(value)
            assert value not in driver.text
            await driver.press("enter")
        assert "The two new passphrases differ." in driver.text
        await driver.press("escape")
        await from_palette(driver, "Passphrase")
        for value in (PASSPHRASE, "a longer new one", "a longer new one"):
            await driver.write(value)
            await driver.press("enter")
        await driver.settle()
        assert any("is changed" in notice for notice in driver.notices)
    open_study(study.folder, "a longer new one").close()


async def test_a_wrong_passphrase_changes_nothing(opened: Opened, study: Study) -> None:
    before = study.folder.identity_file.read_bytes()
    async with opened() as driver:
        await from_palette(driver, "Passphrase")
        for value in ("not the one", "a longer new one", "a longer new one"):
            await driver.write(value)
            await driver.press("enter")
        await driver.settle()
        assert isinstance(driver.app.screen, ShowError)
    assert study.folder.identity_file.read_bytes() == before


async def test_dates_of_deletion_are_set_and_remind(opened: Opened, peopled: Study) -> None:
    soon = (date.today() + timedelta(days=5)).isoformat()
    async with opened() as driver:
        await from_palette(driver, "Retention")
        assert "facilitator purge" in driver.text
        await driver.write("soon")
        await driver.press("ctrl+s")
        assert isinstance(driver.app.screen, ShowError)
        await driver.press("escape")
        await from_palette(driver, "Retention")
        await driver.write(soon)
        await driver.press("enter")
        await driver.write(soon)
        await driver.press("enter")
        assert "! The linkage file" in driver.text
        assert f"for deletion on {soon}" in driver.text
    peopled.refresh()
    assert peopled.state.retention == ev.RetentionSet(soon, soon)


@pytest.mark.parametrize("size", [NARROW, WIDE])
async def test_the_list_reminds_of_a_backup_once_there_is_sound(
    opened: Opened, peopled: Study, size: tuple[int, int]
) -> None:
    session_id = material.planned(peopled)
    async with opened(size) as driver:
        assert "backed up" not in driver.text
        with Session(peopled, session_id) as session:
            session.record(ev.AudioImported(16_000, 160_000, "0" * 64, "1" * 64))
        driver.app.home.reload()
        await driver.settle()
        assert "! This study was never backed up: ^p, then Back up" in driver.text
        peopled.record(ev.BackedUp(1, 1_000))
        driver.app.home.reload()
        await driver.settle()
        assert "backed up" not in driver.text
        assert datetime.fromisoformat(peopled.state.backed_up_utc) <= datetime.now(UTC)
