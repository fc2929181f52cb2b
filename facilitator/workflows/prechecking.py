"""What could spoil a recording, looked for while there is time to mend it.

A check's `ok` is True where all is well, None where it could not be told or could be better, and False where nothing
can or may be recorded before it is mended.
"""

import shutil
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from facilitator.audio.devices import InputDevice, input_devices
from facilitator.domain.consent import missing_consents
from facilitator.domain.errors import ConsentMissing, DeviceFailed, FacilitatorError, MissingNeed, StorageFailed
from facilitator.domain.events import Precheck
from facilitator.workflows.folder_places import network_of, synced_by
from facilitator.workflows.level_testing import LevelTest, LevelVerdict, level_test
from facilitator.workflows.rehearsal_mark import rehearsal_of
from facilitator.workflows.sessions import Session

__all__ = [
    "InputDevice",
    "LevelTest",
    "LevelVerdict",
    "blocking",
    "inputs",
    "level_test",
    "precheck",
    "refuse_blocked",
]

DEFAULT_PLANNED_MS: Final = 90 * 60_000
LEAST_MS: Final = 5 * 60_000
"""With room for less than this, a recording is not begun."""
_OVERHEAD: Final = 1.03
"""Encrypted records of 250 ms are that much larger than their sound."""
_RESERVE_BYTES: Final = 64 * 1024 * 1024
_MARGIN: Final = 1.2
SAMPLE_HEARD: Final = Precheck("Microphone", True, "none: this is a rehearsal, which hears the sample recording")


def inputs() -> list[InputDevice]:
    """Microphones that are here now. Raises as `audio.devices.input_devices`."""
    return input_devices()


def precheck(
    session: Session,
    *,
    device: str | None = None,
    backup_device: str | None = None,
    rate: int = 48_000,
    planned_ms: int | None = None,
    level: LevelTest | None = None,
) -> list[Precheck]:
    """Look at everything; takes a second or two. Records nothing and raises nothing for what it finds.

    `device` is a name, None for the default. `planned_ms` is the length expected: the guide's, or 90 minutes, if not
    given. `level` is a level test that was made.
    """
    state = session.state
    guide_ms = state.guide.planned_ms if state.guide else 0
    planned = planned_ms or guide_ms or DEFAULT_PLANNED_MS
    rates = [state.takes[0].rate if state.takes else rate] + [rate] * (backup_device is not None)
    unasked = Precheck("Level", None, "not tested; three seconds tell")
    return [
        *([SAMPLE_HEARD] if rehearsal_of(session.study) else _inputs(device, backup_device)),
        level.check if level else unasked,
        _consent(session),
        _disk(session.folder.root, rates, planned),
        _guarded("Battery", lambda: _battery(planned)),
        _guarded("Folder", lambda: _place(session.folder.root)),
        _guarded("Sleep", _sleep),
        _guarded("Swap", _swap),
    ]


def blocking(checks: Sequence[Precheck]) -> list[Precheck]:
    """Those that must be mended before anything is recorded."""
    return [one for one in checks if one.ok is False]


def refuse_blocked(checks: Sequence[Precheck], *, force: bool = False) -> None:
    """Raise for what forbids recording, missing consent before all else. `force` lets a short disk pass.

    Raises:
        ConsentMissing, DeviceFailed, StorageFailed.
    """
    kinds: dict[str, type[FacilitatorError]] = {"Consent": ConsentMissing, "Disk": StorageFailed}
    for one in sorted(blocking(checks), key=lambda one: one.name != "Consent"):
        if force and one.name == "Disk":
            continue
        raise kinds.get(one.name, DeviceFailed)(f"{one.name}: {one.detail}.", safe="Nothing was recorded.")


def _inputs(device: str | None, backup_device: str | None) -> list[Precheck]:
    try:
        found = inputs()
    except (DeviceFailed, MissingNeed) as error:
        return [Precheck("Microphone", False, _sentence(error))]
    chosen = next((one for one in found if one.name == device or (device is None and one.is_default)), None)
    checks = [_input(chosen, device)]
    if backup_device is not None:
        backup = next((one for one in found if one.name == backup_device), None)
        if backup is not None and backup == chosen:
            checks.append(Precheck("Backup", None, "the same input twice is no backup: choose another"))
        elif backup is None:
            checks.append(Precheck("Backup", None, f"“{backup_device}” is not there; the recording works without it"))
        else:
            checks.append(Precheck("Backup", True, _described(backup)))
    return checks


