"""The one-line field: what is typed or pasted passes the gate before it is drawn."""

from textual.widgets import Input

from facilitator.domain.text import SafeText


class LineInput(Input):
    """A field whose value never holds control or bidi characters. A password is drawn as dots and kept as typed."""

    def validate_value(self, value: str) -> str:
        """Textual calls this for every change of the value."""
        return value if self.password else SafeText.of(value.replace("\n", " ").replace("\t", " "))
