import os
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cli_runner import PASSPHRASE, files, run
from damage import flip_in_stanza
from sound_room import SoundRoom

from facilitator.audio.container import RecordWriter
from facilitator.audio.journal import Journal
from facilitator.audio.messages import Paused
from facilitator.audio.recorder import Recorder
from facilitator.domain import events as ev
from facilitator.domain.errors import AccessRefused, Cancelled, Damaged, StorageFailed, UsageError
from facilitator.domain.ids import SessionId, session_id
from facilitator.domain.notes import NoteKind
from facilitator.domain.progress import Progress
from facilitator.domain.recording import Pause
from facilitator.storage import linkage_key
from facilitator.storage.copying import copy_file
from facilitator.storage.keys import PersonalKey, new_personal_key
from facilitator.storage.linkage import write_linkage
from facilitator.storage.linkage_key import LinkageFiles
from facilitator.storage.study_folder import StudyFolder, read_settings
from facilitator.workflows import backing_up
from facilitator.workflows.backing_up import back_up
from facilitator.workflows.backup_plan import whole_length
from facilitator.workflows.conducting import Conduct
from facilitator.workflows.recovering import diagnose_folder, recover
from facilitator.workflows.sessions import Session, summaries
from facilitator.workflows.sound import open_track
from facilitator.workflows.study import Study, open_study

RATE = 8000
NOISE = np.random.default_rng(5).integers(1, 20_000, RATE * 10).astype("<i2")


@pytest.fixture
def disk(tmp_path: Path) -> Path:
    return tmp_path / "stick"


@pytest.fixture
def recorded(opened: Study) -> Iterator[Session]:
    """Session 01 with ten seconds of sound and a note."""
    with Session(opened, session_id("01")) as session:
        session.record(ev.RecordingStarted(RATE, "test"), 0)
        with _writer(session) as writer:
            writer.append(NOISE.tobytes(), 0)
        session.record(ev.RecordingStopped(writer.samples, 10_000, writer.head), 10_000)
        Conduct(session).note(NoteKind.THEME, "shared decisions")
        yield session


def _writer(session: Session) -> RecordWriter:
    recipient = session.key.audio_recipient
    return RecordWriter(session.folder.audio, session_id=session.id, recipient=recipient, rate=RATE, ballast_bytes=0)


def _reopened(folder: Path, key: PersonalKey) -> Study:
    return Study(StudyFolder(folder), read_settings(StudyFolder(folder)), key)


def test_a_backup_is_a_study_of_its_own(recorded: Session, planned: Path, disk: Path) -> None:
    study = recorded.study
    made = back_up(study, disk)
    assert made.folder.parent == disk and made.folder.name.startswith("study-20") and made.folder.name.endswith("Z")
    assert (made.sessions, made.with_linkage, made.damaged, made.recording) == (2, True, False, ())
    assert study.state.backed_up_utc and made.bytes > 200_000
    recorded.close()
    before = files(made.folder)
    with open_study(StudyFolder(made.folder), PASSPHRASE) as copy:
        assert [row.title for row in summaries(copy)] == [row.title for row in summaries(study)]
        assert copy.linkage == study.linkage and copy.state.consents == study.state.consents
        with Session(copy, session_id("01")) as session:
            assert [note.text for note in session.state.notes.values()] == ["shared decisions"]
            assert np.array_equal(open_track(session).read(0, 10_000), NOISE)
            assert not diagnose_folder(copy, SessionId("01"), thorough=True).needs_recovery
            Conduct(session).note(NoteKind.THEME, "written in the copy")
    same = {name for name in before if name.endswith((".rec", ".age", ".toml", ".yaml"))}
    original = files(planned)
    assert {name: before[name] for name in same} == {name: original[name] for name in same}
    assert {"sessions/01/audio/0001.rec", "identity.age", "linkage.age", "study.toml", "guides/pilot.yaml"} <= same
    restored = shutil.copytree(made.folder, disk.parent / "restored")
    assert run("study", "check", study=restored).code == 0


