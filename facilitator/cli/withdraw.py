"""`facilitator withdraw`."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from facilitator.cli.audio import require_word
from facilitator.cli.output import emit, progress, say
from facilitator.cli.study_option import Opener, json_option, study_options
from facilitator.domain.errors import StorageFailed, UsageError
from facilitator.domain.ids import research_number
from facilitator.domain.timebase import clock

if TYPE_CHECKING:
    from facilitator.workflows.withdrawing import Preview


@click.command()
@click.argument("number")
@click.option("--destroy", is_flag=True, help='The form says "my data will be deleted if I withdraw".')
@click.option("--mask", is_flag=True, help='The form says "data collected until then may be kept, but is not used".')
@click.option("--receipt", "receipt_file", type=click.Path(path_type=Path), help="Write the receipt to a new file.")
@click.option("--word", help='The words, such as "withdraw P3", for scripts; else they are asked for.')
@study_options
@json_option
def withdraw(
    opener: Opener,
    number: str,
    destroy: bool,
    mask: bool,
    receipt_file: Path | None,
    word: str | None,
    as_json: bool,
) -> None:
    """Withdraw a participant, such as P3, from every session, and write a receipt.

    With --destroy, their turns, the notes about them and their sound are destroyed, and their name is taken off their
    number. With --mask, all of that stays inside the encrypted study and out of whatever leaves it. Either way
    transcripts say [withdrawn] where they spoke, and others' turns stay. Take the rule that the consent form promises;
    what was masked can be destroyed later, not the other way round. What would happen is shown first.
    """
    from facilitator.domain.withdrawal import Rule
    from facilitator.workflows import withdrawing

    if destroy == mask:
        raise UsageError(
            "Say what the consent form promises.", safe="Nothing was changed.", do="Either --destroy or --mask."
        )
    wanted, rule = research_number(number), Rule.DESTROY if destroy else Rule.MASK
    if receipt_file is not None:
        _check_writable(receipt_file)
    with opener.study() as study:
        found = withdrawing.preview(study, wanted, rule)
        for line in _told(found):
            say(line, err=True)
        if found.to_do:
            require_word(withdrawing.word_for(wanted), word)
        with progress() as report:
            done = withdrawing.withdraw(study, wanted, rule, withdrawing.word_for(wanted), report)
    if receipt_file is not None:
        _write(receipt_file, "\n".join(done.lines) + "\n")
        say(f"The receipt is in {receipt_file}.", err=True)
    emit(done.data, as_json, [] if receipt_file is not None else done.lines)


def _told(found: "Preview") -> list[str]:
    before, destroy = found.before, found.rule == "destroy"
    if not found.to_do:
        day = before.finished_utc[:10] if before else ""
        return [f"{found.number} withdrew on {day}, and nothing of theirs is left to do. The receipt again:"]
    lines = [f"{found.number} withdraws. " + _WILL[destroy]]
    if before is not None and not before.finished_utc:
        lines.append("This was ordered before, and broken off: it goes on.")
    for one in found.shares:
        what = f"{one.turns} turns ({one.words} words), {one.notes} notes, {clock(one.sound_ms)} of sound"
        lines.append(f"  Session {one.session_id}: {what if one.to_do else 'done already'}")
        if not one.drafted:
            lines.append("  ▲ It is not transcribed yet: only what was marked as theirs is known. Transcribe it first.")
        elif one.unknown:
            lines.append(
                f"  ▲ {one.unknown} turns have no speaker; what is theirs of these stays. Attribute them first."
            )
    if not found.shares:
        lines.append("  They took part in no session.")
    if destroy:
        lines.append(
            "Corrections made before can no longer be undone in these sessions. Nobody can bring any of it back."
        )
    return lines


_WILL = {
    True: "What they said, the notes about them, their sound and their name beside the number will be destroyed:",
    False: "What they said and the notes about them will be shown no more, and leave the study no more:",
}


def _check_writable(path: Path) -> None:
    if path.exists():
        raise UsageError(f"{path.name} exists already.", safe="Nothing was changed.", do="Name a new file.")
    if not path.parent.is_dir() or not os.access(path.parent, os.W_OK):
        raise StorageFailed(f"Nothing can be written in {path.parent}.", safe="Nothing was changed.")


def _write(path: Path, text: str) -> None:
    from facilitator.storage.files import write_atomically

    try:
        write_atomically(path, text.encode())
    except StorageFailed as error:
        raise StorageFailed(
            error.what, safe="The withdrawal is carried out.", do="Run the command again for the receipt."
        ) from error
