"""Things done to a whole study now and then: a backup, another passphrase, dates of deletion. From the palette."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from facilitator.domain.errors import InvalidInput
from facilitator.domain.progress import Report
from facilitator.tui.widgets.dialogs import AskText, Told
from facilitator.tui.widgets.form import Answers, Field, Form

if TYPE_CHECKING:  # home imports this module; workflows load slowly
    from facilitator.tui.screens.home import HomeScreen
    from facilitator.workflows.backing_up import BackupMade

Chore = tuple[str, str, Callable[[], None]]


def chores(home: "HomeScreen") -> Iterator[Chore]:
    """(name, what it does, how to begin it) for the palette."""
    yield "Back up", "Copy the study, encrypted, to another folder, and read it back", lambda: back_up_study(home)
    yield "Passphrase", "Change the passphrase of this study", lambda: change_passphrase(home)
    yield (
        "Retention",
        "Set the dates of deletion (deleting itself: `facilitator purge`)",
        lambda: set_dates(home),
    )


def back_up_study(home: "HomeScreen") -> None:
    """Ask for a folder and copy the study into it."""

    def begin(path: str | None) -> None:
        if not path or not path.strip():
            return
        target = Path(path.strip().strip("'\"")).expanduser()
        home.run_with_progress(
            f"Backing up to {target}",
            lambda report: _back_up(home, target, report),
            lambda made: _backed_up(home, made),
            stopping="No backup is made then.",
        )

    label = "Folder for the copy, best on another disk. Everything in it stays encrypted."
    home.app.push_screen(AskText("Back up this study", label), begin)


def _back_up(home: "HomeScreen", target: Path, report: Report) -> "BackupMade":
    from facilitator.workflows.backing_up import back_up
    from facilitator.workflows.study import Study

    with Study(home.study.folder, home.study.settings, home.study.key) as own:
        return back_up(own, target, report)


def _backed_up(home: "HomeScreen", made: "BackupMade") -> None:
    many = "1 session" if made.sessions == 1 else f"{made.sessions} sessions"
    done = f"✓ {many}, {made.bytes / 1e6:.1f} MB, copied and read back to {made.folder}"
    near = ("It lies on the same disk as the study: should that disk fail, both are gone.",) if made.same_disk else ()
    title = "▲ Backed up, with damage" if made.damaged else "Backed up"
    home.app.push_screen(Told(title, (done, *near, *made.notes)))
    home.reload()


def change_passphrase(home: "HomeScreen") -> None:
    """Ask for the old passphrase and, twice, for the new one."""

    def begin(answers: Answers | None) -> None:
        if answers is None:
            return
        old, new, again = (answers.values[key] for key in ("old", "new", "again"))
        if new != again:
            home.fail(InvalidInput("The two new passphrases differ.", safe="Nothing was changed."))
            return
        home.tell("Changing the passphrase takes a few seconds…")
        # scrypt does not let the event loop run, so this is painted before it starts
        home.call_after_refresh(
            home.run_apart,
            lambda: _change(home, old, new),
            lambda _: home.tell("The passphrase is changed, read back and tried."),
        )

    fields = (
        Field("old", "Passphrase now", password=True),
        Field("new", "New passphrase", password=True),
        Field("again", "New passphrase, again", password=True),
    )
    note = "Data is not encrypted anew; whoever knows an old passphrase and holds an old copy can open that copy."
    home.app.push_screen(Form("Change the passphrase", fields, note=note), begin)


def _change(home: "HomeScreen", old: str, new: str) -> None:
    from facilitator.workflows.access import change_passphrase as change

    change(home.study.folder.identity_file, old, new)


def set_dates(home: "HomeScreen") -> None:
    """Ask for the dates by which sound and names are to be destroyed."""
    now = home.study.state.retention

    def begin(answers: Answers | None) -> None:
        if answers is not None:
            audio, linkage = (answers.values[key].strip() for key in ("audio", "linkage"))
            home.run_apart(lambda: _set(home, audio, linkage), lambda _: _dates_set(home))

    fields = (
        Field("audio", "Sound until (year-month-day; empty for no date)", now.audio_until),
        Field("linkage", "Linkage file with the names until", now.linkage_until),
    )
    note = "Nothing is deleted by itself. When a date has come, `facilitator purge` in a shell does it."
    home.app.push_screen(Form("Dates of deletion", fields, note=note), begin)


def _set(home: "HomeScreen", audio: str, linkage: str) -> None:
    from facilitator.workflows.retaining import set_retention
    from facilitator.workflows.study import Study

    with Study(home.study.folder, home.study.settings, home.study.key) as own:
        set_retention(own, audio, linkage)


def _dates_set(home: "HomeScreen") -> None:
    home.tell("The dates are set; the list of sessions reminds you when one has come.")
    home.reload()
