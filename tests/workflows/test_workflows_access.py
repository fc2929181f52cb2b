import itertools
import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from cli_runner import PASSPHRASE, files, run
from dying import died_at
from study_sound import RATE, heard, record_sound

from facilitator.audio.container import AudioReader
from facilitator.audio.status_file import Status, write_status
from facilitator.audio.striking import destroy_from
from facilitator.domain import events as ev
from facilitator.domain.access import Grant, Role
from facilitator.domain.errors import AccessRefused, Busy, Damaged, FacilitatorError, InvalidInput, NotFound, UsageError
from facilitator.domain.ids import session_id
from facilitator.domain.timebase import samples_to_ms
from facilitator.storage import keys
from facilitator.storage.database import open_database
from facilitator.storage.study_folder import StudyFolder, read_settings
from facilitator.workflows import access, rekeying, retaining
from facilitator.workflows.diagnosing import diagnose
from facilitator.workflows.participants import add_moderator
from facilitator.workflows.sessions import Session
from facilitator.workflows.sound import open_track
from facilitator.workflows.study import Study
from facilitator.workflows.verifying import verify

ONE, TWO = session_id("01"), session_id("02")
OFFICER, TRANSCRIBER = keys.new_personal_key(), keys.new_personal_key()


def _open(root: Path, key: keys.PersonalKey) -> Study:
    folder = StudyFolder(root)
    return Study(folder, read_settings(folder), key)


@pytest.fixture
def sounding(opened: Study) -> Study:
    """The study with a second of sound, and of backup, in session 01."""
    with Session(opened, ONE) as session:
        record_sound(session)
        record_sound(session, track=1)
    return opened


@pytest.fixture
def shared(sounding: Study) -> Study:
    """Session 01 is open to a transcriber without names and an officer with them."""
    access.grant(sounding, ONE, TRANSCRIBER.recipient, Role.TRANSCRIBER)
    access.grant(sounding, ONE, OFFICER.recipient, Role.OFFICER)
    return sounding


@pytest.fixture
def guest(shared: Study, planned: Path, tmp_path: Path) -> Iterator[Study]:
    """The study as the transcriber has it: a copy without the researcher's identity."""
    copy = shutil.copytree(planned, tmp_path / "at-the-transcriber")
    (copy / "identity.age").unlink()
    with _open(copy, TRANSCRIBER) as study:
        yield study


def test_a_transcriber_hears_the_sound_and_sees_no_name(guest: Study) -> None:
    with Session(guest, ONE) as session:
        assert len(heard(session)) == 2 * RATE
        assert session.verify_log() > 0
    assert not guest.linkage_here and guest.names_at_hand == {}
    with pytest.raises(AccessRefused, match="names"):
        _ = guest.linkage
    with pytest.raises(AccessRefused, match="names"):
        add_moderator(guest, "Anne Lund")
    with Session(guest, ONE) as session, pytest.raises(AccessRefused, match="names"):
        verify(session)


def test_a_transcriber_opens_no_other_session_and_grants_none(guest: Study) -> None:
    with pytest.raises(AccessRefused):
        Session(guest, TWO)
    before = files(guest.folder.root)
    with pytest.raises(AccessRefused):
        access.grant(guest, TWO, OFFICER.recipient, Role.OFFICER)
    with pytest.raises(AccessRefused):
        access.grant(guest, ONE, keys.new_personal_key().recipient, Role.OFFICER)  # with names
    assert files(guest.folder.root) == before


def test_an_officer_sees_names(shared: Study, planned: Path) -> None:
    with _open(planned, OFFICER) as study, Session(study, ONE):
        assert study.linkage == shared.linkage and study.names_at_hand
    assert [(one.role, one.names) for one in access.grants(shared)] == [
        (Role.TRANSCRIBER, False),
        (Role.OFFICER, True),
    ]


def test_bad_recipients_are_refused_and_secrets_never_echoed(sounding: Study, planned: Path) -> None:
    before = files(planned)
    for given in (OFFICER.secret, OFFICER.secret.lower(), "age1zzz", "", "ssh-ed25519 AAAA"):
        with pytest.raises(InvalidInput) as refused:
            access.grant(sounding, ONE, given, Role.OFFICER)
        assert not given or given not in str(refused.value)
    with pytest.raises(UsageError):
        access.grant(sounding, ONE, sounding.settings.recipient, Role.OFFICER)
    with pytest.raises(NotFound):
        access.grant(sounding, session_id("77"), OFFICER.recipient, Role.OFFICER)
    assert files(planned) == before


