"""The terminal program: finds the study, unlocks it, and shows its sessions.

Nothing heavy is imported before the first paint: the home screen's frame is drawn first, then the workflows load.
"""

import asyncio
import contextlib
import os
import signal
import sys
import time
import traceback
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, ClassVar, Final, cast

from rich.text import Text
from textual import events
from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.widgets import Input, TextArea

from facilitator.domain.errors import UsageError
from facilitator.domain.ids import SessionId
from facilitator.tui.chores import chores
from facilitator.tui.keys import all_bindings
from facilitator.tui.own_terminal import own_terminal
from facilitator.tui.pressing import caught_up, pressed_ns, stamp_promptly
from facilitator.tui.screens.base import StudyScreen
from facilitator.tui.screens.home import HomeScreen
from facilitator.tui.themes import DARK, LIGHT
from facilitator.tui.widgets.withdraw_working import Carrying

if TYPE_CHECKING:  # see the module's docstring
    from facilitator.workflows.study import Study

ENDING_A_LINE: Final = ("enter", "escape")
OLD_NS: Final = 10_000_000_000
STYLES = Path(__file__).parent / "styles"


class FacilitatorApp(App[None]):
    """Opens the study in `start` or above it. Without `passphrase` a screen asks for it.

    `at` is an action of the home screen and a session, such as ("conduct", "03"): where to go once the study is open.
    `identity` is the identity file of somebody other than the researcher. A `study` that is unlocked already is used
    instead, and closed with the program.
    """

    TITLE = "Facilitator"
    CSS_PATH: ClassVar = [STYLES / name for name in ("base.tcss", "dialogs.tcss", "screens.tcss")]
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+q", "quit", "Quit", show=False, priority=True, id="quit", tooltip="Leave the program"),
        Binding(
            "ctrl+p", "command_palette", "Palette", show=False, priority=True, id="palette", tooltip="Find an action"
        ),
    ]

    def __init__(
        self,
        start: Path,
        passphrase: str | None = None,
        at: tuple[str, SessionId] | None = None,
        identity: Path | None = None,
        study: "Study | None" = None,
    ) -> None:
        super().__init__(ansi_color=True if os.environ.get("NO_COLOR") else None)  # else Textual draws in greys
        self.start = start
        self.identity = identity
        self.at = at
        self.passphrase = passphrase
        self.study = study
        self._pressed_ns = 0
        self.register_theme(DARK)
        self.register_theme(LIGHT)
        self.theme = DARK.name

    async def action_quit(self) -> None:
        """Leave, once every screen has stored what is half written; not while something has to come to its end."""
        if carrying := [screen for screen in self.screen_stack if isinstance(screen, Carrying)]:
            carrying[0].action_stop()
            return
        self._keep()
        await super().action_quit()

    def on_load(self) -> None:
        """Whoever asks the program to end gets the terminal back as it was."""
        if not self.is_headless and hasattr(signal, "SIGTERM"):
            with contextlib.suppress(NotImplementedError):  # Windows has no such thing
                asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, self._asked_to_end)

    def _asked_to_end(self) -> None:
        self._keep()
        self.exit(return_code=128 + signal.SIGTERM)

    def _keep(self) -> None:
        for screen in self.screen_stack:
            if isinstance(screen, StudyScreen):
                screen.keep()

    def get_default_screen(self) -> HomeScreen:
        """The sessions; their frame is the first paint."""
        return HomeScreen()

    @property
    def home(self) -> HomeScreen:
        """The screen of sessions, below all others."""
        return cast(HomeScreen, self.screen_stack[0])

    def enter(self, study: "Study") -> None:
        """Use `study` from now on, and show its sessions."""
        self.study = study
        self.passphrase = None
        while len(self.screen_stack) > 1:
            self.pop_screen()
        self.home.reload()

    def on_unmount(self) -> None:
        """Close the study with the program."""
        if self.study:
            self.study.close()
            self.study = None

    @property
    def pressed_ns(self) -> int:
        """When the key or button that is being handled was pressed, on the system's monotonic clock; now, where none
        was for so long that something else is the cause."""
        now = time.monotonic_ns()
        return self._pressed_ns if now - self._pressed_ns < OLD_NS else now

    async def on_event(self, event: events.Event) -> None:
        """Stamp what a person does with when they did it, and take keys that are commands one at a time.

        Textual runs the binding of a key only after the key has gone to the screen and back, by when the next one may
        have been handed to a widget that the first was to change: `t` would begin a note that misses its first letter,
        and what is typed right behind Enter would go into the line that Enter ended.
        """
        if isinstance(event, events.InputEvent):
            self._pressed_ns = pressed_ns(event)
        if isinstance(event, events.Key) and not event.is_forwarded and (screen := self._takes_in_order()):
            field = self.focused
            if not isinstance(field, Input | TextArea):
                if not await self._check_bindings(event.key, priority=True):
                    screen.before_command(event.key)
                    await self._check_bindings(event.key)
                return
            if isinstance(field, Input) and event.key in ENDING_A_LINE:
                await caught_up(field, screen)
                await self._check_bindings(event.key)
                await caught_up(field, screen)
                return
        await super().on_event(event)

    def _takes_in_order(self) -> StudyScreen | None:
        screen = self.screen_stack[-1] if self.screen_stack else None
        return screen if isinstance(screen, StudyScreen) and screen.COMMANDS_IN_ORDER else None

    def action_other_theme(self) -> None:
        """Dark to light and back."""
        self.theme = LIGHT.name if self.theme == DARK.name else DARK.name

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """Palette: the screen's own actions first. Textual's screenshot is left out, since it would store names."""
        for keys, binding in all_bindings(screen):
            if binding.tooltip and binding.action not in ("command_palette", "quit"):
                run = partial(self.run_action, binding.action, screen)
                yield SystemCommand(binding.description, f"{binding.tooltip} ({keys})", run)
        if screen is self.home and self.study:
            for name, about, begin in chores(self.home):
                yield SystemCommand(name, about, begin)
        yield SystemCommand("Leave", "Leave the program (^q)", self.action_quit)
        yield SystemCommand("Light or dark", "The other theme", self.action_other_theme)

    def _fatal_error(self) -> None:
        """Textual's own shows local variables and messages, and those can be names and transcripts."""
        self.bell()
        self._exit_renderables.append(_last_words(sys.exc_info()))
        self._close_messages_no_wait()


