"""What is stored of one track of a recording, against what the log says had been stored. Read-only."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from facilitator.domain import events as ev
from facilitator.domain.errors import FacilitatorError, NotFound
from facilitator.domain.timebase import samples_to_ms

if TYPE_CHECKING:
    from facilitator.audio.container import AudioReader, Damage, Struck

_RECORD_MS: Final = 250


@dataclass(frozen=True, slots=True)
class Known:
    """What the log says was on the disk: a record `seq` (-1 where it does not say), its digest, and its end.

    `head` is "" where the log does not say, as after the records were encrypted anew.
    """

    seq: int = -1
    head: str = ""
    end_ms: int = 0


@dataclass(frozen=True, slots=True)
class TrackState:
    """A track as it lies on the disk. Times in ms of the session clock.

    `damage` leaves out a cut-off last record, which `cut_off` says. `missing_ms` at the end had been stored before
    and are not there, in `missing_records` where the log tells. `altered`: the last record is not the one of the log.
    `fault` is "" unless nothing of the track could be read at all.
    """

    track: int
    records: int = 0
    stored_ms: int = 0
    end_ms: int = 0
    damage: "tuple[Damage, ...]" = ()
    cut_off: bool = False
    missing_records: int = 0
    missing_ms: int = 0
    altered: bool = False
    fault: str = ""

    @property
    def damaged_ms(self) -> int:
        """Sound that was stored and cannot be read; at most, since a damaged record does not tell its length."""
        return sum(one.length_ms for one in self.damage)

    @property
    def whole(self) -> bool:
        """Whether all that had been stored can be read."""
        return not (self.damage or self.missing_records or self.missing_ms or self.altered or self.fault)


def known_of(events: Iterable[tuple[ev.Event, int]], track: int) -> Known | None:
    """What (event, at_ms) say was last stored of a track; None if they speak of no sound there."""
    known: Known | None = None
    earlier, began_ms = known, 0
    for event, at_ms in events:
        if isinstance(event, ev.RecordingStarted):
            earlier, began_ms = known, at_ms
        known = _main(known, event, at_ms) if track == 0 else _backup(known, event, track)
        if track == 0 and isinstance(event, ev.RecordingPaused) and at_ms <= began_ms:
            known = earlier  # the pause took all of the take back
        match event:
            case ev.AudioStruck() if event.track == track and _took_the_end(event, known):
                known = Known(event.next_seq - 1, event.link, event.from_ms)
            case ev.AudioRekeyed(_, before, after, number) if number == track and known:
                known = replace(known, head=after if known.head == before else "")
            case ev.AudioPurged():
                known = None
    return known


def _took_the_end(struck: ev.AudioStruck, known: Known | None) -> bool:
    """Whether the last record went too, or may have: after a withdrawal from within, the end is as it was."""
    return struck.next_seq > struck.first_seq and (known is None or known.end_ms <= struck.to_ms + _RECORD_MS)


def _main(known: Known | None, event: ev.Event, at_ms: int) -> Known | None:
    match event:
        case ev.RecordingReached(seq, head):
            return Known(seq, head, at_ms)
        case ev.RecordingPaused() if known and at_ms < known.end_ms:  # a pause takes back what came after its key press
            return Known(-1, "", at_ms)
        case ev.RecordingStopped(samples, end_ms, head) if samples:
            return Known(-1, head, end_ms)
        case ev.AudioImported(rate, samples, head):
            return Known(-1, head, at_ms + samples_to_ms(samples, rate))
        case _:
            return known


def _backup(known: Known | None, event: ev.Event, track: int) -> Known | None:
    match event:
        case ev.BackupStopped(number, samples, end_ms, head) if number == track and samples:
            return Known(-1, head, end_ms)
        case ev.BackupImported(number, _, samples, head) if number == track and samples:
            return Known(-1, head, 0)
        case _:
            return known


def look_at_track(
    folder: Path,
    *,
    track: int,
    session_id: str,
    identity: str,
    struck: "tuple[Struck, ...]" = (),
    known: Known | None = None,
    thorough: bool = False,
) -> TrackState:
    """Read a track's index and compare its end with `known`; `thorough` opens every record."""
    from facilitator.audio.container import AudioReader  # numpy is not needed before this

    try:
        reader = AudioReader(folder, session_id=session_id, identity=identity, struck=struck)
        if thorough:
            reader.check()
        point = reader.resume_point()
    except NotFound:
        gone = known is not None and not struck
        fault = "the log speaks of sound, and there is no record of it on the disk" if gone else ""
        return TrackState(track, fault=fault, missing_ms=known.end_ms if known and gone else 0)
    except FacilitatorError as error:
        return TrackState(track, fault=error.what[:1].lower() + error.what[1:].rstrip("."))
    return _compared(_as_found(track, reader), point.next_seq - 1, point.previous.hex(), known)


def _as_found(track: int, reader: "AudioReader") -> TrackState:
    from facilitator.audio.record_index import CUT_OFF

    records, samples = reader.found
    damage = tuple(one for one in reader.damage if one.reason != CUT_OFF)
    cut_off = len(damage) < len(reader.damage)
    return TrackState(track, records, samples_to_ms(samples, reader.rate), reader.length_ms, damage, cut_off)


def _compared(found: TrackState, last_seq: int, head: str, known: Known | None) -> TrackState:
    """With what is missing at the end, or not the same there, by what the log says."""
    if known is None or known.head == head:
        return found
    if found.end_ms < known.end_ms and known.seq < 0:
        return replace(found, missing_ms=known.end_ms - found.end_ms)
    if found.end_ms < known.end_ms and known.seq > last_seq:
        missing = known.seq - last_seq
        return replace(
            found, missing_records=missing, missing_ms=min(missing * _RECORD_MS, known.end_ms - found.end_ms)
        )
    same_end = known.seq == last_seq or (known.seq < 0 and found.end_ms == known.end_ms)
    return replace(found, altered=same_end and bool(known.head) and not found.damage)