def test_nothing_that_only_a_running_program_needs_is_copied(recorded: Session, disk: Path) -> None:
    root = recorded.folder.root
    (recorded.folder.audio / "ballast").write_bytes(bytes(1000))
    for name in ("capture.json", "request", "request.taken", "request.waited"):
        (recorded.folder.audio / name).write_bytes(b"{}")
    (root / "audio.importing").mkdir()
    (root / "audio.importing" / "0001.rec").write_bytes(b"half")
    (recorded.folder.exports / "run").mkdir(parents=True)
    (recorded.folder.exports / "run" / "session-01.txt").write_text("[P1] said")
    made = back_up(recorded.study, disk)
    copied = {path.relative_to(made.folder / "sessions" / "01").as_posix() for path in made.folder.rglob("01/**/*")}
    assert copied == {"audio", "audio/0001.rec", "session.db", "session.key.age"}
    assert [path.name for path in disk.iterdir()] == [made.folder.name]
    assert all(path.stat().st_mode & 0o077 == 0 for path in made.folder.rglob("*.rec"))


def test_names_can_be_left_out(opened: Study, disk: Path) -> None:
    made = back_up(opened, disk, with_linkage=False)
    assert not made.with_linkage and not list(made.folder.rglob("linkage.age"))
    assert any("linkage file is not in this backup" in note for note in made.notes)


def test_a_linkage_file_kept_elsewhere_is_spoken_of(planned: Path, planned_key: PersonalKey, tmp_path: Path) -> None:
    stick = tmp_path / "other-stick"
    stick.mkdir()
    (planned / "linkage.age").rename(stick / "names.age")
    text = (planned / "study.toml").read_text().replace('"linkage.age"', f'"{stick / "names.age"}"')
    (planned / "study.toml").write_text(text)
    with _reopened(planned, planned_key) as study:
        made = back_up(study, tmp_path / "with")
        assert made.with_linkage and "kept elsewhere" in made.notes[0]
        assert (made.folder / "linkage.age").read_bytes() == (stick / "names.age").read_bytes()
        (stick / "names.age").unlink()
        made = back_up(study, tmp_path / "without")
        assert not made.with_linkage and "elsewhere" in made.notes[0]


def test_a_linkage_file_beside_the_study_stays_within_the_backup(
    planned: Path, planned_key: PersonalKey, disk: Path
) -> None:
    (planned / "linkage.age").rename(planned.parent / "names.age")
    text = (planned / "study.toml").read_text().replace('"linkage.age"', '"../names.age"')
    (planned / "study.toml").write_text(text)
    with _reopened(planned, planned_key) as study:
        for _ in range(2):
            made = back_up(study, disk)
            assert (made.folder / "linkage.age").read_bytes() == (planned.parent / "names.age").read_bytes()
    assert not list(disk.glob("*.age"))


def test_names_that_nobody_can_open_are_told_and_no_backup_counts_whose_names_do_not_open(
    opened: Study, planned: Path, disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    intact = (planned / "linkage.age").read_bytes()
    (planned / "linkage.age").write_bytes(intact[:-1])
    made = back_up(opened, disk / "damaged")
    assert made.damaged and any("Names, in the study itself as well" in note for note in made.notes)
    (planned / "linkage.age").write_bytes(intact)

    def new_key_meanwhile(_: object) -> None:
        monkeypatch.setattr(backing_up._Copy, "_sessions", lambda _: None)
        linkage_key.rekey(opened.linkage_files, opened.key, opened.recipients_of_names)

    monkeypatch.setattr(backing_up._Copy, "_sessions", new_key_meanwhile)  # after the key was copied, before the names
    with pytest.raises(Damaged, match="cannot be opened"):
        back_up(opened, disk / "mixed")
    assert not (disk / "mixed").exists()


def test_looking_into_a_backup_never_changes_names_on_another_medium(
    planned: Path, planned_key: PersonalKey, tmp_path: Path
) -> None:
    stick = tmp_path / "names.age"
    text = (planned / "study.toml").read_text().replace('"linkage.age"', f'"{stick}"')
    (planned / "study.toml").write_text(text)
    names = linkage_key.read(LinkageFiles(planned, planned / "linkage.age"), planned_key)
    (planned / "linkage.age").unlink()
    (planned / "linkage.key.age").unlink()
    with _reopened(planned, planned_key) as study:
        write_linkage(stick, names, (planned_key.recipient,))  # of before there was a key, plugged in just now
        before = stick.read_bytes()
        made = back_up(study, tmp_path / "disk")
        assert not made.damaged and stick.read_bytes() == before and study.linkage == names


def test_a_linkage_file_in_a_folder_of_the_study_keeps_its_place(
    planned: Path, planned_key: PersonalKey, disk: Path
) -> None:
    (planned / "private").mkdir()
    (planned / "linkage.age").rename(planned / "private" / "names.age")
    text = (planned / "study.toml").read_text().replace('"linkage.age"', '"private/names.age"')
    (planned / "study.toml").write_text(text)
    (planned / "sessions" / "03").mkdir()  # its planning was cut off
    with _reopened(planned, planned_key) as study:
        made = back_up(study, disk)
        assert not made.damaged and made.notes == ()
        with _reopened(made.folder, planned_key) as copy:
            assert copy.linkage.identities == study.linkage.identities


def test_a_place_that_cannot_hold_it_is_refused_before_work(
    opened: Study, planned: Path, disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for inside in (planned, planned / "backups"):
        with pytest.raises(UsageError, match="inside the study"):
            back_up(opened, inside)
    (disk.parent / "a-file").write_bytes(b"")
    with pytest.raises(StorageFailed):
        back_up(opened, disk.parent / "a-file" / "below")
    usage = shutil.disk_usage(planned)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=1_000_000))
    with pytest.raises(StorageFailed, match=r"only 1 MB are free"):
        back_up(opened, disk)
    assert not disk.exists() and not opened.state.backed_up_utc