def _last_words(broken: tuple[type[BaseException] | None, BaseException | None, TracebackType | None]) -> Text:
    """What to tell when the program broke: the kind of error and where, without a word of data."""
    kind, _, trace = broken
    places = [f"{Path(frame.filename).name}:{frame.lineno}" for frame in traceback.extract_tb(trace)[-4:]]
    return Text(
        f"The program broke off: {kind.__name__ if kind else 'unknown error'} at {' › '.join(places)}.\n"
        "What was saved is kept, and a running recording goes on: start the program again to take it over.\n"
        "Please report these lines; they hold no data of the study.\n"
    )


def run_app(
    start: Path,
    passphrase: str | None = None,
    at: tuple[str, SessionId] | None = None,
    identity: Path | None = None,
    study: "Study | None" = None,
) -> int:
    """Run the program until the user leaves it, and return its exit code, 0 unless it broke. See `FacilitatorApp`.

    Raises:
        UsageError: this is no terminal.
    """
    refuse_without_terminal()
    stamp_promptly()
    with own_terminal():
        app = FacilitatorApp(start, passphrase, at, identity, study)
        app.run()
    return app.return_code or 0


def refuse_without_terminal() -> None:
    """Raises UsageError where there is none."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError(
            "The screens need a terminal.",
            safe="Nothing was opened.",
            do="Run this in a terminal window; `facilitator --help` lists the commands that work without one.",
        )
