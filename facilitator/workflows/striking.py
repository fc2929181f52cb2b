"""Destroying the last minutes at a participant's request; the order is stored first, so no crash can forget it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, NamedTuple

from facilitator.audio.messages import Destroyed
from facilitator.audio.recorder import STRIKE_SECONDS, Recorder
from facilitator.domain import events as ev
from facilitator.domain.errors import NotFound, StorageFailed, UsageError
from facilitator.domain.timebase import clock, samples_to_ms
from facilitator.workflows.running_track import RunningTrack
from facilitator.workflows.sessions import Session
from facilitator.workflows.sound import open_track

if TYPE_CHECKING:
    from facilitator.audio.container import AudioReader

LEAST_MINUTES: Final = 0.05
MOST_MINUTES: Final = 720.0
LATE_MS: Final = 5_000
"""With more sound than this behind what was ordered, the order is carried out late, and that sound is kept."""
_SLOW_DISK: Final = 2_000_000
"""Bytes a second that even a slow disk overwrites."""


class StrikePreview(NamedTuple):
    """What a strike would destroy: all from `from_ms` on, which is `sound_ms` of sound, `notes` notes and `texts` other
    texts: first words, reasons, wordings, the debrief."""

    from_ms: int
    sound_ms: int
    notes: int
    texts: int = 0

    def __str__(self) -> str:
        return f"{clock(self.sound_ms)} of sound and {_noted(self.notes, self.texts)}"


@dataclass(frozen=True, slots=True)
class Struck:
    """What a strike destroyed. `sound_ms` of the recording itself; `tracks` counts its backup tracks."""

    from_ms: int
    to_ms: int
    sound_ms: int
    notes: int
    tracks: int
    texts: int = 0

    def __str__(self) -> str:
        notes = _noted(self.notes, self.texts)
        backup = ", in the backup as well" if self.tracks else ""
        span = f"{clock(self.from_ms)} to {clock(self.to_ms)}"
        return f"Destroyed {span}: {clock(self.sound_ms)} of sound{backup}, {notes}."


def preview_strike(session: Session, minutes: float, now_ms: int) -> StrikePreview:
    """What striking the last `minutes` (0.05 to 720) before `now_ms` would destroy.

    Raises:
        UsageError: out of range, the draft is being corrected, or there is no recording.
        NotFound: the audio was destroyed before.
    """
    if not LEAST_MINUTES <= minutes <= MOST_MINUTES:
        raise UsageError("A strike takes the last 0.05 to 720 minutes.", safe="Nothing was destroyed.")
    check_strike(session)
    from_ms = max(0, now_ms - int(minutes * 60_000))
    return StrikePreview(from_ms, _sound_ms(session, from_ms, now_ms), *_counted(session, from_ms, now_ms))


def _counted(session: Session, from_ms: int, to_ms: int) -> tuple[int, int]:
    """How many notes, and how many other texts, were written in a stretch."""
    state = session.state
    words = set(state.written_since(from_ms, to_ms))
    versions = {seq for drafts in tuple(state.drafts.values()) for seq, _ in drafts}
    parts = {part for seq, (part, _) in tuple(state.debriefs.items()) if seq in words}
    others = words - versions - state.debriefs.keys()
    return sum(1 for note in tuple(state.notes) if note in words), len(others) + len(parts)


def _noted(notes: int, texts: int) -> str:
    said = {0: "no note", 1: "1 note"}.get(notes, f"{notes} notes")
    others = {0: "", 1: " and 1 other text"}.get(texts, f" and {texts} other texts")
    return said + others


def check_strike(session: Session) -> None:
    """Raises as `preview_strike` unless there is something to strike from, and it may be struck."""
    state = session.state
    if state.purged:
        raise NotFound("The audio of this session was destroyed on purpose already.", safe="Its transcript is kept.")
    if not state.takes:
        raise UsageError("This session has no recording to strike from.", safe="Nothing was destroyed.")
    if state.worked_on:
        raise UsageError(
            f"Session {session.id} is being corrected already; a strike comes before that.",
            safe="Nothing was destroyed.",
            do="Take the passage out of the transcript with `facilitator correct`, and purge the audio afterwards.",
        )


def order_strike(session: Session, from_ms: int, now_ms: int) -> None:
    """Store the order to destroy all from `from_ms` to now; `finish_strike` carries it out. Raises as `preview_strike`.

    StorageFailed while an earlier order waits: together they would destroy what lies between, which nobody asked for.
    """
    check_strike(session)
    if session.state.strike_ordered is not None:
        raise StorageFailed(
            "An earlier strike could not be carried out yet.",
            safe="Its order is stored; this one is not.",
            do=f"Check the disk. It is tried again while recording, and by `facilitator recover {session.id}`.",
        )
    session.record(ev.StrikeOrdered(from_ms, max(from_ms, now_ms)), now_ms)


def finish_strike(session: Session, running: Mapping[int, RunningTrack] | None = None) -> Struck | None:
    """Carry out a strike that was ordered and is not logged as done; None if there is none.

    A capture process that runs destroys its own records; `running` are those known here, by track. A crash meanwhile
    leaves the order open: the next call completes it.

    Raises:
        StorageFailed, WorkerFailed: not all could be destroyed; the order stays.
    """
    order = session.state.strike_ordered
    if order is None:
        return None
    backups = sorted({*session.state.backups, *_backups_on_disk(session)})
    for track in backups:
        if track not in _done(session):
            session.record(_strike_track(session, order, track, running or {}), order.to_ms)
    main = _strike_track(session, order, 0, running or {})
    words = (*session.state.written_since(main.from_ms, order.to_ms), *session.state.heard_since(main.from_ms))
    notes, texts = _counted(session, main.from_ms, order.to_ms)
    rate = session.state.takes[0].rate if session.state.takes else 48_000
    event = ev.AudioStruck(
        main.from_ms, main.to_ms, main.first_seq, main.next_seq, main.samples, main.link, words, track=0
    )
    session.record(event, order.to_ms)
    while late := session.state.written_since(main.from_ms, order.to_ms):  # a screen stored them meanwhile
        session.record(replace(event, first_seq=event.next_seq, samples=0, destroyed=late), order.to_ms)
    return Struck(main.from_ms, main.to_ms, samples_to_ms(main.samples, rate), notes, len(backups), texts)


def _backups_on_disk(session: Session) -> set[int]:
    """Those that a program began and died before it could log, as well."""
    return {int(path.name.rpartition("-")[2]) for path in session.folder.root.glob("audio-backup-[0-9]*")}


def _done(session: Session) -> set[int]:
    """Tracks struck by the order that is open: the recording comes last, and closes an order."""
    done: set[int] = set()
    for one in reversed(session.state.struck):
        if one.track == 0:
            break
        done.add(one.track)
    return done


def _strike_track(
    session: Session, order: ev.StrikeOrdered, track: int, running: Mapping[int, RunningTrack]
) -> ev.AudioStruck:
    gone = _unlogged(session, track)
    if gone is None:
        gone = _destroy(session, order, track, _striker(session, track, running.get(track)))
    _check_gone(session, order, track, gone)
    from_ms = min(order.from_ms, gone.from_ms)
    return ev.AudioStruck(from_ms, gone.to_ms, gone.first_seq, gone.next_seq, gone.samples, gone.link, track=track)


class _Striker(NamedTuple):
    """A capture process that can destroy its own records, and how to hear it while it does."""

    recorder: Recorder
    listen: Callable[[], object]


def _striker(session: Session, track: int, running: RunningTrack | None) -> _Striker | None:
    if running is not None and running.alive:
        return _Striker(running.recorder, running.listen)
    recorder = Recorder.attach(session.folder.track(track))
    return _Striker(recorder, lambda: None) if recorder is not None else None


def _unlogged(session: Session, track: int) -> Destroyed | None:
    """What a capture process destroyed while nobody lived to log it."""
    from facilitator.audio.journal import read_journal

    logged = {one.next_seq for one in session.state.struck if one.track == track}
    told = [item for item in read_journal(session.folder.track(track)) if isinstance(item, Destroyed)]
    last = told[-1] if told else None
    return last if last and last.next_seq > last.first_seq and last.next_seq not in logged else None


def _destroy(session: Session, order: ev.StrikeOrdered, track: int, striker: _Striker | None) -> Destroyed:
    from facilitator.audio.container import NO_PREVIOUS  # numpy is not needed before this

    try:
        reader = open_track(session, track)
    except NotFound:
        return Destroyed(order.from_ms, order.to_ms, 0, 0, 0, NO_PREVIOUS.hex())
    if reader.length_ms > order.to_ms + LATE_MS:
        return _destroy_late(session, order, track, reader)
    place = reader.place_of(order.from_ms)
    if place is None:
        point = reader.resume_point()
        return Destroyed(order.from_ms, order.to_ms, point.next_seq, point.next_seq, 0, point.previous.hex())
    if striker is not None:
        within_s = STRIKE_SECONDS + 2 * max(0, reader.end_sample - place.first_sample) / _SLOW_DISK
        gone = striker.recorder.strike(
            place.file, place.offset, order.from_ms, place.seq, within_s=within_s, meanwhile=striker.listen
        )
        return replace(gone, from_ms=min(order.from_ms, samples_to_ms(place.first_sample, reader.rate)))
    return _destroy_here(session, order, track, reader)


def _destroy_here(session: Session, order: ev.StrikeOrdered, track: int, reader: "AudioReader") -> Destroyed:
    """Nothing records: destroy from here what `reader` shows from the order's beginning on."""
    from facilitator.audio.striking import destroy_from

    place, point = reader.place_of(order.from_ms), reader.resume_point()
    assert place is not None  # noqa: S101  as the caller found
    folder = session.folder.track(track)
    destroy_from(folder, place.file, place.offset)
    samples = reader.found[1] - _left(session, track)
    from_ms = samples_to_ms(place.first_sample, reader.rate)
    to_ms = max(order.to_ms, reader.length_ms)
    return Destroyed(from_ms, to_ms, min(place.seq, point.next_seq), point.next_seq, samples, point.previous.hex())


