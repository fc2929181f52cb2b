"""`facilitator mosaic`."""

from collections.abc import Iterator
from dataclasses import asdict
from textwrap import wrap

import click

from facilitator.cli.output import emit, say
from facilitator.cli.study_option import Opener, json_option, study_options
from facilitator.domain.errors import NotFound, UsageError
from facilitator.domain.ids import research_number
from facilitator.domain.mosaic import Identifier, Profile, Said, Shared
from facilitator.domain.timebase import clock
from facilitator.workflows.mosaic import Mosaic, mosaic, note_risk

WIDTH = 80
LABEL = 13


@click.command("mosaic")
@click.option("--participant", metavar="P3", help="Only this one.")
@click.option("--note", "noted", metavar="P3", help="Note the risk for this one; the note is asked for, or read.")
@study_options
@json_option
def command(opener: Opener, participant: str | None, noted: str | None, as_json: bool) -> None:
    """Show what all sessions together tell of each participant, those who stand out first.

    With --note, a risk note is asked for, or read from standard input: others on this machine can see a command line.
    """
    if noted is not None:
        if participant or as_json:
            raise UsageError("--note goes alone.")
        about = research_number(noted)
        with opener.study() as study:
            note_risk(study, about, str(click.prompt(f"Risk note on {about}", err=True)))
        say(f"noted ✓ {about}")
        return
    wanted = research_number(participant) if participant else None
    with opener.study(write=False) as study:
        if wanted and wanted not in study.state.participants:
            raise NotFound(f"{wanted} is not on the roster.", do="See `facilitator participants list`.")
        seen = mosaic(study)
        everybody = len(study.state.participants)
    shown = [one for one in seen.people if wanted in (None, one.number)]
    emit(_data(seen, shown), as_json, [*_head(seen), *(line for one in shown for line in _lines(one, everybody))])


def _data(seen: Mosaic, shown: list[Profile]) -> dict[str, object]:
    return {
        "people": [
            asdict(one) | {"verdict": one.verdict, "reasons": one.reasons, "remaining": one.remaining} for one in shown
        ],
        "read": seen.read,
        "left_out": [{"session": session, "why": why} for session, why in seen.left_out],
        "unattributed": seen.unattributed,
    }


def _head(seen: Mosaic) -> Iterator[str]:
    yield f"Sessions read: {', '.join(seen.read) or 'none'}."
    for session, why in seen.left_out:
        yield from _wrapped(f"▲ {session} is left out: {why}.", "  ")
    if seen.unattributed:
        yield from _wrapped(f"▲ Turns without a speaker, in nobody's view: {seen.unattributed}.", "  ")
    if not seen.people:
        yield "Nobody yet. Next: facilitator participants import FILE.csv"
        return
    yield from _wrapped("The rules are few and the patterns English: read the turns of each person together too.")


def _lines(one: Profile, everybody: int) -> Iterator[str]:
    yield ""
    yield from _wrapped(f"{one.number} {one.verdict}", "  ")
    yield from _field("background", _background(one, everybody))
    yield from _field("rare", [f"{shared} ({_people(shared)} of {everybody})" for shared in one.rare])
    yield from _field("said", [_identifier(found) for found in one.identifiers])
    for kind in ("family", "event"):
        yield from _field(kind, [_said(cue.said) for cue in one.cues if cue.kind == kind])
    yield from _field("phrases", [f"{_said(phrase.said)} ({phrase.kind})" for phrase in one.phrases])
    yield from _field("notes", [f"{note.at_utc[:10]} {note.text}" for note in one.notes])


def _background(one: Profile, everybody: int) -> list[str]:
    """Each value with its count, then the smallest of two values, then the whole row."""
    singles = [f"{shared} {shared.count}" for shared in one.shared if len(shared.values) == 1]
    pairs = [f"fewest for two: {shared} {shared.count}" for shared in one.shared if len(shared.values) == 2]
    whole = [f"whole row: {shared.count}" for shared in one.shared if len(shared.values) == len(singles) > 2]
    return [f"{', '.join(singles)} (of {everybody})", *pairs[:1], *whole] if singles else []


def _people(shared: Shared) -> str:
    return "only one" if shared.count == 1 else f"only {shared.count}"


def _identifier(found: Identifier) -> str:
    times = "once" if found.mentions == 1 else f"{found.mentions} times"
    return f"{found.category.value} {found.shown}: {found.fate.value}, {times} in {', '.join(found.sessions)}"


def _said(said: Said) -> str:
    return f"{said.session} at {clock(said.at_ms)} {said.text}"


def _field(label: str, entries: list[str]) -> Iterator[str]:
    for index, entry in enumerate(entries):
        head = f"  {label if index == 0 else ''}".ljust(LABEL)
        yield from wrap(entry, WIDTH, initial_indent=head, subsequent_indent=" " * (LABEL + 2))


def _wrapped(text: str, further: str = "") -> list[str]:
    return wrap(text, WIDTH, subsequent_indent=further)
