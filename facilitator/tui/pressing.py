"""When a key was pressed, however long other work delays its handling."""

import sys
import time
from typing import Final

from textual.events import Event

LATE_S: Final = 30.0
"""An event is not older than that; a greater difference comes from clocks that cannot be compared."""
WAIT_S: Final = 0.0005
"""So long a key waits for its stamp while the screen is drawn: Textual reads keys in a thread of its own, which Python
lets run after 5 ms otherwise."""


def stamp_promptly() -> None:
    """Let the thread that reads keys run as soon as there is one."""
    sys.setswitchinterval(WAIT_S)


def pressed_ns(event: Event) -> int:
    """When the key was pressed, or the text pasted, on the system's monotonic clock in ns.

    Textual stamps an event as it reads it from the terminal.
    """
    now = time.monotonic()
    ago = now - event.time
    return int((event.time if 0 <= ago <= LATE_S else now) * 1e9)
