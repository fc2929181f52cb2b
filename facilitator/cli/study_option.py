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
IDENTITY_VARIABLE = "FACILITATOR_IDENTITY"
IDENTITY_HELP = "Your identity file, if you are not the researcher who made the study."


def study_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add --study, --passphrase-file and --identity; the command gets an `Opener` as its first argument."""

    @click.option(
        "--study", "study_dir", type=click.Path(path_type=Path), help="The study's folder; else found upward."
    )
    @click.option("--passphrase-file", type=click.Path(path_type=Path), help="Read the passphrase from this file.")
    @click.option("--identity", type=click.Path(path_type=Path), help=IDENTITY_HELP)
    @functools.wraps(command)
    def wrapped(
        *args: Any, study_dir: Path | None, passphrase_file: Path | None, identity: Path | None, **options: Any
    ) -> Any:
        given = click.get_current_context().find_root().params  # as in `facilitator --study DIR verify 01`
        start = study_dir or given.get("study_dir") or Path.cwd()
        secret = passphrase_file or given.get("passphrase_file")
        own = given_identity(identity or given.get("identity"))
        return command(Opener(start, secret, own), *args, **options)

    return wrapped


json_option = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")


class Opener:
    """Opens the study that a command was given, asking for the passphrase when nothing else supplies it."""

    def __init__(self, start: Path, passphrase_file: Path | None, identity: Path | None = None) -> None:
        self.start = start
        self.identity = identity
        self._passphrase_file = passphrase_file

    def passphrase(self) -> str:
        """From the file, the environment or a prompt. Raises UsageError where nobody can be asked."""
        return given_passphrase(self._passphrase_file) or asked_passphrase()

    def given(self) -> str | None:
        """The passphrase from the file or the environment, else None: the screens ask for it themselves."""
        return given_passphrase(self._passphrase_file)

    @contextmanager
    def study(self, *, write: bool = True) -> "Iterator[Study]":
        """The unlocked study; with `write` False not one byte of it is changed."""
        from facilitator.storage.study_folder import find_study, read_settings
        from facilitator.workflows.study import open_study

        folder = find_study(self.start, self.identity)
        if not folder.identity_file.exists():
            raise NotFound(
                f"There is no identity file {folder.identity_file}.",
                do="Give your own with --identity FILE; the researcher's is restored from the backup.",
            )
        read_settings(folder)  # a study that cannot be opened is refused before a passphrase is asked for
        with open_study(folder, self.passphrase_of(folder.identity_file), write=write) as study:
            yield study

    def passphrase_of(self, identity_file: Path) -> str:
        """As `passphrase`, but "" for an identity file that has none. Raises NotFound, Damaged."""
        from facilitator.cli.output import say
        from facilitator.storage.identity_files import needs_passphrase, open_to_others

        if needs_passphrase(identity_file):
            return self.passphrase()
        if open_to_others(identity_file):
            say(f"▲ Others on this machine may read {identity_file.name}, which has no passphrase.", err=True)
            say("  Run `chmod 600` on it, or make one with `facilitator access identity FILE`.", err=True)
        return ""

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


def given_identity(file: Path | None) -> Path | None:
    """The identity file from the option or FACILITATOR_IDENTITY; None for the study's own."""
    named = file or (Path(variable) if (variable := os.environ.get(IDENTITY_VARIABLE)) else None)
    return named.expanduser().resolve() if named else None


def asked_passphrase(
    label: str = "Passphrase", *, confirm: bool = False, instead: str = f"--passphrase-file FILE, or set {VARIABLE}"
) -> str:
    """Ask on the terminal, without showing it. Raises UsageError when there is no terminal: `instead` is to be used."""
    if not sys.stdin.isatty():
        raise UsageError(f"No {label.lower()} was given.", do=f"Use {instead}.")
    answer: str = click.prompt(label, hide_input=True, confirmation_prompt=confirm, err=True)
    return answer