def _input(chosen: InputDevice | None, device: str | None) -> Precheck:
    if chosen is not None:
        return Precheck("Microphone", True, _described(chosen))
    what = "no input that the system calls its default" if device is None else f"“{device}” is not there"
    return Precheck("Microphone", False, f"{what}: plug it in, or choose another")


def _described(device: InputDevice) -> str:
    channels = f"{device.channels} channels" if device.channels > 1 else "1 channel"
    return f"{device.name}, {channels}"


def _consent(session: Session) -> Precheck:
    present = session.state.expected
    missing = missing_consents(present, session.study.state.consents)
    if missing:
        step = "`facilitator consent record` when it is signed"
        return Precheck("Consent", False, f"none to recording from {', '.join(missing)}: {step}")
    return Precheck("Consent", True, f"all {len(present)} agreed to be recorded")


def _disk(folder: Path, rates: Sequence[int], planned_ms: int) -> Precheck:
    per_ms = sum(rates) * 2 * _OVERHEAD / 1000
    free = shutil.disk_usage(folder).free
    fits_ms = max(0.0, (free - _RESERVE_BYTES * len(rates)) / per_ms)
    room = f"{free / 1e9:.1f} GB free, room for {_hours(fits_ms)}; {_hours(planned_ms)} planned"
    if fits_ms >= 2 * planned_ms:
        return Precheck("Disk", True, room)
    if fits_ms < LEAST_MS:
        return Precheck("Disk", False, f"{room}: free some space, or move the study to another disk")
    return Precheck("Disk", None, f"{room}, and twice that ought to be free")


def _battery(planned_ms: int) -> Precheck:
    import psutil

    battery = psutil.sensors_battery() if hasattr(psutil, "sensors_battery") else None
    if battery is None:
        return Precheck("Battery", True, "none; this computer runs on mains")
    charge = f"{battery.percent:.0f} %"
    if battery.power_plugged:
        return Precheck("Battery", True, f"{charge}, plugged in")
    left_ms = battery.secsleft * 1000 if battery.secsleft > 0 else None
    if left_ms is not None and left_ms >= planned_ms * _MARGIN:
        return Precheck("Battery", True, f"{charge}, lasts about {_hours(left_ms)}")
    lasts = "" if left_ms is None else f", lasts about {_hours(left_ms)} of {_hours(planned_ms)}"
    return Precheck("Battery", None, f"{charge}, not plugged in{lasts}: plug it in")


def _place(folder: Path) -> Precheck:
    if (program := synced_by(folder)) is not None:
        detail = f"synced by {program}: copies leave this computer, and files may change while they are written"
        return Precheck("Folder", None, f"{detail}; move the study, or exclude it there")
    if (fstype := network_of(folder)) is not None:
        return Precheck("Folder", None, f"on another computer's disk ({fstype}): a lost connection ends the recording")
    return Precheck("Folder", True, "on this computer, not synced as far as can be told")


def _sleep() -> Precheck:
    from facilitator.audio.awake import may_keep_awake

    return may_keep_awake()


def _swap() -> Precheck:
    """Linux tells whether memory can reach the disk unencrypted; macOS always encrypts its swap."""
    if sys.platform == "darwin":
        return Precheck("Swap", True, "encrypted by the system")
    if not sys.platform.startswith("linux"):
        return Precheck("Swap", None, "could not be told; encrypt the system's disk")
    listed = Path("/proc/swaps").read_text(encoding="utf-8").splitlines()[1:]
    used = [line.split()[0] for line in listed if line.strip()]
    if not all(_swap_is_safe(Path(one)) for one in used):
        return Precheck("Swap", None, "not encrypted as far as can be told: what is in memory can reach the disk")
    return Precheck("Swap", True, "encrypted, or in memory" if used else "none")


def _swap_is_safe(device: Path) -> bool:
    name = device.resolve().name
    uuid = Path("/sys/class/block") / name / "dm" / "uuid"
    return name.startswith("zram") or (uuid.is_file() and uuid.read_text(encoding="ascii").startswith("CRYPT-"))


def _guarded(name: str, look: Callable[[], Precheck]) -> Precheck:
    """A check that cannot be made is no reason not to record."""
    try:
        return look()
    except (OSError, ValueError, NotImplementedError, FacilitatorError) as error:
        return Precheck(name, None, f"could not be told ({type(error).__name__})")


def _sentence(error: FacilitatorError) -> str:
    return f"{error.what} {error.do}".strip().rstrip(".")


def _hours(ms: float) -> str:
    minutes = int(ms // 60_000)
    if minutes >= 600:
        return f"{minutes // 60} h"
    return f"{minutes // 60} h {minutes % 60:02} min" if minutes >= 60 else f"{minutes} min"
