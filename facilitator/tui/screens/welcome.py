"""Shown where there is no study: offers to make one here."""

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Label, Static

from facilitator.domain.errors import FacilitatorError, InvalidInput
from facilitator.tui.opening import inline, unlock
from facilitator.tui.screens.base import StudyScreen
from facilitator.tui.widgets.line_input import LineInput
from facilitator.tui.widgets.text import plain

if TYPE_CHECKING:  # workflows load slowly
    from facilitator.workflows.study import Study

FIELDS = (
    ("title", "Title of the study", ""),
    ("reference", "Approval reference (ethics or data protection), if there is one", ""),
    ("language", "Language spoken, as a two-letter code", "en"),
    ("passphrase", "Passphrase: at least 8 characters, such as four unrelated words. Nobody can recover it.", ""),
    ("again", "The passphrase once more", ""),
)


ADVICE = "Enter goes to the next field; on the last one it makes the study."


class WelcomeScreen(StudyScreen):
    """A form with five fields; Enter goes to the next one, and on the last one makes the study."""

    NAME = "A new study"
    HELP = (
        "There is no study in this folder or above it. Fill in the fields to make one here, or leave with Esc and "
        "start the program in the study's folder. Everything that the study will hold is encrypted with the passphrase."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "create", "Create", id="welcome-create", tooltip="Make the study in this folder"),
        Binding("escape", "app.quit", "Quit", id="welcome-quit", tooltip="Leave the program"),
    ]

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder

    def compose_body(self) -> ComposeResult:
        """What will be made and where, then the fields."""
        with VerticalScroll(classes="page", can_focus=False), Vertical(classes="card"):
            yield Label(Content("Make a study here"), classes="card-title")
            yield Label(plain(str(self._folder)), classes="quiet")
            for name, label, initial in FIELDS:
                yield Label(Content(label), classes="field-label")
                secret = name in ("passphrase", "again")
                yield LineInput(initial, password=secret, compact=True, id=name)
            yield Static(Content(ADVICE), id="said")

    def on_mount(self) -> None:
        self.bar.show(" Facilitator", "no study here ")
        self.query_one("#title", LineInput).focus()

    @on(LineInput.Submitted)
    def _submitted(self, event: LineInput.Submitted) -> None:
        if event.input.id == "again":
            self.action_create()
        else:
            self.focus_next()

    @on(LineInput.Changed)
    def _changed(self) -> None:
        """What was said of the fields before holds no longer."""
        self.query_one("#said", Static).update(Content(ADVICE))

    def action_create(self) -> None:
        """Make the study from what the fields hold."""
        values = {name: self.query_one(f"#{name}", LineInput).value for name, _, _ in FIELDS}
        if not values["title"].strip():
            self._refuse("title", "A study needs a title.")
        elif values["passphrase"] != values["again"]:
            self._refuse("again", "The two passphrases differ.")
        elif not self.working:
            self.query_one("#said", Static).update(Content("Making the study…"))
            # scrypt does not let the event loop run, so this line is painted before it starts
            self.call_after_refresh(self.run_apart, lambda: _create(self._folder, values), self.facilitator.enter)

    def _refuse(self, field: str, what: str) -> None:
        self.query_one(f"#{field}", LineInput).focus()
        self.fail(InvalidInput(what))

    def fail(self, error: FacilitatorError) -> None:
        """Say it below the fields."""
        said = self.query_one("#said", Static)
        said.update(plain(inline(error)))
        said.scroll_visible()


def _create(folder: Path, values: dict[str, str]) -> "Study":
    from facilitator.storage.study_folder import StudyFolder
    from facilitator.workflows.study import init_study

    root = init_study(
        folder,
        title=values["title"],
        passphrase=values["passphrase"],
        approval_reference=values["reference"],
        language=values["language"].strip().lower() or "en",
    )
    return unlock(StudyFolder(root), values["passphrase"])
