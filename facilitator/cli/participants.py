"""`facilitator participants`."""

from pathlib import Path

import click

from facilitator.cli.output import columns, emit, say
from facilitator.cli.study_option import Opener, json_option, study_options
from facilitator.domain.errors import UsageError
from facilitator.domain.roster import SMALL_CELL, RosterRow


@click.group("participants")
def group() -> None:
    """Roster: import, add, list, background table."""


@group.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--keep-order", is_flag=True, help="Number the rows as they stand, even if that follows the alphabet.")
@study_options
def import_file(opener: Opener, file: Path, keep_order: bool) -> None:
    """Add everybody in FILE, a CSV with the column name, optionally aliases, and background columns."""
    from facilitator.storage.roster_files import read_roster
    from facilitator.workflows.participants import add_participants

    rows = read_roster(file)  # faults are shown before a passphrase is asked for
    with opener.study() as study:
        added = add_participants(study, rows, keep_order=keep_order)
    say(f"Added {len(added.numbers)} people as {added.numbers[0]} to {added.numbers[-1]}.")
    if added.drawn:
        say("The rows were in alphabetical order, so the numbers were drawn by lot (--keep-order keeps it).", err=True)
    numbers = added.numbers[0] if len(added.numbers) == 1 else f"{added.numbers[0]}-{added.numbers[-1]}"
    say(f"Next, once the forms are signed: facilitator consent record {numbers}")


@group.command()
@click.argument("name", required=False)
@click.option("--alias", "aliases", multiple=True, help="Another name this person goes by; may be repeated.")
@click.option("--background", "background", multiple=True, metavar="COLUMN=VALUE", help="May be repeated.")
@click.option("--moderator", help="Name of a moderator or assistant, to be replaced by [M].")
@study_options
def add(
    opener: Opener, name: str | None, aliases: tuple[str, ...], background: tuple[str, ...], moderator: str | None
) -> None:
    """Add one participant, or the name of a moderator."""
    from facilitator.workflows.participants import add_moderator, add_participants

    pairs = [pair.partition("=") for pair in background]
    if not name and not moderator:
        raise UsageError("Nobody was named.", do="Give a name, or --moderator NAME.")
    if not all(equals and column and value for column, equals, value in pairs):
        raise UsageError("Background is written as COLUMN=VALUE.", do="For example --background profession=nurse.")
    with opener.study() as study:
        if name:
            row = RosterRow(name, aliases, {column: value for column, _, value in pairs})
            say(f"Added as {add_participants(study, [row]).numbers[0]}.")
        if moderator:
            add_moderator(study, moderator)
            say("The moderator's name will be replaced by [M].")


@group.command("list")
@click.option("--names", is_flag=True, help="Show names too, from the linkage file.")
@study_options
@json_option
def list_people(opener: Opener, names: bool, as_json: bool) -> None:
    """List participants by number with background and consent."""
    with opener.study() as study:
        people = list(study.state.participants.values())
        consents, identities = study.state.consents, study.linkage.identities if names else {}
        withdrawn = study.state.withdrawals
    known = list(dict.fromkeys(column for person in people for column in person.background))
    rows = []
    for person in people:
        consent = consents.get(person.number)
        row = {"number": str(person.number), "consent": _consent(consent.recording if consent else None)}
        row |= {column: person.background.get(column, "") for column in known}
        rows.append(row | ({"name": identities[person.number].name} if names else {}))
    for number, one in withdrawn.items():
        row = {"number": str(number), "consent": f"withdrawn on {one.ordered_utc[:10]}"}
        rows.append(row | dict.fromkeys((*known, *(["name"] if names else [])), ""))
    heads = ["number", *(["name"] if names else []), "consent", *known]
    table = [[head.capitalize() for head in heads]] + [[row[head] for head in heads] for row in rows]
    emit(rows, as_json, columns(table) if rows else ["Nobody yet. Next: facilitator participants import FILE.csv"])


@group.command()
@click.option(
    "--threshold", default=SMALL_CELL, show_default=True, type=click.IntRange(1, 50), help="Hide counts below."
)
@study_options
@json_option
def table(opener: Opener, threshold: int, as_json: bool) -> None:
    """Print the background table: counts only, small cells suppressed."""
    from facilitator.workflows import participants

    with opener.study() as study:
        rows = participants.table(study, threshold)
    data = [{"column": row.column, "value": row.value, "count": row.count} for row in rows]
    lines = columns([("Background", "Value", "n")] + [(r.column, r.value, _count(r.count, threshold)) for r in rows])
    emit(data, as_json, lines)


def _count(count: int | None, threshold: int) -> str:
    return f"suppressed (small cells are under {threshold})" if count is None else str(count)


def _consent(recording: bool | None) -> str:
    return "missing" if recording is None else ("recording" if recording else "not to recording")
