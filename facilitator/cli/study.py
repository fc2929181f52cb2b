"""`facilitator study`."""

import sys
from pathlib import Path

import click

from facilitator.cli.output import columns, emit, say
from facilitator.cli.study_option import Opener, asked_passphrase, given_passphrase, json_option, study_options
from facilitator.domain.errors import AccessRefused, UsageError
from facilitator.domain.timebase import clock


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
    """Show every session with its stage and next step."""
    from facilitator.workflows.sessions import summaries

    with opener.study() as study:
        rows = list(summaries(study))
        settings = study.settings
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
    emit(data, as_json, [f"{settings.title}  {settings.approval_reference}".rstrip(), "", *lines])


@group.command()
@study_options
def check(opener: Opener) -> None:
    """Verify the hash chains of the study's and all sessions' logs; enters sessions that the study lost."""
    from facilitator.workflows.sessions import Session, adopt_sessions

    with opener.study() as study:
        for session_id in adopt_sessions(study):
            say(f"Session {session_id} was missing in the study's log; it is entered again.")
        say(f"Study log: {study.verify_log()} events, chain intact.")
        for session_id in study.state.sessions:
            try:
                with Session(study, session_id, write=False) as session:
                    say(f"Session {session_id}: {session.verify_log()} events, chain intact.")
            except AccessRefused:
                say(f"Session {session_id}: not open to your key.")


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
