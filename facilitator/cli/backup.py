"""`facilitator backup`."""

from pathlib import Path

import click

from facilitator.cli.output import emit, progress
from facilitator.cli.study_option import Opener, json_option, study_options
from facilitator.domain.errors import Damaged


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--without-linkage", is_flag=True, help="Leave the names out.")
@study_options
@json_option
def backup(opener: Opener, folder: Path, without_linkage: bool, as_json: bool) -> None:
    """Make an encrypted copy of the whole study in a new folder below FOLDER, and read it back.

    Sessions may be open, and even be recorded, meanwhile. Exports are not copied: they are not encrypted.
    """
    from facilitator.workflows.backing_up import back_up

    with opener.study() as study, progress() as report:
        made = back_up(study, folder, report, with_linkage=not without_linkage)
    lines = [
        f"Backup made and read back: {made.sessions} sessions, {made.bytes / 1e6:.1f} MB in {made.folder}",
        *(f"Session {one} was being recorded; this copy of it ends where it was then." for one in made.recording),
        *made.notes,
    ]
    if made.same_disk:
        lines.append("▲ It lies on the same disk as the study: a backup on the same disk does not survive it.")
    lines.append("Sound that you destroy later is still in this backup; delete old backups when you purge.")
    data = {
        "folder": str(made.folder),
        "sessions": made.sessions,
        "files": made.files,
        "bytes": made.bytes,
        "recording": list(made.recording),
        "with_linkage": made.with_linkage,
        "same_disk": made.same_disk,
        "damaged": made.damaged,
        "notes": list(made.notes),
    }
    emit(data, as_json, lines)
    if made.damaged:
        raise Damaged(
            "The backup is as the study is, and something of the study is damaged.",
            safe="Everything that can be read is in the backup.",
            do="Keep your earlier backups; run `facilitator recover S --check` for each session named.",
        )