def _destroy_late(session: Session, order: ev.StrikeOrdered, track: int, reader: "AudioReader") -> Destroyed:
    """The recording went on after the order, which nobody carried out then: destroy no more than was ordered."""
    from facilitator.audio.striking import destroy_inside

    found = reader.inside(order.from_ms, order.to_ms)
    if found is None and reader.holds(order.from_ms, order.to_ms):
        raise StorageFailed(
            "The sound to be destroyed cannot be told from damaged sound behind it.",
            safe="The order is stored; nothing was destroyed.",
            do="Keep the session closed to others, and restore its audio folder from a backup.",
        )
    if found is None:
        return Destroyed(order.from_ms, order.to_ms, 0, 0, 0, bytes(32).hex())
    destroy_inside(session.folder.track(track), found.places)
    from_ms = samples_to_ms(found.first_sample, reader.rate)
    to_ms = samples_to_ms(found.end_sample, reader.rate)
    samples = found.end_sample - found.first_sample
    return Destroyed(from_ms, to_ms, found.first_seq, found.next_seq, samples, found.link.hex())


def _left(session: Session, track: int) -> int:
    try:
        return open_track(session, track).found[1]
    except NotFound:
        return 0


def _check_gone(session: Session, order: ev.StrikeOrdered, track: int, gone: Destroyed) -> None:
    """Read back that nothing of the stretch is on the disk. Raises StorageFailed."""
    try:
        reader = open_track(session, track)
    except NotFound:
        return
    if reader.holds(order.from_ms, min(order.to_ms, gone.to_ms)):
        raise StorageFailed(
            "Some of the sound that was to be destroyed is still on the disk.",
            safe="The order is stored; it is carried out when the session is opened next.",
            do=f"Check the disk, then run `facilitator recover {session.id}`.",
        )


def _sound_ms(session: Session, from_ms: int, to_ms: int) -> int:
    """Recorded time between two moments: takes less gaps."""
    state = session.state
    takes = [(take.at_ms, to_ms if take.end_ms is None else take.end_ms) for take in state.takes]
    silent = sorted((max(at, from_ms), min(at + length, to_ms)) for at, length, _ in state.gaps)
    total = 0
    for start, end in takes:
        at = max(start, from_ms)
        for gap_start, gap_end in silent:
            if gap_end <= at or gap_start >= min(end, to_ms):
                continue
            total += max(0, gap_start - at)
            at = max(at, gap_end)
        total += max(0, min(end, to_ms) - at)
    return total