def test_a_full_disk_leaves_nothing_behind(recorded: Session, tmp_path: Path) -> None:
    small = tmp_path / "small"
    small.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "none", small], capture_output=True)
    if mounted.returncode:
        pytest.skip("a small disk can only be mounted by root")
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(backing_up, "_SPARE", -1 << 30)  # the room ends while it is copied
            with pytest.raises(StorageFailed, match="could not be written"):
                back_up(recorded.study, small)
        assert list(small.iterdir()) == []
    finally:
        subprocess.run(["umount", small], check=True)


@pytest.mark.parametrize("after", [0.1, 0.5, 0.6, 0.9])
def test_a_cancelled_backup_leaves_nothing_behind(recorded: Session, disk: Path, after: float) -> None:
    def report(step: Progress) -> None:
        if step.fraction >= after:
            raise Cancelled("Cancelled.")

    before = recorded.study.state.last_seq
    with pytest.raises(Cancelled):
        back_up(recorded.study, disk, report)
    assert not disk.exists() and recorded.study.state.last_seq == before


def test_progress_ends_at_the_whole(recorded: Session, disk: Path) -> None:
    seen: list[Progress] = []
    back_up(recorded.study, disk, seen.append)
    assert {step.label for step in seen} == {"Copying", "Reading back"}
    done = [step.fraction for step in seen]
    assert done == sorted(done) and seen[-1].fraction == 1.0 and seen[-1].seconds_left == 0.0
    assert any(step.seconds_left for step in seen[:-1])


