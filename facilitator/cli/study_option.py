"""Options that every command shares, and how a command gets at its study."""

import functools
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from facilitator.domain.errors import NotFound, UsageError
from facilitator.domain.ids import session_id

if TYPE_CHECKING:
    from facilitator.workflows.sessions import Session
    from facilitator.workflows.study import Study

VARIABLE = "FACILITATOR_PASSPHRASE"


def study_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add --study and --passphrase-file; the command gets an `Opener` as its first argument."""

    @click.option(
        "--study", "study_dir", type=click.Path(path_type=Path), help="The study's folder; else found upward."
    )
    @click.option("--passphrase-file", type=click.Path(path_type=Path), help="Read the passphrase from this file.")
    @functools.wraps(command)
    def wrapped(*args: Any, study_dir: Path | None, passphrase_file: Path | None, **options: Any) -> Any:
        given = click.get_current_context().find_root().params  # as in `facilitator --study DIR verify 01`
        start = study_dir or given.get("study_dir") or Path.cwd()
        return command(Opener(start, passphrase_file or given.get("passphrase_file")), *args, **options)

    return wrapped


json_option = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")


class Opener:
    """Opens the study that a command was given, asking for the passphrase when nothing else supplies it."""

    def __init__(self, start: Path, passphrase_file: Path | None) -> None:
        self.start = start
        self._passphrase_file = passphrase_file

    def passphrase(self) -> str:
        """From the file, the environment or a prompt. Raises UsageError where nobody can be asked."""
        return given_passphrase(self._passphrase_file) or asked_passphrase()

    def given(self) -> str | None:
        """The passphrase from the file or the environment, else None: the screens ask for it themselves."""
        return given_passphrase(self._passphrase_file)

    @contextmanager
    def study(self) -> "Iterator[Study]":
        """The unlocked study."""
        from facilitator.storage.study_folder import find_study, read_settings
        from facilitator.workflows.study import open_study

        folder = find_study(self.start)
        read_settings(folder)  # a study that cannot be opened is refused before a passphrase is asked for
        with open_study(folder, self.passphrase()) as study:
            yield study

    @contextmanager
    def session(self, text: str, *, write: bool = True) -> "Iterator[Session]":
        """One session of the study."""
        from facilitator.workflows.sessions import Session

        wanted = session_id(text)
        with self.study() as study, Session(study, wanted, write=write) as session:
            yield session


def given_passphrase(file: Path | None) -> str | None:
    """The passphrase from `file` (its first line) or FACILITATOR_PASSPHRASE; None if neither is there.

    Raises:
        NotFound: the file cannot be read.
    """
    if file is None:
        return os.environ.get(VARIABLE) or None
    try:
        return file.read_text(encoding="utf-8").splitlines()[0]
    except (OSError, IndexError, UnicodeDecodeError) as error:
        raise NotFound(f"No passphrase could be read from {file.name}.", do="Check --passphrase-file.") from error


def asked_passphrase(*, confirm: bool = False) -> str:
    """Ask on the terminal, without showing it. Raises UsageError when there is no terminal."""
    if not sys.stdin.isatty():
        raise UsageError("No passphrase was given.", do=f"Use --passphrase-file FILE, or set {VARIABLE}.")
    answer: str = click.prompt("Passphrase", hide_input=True, confirmation_prompt=confirm, err=True)
    return answer