def test_names_are_taken_back_by_revoking_only(shared: Study) -> None:
    with pytest.raises(UsageError, match="called back"):
        access.grant(shared, ONE, OFFICER.recipient, Role.OFFICER, names=False)
    access.grant(shared, ONE, TRANSCRIBER.recipient, Role.RESEARCHER)
    assert [one.names for one in access.grants(shared)] == [True, True]


def test_revoking_leaves_no_key_that_opens_anything(shared: Study, planned: Path) -> None:
    with Session(shared, ONE) as session:
        old, sound, backup = session.key, heard(session), heard(session, 1)
    old_linkage = shared.linkage
    old_study_key = keys.open_database_key(shared.folder.database_key, OFFICER, "study key")
    done = access.revoke(shared, ONE, OFFICER.recipient)
    assert (done.records, done.left_out) == (8, 0)
    _opens_nothing(shared, old, OFFICER)
    with pytest.raises(Damaged):
        open_database(shared.folder.database, old_study_key)
    shared.refresh()
    assert shared.linkage == old_linkage
    with Session(shared, ONE) as session:
        assert (heard(session), heard(session, 1)) == (sound, backup)
        for track in (0, 1):
            assert open_track(session, track).check().damage == ()
        rekeyed = {one.track: one for one in session.state.rekeyed}
        assert rekeyed[0].head_after == open_track(session).check().head
        assert not diagnose(session, thorough=True).needs_recovery
        assert not diagnose(session, thorough=True).needs_restoring
    with _open(planned, TRANSCRIBER) as study, Session(study, ONE) as session:
        assert heard(session) == sound
    assert [one.role for one in access.grants(shared)] == [Role.TRANSCRIBER]


def test_who_has_another_session_keeps_what_it_needs(shared: Study, planned: Path) -> None:
    access.grant(shared, TWO, OFFICER.recipient, Role.OFFICER)
    access.revoke(shared, ONE, OFFICER.recipient)
    with _open(planned, OFFICER) as study:
        assert study.linkage_here
        with Session(study, TWO), pytest.raises(AccessRefused):
            Session(study, ONE)


def _opens_nothing(study: Study, old: keys.SessionKey, person: keys.PersonalKey | None = None) -> None:
    folder = study.folder.session(ONE)
    with pytest.raises(Damaged):
        open_database(folder.database, old.database)
    for path in folder.root.glob("audio*"):
        with pytest.raises(AccessRefused):
            AudioReader(path, session_id=ONE, identity=old.audio_secret)
    assert not [path.name for path in study.folder.root.rglob("*") if path.name == "rekeyed" or ".old-" in path.name]
    for path in study.folder.root.rglob("*.age"):
        if person and path.name != "identity.age":
            with pytest.raises(AccessRefused):
                keys.unseal(path.read_bytes(), person, "any")


