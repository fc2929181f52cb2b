"""`facilitator pseudonymize`."""

import click

from facilitator.cli.output import columns, emit, progress, say
from facilitator.cli.screens import open_screen
from facilitator.cli.study_option import Opener, json_option, study_options
from facilitator.domain.entities import Action
from facilitator.domain.errors import UsageError
from facilitator.workflows.pseudonymizing import Item, Pseudonymization


@click.command()
@click.argument("session")
@click.option("--list", "listing", is_flag=True, help="Search and print the identifiers.")
@click.option("--auto", is_flag=True, help="Replace every open identifier by its suggestion, unseen.")
@click.option("--replace", "replaced", multiple=True, metavar="E3", help="Replace this one; may be repeated.")
@click.option("--by", "replacement", help="What stands for the --replace identifier, such as 'Hospital A'.")
@click.option("--keep", "kept", multiple=True, metavar="E4", help="Leave this one as it is; may be repeated.")
@click.option("--undo", is_flag=True, help="Take the last decision back.")
@study_options
@json_option
def pseudonymize(
    opener: Opener,
    session: str,
    listing: bool,
    auto: bool,
    replaced: tuple[str, ...],
    replacement: str | None,
    kept: tuple[str, ...],
    undo: bool,
    as_json: bool,
) -> None:
    """Find SESSION's identifiers and decide each once for the whole study. Without options, opens the screen."""
    if replacement and len(replaced) != 1:
        raise UsageError("--by goes with exactly one --replace.")
    if not (listing or auto or replaced or kept or undo or as_json):
        open_screen(opener, "pseudonymize", session)
        return
    with opener.session(session) as opened:
        work = Pseudonymization(opened)
        if undo:
            undone = work.undo()
            emit({"undone": undone}, as_json, [f"Taken back: the decision on {undone}."])
            return
        if not work.current:
            with progress() as report:
                work.search(report)
        for entity_id in replaced:
            work.decide(entity_id.upper(), Action.REPLACE, replacement or "")
        for entity_id in kept:
            work.decide(entity_id.upper(), Action.KEEP)
        if auto:
            say(f"{work.decide_all()} identifiers replaced by their suggestions, unseen by anybody.", err=True)
        _print(work, as_json)


def _print(work: Pseudonymization, as_json: bool) -> None:
    items, hits = work.items(), work.roster_hits()
    data = {
        "identifiers": [_data(item) for item in items],
        "roster": [{"owner": hit.owner, "replacement": hit.replacement, "mentions": hit.mentions} for hit in hits],
    }
    rows = [("Id", "Identifier", "Kind", "Mentions", "Becomes")]
    rows += [
        (item.entity.id, item.surface, item.entity.category.value, str(len(item.contexts)), _fate(item))
        for item in items
    ]
    rows += [("–", "(roster)", "person", str(hit.mentions), hit.replacement) for hit in hits]
    waiting = sum(item.decision is None for item in items)
    emit(data, as_json, [*columns(rows), "", f"{len(items)} identifiers, {waiting} open."])


def _data(item: Item) -> dict[str, object]:
    return {
        "id": item.entity.id,
        "surfaces": list(item.entity.surfaces),
        "category": item.entity.category.value,
        "mentions": len(item.contexts),
        "suggestion": item.suggestion,
        "resembles": item.resembles,
        "decision": item.decision.action.value if item.decision else None,
        "replacement": item.decision.replacement if item.decision else None,
    }


def _fate(item: Item) -> str:
    if item.decision is None:
        return f"open · suggested {item.suggestion}"
    return item.decision.replacement or "kept"
