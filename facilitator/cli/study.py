"""`facilitator study`."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from facilitator.cli.output import columns, emit, say
from facilitator.cli.study_option import Opener, asked_passphrase, given_passphrase, json_option, study_options
from facilitator.domain.errors import AccessRefused, Damaged, FacilitatorError, NotFound, UsageError
from facilitator.domain.ids import SessionId
from facilitator.domain.timebase import clock

if TYPE_CHECKING:
    from facilitator.workflows.study import Study


@click.group("study")
def group() -> None:
    """Make a study; see where its sessions stand."""


@group.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--title", help="Title of the study; asked for if not given.")
@click.option("--approval", default="", help="Reference of the ethics or data protection approval.")
@click.option("--language", default="en", show_default=True, help="Language spoken, ISO 639-1.")
@click.option("--passphrase-file", type=click.Path(path_type=Path), help="Read the passphrase from this file.")
def init(folder: Path, title: str | None, approval: str, language: str, passphrase_file: Path | None) -> None:
    """Make a study in FOLDER, behind a passphrase that nobody can recover."""
    from facilitator.workflows.study import init_study

    if not title:
        title = click.prompt("Title of the study", err=True) if sys.stdin.isatty() else folder.resolve().name
    passphrase = given_passphrase(passphrase_file) or asked_passphrase(confirm=True)
    root = init_study(folder, title=title, passphrase=passphrase, approval_reference=approval, language=language)
    say(f"Study made in {root}.")
    say("Keep identity.age, linkage.key.age and linkage.age in your backup; best keep linkage.age on another medium")
    say("(study.toml), apart from its key.")
    say(f"Next: facilitator participants import FILE.csv --study {root}")


@group.command()
@study_options
@json_option
def status(opener: Opener, as_json: bool) -> None:
    """Show every session with its stage and next step, what is due for deletion, and whether a backup is."""
    from facilitator.workflows.reminders import reminders
    from facilitator.workflows.sessions import summaries

    with opener.study() as study:
        rows = list(summaries(study))
        settings, backed_up_utc = study.settings, study.state.backed_up_utc
        reminded = reminders(study, rows)
    data = {
        "title": settings.title,
        "approval_reference": settings.approval_reference,
        "sessions": [
            {
                "id": row.id,
                "title": row.title,
                "date": row.date,
                "people": row.people,
                "length_ms": row.length_ms,
                "stages": dict(row.stages),
                "next": row.next,
            }
            for row in rows
        ],
        "due": list(reminded.deletion),
        "backed_up_utc": backed_up_utc,
        "backup": reminded.backup,
    }
    table = [("Session", "Date", "People", "Length", "Stage", "Next")] + [
        (
            f"{row.id} {row.title}".strip(),
            row.date or "–",
            row.people,
            clock(row.length_ms) if row.length_ms else "–",
            " · ".join(f"{name} {state}" for name, state in row.stages),
            row.next,
        )
        for row in rows
    ]
    lines = columns(table) if rows else ["No sessions yet. Next: facilitator session new --help"]
    hints = [f"▲ {line}" for line in reminded.deletion]
    hints += [f"▲ {reminded.backup}: facilitator backup DIR"] if reminded.backup else []
    head = f"{settings.title}  {settings.approval_reference}".rstrip()
    emit(data, as_json, [head, "", *lines, *([""] if hints else []), *hints])


@group.command()
@study_options
def check(opener: Opener) -> None:
    """Verify the hash chains of the study's and all sessions' logs; enters sessions that the study lost.

    What is damaged does not hide the rest: all is looked at, and the command ends with 6 if anything is.
    """
    with opener.study() as study:
        faults = [_entering_fault(study), _study_fault(study)]
        faults += [_session_fault(study, session_id) for session_id in _all_sessions(study)]
    found = [fault for fault in faults if fault is not None]
    if any(isinstance(fault, Damaged | NotFound) for fault in found):
        raise Damaged(
            "Something of this study is damaged or gone.",
            safe="Nothing was changed; all else is as written above.",
            do="Restore what is marked ▲ from your backup; docs/recovery.md says how.",
        )
    if found:
        raise found[0]


def _entering_fault(study: "Study") -> FacilitatorError | None:
    from facilitator.workflows.sessions import adopt_sessions

    try:
        for session_id in adopt_sessions(study):
            say(f"Session {session_id} was missing in the study's log; it is entered again.")
    except (AccessRefused, Damaged, NotFound):
        study.refresh()  # said where its session comes
    except FacilitatorError as error:
        say(f"▲ Sessions that are missing in the study's log could not be entered: {error.what}")
        return error
    return None


def _study_fault(study: "Study") -> FacilitatorError | None:
    try:
        say(f"Study log: {study.verify_log()} events, chain intact.")
    except FacilitatorError as error:
        say(f"▲ Study log: {error.what} {error.do}".rstrip())
        return error
    return None


def _all_sessions(study: "Study") -> list[SessionId]:
    """Those of the study's log, and those with a database that could not be entered there."""
    from facilitator.workflows.backup_plan import session_ids

    known = study.state.sessions
    others = [one for one in session_ids(study.folder) if one not in known]
    return [*known, *(one for one in others if study.folder.session(one).database.exists())]


def _session_fault(study: "Study", session_id: SessionId) -> FacilitatorError | None:
    """Say how the session's log is; returns what is wrong. That it is not open to somebody with a grant is not."""
    from facilitator.workflows.session_key import as_damage

    try:
        say(f"Session {session_id}: {_looked_at(study, session_id)}")
    except FacilitatorError as error:
        found = as_damage(study, study.folder.session(session_id), error)
        if isinstance(found, AccessRefused):
            say(f"Session {session_id}: not open to your key.")
            return None
        say(f"▲ Session {session_id}: {found.what} {found.do}".rstrip())
        return found
    return None


def _looked_at(study: "Study", session_id: SessionId) -> str:
    from facilitator.storage.keys import open_session_key
    from facilitator.workflows.sessions import Session

    if session_id not in study.state.sessions:
        open_session_key(study.folder.session(session_id).key, study.key)
        return "not in the study's log yet."
    with Session(study, session_id, write=False) as session:
        return f"{session.verify_log()} events, chain intact."


@group.command()
@click.option("--audio-until", metavar="DATE", help="Audio is to be destroyed by this date (YYYY-MM-DD).")
@click.option("--linkage-until", metavar="DATE", help="The key between names and numbers is, too.")
@click.option("--none", is_flag=True, help="Take both dates back.")
@study_options
@json_option
def retention(opener: Opener, audio_until: str | None, linkage_until: str | None, none: bool, as_json: bool) -> None:
    """Set by when audio and names are to be destroyed; without options, show it and what is due."""
    from facilitator.workflows.retaining import due, set_retention

    if none and (audio_until or linkage_until):
        raise UsageError("--none takes both dates back, so it stands alone.")
    with opener.study() as study:
        kept = set_retention(study, "" if none else audio_until, "" if none else linkage_until)
        lines = due(study)
    data = {"audio_until": kept.audio_until, "linkage_until": kept.linkage_until, "due": lines}
    shown = [
        f"Audio is to be destroyed by {kept.audio_until}." if kept.audio_until else "No date is set for audio.",
        f"The linkage file is, by {kept.linkage_until}." if kept.linkage_until else "No date is set for linkage.",
        *(f"▲ {line}" for line in lines),
    ]
    if lines:
        shown.append("To destroy them: `facilitator purge S --audio`, `facilitator purge --linkage`.")
    emit(data, as_json, shown)
