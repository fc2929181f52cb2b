"""What happens to the sound of a session: takes, gaps, troubles, pauses, strikes, backups."""

from dataclasses import dataclass
from typing import ClassVar

from facilitator.domain.events.base import Event
from facilitator.domain.recording import STRUCK, Pause, Trouble


@dataclass(frozen=True, slots=True)
class RecordingStarted(Event):
    """`rate` in Hz. The event's time is where on the session clock this take begins (0 for the first). `channel` of
    the device is recorded, from 1 on; None for the mix of all."""

    kind: ClassVar[str] = "recording.started"
    rate: int
    device: str
    channel: int | None = None


@dataclass(frozen=True, slots=True)
class AudioGap(Event):
    """`length_ms` of the session clock hold no sound from the event's time on."""

    kind: ClassVar[str] = "recording.gap"
    length_ms: int
    reason: str


@dataclass(frozen=True, slots=True)
class RecordingStopped(Event):
    """`samples` were stored in this take, which ended at `end_ms` of the session clock, gaps included.

    `head` is the digest of its last record.
    """

    kind: ClassVar[str] = "recording.stopped"
    samples: int
    end_ms: int
    head: str


@dataclass(frozen=True, slots=True)
class RecordingReached(Event):
    """The record numbered `seq`, of digest `head`, was on the disk by then. Logged every ten seconds, so that a
    recording cut short at a record's edge can be told from one that ended there."""

    kind: ClassVar[str] = "recording.reached"
    seq: int
    head: str


@dataclass(frozen=True, slots=True)
class TroubleBegan(Event):
    """`detail` may name a device. `track` is 0 for the recording, else a backup track."""

    kind: ClassVar[str] = "recording.trouble"
    trouble: Trouble
    detail: str = ""
    track: int = 0


@dataclass(frozen=True, slots=True)
class TroubleEnded(Event):
    kind: ClassVar[str] = "recording.trouble_over"
    trouble: Trouble
    track: int = 0


@dataclass(frozen=True, slots=True)
class RecordingPaused(Event):
    """Nothing is recorded from the event's time on, at the facilitator's wish."""

    kind: ClassVar[str] = "recording.paused"
    why: Pause


@dataclass(frozen=True, slots=True)
class RecordingResumed(Event):
    kind: ClassVar[str] = "recording.resumed"


@dataclass(frozen=True, slots=True)
class StrikeOrdered(Event):
    """A participant asked that `from_ms` to `to_ms` be destroyed. Stored first, so that a crash cannot forget it."""

    kind: ClassVar[str] = "strike.ordered"
    from_ms: int
    to_ms: int


@dataclass(frozen=True, slots=True)
class AudioStruck(Event):
    """The records `first_seq` to `next_seq` - 1, `samples` long, from `from_ms` to `to_ms`, were destroyed.

    The record `next_seq` carries `link`, the digest of the last destroyed one, so that the chain of records still
    verifies. `destroyed` are the events, notes of that stretch, whose payloads were destroyed with it. One with
    `first_seq` equal to `next_seq` found no sound to destroy. `track` is 0 for the recording, else a backup track.
    `reason` is that of the gap which it leaves. Where somebody withdrew, this is stored before the sound is destroyed.
    """

    kind: ClassVar[str] = "audio.struck"
    from_ms: int
    to_ms: int
    first_seq: int
    next_seq: int
    samples: int
    link: str
    destroyed: tuple[int, ...] = ()
    track: int = 0
    reason: str = STRUCK


@dataclass(frozen=True, slots=True)
class BackupStarted(Event):
    """A second device records in parallel as track `track`, 1 or more."""

    kind: ClassVar[str] = "backup.started"
    track: int
    rate: int
    device: str


@dataclass(frozen=True, slots=True)
class BackupStopped(Event):
    kind: ClassVar[str] = "backup.stopped"
    track: int
    samples: int
    end_ms: int
    head: str


@dataclass(frozen=True, slots=True)
class BackupImported(Event):
    """A recorder's file became track `track`, aligned by cross-correlation.

    The file's first sample lies at `offset_ms` of the session clock (may be negative); `agreement` is the correlation
    at the best place, 0 to 1; `drift_ppm` the recorder's clock against ours. Off-the-record and struck stretches are
    not in it.
    """

    kind: ClassVar[str] = "backup.imported"
    track: int
    rate: int
    samples: int
    head: str
    source_sha256: str
    offset_ms: int
    agreement: float
    drift_ppm: float


@dataclass(frozen=True, slots=True)
class Precheck:
    """One line of the check before recording. `ok` is None where it could not be told, or was accepted as it is."""

    name: str
    ok: bool | None
    detail: str


@dataclass(frozen=True, slots=True)
class Prechecked(Event):
    """What the check before recording found."""

    kind: ClassVar[str] = "recording.prechecked"
    checks: tuple[Precheck, ...]


@dataclass(frozen=True, slots=True)
class RecordingRecovered(Event):
    """An interrupted recording was put in order: `recovered_ms` of sound found, `missing_ms` of it not there."""

    kind: ClassVar[str] = "recording.recovered"
    recovered_ms: int
    missing_ms: int


@dataclass(frozen=True, slots=True)
class AudioRekeyed(Event):
    """All records were encrypted anew for `recipient` (age1…). `track` as in AudioStruck.

    `head_before` and `head_after` are the last one's digests.
    """

    kind: ClassVar[str] = "audio.rekeyed"
    recipient: str
    head_before: str
    head_after: str
    track: int = 0


@dataclass(frozen=True, slots=True)
class AudioPurged(Event):
    """The key of the audio, then its `records` records, were destroyed on purpose; `head` was the last one's digest."""

    kind: ClassVar[str] = "audio.purged"
    records: int
    samples: int
    head: str


@dataclass(frozen=True, slots=True)
class AudioImported(Event):
    """`source_sha256` lets a person find the file that it came from; its name is not kept."""

    kind: ClassVar[str] = "audio.imported"
    rate: int
    samples: int
    head: str
    source_sha256: str
