"""The dialog over a withdrawal that is being carried out: it has to come to its end."""

from textual.content import Content
from textual.widgets import Static

from facilitator.domain.progress import Progress
from facilitator.tui.widgets.dialogs import Working


class Carrying(Working):
    """As `Working`, without a way to stop. The app does not leave while it is there."""

    NO_STOP = (
        "It goes through every session and reads back what it did. It cannot be stopped in between; "
        "should the computer stop, run it again: it goes on."
    )

    def __init__(self, label: str) -> None:
        super().__init__(label, "")

    def on_mount(self) -> None:
        """Say so from the beginning."""
        self.query_one("#keys", Static).update(Content(self.NO_STOP))

    def report(self, progress: Progress) -> None:
        """Show `progress`. It stops nothing, not even once the dialog is gone."""
        self.post_message(self.Moved(progress))

    def action_stop(self) -> None:
        """Say that it has to end; also for whoever wants to leave the program."""
        self.query_one("#keys", Static).update(Content("▲ It has to come to its end first; a moment."))
