"""Recordings made elsewhere: as a session's recording, or as a second sound of one that was recorded here."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from facilitator.domain import events as ev
from facilitator.domain.errors import Busy, InvalidAudio, NotFound, UsageError
from facilitator.domain.progress import Progress, Report, silent
from facilitator.domain.stretches import Stretch, common, total, without
from facilitator.domain.timebase import exact, ms_to_samples, samples_to_ms
from facilitator.workflows.leftovers import recording_goes_on
from facilitator.workflows.sessions import Session
from facilitator.workflows.sound import fillable, open_track, present
from facilitator.workflows.storing_sound import (
    counted,
    placed,
    put_in_place,
    read_back,
    resampled,
    sha256,
    staged,
    store,
    whole,
    writing,
)
from facilitator.workflows.takes import adopt_import
from facilitator.workflows.withheld import FAR_MS, withheld

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from facilitator.audio.alignment import Alignment
    from facilitator.audio.container import AudioReader

MARGIN_MS: Final = 250
"""Left out on either side of what is withheld, beyond what the alignment is known to be off."""


@dataclass(frozen=True, slots=True)
class BackupAdded:
    """What became of a recorder's file. `offset_ms` and `drift_ppm` as in BackupImported; `places` (agreeing,
    compared). `stored_ms` of it were kept, which can fill `fills_ms` of the `gaps_ms` that the recording has."""

    track: int
    offset_ms: int
    drift_ppm: float
    agreement: float
    places: tuple[int, int]
    stored_ms: int
    fills_ms: int
    gaps_ms: int

    def __str__(self) -> str:
        agreeing, compared = self.places
        begins = f"{exact(abs(self.offset_ms))} {'before' if self.offset_ms < 0 else 'into'} the recording"
        gaps = f"It fills {exact(self.fills_ms)} of {exact(self.gaps_ms)} that the recording lacks."
        return (
            f"Aligned and read back as backup track {self.track}: the file begins {begins}, its clock is off by "
            f"{self.drift_ppm:+.0f} parts per million, and {agreeing} of {compared} places agree. "
            f"{exact(self.stored_ms)} were kept. {gaps if self.gaps_ms else 'The recording has no gaps to fill.'}"
        )


def import_audio(session: Session, path: Path, report: Report = silent) -> int:
    """Bring a recording made elsewhere into the session, encrypted, and return its length in ms.

    The whole file is decoded into a folder beside `audio/` first, checked, and renamed into place: a bad file leaves
    nothing behind. An import of the same file that was cut off after that is only logged.

    Raises:
        InvalidAudio: not a sound file of a known format, empty, over the limits, or changed while it was read.
        UsageError: the session has audio already.
    """
    from facilitator.audio.decode import decode

    earlier = adopt_import(session)
    if earlier is not None and earlier.source_sha256 == sha256(path):
        return samples_to_ms(earlier.samples, earlier.rate)
    _refuse_audio(session)
    digest = sha256(path)
    with staged(session) as folder:
        with decode(path) as decoded, writing(session, folder, decoded.rate) as writer:
            blocks = counted(decoded, decoded.rate, decoded.duration_ms, "Importing", report)
            store(writer, placed(blocks, 0), [(0, FAR_MS)], decoded.rate)
        stored = read_back(session, folder, writer)
        _refuse_change(path, digest)
        imported = ev.AudioImported(decoded.rate, writer.samples, stored.check().head, digest)
        put_in_place(session, folder, session.folder.audio, imported)
    return samples_to_ms(imported.samples, imported.rate)


def import_backup(session: Session, path: Path, report: Report = silent) -> BackupAdded:
    """Bring in what a second recorder heard of a session that was recorded here, aligned and with its drift corrected.

    What nobody agreed to have recorded (`workflows.withheld`) is never stored, with a margin on either side, and
    neither is what lies before the first or after the last place that agrees with the recording.

    Raises:
        InvalidAudio: no sound file, or not of this session; nothing was imported.
        UsageError: the session was not recorded here, or the file was brought in before.
        Busy: it is being recorded just now.
        NotFound, Damaged: there is no recording to align it with.
    """
    _check_may_add(session)
    digest = sha256(path)
    if any(
        isinstance(item.event, ev.BackupImported) and item.event.source_sha256 == digest for item in session.history()
    ):
        raise UsageError("This file was brought into this session before.", safe="Nothing was imported.")
    main = open_track(session)
    aligned = _aligned(main, path, report)
    kept = _kept(session, aligned)
    track = _next_track(session)
    with staged(session) as folder:
        with writing(session, folder, main.rate) as writer:
            first = round(aligned.offset_ms * main.rate / 1000)
            store(writer, placed(_at_our_pace(path, main.rate, aligned, report), first), kept, main.rate)
        stored = read_back(session, folder, writer)
        _refuse_change(path, digest)
        _refuse_withheld(session, stored)
        gaps = fillable(session, main, main.rate)
        fills = common(gaps, present(stored))
        imported = _as_event(track, stored, digest, aligned)
        put_in_place(session, folder, session.folder.track(track), imported)
    lengths = [samples_to_ms(samples, main.rate) for samples in (writer.samples, total(fills), total(gaps))]
    places = (aligned.agreeing, aligned.compared)
    return BackupAdded(track, imported.offset_ms, imported.drift_ppm, imported.agreement, places, *lengths)


def _refuse_audio(session: Session) -> None:
    if session.state.takes:
        raise UsageError(
            f"Session {session.id} has audio already.",
            safe="It was left untouched.",
            do="Plan a new session for it, or add --as-backup if it is a second recording of this session.",
        )
    if recording_goes_on(session.folder) or any(session.folder.audio.glob("*.rec")):
        raise UsageError(
            f"Session {session.id} holds a recording that its log does not know.",
            safe="It was left untouched.",
            do=f"Run `facilitator recover {session.id}`, which enters it.",
        )


def _as_event(track: int, stored: "AudioReader", digest: str, aligned: "Alignment") -> ev.BackupImported:
    offset_ms, agreement, drift_ppm = round(aligned.offset_ms), round(aligned.agreement, 4), round(aligned.drift_ppm, 2)
    found = stored.check()
    return ev.BackupImported(track, stored.rate, found.samples, found.head, digest, offset_ms, agreement, drift_ppm)


def _check_may_add(session: Session) -> None:
    state = session.state
    if not state.takes or state.imported:
        raise UsageError(
            f"Session {session.id} was not recorded here, so there is nothing that this file could back up.",
            safe="Nothing was imported.",
            do="" if state.takes else "Bring it in as the recording itself, without --as-backup.",
        )
    if state.purged:
        raise NotFound("The audio of this session was destroyed on purpose.", safe="Nothing was imported.")
    if recording_goes_on(session.folder):
        raise Busy(f"Session {session.id} is being recorded just now.", do="Stop the recording first.")
    if not state.recorded or state.strike_ordered is not None:
        raise UsageError(
            f"Session {session.id} was interrupted and is not in order yet.",
            safe="Nothing was imported.",
            do=f"Run `facilitator recover {session.id}` first.",
        )


def _aligned(main: "AudioReader", path: Path, report: Report) -> "Alignment":
    """Both sounds are held in memory only, at the low rate that a comparison needs."""
    from facilitator.audio.alignment import COMPARE_RATE, align
    from facilitator.audio.decode import decode

    ours = counted((block for _, block in main.blocks()), main.rate, main.length_ms, "Reading the recording", report)
    reference = whole(resampled(ours, main.rate, COMPARE_RATE))
    with decode(path) as decoded:
        theirs = counted(decoded, decoded.rate, decoded.duration_ms, "Reading the file", report)
        other = whole(resampled(theirs, decoded.rate, COMPARE_RATE))
    report(Progress("Comparing", 0, 1))
    aligned = align(reference, other, COMPARE_RATE)
    report(Progress("Comparing", 1, 1))
    return aligned


def _kept(session: Session, aligned: "Alignment") -> list[Stretch]:
    """(start, end) in ms of what may be stored."""
    margin = MARGIN_MS + round(aligned.spread_ms)
    holes = [(start - margin, end + margin) for start, end in withheld(session)]
    kept = without([(aligned.from_ms, aligned.to_ms)], holes)
    if not kept:
        raise InvalidAudio("Nothing of this file may be kept.", safe="Nothing was imported.")
    return kept


def _at_our_pace(path: Path, rate: int, aligned: "Alignment", report: Report) -> Iterator["NDArray[np.int16]"]:
    from facilitator.audio.decode import decode

    with decode(path) as decoded:
        blocks = counted(decoded, decoded.rate, decoded.duration_ms, "Importing", report)
        yield from resampled(blocks, decoded.rate * (1 + aligned.drift_ppm * 1e-6), rate)


def _refuse_change(path: Path, digest: str) -> None:
    if sha256(path) != digest:
        raise InvalidAudio("The file changed while it was read.", safe="Nothing was imported.", do="Try again.")


def _refuse_withheld(session: Session, stored: "AudioReader") -> None:
    """The last look before it is kept: what was stored, read back, holds nothing that must not be there."""
    holes = [
        (ms_to_samples(max(0, start), stored.rate), ms_to_samples(end, stored.rate)) for start, end in withheld(session)
    ]
    if common(present(stored), holes):
        raise InvalidAudio("The file could not be cut as it has to be.", safe="Nothing was imported.")


def _next_track(session: Session) -> int:
    used = [int(path.name.rpartition("-")[2]) for path in session.folder.root.glob("audio-backup-[0-9]*")]
    return max([0, *used, *session.state.backups]) + 1
