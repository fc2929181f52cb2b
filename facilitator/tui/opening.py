"""From an empty frame to an unlocked study: find it, ask for the passphrase, or offer to make one."""

from typing import TYPE_CHECKING

from facilitator.domain.errors import AccessRefused, FacilitatorError, NotFound

if TYPE_CHECKING:  # they load slowly, and the first paint does not wait for them
    from facilitator.storage.study_folder import StudyFolder, StudySettings
    from facilitator.tui.screens.base import StudyScreen
    from facilitator.workflows.study import Study

    Found = tuple[StudyFolder, StudySettings]


def open_first(screen: "StudyScreen") -> None:
    """Show the study that the app was given; else find that of its folder, and go on from there."""
    app = screen.facilitator
    if app.study is not None:
        app.enter(app.study)
        return

    def find() -> "Found | None":
        from facilitator.storage.identity_files import needs_passphrase
        from facilitator.storage.study_folder import find_study, read_settings

        try:
            folder = find_study(app.start, app.identity)
        except NotFound:
            return None
        settings = read_settings(folder)
        if app.identity and not needs_passphrase(app.identity):
            app.passphrase = ""  # nothing to ask for
        return folder, settings

    screen.run_apart(find, lambda found: _go_on(screen, found))


def _go_on(screen: "StudyScreen", found: "Found | None") -> None:
    from facilitator.tui.screens.unlock import UnlockScreen
    from facilitator.tui.screens.welcome import WelcomeScreen

    app = screen.facilitator
    app.push_screen(UnlockScreen(*found, app.passphrase) if found else WelcomeScreen(app.start))


def unlock(folder: "StudyFolder", passphrase: str) -> "Study":
    """Open the study, or say why not; for a thread (scrypt takes one or two seconds)."""
    from facilitator.workflows.study import open_study

    return open_study(folder, passphrase)


def inline(error: FacilitatorError) -> str:
    """An error as one or two lines below a field."""
    return f"✗ {error.what}" if isinstance(error, AccessRefused) else f"✗ {error.what} {error.do}".strip()
