"""How long audio and names are kept, and destroying them: keys first, then what they open.

What is left is never called anonymous: transcripts, voices in other copies and rare details may identify people still.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final

from facilitator.domain.errors import Damaged, FacilitatorError, InvalidInput, NotFound, UsageError
from facilitator.domain.events import RetentionSet
from facilitator.storage import keys
from facilitator.storage.linkage_key import open_key
from facilitator.storage.shredding import replace_and_shred
from facilitator.workflows.access import session_recipients
from facilitator.workflows.rekeying import refuse_recording
from facilitator.workflows.sessions import Session, audio_files, finish_purge
from facilitator.workflows.sound import open_track
from facilitator.workflows.study import Study

WORD: Final = "purge"
"""What has to be typed, exactly, before anything is destroyed."""
SOON_DAYS: Final = 30
_NOTHING: Final = "0" * 64


@dataclass(frozen=True, slots=True)
class LinkagePurged:
    """`file` is where the linkage file lay; `reached`: it was there and is destroyed too."""

    file: Path
    reached: bool


def set_retention(study: Study, audio_until: str | None = None, linkage_until: str | None = None) -> RetentionSet:
    """Set the dates (YYYY-MM-DD) by which audio and linkage file are to be destroyed; "" for none, None as it was.

    Raises:
        InvalidInput: not a date.
    """
    study.refresh()
    before = study.state.retention
    wanted = RetentionSet(
        before.audio_until if audio_until is None else _date(audio_until),
        before.linkage_until if linkage_until is None else _date(linkage_until),
    )
    if wanted != before:
        study.record(wanted)
    return study.state.retention


def due(study: Study, today: date | None = None) -> list[str]:
    """A line for all that is to be destroyed within 30 days, or should have been. Opens no session."""
    day, retention, lines = today or datetime.now(UTC).date(), study.state.retention, []
    if word := _when(retention.audio_until, day):
        there = [one for one in study.state.sessions if audio_files(study.folder.session(one))]
        lines += [f"Audio of {one} {word} for deletion on {retention.audio_until} (study retention)" for one in there]
    if (word := _when(retention.linkage_until, day)) and not study.state.linkage_destroyed_utc:
        lines.append(f"The linkage file {word} for deletion on {retention.linkage_until} (study retention)")
    return lines


def audio_warnings(session: Session) -> list[str]:
    """What to know before a session's audio is destroyed."""
    state, lines = session.state, []
    if state.takes and not state.transcription_finished:
        lines.append("It is not transcribed yet: what was said would be lost.")
    elif state.segments and not all(segment.checked for segment in state.segments.values()):
        lines.append("The transcript is not checked throughout, and could not be compared with the sound any more.")
    return lines


def linkage_warnings(study: Study) -> list[str]:
    """What to know before the key between names and numbers is destroyed."""
    lines = []
    for session_id in study.state.sessions:
        try:
            with Session(study, session_id, write=False) as session:
                if session.state.takes and not session.state.exports:
                    lines.append(f"Session {session_id} is not exported yet: without names it cannot be any more.")
        except FacilitatorError:
            lines.append(f"Session {session_id} cannot be opened, so nobody can tell whether it still needs names.")
    return lines


def refuse_purge(session: Session) -> None:
    """Raises Busy while the session is recorded, NotFound where there is no audio, or no more."""
    refuse_recording(session.folder, session.id)
    if session.key.purged or session.state.purged:
        raise NotFound("The audio of this session was destroyed before.", safe="Its transcript is kept.")
    if not audio_files(session.folder):
        raise NotFound(f"Session {session.id} has no audio.", safe="Nothing was changed.")


def purge_audio(session: Session, word: str) -> keys.PurgedAudio:
    """Destroy the session's audio: its key first, then every record, and read back that nothing opens.

    Broken off, it goes on when the session is next opened. Transcript and notes are kept. Drives may hold older bytes
    of the key file, and backups hold their own copies; nobody here can reach those.

    Raises:
        UsageError: `word` is not exactly `purge`.
        NotFound: there is no audio, or it was destroyed before.
        Busy: it is being recorded.
        StorageFailed: the disk refused; run it again.
    """
    _check_word(word)
    refuse_purge(session)
    session.study.refresh()  # who has access may have changed since the study was opened
    bare = keys.SessionKey(session.key.database, "", "", _what_there_is(session))
    sealed = keys.sealed_session_key(bare, session_recipients(session.study, session.id))
    replace_and_shred(session.folder.key, sealed)
    session.key = keys.open_session_key(session.folder.key, session.study.key)
    finish_purge(session)
    left = audio_files(session.folder)
    if left or session.key != bare or bare.purged is None or not session.reread().purged:
        raise Damaged("Not all of the audio could be destroyed.", do="Check the disk, then run the command again.")
    return bare.purged


def purge_linkage(study: Study, word: str) -> LinkagePurged:
    """Destroy the key between names and numbers, then the linkage file where it can be reached.

    Without the key, no copy of the file that was made since the study has one can be opened; a backup of the whole
    study holds a copy of the key, too.

    Raises:
        UsageError: `word` is not exactly `purge`.
        NotFound: it was destroyed before, or there is only a file of before, without a key, that is not at hand.
        StorageFailed: the disk refused; run it again.
    """
    _check_word(word)
    with study.changing():
        files = study.linkage_files
        if study.state.linkage_destroyed_utc:
            raise NotFound(
                "The key between names and numbers was destroyed before.", safe="Numbers and transcripts are kept."
            )
        if not files.key.exists():
            study.linkage  # noqa: B018  says that the file is not at hand
            raise UsageError("This linkage file has no key of its own yet.", do="Open the study once, then try again.")
        open_key(files.key, study.key)  # who may not see names may not destroy them either
        reached = study.end_linkage()
    if files.key.exists() or (reached and files.file.exists()):
        raise Damaged("The linkage key could not be destroyed.", do="Check the disk, then run the command again.")
    return LinkagePurged(files.file, reached)


def _what_there_is(session: Session) -> keys.PurgedAudio:
    """Counts over all tracks; the head is the recording's. Damaged audio is destroyed all the same."""
    records = samples = 0
    head = _NOTHING
    for track in (0, *sorted(session.state.backups)):
        try:
            reader = open_track(session, track)
            found, head_here = reader.found, reader.resume_point().previous.hex()
        except FacilitatorError:
            continue
        records, samples = records + found[0], samples + found[1]
        head = head if track else head_here
    return keys.PurgedAudio(records, samples, head)


def _check_word(word: str) -> None:
    if word != WORD:
        raise UsageError(f"The word was not {WORD}.", safe="Nothing was destroyed.", do=f"Type exactly {WORD}.")


def _date(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat() if text else ""
    except ValueError:
        raise InvalidInput("That is no date.", safe="Nothing was written.", do="Write 2031-12-31.") from None


def _when(until: str, today: date) -> str:
    if not until or (days := (date.fromisoformat(until) - today).days) > SOON_DAYS:
        return ""
    return "was due" if days < 0 else "is due"
