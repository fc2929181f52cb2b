"""Entry point: commands, each loaded only when it is asked for, and the place where errors become exit codes."""

import importlib
import io
import os
import sys
from pathlib import Path
from typing import Final

import click

from facilitator import __version__
from facilitator.audio.child import forbid_core_dumps
from facilitator.cli.output import say
from facilitator.domain.errors import Cancelled, FacilitatorError, StorageFailed

COMMANDS: Final = {
    "demo": ("facilitator.cli.demo:group", "Run the whole job on the sample recording."),
    "study": ("facilitator.cli.study", "Make a study; see where its sessions stand."),
    "participants": ("facilitator.cli.participants", "Roster: import, add, list, background table."),
    "consent": ("facilitator.cli.consent", "Record who consented to what."),
    "withdraw": ("facilitator.cli.withdraw:withdraw", "Withdraw a participant from every session, with a receipt."),
    "guide": ("facilitator.cli.guide", "Discussion guides: list, show, check, new."),
    "session": ("facilitator.cli.session", "Plan a session; see where it stands, and how a group went."),
    "devices": ("facilitator.cli.audio:devices", "List microphones and speakers."),
    "conduct": ("facilitator.cli.screens:conduct", "Conduct a session (opens the screen)."),
    "note": ("facilitator.cli.note:note", "Add a note to a session, also while it is conducted."),
    "precheck": ("facilitator.cli.precheck:precheck", "Look for what could spoil a recording."),
    "record": ("facilitator.cli.audio:record", "Record a session without a screen."),
    "strike": ("facilitator.cli.audio:strike", "Destroy the last minutes at a participant's request."),
    "import-audio": ("facilitator.cli.audio:import_audio", "Bring in a recording made elsewhere."),
    "transcribe": ("facilitator.cli.transcribe:transcribe", "Transcribe with local Whisper; resumes."),
    "speakers": ("facilitator.cli.transcribe:speakers", "Attribute turns from speaker marks."),
    "correct": ("facilitator.cli.correct:correct", "Correct the transcript against the sound."),
    "pseudonymize": ("facilitator.cli.pseudonymize:pseudonymize", "Find, decide and replace identifiers."),
    "mosaic": ("facilitator.cli.mosaic:command", "What all sessions together tell of each participant."),
    "verify": ("facilitator.cli.release:verify", "Ethics check, and approval."),
    "export": ("facilitator.cli.release:export", "Write the approved transcript."),
    "recover": ("facilitator.cli.recover:recover", "Look at a session after a crash; put it in order."),
    "backup": ("facilitator.cli.backup:backup", "Copy the study, encrypted, to another medium; read it back."),
    "access": ("facilitator.cli.access", "Who can open what: grant, revoke, new keys, passphrase."),
    "purge": ("facilitator.cli.purge:purge", "Destroy audio, or the key between names and numbers."),
    "models": ("facilitator.cli.models:models", "Whisper weights: list, download."),
    "doctor": ("facilitator.cli.models:doctor", "What this machine lacks, and what mends it."),
}


class LazyGroup(click.Group):
    """Knows its commands' names and summaries; imports a command's module when it is run or asked for help."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module_name, _, attribute = COMMANDS[cmd_name][0].partition(":")
        command: click.Command = getattr(importlib.import_module(module_name), attribute or "group")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """From the table above, so that help imports nothing."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, summary) for name, (_, summary) in COMMANDS.items()])


@click.group(cls=LazyGroup, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="facilitator")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
@click.option("--study", "study_dir", type=click.Path(path_type=Path), help="The study's folder, for the screens.")
@click.option("--passphrase-file", type=click.Path(path_type=Path), help="Read the passphrase from this file.")
@click.option("--identity", type=click.Path(path_type=Path), help="Your identity file, if not the researcher's own.")
@click.pass_context
def facilitator(
    ctx: click.Context, debug: bool, study_dir: Path | None, passphrase_file: Path | None, identity: Path | None
) -> None:
    """Carry a focus-group study from the discussion guide to a verified, pseudonymized export, on this machine alone.

    Without a command, opens the screens at the study found from the current folder upward.
    """
    ctx.obj = {"debug": debug}
    if ctx.invoked_subcommand is None:
        from facilitator.cli.study_option import given_identity, given_passphrase
        from facilitator.tui.app import run_app  # Textual costs a tenth of a second

        ctx.exit(run_app(study_dir or Path.cwd(), given_passphrase(passphrase_file), None, given_identity(identity)))


def main() -> None:
    """Run the command line; exits with the code of the error class (see `facilitator.domain.errors`)."""
    forbid_core_dumps()  # names and keys are in memory, and in that of the helpers, which inherit this
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a Windows console of an old code page lacks our signs
            stream.reconfigure(errors="replace")
    try:
        code = facilitator.main(standalone_mode=False)  # click returns what a command exits with
        if isinstance(code, int) and code:
            raise SystemExit(code)
    except click.exceptions.Exit as done:
        raise SystemExit(done.exit_code) from None
    except click.ClickException as error:
        error.show()
        raise SystemExit(error.exit_code) from None
    except (KeyboardInterrupt, click.Abort):
        say("Cancelled. What was stored before is kept.", err=True)
        raise SystemExit(Cancelled.exit_code) from None
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(0) from None
    except Exception as error:
        if "--debug" in sys.argv:
            raise
        known = _as_known(error)
        explain(known)
        raise SystemExit(known.exit_code) from None


def _as_known(error: Exception) -> FacilitatorError:
    """Any error as one of the tree; the text of a foreign one is not shown, since it may quote data."""
    if isinstance(error, FacilitatorError):
        return error
    if isinstance(error, OSError):
        refused = (
            f"The system refused {Path(str(error.filename)).name if error.filename else 'a file'}: {error.strerror}."
        )
        return StorageFailed(refused, safe="What was stored before is kept.", do="Check the folder and the disk.")
    return FacilitatorError(
        f"An error that should not happen: {type(error).__name__}.",
        safe="What was stored before is kept.",
        do="Run the command again with --debug and report what it prints, after removing names.",
    )


def explain(error: FacilitatorError) -> None:
    """Print what happened, what is safe and what to do."""
    say(f"{error.title}: {error.what}", err=True)
    for line in filter(None, (error.safe, error.do)):
        say(f"  {line}", err=True)


if __name__ == "__main__":
    main()
