import pyrage
import pytest

from facilitator.domain.age_format import passphrase_work
from facilitator.domain.errors import Busy
from facilitator.storage import passphrases
from facilitator.storage.passphrases import ENOUGH_WORK, opened_by, sealed_by

WORDS = "four unrelated words"
REAL = pyrage.passphrase
COSTLY = "Excessive work parameter for passphrase.\nDecryption would take around 512 seconds."


class _Busy:
    """A library that finds the computer too slow so many times."""

    def __init__(self, times: int) -> None:
        self.times = times

    def decrypt(self, sealed: bytes, passphrase: str) -> bytes:
        self.times -= 1
        if self.times >= 0:
            raise pyrage.DecryptError(COSTLY)
        return bytes(REAL.decrypt(sealed, passphrase))


def test_the_library_says_so_when_a_passphrase_is_too_costly() -> None:
    sealed = sealed_by(WORDS, b"secret")
    costly = sealed.replace(b" %d\n" % passphrase_work(sealed), b" 30\n", 1)
    with pytest.raises(pyrage.DecryptError, match=passphrases._TOO_COSTLY):
        pyrage.passphrase.decrypt(costly, WORDS)


def test_a_busy_computer_opens_what_an_idle_one_sealed(monkeypatch: pytest.MonkeyPatch) -> None:
    sealed = sealed_by(WORDS, b"secret")
    monkeypatch.setattr(pyrage, "passphrase", _Busy(3))
    assert opened_by(WORDS, sealed) == b"secret"
    monkeypatch.setattr(pyrage, "passphrase", _Busy(10**6))
    monkeypatch.setattr(passphrases, "_PAUSE_S", 0.0)
    with pytest.raises(Busy, match="too busy"):
        opened_by(WORDS, sealed)


def test_a_busy_computer_does_not_protect_a_new_one_badly(monkeypatch: pytest.MonkeyPatch) -> None:
    def header(work: int) -> bytes:
        return b"age-encryption.org/v1\n-> scrypt c2FsdA %d\n" % work

    class Library:
        works = iter([9, 12, ENOUGH_WORK + 1, 9])

        def encrypt(self, data: bytes, passphrase: str) -> bytes:
            return header(next(self.works))

    monkeypatch.setattr(pyrage, "passphrase", Library())
    assert passphrase_work(sealed_by(WORDS, b"secret")) == ENOUGH_WORK + 1
    monkeypatch.setattr(Library, "works", iter([9, 16, 11, 10, 12, 20]))
    assert passphrase_work(sealed_by(WORDS, b"secret")) == 16, "a slow computer keeps its best"
