"""Reads encrypted records back as sound on the session clock; what cannot be read is silence with a date."""

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from facilitator.audio.record_format import (
    BLOCK_MS,
    NO_PREVIOUS,
    Opener,
    Record,
    Unreadable,
    digest,
    record_files,
)
from facilitator.audio.record_index import CUT_OFF, FileIndex, Slot, differing_rates, index_file, read_blob
from facilitator.domain.errors import AccessRefused, Damaged, NotFound
from facilitator.domain.timebase import ms_to_samples, samples_to_ms

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Damage:
    """`length_ms` of the session clock from `at_ms` on are lost, at most; the reason holds no content."""

    at_ms: int
    length_ms: int
    reason: str


@dataclass(frozen=True, slots=True)
class Integrity:
    """Outcome of reading every record. `head` is the hex digest of the last one, as the session's events hold it."""

    records: int
    samples: int
    head: str
    damage: tuple[Damage, ...]


class AudioReader:
    """All recordings of a session, by session-clock time.

    Args:
        folder: the session's `audio/` folder.
        session_id: records of any other session are damage; None takes any.
        identity: the session's secret key, `AGE-SECRET-KEY-1…`.

    Raises:
        NotFound: no recording here.
        AccessRefused: the key opens none of it.
        Damaged: nothing is readable, or records differ in rate.
    """

    def __init__(self, folder: Path, *, session_id: str | None, identity: str) -> None:
        self._opener = Opener(identity, session_id)
        self._damage: list[Damage] = []
        self._flagged: set[tuple[int, int]] = set()
        files = self._index(record_files(folder))
        self.rate = _common_rate(files)
        """Hz."""
        for path_number, index in enumerate(files, 1):
            if not index.mark_intact:
                at = index.slots[0].first_sample if index.slots else 0
                self._note(at, 0, f"the mark at the start of file {path_number} is damaged")
        self._slots = self._arrange([slot for index in files for slot in index.slots])
        self._starts = [slot.first_sample for slot in self._slots]

    @property
    def damage(self) -> list[Damage]:
        """What was found unreadable so far, in the order of time. `check` makes it complete."""
        return sorted(self._damage, key=lambda item: (item.at_ms, item.length_ms))

    @property
    def end_sample(self) -> int:
        """Session-clock sample after the last record."""
        return max((slot.end_sample for slot in self._slots), default=0)

    @property
    def length_ms(self) -> int:
        """Where on the session clock the last record ends."""
        return samples_to_ms(self.end_sample, self.rate)

    @property
    def pauses(self) -> list[tuple[int, int]]:
        """(start, length) in ms of the stretches before and between recordings that nobody recorded."""
        found, at = [], 0
        for slot in self._slots:
            if (length := samples_to_ms(slot.first_sample - at, self.rate)) > 0:
                found.append((samples_to_ms(at, self.rate), length))
            at = max(at, slot.end_sample)
        return found

    def read(self, start_ms: int, end_ms: int) -> "NDArray[np.int16]":
        """Mono samples from `start_ms` up to `end_ms`, exactly that long, zeros where there is no sound."""
        return self._samples(ms_to_samples(start_ms, self.rate), ms_to_samples(end_ms, self.rate))

    def blocks(self, start_ms: int = 0, seconds: float = 30.0) -> Iterator[tuple[int, "NDArray[np.int16]"]]:
        """(first sample on the session clock, mono samples) in pieces of `seconds`, up to the end; little memory."""
        step = max(1, int(seconds * self.rate))
        for first in range(ms_to_samples(start_ms, self.rate), self.end_sample, step):
            yield first, self._samples(first, min(first + step, self.end_sample))

    def check(self) -> Integrity:
        """Open every record and follow the chain of digests through all of them."""
        records = samples = 0
        head, unbroken = NO_PREVIOUS, True
        for slot in sorted(self._slots, key=lambda item: (item.seq, item.first_sample)):
            blob = read_blob(slot)
            record = self._verified(slot, blob)
            if record is None:
                unbroken = False
                continue
            if unbroken and record.previous != head and (records or record.seq == 0):
                self._note(slot.first_sample, 0, "the chain of records is broken before this point")
            head, unbroken = digest(blob), True
            records, samples = records + 1, samples + record.samples
        return Integrity(records, samples, head.hex(), tuple(self.damage))

    def resume_point(self) -> "ResumePoint":
        """Where a further recording continues: after the last record that can be opened."""
        for slot in sorted(self._slots, key=lambda item: (item.seq, item.first_sample), reverse=True):
            blob = read_blob(slot)
            if self._verified(slot, blob) is not None:
                return ResumePoint(slot.seq + 1, digest(blob), self.end_sample)
        raise Damaged("No record of this session's audio can be opened.", safe="The files were not changed.")

    def _index(self, paths: list[Path]) -> list[FileIndex]:
        files: list[FileIndex] = []
        next_seq = next_sample = 0
        for path in paths:
            files.append(index_file(path, self._opener, next_seq=next_seq, next_sample=next_sample))
            if slots := files[-1].slots:
                next_seq, next_sample = slots[-1].seq + 1, slots[-1].end_sample
        return files

    def _arrange(self, slots: list[Slot]) -> list[Slot]:
        """Each record once, in the order of time: one that was written again counts where it is readable."""
        kept: dict[tuple[int, int], Slot] = {}
        for slot in slots:
            key = (slot.seq, slot.first_sample)
            if key not in kept or not slot.reason:
                kept[key] = slot
        ordered = sorted(kept.values(), key=lambda item: (item.seq, item.first_sample))
        for slot in ordered:
            if slot.reason:
                self._note_unreadable(slot, ordered)
        self._note_missing(ordered)
        return sorted(ordered, key=lambda item: (item.first_sample, item.seq))

    def _note_missing(self, ordered: list[Slot]) -> None:
        seq = end = 0
        slack = ms_to_samples(1, self.rate) + 1
        for slot in ordered:
            if slot.seq > seq:
                most = (slot.seq - seq) * ms_to_samples(BLOCK_MS, self.rate)
                self._note(end, max(0, min(most, slot.first_sample - end)), f"{slot.seq - seq} records are missing")
            if slot.first_sample < end - slack:
                self._note(slot.first_sample, end - slot.first_sample, "records overlap or are out of order")
            seq, end = slot.seq + 1, slot.end_sample

    def _note_unreadable(self, slot: Slot, slots: list[Slot]) -> None:
        """Date an unreadable record: as long as it was, or could have been, and not into readable sound."""
        longest = slot.samples if slot.reason != CUT_OFF else ms_to_samples(BLOCK_MS, self.rate)
        sound = [other for other in slots if not other.reason and other.end_sample > slot.first_sample]
        next_sound = min((other.first_sample for other in sound), default=slot.first_sample + longest)
        self._note(slot.first_sample, max(0, min(longest, next_sound - slot.first_sample)), slot.reason)

    def _note(self, at: int, samples: int, reason: str) -> None:
        end_ms = samples_to_ms(at + samples, self.rate)
        at_ms = samples_to_ms(at, self.rate)
        damage = Damage(at_ms, end_ms - at_ms, reason)
        if damage not in self._damage:
            self._damage.append(damage)

    def _samples(self, first: int, end: int) -> "NDArray[np.int16]":
        import numpy as np  # late: listing commands need no arrays

        pcm = np.zeros(max(0, end - first), dtype="<i2")
        longest = ms_to_samples(1000, self.rate)
        for slot in self._slots[bisect_left(self._starts, first - longest) : bisect_left(self._starts, end)]:
            if slot.end_sample <= first or (record := self._verified(slot, read_blob(slot))) is None:
                continue
            sound = np.frombuffer(record.pcm, dtype="<i2")
            low, high = max(first, slot.first_sample), min(end, slot.end_sample)
            pcm[low - first : high - first] = sound[low - slot.first_sample : high - slot.first_sample]
        return pcm

    def _verified(self, slot: Slot, blob: bytes) -> Record | None:
        """The record, if it opens and says that it belongs where the index has it; otherwise the damage is noted."""
        if slot.reason:
            return None
        opened = self._opener.open(blob)
        reason = opened.reason if isinstance(opened, Unreadable) else ""
        if isinstance(opened, Record):
            if opened.rate != self.rate:
                raise differing_rates()
            place = (slot.seq, slot.first_sample, slot.samples)
            if place == (opened.seq, opened.first_sample, opened.samples):
                return opened
            reason = "a record stands where another should be"
        if (key := (slot.seq, slot.first_sample)) not in self._flagged:
            self._flagged.add(key)
            self._note(slot.first_sample, slot.samples, reason)
        return None


