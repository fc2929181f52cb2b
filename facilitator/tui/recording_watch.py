"""The screen's watch over a recording: hears the capture process, and puts together what there is to say."""

import shutil
from collections import deque
from typing import TYPE_CHECKING, Final

from facilitator.audio.messages import Level
from facilitator.domain import events as ev
from facilitator.domain.errors import FacilitatorError
from facilitator.domain.participation import VoiceActivity
from facilitator.domain.recording import Pause
from facilitator.tui.recording_words import REMEMBERED_MS, WITH_INPUT, RecordingView
from facilitator.tui.widgets.meter import Meter, level_text

if TYPE_CHECKING:  # opens databases and audio; not needed for the first paint
    from facilitator.workflows.conducting import Conduct

SHORT_OF_DISK_S: Final = 2 * 3600
LOW_BATTERY: Final = 20
BACKUP_WIDTH: Final = 4
RECORD_OVERHEAD: Final = 1.03
"""Encrypted records of 250 ms are that much larger than their sound."""


class RecordingWatch:
    """Call `listen` ten times a second and `look_around` every few seconds; both are quick."""

    def __init__(self, conduct: "Conduct", voice: VoiceActivity) -> None:
        self._conduct, self._voice = conduct, voice
        self._meter = Meter()
        self._paused_ms = _paused_since(conduct)
        self._disk = self._battery = ""
        self._began_ms = 0
        self._failed = ""
        self._backup_levels: deque[Level] = deque(maxlen=BACKUP_WIDTH)
        self.ended = ""

    def begin(self) -> None:
        """A recording began, or went on."""
        self._began_ms = self._conduct.now_ms
        self._meter.begin(self._began_ms)
        self.ended = ""

    def listen(self) -> FacilitatorError | None:
        """Take in what the capture process said; an error that was not returned before."""
        now = self._conduct.now_ms
        try:
            messages = self._conduct.poll()
        except FacilitatorError as error:
            new = error.what != self._failed
            self._failed = error.what
            return error if new else None
        self._failed = ""
        if messages:
            self._meter.heard(now)
        for message in messages:
            if isinstance(message, Level):
                self._meter.take(message, now)
                self._voice.take(message.at_ms, message.rms_db)
        backup = self._conduct.backup_level
        if backup is not None and backup not in self._backup_levels:
            self._backup_levels.append(backup)
        return None

    def look_around(self) -> None:
        """Disk and battery."""
        self._disk = _disk_text(self._conduct)
        self._battery = _battery_text()

    @property
    def input_troubled(self) -> bool:
        """Whether another input might help."""
        return any(one.trouble in WITH_INPUT for one in self._conduct.troubles) or bool(self.ended)

    def view(self, busy: str) -> RecordingView:
        """What there is to say now."""
        conduct, now = self._conduct, self._conduct.now_ms
        recording = conduct.recording
        self._note_pause(now)
        return RecordingView(
            now,
            recording=recording,
            busy=busy,
            paused=conduct.paused,
            paused_ms=self._paused_ms,
            level=self._meter.text(),
            speechless_ms=self._meter.speechless_ms() if recording and not busy else None,
            died=(self.ended or "notes go on") if conduct.interrupted else "",
            backup_only=not recording and conduct.backup_level is not None,
            troubles=(*conduct.troubles, *conduct.backup_troubles),
            over=tuple(one for one in conduct.session.state.troubles if one.end_ms is not None),
            facts=tuple(fact for fact in self._facts(recording) if fact),
            rehearsal=conduct.rehearsal_speed,
        )

    def _facts(self, recording: bool) -> tuple[str, ...]:
        refused = self._conduct.not_saved
        why = refused.what if refused else self._failed
        failed = f"▲ not saved yet: {why.rstrip('.')}" if why else ""
        strike = "▲ not destroyed yet: check the disk" if self._conduct.strike_pending else ""
        if not recording:
            return failed, strike, self._disk, self._battery
        return failed, strike, self._backup(), self._battery, self._disk, self._asleep()

    def _backup(self) -> str:
        if not self._conduct.backup_device:
            return ""
        if self._conduct.backup_level is None:
            return "▲ backup lost" if self._conduct.backup_troubles else ""
        levels = tuple(level.rms_db for level in self._backup_levels)
        return f"+backup {level_text(levels, BACKUP_WIDTH).split(' ', 1)[0]}"

    def _asleep(self) -> str:
        """Said for a while only: it was told before recording began."""
        awake = self._conduct.awake
        soon = self._conduct.now_ms - self._began_ms < REMEMBERED_MS
        return "sleep is not held off" if soon and awake is not None and not awake.granted else ""

    def _note_pause(self, now_ms: int) -> None:
        if self._conduct.paused is None:
            self._paused_ms = None
        elif self._paused_ms is None:
            self._paused_ms = now_ms


def _paused_since(conduct: "Conduct") -> int | None:
    """When the pause that lasts began; None while there is none."""
    if conduct.paused is None:
        return None
    began = [item.at_ms for item in conduct.session.history() if isinstance(item.event, ev.RecordingPaused)]
    return began[-1] if began else None


def _disk_text(conduct: "Conduct") -> str:
    """`free 41 GB`, or how long that lasts when it is short."""
    state = conduct.session.state
    free = shutil.disk_usage(conduct.session.folder.root).free
    rates = [state.takes[-1].rate if state.takes else 48_000]
    rates += [one.rate for one in state.backups.values() if one.end_ms is None]
    seconds = int(free / (sum(rates) * 2 * RECORD_OVERHEAD))
    if seconds >= SHORT_OF_DISK_S:
        return f"free {free // 10**9} GB"
    hours, minutes = seconds // 3600, seconds // 60 % 60
    return f"disk lasts {f'{hours} h ' if hours else ''}{minutes} min"


def _battery_text() -> str:
    """`battery 83 %`, and whether it is used; "" without one."""
    import psutil

    battery = psutil.sensors_battery() if hasattr(psutil, "sensors_battery") else None
    if battery is None:
        return ""
    if battery.power_plugged:
        return f"mains, battery {battery.percent:.0f} %"
    sign = "▲ " if battery.percent < LOW_BATTERY else ""
    return f"{sign}battery {battery.percent:.0f} %"


def pause_of(name: str) -> Pause | None:
    """The pause of that name; None for ""."""
    return Pause[name] if name else None
