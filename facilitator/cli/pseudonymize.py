"""`facilitator pseudonymize`."""

import click

from facilitator.cli.output import columns, emit, progress, say
from facilitator.cli.screens import open_screen
from facilitator.cli.study_option import Opener, json_option, study_options
from facilitator.domain.detail import Detail, ExportProfile
from facilitator.domain.entities import Action
from facilitator.domain.errors import UsageError
from facilitator.workflows.pseudonymizing import Item, Pseudonymization


@click.command()
@click.argument("session")
@click.option("--list", "listing", is_flag=True, help="Search and print the identifiers.")
@click.option("--auto", is_flag=True, help="Replace every open identifier by its suggestion, unseen.")
@click.option("--replace", "replaced", multiple=True, metavar="E3", help="Replace this one; may be repeated.")
@click.option("--by", "replacement", help="What stands for the --replace identifier, such as 'Hospital A'.")
@click.option("--generalize", "generalized", multiple=True, metavar="E5", help="Replace this one by its general form.")
@click.option("--keep", "kept", multiple=True, metavar="E4", help="Leave this one as it is; may be repeated.")
@click.option(
    "--keep-place", nargs=3, multiple=True, metavar="E3 TEXT START", help="Leave only this place of it as it is."
)
@click.option("--replace-place", nargs=3, multiple=True, metavar="E3 TEXT START", help="Replace that place after all.")
@click.option(
    "--detail",
    "details",
    nargs=3,
    multiple=True,
    metavar="E3 PROFILE LEVEL",
    help="What exports for 'journal' or 'archive' show of it: decided, kept, generalized, removed, or usual.",
)
@click.option("--shift-dates/--dates-as-said", default=None, help="Offer dates shifted by one secret number of weeks.")
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
    generalized: tuple[str, ...],
    kept: tuple[str, ...],
    keep_place: tuple[tuple[str, str, str], ...],
    replace_place: tuple[tuple[str, str, str], ...],
    details: tuple[tuple[str, str, str], ...],
    shift_dates: bool | None,
    undo: bool,
    as_json: bool,
) -> None:
    """Find SESSION's identifiers and decide each once for the whole study. Without options, opens the screen."""
    if replacement and len(replaced) != 1:
        raise UsageError("--by goes with exactly one --replace.")
    wanted = [_detail(*one) for one in details]
    places = [(*_place(*one), True) for one in keep_place] + [(*_place(*one), False) for one in replace_place]
    decided = replaced or generalized or kept or places or wanted or shift_dates is not None
    if not (listing or auto or decided or undo or as_json):
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
        if shift_dates is not None:
            work.shift_dates(shift_dates)
        for entity_id in generalized:
            work.generalize(entity_id.upper())
        for entity_id in replaced:
            work.decide(entity_id.upper(), Action.REPLACE, replacement or "")
        for entity_id in kept:
            work.decide(entity_id.upper(), Action.KEEP)
        for entity_id, ref, start, stays in places:
            work.keep_place(entity_id, ref, start, kept=stays)
        for entity_id, profile, detail in wanted:
            work.set_detail(entity_id, profile, detail)
        if auto:
            say(f"{work.decide_all()} identifiers replaced by their suggestions, unseen by anybody.", err=True)
        _print(work, as_json)


def _place(entity_id: str, ref: str, start: str) -> tuple[str, str, int]:
    if not start.isdecimal():
        raise UsageError("A place is a text and where it starts in it, such as: segment:12 40.")
    return entity_id.upper(), ref, int(start)


def _detail(entity_id: str, profile: str, level: str) -> tuple[str, ExportProfile, Detail | None]:
    try:
        return entity_id.upper(), ExportProfile(profile), None if level == "usual" else Detail(level)
    except ValueError as error:
        raise UsageError(
            "--detail takes an identifier, a profile and a level, such as: E3 journal kept.",
            do=f"Profiles: journal, archive. Levels: {', '.join(Detail)}, usual.",
        ) from error


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
        "places": [
            {"text": one.ref, "start": one.start, "at_ms": one.at_ms, "speaker": one.speaker, "kept": one.kept}
            for one in item.contexts
        ],
        "suggestion": item.suggestion,
        "general": item.general,
        "shown": {profile.value: shown for profile, shown in item.shown.items()},
        "resembles": item.resembles,
        "decision": item.decision.action.value if item.decision else None,
        "replacement": item.decision.replacement if item.decision else None,
    }


def _fate(item: Item) -> str:
    if item.decision is None:
        return f"open · suggested {item.suggestion}"
    return item.decision.replacement or "kept"
