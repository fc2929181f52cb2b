"""Fields and lists that are in sight only while they take the keys.

They always look as others do then, so that opening one does not wait until it and all its parts are styled anew.
"""

from textual.widgets import OptionList

from facilitator.tui.widgets.line_input import LineInput


class OpenedInput(LineInput):
    """A field."""

    def watch_has_focus(self, _has_focus: bool) -> None:
        """Leave its look as it is."""


class OpenedList(OptionList):
    """A list."""

    def watch_has_focus(self, _has_focus: bool) -> None:
        """Leave its look as it is."""
