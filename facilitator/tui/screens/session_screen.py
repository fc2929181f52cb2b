"""What the screens that write to one session share: they hold it open, and say when something is stored."""

from typing import TYPE_CHECKING

from facilitator.domain.errors import FacilitatorError
from facilitator.domain.ids import SessionId
from facilitator.tui.screens.base import StudyScreen

if TYPE_CHECKING:
    from facilitator.workflows.sessions import Session

SAVED = "saved ✓"


class SessionScreen(StudyScreen):
    """Opens the session for writing when it appears and closes it when it goes.

    A session that cannot be opened, or is not ready for this screen, leads back with the error shown. Subclasses do
    in `start_work` what `on_mount` would do, and may raise FacilitatorError there; `session` is there from then on.
    """

    session: "Session"

    def __init__(self, session_id: SessionId) -> None:
        super().__init__()
        self.session_id = session_id
        self.is_open = False

    @property
    def session_name(self) -> str:
        """Number and title, for the status bar."""
        return f"{self.session_id} {self.session.state.title}".strip()

    def start_work(self) -> None:
        """Show what the session holds."""

    def action_speaker(self, place: int) -> None:
        """Whoever sits at `place` speaks; see `action_label`."""
        seats = self.session.state.seats
        if place > len(seats):
            self.tell(f"There are {len(seats)} participants in this session.")
        else:
            self.action_label(seats[place - 1])

    def action_label(self, label: str) -> None:
        """`label` speaks; "" for nobody knows. What that means is the subclass's own."""

    def open_session(self) -> "Session":
        """For writing, so that nobody else can."""
        from facilitator.workflows.sessions import Session  # opens the databases; not needed for the first paint

        return Session(self.study, self.session_id)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """A key that comes before the session is open, or after it is closed, does nothing but give help."""
        if not self.is_open and action != "help":
            return False
        return super().check_action(action, parameters)

    def on_mount(self) -> None:
        try:
            self.session = self.open_session()
            self.is_open = True
            self.start_work()
            self.refresh_bindings()
        except FacilitatorError as error:
            self.close_session()
            self.dismiss(None)
            self.fail(error)

    def on_unmount(self) -> None:
        self.close_session()

    def close_session(self) -> None:
        """Let others write to the session."""
        if self.is_open:
            self.is_open = False
            self.session.close()
