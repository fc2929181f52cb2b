"""Runs the command line in this process, as `facilitator …` would run, and returns what it did."""

import contextlib
import io
import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

from facilitator.cli.main import main

PASSPHRASE = "four unrelated words"


@dataclass(frozen=True)
class Done:
    """Exit code and output of one command."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What it printed, as JSON."""
        return json.loads(self.out)


def run(
    *arguments: str | Path, study: Path | None = None, passphrase: str | None = PASSPHRASE, stdin: str = ""
) -> Done:
    """Run one command on `study`; no terminal is attached, so nothing can ask."""
    environment = {key: value for key, value in os.environ.items() if key != "FACILITATOR_PASSPHRASE"}
    if passphrase is not None:
        environment["FACILITATOR_PASSPHRASE"] = passphrase
    words = [str(argument) for argument in arguments] + (["--study", str(study)] if study else [])
    out, err = io.StringIO(), io.StringIO()
    with (
        mock.patch.dict(os.environ, environment, clear=True),
        mock.patch.object(sys, "argv", ["facilitator", *words]),
        mock.patch.object(sys, "stdin", io.StringIO(stdin)),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        try:
            main()
            code = 0
        except SystemExit as left:
            code = int(left.code or 0)
    return Done(code, out.getvalue(), err.getvalue())


def files(folder: Path) -> dict[str, bytes]:
    """Every file below `folder` with its bytes, apart from lock files, which opening touches."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.endswith((".lock", "-shm", "-wal"))
    }
