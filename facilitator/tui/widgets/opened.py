"""Fields and lists that are opened for the keys, and closed again.

They look as others do that have the keys, hidden ones too, so that opening one does not wait until it and all its parts
are styled anew. Only one that stays in sight without the keys, since a note is written below it, looks otherwise.
"""

from textual.widget import Widget
from textual.widgets import OptionList

from facilitator.tui.widgets.line_input import LineInput


class OpenedInput(LineInput):
    """A field."""

    def watch_has_focus(self, has_focus: bool) -> None:
        """Look as others do without the keys, or as before."""
        _look_left(self, left=not has_focus)


class OpenedList(OptionList):
    """A list."""

    def watch_has_focus(self, has_focus: bool) -> None:
        """Look as others do without the keys, or as before."""
        _look_left(self, left=not has_focus)


def _look_left(widget: Widget, *, left: bool) -> None:
    in_sight = all(one.display for one in widget.ancestors_with_self)
    widget.set_class(left and in_sight, "-left")
