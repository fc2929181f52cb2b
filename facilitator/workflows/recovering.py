"""Putting a session in order after a crash. Recorded sound is never touched; only the log and leftovers change."""

from dataclasses import dataclass
from typing import Final

from facilitator.audio.record_format import Opener, record_files
from facilitator.audio.record_index import index_file
from facilitator.domain import events as ev
from facilitator.domain.errors import Busy, Damaged, FacilitatorError
from facilitator.domain.progress import Progress, Report, silent
from facilitator.domain.timebase import exact, samples_to_ms
from facilitator.storage.copying import forget_copy_note
from facilitator.workflows.diagnosing import Diagnosis, Finding, Verdict, diagnose, diagnose_folder, interrupted_track
from facilitator.workflows.journal_news import journal_news
from facilitator.workflows.leftovers import recording_goes_on, remove_leftovers
from facilitator.workflows.sessions import Session
from facilitator.workflows.takes import (
    adopt_unlogged_backups,
    close_interrupted_backups,
    ending_of_interrupted,
    ending_of_unlogged,
)

__all__ = [
    "Diagnosis",
    "Finding",
    "Recovered",
    "Verdict",
    "diagnose",
    "diagnose_folder",
    "needs_recovery",
    "recording_now",
    "recover",
]

_STEPS: Final = 5


@dataclass(frozen=True, slots=True)
class Recovered:
    """What a recovery did. Milliseconds of sound.

    `recovered_ms` lay on the disk and were not, or not as finished, in the log; `missing_ms` of the recording are not
    there, at most; `length_ms` is where on the session clock the recording ends now. `after` is read back from disk.
    """

    recovered_ms: int
    missing_ms: int
    length_ms: int
    messages: int
    struck: bool
    removed: int
    after: Diagnosis

    @property
    def lines(self) -> list[str]:
        """What was done, in sentences."""
        found = []
        if self.recovered_ms:
            missing = f"{exact(self.missing_ms)} at most are missing" if self.missing_ms else "nothing is missing"
            found.append(f"{exact(self.recovered_ms)} of sound were recovered and read back; {missing}.")
        if self.messages:
            many = "1 message was" if self.messages == 1 else f"{self.messages} messages were"
            found.append(f"{many} entered in the log from the recorder's journal.")
        if self.struck:
            found.append("The strike that had been ordered is carried out.")
        if self.removed:
            found.append("1 leftover was removed." if self.removed == 1 else f"{self.removed} leftovers were removed.")
        return found or ["There was nothing to put in order."]


def needs_recovery(session: Session) -> bool:
    """Whether `recover` has something to put in order, as far as a few milliseconds can tell."""
    state, folder = session.state, session.folder
    if state.purged or recording_goes_on(folder):
        return False
    if state.strike_ordered is not None or interrupted_track(session):
        return True
    if state.takes and state.takes[-1].end_ms is None:
        return True
    return (folder.audio / "capture.json").exists() or _last_file_end_ms(session) > state.length_ms


def recover(session: Session, report: Report = silent) -> Recovered:
    """Put a session, open for writing, in order. A crash meanwhile harms nothing: a second run completes it.

    Raises:
        Busy: it is being recorded just now.
        Damaged, AccessRefused: its audio cannot be read at all; nothing was changed.
        StorageFailed: the disk refused; what was done so far is kept.
    """
    if recording_goes_on(session.folder):
        raise recording_now(session.id)
    report(Progress("Looking", 0, _STEPS))
    before = diagnose(session)
    _refuse_unreadable(before)
    report(Progress("Finishing what was ordered", 1, _STEPS))
    struck = _finish_strike(session)
    report(Progress("Entering the recorder's journal", 2, _STEPS))
    messages = _enter_journal(session)
    report(Progress("Closing the take", 3, _STEPS))
    recovered_ms, missing_ms = _close(session, before)
    report(Progress("Removing leftovers", 4, _STEPS))
    removed = remove_leftovers(session.folder)
    forget_copy_note(session.folder)
    after = diagnose(session)
    report(Progress("Recovered", _STEPS, _STEPS))
    return Recovered(recovered_ms, missing_ms, session.state.length_ms, messages, struck, removed, after)


def recording_now(session_id: str) -> Busy:
    """The error for a session in which nothing may be mended."""
    return Busy(
        f"Session {session_id} is being recorded just now.",
        safe="That recording goes on.",
        do=f"Take it over with `facilitator conduct {session_id}`, or run `facilitator record {session_id} --stop`.",
    )


def _refuse_unreadable(found: Diagnosis) -> None:
    """A take whose sound is not to be read stays open, and nothing goes on from it: its files may yet be restored."""
    fault = next((one.fault for one in found.tracks if one.track == 0 and one.fault), "")
    if fault:
        raise Damaged(
            f"The recording cannot be put in order: {fault}.",
            safe="Nothing was changed.",
            do=f"Restore sessions/{found.session_id}/audio from your backup, then recover again.",
        )


def _finish_strike(session: Session) -> bool:
    if session.state.strike_ordered is None:
        return False
    from facilitator.workflows.striking import finish_strike

    finish_strike(session)
    return True


def _enter_journal(session: Session) -> int:
    news = journal_news(session)
    if news:
        session.record_all(news)
    return len(news)


def _close(session: Session, before: Diagnosis) -> tuple[int, int]:
    """End what was cut off, in one transaction with the record of the recovery; (recovered, missing) in ms."""
    close_interrupted_backups(session, thorough=False)
    adopt_unlogged_backups(session, thorough=False)
    ending = ending_of_interrupted(session, thorough=False) or ending_of_unlogged(session, thorough=False)
    if ending is None:  # also where a program died between closing the take and starting the recorder again
        if over := _troubles_over(session, session.state.length_ms):
            session.record_all(over)
        return 0, 0
    main = before.tracks[0]
    damaged_ms = sum(one.length_ms for one in main.damage if ending.at_ms <= one.at_ms)
    missing_ms = damaged_ms + max(before.lost_at_most_ms, main.missing_ms)
    session.record_all(
        [
            *ending.events,
            *_troubles_over(session, ending.end_ms),
            (ev.RecordingRecovered(ending.sound_ms, missing_ms), ending.end_ms),
        ]
    )
    return ending.sound_ms, missing_ms


def _troubles_over(session: Session, end_ms: int) -> list[tuple[ev.Event, int]]:
    """A recording that ended is neither in trouble nor paused any more."""
    lasting = [one for one in session.state.troubles if one.end_ms is None]
    over: list[tuple[ev.Event, int]] = [(ev.TroubleEnded(one.trouble, one.track), end_ms) for one in lasting]
    if session.state.paused is not None:
        over.append((ev.RecordingResumed(), end_ms))
    return over


def _last_file_end_ms(session: Session) -> int:
    """Where the newest file of the recording ends; 0 where that cannot be told cheaply."""
    files = record_files(session.folder.audio)
    if not files:
        return 0
    try:
        index = index_file(files[-1], Opener(session.key.audio_secret, session.id), next_seq=0, next_sample=0)
    except (FacilitatorError, OSError):
        return 0
    sound = [slot.end_sample for slot in index.slots if not slot.reason]
    return samples_to_ms(max(sound), index.rate) if sound and index.rate else 0
