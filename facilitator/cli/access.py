"""`facilitator access`: who can open what."""

from pathlib import Path

import click

from facilitator.cli.output import columns, emit, progress, say
from facilitator.cli.study_option import Opener, asked_passphrase, given_passphrase, json_option, study_options
from facilitator.domain.access import Role
from facilitator.domain.ids import session_id

ROLES = {"transcriber": Role.TRANSCRIBER, "officer": Role.OFFICER, "researcher": Role.RESEARCHER}
COPIES = "What this person copied before stays readable to them; new keys protect what is here from now on."
BACKUPS = "Backups made before hold the old keys: make a new one and destroy the old ones."


@click.group("access")
def group() -> None:
    """Who can open what: grant, revoke, new keys, passphrase."""


@group.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--passphrase-file", type=click.Path(path_type=Path), help="Read the passphrase from this file.")
def identity(file: Path, passphrase_file: Path | None) -> None:
    """Make your own identity in FILE, behind a passphrase, and print its public key, which is no secret."""
    from facilitator.workflows.access import new_identity

    passphrase = given_passphrase(passphrase_file) or asked_passphrase(confirm=True)
    say(new_identity(file.expanduser().resolve(), passphrase))
    say("Send this line to the researcher, and keep the file; nobody can recover it or its passphrase.", err=True)


@group.command("list")
@study_options
@json_option
def list_grants(opener: Opener, as_json: bool) -> None:
    """List who has access beside the researcher."""
    from facilitator.workflows.access import grants

    with opener.study() as study:
        found, own = grants(study), study.settings.recipient
    data = {
        "researcher": own,
        "grants": [
            {"session": one.session_id, "role": one.role.value, "names": one.names, "recipient": one.recipient}
            for one in found
        ],
    }
    rows = [("Session", "Role", "Names", "Public key"), ("all", "researcher (owner)", "yes", own)]
    rows += [(one.session_id, one.role.value, "yes" if one.names else "no", one.recipient) for one in found]
    emit(data, as_json, columns(rows))


@group.command()
@click.argument("session")
@click.option("--to", required=True, metavar="age1…", help="The person's public key.")
@click.option("--role", type=click.Choice(list(ROLES)), default="transcriber", show_default=True)
@click.option("--names/--no-names", default=None, help="May see names; officers and researchers do unless told.")
@study_options
def grant(opener: Opener, session: str, to: str, role: str, names: bool | None) -> None:
    """Let somebody open SESSION with their own identity."""
    from facilitator.workflows import access

    access.checked_recipient(to)  # refused before a passphrase is asked for
    with opener.study() as study:
        given = access.grant(study, session_id(session), to, ROLES[role], names)
    say(f"Session {given.session_id} is open to this {given.role.value}, {'with' if given.names else 'without'} names.")
    say("They can also open study.db: participants by number, background, consents, decisions on identifiers.")
    say("They run: facilitator --identity THEIR_FILE --study THE_FOLDER")


@group.command()
@click.argument("session")
@click.option("--from", "recipient", required=True, metavar="age1…", help="The person's public key.")
@study_options
def revoke(opener: Opener, session: str, recipient: str) -> None:
    """Take somebody's access to SESSION away: everything is encrypted anew for those who remain."""
    from facilitator.workflows import access

    access.checked_recipient(recipient)
    with opener.study() as study, progress() as report:
        done = access.revoke(study, session_id(session), recipient, report)
    say(f"Access revoked. {_told(done.records, done.left_out)}")
    say(COPIES)
    say(BACKUPS)


@group.command()
@click.argument("session")
@study_options
def rekey(opener: Opener, session: str) -> None:
    """Encrypt SESSION anew for the same people, as after a suspected leak or a strike."""
    from facilitator.workflows import access

    with opener.study() as study, progress() as report:
        done = access.rekey(study, session_id(session), report)
    say(f"New keys for session {session_id(session)}. {_told(done.records, done.left_out)}")
    say("Copies made before stay readable to whoever holds the old key.")
    say(BACKUPS)


@group.command()
@click.option("--new-passphrase-file", type=click.Path(path_type=Path), help="Read the new passphrase from this file.")
@study_options
def passphrase(opener: Opener, new_passphrase_file: Path | None) -> None:
    """Change your passphrase. Only the identity file is written anew; nothing else changes."""
    from facilitator.storage.study_folder import find_study
    from facilitator.workflows.access import change_passphrase

    file = opener.identity or find_study(opener.start).identity_file
    old = opener.passphrase()
    new = given_passphrase(new_passphrase_file) if new_passphrase_file else None
    new = new or asked_passphrase("New passphrase", confirm=True, instead="--new-passphrase-file FILE")
    change_passphrase(file, old, new)
    say(f"{file.name} opens with the new passphrase only; it was read back.")
    say("Copies of the old file, such as in backups, still open with the old one: destroy them. Somebody who has one")
    say("and knows the old passphrase opens all that is sealed for you, new session keys too.")


def _told(records: int, left_out: int) -> str:
    told = f"{records} records were encrypted anew and read back."
    return f"{told} {left_out} that nobody could open were left out." if left_out else told
