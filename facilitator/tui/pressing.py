"""When a key was pressed, however long other work delays its handling, and whether it has had its effect."""

import asyncio
import contextlib
import sys
import time
from itertools import takewhile
from typing import Any, Final

from textual.events import Event
from textual.screen import Screen
from textual.widget import Widget

LATE_S: Final = 30.0
"""An event is not older than that; a greater difference comes from clocks that cannot be compared."""
WAIT_S: Final = 0.0005
"""So long a key waits for its stamp while the screen is drawn: Textual reads keys in a thread of its own, which Python
lets run after 5 ms otherwise."""

MOST_S: Final = 2.0
"""So long at most the next key waits for the one before."""


def stamp_promptly() -> None:
    """Let the thread that reads keys run as soon as there is one."""
    sys.setswitchinterval(WAIT_S)


async def caught_up(field: Widget, screen: Screen[Any]) -> None:
    """Return once the keys that `field` was given have had their effect on `screen`.

    Each widget between them handles messages in a task of its own, some of which lead to one more of its own.
    """
    between = takewhile(lambda node: node is not screen, field.ancestors)
    for pump in (field, *between, screen):
        for _ in range(2):
            handled = asyncio.Event()
            if pump.call_later(handled.set):
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(handled.wait(), MOST_S)


def pressed_ns(event: Event) -> int:
    """When the key was pressed, or the text pasted, on the system's monotonic clock in ns.

    Textual stamps an event as it reads it from the terminal.
    """
    now = time.monotonic()
    ago = now - event.time
    return int((event.time if 0 <= ago <= LATE_S else now) * 1e9)
