"""Reads encrypted records back as sound on the session clock; what cannot be read is silence with a date."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from facilitator.audio.record_format import (
    BLOCK_MS,
    LENGTH,
    NO_PREVIOUS,
    UNDECRYPTABLE,
    Opener,
    Record,
    Struck,
    Unreadable,
    digest,
    joined,
)
from facilitator.audio.record_index import CUT_OFF, FileIndex, Slot, differing_rates, found_files, index_file, read_blob
from facilitator.domain.errors import AccessRefused, Damaged, NotFound
from facilitator.domain.timebase import ms_to_samples, samples_to_ms

_NEVER_SYNCED: Final = 5
"""Records that may never have been synced: those of the first second, and one on its way."""

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
        struck: what was destroyed on purpose, which is no damage.

    Raises:
        NotFound: no recording here.
        AccessRefused: the key opens none of it.
        Damaged: nothing is readable, or records differ in rate.
    """

    def __init__(self, folder: Path, *, session_id: str | None, identity: str, struck: Sequence[Struck] = ()) -> None:
        self._opener = Opener(identity, session_id)
        self._links = {one.next_seq: one for one in joined(struck)}
        self._damage: list[Damage] = []
        self._flagged: set[tuple[int, int]] = set()
        files = self._index(found_files(folder))
        self.rate = _common_rate(files)
        """Hz."""
        for path_number, index in enumerate(files, 1):
            if not index.mark_intact:
                at = index.slots[0].first_sample if index.slots else 0
                self._note(at, 0, f"the mark at the start of file {path_number} is damaged")
        self._written = [slot for index in files for slot in index.slots]
        self._slots = self._arrange(self._written)
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
    def found(self) -> tuple[int, int]:
        """(records, samples) that look readable; only `check` opens every one."""
        sound = [slot for slot in self._slots if not slot.reason and (slot.seq, slot.first_sample) not in self._flagged]
        return len(sound), sum(slot.samples for slot in sound)

    @property
    def pauses(self) -> list[tuple[int, int]]:
        """(start, length) in ms of the stretches before and between recordings that nobody recorded."""
        found, at = [], 0
        for slot in self._slots:
            if (length := samples_to_ms(slot.first_sample - at, self.rate)) > 0:
                found.append((samples_to_ms(at, self.rate), length))
            at = max(at, slot.end_sample)
        return found

    @property
    def missing(self) -> list[tuple[int, int]]:
        """(first, end) samples up to the end that no readable record holds, as far as damage is known."""
        found, at = list[tuple[int, int]](), 0
        for slot in self._slots:
            if slot.reason or (slot.seq, slot.first_sample) in self._flagged:
                continue
            if slot.first_sample > at:
                found.append((at, slot.first_sample))
            at = max(at, slot.end_sample)
        return found if at >= self.end_sample else [*found, (at, self.end_sample)]

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
            if slot.seq in self._links:
                head = self._links[slot.seq].link
            if unbroken and record.previous != head and (records or record.seq == 0 or slot.seq in self._links):
                self._note(slot.first_sample, 0, "the chain of records is broken before this point")
            head, unbroken = digest(blob), True
            records, samples = records + 1, samples + record.samples
        return Integrity(records, samples, head.hex(), tuple(self.damage))

    def resume_point(self) -> "ResumePoint":
        """Where a further recording continues: after the last record that can be opened, or that was destroyed."""
        last = max(self._links, default=0)
        if last > max((slot.seq for slot in self._slots), default=-1):
            return ResumePoint(last, self._links[last].link, max(self.end_sample, self._links[last].end_sample))
        for slot in sorted(self._slots, key=lambda item: (item.seq, item.first_sample), reverse=True):
            blob = read_blob(slot)
            if self._verified(slot, blob) is not None:
                return ResumePoint(slot.seq + 1, digest(blob), self.end_sample)
        raise Damaged("No record of this session's audio can be opened.", safe="The files were not changed.")

    def place_of(self, at_ms: int) -> "Place | None":
        """The first record that holds sound after `at_ms`, for what is to be destroyed from there on; None if none."""
        at = ms_to_samples(at_ms, self.rate)
        longest = ms_to_samples(BLOCK_MS, self.rate)  # an unreadable one, such as was half destroyed, may be that long
        ends = ((slot, slot.first_sample + longest if slot.reason else slot.end_sample) for slot in self._written)
        slot = next((slot for slot, end in ends if end > at), None)
        if slot is None:
            return None
        if (record := self._verified(slot, read_blob(slot))) is not None:
            previous = record.previous
        elif slot.seq in self._links:
            previous = self._links[slot.seq].link
        else:
            before = max(
                (other for other in self._slots if other.seq < slot.seq), key=lambda one: one.seq, default=None
            )
            previous = NO_PREVIOUS if before is None else digest(read_blob(before))
        return Place(slot.path.name, slot.offset - LENGTH.size, slot.seq, slot.first_sample, previous)

    def inside(self, from_ms: int, to_ms: int) -> "Inside | None":
        """All records with sound between two moments, read or not; None where there are none, or no readable one
        follows them."""
        low, high = ms_to_samples(from_ms, self.rate), ms_to_samples(to_ms, self.rate)
        sound = self._sound
        before = bisect_right(sound, low, key=lambda slot: slot.end_sample)
        behind = bisect_left(sound, high, key=lambda slot: slot.first_sample)
        first_seq = sound[before - 1].seq + 1 if before else 0
        after = sound[behind] if behind < len(sound) else None
        record = self._verified(after, read_blob(after)) if after is not None else None
        if record is None or record.seq <= first_seq:
            return None
        held = sound[before:behind]
        first = min((slot.first_sample for slot in held), default=low)
        end = max((slot.end_sample for slot in held), default=high)
        written = [slot for seq in range(first_seq, record.seq) for slot in self._by_number.get(seq, ())]
        places = tuple((slot.path.name, slot.offset, slot.length) for slot in written)
        return Inside(first_seq, record.seq, first, end, record.previous, places)

    def holds(self, from_ms: int, to_ms: int) -> bool:
        """Whether any readable record has sound between two moments."""
        low, high = ms_to_samples(from_ms, self.rate), ms_to_samples(to_ms, self.rate)
        first = bisect_right(self._sound, low, key=lambda slot: slot.end_sample)
        return first < len(self._sound) and self._sound[first].first_sample < high

    @cached_property
    def _sound(self) -> list[Slot]:
        """What looks readable, in the order of time."""
        return [slot for slot in self._slots if not slot.reason]

    @cached_property
    def _by_number(self) -> dict[int, list[Slot]]:
        """Where each record was written, once or twice."""
        found: dict[int, list[Slot]] = {}
        for slot in self._written:
            found.setdefault(slot.seq, []).append(slot)
        return found

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
            if slot.reason and any(one.first_seq <= slot.seq < one.next_seq for one in self._links.values()):
                continue  # overwritten on purpose
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
            if slot.seq in self._links and self._links[slot.seq].first_seq <= seq:
                seq, end = slot.seq, min(slot.first_sample, self._links[slot.seq].end_sample)
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


