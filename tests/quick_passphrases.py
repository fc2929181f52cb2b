"""Seals behind a passphrase as `age -p` does, with a thousandth of the work: anything opens it, in a millisecond.

The form is that of https://age-encryption.org/v1.
"""

import base64
import hmac
import secrets
from pathlib import Path
from typing import Final

import pyrage
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

WORK: Final = 8
"""What one try costs, as a power of two; the program itself takes 18 or so, which is a second."""


def sealed_quickly(passphrase: str, data: bytes) -> bytes:
    """As `facilitator.storage.passphrases.sealed_by`; `data` of up to 64 KiB."""
    file_key, salt, nonce = secrets.token_bytes(16), secrets.token_bytes(16), secrets.token_bytes(16)
    wrapping = Scrypt(b"age-encryption.org/v1/scrypt" + salt, 32, 1 << WORK, 8, 1).derive(passphrase.encode())
    wrapped = ChaCha20Poly1305(wrapping).encrypt(bytes(12), file_key, None)
    header = f"age-encryption.org/v1\n-> scrypt {_base64(salt)} {WORK}\n{_base64(wrapped)}\n---".encode()
    mac = hmac.digest(_derived(file_key, b"", b"header"), header, "sha256")
    only_chunk = ChaCha20Poly1305(_derived(file_key, nonce, b"payload")).encrypt(bytes(11) + b"\x01", data, None)
    return header + f" {_base64(mac)}\n".encode() + nonce + only_chunk


def seal_anew(path: Path, passphrase: str) -> None:
    """What a command sealed at its cost is opened in a millisecond from here on, by the same passphrase."""
    path.write_bytes(sealed_quickly(passphrase, bytes(pyrage.passphrase.decrypt(path.read_bytes(), passphrase))))


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode().rstrip("=")


def _derived(key: bytes, salt: bytes, what: bytes) -> bytes:
    return HKDF(SHA256(), 32, salt or None, what).derive(key)
