"""`facilitator recover`."""

from typing import TYPE_CHECKING, Any

import click

from facilitator.cli.output import emit, progress, say
from facilitator.cli.study_option import Opener, json_option, study_options
from facilitator.domain.errors import Damaged
from facilitator.domain.ids import session_id

if TYPE_CHECKING:
    from facilitator.workflows.recovering import Diagnosis, Recovered

_SIGNS = {"well": "✓", "noted": "·", "recover": "→", "restore": "▲"}


@click.command()
@click.argument("session")
@click.option("--check", "only_check", is_flag=True, help="Only look; nothing is changed.")
@click.option("--thorough", is_flag=True, help="Open every record: a minute or less for a day of sound.")
@study_options
@json_option
def recover(opener: Opener, session: str, only_check: bool, thorough: bool, as_json: bool) -> None:
    """Look at SESSION after a crash, then put it in order. Says what was recovered and what is missing."""
    from facilitator.workflows.recovering import diagnose_folder, recording_now
    from facilitator.workflows.recovering import recover as put_in_order
    from facilitator.workflows.sessions import Session

    wanted, done = session_id(session), None
    with opener.study(write=not only_check) as study:
        found = diagnose_folder(study, wanted, thorough=thorough)
        if not as_json:
            _tell(found)
        if not only_check and found.recording:
            raise recording_now(wanted)
        if not only_check and found.needs_recovery:
            with Session(study, wanted) as opened, progress() as report:
                done = put_in_order(opened, report)
    if as_json:
        emit(_data(found, done), True, [])
    elif done is not None:
        emit(None, False, [*done.lines, f"Next: facilitator session show {wanted}"])
    elif found.needs_recovery:
        say(f"Next: facilitator recover {wanted}")
    elif not found.needs_restoring and not found.recording:
        say("There is nothing to put in order.")
    if found.needs_restoring:
        raise Damaged(
            f"Something of session {wanted} is damaged or gone.",
            safe="What can be read is kept, and was not changed.",
            do="Restore what is marked ▲ from your backup; docs/recovery.md says how.",
        )


def _tell(found: "Diagnosis") -> None:
    for one, line in zip(found.findings, found.lines, strict=True):
        say(f"{_SIGNS[one.verdict]} {line}")


def _data(found: "Diagnosis", done: "Recovered | None") -> dict[str, Any]:
    return {
        "session": found.session_id,
        "recording": found.recording,
        "needs_recovery": found.needs_recovery,
        "needs_restoring": found.needs_restoring,
        "events": found.events,
        "lost_at_most_ms": found.lost_at_most_ms,
        "tracks": [
            {
                "track": one.track,
                "records": one.records,
                "stored_ms": one.stored_ms,
                "end_ms": one.end_ms,
                "missing_ms": one.missing_ms,
                "cut_off": one.cut_off,
                "damage": [{"at_ms": d.at_ms, "length_ms": d.length_ms, "reason": d.reason} for d in one.damage],
            }
            for one in found.tracks
        ],
        "findings": [
            {"part": one.part, "verdict": one.verdict.value, "text": one.text, "do": one.do} for one in found.findings
        ],
        "recovered": None
        if done is None
        else {
            "recovered_ms": done.recovered_ms,
            "missing_ms": done.missing_ms,
            "length_ms": done.length_ms,
            "messages": done.messages,
            "struck": done.struck,
            "removed": done.removed,
        },
    }
