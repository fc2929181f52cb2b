"""A second person in a session that somebody else conducts: notes, speaker marks and questions, from another program.

Nothing here touches the recording: its clock, level and pauses are read from the status beside the records.
"""

import time
from collections.abc import Mapping
from datetime import UTC, datetime

from facilitator.audio.messages import Level, Started
from facilitator.audio.status_file import Status
from facilitator.audio.voices import running
from facilitator.domain.recording import Pause
from facilitator.workflows.leftovers import audio_folders
from facilitator.workflows.note_taking import NoteTaking
from facilitator.workflows.rehearsal_mark import rehearsal_of
from facilitator.workflows.session_clock import RESUME_WITHIN_MS, SessionClock
from facilitator.workflows.sessions import Session


class Assist(NoteTaking):
    """Make one with a session that was opened `beside`. It may be joined and left at any time, also before anybody
    conducts and after the recording; what is undone is only what this object stored.

    Every method that stores something returns only after the commit. Call `look` a few times a second, and
    `session.refresh` every second.
    """

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._status: Status | None = None
        self._clock = SessionClock(session)
        self._runs = False
        self.look()

    def refresh(self) -> None:
        """Take in what the other person stored, and see how the recording stands."""
        self.session.refresh()
        self.look()

    @property
    def recording(self) -> bool:
        """True while a recorder runs for the session, also while it is paused, or if only the backup's is left."""
        return self._status is not None

    @property
    def paused(self) -> Pause | None:
        """Why nothing is recorded just now, at the facilitator's wish."""
        return Pause(self._status.paused) if self._status and self._status.paused else None

    @property
    def level(self) -> Level | None:
        """The last loudness, about a second old at most; None while nothing is recorded."""
        return self._status.level if self._status else None

    @property
    def now_ms(self) -> int:
        """Now on the session clock, which runs on through pauses, gaps and a recorder's death; it stands at the end of
        what is recorded before the first recording and after a stop."""
        self.look()
        return self._clock.now_ms

    def ms_at(self, at_ns: int) -> int:
        self.look()
        return self._clock.at(at_ns) if self._runs else self._clock.now_ms

    def look(self) -> None:
        """See how the recording stands. Takes well under a millisecond."""
        found = (running(folder) for folder in audio_folders(self.session.folder))
        self._status = status = next((one for one in found if one is not None), None)
        takes = self.session.state.takes
        if status is not None:
            self._follow(status.start_ms, status.started_monotonic_ns, status.speed)
        elif not takes or takes[-1].end_ms is not None:
            self._runs = False
            self._clock.halt()
            self._clock.settle()
        elif not self._runs:
            self._follow_wall_clock()

    def _follow(self, start_ms: int, monotonic_ns: int, speed: int) -> None:
        self._runs = True
        self._clock.follow(Started("", 0, start_ms, monotonic_ns, "", speed))

    def _follow_wall_clock(self) -> None:
        """In a take whose recorder died before this program came: the next one will keep the distance."""
        take, heard = self.session.state.takes[-1], rehearsal_of(self.session.study)
        speed = heard.speed if heard else 1
        elapsed = datetime.now(UTC) - datetime.fromisoformat(take.at_utc)
        since_ms = int(elapsed.total_seconds() * 1000 * speed)
        if since_ms >= 0 and take.at_ms + since_ms < RESUME_WITHIN_MS:
            self._follow(take.at_ms + since_ms, time.monotonic_ns(), speed)

    def _last_own(self, own: list[int], known: Mapping[int, object]) -> int | None:
        """Never what somebody else stored."""
        return super()._last_own(own, {seq: known[seq] for seq in own if seq in known})
