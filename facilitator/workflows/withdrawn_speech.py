"""What a withdrawal does in one session: words in one transaction, which names the sound to be destroyed after it."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from facilitator.domain import events as ev
from facilitator.domain.edits import Edit
from facilitator.domain.errors import NotFound, StorageFailed
from facilitator.domain.group import Presence
from facilitator.domain.ids import ResearchNumber, Speaker
from facilitator.domain.notes import Note, SpeakerMark
from facilitator.domain.recording import NO_HEAD
from facilitator.domain.session_state import SessionState
from facilitator.domain.stretches import Stretch, common, merged, total, without
from facilitator.domain.timebase import samples_to_ms
from facilitator.domain.withdrawal import GAP, Rule, has_words, hidden, introduces, spoken, without_speech
from facilitator.workflows.sessions import Session
from facilitator.workflows.sound import open_track

if TYPE_CHECKING:
    from facilitator.audio.record_reader import AudioReader, Inside

_HALF_RECORD_MS: Final = 125
"""A record of 250 ms goes with them if its middle is theirs."""
_HELD_WORDS: Final = ev.WindowTranscribed | ev.DraftMade | Edit
"""Events that hold everybody's words: these are stored anew without theirs, and then destroyed."""


@dataclass(frozen=True, slots=True)
class Share:
    """What of a session is theirs and still there: `turns` of `words`, and `notes` about them.

    `stretches` is when they spoke; `fresh` what of it no withdrawal by this rule has dealt with, of which `sound_ms` is
    recorded. `unknown` turns have no speaker, so that some may be theirs; `drafted` is False where there is sound and
    no transcript yet. `to_do` is False where a withdrawal by the same rule has nothing left to do.
    """

    session_id: str
    took_part: bool
    turns: int
    words: int
    notes: int
    stretches: tuple[Stretch, ...]
    fresh: tuple[Stretch, ...]
    sound_ms: int
    unknown: int
    drafted: bool
    to_do: bool


def share_of(session: Session, number: ResearchNumber, rule: Rule) -> Share:
    """What a withdrawal would find in a session, which may be open for reading only."""
    history = list(session.history())
    raw = _unhidden(history)
    texts = [one.text.split() for one in raw.transcript if one.speaker == Speaker(number) and has_words(one)]
    about = _notes_about(raw, number)
    notes = sum(1 for versions in about if _is_theirs(versions[-1][1], number))
    stretches = spoken(number, raw.transcript, raw.speaker_marks, _takes(raw))
    first_words = _first_words(history, raw, number, stretches)
    withdrawn = [item.event for item in history if isinstance(item.event, ev.SpeechWithdrawn)]
    done = [one for one in withdrawn if one.number == number and (one.rule is Rule.DESTROY or rule is Rule.MASK)]
    fresh = without(stretches, [stretch for one in done for stretch in one.stretches])
    left = rule is Rule.DESTROY and bool(texts or about or first_words)
    took_part = bool(number in raw.participants or texts or about or first_words or stretches)
    return Share(
        session.id,
        took_part,
        len(texts),
        sum(map(len, texts)),
        notes,
        stretches,
        tuple(fresh),
        0 if raw.purged else total(common(fresh, _takes(raw))),
        sum(1 for one in raw.transcript if one.speaker is None and one.text.strip()),
        bool(raw.segments) or not raw.takes,
        took_part and (not done or left or bool(fresh)),
    )


def events_for(session: Session, share: Share, number: ResearchNumber, rule: Rule) -> list[tuple[ev.Event, int]]:
    """What has to be stored of it, as (event, at_ms), all or nothing; empty where nothing is left to do. Reads only.

    After it, `destroy_sound` destroys the sound that it names.

    Raises:
        StorageFailed: sound of theirs cannot be told from damaged sound.
        Damaged, AccessRefused: a track cannot be read.
    """
    if not share.to_do:
        return []
    history = list(session.history())
    raw = _unhidden(history)
    events: list[tuple[ev.Event, int]] = []
    destroyed: list[int] = []
    struck: list[ev.AudioStruck] = []
    if not raw.takes and raw.presence.get(number, Presence.ABSENT) is not Presence.ABSENT:
        events.append((ev.PresenceChanged(number, Presence.ABSENT), 0))
    if rule is Rule.DESTROY:
        events += _notes_without_theirs(raw, number, history[-1].seq + len(events) + 1)
        events += [(event, 0) for event in _without_theirs(raw, share, number)]
        struck = _sound_of(session, share.fresh)
        events += [(one, one.from_ms) for one in struck]
        destroyed = [item.seq for item in history if isinstance(item.event, _HELD_WORDS)]
        destroyed += [seq for versions in _notes_about(raw, number) for seq, _ in versions]
        destroyed += _first_words(history, raw, number, share.stretches)
    rate = raw.takes[0].rate if raw.takes else 1
    withdrawn = ev.SpeechWithdrawn(
        number,
        rule,
        head=history[-1].hash,
        turns=share.turns,
        words=share.words,
        notes=share.notes,
        sound_ms=sum(samples_to_ms(one.samples, rate) for one in struck if one.track == 0),
        tracks=len({one.track for one in struck if one.track}),
        stretches=share.stretches,
        destroyed=tuple(sorted(destroyed)),
    )
    return [*events, (withdrawn, 0)]


