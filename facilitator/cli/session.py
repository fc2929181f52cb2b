"""`facilitator session`."""

from collections import Counter
from datetime import datetime

import click

from facilitator.cli import session_group
from facilitator.cli.output import columns, emit, say
from facilitator.cli.study_option import Opener, json_option, study_options
from facilitator.domain.accounting import sums
from facilitator.domain.ids import number_range
from facilitator.domain.timebase import clock, exact, stamp
from facilitator.domain.turn_words import tally


@click.group("session")
def group() -> None:
    """Plan a session; list and show sessions; how a group went."""


for command in (session_group.coverage, session_group.notes, session_group.people, session_group.debrief):
    group.add_command(command)


@group.command()
@click.option("--guide", "guide_name", required=True, help="A guide of the study, or a file.")
@click.option("--participants", required=True, metavar="P1-P6", help="Who takes part.")
@click.option("--title", default="", help="Title, such as North hospital.")
@click.option("--date", "planned", type=click.DateTime(["%Y-%m-%d"]), help="Planned date.")
@study_options
def new(opener: Opener, guide_name: str, participants: str, title: str, planned: datetime | None) -> None:
    """Plan a session with a frozen copy of the guide."""
    from facilitator.workflows.guides import find_guide
    from facilitator.workflows.sessions import plan_session

    numbers = number_range(participants)
    with opener.study() as study:
        guide = find_guide(study.folder.guides, guide_name)
        day = planned.date().isoformat() if planned else ""
        made = plan_session(study, guide, numbers, title=title, planned_for=day)
    say(f"Session {made} planned for {', '.join(numbers)}.")
    say(f"Next: facilitator conduct {made}")


@group.command("list")
@study_options
@json_option
def list_sessions(opener: Opener, as_json: bool) -> None:
    """List the sessions with their people and next step."""
    from facilitator.workflows.sessions import summaries

    with opener.study() as study:
        rows = list(summaries(study))
    data = [
        {"id": row.id, "title": row.title, "date": row.date, "people": row.people, "next": row.next} for row in rows
    ]
    table = [("Session", "Title", "Date", "People", "Next")]
    table += [(row.id, row.title, row.date or "–", row.people, row.next) for row in rows]
    emit(data, as_json, columns(table) if rows else ["No sessions yet. Next: facilitator session new --help"])


@group.command()
@click.argument("session")
@click.option("--transcript", is_flag=True, help="Print the raw transcript too; it holds names.")
@click.option("--guide", "as_guide", is_flag=True, help="Print only the guide as frozen in the session, as YAML.")
@study_options
@json_option
def show(opener: Opener, session: str, transcript: bool, as_guide: bool, as_json: bool) -> None:
    """Show where SESSION stands."""
    from facilitator.storage.guide_files import guide_to_yaml
    from facilitator.workflows.hearing import accounted
    from facilitator.workflows.sessions import summary

    with opener.session(session, write=False) as opened:
        if as_guide:
            say(guide_to_yaml(opened.state.guide) if opened.state.guide else "")
            return
        row, state = summary(opened), opened.state
        events = opened.verify_log()
    account = sums(accounted(state)) if state.transcription_finished else {}
    doubts = Counter(doubt.rule for doubt in state.open_doubts)
    data = {
        "id": row.id,
        "title": row.title,
        "people": list(state.participants),
        "length_ms": row.length_ms,
        "stages": dict(row.stages),
        "next": row.next,
        "takes": len(state.takes),
        "gaps": [{"at_ms": at, "length_ms": length, "reason": reason} for at, length, reason in state.gaps],
        "notes": len(state.notes),
        "speaker_marks": len(state.marks),
        "turns": len(state.segments),
        "account_ms": account,
        "open_doubts": doubts,
        "events": events,
    }
    if transcript:
        data["transcript"] = [
            {"id": one.id, "start_ms": one.start_ms, "end_ms": one.end_ms, "speaker": one.speaker, "text": one.text}
            for one in state.transcript
        ]
    lines = [
        f"{row.id} {row.title} · {row.people} · {clock(row.length_ms)}",
        " · ".join(f"{name} {value}" for name, value in row.stages) + f" · next: {row.next}",
        f"{len(state.takes)} takes, {len(state.gaps)} gaps, {len(state.notes)} notes, {len(state.marks)} speaker marks",
        f"{len(state.segments)} turns, {events} events (chain intact)",
    ]
    if account:
        lines.append("Recording: " + " · ".join(f"{fate} {exact(ms)}" for fate, ms in account.items()))
    if state.doubts:
        rules = ", ".join(f"{rule} {count}" for rule, count in sorted(doubts.items()))
        lines.append(tally(len(state.open_doubts)) + (f": {rules}" if rules else ""))
    if transcript:
        lines += [f"{stamp(one.start_ms)}  {one.speaker or '?':3} {one.text}" for one in state.transcript]
    emit(data, as_json, lines)
