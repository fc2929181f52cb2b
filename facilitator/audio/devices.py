"""Sound devices, listed by a fresh process each time, for PortAudio never notices what is plugged in later."""

import json
import subprocess
import sys
from dataclasses import asdict, dataclass
from typing import Any, Final

from facilitator.audio.child import command, environment
from facilitator.audio.messages import Refused
from facilitator.domain.errors import DeviceFailed, FacilitatorError, MissingNeed

_SECONDS: Final = 20.0


@dataclass(frozen=True, slots=True)
class InputDevice:
    """A microphone. `name` is unique and what a recording is started with; `default_rate` in Hz."""

    name: str
    channels: int
    default_rate: int
    is_default: bool


@dataclass(frozen=True, slots=True)
class OutputDevice:
    """A loudspeaker, described as an InputDevice is."""

    name: str
    channels: int
    default_rate: int
    is_default: bool


def input_devices() -> list[InputDevice]:
    """Microphones that are here now; may be empty.

    Raises:
        MissingNeed: no PortAudio.
        DeviceFailed: the devices cannot be listed.
    """
    return [InputDevice(**item) for item in _listed()["input"]]


def output_devices() -> list[OutputDevice]:
    """Loudspeakers that are here now; raises as `input_devices` does."""
    return [OutputDevice(**item) for item in _listed()["output"]]


def sound_library() -> Any:
    """The `sounddevice` module. Imported late: it looks for devices, and fails without PortAudio.

    Raises:
        MissingNeed: no PortAudio.
    """
    try:
        import sounddevice
    except OSError as error:
        raise MissingNeed(
            "The sound library PortAudio is not installed.",
            safe="All but recording and playback works without it.",
            do="Install it: `apt install libportaudio2` on Debian and Ubuntu.",
        ) from error
    return sounddevice


def find_input(library: Any, name: str | None) -> tuple[int, str]:
    """Index and name of the input called `name`, or of the default one.

    Raises:
        DeviceFailed: there is none.
    """
    for index, device in _described(library, "input"):
        if device["name"] == name or (name is None and device["is_default"]):
            return index, device["name"]
    what = "There is no microphone." if name is None else f"There is no input called “{name}”."
    raise DeviceFailed(what, do="Plug one in; `facilitator devices` lists what is there.")


def _described(library: Any, direction: str) -> list[tuple[int, dict[str, Any]]]:
    apis, devices = library.query_hostapis(), library.query_devices()
    usable = [(index, item) for index, item in enumerate(devices) if item[f"max_{direction}_channels"] > 0]
    names = [item["name"] for _, item in usable]
    default = library.default.device[direction]
    found = []
    for index, item in usable:
        name = item["name"]
        if names.count(name) > 1:
            name = f"{name}, {apis[item['hostapi']]['name']}"
        rate, channels = int(item["default_samplerate"]), item[f"max_{direction}_channels"]
        described = InputDevice(name, channels, rate, index == default)
        found.append((index, asdict(described)))
    return found


def _listed() -> dict[str, Any]:
    try:
        done = subprocess.run(
            command("facilitator.audio.devices"),
            env=environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_SECONDS,
        )
        listed: dict[str, Any] = json.loads(done.stdout)
    except (subprocess.TimeoutExpired, ValueError) as error:
        raise DeviceFailed("The sound devices cannot be listed.", do="Restart the computer's sound system.") from error
    if refused := listed.get("refused"):
        raise Refused(**refused).as_error()
    return listed


def main() -> int:
    """Write the devices to standard output as JSON."""
    listed: dict[str, Any]
    try:
        library = sound_library()
        listed = {way: [device for _, device in _described(library, way)] for way in ("input", "output")}
    except FacilitatorError as error:
        listed = {"refused": asdict(Refused.of(error))}
    sys.stdout.write(json.dumps(listed))
    return 0


if __name__ == "__main__":
    sys.exit(main())
