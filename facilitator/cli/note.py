"""`facilitator note`: one note into a session, also while another program conducts it."""

import sys

import click

from facilitator.cli.output import say
from facilitator.cli.study_option import Opener, study_options
from facilitator.domain.ids import session_id, speaker
from facilitator.domain.notes import NoteKind
from facilitator.domain.timebase import clock

KINDS = {kind.value.replace(" ", "-"): kind for kind in NoteKind}


@click.command()
@click.argument("session")
@click.argument("text", required=False)
@click.option("--kind", type=click.Choice(list(KINDS)), default="theme", show_default=True, help="What it is.")
@click.option("--about", metavar="P3", help="Whom it is about; M is the moderator, A the assistant.")
@study_options
def note(opener: Opener, session: str, text: str | None, kind: str, about: str | None) -> None:
    """Add a note to SESSION, stamped now on its clock; the screen that conducts it shows it within a second.

    Without TEXT it is asked for, or read from standard input: what stands on a command line is seen by others on this
    machine, and kept by the shell.
    """
    from facilitator.workflows.assisting import Assist
    from facilitator.workflows.sessions import Session

    with opener.study() as study, Session(study, session_id(session), beside=True) as opened:
        assist = Assist(opened)
        at_ms, asked = assist.now_ms, opened.state.asked
        words = text or (str(click.prompt("Note", err=True)) if sys.stdin.isatty() else sys.stdin.read())
        note_id = assist.note(
            KINDS[kind],
            words,
            at_ms=at_ms,
            speaker=speaker(about) if about else None,
            question_id=asked[-1][1] if asked else None,
        )
        say(f"saved ✓ {clock(opened.state.notes[note_id].at_ms)} {KINDS[kind].value}")
