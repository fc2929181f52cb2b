import subprocess
import sys
import threading
from collections.abc import Callable

import pytest
from textual.widgets import Input, ProgressBar
from tui_driver import NARROW, Driver, Opened

from facilitator.domain.errors import Damaged
from facilitator.domain.progress import Progress, Report
from facilitator.tui.keys import key_name
from facilitator.tui.screens.base import StudyScreen
from facilitator.tui.screens.home import HomeScreen
from facilitator.tui.themes import DARK, LIGHT
from facilitator.tui.widgets.dialogs import AskText, Confirm, ShowError, Working
from facilitator.tui.widgets.status_bar import StatusBar
from facilitator.tui.widgets.text import cell, plain


def test_people_s_text_is_data() -> None:
    assert plain("[/nope] \x1b[1m\u202ex").plain == "[/nope] ␛[1m�x"
    assert plain("[b]x[/b]").spans == []
    assert cell("[/nope]\n\x1b", "▸ ").plain == "▸ [/nope] ␛"


async def test_the_status_bar_cuts_the_left_text_and_marks_an_alarm(opened: Opened) -> None:
    async with opened() as driver:
        bar = driver.app.screen.query_one(StatusBar)
        bar.show("x" * 200, "saved ✓", alarm=True)
        await driver.pilot.pause()
        assert bar.text.startswith(" ▲ xxx")
        assert bar.text.endswith("… saved ✓ ")
        assert bar.render().cell_length == NARROW[0]
        assert bar.has_class("-alarm")


@pytest.mark.parametrize(("key", "answer"), [("y", True), ("n", False), ("escape", False), ("enter", False)])
async def test_confirm_is_harmless_unless_asked_for(opened: Opened, key: str, answer: bool) -> None:
    async with opened() as driver:
        answers: list[bool | None] = []
        driver.app.push_screen(Confirm("Delete [all]?", "It [/nope] cannot be undone."), answers.append)
        await driver.pilot.pause()
        assert "It [/nope] cannot be undone." in driver.text
        await driver.press(key)
        assert answers == [answer]


async def test_ask_text_hides_a_password_and_gates_the_rest(opened: Opened) -> None:
    async with opened() as driver:
        answers: list[str | None] = []
        driver.app.push_screen(AskText("T", "L", password=True), answers.append)
        await driver.pilot.pause()
        await driver.write("secret")
        assert "secret" not in driver.text
        await driver.press("enter")
        driver.app.push_screen(AskText("T", "L", "was"), answers.append)
        await driver.pilot.pause()
        driver.app.screen.query_one(Input).value = "a\x1b[31mb"
        await driver.press("enter")
        driver.app.push_screen(AskText("T", "L"), answers.append)
        await driver.press("escape")
        assert answers == ["secret", "a␛[31mb", None]


async def test_an_error_shows_its_three_parts(opened: Opened) -> None:
    async with opened() as driver:
        error = Damaged("It broke [/nope].", safe="The rest is well.", do="Restore it.")
        driver.app.push_screen(ShowError(error))
        await driver.pilot.pause()
        for part in ("▲ Damaged file", "It broke [/nope].", "Safe  The rest is well.", "Next  Restore it."):
            assert part in driver.text


def home_of(driver: Driver) -> HomeScreen:
    assert isinstance(driver.app.screen, HomeScreen)
    return driver.app.screen


def steady(go_on: threading.Event, seen: threading.Event) -> Callable[[Report], str]:
    def job(report: Report) -> str:
        report(Progress("Reading", 1, 4, 12))
        seen.set()
        assert go_on.wait(20)
        report(Progress("Reading", 2, 4))
        return "read"

    return job


async def test_a_long_job_shows_its_progress_and_ends(opened: Opened) -> None:
    async with opened() as driver:
        home, go_on, seen, results = home_of(driver), threading.Event(), threading.Event(), list[str]()
        home.run_with_progress("A job [/nope]", steady(go_on, seen), results.append)
        while not seen.is_set():
            await driver.pilot.pause()
        await driver.pilot.pause()
        assert any(isinstance(screen, Working) for screen in driver.app.screen_stack)
        assert "Reading 25% · 12 s left" in driver.text
        assert driver.app.screen.query_one(ProgressBar).progress == 25
        go_on.set()
        await driver.settle()
        assert results == ["read"]
        assert driver.app.screen is home