def test_strikes_verify_after_new_keys(sounding: Study) -> None:
    with Session(sounding, ONE) as session:
        first = open_track(session)
        place, end = first.place_of(500), first.resume_point()
        assert place is not None
        destroy_from(session.folder.audio, place.file, place.offset)
        struck = ev.AudioStruck(500, 1000, place.seq, end.next_seq, RATE // 2, end.previous.hex())
        session.record(struck, 1000)
        assert open_track(session).check().damage == ()
    access.rekey(sounding, ONE)
    with Session(sounding, ONE) as session:
        point = open_track(session).resume_point()
        assert open_track(session).check().damage == () and point.next_seq == end.next_seq
        _append(session, point.next_seq, point.previous)
        assert open_track(session).check().damage == ()
        sound = heard(session)
    access.rekey(sounding, ONE)
    with Session(sounding, ONE) as session:
        assert open_track(session).check().damage == () and heard(session) == sound
        assert not diagnose(session, thorough=True).needs_restoring


def _append(session: Session, seq: int, previous: bytes) -> None:
    from facilitator.audio.container import RecordWriter

    with RecordWriter(
        session.folder.audio,
        session_id=session.id,
        recipient=session.key.audio_recipient,
        rate=RATE,
        next_seq=seq,
        previous=previous,
        ballast_bytes=0,
    ) as writer:
        writer.append(b"\x11\x01" * RATE, 2 * RATE)
        end_ms = samples_to_ms(writer.end_sample or 0, RATE)
        stopped = ev.RecordingStopped(writer.samples, end_ms, writer.head)
    session.record_all([(ev.RecordingStarted(RATE, "test"), 2000), (stopped, end_ms)])


def test_damaged_records_are_left_out_and_stay_dated(sounding: Study) -> None:
    path = sounding.folder.session(ONE).audio / "0001.rec"
    data = bytearray(path.read_bytes())
    data[8 + int.from_bytes(data[8:12], "big")] ^= 1  # within the first record, never in the length of one
    path.write_bytes(bytes(data))
    done = access.rekey(sounding, ONE)
    assert (done.records, done.left_out) == (7, 1)
    with Session(sounding, ONE) as session:
        damage = open_track(session).check().damage
        assert sum(one.length_ms for one in damage) == 250


def test_nothing_is_rekeyed_while_recording_or_half_recorded(sounding: Study, planned: Path) -> None:
    import os

    import psutil

    audio = sounding.folder.session(ONE).audio
    before = files(planned)
    created = psutil.Process().create_time()
    write_status(audio, Status(os.getpid(), created, ONE, 0, 0, "2026-01-01T00:00:00+00:00", RATE, 0, 0, None))
    with pytest.raises(Busy):
        access.rekey(sounding, ONE)
    (audio / "capture.json").unlink()
    with Session(sounding, ONE), pytest.raises(Busy):
        access.rekey(sounding, ONE)
    with Session(sounding, ONE) as session:
        assert session.state.rekeyed == []
    assert {name: data for name, data in files(planned).items() if "session.db" not in name} == {
        name: data for name, data in before.items() if "session.db" not in name
    }
    with Session(sounding, ONE) as session:
        session.record(ev.RecordingStarted(RATE, "test"), 5000)
    with pytest.raises(UsageError, match="order"):
        access.rekey(sounding, ONE)


def test_sound_that_the_log_does_not_know_yet_is_not_left_under_a_destroyed_key(shared: Study, planned: Path) -> None:
    track = planned / "sessions" / "01" / "audio-backup-2"
    track.mkdir()
    (track / "0001.rec").write_bytes(b"FACREC01")
    before = (planned / "study.key.age").read_bytes()
    with pytest.raises(UsageError, match="not in order"):
        access.revoke(shared, session_id("01"), shared.state.grants[0].recipient)
    assert (planned / "study.key.age").read_bytes() == before  # refused before anything was changed


def test_revoking_is_refused_while_the_study_is_open_elsewhere(shared: Study, planned: Path) -> None:
    with Session(shared, ONE) as session:
        old = session.key
    with _open(planned, shared.key), pytest.raises(Busy):
        access.revoke(shared, ONE, OFFICER.recipient)
    with Session(shared, ONE) as session:
        assert session.key == old and shared.verify_log() > 0
    assert len(access.grants(shared)) == 2


def test_new_keys_hold_wholly_or_not_at_all_wherever_it_breaks_off(
    sounding: Study, planned: Path, tmp_path: Path
) -> None:
    with Session(sounding, ONE) as session:
        old, sound, backup = session.key, heard(session), heard(session, 1)
    sounding.close()
    outcomes = set()
    for step in itertools.count():
        copy = shutil.copytree(planned, tmp_path / "copy")
        died = died_at(step, partial(_rekey, copy, sounding.key))
        staged = copy / "sessions" / "01" / "rekeyed"
        for again in range(12) if (staged / "complete").exists() else ():  # and once more, while that is mended
            twice = shutil.copytree(copy, tmp_path / "twice")
            died_at(again, partial(_look, twice, sounding.key))
            with _open(twice, sounding.key) as study, Session(study, ONE, write=False) as session:
                assert (heard(session), heard(session, 1)) == (sound, backup)
            shutil.rmtree(twice)
        with _open(copy, sounding.key) as study:
            with Session(study, ONE, write=bool(step % 2)) as session:
                assert (heard(session), heard(session, 1)) == (sound, backup)
                assert open_track(session).check().damage == ()
                session.verify_log()
                outcomes.add(renewed := session.key != old)
            assert not (study.folder.session(ONE).root / "rekeyed").exists()
            if renewed:
                _opens_nothing(study, old)
            else:
                assert step < 100, "it never got there"
        shutil.rmtree(copy)
        if not died:
            break
    assert renewed and outcomes == {True, False} and step > 30


def _rekey(root: Path, key: keys.PersonalKey) -> None:
    access.rekey(_open(root, key), ONE)


def _revoke(root: Path, key: keys.PersonalKey) -> None:
    access.revoke(_open(root, key), ONE, OFFICER.recipient)


def _look(root: Path, key: keys.PersonalKey) -> None:
    with _open(root, key) as study, Session(study, ONE):
        pass


def test_revoking_can_be_run_again_wherever_it_breaks_off(shared: Study, planned: Path, tmp_path: Path) -> None:
    with Session(shared, ONE) as session:
        old = session.key
    names = shared.linkage
    shared.close()
    for step in itertools.count(0, 3):
        copy = shutil.copytree(planned, tmp_path / "copy")
        died = died_at(step, partial(_revoke, copy, shared.key))
        with _open(copy, shared.key) as study:
            assert study.linkage == names
            if any(one.recipient == OFFICER.recipient for one in access.grants(study)):
                access.revoke(study, ONE, OFFICER.recipient)
            _opens_nothing(study, old, OFFICER)
            study.verify_log()
        with _open(copy, TRANSCRIBER) as study, Session(study, ONE, write=False):
            pass
        shutil.rmtree(copy)
        if not died:
            break
    assert step > 60


def test_a_grant_while_somebody_is_revoked_waits(shared: Study, planned: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else it would seal the new keys for whoever is just losing them."""
    later, tried = keys.new_personal_key(), []

    def with_a_grant_meanwhile(*arguments: Any) -> rekeying.Rekeyed:
        with _open(planned, shared.key) as other:
            for act in (
                lambda: access.grant(other, TWO, later.recipient, Role.OFFICER),
                lambda: access.rekey(other, TWO),
                lambda: access.revoke(other, ONE, TRANSCRIBER.recipient),
                lambda: retaining.purge_linkage(other, "purge"),
            ):
                with pytest.raises(Busy, match="is being changed"):
                    act()
                tried.append(act)
        return rekeying.rekey_session(*arguments)

    with Session(shared, ONE) as session:
        old = session.key
    monkeypatch.setattr(access, "rekey_session", with_a_grant_meanwhile)
    access.revoke(shared, ONE, OFFICER.recipient)
    assert len(tried) == 4
    _opens_nothing(shared, old, OFFICER)
    access.grant(shared, TWO, later.recipient, Role.OFFICER)
    _opens_nothing(shared, old, OFFICER)


def test_who_else_changed_access_during_a_revocation_is_noticed(
    shared: Study, planned: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a program of an older version does, which does not know the lock."""
    again = Grant(TWO, TRANSCRIBER.recipient, Role.TRANSCRIBER, names=False)

    def with_a_grant_meanwhile(*arguments: Any) -> rekeying.Rekeyed:
        with _open(planned, shared.key) as other:
            other.record(ev.AccessGranted(again))
        return rekeying.rekey_session(*arguments)

    with monkeypatch.context() as patched, pytest.raises(Busy, match="older version"):
        patched.setattr(access, "rekey_session", with_a_grant_meanwhile)
        access.revoke(shared, ONE, OFFICER.recipient)
    assert OFFICER.recipient in {one.recipient for one in access.grants(shared)}
    with Session(shared, ONE) as session:
        old = session.key
    access.revoke(shared, ONE, OFFICER.recipient)
    _opens_nothing(shared, old, OFFICER)


def test_audio_is_not_purged_while_access_changes(sounding: Study, planned: Path) -> None:
    """Else the bare key might be sealed for somebody whose access is just being revoked."""
    with Session(sounding, ONE) as session, _open(planned, sounding.key) as other:
        with other.changing_access(), pytest.raises(Busy, match="is being changed"):
            retaining.purge_audio(session, "purge")
        assert session.key.audio_secret and len(heard(session)) == 2 * RATE


def test_everything_by_the_command_line(planned: Path, tmp_path: Path, opened: Study) -> None:
    with Session(opened, ONE) as session:
        record_sound(session)
    opened.close()
    made = run("access", "identity", tmp_path / "mine.age")
    recipient = made.out.strip()
    assert made.code == 0 and recipient.startswith("age1")
    assert run("access", "identity", tmp_path / "mine.age").code == 2
    assert run("access", "grant", "01", "--to", OFFICER.secret, study=planned).code == 3
    granted = run("access", "grant", "1", "--to", recipient, "--role", "transcriber", study=planned)
    assert granted.code == 0, granted.err
    listed = run("access", "list", "--json", study=planned).json
    assert listed["grants"] == [{"session": "01", "role": "transcriber", "names": False, "recipient": recipient}]
    (planned / "identity.age").rename(tmp_path / "researcher.age")
    assert run("session", "show", "01", study=planned).code == 4
    guest = ("--identity", tmp_path / "mine.age")
    assert run("session", "show", "01", *guest, study=planned).code == 0
    assert run(*guest, "session", "list", study=planned).code == 0
    assert run("session", "show", "02", *guest, study=planned).code == 5
    checked = run("study", "check", *guest, study=planned)
    assert checked.code == 0 and "02: not open to your key" in checked.out
    assert run("participants", "list", "--names", *guest, study=planned).code == 5
    plain = tmp_path / "plain.txt"
    plain.write_text(f"# made by age-keygen\n{keys.new_personal_key().secret}\n")
    plain.chmod(0o644)
    refused = run("session", "list", "--identity", plain, study=planned, passphrase=None)
    assert refused.code == 5 and "may read plain.txt" in refused.err and "AGE-SECRET" not in refused.err
    (tmp_path / "researcher.age").rename(planned / "identity.age")
    assert run("access", "rekey", "01", study=planned).code == 0
    assert run("access", "revoke", "01", "--from", OFFICER.recipient, study=planned).code == 4
    revoked = run("access", "revoke", "01", "--from", recipient, study=planned)
    assert revoked.code == 0 and "stays readable" in revoked.out
    assert run("session", "list", *guest, study=planned).code == 5


def test_the_passphrase_changes_and_nothing_else(planned: Path, tmp_path: Path) -> None:
    before = files(planned)
    new, short = tmp_path / "new", tmp_path / "short"
    new.write_text("five other unrelated words\n")
    short.write_text("short\n")
    assert run("access", "passphrase", "--new-passphrase-file", short, study=planned).code == 3
    assert (
        run("access", "passphrase", "--new-passphrase-file", new, study=planned, passphrase="not it at all").code == 5
    )
    assert files(planned) == before
    assert run("access", "passphrase", "--new-passphrase-file", new, study=planned).code == 0
    after = files(planned)
    assert {name for name in after if after[name] != before.get(name)} == {"identity.age"}
    assert after.keys() == before.keys()
    key = keys.unlock_identity(planned / "identity.age", "five other unrelated words")
    with pytest.raises(AccessRefused):
        keys.unlock_identity(planned / "identity.age", PASSPHRASE)
    with _open(planned, key) as study:
        assert study.linkage_here


def test_damaged_files_give_one_plain_message_and_nothing_is_written(sounding: Study, planned: Path) -> None:
    sounding.close()
    names = ("study.key.age", "linkage.key.age", "linkage.age", "sessions/01/session.key.age")
    for name, cut in itertools.product(names, (True, False)):
        path = planned / name
        whole = path.read_bytes()
        path.write_bytes(whole[:-5] if cut else whole[:-5] + bytes([whole[-5] ^ 4]) + whole[-4:])
        before = files(planned)
        with pytest.raises(Damaged) as refused, _open(planned, sounding.key) as study:
            with Session(study, ONE, write=False):
                pass
            _ = study.linkage
        assert isinstance(refused.value, FacilitatorError) and len(refused.value.what.splitlines()) == 1
        assert files(planned) == before, name
        path.write_bytes(whole)
