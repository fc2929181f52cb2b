import asyncio
import subprocess
import sys
from pathlib import Path

from textual.widgets import Input
from tui_driver import NARROW, PASSPHRASE, Driver

from facilitator.tui.app import FacilitatorApp
from facilitator.tui.screens.home import HomeScreen
from facilitator.tui.screens.unlock import UnlockScreen
from facilitator.tui.screens.welcome import WelcomeScreen

FIRST_PAINT = """
import asyncio, sys
from pathlib import Path
from facilitator.tui.app import FacilitatorApp

class Stopped(FacilitatorApp):
    def get_default_screen(self):
        screen = super().get_default_screen()
        screen._open = lambda: None
        return screen

async def main():
    app = Stopped(Path("."))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert "Facilitator" in app.export_screenshot()
        heavy = ("torch", "ctranslate2", "spacy", "numpy", "pydantic", "sqlcipher3")
        print([name for name in heavy if name in sys.modules])

asyncio.run(main())
"""


def test_the_first_paint_loads_nothing_heavy() -> None:
    done = subprocess.run([sys.executable, "-c", FIRST_PAINT], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"


async def test_the_passphrase_is_asked_for_and_a_wrong_one_said(study_root: Path) -> None:
    app = FacilitatorApp(study_root / "guides")
    async with app.run_test(size=NARROW) as pilot:
        driver = Driver(app, pilot)
        await driver.settle()
        assert isinstance(app.screen, UnlockScreen)
        assert "IMR practitioners" in driver.text
        await driver.write("not the one")
        assert "not the one" not in driver.text
        await driver.press("enter")
        await driver.settle()
        assert "✗ The passphrase does not open this study." in driver.text
        assert app.screen.query_one(Input).value == ""
        await driver.write(PASSPHRASE)
        await driver.press("enter")
        await driver.settle()
        assert isinstance(app.screen, HomeScreen)
        assert "● unlocked" in driver.text


async def test_a_study_is_made_where_there_is_none(tmp_path: Path) -> None:
    app = FacilitatorApp(tmp_path)
    async with app.run_test(size=NARROW) as pilot:
        driver = Driver(app, pilot)
        await driver.settle()
        assert isinstance(app.screen, WelcomeScreen)
        for value in ("A new study", "2026/1", "", PASSPHRASE, "another one"):
            await driver.write(value)
            await driver.press("enter")
        assert "✗ The two passphrases differ." in driver.text
        assert not (tmp_path / "study.toml").exists()
        app.screen.query_one("#again", Input).value = PASSPHRASE
        await driver.press("enter")
        for _ in range(200):
            await driver.settle()
            if app.study:
                break
            await asyncio.sleep(0.05)
        await driver.settle()
        assert isinstance(app.screen, HomeScreen)
        assert (tmp_path / "study.toml").is_file()
        assert "This study has no session yet." in driver.text
        assert PASSPHRASE not in app.export_screenshot()


async def test_a_study_without_title_or_with_a_short_passphrase_is_refused(tmp_path: Path) -> None:
    app = FacilitatorApp(tmp_path)
    async with app.run_test(size=NARROW) as pilot:
        driver = Driver(app, pilot)
        await driver.settle()
        await driver.press("ctrl+s")
        assert "✗ A study needs a title." in driver.text
        await driver.write("T")
        for field in ("#passphrase", "#again"):
            app.screen.query_one(field, Input).value = "short"
        await driver.press("ctrl+s")
        await driver.settle()
        assert "fewer than 8 characters" in driver.text
        assert list(tmp_path.iterdir()) == []


async def test_escape_leaves_the_program_while_it_is_locked(study_root: Path) -> None:
    app = FacilitatorApp(study_root)
    async with app.run_test(size=NARROW) as pilot:
        await Driver(app, pilot).settle()
        await pilot.press("escape")
        assert app._exit


async def test_damaged_settings_are_explained(study_root: Path) -> None:
    (study_root / "study.toml").write_text("format = 99\n")
    app = FacilitatorApp(study_root)
    async with app.run_test(size=NARROW) as pilot:
        driver = Driver(app, pilot)
        await driver.settle()
        assert "Made by a newer version" in driver.text
        await driver.press("escape")
        assert isinstance(app.screen, HomeScreen)