async def test_escape_stops_a_long_job_at_its_next_report(opened: Opened) -> None:
    async with opened() as driver:
        home, go_on, seen, results = home_of(driver), threading.Event(), threading.Event(), list[str]()
        home.run_with_progress("A job", steady(go_on, seen), results.append)
        while not seen.is_set():
            await driver.pilot.pause()
        await driver.pilot.press("escape")
        assert "Stopping…" in driver.text
        go_on.set()
        await driver.settle()
        assert results == []
        assert driver.app.screen is home
        assert driver.notices[-1].startswith("Stopped as you asked.")


async def test_one_job_at_a_time(opened: Opened) -> None:
    async with opened() as driver:
        home, go_on, results = home_of(driver), threading.Event(), list[bool]()
        home.run_apart(lambda: go_on.wait(20), results.append)
        home.run_apart(lambda: True, results.append)
        await driver.pilot.pause()
        assert driver.notices == ["Still working on the last one."]
        go_on.set()
        await driver.settle()
        assert results == [True]


async def test_a_failing_job_is_explained(opened: Opened) -> None:
    async with opened() as driver:

        def job() -> None:
            raise Damaged("It broke.", safe="The rest is well.")

        home_of(driver).run_apart(job, lambda _: None)
        await driver.settle()
        assert isinstance(driver.app.screen, ShowError)


async def test_the_footer_key_can_be_clicked(opened: Opened) -> None:
    async with opened() as driver:
        column = driver.text.splitlines()[-2].index("r People")
        await driver.pilot.click(offset=(column, NARROW[1] - 2))
        await driver.settle()
        assert isinstance(driver.app.screen, StudyScreen)
        assert driver.app.screen.NAME == "People"


async def test_both_themes_and_no_color_show_the_same_text(opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = set()
    for no_color in ("", "1"):
        monkeypatch.setenv("NO_COLOR", no_color)
        async with opened() as driver:
            for theme in (DARK.name, LIGHT.name):
                driver.app.theme = theme
                await driver.pilot.pause()
                shown.add("\n".join(driver.text.splitlines()[1:]))
    assert len(shown) == 1


@pytest.mark.parametrize("theme", [DARK, LIGHT], ids=lambda theme: theme.name)
def test_text_stands_out_from_its_background(theme: object) -> None:
    from textual.color import Color
    from textual.theme import Theme

    assert isinstance(theme, Theme)
    for ground in (theme.background, theme.surface, theme.panel):
        for ink in (theme.foreground, theme.primary, theme.accent, theme.error, theme.success, theme.warning):
            assert contrast(Color.parse(ground or ""), Color.parse(ink or "")) >= 4.5, (ground, ink)


def contrast(one: object, other: object) -> float:
    """WCAG 2.2 contrast ratio."""
    from textual.color import Color

    def luminance(color: object) -> float:
        assert isinstance(color, Color)
        parts = [part / 255 for part in color.rgb]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    bright, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def test_keys_are_written_as_people_know_them() -> None:
    from textual.binding import Binding

    for key, shown in (
        ("ctrl+p", "^p"),
        ("f1", "F1"),
        ("escape", "Esc"),
        ("n", "n"),
        ("f", "f"),
        ("shift+tab", "⇧Tab"),
    ):
        assert key_name(Binding(key, "x")) == shown


async def test_the_palette_offers_the_screen_s_actions_and_no_screenshot(opened: Opened) -> None:
    async with opened() as driver:
        titles = [command.title for command in driver.app.get_system_commands(driver.app.screen)]
        assert {"New", "People", "Transcribe", "Light or dark"} <= set(titles)
        assert "Screenshot" not in titles
        assert len(titles) == len(set(titles))


async def test_a_crash_report_holds_no_local_values(opened: Opened) -> None:
    from rich.console import Console

    async with opened() as driver:
        name = "Kristin Berg"
        try:
            raise RuntimeError(f"said of {name}")
        except RuntimeError:
            driver.app._fatal_error()
        console = Console(width=200, record=True, file=__import__("io").StringIO())
        for renderable in driver.app._exit_renderables:
            console.print(renderable)
        driver.app._exit_renderables.clear()
        told = console.export_text()
        assert "RuntimeError" in told and "test_tui_widgets.py" in told
        assert name not in told and "said of" not in told


def test_what_libraries_write_to_the_terminal_does_not_reach_it() -> None:
    code = (
        "import os, sys\n"
        "from facilitator.tui.own_terminal import own_terminal\n"
        "with own_terminal():\n"
        "    os.write(2, b'ALSA lib')\n"
        "    print('drawn', file=sys.__stderr__)\n"
        "    print('told', file=sys.stderr)\n"
        "os.write(2, b'after')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert done.stderr.decode().split() == ["drawn", "told", "after"]
