"""Commands that open a screen."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from facilitator.cli.study_option import Opener, asked_passphrase, study_options
from facilitator.domain.errors import UsageError
from facilitator.domain.ids import session_id

if TYPE_CHECKING:
    from facilitator.workflows.rehearsing import Rehearsed


def open_screen(opener: Opener, screen: str, session: str) -> None:
    """Open the screens on one session's `screen`."""
    from facilitator.tui.app import run_app  # Textual costs a tenth of a second

    click.get_current_context().exit(
        run_app(opener.start, opener.given(), (screen, session_id(session)), opener.identity)
    )


@click.command()
@click.argument("session")
@click.option("--assist", is_flag=True, help="Join it as a second person, beside whoever conducts it.")
@click.option("--rehearse", is_flag=True, help="Rehearse it: a sample recording is the room, and nothing is kept.")
@click.option("--speed", type=int, help="Of a rehearsal: how fast its clock runs, 1 to 60 times.")
@click.option("--keep", type=click.Path(path_type=Path), help="Of a rehearsal: leave its study in this new folder.")
@study_options
def conduct(opener: Opener, session: str, assist: bool, rehearse: bool, speed: int | None, keep: Path | None) -> None:
    """Conduct SESSION: questions, notes, speaker marks and recording on one screen.

    With --assist, notes, speaker marks and questions only: it may be open on another screen, and the recording is out
    of reach. With --rehearse, the same screen with the session's guide, in a study of its own that is removed
    afterwards: no microphone is opened, and the session itself is only read. --keep leaves that study behind the
    passphrase given, or one that is asked for.
    """
    if assist and rehearse:
        raise UsageError(
            "--assist and --rehearse do not go together.", safe="Nothing was opened.", do="Give one of them."
        )
    if rehearse:
        _rehearse(opener, session, 1 if speed is None else speed, keep)
    for name, given in (("--speed", speed), ("--keep", keep)):
        if given is not None:
            raise UsageError(f"{name} is for a rehearsal.", safe="Nothing was opened.", do="Add --rehearse.")
    open_screen(opener, "assist" if assist else "conduct", session)


def _rehearse(opener: Opener, session: str, speed: int, keep: Path | None) -> None:
    from facilitator.tui.app import refuse_without_terminal, run_app
    from facilitator.workflows.rehearsing import check_speed, rehearsal

    check_speed(speed)
    refuse_without_terminal()
    rehearsed = _rehearsed(opener, session)
    passphrase = ""
    if keep is not None:
        passphrase = opener.given() or asked_passphrase("Passphrase for the rehearsal's study", confirm=True)
    with rehearsal(rehearsed, speed, keep=keep, passphrase=passphrase) as (study, own_id):
        code = run_app(study.folder.root, at=("conduct", own_id), study=study)
    click.get_current_context().exit(code)


def _rehearsed(opener: Opener, session: str) -> "Rehearsed":
    from facilitator.workflows.rehearsing import Rehearsed
    from facilitator.workflows.sessions import Session

    wanted = session_id(session)
    with opener.study(write=False) as study, Session(study, wanted, write=False) as opened:
        return Rehearsed.of(opened)
