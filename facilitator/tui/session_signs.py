"""Which sessions are being recorded just now, and which were interrupted, as the list of sessions shows it."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from facilitator.domain.errors import FacilitatorError
from facilitator.domain.ids import SessionId

if TYPE_CHECKING:  # opens databases and audio; not needed for the first paint
    from facilitator.workflows.sessions import Summary
    from facilitator.workflows.study import Study


@dataclass(frozen=True, slots=True)
class Signs:
    """Sessions that are recorded, those of them that are paused, those whose backup alone records, and those that need
    recovery."""

    recording: tuple[SessionId, ...] = ()
    interrupted: tuple[SessionId, ...] = ()
    paused: tuple[SessionId, ...] = ()
    backup_only: tuple[SessionId, ...] = ()

    def __str__(self) -> str:
        """`● REC 01` for the status bar; "" while nothing is recorded."""
        running = [one for one in self.recording if one not in self.paused]
        parts = (("● REC", running), ("‖ paused", self.paused), ("▲ backup only", self.backup_only))
        return " · ".join(f"{sign} {', '.join(ids)}" for sign, ids in parts if ids)

    def shown(self, rows: "Iterable[Summary]") -> "list[Summary]":
        """The rows, saying so."""
        return [self._shown(row) for row in rows]

    def _shown(self, row: "Summary") -> "Summary":
        if row.id in self.backup_only:
            return replace(row, stages=(("▲ backup only", ""),), next="conduct")
        if row.id in self.paused:
            return replace(row, stages=(("‖ paused", "now"),), next="conduct")
        if row.id in self.recording:
            return replace(row, stages=(("● recording", "now"),), next="conduct")
        if row.id in self.interrupted:
            return replace(row, stages=(*row.stages[:-1], ("▲ interrupted", "")), next="recover")
        return row


def find_signs(study: "Study", rows: "Iterable[Summary]") -> Signs:
    """Look at the sessions that give reason to; reads only."""
    from facilitator.audio.status_file import read_status
    from facilitator.workflows.leftovers import recording_goes_on

    recording, interrupted, paused, backup_only = [], [], [], []
    for row in rows:
        audio = study.folder.session(row.id).audio
        unfinished = bool(row.stages) and row.stages[-1] == ("recorded", "unfinished")
        if not unfinished and not (audio / "capture.json").exists():
            continue
        if _is_recorded(study, row.id):
            recording.append(row.id)
            if (status := read_status(audio)) is not None and status.paused:
                paused.append(row.id)
        elif recording_goes_on(study.folder.session(row.id)):
            backup_only.append(row.id)
        elif _needs_recovery(study, row.id):
            interrupted.append(row.id)
    return Signs(tuple(recording), tuple(interrupted), tuple(paused), tuple(backup_only))


def _is_recorded(study: "Study", session_id: SessionId) -> bool:
    from facilitator.audio.recorder import Recorder

    return Recorder.attach(study.folder.session(session_id).audio) is not None


def _needs_recovery(study: "Study", session_id: SessionId) -> bool:
    from facilitator.workflows.recovering import needs_recovery
    from facilitator.workflows.sessions import Session

    try:
        with Session(study, session_id, write=False) as session:
            return needs_recovery(session)
    except FacilitatorError:  # its row says what is wrong with it
        return False
