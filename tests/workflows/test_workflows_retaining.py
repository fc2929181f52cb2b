import errno
import itertools
import shutil
from datetime import date
from functools import partial
from pathlib import Path

import pytest
from cli_runner import files, run
from dying import died_at
from study_sound import heard, record_sound

from facilitator.audio.container import AudioReader
from facilitator.domain import events as ev
from facilitator.domain.access import Role
from facilitator.domain.errors import AccessRefused, InvalidInput, NotFound, StorageFailed, UsageError
from facilitator.domain.ids import session_id
from facilitator.domain.notes import NoteKind
from facilitator.domain.recording import Pause, Trouble
from facilitator.storage import keys, linkage_key, shredding
from facilitator.storage.keys import PurgedAudio
from facilitator.storage.linkage import read_linkage, write_linkage
from facilitator.storage.linkage_key import open_key
from facilitator.storage.study_folder import StudyFolder, read_settings
from facilitator.workflows import access, retaining, sessions
from facilitator.workflows.conducting import Conduct
from facilitator.workflows.diagnosing import diagnose
from facilitator.workflows.sessions import Session, summaries
from facilitator.workflows.sound import open_track
from facilitator.workflows.study import Study
from facilitator.workflows.transcribing import transcribe
from facilitator.workflows.verifying import verify

ONE, TWO = session_id("01"), session_id("02")
GUEST = keys.new_personal_key()


def _open(root: Path, key: keys.PersonalKey) -> Study:
    folder = StudyFolder(root)
    return Study(folder, read_settings(folder), key)


@pytest.fixture
def sounding(opened: Study) -> Study:
    """Session 01 has a second of sound, a backup track and a note, and a transcriber has access to it."""
    with Session(opened, ONE) as session:
        record_sound(session)
        record_sound(session, track=1)
        Conduct(session).note(NoteKind.THEME, "quiet wards")
    access.grant(opened, ONE, GUEST.recipient, Role.TRANSCRIBER)
    return opened


def test_retention_is_set_shown_and_taken_back(sounding: Study, planned: Path) -> None:
    assert retaining.due(sounding) == []
    with pytest.raises(InvalidInput):
        retaining.set_retention(sounding, "next year")
    retaining.set_retention(sounding, "2026-12-31", "2031-12-31")
    assert retaining.due(sounding, date(2026, 11, 30)) == []
    line = "Audio of 01 is due for deletion on 2026-12-31 (study retention)"
    assert retaining.due(sounding, date(2026, 12, 1)) == [line]
    assert retaining.due(sounding, date(2032, 1, 1)) == [
        line.replace("is due", "was due"),
        "The linkage file was due for deletion on 2031-12-31 (study retention)",
    ]
    retaining.set_retention(sounding, linkage_until="")
    assert sounding.state.retention == ev.RetentionSet("2026-12-31", "")
    sounding.close()
    assert run("study", "retention", "--audio-until", "soon", study=planned).code == 3
    shown = run("study", "retention", "--audio-until", "2020-01-31", "--json", study=planned).json
    assert shown["audio_until"] == "2020-01-31" and "01 was due" in shown["due"][0]
    assert run("study", "retention", "--none", study=planned).out.splitlines()[0] == "No date is set for audio."


def test_purged_audio_opens_for_nobody_and_the_rest_stays(sounding: Study) -> None:
    retaining.set_retention(sounding, "2026-12-31")
    with Session(sounding, ONE) as session:
        secret, copy = session.key.audio_secret, session.folder.root / "a-copy-of-a-record"
        record = next(session.folder.audio.glob("*.rec"))
        inode = session.folder.root / "another-name"
        inode.hardlink_to(record)
        shutil.copyfile(record, copy)
        head = open_track(session).check().head
        gone = retaining.purge_audio(session, "purge")
        assert (gone.records, gone.samples, gone.head) == (8, 16_000, head)
        assert set(inode.read_bytes()) <= {0}, "the bytes are overwritten, not only unlinked"
        assert session.state.notes and session.state.purged
        with pytest.raises(NotFound, match="on purpose"):
            open_track(session)
        with pytest.raises(NotFound, match="on purpose"):
            transcribe(session)
        with pytest.raises(UsageError, match="on purpose"):
            Conduct(session).start()
        with pytest.raises(NotFound, match="before"):
            retaining.purge_audio(session, "purge")
    for key in (sounding.key, GUEST):
        stored = keys.unseal((sounding.folder.session(ONE).key).read_bytes(), key, "session key")
        assert secret.encode() not in stored
    assert not list(sounding.folder.root.rglob("*.rec"))
    assert next(row for row in summaries(sounding) if row.id == ONE).next == "done"
    assert retaining.due(sounding, date(2027, 1, 1)) == []
    access.rekey(sounding, ONE)
    with Session(sounding, ONE) as session:
        assert session.key.purged == PurgedAudio(gone.records, gone.samples, gone.head) and session.verify_log() > 0


