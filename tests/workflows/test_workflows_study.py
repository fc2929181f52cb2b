"""Opening a study: by whom, by how many at once, and where nothing can be written."""

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cli_runner import PASSPHRASE, files, run
from dying import died_at
from study_sound import RATE, heard, record_sound

from facilitator.domain import events as ev
from facilitator.domain.access import Role
from facilitator.domain.errors import AccessRefused, Busy, FacilitatorError, InvalidInput, StorageFailed
from facilitator.domain.ids import ResearchNumber, session_id
from facilitator.domain.notes import NoteKind
from facilitator.storage import keys, rekeying
from facilitator.storage.database import open_database
from facilitator.storage.event_log import EventLog
from facilitator.storage.study_folder import StudyFolder, read_settings
from facilitator.workflows import access, retaining
from facilitator.workflows import rekeying as new_keys
from facilitator.workflows import study as study_module
from facilitator.workflows.backing_up import back_up
from facilitator.workflows.diagnosing import diagnose_folder
from facilitator.workflows.guides import find_guide
from facilitator.workflows.participants import add_moderator
from facilitator.workflows.rekeying import rekey_study
from facilitator.workflows.sessions import Session, adopt_sessions, plan_session, summaries
from facilitator.workflows.study import Study, init_study, open_study

ONE, TWO, THREE = session_id("01"), session_id("02"), session_id("03")
COLLEAGUE, OTHER = keys.new_personal_key(), keys.new_personal_key()


def _open(root: Path, key: keys.PersonalKey, *, write: bool = True) -> Study:
    folder = StudyFolder(root)
    return Study(folder, read_settings(folder), key, write=write)


def _plan(study: Study) -> None:
    plan_session(study, find_guide(study.folder.guides, "pilot"), [ResearchNumber("P1")])


@pytest.fixture
def sounding(opened: Study) -> Study:
    """Session 01 has a second of sound, and a colleague has access to it with names."""
    with Session(opened, ONE) as session:
        record_sound(session)
    access.grant(opened, ONE, COLLEAGUE.recipient, Role.RESEARCHER)
    return opened


def _grant(study: Study) -> None:
    access.grant(study, ONE, keys.new_personal_key().recipient, Role.OFFICER)


def _revoke(study: Study) -> None:
    access.revoke(study, ONE, COLLEAGUE.recipient)


def _rekey(study: Study) -> None:
    access.rekey(study, ONE)


def _purge(study: Study) -> None:
    with Session(study, ONE) as session:
        retaining.purge_audio(session, "purge")


@pytest.mark.parametrize("act", [_grant, _revoke, _rekey, _purge, _plan])
def test_nothing_is_sealed_away_from_the_one_who_seals(
    sounding: Study, planned: Path, act: Callable[[Study], None], planned_key: keys.PersonalKey
) -> None:
    """As after one changed line in study.toml."""
    right = sounding.settings
    before = files(planned)
    sounding.settings = right.model_copy(update={"recipient": OTHER.recipient})
    with pytest.raises(AccessRefused, match="not be open to your own key"):
        act(sounding)
    after = files(planned)
    assert {name for name in before if name.endswith((".age", ".rec")) and before[name] != after.get(name)} == set()
    assert after.keys() == before.keys()
    sounding.close()
    with _open(planned, planned_key) as study, Session(study, ONE) as session:
        assert len(heard(session)) == 2 * RATE and study.linkage_here
        assert [one.recipient for one in access.grants(study)] == [COLLEAGUE.recipient]


def test_another_recipient_in_the_settings_is_refused_at_opening(sounding: Study, planned: Path) -> None:
    own = sounding.settings.recipient
    sounding.close()
    settings = planned / "study.toml"
    settings.write_text(settings.read_text().replace(own, OTHER.recipient))
    before = files(planned)
    done = run("session", "list", study=planned)
    assert done.code == 3 and "study.toml" in done.err and own in done.err
    with pytest.raises(InvalidInput, match="researcher who made"):
        _open(planned, COLLEAGUE)  # who has no identity.age to hold against it
    assert files(planned) == before
    settings.write_text(settings.read_text().replace(OTHER.recipient, own))
    assert run("session", "list", study=planned).code == 0