def _unhidden(history: Sequence[ev.Stored]) -> SessionState:
    """The session with everything that its log still holds."""
    return SessionState.fold(item for item in history if not isinstance(item.event, ev.SpeechWithdrawn))


def _notes_about(raw: SessionState, number: ResearchNumber) -> list[list[tuple[int, Note]]]:
    """All versions of each note that was ever about them, also of those removed or about somebody else since."""
    return [
        versions for versions in raw.drafts.values() if any(note.speaker == Speaker(number) for _, note in versions)
    ]


def _is_theirs(note: Note, number: ResearchNumber) -> bool:
    return note.speaker == Speaker(number) and bool(note.text)


def _notes_without_theirs(raw: SessionState, number: ResearchNumber, seq: int) -> Iterator[tuple[ev.Event, int]]:
    """Notes that were about them and are not any more, stored anew as they read now, the first as event `seq`."""
    for versions in _notes_about(raw, number):
        first, last = versions[0][1], versions[-1][1]
        if not last.text or last.speaker == Speaker(number):
            continue
        yield ev.NoteTaken(last.kind, last.text, last.speaker, last.question_id), last.at_ms
        if first.id in raw.settled:
            yield ev.NoteSettled(seq, True), last.at_ms
            seq += 1
        seq += 1


def _first_words(
    history: Sequence[ev.Stored], raw: SessionState, number: ResearchNumber, stretches: Sequence[Stretch]
) -> list[int]:
    """Events with the first words of their turns, those of marks taken back included."""
    marked = [(item, item.event.speaker) for item in history if isinstance(item.event, ev.SpeakerMarked)]
    before = [one.event for one in history if isinstance(one.event, ev.SpeechWithdrawn) and one.event.number == number]
    known = merged([*stretches, *(stretch for one in before for stretch in one.stretches)])
    marks = {
        item.seq
        for item, speaker in marked
        if introduces(SpeakerMark(item.at_ms, speaker), number, raw.transcript, known)
    }
    return [item.seq for item in history if isinstance(item.event, ev.FirstWordsNoted) and item.event.mark in marks]


def _takes(raw: SessionState) -> list[Stretch]:
    return [(take.at_ms, take.at_ms if take.end_ms is None else take.end_ms) for take in raw.takes]


def _without_theirs(raw: SessionState, share: Share, number: ResearchNumber) -> Iterator[ev.Event]:
    """The transcript as it stands, and what was heard for it, without any word of theirs.

    What other models heard beside it goes wholly: nobody can tell there whose each word is. So does what was heard for
    a draft that is not made yet: it is heard anew, of the sound that is left.
    """
    others = [(one.start_ms, one.end_ms) for one in raw.transcript if one.speaker != Speaker(number)]
    if raw.hearing is not None and raw.hearing.finished:
        windows = [without_speech(window, share.stretches, others) for window in raw.hearing.in_order]
        yield raw.hearing.started
        yield from windows
        yield ev.TranscriptionFinished(len(windows))
    if raw.drafted:
        segments = (hidden(one) if one.speaker == Speaker(number) else one for one in raw.transcript)
        yield ev.DraftMade(tuple(segments), raw.doubts, corrected=True)


# --- the sound


