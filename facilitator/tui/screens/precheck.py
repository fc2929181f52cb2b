"""Before recording: what could spoil it, said while there is time to mend it; and with which input it is recorded."""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, Final

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widgets import Label, Static

from facilitator.domain.errors import FacilitatorError
from facilitator.domain.events import Precheck
from facilitator.domain.text import one_line
from facilitator.tui.screens.base import StudyScreen
from facilitator.tui.widgets.check_list import CheckList, Tick
from facilitator.tui.widgets.meter import level_text
from facilitator.tui.widgets.row_layout import wrap
from facilitator.tui.widgets.text import plain

if TYPE_CHECKING:  # opens databases and audio; not needed for the first paint
    from facilitator.audio.level import Loudness
    from facilitator.workflows.prechecking import InputDevice, LevelTest
    from facilitator.workflows.sessions import Session

RATES: Final = (48_000, 44_100, 16_000)
NAME_WIDTH: Final = 12
LEVELS: Final = 24
SIGNS: Final = {True: "✓", False: "✗", None: "?"}


@dataclass(frozen=True, slots=True)
class Choice:
    """With what to record. None: the default input, no backup, the mix of all channels."""

    device: str | None = None
    backup_device: str | None = None
    rate: int = RATES[0]
    channel: int | None = None
    checks: tuple[Precheck, ...] = ()


