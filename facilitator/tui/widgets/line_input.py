"""The one-line field: what is typed or pasted passes the gate before it is drawn."""

from typing import Final

from textual import events
from textual.widgets import Input

from facilitator.domain.text import MAX_LINE, SafeText

MOST: Final = 5 * MAX_LINE
"""Characters. More than may be stored, so that what is too long is refused and stays, rather than cut unseen."""


class LineInput(Input):
    """A field whose value never holds control or bidi characters. A password is drawn as dots and kept as typed."""

    def validate_value(self, value: str) -> str:
        """Textual calls this for every change of the value."""
        return value if self.password else SafeText.of(value.replace("\n", " ").replace("\t", " "), MOST)

    def _on_paste(self, event: events.Paste) -> None:
        """All lines of it, as one; of a password, the first."""
        event.prevent_default().stop()
        super()._on_paste(event if self.password else events.Paste(" ".join(event.text.splitlines())))
