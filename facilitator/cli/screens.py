"""Commands that open a screen."""

import click

from facilitator.cli.study_option import Opener, study_options
from facilitator.domain.ids import session_id


def open_screen(opener: Opener, screen: str, session: str) -> None:
    """Open the screens on one session's `screen`."""
    from facilitator.tui.app import run_app  # Textual costs a tenth of a second

    click.get_current_context().exit(
        run_app(opener.start, opener.given(), (screen, session_id(session)), opener.identity)
    )


@click.command()
@click.argument("session")
@study_options
def conduct(opener: Opener, session: str) -> None:
    """Conduct SESSION: questions, notes, speaker marks and recording on one screen."""
    open_screen(opener, "conduct", session)
