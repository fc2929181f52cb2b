import itertools
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from dying import died_at

from facilitator.domain.errors import AccessRefused, Damaged, InvalidInput, NotFound, StorageFailed, UsageError
from facilitator.storage import identity_files, keys, shredding
from facilitator.storage.identity_files import change_passphrase, needs_passphrase, open_to_others
from facilitator.storage.linkage import Linkage, read_linkage, write_linkage
from facilitator.storage.passphrases import sealed_by
from facilitator.storage.shredding import finish_shredding, replace_and_shred, shred

PASSPHRASE = "four unrelated words"


@pytest.fixture(scope="module", autouse=True)
def real_passphrases(quick_passphrases: None) -> Iterator[None]:
    """Here passphrases cost what they cost, for what seals with them is what is tested."""
    with pytest.MonkeyPatch.context() as patch:
        for module in (keys, identity_files):
            patch.setattr(module, "sealed_by", sealed_by)
        yield


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, keys.PersonalKey]:
    path = tmp_path_factory.mktemp("keys") / "identity.age"
    return path, keys.create_identity(path, PASSPHRASE)


def test_the_passphrase_opens_the_identity(sealed: tuple[Path, keys.PersonalKey]) -> None:
    path, key = sealed
    assert keys.unlock_identity(path, PASSPHRASE) == key
    assert path.stat().st_mode & 0o777 == 0o600
    assert key.secret not in repr(key)


def test_a_wrong_passphrase_is_told_from_damage(sealed: tuple[Path, keys.PersonalKey], tmp_path: Path) -> None:
    path, _ = sealed
    with pytest.raises(AccessRefused):
        keys.unlock_identity(path, "four other words")
    whole = path.read_bytes()
    for name, data in (
        ("cut", whole[:-7]),
        ("flipped", whole[:-7] + bytes([whole[-7] ^ 1]) + whole[-6:]),
        ("text", b"x"),
    ):
        copy = tmp_path / name
        copy.write_bytes(data)
        with pytest.raises(Damaged):
            keys.unlock_identity(copy, PASSPHRASE)
        assert copy.read_bytes() == data
    with pytest.raises(NotFound):
        keys.unlock_identity(tmp_path / "absent", PASSPHRASE)


def test_short_passphrases_write_nothing(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput):
        keys.create_identity(tmp_path / "identity.age", "short")
    assert list(tmp_path.iterdir()) == []


def test_any_flipped_byte_of_a_session_key_is_noticed(sealed: tuple[Path, keys.PersonalKey], tmp_path: Path) -> None:
    _, key = sealed
    path = tmp_path / "session.key.age"
    made = keys.create_session_key(path, (key.recipient,), key)
    assert keys.open_session_key(path, key) == made
    whole = path.read_bytes()
    for index in range(len(whole)):
        path.write_bytes(whole[:index] + bytes([whole[index] ^ 0x20]) + whole[index + 1 :])
        with pytest.raises((Damaged, AccessRefused)):
            keys.open_session_key(path, key)


def test_another_persons_key_is_refused(sealed: tuple[Path, keys.PersonalKey], tmp_path: Path) -> None:
    _, key = sealed
    other = keys.create_identity(tmp_path / "other.age", PASSPHRASE)
    keys.create_session_key(tmp_path / "session.key.age", (key.recipient,), key)
    with pytest.raises(AccessRefused):
        keys.open_session_key(tmp_path / "session.key.age", other)


def test_the_stock_age_program_opens_what_we_seal(sealed: tuple[Path, keys.PersonalKey], tmp_path: Path) -> None:
    if not shutil.which("age"):
        pytest.skip("the stock age program is not installed")
    _, key = sealed
    (tmp_path / "key.txt").write_text(key.secret)
    write_linkage(tmp_path / "linkage.age", Linkage().with_moderator("Anne"), (key.recipient,))
    opened = subprocess.run(
        ["age", "-d", "-i", tmp_path / "key.txt", tmp_path / "linkage.age"], capture_output=True, check=True
    )
    assert b"Anne" in opened.stdout
    assert b"Anne" not in (tmp_path / "linkage.age").read_bytes()
    assert read_linkage(tmp_path / "linkage.age", key).moderators == ("Anne",)