def test_only_the_exact_word_purges(sounding: Study, planned: Path) -> None:
    with Session(sounding, ONE) as session:
        for word in ("Purge", "purge ", "yes", ""):
            with pytest.raises(UsageError):
                retaining.purge_audio(session, word)
            with pytest.raises(UsageError):
                retaining.purge_linkage(sounding, word)
    sounding.close()
    before = files(planned)
    assert run("purge", "01", "--audio", "--word", "Purge", study=planned).code == 2
    assert run("purge", "--linkage", "--word", "yes", study=planned).code == 2
    assert run("purge", "01", "--audio", study=planned).code == 2  # nobody to ask
    assert run("purge", "01", "--linkage", "--word", "purge", study=planned).code == 2
    assert run("purge", "--word", "purge", study=planned).code == 2
    assert run("purge", "02", "--audio", "--word", "purge", study=planned).code == 4
    after = files(planned)
    assert {name for name in before if after[name] != before[name]} <= {"study.db", "sessions/01/session.db"}
    done = run("purge", "01", "--audio", "--word", "purge", study=planned)
    assert done.code == 0, done.err
    assert "not transcribed yet" in done.out and "anonymous" not in done.out and "may still identify" in done.out


def test_an_interrupted_purge_of_audio_goes_on(sounding: Study, planned: Path, tmp_path: Path) -> None:
    with Session(sounding, ONE) as session:
        old, sound = session.key, heard(session)
    sounding.close()

    def purge(root: Path) -> None:
        with _open(root, sounding.key) as study, Session(study, ONE) as session:
            retaining.purge_audio(session, "purge")

    outcomes = set()
    for step in itertools.count():
        copy = shutil.copytree(planned, tmp_path / "copy")
        died = died_at(step, partial(purge, copy))
        with _open(copy, sounding.key) as study, Session(study, ONE) as session:
            outcomes.add(session.state.purged)
            if session.state.purged:
                assert session.key.purged and session.key.purged.records == 8
                assert not list(copy.rglob("*.rec")) and not list(copy.rglob(".old-*"))
                assert sum(isinstance(item.event, ev.AudioPurged) for item in session.history()) == 1
            else:
                assert session.key == old and heard(session) == sound
        shutil.rmtree(copy)
        if not died:
            break
    assert outcomes == {True, False} and step > 20


def test_without_the_linkage_key_no_copy_opens(sounding: Study, planned: Path, tmp_path: Path) -> None:
    before = shutil.copyfile(planned / "linkage.age", tmp_path / "copied-before.age")
    own = open_key(planned / "linkage.key.age", sounding.key)
    assert read_linkage(before, own).identities
    gone = retaining.purge_linkage(sounding, "purge")
    assert gone.reached and not (planned / "linkage.age").exists()
    with pytest.raises(AccessRefused):
        read_linkage(before, sounding.key)
    assert own.secret.encode() not in b"".join(files(planned).values())
    assert not sounding.linkage_here and sounding.names_at_hand == {}
    with pytest.raises(NotFound, match="on purpose"):
        _ = sounding.linkage
    with Session(sounding, ONE) as session, pytest.raises(NotFound, match="on purpose"):
        verify(session)
    with pytest.raises(NotFound):
        retaining.purge_linkage(sounding, "purge")
    with pytest.raises(NotFound, match="on purpose"):
        access.grant(sounding, ONE, keys.new_personal_key().recipient, Role.OFFICER)
    shutil.copyfile(before, planned / "linkage.age")
    with _open(planned, sounding.key) as study:
        assert not study.linkage_here and not (planned / "linkage.key.age").exists()


def test_the_linkage_file_may_be_elsewhere_when_its_key_goes(sounding: Study, planned: Path, tmp_path: Path) -> None:
    sounding.close()
    (planned / "linkage.age").rename(tmp_path / "on-a-stick.age")
    done = run("purge", "--linkage", "--word", "purge", study=planned)
    assert done.code == 0, done.err
    assert "was not at hand" in done.out and "01 is not exported yet" in done.out
    assert "The data may still identify people: raw transcripts, voices and rare details do." in done.out
    assert "anonymous" not in done.out


def test_a_guest_without_names_cannot_destroy_them(sounding: Study, planned: Path) -> None:
    with _open(planned, GUEST) as study, pytest.raises(AccessRefused):
        retaining.purge_linkage(study, "purge")
    sounding.refresh()
    assert sounding.linkage_here