def destroy_sound(session: Session) -> None:
    """Overwrite all records that the log says are withdrawn, in every track; `is_held` tells whether that worked.

    Raises StorageFailed; calling again goes on.
    """
    from facilitator.audio.striking import destroy_from, destroy_inside

    for track in {one.track for one in _withdrawn(session)}:
        folder = session.folder.track(track)
        try:
            reader = open_track(session, track)
        except NotFound:  # all of it is gone, or its key
            continue
        places: list[tuple[str, int, int]] = []
        for one in _withdrawn(session):
            if one.track != track:
                continue
            if (found := reader.inside(*_within(one))) is not None:
                places += found.places
            elif (last := reader.place_of(one.from_ms + 1)) is not None:
                if reader.length_ms > one.to_ms:
                    raise _not_told_apart()
                destroy_from(folder, last.file, last.offset)
        destroy_inside(folder, places)


def is_held(session: Session) -> bool:
    """Whether any record that is withdrawn can still be read."""
    for track in {one.track for one in _withdrawn(session)}:
        try:
            reader = open_track(session, track)
        except NotFound:
            continue
        if any(reader.holds(*_within(one)) for one in _withdrawn(session) if one.track == track):
            return True
    return False


def _withdrawn(session: Session) -> list[ev.AudioStruck]:
    return [one for one in session.state.struck if one.reason == GAP and one.next_seq > one.first_seq]


def _within(one: ev.AudioStruck) -> Stretch:
    """A stretch that touches these records and no others, for all that times are rounded."""
    return one.from_ms + 1, max(one.from_ms + 2, one.to_ms - 1)


def _sound_of(session: Session, stretches: Sequence[Stretch]) -> list[ev.AudioStruck]:
    """The records of each track that are mostly theirs, the recording's last, as for a strike.

    A stretch of theirs in which the recording has no record becomes a gap all the same.
    """
    found: list[ev.AudioStruck] = []
    if session.state.purged:
        return found
    for track in (*sorted(session.state.backups), 0):
        try:
            reader = open_track(session, track)
        except NotFound:
            continue
        held = _joined(one for stretch in stretches if (one := _records(reader, *_mostly(*stretch))) is not None)
        found += [_struck(one, reader.rate, track) for one in held]
        if track == 0:
            kept = [(one.from_ms, one.to_ms) for one in found if one.track == 0]
            silent = [one for one in stretches if not common([one], kept)]
            found += [ev.AudioStruck(start, end, 0, 0, 0, NO_HEAD, reason=GAP) for start, end in silent]
    main = [one for one in found if one.track == 0]
    return [one for one in found if one.track] + sorted(main, key=lambda one: one.from_ms)


def _mostly(start_ms: int, end_ms: int) -> Stretch:
    """What touches a record if its middle lies in a stretch; of a short one, the record in its middle."""
    middle = (start_ms + end_ms) // 2
    return min(start_ms + _HALF_RECORD_MS, middle), max(end_ms - _HALF_RECORD_MS, middle + 1)


def _records(reader: "AudioReader", low_ms: int, high_ms: int) -> "Inside | None":
    """The records with sound between two moments, also the last ones of a track; None if there are none."""
    from facilitator.audio.record_reader import Inside

    found = reader.inside(low_ms, high_ms)
    if found is not None or not reader.holds(low_ms, high_ms):
        return found
    place = reader.place_of(low_ms)
    if place is None or reader.length_ms > high_ms + 2 * _HALF_RECORD_MS + 1:
        raise _not_told_apart()
    point = reader.resume_point()
    return Inside(place.seq, point.next_seq, place.first_sample, reader.end_sample, point.previous, ())


def _joined(found: "Iterable[Inside]") -> "list[Inside]":
    """Stretches of records, in order of time, that touch or share one as one."""
    joined: list[Inside] = []
    for one in found:
        last = joined[-1] if joined else None
        if last is None or one.first_seq > last.next_seq:
            joined.append(one)
        elif one.next_seq > last.next_seq:
            joined[-1] = one._replace(first_seq=last.first_seq, first_sample=last.first_sample)
    return joined


def _struck(one: "Inside", rate: int, track: int) -> ev.AudioStruck:
    from_ms, to_ms = samples_to_ms(one.first_sample, rate), samples_to_ms(one.end_sample, rate)
    samples = one.end_sample - one.first_sample
    return ev.AudioStruck(from_ms, to_ms, one.first_seq, one.next_seq, samples, one.link.hex(), track=track, reason=GAP)


def _not_told_apart() -> StorageFailed:
    return StorageFailed(
        "The sound to be destroyed cannot be told from damaged sound behind it.",
        safe="That sound was not touched.",
        do="Restore the session's audio folder from a backup, or purge its audio, then run the command again.",
    )
