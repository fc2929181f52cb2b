"""`facilitator session coverage`, `notes`, `people` and `debrief`: how a group went."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from facilitator.cli.output import columns, emit, say
from facilitator.cli.study_option import Opener, json_option, study_options
from facilitator.domain.errors import UsageError
from facilitator.domain.group import MAX_DEBRIEF, DebriefPart, Presence
from facilitator.domain.ids import research_number, session_id
from facilitator.domain.notes import Note
from facilitator.domain.time_plan import Standing
from facilitator.domain.timebase import clock

if TYPE_CHECKING:
    from facilitator.workflows.sessions import Session

SIGNS = {Standing.ASKED: "✓", Standing.SKIPPED: "–", Standing.PARKED: "↷", Standing.OPEN: " "}


@click.command()
@click.argument("session")
@study_options
@json_option
def coverage(opener: Opener, session: str, as_json: bool) -> None:
    """How the guide of SESSION was covered: asked, skipped and why, minutes of each question."""
    from facilitator.workflows.assisting import Assist

    with _beside(opener, session, write=False) as opened:
        covered = Assist(opened).plan().coverage()
    data = [
        {
            "question": one.question.id,
            "type": one.question.type.value,
            "text": one.question.text,
            "standing": one.standing.value,
            "reason": one.reason,
            "at_ms": one.at_ms,
            "spent_ms": one.spent_ms,
            "planned_ms": one.planned_ms,
        }
        for one in covered
    ]
    rows = [("", "Had", "Planned", "Type", "Question")]
    for one in covered:
        why = f" (skipped: {one.reason})" if one.reason else ""
        kind = one.question.type.value
        rows.append(
            (SIGNS[one.standing], clock(one.spent_ms), clock(one.planned_ms), kind, f"{one.question.text}{why}")
        )
    asked = sum(one.standing is Standing.ASKED for one in covered)
    emit(data, as_json, [*columns(rows), f"{asked} of {len(covered)} questions asked."])


@click.command()
@click.argument("session")
@click.option("--history", is_flag=True, help="Earlier versions of changed and removed notes as well.")
@study_options
@json_option
def notes(opener: Opener, session: str, history: bool, as_json: bool) -> None:
    """The notes of SESSION in time order; they are raw and may hold names."""
    with opener.session(session, write=False) as opened:
        state = opened.state
    rows = [("Time", "Kind", "Who", "Note")]
    data: list[dict[str, object]] = []
    for note_id, versions in sorted(state.drafts.items(), key=lambda entry: (entry[1][0][1].at_ms, entry[0])):
        hidden = any(note.speaker in state.withdrawn for _, note in versions)
        if hidden or (note_id not in state.notes and not history):
            continue
        last = versions[-1][1]
        earlier = [note for _, note in versions[:-1]]
        settled = " ✓" if note_id in state.settled else ""
        off = state.off_the_record(last.at_ms)
        text = ("off the record · " if off else "") + (last.text or "(removed)")
        rows.append((clock(last.at_ms), last.kind.value + settled, last.speaker or "", text))
        if history:
            was = [(one.kind.value, one.speaker or "", one.text or "(removed)") for one in reversed(earlier)]
            rows += [("", f"was {kind}", who, before) for kind, who, before in was]
        data.append(
            {
                "id": note_id,
                "at_ms": last.at_ms,
                "kind": last.kind.value,
                "speaker": last.speaker,
                "question": last.question_id,
                "text": last.text,
                "tags": list(last.tags),
                "settled": note_id in state.settled,
                "off_the_record": off,
                **({"earlier": [_version(one) for one in earlier]} if history else {}),
            }
        )
    emit(data, as_json, columns(rows) if data else ["No notes."])


def _version(note: Note) -> dict[str, object]:
    return {"kind": note.kind.value, "speaker": note.speaker, "text": note.text}


@click.command()
@click.argument("session")
@click.argument("number", required=False)
@click.option("--here", is_flag=True, help="Is here, or came just now.")
@click.option("--left", is_flag=True, help="Left the group just now.")
@click.option("--absent", is_flag=True, help="Did not come; needs no consent then.")
@study_options
@json_option
def people(
    opener: Opener, session: str, number: str | None, here: bool, left: bool, absent: bool, as_json: bool
) -> None:
    """Who is in SESSION, who came and left when. With NUMBER and an option, note it; also somebody not planned for."""
    from facilitator.workflows.assisting import Assist

    flags = {Presence.HERE: here, Presence.LEFT: left, Presence.ABSENT: absent}
    chosen = [presence for presence, given in flags.items() if given]
    if len(chosen) != (number is not None):
        raise UsageError(
            "A number and what became of the person belong together.",
            safe="Nothing was changed.",
            do="One of --here, --left and --absent, such as: P3 --left",
        )
    with _beside(opener, session, write=number is not None) as opened:
        if number is not None:
            Assist(opened).set_presence(research_number(number), chosen[0])
        state = opened.state
    data = [
        {
            "number": one,
            "seat": seat,
            "presence": state.presence[one].value,
            "changes": [[coming.at_ms, coming.presence.value] for coming in state.comings if coming.number == one],
        }
        for seat, one in enumerate(state.seats, start=1)
    ]
    rows = [("Seat", "Who", "Is", "Noted")]
    for seat, one in enumerate(state.seats, start=1):
        moves = [f"{coming.presence.value} {clock(coming.at_ms)}" for coming in state.comings if coming.number == one]
        rows.append((str(seat), one, state.presence[one].value, ", ".join(moves)))
    emit(data, as_json, columns(rows))


@click.command()
@click.argument("session")
@click.option("--write", is_flag=True, help="Write it: each part is asked for, or read as a line of standard input.")
@study_options
@json_option
def debrief(opener: Opener, session: str, write: bool, as_json: bool) -> None:
    """What was written straight after SESSION. Not part of any export."""
    from facilitator.workflows.assisting import Assist

    with _beside(opener, session, write=write) as opened:
        if write:
            assist = Assist(opened)
            given = None if sys.stdin.isatty() else _lines(sys.stdin.read())
            for place, part in enumerate(DebriefPart):
                before = opened.state.debrief.get(part, "")
                if given is None:
                    text = click.prompt(part.value.capitalize(), default=before, show_default=bool(before), err=True)
                else:
                    text = given[place] or before
                assist.write_debrief(part, str(text))
        written = opened.reread().debrief
    data = {part.name.lower(): written.get(part, "") for part in DebriefPart}
    lines = [line for part, text in written.items() if text for line in (part.value.capitalize(), f"  {text}")]
    emit(data, as_json, lines or ["Nothing is written yet."])
    if write and not as_json:
        say("saved ✓", err=True)


def _lines(text: str) -> list[str]:
    """A line for each part of the debrief; those left out are empty."""
    lines = text.rstrip().splitlines()
    if len(lines) > len(DebriefPart):
        parts = ", ".join(part.value for part in DebriefPart)
        raise UsageError(
            f"{len(lines)} lines are given, and the debrief has {len(DebriefPart)} parts: {parts}.",
            safe="Nothing was written.",
            do="Give one line for each; an empty one leaves a part as it is.",
        )
    if any(len(line) > MAX_DEBRIEF for line in lines):
        raise UsageError(
            f"A line has more than {MAX_DEBRIEF} characters.", safe="Nothing was written.", do="Shorten it."
        )
    return lines + [""] * (len(DebriefPart) - len(lines))


@contextmanager
def _beside(opener: Opener, text: str, *, write: bool) -> "Iterator[Session]":
    """The session, whether or not a screen has it open."""
    from facilitator.workflows.sessions import Session

    with opener.study() as study, Session(study, session_id(text), write=write, beside=write) as opened:
        yield opened