def test_an_interrupted_purge_of_names_goes_on(sounding: Study, planned: Path, tmp_path: Path) -> None:
    names = sounding.linkage
    sounding.close()

    def purge(root: Path) -> None:
        retaining.purge_linkage(_open(root, sounding.key), "purge")

    outcomes = set()
    for step in itertools.count():
        copy = shutil.copytree(planned, tmp_path / "copy")
        died = died_at(step, partial(purge, copy))
        with _open(copy, sounding.key) as study:
            outcomes.add(destroyed := bool(study.state.linkage_destroyed_utc))
            if destroyed:
                assert not list(copy.glob("linkage*"))
                assert sum(isinstance(item.event, ev.LinkageDestroyed) for item in study._log.read()) == 1
            else:
                assert study.linkage == names
        shutil.rmtree(copy)
        if not died:
            break
    assert outcomes == {True, False} and step > 5


def _interrupted(session: Session) -> int:
    """A take, a backup track and a strike that were all cut off; returns the note that the strike asks for."""
    session.record_all([(ev.RecordingStarted(8000, "test"), 2000), (ev.BackupStarted(2, 8000, "test"), 2000)])
    note = session.record(ev.NoteTaken(NoteKind.QUOTE, "to be struck"), 3000).seq
    session.record_all([(ev.TroubleBegan(Trouble.SILENT), 3100), (ev.RecordingPaused(Pause.BREAK), 3200)])
    session.record(ev.StrikeOrdered(2500, 3500), 3500)
    return note


def _in_order(session: Session, note: int) -> None:
    state = session.reread()
    assert state.purged and state.recorded and state.strike_ordered is None and state.paused is None
    assert not [one for one in state.backups.values() if one.end_ms is None]
    assert not [one for one in state.troubles if one.end_ms is None]
    assert note not in state.notes and session.verify_log() > 0
    assert not diagnose(session, thorough=True).needs_recovery


def test_an_interrupted_session_can_be_purged_and_get_new_keys_afterwards(sounding: Study) -> None:
    with Session(sounding, ONE) as session:
        note = _interrupted(session)
        retaining.purge_audio(session, "purge")
        _in_order(session, note)
    access.rekey(sounding, ONE)
    access.revoke(sounding, ONE, GUEST.recipient)
    with Session(sounding, ONE) as session:
        _in_order(session, note)


def test_what_was_purged_while_interrupted_before_gets_new_keys_too(sounding: Study) -> None:
    """As an older version left it: the log of a purged session still speaks of an open take."""
    with Session(sounding, ONE) as session:
        note, gone = _interrupted(session), PurgedAudio(4, 8000, "0" * 64)
        session.record(ev.AudioPurged(gone.records, gone.samples, gone.head), 1000)
        bare = keys.SessionKey(session.key.database, "", "", gone)
        recipients = access.session_recipients(sounding, ONE)
        session.folder.key.write_bytes(keys.sealed_session_key(bare, recipients, sounding.key))
    access.revoke(sounding, ONE, GUEST.recipient)
    with Session(sounding, ONE) as session:
        _in_order(session, note)
        assert sum(isinstance(item.event, ev.AudioPurged) for item in session.history()) == 1


def _refuse(patched: pytest.MonkeyPatch, name: str, *, removing: bool) -> None:
    """Let the disk refuse to overwrite files of this name, and to remove them if `removing`."""
    overwrite, unlink = shredding.overwrite, Path.unlink

    def refusing_overwrite(path: Path) -> None:
        if path.name == name:
            raise OSError(errno.EROFS, "Read-only file system")
        overwrite(path)

    def refusing_unlink(path: Path, missing_ok: bool = False) -> None:
        if path.name == name and removing:
            raise OSError(errno.EROFS, "Read-only file system")
        unlink(path, missing_ok)

    for module in (shredding, linkage_key):
        patched.setattr(module, "overwrite", refusing_overwrite)
    patched.setattr(Path, "unlink", refusing_unlink)