class ResumePoint(NamedTuple):
    """Arguments of the next recording: its sequence number, the digest before it, and the session-clock sample
    before which it must not start."""

    next_seq: int
    previous: bytes
    end_sample: int


def resume_point(folder: Path, identity: str, *, session_id: str | None = None) -> ResumePoint:
    """Where recording continues in `folder`, which is not changed; the very start if nothing was recorded yet.

    Raises:
        AccessRefused: the key opens nothing here.
        Damaged: nothing here can be opened.
    """
    try:
        return AudioReader(folder, session_id=session_id, identity=identity).resume_point()
    except NotFound:
        return ResumePoint(0, NO_PREVIOUS, 0)


def _common_rate(files: list[FileIndex]) -> int:
    rates = {index.rate for index in files if index.rate is not None}
    if len(rates) == 1:
        return rates.pop()
    if rates:
        raise differing_rates()
    if all(slot.reason == CUT_OFF for index in files for slot in index.slots):  # not even one record was finished
        raise NotFound("This session has no recording.", do="Record it, or import a recording.")
    if any(index.wrong_key for index in files):
        raise AccessRefused("This key does not open the session's audio.", safe="Nothing was changed.")
    raise Damaged(
        "No record of this session's audio can be opened.",
        safe="The files were not changed.",
        do="Restore the audio folder from your backup.",
    )
