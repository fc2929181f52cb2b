import itertools
import shutil
from functools import partial
from pathlib import Path

import pytest
from cli_runner import files
from dying import died_at

from facilitator.domain.errors import AccessRefused, Damaged, NotFound, StorageFailed
from facilitator.domain.ids import ResearchNumber
from facilitator.domain.roster import Identity
from facilitator.storage import keys, linkage_key
from facilitator.storage.linkage import Linkage, read_linkage, write_linkage
from facilitator.storage.linkage_key import LinkageFiles
from facilitator.storage.study_folder import StudyFolder, read_settings
from facilitator.workflows.study import Study

RESEARCHER, OFFICER, STRANGER = (keys.new_personal_key() for _ in range(3))
NAMES = Linkage().with_identities((Identity(ResearchNumber("P1"), "Siv Moe"),))


@pytest.fixture
def stored(tmp_path: Path) -> LinkageFiles:
    (tmp_path / "study").mkdir()
    files = LinkageFiles(tmp_path / "study", tmp_path / "study" / "linkage.age")
    linkage_key.create(files, (RESEARCHER.recipient, OFFICER.recipient), NAMES)
    return files


def _as_before(planned: Path, key: keys.PersonalKey) -> Linkage:
    """Make the study as one of a version without a linkage key."""
    own = linkage_key.open_key(planned / "linkage.key.age", key)
    names = read_linkage(planned / "linkage.age", own)
    write_linkage(planned / "linkage.age", names, (key.recipient,))
    (planned / "linkage.key.age").unlink()
    return names


def _open(root: Path, key: keys.PersonalKey) -> Study:
    return Study(StudyFolder(root), read_settings(StudyFolder(root)), key)


def test_a_study_of_before_gets_its_key_when_opened(planned: Path, planned_key: keys.PersonalKey) -> None:
    names = _as_before(planned, planned_key)
    with _open(planned, planned_key) as study:
        assert study.linkage == names
    own = linkage_key.open_key(planned / "linkage.key.age", planned_key)
    assert read_linkage(planned / "linkage.age", own) == names
    settled = files(planned)
    with _open(planned, planned_key) as study:
        assert study.linkage == names
    assert files(planned) == settled


def test_it_waits_while_the_file_is_on_another_medium(
    planned: Path, planned_key: keys.PersonalKey, tmp_path: Path
) -> None:
    names = _as_before(planned, planned_key)
    (planned / "linkage.age").rename(tmp_path / "stick.age")
    with _open(planned, planned_key) as study:
        assert not study.linkage_here and not (planned / "linkage.key.age").exists()
        shutil.copyfile(tmp_path / "stick.age", planned / "linkage.age")
        assert study.linkage == names
        study.change_linkage(lambda linkage: linkage.with_moderator("Anne Lund"))
        assert study.linkage.moderators == ("Anne Lund",)
    own = linkage_key.open_key(planned / "linkage.key.age", planned_key)
    assert read_linkage(planned / "linkage.age", own).moderators == ("Anne Lund",)


def test_an_upgrade_that_breaks_off_loses_nothing(planned: Path, planned_key: keys.PersonalKey, tmp_path: Path) -> None:
    names = _as_before(planned, planned_key)
    for step in itertools.count():
        copy = shutil.copytree(planned, tmp_path / "copy")
        died = died_at(step, partial(_open, copy, planned_key))
        with _open(copy, planned_key) as study:
            assert study.linkage == names
        own = linkage_key.open_key(copy / "linkage.key.age", planned_key)
        assert read_linkage(copy / "linkage.age", own) == names
        shutil.rmtree(copy)
        if not died:
            break
    assert step > 5


def test_an_older_copy_of_the_file_still_reads(planned: Path, planned_key: keys.PersonalKey, tmp_path: Path) -> None:
    names = _as_before(planned, planned_key)
    older = shutil.copyfile(planned / "linkage.age", tmp_path / "older.age")
    _open(planned, planned_key).close()
    shutil.copyfile(older, planned / "linkage.age")
    with _open(planned, planned_key) as study:
        assert study.linkage == names


def test_a_new_key_holds_wholly_or_not_at_all(stored: LinkageFiles, tmp_path: Path) -> None:
    old = linkage_key.open_key(stored.key, OFFICER)
    outcomes = set()
    for step in itertools.count():
        root = shutil.copytree(stored.root, tmp_path / "copy")
        copy = LinkageFiles(root, root / "linkage.age")
        died = died_at(step, partial(linkage_key.rekey, copy, RESEARCHER, (RESEARCHER.recipient,)))
        assert linkage_key.read(copy, RESEARCHER) == NAMES
        if linkage_key.unsettled(copy, RESEARCHER):
            linkage_key.settle(copy, RESEARCHER, (RESEARCHER.recipient, OFFICER.recipient))
        assert linkage_key.read(copy, RESEARCHER) == NAMES
        assert {path.name for path in root.glob("*.age")} == {"linkage.age", "linkage.key.age"}
        outcomes.add(renewed := linkage_key.open_key(copy.key, RESEARCHER) != old)
        if renewed:
            with pytest.raises(AccessRefused):
                read_linkage(copy.file, old)
            with pytest.raises(AccessRefused):
                linkage_key.open_key(copy.key, OFFICER)
        shutil.rmtree(root)
        if not died:
            break
    assert outcomes == {True, False} and step > 10


def test_a_second_new_key_never_overwrites_the_only_one_that_opens_the_file(
    stored: LinkageFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise StorageFailed("refused")

    with monkeypatch.context() as patched, pytest.raises(StorageFailed):
        patched.setattr(linkage_key, "_replace_key", refuse)
        linkage_key.rekey(stored, RESEARCHER, (RESEARCHER.recipient,))
    assert stored.next_key.exists()
    with monkeypatch.context() as patched, pytest.raises(StorageFailed):
        patched.setattr(linkage_key, "write_linkage", refuse)
        linkage_key.rekey(stored, RESEARCHER, (RESEARCHER.recipient,))
    assert linkage_key.read(stored, RESEARCHER) == NAMES


def test_destroying_takes_copies_of_the_key_that_a_killed_program_left(stored: LinkageFiles) -> None:
    left = stored.root / ".linkage.key.age.0a1b2c3d"
    shutil.copyfile(stored.key, left)
    linkage_key.destroy_key(stored)
    assert not left.exists()


def test_strangers_and_lost_or_damaged_keys_are_told_apart(stored: LinkageFiles) -> None:
    with pytest.raises(AccessRefused, match="names"):
        linkage_key.read(stored, STRANGER)
    whole = stored.key.read_bytes()
    for index in range(0, len(whole), 3):
        stored.key.write_bytes(whole[:index] + bytes([whole[index] ^ 0x10]) + whole[index + 1 :])
        with pytest.raises((Damaged, AccessRefused)):
            linkage_key.read(stored, RESEARCHER)
    stored.key.write_bytes(whole)
    sealed = stored.file.read_bytes()
    for index in range(0, len(sealed), 3):
        stored.file.write_bytes(sealed[:index] + bytes([sealed[index] ^ 0x10]) + sealed[index + 1 :])
        with pytest.raises(Damaged):
            linkage_key.read(stored, RESEARCHER)
    stored.file.write_bytes(sealed)
    stored.key.unlink()
    with pytest.raises(NotFound, match="key is missing"):
        linkage_key.read(stored, RESEARCHER)
