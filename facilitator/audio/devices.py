"""Sound devices, listed by a fresh process each time, for PortAudio never notices what is plugged in later.

Under PulseAudio and PipeWire, PortAudio knows one input, `pulse`, for all microphones. Each of their sources is then an
input of its own: what records from it opens `pulse` with the source's name in its environment.
"""

import json
import os
import subprocess
import sys
from dataclasses import asdict, dataclass
from typing import Any, Final, NamedTuple

from facilitator.audio import pulse
from facilitator.audio.child import command, environment
from facilitator.audio.messages import Refused
from facilitator.domain.errors import DeviceFailed, FacilitatorError, MissingNeed

_SECONDS: Final = 20.0
_PULSE: Final = "pulse"
_FOLLOW_PULSE: Final = frozenset({_PULSE, "default"})
_DO: Final = "Plug one in; `facilitator devices` lists what is there."


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


class Found(NamedTuple):
    """An input and its number in PortAudio's list; with `source`, that one is meant of all that `pulse` can record."""

    number: int
    name: str
    channels: int
    source: pulse.PulseSource | None = None


def find_input(library: Any, name: str | None, source: pulse.PulseSource | None = None) -> Found:
    """The input called `name`, or the default one.

    `source` is what `name` was found to be before: that one and no other, whatever else bears the name by now.

    Raises:
        DeviceFailed: there is none.
    """
    own = _described(library, "input")
    if source is None:
        for index, device in own:
            if device["name"] == name or (name is None and device["is_default"]):
                return Found(index, device["name"], device["channels"])
    via = next((index for index, device in own if device["name"] == _PULSE), None)
    if name is not None and via is not None:
        for one in pulse.sources():
            if one.name == source.name if source else name in (one.shown, one.full):
                return Found(via, name, one.channels, one)
    raise DeviceFailed("There is no microphone." if name is None else f"There is no input called “{name}”.", do=_DO)


def choose_source(found: Found) -> None:
    """Let what this process opens from now on be that source, if it is one; to be called before it is opened."""
    if found.source is not None:
        os.environ[pulse.VARIABLE] = found.source.name


def _inputs(library: Any) -> list[dict[str, Any]]:
    """Microphones of PulseAudio or PipeWire, what their loudspeakers play, then what PortAudio lists itself."""
    own = [device for _, device in _described(library, "input")]
    names = [device["name"] for device in own]
    here = pulse.sources() if _PULSE in names else []
    default = pulse.default_source() if here else ""
    found = []
    for one in here:
        name = one.full if one.shown in names else one.shown
        found.append(asdict(InputDevice(name, one.channels, one.rate, one.name == default)))
    if any(device["is_default"] and device["name"] in _FOLLOW_PULSE for device in own):
        if any(device["is_default"] for device in found):
            own = [device | {"is_default": False} for device in own]
    else:
        found = [device | {"is_default": False} for device in found]
    return found + own


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
        listed = {"input": _inputs(library), "output": [device for _, device in _described(library, "output")]}
    except FacilitatorError as error:
        listed = {"refused": asdict(Refused.of(error))}
    sys.stdout.write(json.dumps(listed))
    return 0


if __name__ == "__main__":
    sys.exit(main())
