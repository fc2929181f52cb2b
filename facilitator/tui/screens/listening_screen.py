"""What a screen needs to play stretches of its session's sound."""

from functools import partial
from typing import TYPE_CHECKING, Final

from facilitator.domain.errors import FacilitatorError
from facilitator.domain.ids import SessionId
from facilitator.domain.transcript import Segment
from facilitator.tui.screens.session_screen import SessionScreen

if TYPE_CHECKING:
    from facilitator.workflows.correcting import Correction
    from facilitator.workflows.playing import ClipPlayer

SKIP_MS: Final = 3000


class ListeningScreen(SessionScreen):
    """Plays beside the event loop: the first sound of a session takes half a second to begin.

    Of clips that are asked for meanwhile, the last one is played. Subclasses set `correction` in `start_work`.
    """

    correction: "Correction"

    def __init__(self, session_id: SessionId) -> None:
        super().__init__(session_id)
        self._player: ClipPlayer | None = None
        self._wanted: tuple[int, int, bool] | None = None
        self._hushed = False
        self._mentioned = ""

    def follow_sound(self) -> None:
        """Show what is heard now."""

    @property
    def playing(self) -> bool:
        """True while sound comes out."""
        return self._player is not None and self._player.playing

    @property
    def heard_ms(self) -> int | None:
        """Where on the session clock the sound is, None in silence."""
        return self._player.position_ms if self._player is not None and self._player.playing else None

    @property
    def in_hand(self) -> Segment | None:
        """The turn that is played when nothing else is said."""
        return None

    def action_play(self) -> None:
        """Hear the turn in hand, or stop."""
        if self.playing:
            self.silence()
        else:
            self.play_turn()

    def action_skip(self, direction: int) -> None:
        """Three seconds back or on from what is heard; from the beginning of the turn in silence."""
        if (turn := self.in_hand) is not None:
            heard_ms = self.heard_ms
            start_ms = max(0, (turn.start_ms if heard_ms is None else heard_ms) + direction * SKIP_MS)
            self.play(start_ms, max(turn.end_ms, start_ms + SKIP_MS))

    def play_turn(self, *, quiet: bool = False) -> None:
        """Hear the turn in hand; `quiet` as in `play`."""
        if (turn := self.in_hand) is not None:
            self.play(turn.start_ms, turn.end_ms, quiet=quiet)

    def play(self, start_ms: int, end_ms: int, *, quiet: bool = False) -> None:
        """Play a stretch of the session clock. What prevents it is shown, or when `quiet` mentioned once."""
        self._wanted, self._hushed = (start_ms, end_ms, quiet), False
        if not self.working:
            self._begin(self._wanted)

    def silence(self) -> None:
        """Stop the sound, also one that is about to begin."""
        self._wanted, self._hushed = None, True
        if self._player is not None and not self.working:
            self._player.stop()
            self.follow_sound()

    def _begin(self, wanted: tuple[int, int, bool]) -> None:
        from facilitator.workflows.playing import ClipPlayer

        player = self._player = self._player or ClipPlayer(self.correction)
        start_ms, end_ms, quiet = wanted
        self._wanted = None

        def begin() -> FacilitatorError | None:
            try:
                player.play(start_ms, end_ms)
            except FacilitatorError as error:
                return error
            return None

        self.run_apart(begin, partial(self._begun, quiet))

    def _begun(self, quiet: bool, error: FacilitatorError | None) -> None:
        if self._wanted is not None:
            self._begin(self._wanted)
        elif error is not None and quiet:
            if error.what != self._mentioned:
                self.tell(error.what)
            self._mentioned = error.what
        elif error is not None:
            self.fail(error)
        elif self._hushed:
            self.silence()
        else:
            self.follow_sound()

    def close_session(self) -> None:
        """Silence the sound before the session closes."""
        if self._player is not None:
            self._player.stop()
            self._player = None
        super().close_session()
