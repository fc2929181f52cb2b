"""Who can open what: the researcher's identity, and keys wrapped for it, all in the age format.

An identity file behind a passphrase is the standard one (`age -p`), so the stock `age` program opens everything here
if this program is gone; one without a passphrase, as `age-keygen` writes it, is taken too.
"""

import json
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path

import pyrage

from facilitator.domain.age_format import well_formed
from facilitator.domain.errors import AccessRefused, Damaged, InvalidInput, UsageError
from facilitator.storage.files import make_folder, read_file, write_atomically
from facilitator.storage.passphrases import opened_by, sealed_by

AGE_HEADER = b"age-encryption.org/v1"
MIN_PASSPHRASE = 8
IDENTITY = "identity file"
_SECRET = "AGE-SECRET-KEY-"  # noqa: S105  how one begins


@dataclass(frozen=True, slots=True)
class PersonalKey:
    """A researcher's unlocked identity: `secret` is AGE-SECRET-KEY-1…, `recipient` is age1…."""

    secret: str
    recipient: str

    def __repr__(self) -> str:
        return f"PersonalKey({self.recipient})"


@dataclass(frozen=True, slots=True)
class SessionKey:
    """A session's secrets: the database's 32 raw bytes and the identity that opens its audio.

    Once the audio was destroyed on purpose, its two are "" and `purged` says what there was.
    """

    database: bytes
    audio_secret: str
    audio_recipient: str
    purged: "PurgedAudio | None" = None

    def __repr__(self) -> str:
        return f"SessionKey({self.audio_recipient or 'audio destroyed'})"


@dataclass(frozen=True, slots=True)
class PurgedAudio:
    """What was destroyed with the audio key: `head` is the hex digest of the last of the recording's records."""

    records: int
    samples: int
    head: str


def new_personal_key() -> PersonalKey:
    """A fresh identity, stored nowhere yet."""
    identity = pyrage.x25519.Identity.generate()
    return PersonalKey(str(identity), str(identity.to_public()))


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
        UsageError: there is a file already, which may be somebody's only key.
        StorageFailed: the file cannot be written.
    """
    check_passphrase(passphrase)
    if path.exists():
        raise UsageError(f"{path.name} is there already.", safe="It was left untouched.", do="Choose another name.")
    key = new_personal_key()
    text = f"# public key: {key.recipient}\n{key.secret}\n"
    write_atomically(path, sealed_by(passphrase, text.encode()))
    return key


def unlock_identity(path: Path, passphrase: str) -> PersonalKey:
    """Open the identity file; `passphrase` goes unused where the file has none.

    Raises:
        AccessRefused: wrong passphrase.
        Damaged: the file is no intact identity file.
        NotFound: it is not there.
    """
    stored = read_file(path, IDENTITY)
    secret = plain_identity(stored)
    return personal_key(secret if secret is not None else opened_identity(stored, passphrase).decode(errors="replace"))


def plain_identity(stored: bytes) -> str | None:
    """The text of an identity file without a passphrase; None for one that is sealed, or no identity file."""
    if stored.startswith(AGE_HEADER):
        return None
    text = stored.decode("ascii", errors="replace")
    return text if any(line.startswith(_SECRET) for line in text.splitlines()) else None


def opened_identity(stored: bytes, passphrase: str) -> bytes:
    """The text of a sealed identity file. Raises AccessRefused, Busy, Damaged."""
    if not well_formed(stored):
        raise damaged(IDENTITY)
    try:
        return opened_by(passphrase, stored)
    except pyrage.DecryptError as error:
        if "Decryption failed" in str(error):
            raise AccessRefused(
                "The passphrase does not open this study.",
                safe="Nothing was changed.",
                do="Type it again; nobody can recover a lost passphrase.",
            ) from error
        raise damaged(IDENTITY) from error


def personal_key(text: str) -> PersonalKey:
    """The identity in the text of an identity file. Raises Damaged where it holds none."""
    secret = next((line.strip() for line in text.splitlines() if line.startswith(_SECRET)), "")
    try:
        return PersonalKey(secret, str(pyrage.x25519.Identity.from_str(secret).to_public()))
    except pyrage.IdentityError as error:
        raise damaged(IDENTITY) from error


def seal(data: bytes, recipients: tuple[str, ...]) -> bytes:
    """Encrypt `data` for each of `recipients` (age1…). Raises InvalidInput where one of them is no public key."""
    return bytes(pyrage.encrypt(data, [pyrage.x25519.Recipient.from_str(checked_recipient(one)) for one in recipients]))


def sealed_openable(data: bytes, recipients: tuple[str, ...], key: PersonalKey, what: str) -> bytes:
    """`seal`, once it was made sure in memory that `key` opens it: nobody may lock themselves out.

    Raises:
        AccessRefused: `key` is of none of the `recipients`.
    """
    sealed = seal(data, recipients)
    try:
        opened = unseal(sealed, key, what)
    except AccessRefused as error:
        raise AccessRefused(
            f"The {what} would not be open to your own key any more, so it was not written.",
            safe="Nothing was changed.",
            do="Check `recipient` in study.toml: it has to be the public key of the researcher who made the study.",
        ) from error
    if opened != data:
        raise damaged(what)
    return sealed


def unseal(sealed: bytes, key: PersonalKey, what: str) -> bytes:
    """Decrypt `sealed`, whole or not at all.

    Raises:
        AccessRefused: it was not sealed for this key.
        Damaged: it was changed or cut short.
    """
    if not well_formed(sealed):
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


def new_session_key() -> SessionKey:
    """Fresh secrets for a session."""
    audio = new_personal_key()
    return SessionKey(secrets.token_bytes(32), audio.secret, audio.recipient)


def create_session_key(path: Path, recipients: tuple[str, ...], key: PersonalKey) -> SessionKey:
    """Make a session's secrets and store them sealed at `path`, in a new folder; errors as `sealed_openable`."""
    session = new_session_key()
    sealed = sealed_session_key(session, recipients, key)
    make_folder(path.parent)
    write_atomically(path, sealed)
    return session