def test_a_study_of_before_names_its_owner_with_the_next_grant(
    tmp_path: Path, planned: Path, planned_key: keys.PersonalKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(EventLog, "append", lambda *_: None)
        root = init_study(tmp_path / "before", title="T", passphrase=PASSPHRASE)
    shutil.copytree(planned / "sessions", root / "sessions", dirs_exist_ok=True)
    settings = (root / "study.toml").read_text()
    recipient = read_settings(StudyFolder(root)).recipient
    (root / "study.toml").write_text(settings.replace(recipient, OTHER.recipient))
    with pytest.raises(InvalidInput, match="the identity in identity"):
        open_study(StudyFolder(root), PASSPHRASE)
    (root / "study.toml").write_text(settings)
    with open_study(StudyFolder(root), PASSPHRASE) as study:
        assert study.state.owner == ""
        for name in ("01", "02"):
            folder = study.folder.session(session_id(name))
            secrets = keys.open_session_key(folder.key, planned_key)
            folder.key.write_bytes(keys.sealed_session_key(secrets, (study.key.recipient,), study.key))
        assert adopt_sessions(study) == (ONE, TWO)
        access.grant(study, ONE, COLLEAGUE.recipient, Role.OFFICER)
        assert study.state.owner == study.settings.recipient


def test_a_colleague_seals_for_the_researcher_and_for_themselves(
    sounding: Study, planned: Path, planned_key: keys.PersonalKey
) -> None:
    sounding.close()
    with _open(planned, COLLEAGUE) as study:
        _plan(study)
        _rekey(study)
        _grant(study)
        _purge(study)
        with Session(study, THREE) as session:
            assert session.state.participants == ("P1",)
    with _open(planned, planned_key) as study:
        for one in (ONE, THREE):
            with Session(study, one) as session:
                assert session.verify_log() > 0
        planned_by = [one for one in access.grants(study) if one.session_id == THREE]
        assert [(one.recipient, one.names) for one in planned_by] == [(COLLEAGUE.recipient, False)]
        access.revoke(study, ONE, COLLEAGUE.recipient)
        study.refresh()
    with _open(planned, COLLEAGUE) as study:
        assert not study.linkage_here
        with pytest.raises(AccessRefused):
            Session(study, ONE)


def test_the_logs_say_in_which_role_somebody_acted(sounding: Study, planned: Path) -> None:
    helper, officer = keys.new_personal_key(), keys.new_personal_key()
    access.grant(sounding, ONE, helper.recipient, Role.TRANSCRIBER)
    access.grant(sounding, ONE, officer.recipient, Role.OFFICER)
    with _open(planned, helper) as study, Session(study, ONE) as session:
        assert session.record(ev.NoteTaken(NoteKind.THEME, "quiet")).actor == "transcriber"
    with _open(planned, officer) as study:
        assert study.record(ev.RetentionSet("2031-12-31", ""))[0].actor == "ethics officer"
    sounding.close()
    with _open(planned, officer) as study:
        access.rekey(study, ONE)
        with Session(study, ONE, write=False) as session:
            actors = [(item.actor, item.event.kind) for item in session.history()]
    assert actors[0][0] == "researcher" and actors[-1] == ("ethics officer", "audio.rekeyed")
    assert ("transcriber", "note.taken") in actors


def test_what_another_program_stores_while_the_study_gets_its_new_key_is_not_lost(
    opened: Study, planned: Path, planned_key: keys.PersonalKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored: list[ev.Stored] = []
    commit = rekeying.commit

    def store() -> None:
        with _open(planned, planned_key) as other:
            stored.extend(other.record(ev.RetentionSet("2031-12-31", "")))

    elsewhere = threading.Thread(target=store)

    def late(root: Path, key_name: str, sealed: bytes) -> None:
        elsewhere.start()
        elsewhere.join(0.5)  # it waits for the lock; without one, it would have stored by now
        commit(root, key_name, sealed)

    monkeypatch.setattr(rekeying, "commit", late)
    rekey_study(opened, (opened.settings.recipient,))
    elsewhere.join()
    opened.refresh()
    assert stored and opened.state.retention == ev.RetentionSet("2031-12-31", "")
    assert opened.verify_log() == stored[-1].seq


def test_opening_while_keys_are_replaced_for_long_is_told_plainly(
    opened: Study, planned: Path, planned_key: keys.PersonalKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(study_module, "_WAIT_S", 0.1)
    with opened.changing(), pytest.raises(Busy, match="is being changed"):
        _open(planned, planned_key)


def _died_in_rekeying(planned: Path, key: keys.PersonalKey, *, in_force: bool) -> None:
    """Leave session 01 as a program does that dies just before, or just after, its new key counts."""

    def die(*_: object) -> None:
        os._exit(77)

    def work() -> None:
        setattr(rekeying, "_move_into_place" if in_force else "commit", die)
        new_keys.rekey_session(_open(planned, key), ONE, (key.recipient,))

    assert died_at(1 << 30, work)
    assert rekeying.in_force(planned / "sessions" / "01", "session.key.age") is in_force


def test_a_look_changes_nothing_of_what_broke_off(sounding: Study, planned: Path, tmp_path: Path) -> None:
    sounding.close()
    _died_in_rekeying(planned, sounding.key, in_force=False)
    shutil.copyfile(planned / "linkage.key.age", planned / "linkage.key.next.age")  # names would be settled too
    before = files(planned)
    assert any("rekeyed" in name for name in before)
    with _open(planned, sounding.key, write=False) as study:
        assert {row.id for row in summaries(study)} == {ONE, TWO}
        assert diagnose_folder(study, ONE, thorough=True).events
        assert study.linkage.identities
        for act in (_grant, _rekey, _purge, _plan, lambda one: add_moderator(one, "Anne Lund")):
            with pytest.raises(StorageFailed, match="only be looked at"):
                act(study)
        with pytest.raises(StorageFailed, match="only be looked at"):
            study.record(ev.RetentionSet("", ""))
    assert files(planned) == before
    with _open(planned, sounding.key) as study, Session(study, ONE) as session:
        assert len(heard(session)) == 2 * RATE
    assert not any("rekeyed" in name for name in files(planned))


def test_a_look_at_half_moved_keys_says_so_and_leaves_them(sounding: Study, planned: Path) -> None:
    sounding.close()
    _died_in_rekeying(planned, sounding.key, in_force=True)
    before = files(planned)
    with _open(planned, sounding.key, write=False) as study:
        with pytest.raises(Busy, match="being put in force"):
            Session(study, ONE, write=False)
        assert [row.next for row in summaries(study)] == ["look", "conduct"]
    assert files(planned) == before
    assert run("session", "list", study=planned).code == 0  # as the message advises
    with _open(planned, sounding.key, write=False) as study, Session(study, ONE, write=False) as session:
        assert len(heard(session)) == 2 * RATE


def test_reading_a_backup_back_leaves_it_as_it_was_copied(sounding: Study, tmp_path: Path) -> None:
    made = back_up(sounding, tmp_path / "stick").folder
    names = {path.name for path in made.rglob("*")}
    assert not {name for name in names if name.endswith((".lock", "-wal", "-shm"))}


def _protected(root: Path, *commands: list[str]) -> list[subprocess.CompletedProcess[str]]:
    """Run `facilitator` commands with `root` mounted read-only; skips where that cannot be done."""
    mount = f"mount --bind '{root}' '{root}' && mount -o remount,bind,ro '{root}'"
    tried = subprocess.run(["unshare", "-Urm", "sh", "-c", mount], capture_output=True, check=False)
    if tried.returncode:
        pytest.skip("no user namespace to mount read-only in")
    main = "from facilitator.cli.main import main; main()"
    return [
        subprocess.run(
            ["unshare", "-Urm", "sh", "-c", f'{mount} && exec "$@"', "sh", sys.executable, "-c", main, *command],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "FACILITATOR_PASSPHRASE": PASSPHRASE},
        )
        for command in commands
    ]


@pytest.fixture
def backup(sounding: Study, tmp_path: Path) -> Iterator[Path]:
    """A backup, worked on for a moment since, so that its databases keep a write-ahead file again."""
    made = back_up(sounding, tmp_path / "stick").folder
    with _open(made, sounding.key) as study:
        study.record(ev.RetentionSet("2031-12-31", ""))
        with Session(study, ONE) as session:
            session.record(ev.NoteTaken(NoteKind.THEME, "quiet"))
    sounding.close()
    yield made


@pytest.mark.skipif(not shutil.which("unshare"), reason="needs util-linux")
def test_a_backup_on_a_protected_medium_can_be_looked_into(backup: Path) -> None:
    place = ["--study", str(backup)]
    before = files(backup)
    looks = [
        ["study", "check", *place],
        ["study", "status", *place],
        ["session", "show", "01", *place],
        ["participants", "list", "--names", *place],
        ["recover", "01", "--check", "--thorough", *place],
    ]
    writes = [
        ["session", "new", "--guide", "pilot", "--participants", "P1", *place],
        ["purge", "01", "--audio", "--word", "purge", *place],
        ["access", "rekey", "01", *place],
    ]
    done = _protected(backup, *looks, *writes)
    for look in done[: len(looks)]:
        assert look.returncode == 0, (look.args[-3:], look.stdout, look.stderr)
    assert "Kristin Haugen" in done[3].stdout
    for write in done[len(looks) :]:
        assert write.returncode == 9 and "can only be looked at" in write.stderr, write.stderr
    assert files(backup) == before


@pytest.mark.skipif(not shutil.which("unshare"), reason="needs util-linux")
def test_events_that_lie_in_a_write_ahead_file_are_not_passed_over(
    sounding: Study, planned: Path, tmp_path: Path
) -> None:
    copy = shutil.copytree(planned, tmp_path / "copied-while-open")
    assert (copy / "study.db-wal").stat().st_size
    (copy / "study.db-shm").unlink(missing_ok=True)
    (done,) = _protected(copy, ["study", "status", "--study", str(copy)])
    assert done.returncode == 9 and "Copy the whole folder" in done.stderr, done.stdout


def test_a_failed_opening_leaves_nothing_open(planned: Path) -> None:
    with pytest.raises(FacilitatorError):
        _open(planned, OTHER)
    key = keys.unlock_identity(planned / "identity.age", PASSPHRASE)
    with _open(planned, key) as study:
        rekey_study(study, (key.recipient,))
        database_key = keys.open_database_key(study.folder.database_key, key, "study key")
        open_database(study.folder.database, database_key, read_only=True).close()
