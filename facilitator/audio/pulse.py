"""What PulseAudio or PipeWire says of its sources through `pactl`, for PortAudio shows all of them as one device.

Where there is no `pactl`, or it fails, hangs or is too old for JSON, there is nothing to be known and nothing changes.
"""

import json
import os
import re
import subprocess
from dataclasses import dataclass, replace
from typing import Any, Final

from facilitator.domain.text import one_line

_SECONDS: Final = 5.0
_LONGEST_NAME: Final = 120
_SPECIFICATION: Final = re.compile(r"(\d+)ch (\d+)Hz")
_UNSPOKEN: Final = "(null)"
"""What the JSON of `pactl` 16 holds where a description is not all ASCII."""
VARIABLE: Final = "PULSE_SOURCE"
"""The environment variable from which a stream takes its source when it does not name one, as PortAudio's do not."""


@dataclass(frozen=True, slots=True)
class PulseSource:
    """A source by its `name` in the sound system; `shown` to people, as no other. `number` lasts until it is unplugged.

    `rate` in Hz. A monitor hears a loudspeaker.
    """

    number: int
    name: str
    description: str
    shown: str
    channels: int
    rate: int
    is_monitor: bool

    @property
    def full(self) -> str:
        """What tells it from any other source that is shown alike."""
        return f"{self.description}, {one_line(self.name)}"


def sources() -> list[PulseSource]:
    """Those that are here now, microphones before monitors; empty where it cannot be told."""
    items = [one for one in listed("sources") if one.get("name")]
    told = _descriptions() if any(one.get("description") in (None, "", _UNSPOKEN) for one in items) else {}
    found = [_source(one, told) for one in items]
    shown = [one.description for one in found]
    found = [replace(one, shown=one.full) if shown.count(one.shown) > 1 else one for one in found]
    return sorted(found, key=lambda one: one.is_monitor)


def default_source() -> str:
    """The name of the source that is recorded from if none is asked for, "" where it cannot be told."""
    wished = os.environ.get(VARIABLE, "")
    if wished and not wished.startswith("@"):
        return wished
    return ask("get-default-source").decode(errors="replace").strip()


def listed(what: str) -> list[dict[str, Any]]:
    """All `what` that there are, as `pactl list` tells them."""
    try:
        items = json.loads(ask("-f", "json", "list", what))
    except ValueError:
        return []
    return [one for one in items if isinstance(one, dict)] if isinstance(items, list) else []


def ask(*arguments: str) -> bytes:
    """What `pactl` answers; b"" where there is none, or no answer in time."""
    try:
        return subprocess.run(
            ["pactl", *arguments],  # noqa: S607  found where the system has it
            env=os.environ | {"LC_ALL": "C"},  # else its JSON may hold decimal commas
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=_SECONDS,
        ).stdout
    except (OSError, subprocess.TimeoutExpired):
        return b""


def _source(item: dict[str, Any], told: dict[str, str]) -> PulseSource:
    name, said = str(item["name"]), item.get("description")
    if said in (None, "", _UNSPOKEN):
        said = told.get(name) or name
    counts = _SPECIFICATION.search(str(item.get("sample_specification")))
    channels, rate = map(int, counts.groups()) if counts else (1, 48_000)
    properties = item.get("properties")
    kind = properties.get("device.class") if isinstance(properties, dict) else None
    shown = one_line(str(said), _LONGEST_NAME) or one_line(name)
    is_monitor = bool(item.get("monitor_source")) or kind == "monitor"
    return PulseSource(int(item.get("index", -1)), name, shown, shown, channels, rate, is_monitor)


def _descriptions() -> dict[str, str]:
    """Descriptions by name, out of the list for people, which knows all letters."""
    found, name = dict[str, str](), ""
    for line in ask("list", "sources").decode(errors="replace").split("\n"):
        if line.startswith("\tName: "):
            name = line.removeprefix("\tName: ")
        elif line.startswith("\tDescription: "):
            found.setdefault(name, line.removeprefix("\tDescription: "))
    return found
