"""When a key was pressed, however long other work delays its handling."""

import time
from typing import Final

from textual.events import Event

LATE_S: Final = 30.0
"""An event is not older than that; a greater difference comes from clocks that cannot be compared."""


def pressed_ns(event: Event) -> int:
    """When the key was pressed, or the text pasted, on the system's monotonic clock in ns.

    Textual stamps an event as it reads it from the terminal.
    """
    now = time.monotonic()
    ago = now - event.time
    return int((event.time if 0 <= ago <= LATE_S else now) * 1e9)