def test_a_record_that_cannot_be_overwritten_is_removed(sounding: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    with Session(sounding, ONE) as session, monkeypatch.context() as patched:
        _refuse(patched, "0001.rec", removing=False)
        assert retaining.purge_audio(session, "purge").warning == ""
        assert not list(session.folder.root.rglob("*.rec"))


def test_a_record_that_cannot_be_removed_blocks_nothing(
    sounding: Study, planned: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        _refuse(patched, "0001.rec", removing=True)
        with Session(sounding, ONE) as session:
            gone = retaining.purge_audio(session, "purge")
            assert gone.records == 8 and gone.warning.startswith("The key is destroyed; these files could not be")
            assert "0001.rec" in gone.warning and "unchanged" not in gone.warning
        assert next(row for row in summaries(sounding) if row.id == ONE).next == "done"
        with Session(sounding, ONE) as session:  # the transcript can be worked on
            assert session.state.purged and session.record(ev.NoteTaken(NoteKind.THEME, "later")).seq
        assert list(planned.rglob("*.rec"))
    with Session(sounding, ONE) as session:
        assert not list(planned.rglob("*.rec")), "the next opening for writing tries again"
        with pytest.raises(NotFound, match="before"):
            retaining.purge_audio(session, "purge")


def test_a_destroyed_key_that_is_not_logged_yet_shows(
    sounding: Study, planned: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise StorageFailed("The disk refused.")

    with monkeypatch.context() as patched:
        with Session(sounding, ONE) as session, pytest.raises(StorageFailed):
            patched.setattr(retaining, "finish_purge", full)
            retaining.purge_audio(session, "purge")
        assert next(row for row in summaries(sounding) if row.id == ONE).next == "done"
        patched.setattr(sessions, "finish_purge", full)
        with Session(sounding, ONE) as session:
            assert not session.state.purged and session.key.purged
    with Session(sounding, ONE) as session:
        assert session.state.purged and not list(planned.rglob("*.rec"))


def test_a_copy_of_the_audio_key_that_cannot_be_removed_is_told(
    sounding: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = sounding.folder.session(ONE).root / ".session.key.age.0a1b2c3d"
    shutil.copyfile(sounding.folder.session(ONE).key, left)
    with Session(sounding, ONE) as session, monkeypatch.context() as patched:
        _refuse(patched, left.name, removing=True)
        gone = retaining.purge_audio(session, "purge")
    assert f"A copy of the old key could not be removed: {left}" in gone.warning
    with Session(sounding, ONE):
        assert not left.exists()


def test_names_on_a_protected_stick_are_destroyed_by_their_key(
    sounding: Study, planned: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        _refuse(patched, "linkage.age", removing=True)
        gone = retaining.purge_linkage(sounding, "purge")
        assert not gone.reached and sounding.state.linkage_destroyed_utc
        assert gone.warning.startswith("The key is destroyed; this file could not be removed:")
        assert not (planned / "linkage.key.age").exists() and not list(planned.glob("*destroying*"))
        with _open(planned, sounding.key) as study:
            assert not study.linkage_here
        again = retaining.purge_linkage(sounding, "purge")
        assert again.warning == gone.warning
    assert retaining.purge_linkage(sounding, "purge").reached and not (planned / "linkage.age").exists()
    with pytest.raises(NotFound, match="before"):
        retaining.purge_linkage(sounding, "purge")
    assert sum(isinstance(item.event, ev.LinkageDestroyed) for item in sounding._log.read()) == 1


def test_a_linkage_key_that_cannot_be_overwritten_is_removed(
    sounding: Study, planned: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        _refuse(patched, "linkage.key.destroying.age", removing=False)
        assert retaining.purge_linkage(sounding, "purge").reached
    assert not list(planned.glob("linkage*")) and sounding.state.linkage_destroyed_utc


def test_a_linkage_key_that_is_still_there_is_never_said_to_be_destroyed(
    sounding: Study, planned: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        _refuse(patched, "linkage.key.destroying.age", removing=True)
        with pytest.raises(StorageFailed, match="could not be destroyed") as refused:
            retaining.purge_linkage(sounding, "purge")
        assert "unchanged" not in str(refused.value)
        sounding.refresh()
        assert not sounding.state.linkage_destroyed_utc
    with _open(planned, sounding.key) as study:  # goes on from there
        assert study.state.linkage_destroyed_utc and not list(planned.glob("linkage*"))


def test_a_destroyed_linkage_key_does_not_come_back(sounding: Study, planned: Path) -> None:
    names = sounding.linkage
    kept = {name: (planned / name).read_bytes() for name in ("linkage.age", "linkage.key.age")}
    retaining.purge_linkage(sounding, "purge")
    write_linkage(planned / "linkage.age", names, (sounding.key.recipient,))  # a file of before there was a key
    with _open(planned, sounding.key) as study:
        assert not study.linkage_here and not (planned / "linkage.key.age").exists()
        assert retaining.purge_linkage(study, "purge").reached
    for name, data in kept.items():
        (planned / name).write_bytes(data)
    with _open(planned, sounding.key) as study:
        assert not study.linkage_here
        assert retaining.purge_linkage(study, "purge").reached and not list(planned.glob("linkage*"))
        with pytest.raises(NotFound, match="before"):
            retaining.purge_linkage(study, "purge")


def test_the_destroyed_audio_key_opened_the_records(sounding: Study) -> None:
    """So that the tests above mean something."""
    with Session(sounding, ONE) as session:
        secret = session.key.audio_secret
        assert AudioReader(session.folder.audio, session_id=ONE, identity=secret).check().records == 4