def test_an_identity_of_age_keygen_needs_no_passphrase(tmp_path: Path) -> None:
    if not shutil.which("age-keygen"):
        pytest.skip("the stock age program is not installed")
    path = tmp_path / "key.txt"
    subprocess.run(["age-keygen", "-o", path], capture_output=True, check=True)
    key = keys.unlock_identity(path, "")
    assert key.recipient in path.read_text() and not needs_passphrase(path) and not open_to_others(path)
    path.chmod(0o640)
    assert open_to_others(path)
    with pytest.raises(UsageError, match="no passphrase"):
        change_passphrase(path, "", PASSPHRASE)


def test_a_replaced_file_is_the_old_or_the_new_one_at_any_crash(tmp_path: Path) -> None:
    path, outcomes = tmp_path / "identity.age", set()
    for step in itertools.count():
        path.write_bytes(b"old")
        died = died_at(step, lambda: replace_and_shred(path, b"new"))
        finish_shredding(path)
        outcomes.add(path.read_bytes())
        assert not (tmp_path / ".old-identity.age").exists()
        for left in tmp_path.glob(".identity*"):
            left.unlink()
        if not died:
            break
    assert outcomes == {b"old", b"new"} and path.read_bytes() == b"new" and step > 8


def test_shredding_overwrites_the_bytes(tmp_path: Path) -> None:
    path, other = tmp_path / "secret", tmp_path / "another-name"
    path.write_bytes(b"secret" * 300_000)
    other.hardlink_to(path)
    shred(path)
    assert not path.exists() and other.read_bytes() == bytes(1_800_000)
    replaced, held = tmp_path / "replaced", tmp_path / "held"
    replaced.write_bytes(b"old")
    held.hardlink_to(replaced)
    replace_and_shred(replaced, b"new")
    assert replaced.read_bytes() == b"new" and held.read_bytes() == bytes(3)
    assert {one.name for one in tmp_path.iterdir()} == {"another-name", "replaced", "held"}


def test_nothing_is_sealed_that_its_maker_cannot_open(tmp_path: Path) -> None:
    own, other, path = keys.new_personal_key(), keys.new_personal_key(), tmp_path / "new" / "session.key.age"
    assert keys.unseal(keys.sealed_openable(b"x", (other.recipient, own.recipient), own, "key"), own, "key") == b"x"
    with pytest.raises(AccessRefused, match="your own key"):
        keys.sealed_openable(b"x", (other.recipient,), own, "key")
    with pytest.raises(AccessRefused):
        keys.create_session_key(path, (other.recipient,), own)
    with pytest.raises(InvalidInput):
        keys.seal(b"x", ("age1nonsense",))
    assert not path.parent.exists()


def test_what_cannot_be_overwritten_is_removed_and_one_file_does_not_keep_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stuck, *others = [tmp_path / name for name in ("a", "b", "c")]
    for path in (stuck, *others):
        path.write_bytes(b"secret")
    unlink = Path.unlink

    def refuse_unlink(path: Path, missing_ok: bool = False) -> None:
        if path == stuck:
            raise OSError(30, "Read-only file system")
        unlink(path, missing_ok)

    def refuse(_: Path) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(Path, "unlink", refuse_unlink)
    monkeypatch.setattr(shredding, "overwrite", refuse)
    assert shredding.shred_each([stuck, *others]) == [stuck] and not any(path.exists() for path in others)
    with pytest.raises(StorageFailed, match="could not be destroyed") as refused:
        shred(stuck)
    assert "unchanged" not in str(refused.value)


def test_no_secret_is_in_what_is_said_of_keys() -> None:
    key, session = keys.new_personal_key(), keys.new_session_key()
    assert key.secret not in repr(key) and session.audio_secret not in repr(session)
    assert session.database.hex() not in repr(session)
