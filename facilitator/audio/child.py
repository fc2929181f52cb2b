"""How helper processes of this package are started: with this code, and with nothing secret in their surroundings."""

import os
import sys
from pathlib import Path

import facilitator

_SECRET_VARIABLES = ("FACILITATOR_PASSPHRASE",)


def command(module: str) -> list[str]:
    """Arguments that run `module`. `-P` keeps the current folder, which may be anybody's study, off the import path."""
    return [sys.executable, "-P", "-m", module]


def environment() -> dict[str, str]:
    """The variables of a child: ours, less what could open data, and with this package importable."""
    root = str(Path(facilitator.__file__).parent.parent)
    kept = {name: value for name, value in os.environ.items() if name not in _SECRET_VARIABLES}
    return kept | {"PYTHONPATH": os.pathsep.join(filter(None, (root, kept.get("PYTHONPATH"))))}


def forbid_core_dumps() -> None:
    """Keep sound, names and keys in memory from reaching the disk through a crash, of this process and its children."""
    if sys.platform != "win32":
        import resource  # POSIX only

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