def test_a_copy_that_reads_back_wrong_is_no_backup(
    recorded: Session, disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compare = backing_up._Copy._compare

    def bad_medium(self: backing_up._Copy) -> None:
        with (self.staging / "sessions" / "01" / "audio" / "0001.rec").open("r+b") as file:
            file.seek(5_000)
            file.write(b"\0\0\0\0")
        compare(self)

    monkeypatch.setattr(backing_up._Copy, "_compare", bad_medium)
    with pytest.raises(Damaged, match=r"0001\.rec did not read back"):
        back_up(recorded.study, disk)
    assert not disk.exists()


def test_what_is_damaged_in_the_study_is_copied_and_said(recorded: Session, planned: Path, disk: Path) -> None:
    path = recorded.folder.audio / "0001.rec"
    data = bytearray(path.read_bytes())
    data[9_000] ^= 1
    path.write_bytes(bytes(data))
    other = planned / "sessions" / "02" / "session.db"
    broken = bytearray(other.read_bytes())
    broken[5_000] ^= 1
    other.write_bytes(bytes(broken))
    made = back_up(recorded.study, disk)
    assert made.damaged and any("Session 01" in note and "cannot be read" in note for note in made.notes)
    assert any("Session 02" in note and "session.db" in note for note in made.notes)
    assert (made.folder / "sessions" / "02" / "session.db").read_bytes() == bytes(broken)
    assert (made.folder / "sessions" / "01" / "audio" / "0001.rec").read_bytes() == bytes(data)


def test_notes_go_on_while_a_backup_is_made(recorded: Session, disk: Path, planned_key: PersonalKey) -> None:
    """Each note that was stored before the backup began is in it; none is refused meanwhile."""
    stop, slowest = threading.Event(), 0.0
    conduct = Conduct(recorded)
    conduct.note(NoteKind.THEME, "before")

    def write() -> None:
        nonlocal slowest
        while not stop.is_set():
            began = time.monotonic()
            conduct.note(NoteKind.THEME, "meanwhile")
            slowest = max(slowest, time.monotonic() - began)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        made = [back_up(recorded.study, disk) for _ in range(3)]
    finally:
        stop.set()
        writer.join()
    recorded.verify_log()
    assert slowest < 4.0, "the writer waits for no lock (its own patience is five seconds)"
    for one in made:
        with _reopened(one.folder, planned_key) as copy, Session(copy, session_id("01"), write=False) as session:
            texts = [note.text for note in session.state.notes.values()]
            assert texts[:2] == ["shared decisions", "before"]
            session.verify_log()


def test_a_strike_in_between_has_the_session_copied_anew(
    recorded: Session, disk: Path, monkeypatch: pytest.MonkeyPatch, planned_key: PersonalKey
) -> None:
    copy_files, times = backing_up._Copy._session_files, 0

    def struck_meanwhile(self: backing_up._Copy, folder: object, copied: object, *, growing: bool) -> None:
        nonlocal times
        copy_files(self, folder, copied, growing=growing)  # type: ignore[arg-type]
        if getattr(folder, "root", None) == recorded.folder.root:
            times += 1
            if times == 1:
                recorded.record(ev.StrikeOrdered(5_000, 10_000), 10_000)
                recover(recorded)

    monkeypatch.setattr(backing_up._Copy, "_session_files", struck_meanwhile)
    made = back_up(recorded.study, disk)
    assert times == 2 and not made.damaged
    with _reopened(made.folder, planned_key) as copy, Session(copy, session_id("01"), write=False) as session:
        assert open_track(session).length_ms <= 5_000 and len(session.state.struck) == 1


def test_a_strike_that_takes_a_file_away_does_not_end_the_backup(
    recorded: Session, disk: Path, monkeypatch: pytest.MonkeyPatch, planned_key: PersonalKey
) -> None:
    struck = False

    def struck_meanwhile(source: Path, *given: Any, **options: Any) -> str:
        nonlocal struck
        if source.name == "0001.rec" and not struck:
            struck = True
            recorded.record(ev.StrikeOrdered(0, 10_000), 10_000)
            recover(recorded)
            assert not source.exists()
        return copy_file(source, *given, **options)

    monkeypatch.setattr(backing_up, "copy_file", struck_meanwhile)
    made = back_up(recorded.study, disk)
    assert struck and not made.damaged and not list(made.folder.rglob("01/audio/*.rec"))
    with _reopened(made.folder, planned_key) as copied, Session(copied, session_id("01"), write=False) as session:
        assert len(session.state.struck) == 1 and session.state.strike_ordered is None


def test_a_file_that_is_gone_though_nothing_was_struck_is_told_at_once(
    recorded: Session, disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = 0

    def gone(source: Path, *given: Any, **options: Any) -> str:
        nonlocal tried
        if source.name == "0001.rec":
            tried += 1
            raise Damaged("0001.rec cannot be read.")
        return copy_file(source, *given, **options)

    monkeypatch.setattr(backing_up, "copy_file", gone)
    with pytest.raises(Damaged, match="0001"):
        back_up(recorded.study, disk)
    assert tried == 1 and not disk.exists()


def test_what_a_pause_took_back_meanwhile_is_not_in_the_backup(
    recorded: Session, disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy_files, times = backing_up._Copy._session_files, 0

    def paused_meanwhile(self: backing_up._Copy, folder: Any, copied: Any, *, growing: bool) -> None:
        nonlocal times
        copy_files(self, folder, copied, growing=growing)
        if folder.root == recorded.folder.root:
            times += 1
            if times == 1:  # as the recorder does: off the record from 7 s on, the key press that is heard later
                edge = open_track(recorded).place_of(7_000)
                assert edge is not None
                os.truncate(recorded.folder.audio / edge.file, edge.offset)
                journal = Journal(recorded.folder.audio)
                journal.write(Paused(7_000, Pause.OFF_RECORD.value))
                journal.close()

    monkeypatch.setattr(backing_up._Copy, "_session_files", paused_meanwhile)
    made = back_up(recorded.study, disk)
    copied = made.folder / "sessions" / "01" / "audio" / "0001.rec"
    assert times == 2 and copied.read_bytes() == (recorded.folder.audio / "0001.rec").read_bytes()


def test_a_damaged_session_key_is_no_lack_of_access_and_keeps_nothing_from_being_copied(
    recorded: Session, planned: Path, disk: Path
) -> None:
    key = planned / "sessions" / "02" / "session.key.age"
    flip_in_stanza(key)
    made = back_up(recorded.study, disk)
    assert made.damaged and made.sessions == 2
    assert any("Session 02: The session key is damaged or was replaced" in note for note in made.notes)
    assert any("Restore sessions/02/session.key.age" in note for note in made.notes)
    assert not any("Ask the researcher" in note for note in made.notes)
    for name in ("session.key.age", "session.db"):
        assert (made.folder / "sessions" / "02" / name).read_bytes() == (key.parent / name).read_bytes()
    done = run("backup", disk / "again", study=planned)
    assert done.code == 6 and "Backup made and read back: 2 sessions" in done.out
    looked = run("recover", "02", "--check", study=planned)
    assert looked.code == 6 and "Restore sessions/02/session.key.age" in looked.out


def test_what_is_not_open_to_somebody_else_is_no_damage(opened: Study, planned: Path, disk: Path) -> None:
    other = new_personal_key()
    opened.key = PersonalKey(other.secret, other.recipient)
    with pytest.raises(AccessRefused):
        back_up(opened, disk)
    assert not disk.exists()


def test_of_a_growing_file_only_whole_records_are_copied(recorded: Session) -> None:
    path = recorded.folder.audio / "0001.rec"
    whole = path.read_bytes()
    for cut in (0, 1, 100, 4_000):
        path.write_bytes(whole[: len(whole) - cut] if cut else whole)
        length = whole_length(path)
        assert length is not None and len(whole) - cut - 6_000 < length <= len(whole) - cut  # age varies in length
        path.write_bytes(whole[:length])
        assert not diagnose_folder(recorded.study, SessionId("01"), thorough=True).tracks[0].cut_off
    (recorded.folder.audio / "journal.jsonl").write_bytes(b'{"a": 1}\n{"b"')
    assert whole_length(recorded.folder.audio / "journal.jsonl") == 9


def test_a_backup_made_while_recording_opens_and_checks(
    opened: Study, disk: Path, sound_room: SoundRoom, planned_key: PersonalKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in sound_room.settings.items():
        monkeypatch.setenv(name, value)
    with Session(opened, session_id("01")) as recorded:
        recipient = recorded.key.audio_recipient
        recorder = Recorder.start(recorded.folder.audio, session_id="01", recipient=recipient)
        try:
            recorded.record(ev.RecordingStarted(48_000, recorder.started.device), 0)
            time.sleep(3.0)
            made = back_up(opened, disk)
            assert recorder.alive
        finally:
            recorder.stop()
    assert made.recording == ("01",) and not made.damaged
    looked = run("recover", "01", "--check", study=made.folder)
    assert looked.code == 0 and "was being recorded at the time of the backup" in looked.out
    with _reopened(made.folder, planned_key) as copy, Session(copy, session_id("01")) as session:
        done = recover(session)
        assert done.recovered_ms >= 2_000 and done.missing_ms == 0
        integrity = open_track(session).check()
        assert integrity.damage == () and integrity.samples >= 2 * 48_000
        assert session.reread().recorded and not done.after.needs_restoring and not done.after.needs_recovery


def test_the_command_says_what_matters(opened: Study, planned: Path, disk: Path) -> None:
    done = run("backup", disk, study=planned)
    assert done.code == 0 and "Backup made and read back: 2 sessions" in done.out
    assert "a backup on the same disk does not survive it" in done.out
    assert "still in this backup" in done.out
    assert run("backup", planned / "b", study=planned).code == 2
    opened.refresh()
    assert opened.state.backed_up_utc


def test_leftovers_of_a_killed_backup_are_cleared_away(opened: Study, disk: Path) -> None:
    (disk / ".making-4194303-0badcafe").mkdir(parents=True)
    alive = disk / f".making-{os.getppid()}-0badcafe"
    alive.mkdir()
    made = back_up(opened, disk)
    assert sorted(path.name for path in disk.iterdir()) == sorted([alive.name, made.folder.name])