class Place(NamedTuple):
    """Where a record's length stands in its file; its number and place; the digest of the record before it."""

    file: str
    offset: int
    seq: int
    first_sample: int
    previous: bytes


class Inside(NamedTuple):
    """Records `first_seq` to `next_seq` - 1 with the samples that they span; `link` is what record `next_seq` holds.

    `places` are (file, offset, length) of each blob, one written twice among them twice.
    """

    first_seq: int
    next_seq: int
    first_sample: int
    end_sample: int
    link: bytes
    places: tuple[tuple[str, int, int], ...]


class ResumePoint(NamedTuple):
    """Arguments of the next recording: its sequence number, the digest before it, and the session-clock sample
    before which it must not start."""

    next_seq: int
    previous: bytes
    end_sample: int


def resume_point(
    folder: Path, identity: str, *, session_id: str | None = None, struck: Sequence[Struck] = ()
) -> ResumePoint:
    """Where recording continues in `folder`, which is not changed; the very start if nothing was recorded yet.

    Raises:
        AccessRefused: the key opens nothing here.
        Damaged: nothing here can be opened.
    """
    try:
        return AudioReader(folder, session_id=session_id, identity=identity, struck=struck).resume_point()
    except NotFound:
        last = max(struck, key=lambda one: one.next_seq, default=None)  # all of it may have been destroyed
        return ResumePoint(last.next_seq, last.link, last.end_sample) if last else ResumePoint(0, NO_PREVIOUS, 0)


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
    reasons = [slot.reason for index in files for slot in index.slots]
    if len(reasons) <= _NEVER_SYNCED and {*reasons} <= {CUT_OFF, UNDECRYPTABLE}:
        raise NotFound("Nothing of this session's recording can be read: it was cut off as it began.")
    raise Damaged(
        "No record of this session's audio can be opened.",
        safe="The files were not changed.",
        do="Restore the audio folder from your backup.",
    )
