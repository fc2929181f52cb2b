"""`facilitator session coverage`, `notes`, `people` and `debrief`: how a group went."""

import click

from facilitator.cli.output import columns, emit, say
from facilitator.cli.study_option import Opener, json_option, study_options
from facilitator.domain.errors import UsageError
from facilitator.domain.group import DebriefPart, Presence
from facilitator.domain.ids import research_number
from facilitator.domain.time_plan import Standing
from facilitator.domain.timebase import clock

SIGNS = {Standing.ASKED: "✓", Standing.SKIPPED: "–", Standing.PARKED: "↷", Standing.OPEN: " "}
PARTS = {
    "themes": DebriefPart.THEMES,
    "surprises": DebriefPart.SURPRISES,
    "atmosphere": DebriefPart.ATMOSPHERE,
    "guide_changes": DebriefPart.GUIDE,
}


@click.command()
@click.argument("session")
@study_options
@json_option
def coverage(opener: Opener, session: str, as_json: bool) -> None:
    """How the guide of SESSION was covered: asked, skipped and why, minutes of each question."""
    from facilitator.workflows.note_taking import NoteTaking

    with opener.session(session, write=False) as opened:
        covered = NoteTaking(opened).plan().coverage()
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
        if note_id not in state.notes and not history:
            continue
        last = versions[-1][1]
        earlier = [note.text for _, note in versions[:-1]]
        settled = " ✓" if note_id in state.settled else ""
        rows.append((clock(last.at_ms), last.kind.value + settled, last.speaker or "", last.text or "(removed)"))
        rows += [("", "was", "", text) for text in reversed(earlier) if history]
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
                **({"earlier": earlier} if history else {}),
            }
        )
    emit(data, as_json, columns(rows) if data else ["No notes."])


@click.command()
@click.argument("session")
@click.argument("number", required=False)
@click.option("--here", "presence", flag_value=Presence.HERE.value, help="Is here, or came just now.")
@click.option("--left", "presence", flag_value=Presence.LEFT.value, help="Left the group just now.")
@click.option("--absent", "presence", flag_value=Presence.ABSENT.value, help="Did not come; needs no consent then.")
@study_options
@json_option
def people(opener: Opener, session: str, number: str | None, presence: str | None, as_json: bool) -> None:
    """Who is in SESSION, who came and left when. With NUMBER and an option, note it; also somebody not planned for."""
    from facilitator.workflows.note_taking import NoteTaking

    if (number is None) != (presence is None):
        raise UsageError("A number and what became of the person belong together.", do="Such as: P3 --left")
    with opener.session(session, write=number is not None) as opened:
        if number is not None and presence is not None:
            NoteTaking(opened).set_presence(research_number(number), Presence(presence))
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
    rows = [("Seat", "Who", "Is", "Since")]
    for seat, one in enumerate(state.seats, start=1):
        moves = [coming.at_ms for coming in state.comings if coming.number == one]
        rows.append((str(seat), one, state.presence[one].value, clock(moves[-1]) if moves else ""))
    emit(data, as_json, columns(rows))


@click.command()
@click.argument("session")
@click.option("--themes", help="What it was about.")
@click.option("--surprises", help="What was not expected.")
@click.option("--atmosphere", help="Who carried the talk, what was not said.")
@click.option("--guide-changes", help="What to change in the guide for next time.")
@study_options
@json_option
def debrief(opener: Opener, session: str, as_json: bool, **texts: str | None) -> None:
    """What was written straight after SESSION; with options, write it. Not part of any export."""
    from facilitator.workflows.note_taking import NoteTaking

    given = {PARTS[name]: text for name, text in texts.items() if text is not None}
    with opener.session(session, write=bool(given)) as opened:
        for part, text in given.items():
            NoteTaking(opened).write_debrief(part, text)
        written = opened.reread().debrief
    data = {name: written.get(part, "") for name, part in PARTS.items()}
    lines = [line for part, text in written.items() if text for line in (part.value.capitalize(), f"  {text}")]
    emit(data, as_json, lines or ["Nothing is written yet."])
    if given and not as_json:
        say("saved ✓", err=True)
