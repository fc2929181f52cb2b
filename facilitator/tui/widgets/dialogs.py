"""The dialogs of every screen: a question, a line of text, an error, what was done, a long job."""

import threading
from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.screen import ModalScreen
from textual.widgets import Button, Label, ProgressBar, Static

from facilitator.domain.errors import Cancelled, FacilitatorError
from facilitator.domain.progress import Progress
from facilitator.tui.advice import with_keys
from facilitator.tui.widgets.line_input import LineInput
from facilitator.tui.widgets.text import plain


class Confirm(ModalScreen[bool]):
    """A question with two answers. Escape is the harmless one, which also has the focus at first."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "answer(False)", "No", show=False),
        Binding("y", "answer(True)", "Yes", show=False),
        Binding("n", "answer(False)", "No", show=False),
        Binding("left,right", "app.focus_next", "Other button", show=False),
    ]

    def __init__(self, title: str, body: str, yes: str = "Yes", no: str = "No") -> None:
        super().__init__()
        self._title, self._body, self._yes, self._no = title, body, yes, no

    def compose(self) -> ComposeResult:
        """Title, body, buttons."""
        with Vertical(classes="dialog"):
            yield Label(plain(self._title), classes="dialog-title")
            yield Static(plain(self._body), classes="dialog-body")
            with Horizontal(classes="dialog-buttons"):
                yield Button(plain(self._no), id="no", compact=True)
                yield Button(plain(self._yes), id="yes", compact=True)

    def action_answer(self, yes: bool) -> None:
        """Close with the answer."""
        self.dismiss(yes)

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        self.dismiss(event.button.id == "yes")


class AskText(ModalScreen[str | None]):
    """One line of text, or None after Escape. A password is never shown."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "cancel", "Cancel", show=False)]

    def __init__(self, title: str, label: str, initial: str = "", password: bool = False) -> None:
        super().__init__()
        self._title, self._label, self._initial, self._password = title, label, initial, password

    def compose(self) -> ComposeResult:
        """Title, field and the two keys that end it."""
        with Vertical(classes="dialog"):
            yield Label(plain(self._title), classes="dialog-title")
            yield Static(plain(self._label), classes="dialog-body")
            yield LineInput(self._initial, password=self._password, compact=True)
            yield Static(Content("Enter takes it · Esc leaves everything as it is"), classes="dialog-keys")

    def action_cancel(self) -> None:
        """Close without an answer."""
        self.dismiss(None)

    @on(LineInput.Submitted)
    def _submitted(self, event: LineInput.Submitted) -> None:
        self.dismiss(event.value)


class ShowError(ModalScreen[None]):
    """An error in its three parts: what happened, what is safe, what to do."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,enter,q", "close", "Close", show=False)]

    def __init__(self, error: FacilitatorError) -> None:
        super().__init__()
        self.error = error

    def compose(self) -> ComposeResult:
        """Title and the parts that the error has."""
        parts = (("", self.error.what), ("Safe", self.error.safe), ("Next", with_keys(self.error.do)))
        with Vertical(classes="dialog -error"):
            yield Label(plain(f"▲ {self.error.title}"), classes="dialog-title")
            for name, text in parts:
                if text:
                    label = Content.styled(f"{name}  ", "bold") if name else Content()
                    yield Static(label + plain(text), classes="dialog-body")
            yield Static(Content("Esc closes this"), classes="dialog-keys")

    def action_close(self) -> None:
        """Close."""
        self.dismiss(None)


class Told(ModalScreen[None]):
    """What was done, in sentences worth more than a passing message."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,enter,q", "close", "Close", show=False)]

    def __init__(self, title: str, sentences: Sequence[str]) -> None:
        super().__init__()
        self._title, self._sentences = title, tuple(sentences)

    def compose(self) -> ComposeResult:
        """Title and sentences."""
        with Vertical(classes="dialog"):
            yield Label(plain(self._title), classes="dialog-title")
            for sentence in self._sentences:
                yield Static(plain(sentence), classes="dialog-body")
            yield Static(Content("Esc closes this"), classes="dialog-keys")

    def action_close(self) -> None:
        """Close."""
        self.dismiss(None)


class Working(ModalScreen[None]):
    """A long job under way: a bar, the time left, and Escape to stop it; `stopping` says what that leaves.

    Give `report` to the job, which may run in a thread; it raises Cancelled at the first report after Escape.
    Whoever started the job closes the dialog when the job has ended.
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "stop", "Stop", show=False)]

    class Moved(Message):
        """A report from the job. A newer one takes the place of one that still waits."""

        def __init__(self, progress: Progress) -> None:
            super().__init__()
            self.progress = progress

        def can_replace(self, message: Message) -> bool:
            """Only other reports."""
            return isinstance(message, Working.Moved)

    def __init__(self, label: str, stopping: str = "What is stored by then is kept.") -> None:
        super().__init__()
        self._label, self._stopping = label, stopping
        self._stop = threading.Event()

    def compose(self) -> ComposeResult:
        """Label, bar, what the job says."""
        with Vertical(classes="dialog"):
            yield Label(plain(self._label), classes="dialog-title")
            yield ProgressBar(total=None, show_eta=False, show_percentage=False)
            yield Static(Content("Starting…"), id="said", classes="dialog-body")
            yield Static(plain(f"Esc stops. {self._stopping}"), id="keys", classes="dialog-keys")

    def report(self, progress: Progress) -> None:
        """Show `progress`; may be called from any thread. Raises Cancelled once the user has asked to stop."""
        if self._stop.is_set():
            raise Cancelled("Stopped as you asked.", safe=self._stopping)
        self.post_message(self.Moved(progress))

    def action_stop(self) -> None:
        """Ask the job to stop at its next report."""
        self._stop.set()
        self.query_one("#keys", Static).update(Content("Stopping…"))

    def on_unmount(self) -> None:
        """A job must not outlive its dialog."""
        self._stop.set()

    @on(Moved)
    def _moved(self, message: Moved) -> None:
        self.query_one(ProgressBar).update(total=100, progress=message.progress.fraction * 100)
        self.query_one("#said", Static).update(plain(str(message.progress)))