def sealed_session_key(session: SessionKey, recipients: tuple[str, ...], key: PersonalKey) -> bytes:
    """The content of a session's key file; errors as `sealed_openable`."""
    secret: dict[str, object] = {"database": session.database.hex(), "audio": session.audio_secret}
    if session.purged:
        secret["purged"] = asdict(session.purged)
    return sealed_openable(json.dumps(secret).encode(), recipients, key, "session key")


def sealed_database_key(database: bytes, recipients: tuple[str, ...], key: PersonalKey) -> bytes:
    """The content of a database's key file; errors as `sealed_openable`."""
    return sealed_openable(database.hex().encode(), recipients, key, "study key")


def open_session_key(path: Path, key: PersonalKey) -> SessionKey:
    """The session's secrets; errors as `unseal`."""
    try:
        found = json.loads(unseal(read_file(path, "session key"), key, "session key"))
        purged = PurgedAudio(**found["purged"]) if "purged" in found else None
        recipient = str(pyrage.x25519.Identity.from_str(found["audio"]).to_public()) if not purged else ""
        return SessionKey(bytes.fromhex(found["database"]), found["audio"], recipient, purged)
    except (ValueError, KeyError, TypeError, pyrage.IdentityError) as error:
        raise damaged("session key") from error


def checked_recipient(text: str) -> str:
    """`text` as a public key, age1….

    Raises:
        InvalidInput: it is none; the message never quotes it, since it may be a secret key.
    """
    given = text.strip()
    if "AGE-SECRET-KEY" in given.upper():
        raise InvalidInput(
            "That is a secret key. Nobody may ever see it.",
            safe="Nothing was written.",
            do="Its owner should make a new identity and send you the line that begins with age1.",
        )
    try:
        return str(pyrage.x25519.Recipient.from_str(given))
    except pyrage.RecipientError:
        raise InvalidInput(
            "That is no public key: it should be one word of 62 characters that begins with age1.",
            safe="Nothing was written.",
            do="Ask for the line that `facilitator access identity FILE` or `age-keygen` prints.",
        ) from None
