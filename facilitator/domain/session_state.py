"""The state of one session, folded from its events."""

from bisect import bisect_right
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from itertools import pairwise

from facilitator.domain import events as ev
from facilitator.domain.conduct_state import ConductState
from facilitator.domain.detail import ExportProfile
from facilitator.domain.doubts import Doubt
from facilitator.domain.edits import Edit, edited, touched
from facilitator.domain.ids import Speaker
from facilitator.domain.recording import Pause, Trouble
from facilitator.domain.stretches import Stretch, merged
from facilitator.domain.timebase import samples_to_ms
from facilitator.domain.transcript import Segment
from facilitator.domain.withdrawal import hidden, introduces


@dataclass(frozen=True, slots=True)
class Take:
    """One stretch of recording. `end_ms` is None while it runs, or when it was cut off; `channel` as in its event."""

    at_ms: int
    at_utc: str
    rate: int
    device: str
    end_ms: int | None = None
    channel: int | None = None


@dataclass(frozen=True, slots=True)
class Troubled:
    """A trouble of the recording (`track` 0) or of a backup track; `end_ms` is None while it lasts."""

    at_ms: int
    trouble: Trouble
    detail: str = ""
    end_ms: int | None = None
    track: int = 0


@dataclass(frozen=True, slots=True)
class BackupTrack:
    """A second recording of the session. `end_ms` is None while it runs, or when it was cut off."""

    track: int
    at_ms: int
    rate: int
    source: str
    end_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Approval:
    """Who approved which content, and by which event."""

    content_sha256: str
    approver: str
    at_utc: str
    seq: int
    profile: ExportProfile = ExportProfile.TEAM


@dataclass(slots=True)
class Hearing:
    """One run of a speech model over the recording, or over a stretch of it."""

    started: ev.TranscriptionStarted
    windows: dict[int, ev.WindowTranscribed] = field(default_factory=dict)
    finished: bool = False
    stored_as: dict[int, int] = field(default_factory=dict)
    """By window, the event that holds it."""

    def since(self, from_ms: int) -> list[int]:
        """The events of windows that heard something after `from_ms`."""
        return [self.stored_as[index] for index, window in self.windows.items() if window.end_ms > from_ms]

    def forget(self, events: Collection[int]) -> None:
        """As if these windows had never been heard."""
        for index in [index for index, seq in self.stored_as.items() if seq in events]:
            del self.windows[index], self.stored_as[index]

    @property
    def end_ms(self) -> int:
        """Where it ends, on the session clock."""
        return self.started.to_ms or self.started.total_ms

    @property
    def in_order(self) -> tuple[ev.WindowTranscribed, ...]:
        """The windows in time order."""
        return tuple(sorted(self.windows.values(), key=lambda window: window.start_ms))

    @property
    def goes_on(self) -> tuple[int, int]:
        """(index, start in ms) of the first window that is not stored."""
        index, at_ms = 0, self.started.from_ms
        while (window := self.windows.get(index)) is not None and window.start_ms == at_ms:
            index, at_ms = index + 1, window.end_ms
        return index, at_ms

    @property
    def is_whole(self) -> bool:
        """Whether the stored windows follow each other without a gap to the end."""
        return len(self.windows) == self.goes_on[0] and self.goes_on[1] == self.end_ms


