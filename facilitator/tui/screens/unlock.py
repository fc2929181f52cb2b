"""Asks for the passphrase of the study that was found."""

from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Label, Static

from facilitator.domain.errors import FacilitatorError
from facilitator.tui.opening import inline, unlock
from facilitator.tui.screens.base import StudyScreen
from facilitator.tui.widgets.line_input import LineInput
from facilitator.tui.widgets.text import plain

if TYPE_CHECKING:  # pydantic behind it loads slowly
    from facilitator.storage.study_folder import StudyFolder, StudySettings


class UnlockScreen(StudyScreen):
    """One field. A wrong passphrase is said beside it, and it can be typed again."""

    NAME = "Unlock"
    HELP = (
        "Everything in a study is encrypted. The passphrase opens it on this machine until you leave the program. "
        "Nobody can recover a lost passphrase."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "app.quit", "Quit", id="unlock-quit", tooltip="Leave the program"),
    ]

    def __init__(self, folder: "StudyFolder", settings: "StudySettings", passphrase: str | None = None) -> None:
        super().__init__()
        self._folder, self._settings, self._passphrase = folder, settings, passphrase

    def compose_body(self) -> ComposeResult:
        """Which study it is, the field, and a line for what happens."""
        with Vertical(classes="page"), Vertical(classes="card"):
            yield Label(plain(self._settings.title), classes="card-title")
            yield Label(plain(str(self._folder.root)), classes="quiet")
            yield Label(Content("Passphrase"), classes="field-label")
            yield LineInput(password=True, compact=True, id="passphrase")
            yield Static(Content("Enter opens the study."), id="said")

    def on_mount(self) -> None:
        self.bar.show(" Facilitator", "locked ")
        self.query_one(LineInput).focus()
        if self._passphrase is not None:
            self._unlock(self._passphrase)

    @on(LineInput.Submitted)
    def _submitted(self, event: LineInput.Submitted) -> None:
        self._unlock(event.value)

    def _unlock(self, passphrase: str) -> None:
        if not self.working:
            self.query_one("#said", Static).update(Content("Unlocking…"))
            # scrypt does not let the event loop run, so this line is painted before it starts
            self.call_after_refresh(self.run_apart, lambda: unlock(self._folder, passphrase), self.facilitator.enter)

    def fail(self, error: FacilitatorError) -> None:
        """Say it beside the field."""
        self.query_one("#said", Static).update(plain(inline(error)))
        field = self.query_one(LineInput)
        field.value = ""
        field.focus()
