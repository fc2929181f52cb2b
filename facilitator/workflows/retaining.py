"""How long audio and names are kept, and destroying them: keys first, then what they open.

What is left is never called anonymous: transcripts, voices in other copies and rare details may identify people still.
"""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final

from facilitator.domain.errors import AccessRefused, Damaged, FacilitatorError, InvalidInput, NotFound, UsageError
from facilitator.domain.events import RetentionSet
from facilitator.domain.recording import NO_HEAD
from facilitator.storage import keys
from facilitator.storage.files import write_atomically
from facilitator.storage.linkage_key import open_key
from facilitator.storage.shredding import keep_old
from facilitator.workflows.access import session_recipients
from facilitator.workflows.rekeying import refuse_recording
from facilitator.workflows.second_writer import no_assistant
from facilitator.workflows.sessions import Session, audio_files, finish_purge
from facilitator.workflows.sound import open_track
from facilitator.workflows.study import Study
from facilitator.workflows.takes import close_interrupted_backups, close_interrupted_take

WORD: Final = "purge"
"""What has to be typed, exactly, before anything is destroyed."""
SOON_DAYS: Final = 30


@dataclass(frozen=True, slots=True)
class AudioDestroyed:
    """What there was: `head` is the hex digest of the recording's last record. `warning` says, in sentences, which
    files could not be removed; "" if all were."""

    records: int
    samples: int
    head: str
    warning: str = ""


@dataclass(frozen=True, slots=True)
class LinkagePurged:
    """`file` is where the linkage file lay; `reached`: it was there and is destroyed too. `warning` says that it was
    there and could not be removed, else ""."""

    file: Path
    reached: bool
    warning: str = ""


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
    """A line for all that is to be destroyed within 30 days, or should have been, and for each withdrawal that broke
    off. Opens no session."""
    day, retention, lines = today or datetime.now(UTC).date(), study.state.retention, []
    if word := _when(retention.audio_until, day):
        there = [one for one in study.state.sessions if audio_files(study.folder.session(one))]
        lines += [f"Audio of {one} {word} for deletion on {retention.audio_until} (study retention)" for one in there]
    if (word := _when(retention.linkage_until, day)) and not study.state.linkage_destroyed_utc:
        lines.append(f"The linkage file {word} for deletion on {retention.linkage_until} (study retention)")
    open_ones = [one for one in study.state.withdrawals.values() if not one.finished_utc]
    lines += [f"The withdrawal of {one.participant.number} was broken off: run the command again" for one in open_ones]
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
    if audio_files(session.folder):
        return  # also of an audio whose key is gone: what could not be removed then is tried again
    if session.key.purged or session.state.purged:
        raise NotFound("The audio of this session was destroyed before.", safe="Its transcript is kept.")
    raise NotFound(f"Session {session.id} has no audio.", safe="Nothing was changed.")


def purge_audio(session: Session, word: str) -> AudioDestroyed:
    """Destroy the session's audio: its key first, then every record, and read back that nothing opens.

    Broken off, it goes on when the session is next opened. Transcript and notes are kept. Drives may hold older bytes
    of the key file, and backups hold their own copies; nobody here can reach those. A record that cannot be removed is
    told in `warning`: without its key it opens for nobody.

    Raises:
        UsageError: `word` is not exactly `purge`.
        NotFound: there is no audio, or it was destroyed before.
        Busy: it is being recorded, an assistant has it open, or somebody changes who has access.
        AccessRefused: the session would not be open to this key any more.
        StorageFailed: the disk refused the new key, and nothing was destroyed; or that it was, could not be logged.
    """
    _check_word(word)
    refuse_purge(session)
    with no_assistant(session.folder):
        with session.study.changing_access():  # else it might be sealed for somebody whose access is just being revoked
            what = session.key.purged or _destroy_key(session)
        left = finish_purge(session)
    if session.key.audio_secret or not session.reread().purged:
        raise Damaged("The audio's key could not be destroyed.", do="Check the disk, then run the command again.")
    records = [path for path in left if path.suffix == ".rec"]
    warning = " ".join((*_left_behind(records), *_copies_left([path for path in left if path not in records])))
    return AudioDestroyed(what.records, what.samples, what.head, warning)


def _destroy_key(session: Session) -> keys.PurgedAudio:
    """Replace the session's key by one without the audio's, which is what destroys it."""
    with suppress(Damaged, AccessRefused):  # damaged audio is destroyed all the same
        close_interrupted_take(session, thorough=False)
        close_interrupted_backups(session, thorough=False)
    what = _what_there_is(session)
    bare = keys.SessionKey(session.key.database, "", "", what)
    sealed = keys.sealed_session_key(bare, session_recipients(session.study, session.id), session.study.key)
    keep_old(session.folder.key)
    write_atomically(session.folder.key, sealed)
    session.key = keys.open_session_key(session.folder.key, session.study.key)
    return what


def purge_linkage(study: Study, word: str) -> LinkagePurged:
    """Destroy the key between names and numbers, then the linkage file where it can be reached.

    Without the key, no copy of the file that was made since the study has one can be opened; a backup of the whole
    study holds a copy of the key, too.

    Raises:
        UsageError: `word` is not exactly `purge`.
        NotFound: it was destroyed before and nothing is there, or there is only a file of before, without a key, that
            is not at hand.
        Busy: somebody else changes the study, or who has access to it, or an assistant has a session of it open.
        StorageFailed: the disk refused; run it again.
    """
    _check_word(word)
    with study.changing_access(), study.changing(), _nobody_assists(study):
        files = study.linkage_files
        _refuse_linkage_purge(study)
        reached = study.end_linkage()
    if files.key.exists():
        raise Damaged("The linkage key could not be destroyed.", do="Check the disk, then run the command again.")
    left = [files.file] if files.file.exists() else []
    return LinkagePurged(files.file, reached and not left, " ".join(_left_behind(left)))


@contextmanager
def _nobody_assists(study: Study) -> Iterator[None]:
    folders = map(study.folder.session, study.state.sessions)
    with ExitStack() as stack:
        for folder in folders:
            if folder.root.is_dir():
                stack.enter_context(no_assistant(folder))
        yield


def _refuse_linkage_purge(study: Study) -> None:
    files = study.linkage_files
    if study.state.linkage_destroyed_utc:
        if files.key.exists() or files.file.exists():
            return  # put back from somewhere, or left behind by a medium that could not be written
        raise NotFound(
            "The key between names and numbers was destroyed before.", safe="Numbers and transcripts are kept."
        )
    if not files.key.exists():
        study.linkage  # noqa: B018  says that the file is not at hand
        raise UsageError("This linkage file has no key of its own yet.", do="Open the study once, then try again.")
    open_key(files.key, study.key)  # who may not see names may not destroy them either


def _left_behind(paths: Sequence[Path]) -> list[str]:
    """What to tell of files that could not be removed."""
    if not paths:
        return []
    these, them = ("this file", "it") if len(paths) == 1 else ("these files", "them")
    return [
        f"The key is destroyed; {these} could not be removed: {', '.join(map(str, paths))}.",
        f"Nothing here opens {them} any more. Delete {them} when that place can be written.",
    ]


def _copies_left(paths: Sequence[Path]) -> list[str]:
    return [f"A copy of the old key could not be removed: {path}. It opens what is left: delete it." for path in paths]


def _what_there_is(session: Session) -> keys.PurgedAudio:
    """Counts over all tracks; the head is the recording's. Damaged audio is destroyed all the same."""
    records = samples = 0
    head = NO_HEAD
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
