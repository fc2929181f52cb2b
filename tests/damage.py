"""Damages files as a bad disk would."""

from pathlib import Path


def flip_in_stanza(path: Path) -> None:
    """Change one letter of an age file's first stanza, so that it looks as if it were sealed for somebody else."""
    data = bytearray(path.read_bytes())
    at = data.index(b"\n", data.index(b"-> X25519 ")) + 5
    data[at] = ord("A") if data[at] != ord("A") else ord("B")
    path.write_bytes(bytes(data))


def flip_throughout(path: Path) -> None:
    """Change bytes all over a file."""
    data = bytearray(path.read_bytes())
    for at in range(200, len(data), 300):
        data[at] ^= 255
    path.write_bytes(bytes(data))
