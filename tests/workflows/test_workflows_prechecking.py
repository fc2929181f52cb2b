import shutil
from collections import namedtuple
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
import soundfile
from cli_runner import files, run
from known_sound import Playing
from sound_room import SoundRoom

from facilitator.audio.level import Loudness
from facilitator.domain.errors import ConsentMissing, DeviceFailed, StorageFailed
from facilitator.domain.events import Precheck
from facilitator.domain.ids import session_id
from facilitator.workflows.conducting import Conduct
from facilitator.workflows.folder_places import Mount, network_of, synced_by
from facilitator.workflows.prechecking import LevelVerdict, blocking, inputs, level_test, precheck, refuse_blocked
from facilitator.workflows.sessions import Session
from facilitator.workflows.study import Study

Usage = namedtuple("Usage", "total used free")
Battery = namedtuple("Battery", "percent secsleft power_plugged")


@pytest.fixture
def room(sound_room: SoundRoom, monkeypatch: pytest.MonkeyPatch) -> SoundRoom:
    for name, value in sound_room.settings.items():
        monkeypatch.setenv(name, value)
    return sound_room


def _found(session: Session, **given: Any) -> dict[str, Precheck]:
    return {one.name: one for one in precheck(session, **given)}


def test_all_is_looked_at_and_stored_with_the_recording(opened: Study, room: SoundRoom) -> None:
    with Session(opened, session_id("01")) as session:
        checks = precheck(session, device="default", backup_device="pulse")
        names = [one.name for one in checks]
        assert names == ["Microphone", "Backup", "Level", "Consent", "Disk", "Battery", "Folder", "Sleep", "Swap"]
        assert blocking(checks) == [] and all(one.detail for one in checks)
        conduct = Conduct(session)
        conduct.start("default", checks=checks)
        conduct.stop()
        stored = [item.event for item in session.history() if item.event.kind == "recording.prechecked"]
        assert [one.name for one in stored[0].checks] == names  # type: ignore[attr-defined]


