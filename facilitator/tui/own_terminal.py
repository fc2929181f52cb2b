"""Keeps what C libraries write to standard error off the screen that is drawn there."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def own_terminal() -> Iterator[None]:
    """ALSA and PortAudio write to descriptor 2, across whatever stands there. Meanwhile that leads nowhere.

    Python's standard error, where Textual draws and tracebacks go, keeps leading to the terminal.
    """
    shown, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    before = sys.stderr, sys.__stderr__
    with os.fdopen(shown, "w", encoding="utf-8", errors="backslashreplace") as terminal:
        sys.stderr = sys.__stderr__ = terminal  # type: ignore[misc] # Textual draws on the second
        os.dup2(nowhere, 2)
        os.close(nowhere)
        try:
            yield
        finally:
            terminal.flush()
            os.dup2(shown, 2)
            sys.stderr, sys.__stderr__ = before  # type: ignore[misc]