class PrecheckScreen(StudyScreen):
    """Looks by itself when it opens and when another input is chosen. Enter records unless something forbids it."""

    NAME = "Before recording"
    HELP = (
        "What could spoil the recording, found before it begins. ✓ is well, ? could not be told or could be better, "
        "✗ must be mended first. l records three seconds, which are kept nowhere, says how loud they are and plays "
        "them. Space chooses an input; a second one records in parallel as a backup. Enter starts; what still carries "
        "a ? is taken as accepted by you, and stored with the recording."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "start", "Record", priority=True, id="precheck.start", tooltip="Start recording"),
        Binding("l", "level", "Level test", id="precheck.level", tooltip="Record 3 s, say how loud, play them"),
        Binding("u", "look", "Look again", id="precheck.look", tooltip="Look at everything again, and for new inputs"),
        Binding("tab", "app.focus_next", "Next list", id="precheck.next", tooltip="To the other list of inputs"),
        Binding("k", "rate", "Rate", id="precheck.rate", tooltip="Samples a second: 48, 44.1 or 16 thousand"),
        Binding("n", "channel", "Channel", id="precheck.channel", tooltip="One channel of the input, or all mixed"),
        Binding("pageup", "scroll_checks(-1)", "Up", show=False, priority=True, id="precheck.up"),
        Binding("pagedown", "scroll_checks(1)", "Down", show=False, priority=True, id="precheck.down"),
    ]

    class Loud(Message):
        """How loud it is just now, during the level test."""

        def __init__(self, level_db: float) -> None:
            super().__init__()
            self.level_db = level_db

    def __init__(self, session: "Session", choice: Choice | None, begin: Callable[[Choice], object]) -> None:
        super().__init__()
        self._session, self._begin = session, begin
        self._choice = choice or Choice()
        self._devices: list[InputDevice] = []
        self._level: Precheck | None = None
        self._levels: deque[float] = deque(maxlen=LEVELS)
        self._looked = False
        self._stale = self._wanted = False

    def compose_body(self) -> ComposeResult:
        """The checks, the inputs side by side, and one line of settings."""
        with VerticalScroll(id="checks-scroll", can_focus=False):
            yield Static(Content("Looking at microphone, disk, battery, consents, folder and sleep…"), id="checks")
        with Horizontal(id="choices"):
            with Vertical():
                yield Label(Content("Input"), classes="field-label")
                yield CheckList(single=True, id="input")
            with Vertical():
                yield Label(Content("Backup input, records in parallel"), classes="field-label")
                yield CheckList(single=True, id="backup")
        yield Static(id="settings")

    def on_mount(self) -> None:
        self.query_one("#input", CheckList).focus()
        self._draw()
        self.action_look()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """A later take keeps the rate of the first."""
        if action == "rate":
            return not self._session.state.takes
        return super().check_action(action, parameters)

    @property
    def checks(self) -> tuple[Precheck, ...]:
        """What was found, the level test at its place."""
        return tuple(
            self._level if self._level and one.name == self._level.name else one for one in self._choice.checks
        )

    # --- looking

    def action_look(self) -> None:
        """List the inputs afresh, and check everything."""
        self._stale = False
        self.run_apart(self._look, self._show)

    def _look(self) -> "tuple[list[InputDevice], tuple[Precheck, ...]]":
        from facilitator.workflows.prechecking import inputs, precheck

        try:
            devices = inputs()
        except FacilitatorError:  # the checks say so
            devices = []
        choice = self._choice
        checks = precheck(self._session, device=choice.device, backup_device=choice.backup_device, rate=choice.rate)
        return devices, tuple(checks)

    def _show(self, found: "tuple[list[InputDevice], tuple[Precheck, ...]]") -> None:
        self._devices, checks = found
        self._looked = True
        self._choice = replace(self._choice, checks=checks)
        self._fill()
        self._draw()
        if self._stale:
            self.action_look()
        elif self._wanted:
            self.action_start()

    def _fill(self) -> None:
        chosen, backup = self._choice.device, self._choice.backup_device
        names = [device.name for device in self._devices]
        default = next((device.name for device in self._devices if device.is_default), "")
        first = Tick("", f"default ({default})" if default else "default", chosen not in names)
        inputs = [first, *(Tick(name, name, name == chosen) for name in names)]
        backups = [Tick("", "none", backup not in names), *(Tick(name, name, name == backup) for name in names)]
        for key, ticks in (("#input", inputs), ("#backup", backups)):
            shown = self.query_one(key, CheckList)
            place = shown.highlighted
            shown.fill(ticks)
            shown.highlighted = min(place or 0, len(ticks) - 1)

    @on(CheckList.Ticked)
    def _chosen(self) -> None:
        device, backup = (next(iter(self.query_one(key, CheckList).ticked), "") for key in ("#input", "#backup"))
        if (device or None) != self._choice.device:
            self._level = None  # it was of another microphone
        self._choice = replace(self._choice, device=device or None, backup_device=backup or None, channel=None)
        self._draw()
        if self.working:
            self._stale = True
        else:
            self.action_look()

    # --- the settings

    def action_rate(self) -> None:
        """The next rate."""
        self._choice = replace(self._choice, rate=RATES[(RATES.index(self._choice.rate) + 1) % len(RATES)])
        self._draw()

    def action_channel(self) -> None:
        """The next channel of the input, then all mixed."""
        channels, now = self._channels, self._choice.channel or 0
        self._choice = replace(self._choice, channel=now + 1 if now < channels else None)
        self._draw()

    @property
    def _channels(self) -> int:
        for device in self._devices:
            if device.name == self._choice.device or (self._choice.device is None and device.is_default):
                return min(device.channels, 16)
        return 1

    # --- drawing

    def action_scroll_checks(self, direction: int) -> None:
        """Show the checks that a small terminal has no room for."""
        checks = self.query_one("#checks-scroll", VerticalScroll)
        checks.scroll_relative(y=direction * max(1, checks.size.height - 1), animate=False)

    def _draw(self) -> None:
        checks = self.checks
        blocking = sum(one.ok is False for one in checks)
        open_ones = sum(one.ok is None for one in checks)
        state = "looking…" if not self._looked else _verdict(blocking, open_ones)
        self.bar.show(f" Before recording · {self._session.id} {self._session.state.title}", f"{state} ")
        if checks:
            self.query_one("#checks", Static).update(check_lines(checks, self.app.size.width - 5))
        self.query_one("#settings", Static).update(self._settings())
        self.refresh_bindings()

    def _settings(self) -> Content:
        channel = "all mixed" if self._choice.channel is None else f"{self._choice.channel} of {self._channels}"
        takes = self._session.state.takes
        rate = takes[0].rate if takes else self._choice.rate
        fixed = " (as the first take)" if takes else ""
        return Content(f"{rate / 1000:g} kHz{fixed}, one channel of 16 bit · channel: {channel}")

    # --- the level test, and starting

    def action_level(self) -> None:
        """Record three seconds, say how loud they are, and play them."""
        self._levels.clear()
        self._level = None
        self._say_below("● listening for three seconds: speak as the group will")
        self.run_apart(self._test_level, self._heard)

    def _test_level(self) -> "LevelTest":
        from facilitator.workflows.prechecking import level_test

        choice = self._choice
        return level_test(
            choice.device,
            rate=choice.rate,
            channel=choice.channel,
            on_level=self._tell_level,
        )

    def _tell_level(self, loud: "Loudness") -> None:
        self.post_message(self.Loud(loud.rms_db))

    @on(Loud)
    def _louder(self, message: Loud) -> None:
        message.stop()
        self._levels.append(message.level_db)
        self._say_below(f"● listening: speak as the group will  {level_text(tuple(self._levels), LEVELS)}")

    def _heard(self, test: "LevelTest") -> None:
        self._level = test.check
        self._draw()
        if self._wanted:
            self.action_start()
            return
        self._say_below("▶ playing what was heard; it is kept nowhere")
        self.run_apart(lambda: _played(test), self._was_played)

    def _was_played(self, failed: str) -> None:
        self._draw()
        if failed:
            self.tell(f"It could not be played: {failed}")
        if self._wanted:
            self.action_start()

    def _say_below(self, text: str) -> None:
        self.query_one("#settings", Static).update(Content.styled(text, "bold"))

    def action_start(self) -> None:
        """Record, unless something must be mended first; right after a look or a level test that goes on."""
        blocking = [one for one in self.checks if one.ok is False]
        self._wanted = self.working or not self._looked
        if self._wanted:
            self.tell("Recording begins as soon as the last look or level test is over.")
        elif blocking:
            names = ", ".join(one.name for one in blocking)
            self.tell(f"Nothing is recorded yet: {names} must be mended first. u looks again.")
        else:
            choice = replace(self._choice, checks=self.checks)
            self.dismiss(None)
            self._begin(choice)

    def fail(self, error: FacilitatorError) -> None:
        """As everywhere; the settings stand again where the level test spoke."""
        self._wanted = False
        super().fail(error)
        self._draw()


def _played(test: "LevelTest") -> str:
    """Play it; why that failed, or ""."""
    try:
        test.play()
    except FacilitatorError as error:
        return error.what
    return ""


def check_lines(checks: Sequence[Precheck], width: int) -> Content:
    """Sign, name and words of each check; long words go on below themselves."""
    indent = 2 + NAME_WIDTH
    lines: list[Content] = []
    for one in checks:
        words = one_line(one.detail, 400)
        head = Content.styled(f"{SIGNS[one.ok]} {one.name:<{NAME_WIDTH}}", "bold" if one.ok is not True else "")
        for place, (start, end) in enumerate(wrap(words, max(20, width - indent)) or [(0, 0)]):
            lines.append((head if place == 0 else Content(" " * indent)) + plain(words[start:end]))
    return Content("\n").join(lines)


def _verdict(blocking: int, open_ones: int) -> str:
    if blocking:
        return f"✗ {blocking} to mend first"
    return f"? {open_ones} to accept" if open_ones else "✓ ready"
