"""Who can open what: the researcher's identity, and keys wrapped for it, all in the age format.

`identity.age` is the standard passphrase-protected identity file (`age -p`), so the stock `age` program opens
everything here if this program is gone.
"""

import json
import secrets
from dataclasses import dataclass
from pathlib import Path

import pyrage

from facilitator.domain.errors import AccessRefused, Damaged, InvalidInput
from facilitator.storage.files import read_file, write_atomically

AGE_HEADER = b"age-encryption.org/v1"
MIN_PASSPHRASE = 8


@dataclass(frozen=True, slots=True)
class PersonalKey:
    """A researcher's unlocked identity: `secret` is AGE-SECRET-KEY-1…, `recipient` is age1…."""

    secret: str
    recipient: str

    def __repr__(self) -> str:
        return f"PersonalKey({self.recipient})"


@dataclass(frozen=True, slots=True)
class SessionKey:
    """A session's secrets: the database's 32 raw bytes and the identity that opens its audio."""

    database: bytes
    audio_secret: str
    audio_recipient: str

    def __repr__(self) -> str:
        return f"SessionKey({self.audio_recipient})"


def check_passphrase(passphrase: str) -> None:
    """Raises InvalidInput when `passphrase` has under 8 characters."""
    if len(passphrase) < MIN_PASSPHRASE:
        raise InvalidInput(
            f"The passphrase has fewer than {MIN_PASSPHRASE} characters.",
            safe="Nothing was written.",
            do="Choose a longer one, such as four unrelated words.",
        )


def create_identity(path: Path, passphrase: str) -> PersonalKey:
    """Make an identity and store it behind `passphrase` (scrypt, about a second).

    Raises:
        InvalidInput: the passphrase has under 8 characters.
        StorageFailed: the file cannot be written.
    """
    check_passphrase(passphrase)
    identity = pyrage.x25519.Identity.generate()
    key = PersonalKey(str(identity), str(identity.to_public()))
    text = f"# public key: {key.recipient}\n{key.secret}\n"
    write_atomically(path, pyrage.passphrase.encrypt(text.encode(), passphrase))
    return key


def unlock_identity(path: Path, passphrase: str) -> PersonalKey:
    """Open the identity file.

    Raises:
        AccessRefused: wrong passphrase.
        Damaged: the file is not an intact age file.
        NotFound: it is not there.
    """
    sealed = read_file(path, "identity file")
    if not sealed.startswith(AGE_HEADER):
        raise damaged("identity file")
    try:
        text = pyrage.passphrase.decrypt(sealed, passphrase).decode()
    except pyrage.DecryptError as error:
        if "Decryption failed" in str(error):
            raise AccessRefused(
                "The passphrase does not open this study.",
                safe="Nothing was changed.",
                do="Type it again; nobody can recover a lost passphrase.",
            ) from error
        raise damaged("identity file") from error
    secret = next((line for line in text.splitlines() if line.startswith("AGE-SECRET-KEY-")), "")
    if not secret:
        raise damaged("identity file")
    return PersonalKey(secret, str(pyrage.x25519.Identity.from_str(secret).to_public()))


def seal(data: bytes, recipients: tuple[str, ...]) -> bytes:
    """Encrypt `data` for each of `recipients` (age1…)."""
    return bytes(pyrage.encrypt(data, [pyrage.x25519.Recipient.from_str(text) for text in recipients]))


def unseal(sealed: bytes, key: PersonalKey, what: str) -> bytes:
    """Decrypt `sealed`, whole or not at all.

    Raises:
        AccessRefused: it was not sealed for this key.
        Damaged: it was changed or cut short.
    """
    if not sealed.startswith(AGE_HEADER):
        raise damaged(what)
    try:
        return bytes(pyrage.decrypt(sealed, [pyrage.x25519.Identity.from_str(key.secret)]))
    except pyrage.DecryptError as error:
        if "No matching keys" in str(error):
            raise AccessRefused(
                f"The {what} is not open to your key.",
                safe="Nothing was changed.",
                do="Ask the researcher who made the study for access.",
            ) from error
        raise damaged(what) from error


def damaged(what: str) -> Damaged:
    """The error for a key or data file that is not what was written."""
    return Damaged(
        f"The {what} is damaged or was changed by another program.",
        safe="Nothing was written.",
        do="Restore the file from your backup.",
    )


def create_database_key(path: Path, recipients: tuple[str, ...]) -> bytes:
    """Make 32 random bytes and store them sealed at `path`."""
    raw = secrets.token_bytes(32)
    write_atomically(path, seal(raw.hex().encode(), recipients))
    return raw


def open_database_key(path: Path, key: PersonalKey, what: str) -> bytes:
    """The 32 bytes sealed at `path`; errors as `unseal`."""
    try:
        raw = bytes.fromhex(unseal(read_file(path, what), key, what).decode())
    except ValueError as error:
        raise damaged(what) from error
    return raw


def create_session_key(path: Path, recipients: tuple[str, ...]) -> SessionKey:
    """Make a session's secrets and store them sealed at `path`."""
    identity = pyrage.x25519.Identity.generate()
    session = SessionKey(secrets.token_bytes(32), str(identity), str(identity.to_public()))
    text = json.dumps({"database": session.database.hex(), "audio": session.audio_secret})
    write_atomically(path, seal(text.encode(), recipients))
    return session


def open_session_key(path: Path, key: PersonalKey) -> SessionKey:
    """The session's secrets; errors as `unseal`."""
    try:
        found = json.loads(unseal(read_file(path, "session key"), key, "session key"))
        audio = pyrage.x25519.Identity.from_str(found["audio"])
        return SessionKey(bytes.fromhex(found["database"]), found["audio"], str(audio.to_public()))
    except (ValueError, KeyError, TypeError, pyrage.IdentityError) as error:
        raise damaged("session key") from error
