"""How the recording of a session stands, as the program that conducts it knows. Changes nothing."""

from facilitator.audio.messages import Awake, Level
from facilitator.domain import events as ev
from facilitator.domain.errors import Busy, DeviceFailed, StorageFailed
from facilitator.domain.recording import Pause
from facilitator.domain.session_state import Troubled
from facilitator.workflows.note_taking import NoteTaking
from facilitator.workflows.rehearsal_mark import rehearsal_of
from facilitator.workflows.running_track import RunningTrack
from facilitator.workflows.session_clock import SessionClock
from facilitator.workflows.sessions import Session


class RecordingState(NoteTaking):
    """The tracks that record for a session, its clock, and what there is to say of them."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._main: RunningTrack | None = None
        self._second: RunningTrack | None = None
        heard = rehearsal_of(session.study)
        self.rehearsal_speed = heard.speed if heard else None
        """In a rehearsal, how many seconds of the session clock pass in one; None in earnest."""
        self._clock = SessionClock(session, self.rehearsal_speed or 1)

    @property
    def recording(self) -> bool:
        """True while a capture process is running for this session, also while it is paused."""
        return self._main is not None and self._main.alive

    @property
    def interrupted(self) -> bool:
        """True when the capture process ended and nobody had asked it to; `restart` goes on."""
        return self._main is not None and self._main.died is not None and not self._main.alive

    @property
    def under_way(self) -> bool:
        """True from a start to a stop, whatever happens to the processes; also while only a backup records."""
        return any(track.alive or track.died is not None for track in self._tracks)

    @property
    def paused(self) -> Pause | None:
        """Why nothing is recorded just now, at the facilitator's wish."""
        return self._tracks[0].paused if self._tracks else None

    @property
    def now_ms(self) -> int:
        """Now on the session clock, which runs on through pauses, gaps and a recorder's death; it stands still before
        the first recording and after a stop."""
        return self._clock.now_ms

    def ms_at(self, at_ns: int) -> int:
        """The session clock at `at_ns` of the system's monotonic clock; now, where the clock stands still."""
        return self._clock.at(at_ns)

    @property
    def device(self) -> str:
        """Name of the input in use, or ""."""
        return self._main.device if self._main else ""

    @property
    def awake(self) -> Awake | None:
        """Whether the computer is kept from sleeping; None until the recorder has said so."""
        return self._main.awake if self._main else None

    @property
    def troubles(self) -> tuple[Troubled, ...]:
        """What troubles the recording just now, oldest first; of the backup, see `backup_troubles`."""
        return self._lasting(backup=False)

    @property
    def strike_pending(self) -> bool:
        """True while a strike was ordered and could not be carried out; `finish_strike` tries again."""
        return self.session.state.strike_ordered is not None

    @property
    def not_saved(self) -> StorageFailed | Busy | None:
        """Why news of the recording wait to be stored, while they do. They are kept, and tried again by each `poll`."""
        return next((track.log.refused for track in self._tracks if track.log.refused), None)

    @property
    def backup_device(self) -> str:
        """Name of the second input, or ""; also when it died."""
        return self._second.device if self._second else ""

    @property
    def backup_level(self) -> Level | None:
        """The last level of the second input; None when there is none, or it records no more."""
        return self._second.level if self._second and self._second.alive else None

    @property
    def backup_died(self) -> bool:
        """True when the backup's process ended unasked; `restart_backup` goes on."""
        return self._second is not None and self._second.died is not None and not self._second.alive

    @property
    def backup_troubles(self) -> tuple[Troubled, ...]:
        """What troubles the second input just now; nothing of it harms the recording."""
        return self._lasting(backup=True)

    # --- parts of these

    @property
    def _begun(self) -> RunningTrack:
        if self._main is None:
            raise DeviceFailed("Nothing is being recorded.", do="Start the recording first.")
        return self._main

    @property
    def _tracks(self) -> list[RunningTrack]:
        return [track for track in (self._main, self._second) if track is not None]

    @property
    def _take_open(self) -> bool:
        takes = self.session.state.takes
        return bool(takes) and takes[-1].end_ms is None

    def _lasting(self, *, backup: bool) -> tuple[Troubled, ...]:
        lasting = [one for one in self.session.state.troubles if one.end_ms is None and bool(one.track) == backup]
        latest = {(one.track, one.trouble): one for one in lasting}  # a fuller disk is told again, with less room
        return tuple(latest.values())

    def _ends_of_troubles(self, at_ms: int, *, backup: bool | None = None) -> list[tuple[ev.Event, int]]:
        kinds = (False, True) if backup is None else (backup,)
        return [
            (ev.TroubleEnded(one.trouble, one.track), at_ms) for kind in kinds for one in self._lasting(backup=kind)
        ]