@dataclass(slots=True)
class SessionState(ConductState):
    """Fold with `apply`. How the group went is in the fields of ConductState. `gaps` holds (at, length, reason) in ms,
    `pauses` (at, end or None while it lasts, why). `paused` is why nothing is recorded just now, `strike_ordered` a
    strike that was not carried out yet, `reached` what was last known to be on the disk, `purged` whether the audio was
    destroyed on purpose. `edits` holds (seq, edit) of corrections that can still be undone, oldest first; `earlier`
    what each touched, as it was. `hearing` is what the draft is made of, `beside` what other models or settings heard
    since, `heard_now` the one of them that windows come in for. `approvals` and `voided`, those that a later change
    took away, are by profile. `kept_mentions` are places, by text and start, that were left as they are. `corrected` is
    true of a transcript that people had worked on before it was stored anew, without corrections to undo. `withdrawn`
    says of everybody who withdrew when they spoke: neither what they said, nor how they began, nor a note about them is
    in here.
    """

    takes: list[Take] = field(default_factory=list)
    gaps: list[tuple[int, int, str]] = field(default_factory=list)
    paused: Pause | None = None
    pauses: list[tuple[int, int | None, Pause]] = field(default_factory=list)
    troubles: list[Troubled] = field(default_factory=list)
    reached: ev.RecordingReached | None = None
    struck: list[ev.AudioStruck] = field(default_factory=list)
    strike_ordered: ev.StrikeOrdered | None = None
    backups: dict[int, BackupTrack] = field(default_factory=dict)
    rekeyed: list[ev.AudioRekeyed] = field(default_factory=list)
    purged: bool = False
    imported: bool = False
    hearing: Hearing | None = None
    beside: list[Hearing] = field(default_factory=list)
    segments: dict[int, Segment] = field(default_factory=dict)
    doubts: tuple[Doubt, ...] = ()
    drafted: int = 0
    corrected: bool = False
    edits: list[tuple[int, Edit]] = field(default_factory=list)
    earlier: dict[int, tuple[Segment, ...]] = field(default_factory=dict)
    searched: ev.CandidatesSearched | None = None
    kept_mentions: dict[tuple[str, int], ev.MentionKept] = field(default_factory=dict)
    approvals: dict[ExportProfile, Approval] = field(default_factory=dict)
    voided: dict[ExportProfile, Approval] = field(default_factory=dict)
    exports: list[ev.Exported] = field(default_factory=list)
    last_seq: int = 0
    heard_now: Hearing | None = None
    withdrawn: dict[Speaker, tuple[Stretch, ...]] = field(default_factory=dict)

    @classmethod
    def fold(cls, stored: Iterable[ev.Stored]) -> "SessionState":
        """The state after all of `stored`, which are in order."""
        state = cls()
        for item in stored:
            state.apply(item)
        return state

    def apply(self, item: ev.Stored) -> None:
        """Take in the next event."""
        self.last_seq = item.seq
        if self.apply_conduct(item):
            self._void()
        if isinstance(item.event, ev.NoteEdited):
            self._replace_again(f"note:{item.event.note_id}")
        self._apply_audio(item)
        self._apply_watch(item)
        self._apply_keeping(item)
        self._apply_transcription(item)
        self._apply_correction(item)
        self._apply_release(item)
        self._apply_withdrawal(item)

    @property
    def transcription(self) -> ev.TranscriptionStarted | None:
        """How the draft is, or is being, heard."""
        return self.hearing.started if self.hearing else None

    @property
    def transcription_finished(self) -> bool:
        """Whether all of the recording was heard."""
        return self.hearing is not None and self.hearing.finished

    @property
    def windows(self) -> dict[int, ev.WindowTranscribed]:
        """What was heard for the draft so far, by window."""
        return self.hearing.windows if self.hearing else {}

    @property
    def recorded(self) -> bool:
        """True when there is audio and no take is running or cut off."""
        return bool(self.takes) and self.takes[-1].end_ms is not None

    @property
    def length_ms(self) -> int:
        """Session time up to the end of the last finished take."""
        return max((take.end_ms or take.at_ms for take in self.takes), default=0)

    @property
    def transcript(self) -> tuple[Segment, ...]:
        """The segments in time order."""
        return tuple(sorted(self.segments.values(), key=lambda segment: (segment.start_ms, segment.id)))

    @property
    def approval(self) -> Approval | None:
        """The latest approval that still stands, of whatever profile."""
        return max(self.approvals.values(), key=lambda one: one.seq, default=None)

    def doubts_about(self, segment: Segment) -> tuple[Doubt, ...]:
        """Those that touch a segment which nobody has checked."""
        if segment.checked:
            return ()
        start, end = segment.start_ms, segment.end_ms
        return tuple(one for one in self.doubts if one.start_ms < max(end, start + 1) and start < one.end_ms)

    @property
    def open_doubts(self) -> tuple[Doubt, ...]:
        """Those that touch a segment which nobody has checked, in order of time."""
        waiting = merged(
            (one.start_ms, max(one.end_ms, one.start_ms + 1)) for one in self.segments.values() if not one.checked
        )
        ends = [end for _, end in waiting]
        reached = [bisect_right(ends, doubt.start_ms) for doubt in self.doubts]
        return tuple(
            doubt
            for doubt, at in zip(self.doubts, reached, strict=True)
            if at < len(waiting) and waiting[at][0] < doubt.end_ms
        )

    @property
    def worked_on(self) -> bool:
        """Whether somebody has corrected the draft, or looked for identifiers in it."""
        return bool(self.edits) or self.corrected or self.searched is not None

    def heard_since(self, from_ms: int) -> tuple[int, ...]:
        """The events of all that was heard after `from_ms`, and of the draft that holds it."""
        hearings = [*self.beside, *([self.hearing] if self.hearing else [])]
        found = [seq for hearing in hearings for seq in hearing.since(from_ms)]
        return tuple(sorted([*found, *([self.drafted] if found and self.segments else [])]))

    def _forget_heard(self, destroyed: Collection[int]) -> None:
        hearings = [*self.beside, *([self.hearing] if self.hearing else [])]
        for hearing in hearings:
            hearing.forget(destroyed)
            hearing.finished = hearing.finished and (not destroyed or hearing.is_whole)
        self.beside = [hearing for hearing in self.beside if hearing.finished or hearing is self.heard_now]
        if self.drafted in destroyed:
            self.segments, self.doubts = {}, ()

    def breaks(self, now_ms: int) -> list[Stretch]:
        """When the group did not talk, up to `now_ms`: its breaks, and the time between a stop and going on."""
        paused = ((at, end, why) for at, end, why in self.pauses if why is Pause.BREAK)
        stopped = ((take.end_ms, after.at_ms) for take, after in pairwise(self.takes) if take.end_ms is not None)
        return merged([*((at, max(at, now_ms if end is None else end)) for at, end, _ in paused), *stopped])

    def off_the_record(self, at_ms: int) -> bool:
        """Whether somebody had asked at `at_ms` that nothing be recorded: what was noted then stays out of exports."""
        return any(
            at <= at_ms and (end is None or at_ms < end) for at, end, why in self.pauses if why is Pause.OFF_RECORD
        )

    def _apply_audio(self, item: ev.Stored) -> None:
        match item.event:
            case ev.RecordingStarted(rate, device, channel):
                self.takes.append(Take(item.at_ms, item.at_utc, rate, device, channel=channel))
            case ev.AudioGap(length_ms, reason):
                self.gaps.append((item.at_ms, length_ms, reason))
            case ev.RecordingStopped(_, end_ms):
                if self.takes:
                    self.takes[-1] = replace(self.takes[-1], end_ms=end_ms)
            case ev.AudioImported(rate, samples):
                end_ms = item.at_ms + samples_to_ms(samples, rate)
                self.takes.append(Take(item.at_ms, item.at_utc, rate, "imported file", end_ms))
                self.imported = True

    def _apply_watch(self, item: ev.Stored) -> None:
        match item.event:
            case ev.TroubleBegan(trouble, detail, track):
                self.troubles.append(Troubled(item.at_ms, trouble, detail, None, track))
            case ev.TroubleEnded(trouble, track):
                for index, one in enumerate(self.troubles):
                    if (one.trouble, one.track, one.end_ms) == (trouble, track, None):
                        self.troubles[index] = replace(one, end_ms=item.at_ms)
            case ev.RecordingPaused(why):
                self.paused = why
                self.pauses.append((item.at_ms, None, why))
            case ev.RecordingResumed():
                self.paused = None
                self.pauses = [(at, item.at_ms if end is None else end, why) for at, end, why in self.pauses]
            case ev.RecordingReached() as reached:
                self.reached = reached
            case ev.BackupStarted(track, rate, device):
                self.backups[track] = BackupTrack(track, item.at_ms, rate, device)
            case ev.BackupStopped(track, _, end_ms):
                if track in self.backups:
                    self.backups[track] = replace(self.backups[track], end_ms=end_ms)
            case ev.BackupImported(track, rate, samples, _, _, offset_ms):
                end_ms = offset_ms + samples_to_ms(samples, rate)
                self.backups[track] = BackupTrack(track, offset_ms, rate, "imported file", end_ms)

    def _apply_keeping(self, item: ev.Stored) -> None:
        match item.event:
            case ev.StrikeOrdered() as ordered:
                self.strike_ordered = ordered
            case ev.AudioStruck() as struck:
                self.struck.append(struck)
                self.forget(struck.destroyed)
                self._forget_heard(struck.destroyed)
                if struck.track == 0:
                    self.strike_ordered = None
                    self.gaps = _without(self.gaps, struck.from_ms, struck.to_ms)
                    self.gaps.append((struck.from_ms, struck.to_ms - struck.from_ms, struck.reason))
                self._void()
            case ev.AudioRekeyed() as rekeyed:
                self.rekeyed.append(rekeyed)
            case ev.AudioPurged():
                self.purged = True

    def _apply_transcription(self, item: ev.Stored) -> None:
        match item.event:
            case ev.TranscriptionStarted(beside=True) as started:
                self.heard_now = Hearing(started)
                self.beside.append(self.heard_now)
            case ev.TranscriptionStarted() as started:
                self.heard_now = self.hearing = Hearing(started)
            case ev.WindowTranscribed() as window if self.heard_now is not None:
                self.heard_now.windows[window.index] = window
                self.heard_now.stored_as[window.index] = item.seq
            case ev.HeardUntil(total_ms) if self.hearing is not None:
                self.heard_now = hearing = self.hearing
                if total_ms == 0:  # its last window ended where the recording did, not at a pause
                    hearing.forget(hearing.since(hearing.end_ms - 1))
                    hearing.finished = False
                hearing.started = replace(hearing.started, total_ms=total_ms)
            case ev.HearingForgotten(_, destroyed):
                self._forget_heard(destroyed)
            case ev.TranscriptionFinished() if self.heard_now is not None:
                self.heard_now.finished = True
            case ev.DraftMade(segments, doubts, corrected):
                self.segments = self.shown(segments)
                self.doubts, self.drafted, self.corrected = doubts, item.seq, corrected
                self.edits.clear()
                self.earlier.clear()
                self._void()

    def _apply_correction(self, item: ev.Stored) -> None:
        event = item.event
        if not isinstance(event, Edit):
            return
        self._void()
        ids = touched(event)
        if event.undoes is not None and event.undoes in self.earlier:
            after = self.earlier.pop(event.undoes)  # with the word times and probabilities they had
        else:
            after = edited(event, self.segments)
            if not after:
                return
        before = tuple(self.segments[one] for one in ids if one in self.segments)
        for one in ids:
            self.segments.pop(one, None)
            if not isinstance(event, ev.SpeakerCorrected | ev.SegmentChecked):
                self._replace_again(f"segment:{one}")
        self.segments |= {segment.id: self._shown(segment) for segment in after}
        if event.undoes is None:
            self.edits.append((item.seq, event))
            self.earlier[item.seq] = before
        else:
            self.edits = [(seq, edit) for seq, edit in self.edits if seq != event.undoes]

    def _replace_again(self, ref: str) -> None:
        """Nothing is kept in a text that was changed, even if it is changed back."""
        self.kept_mentions = {key: kept for key, kept in self.kept_mentions.items() if key[0] != ref}

    def _void(self) -> None:
        self.voided |= self.approvals
        self.approvals.clear()

    def _apply_release(self, item: ev.Stored) -> None:
        match item.event:
            case ev.CandidatesSearched() as searched:
                self.searched = searched
            case ev.MentionKept() as kept:
                if kept.kept:
                    self.kept_mentions[kept.ref, kept.start] = kept
                else:
                    self.kept_mentions.pop((kept.ref, kept.start), None)
                self._void()
            case ev.Approved(content_sha256, approver, profile):
                self.approvals[profile] = Approval(content_sha256, approver, item.at_utc, item.seq, profile)
                self.voided.pop(profile, None)
            case ev.Exported() as exported:
                self.exports.append(exported)

    def _apply_withdrawal(self, item: ev.Stored) -> None:
        if isinstance(item.event, ev.SpeechWithdrawn):
            who, stretches = Speaker(item.event.number), item.event.stretches
            self.withdrawn[who] = tuple(merged([*self.withdrawn.get(who, ()), *stretches]))
            self.forget(item.event.destroyed)
            self._forget_heard(item.event.destroyed)
            self.segments = self.shown(self.segments.values())
            self._void()
        if self.withdrawn:
            self.notes = {key: note for key, note in self.notes.items() if note.speaker not in self.withdrawn}
            if isinstance(item.event, ev.SpeechWithdrawn | ev.FirstWordsNoted | ev.DraftMade | Edit):
                self._forget_first_words()

    def _forget_first_words(self) -> None:
        turns, told = self.transcript, tuple(self.withdrawn.items())
        for seq, (mark, _) in list(self.first_words.items()):
            if mark in self.marks and any(introduces(self.marks[mark], who, turns, spoken) for who, spoken in told):
                del self.first_words[seq]

    def shown(self, draft: Iterable[Segment]) -> dict[int, Segment]:
        """What a draft that is stored now becomes, by id."""
        return {segment.id: self._shown(segment) for segment in draft}

    def _shown(self, segment: Segment) -> Segment:
        """Whatever is attributed to somebody who withdrew, be it later, is not shown."""
        return hidden(segment) if segment.speaker in self.withdrawn else segment


def _without(gaps: list[tuple[int, int, str]], from_ms: int, to_ms: int) -> list[tuple[int, int, str]]:
    """The gaps less those that lie wholly within a stretch."""
    return [gap for gap in gaps if not from_ms <= gap[0] <= gap[0] + gap[1] <= to_ms]
