"""What every screen has: the status bar, the footer of keys, help, a way back, and jobs beside the event loop."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, ClassVar, TypeVar, cast

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.screen import Screen

from facilitator.domain.errors import AccessRefused, Cancelled, FacilitatorError
from facilitator.domain.progress import Report
from facilitator.tui.widgets.dialogs import ShowError, Working
from facilitator.tui.widgets.key_footer import KeyFooter
from facilitator.tui.widgets.status_bar import StatusBar

if TYPE_CHECKING:  # workflows load slowly, and the first paint does not wait for them
    from facilitator.tui.app import FacilitatorApp
    from facilitator.workflows.study import Study

T = TypeVar("T")


class StudyScreen(Screen[None]):
    """A screen of an unlocked study.

    Subclasses set `NAME` and `HELP` (what the screen is for, in sentences a researcher reads) and yield their middle
    from `compose_body`. `run_apart` and `run_with_progress` are the ways to block; one job at a time.
    """

    NAME: ClassVar[str] = ""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f1", "help", "Help", id="help", tooltip="What this screen is for, and all its keys"),
        Binding("escape", "back", "Back", id="back", tooltip="To the screen before"),
        Binding("q", "back", "Back", show=False, id="back-letter", tooltip="To the screen before"),
    ]

    COMMANDS_IN_ORDER: ClassVar[bool] = False
    """Whether each key is to take effect before the next one is looked at."""

    class Ended(Message):
        """A job beside the event loop is over; `settle` deals with its outcome on the event loop."""

        def __init__(self, settle: Callable[[], object], dialog: Working | None) -> None:
            super().__init__()
            self.settle, self.dialog = settle, dialog

    working = False

    def compose(self) -> ComposeResult:
        """Status bar, middle, keys."""
        yield StatusBar(id="status")
        yield from self.compose_body()
        yield KeyFooter()

    def compose_body(self) -> ComposeResult:
        """The middle of the screen."""
        yield from ()

    def before_command(self, key: str) -> None:
        """A key that is no text is about to take effect; see `COMMANDS_IN_ORDER`."""

    def keep(self) -> None:
        """Store what is half written."""

    @property
    def facilitator(self) -> "FacilitatorApp":
        """The app, by its own type."""
        return cast("FacilitatorApp", self.app)

    @property
    def study(self) -> "Study":
        """The unlocked study; raises AccessRefused while it is locked."""
        if self.facilitator.study is None:
            raise AccessRefused("The study is locked.", do="Give the passphrase first.")
        return self.facilitator.study

    @property
    def bar(self) -> StatusBar:
        """The line at the top."""
        return self.query_one("#status", StatusBar)

    def tell(self, text: str) -> None:
        """A passing message, for what went well or cannot be done just now. It takes the place of the last one."""
        self.app.clear_notifications()
        self.notify(text, markup=False)

    def fail(self, error: FacilitatorError) -> None:
        """Show an error; a job stopped at the user's wish is only mentioned."""
        if isinstance(error, Cancelled):
            self.tell(str(error))
        else:
            self.app.push_screen(ShowError(error))

    def run_apart(self, job: Callable[[], T], done: Callable[[T], object]) -> None:
        """Run `job` in a thread, then `done` with its result here; a FacilitatorError goes to `fail`.

        A second job is refused with a message while the first runs. What the job opens, it closes.
        """
        if self._may_start():
            self._start(job, done, None)

    def run_with_progress(
        self,
        label: str,
        job: Callable[[Report], T],
        done: Callable[[T], object],
        stopping: str = "What is stored by then is kept.",
    ) -> None:
        """As `run_apart`, behind a dialog with a bar and Escape to stop; `job` gets the callable to report to."""
        if self._may_start():
            dialog = Working(label, stopping)
            self.app.push_screen(dialog)
            self._start(lambda: job(dialog.report), done, dialog)

    def _may_start(self) -> bool:
        if self.working:
            self.tell("Still working on the last one.")
        return not self.working

    def _start(self, job: Callable[[], T], done: Callable[[T], object], dialog: Working | None) -> None:
        self.working = True

        def work() -> None:
            try:
                settle = partial(done, job())
            except FacilitatorError as error:
                self.post_message(self.Ended(partial(self.fail, error), dialog))
            else:
                self.post_message(self.Ended(settle, dialog))

        self.run_worker(work, group="job", thread=True)

    @on(Ended)
    def _ended(self, message: Ended) -> None:
        message.stop()
        self.working = False
        if message.dialog:
            message.dialog.pop_until_active()  # a dismissal pops whatever lies on top
            message.dialog.dismiss()
        message.settle()

    def action_help(self) -> None:
        """Open the help of this screen."""
        from facilitator.tui.screens.help import HelpScreen

        self.app.push_screen(HelpScreen(self))

    def action_back(self) -> None:
        """To the screen before, once no job is running."""
        if self.working:
            self.tell("Still working; a moment.")
        else:
            self.dismiss(None)