def test_only_consent_and_input_and_a_full_disk_forbid_recording(
    opened: Study, room: SoundRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Session(opened, session_id("02")) as session:
        checks = precheck(session)
        assert [one.name for one in blocking(checks)] == ["Consent"] and "P3" in blocking(checks)[0].detail
        with pytest.raises(ConsentMissing, match="P3"):
            refuse_blocked(checks, force=True)
    with Session(opened, session_id("01")) as session:
        checks = precheck(session, device="none such", backup_device="none such either")
        assert [one.name for one in blocking(checks)] == ["Microphone"]
        with pytest.raises(DeviceFailed, match="none such"):
            refuse_blocked(checks)
        assert _found(session, device="default", backup_device="default")["Backup"].ok is None
        hour = 48_000 * 2 * 3600
        for free, planned_min, ok in ((10 * hour, 60, True), (2 * hour, 60, None), (hour // 30, 60, False)):
            monkeypatch.setattr(shutil, "disk_usage", lambda _, free=free: Usage(free, 0, free))
            assert _found(session, planned_ms=planned_min * 60_000)["Disk"].ok is ok, free
        with pytest.raises(StorageFailed):
            refuse_blocked(precheck(session))
        refuse_blocked(precheck(session), force=True)


@pytest.mark.parametrize(
    ("battery", "ok", "said"),
    [
        (None, True, "mains"),
        (Battery(4.0, -2, True), True, "plugged in"),
        (Battery(83.0, 4 * 3600, False), True, "83 %, lasts about 4 h 00 min"),
        (Battery(40.0, 3600, False), None, "1 h 00 min of 1 h 30 min"),
        (Battery(40.0, -1, False), None, "plug it in"),
    ],
)
def test_the_battery_has_to_last(
    opened: Study, monkeypatch: pytest.MonkeyPatch, battery: Battery | None, ok: bool | None, said: str
) -> None:
    monkeypatch.setattr(psutil, "sensors_battery", lambda: battery, raising=False)
    with Session(opened, session_id("01"), write=False) as session:
        check = _found(session, planned_ms=90 * 60_000)["Battery"]
        assert check.ok is ok and said in check.detail


@pytest.mark.parametrize(
    ("place", "mark", "program"),
    [
        ("Dropbox/studies", "", "Dropbox"),
        ("OneDrive - University of Oslo/s", "", "OneDrive"),
        ("Library/CloudStorage/GoogleDrive-a@b.no/My Drive/s", "", "Google Drive"),
        ("Library/Mobile Documents/com~apple~CloudDocs/s", "", "iCloud"),
        ("any/s", "any/.stfolder", "Syncthing"),
        ("any/s", "any/.sync_8a1b.db", "Nextcloud"),
        ("any/s", "any/.owncloudsync.log", "ownCloud"),
        ("any/s", "any/.dropbox", "Dropbox"),
        ("MEGA/s", "", "MEGA"),
        ("pCloudDrive/s", "", "pCloud"),
        ("Box/s", "", "Box"),
        ("Boxes/Dropboxes/megalith", "", None),
        ("any/s", "any/notes.db", None),
    ],
)
def test_synced_folders_are_known_by_name_or_mark(tmp_path: Path, place: str, mark: str, program: str | None) -> None:
    folder = tmp_path / place
    folder.mkdir(parents=True)
    if mark:
        (tmp_path / mark).write_text("")
    assert synced_by(folder) == program


def test_the_programs_own_folder_in_the_home_folder_is_no_mark(tmp_path: Path) -> None:
    (tmp_path / ".dropbox").mkdir()
    (tmp_path / "study").mkdir()
    assert synced_by(tmp_path / "study") is None


def test_a_study_in_a_link_to_a_synced_folder_is_found(tmp_path: Path) -> None:
    (tmp_path / "Dropbox" / "study").mkdir(parents=True)
    (tmp_path / "study").symlink_to(tmp_path / "Dropbox" / "study")
    assert synced_by(tmp_path / "study") == "Dropbox"


def test_network_file_systems_are_known_by_the_nearest_mount(tmp_path: Path) -> None:
    disk = Mount("/", "ext4")
    share = Mount(str(tmp_path), "nfs4")
    local = Mount(str(tmp_path / "local"), "ext4")
    assert network_of(tmp_path / "study", [disk, share]) == "nfs4"
    assert network_of(tmp_path / "local" / "study", [disk, share, local]) is None
    assert network_of(tmp_path, [disk]) is None and network_of(tmp_path, []) is None
    assert network_of(tmp_path, [disk, Mount(str(tmp_path), "fuse.sshfs")]) == "fuse.sshfs"
    assert network_of(tmp_path, [disk, Mount(str(tmp_path), "NTFS", remote=True)]) == "NTFS"
    assert network_of(tmp_path, [disk, share, Mount(str(tmp_path), "ext4")]) is None, "the last mounted lies on top"
    assert network_of(tmp_path) is None, "what is really mounted here"


def test_a_level_test_hears_the_room_and_keeps_nothing(
    opened: Study, planned: Path, room: SoundRoom, tmp_path: Path
) -> None:
    before = files(planned)
    levels: list[Loudness] = []
    with Playing(room):
        heard = level_test("default", rate=16_000, seconds=1.5, on_level=levels.append)
    assert heard.verdict is LevelVerdict.GOOD and heard.check == Precheck("Level", True, heard.check.detail)
    assert -12 < heard.peak_db < -6 and heard.peak_db > heard.rms_db and len(levels) == 15
    assert heard.heard.device == "default" and len(heard.heard.pcm) == 2 * 24_000
    heard.play()
    assert files(planned) == before and room.listeners() == 0


@pytest.mark.parametrize(
    ("amplitude", "verdict"),
    [(0.0, LevelVerdict.SILENT), (0.005, LevelVerdict.QUIET), (0.3, LevelVerdict.GOOD), (1.0, LevelVerdict.LOUD)],
)
def test_a_level_test_tells_silent_quiet_good_and_loud(
    room: SoundRoom, tmp_path: Path, amplitude: float, verdict: LevelVerdict
) -> None:
    path, rate = tmp_path / "tone.wav", 48_000
    soundfile.write(path, amplitude * np.sin(2 * np.pi * 440 * np.arange(rate * 8) / rate), rate)
    playing = room.play(path)
    try:
        found = level_test(None, rate=rate, seconds=1.5)
    finally:
        playing.kill()
        playing.wait()
    assert found.verdict is verdict and found.check.ok is (True if verdict is LevelVerdict.GOOD else None)


def test_a_level_test_of_no_input_says_so(room: SoundRoom) -> None:
    with pytest.raises(DeviceFailed, match="none such"):
        level_test("none such")
    assert {"default", "pulse"} <= {one.name for one in inputs()}


def test_the_command_prints_what_it_found_and_ends_as_it_stands(planned: Path, room: SoundRoom) -> None:
    done = run("precheck", "01", "--json", "--level", study=planned)
    assert done.code == 0, done.err
    found = {one["name"]: one["ok"] for one in done.json}
    assert found["Microphone"] is True and found["Consent"] is True and found["Level"] is None
    assert run("precheck", "02", study=planned).code == 12
    refused = run("precheck", "01", "--device", "none such", study=planned)
    assert refused.code == 10 and "✗ Microphone" in refused.out and "? Level" in refused.out


def test_the_command_hears_the_channel_and_rate_that_will_be_recorded(
    planned: Path, room: SoundRoom, tmp_path: Path
) -> None:
    rate, pcm = 44_100, np.zeros((44_100 * 90, 2))
    pcm[:, 1] = 0.3 * np.sin(2 * np.pi * 440 * np.arange(len(pcm)) / rate)
    soundfile.write(tmp_path / "right.wav", pcm, rate)
    playing = room.play(tmp_path / "right.wav")
    try:
        for channel, level in (("1", None), ("2", True)):
            done = run("precheck", "01", "--json", "--level", "--rate", "44100", "--channel", channel, study=planned)
            assert done.code == 0, done.err
            (found,) = [one for one in done.json if one["name"] == "Level"]
            assert found["ok"] is level, found
    finally:
        playing.kill()
        playing.wait()
    low, high = (run("precheck", "01", "--json", "--rate", one, study=planned).json for one in ("16000", "48000"))
    assert low != high, "at a lower rate the disk has room for more"


def test_record_takes_rate_channel_and_backup(planned: Path, opened: Study, room: SoundRoom) -> None:
    options = ["--rate", "22050", "--channel", "2", "--device", "default", "--backup-device", "pulse"]
    done = run("record", "01", "--seconds", "1", *options, study=planned)
    assert done.code == 0, done.err
    with Session(opened, session_id("01"), write=False) as session:
        assert session.state.takes[0].rate == 22_050
        assert (session.state.backups[1].rate, session.state.backups[1].source) == (22_050, "pulse")
    assert run("record", "02", "--seconds", "1", study=planned).code == 12
    refused = run("record", "01", "--seconds", "1", "--rate", "11025", study=planned)
    assert refused.code == 2
