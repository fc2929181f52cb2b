"""`facilitator guide`."""

import shutil
from dataclasses import asdict
from pathlib import Path

import click

from facilitator.cli.guide_beside import beside_lines
from facilitator.cli.guide_handout import handout_pages
from facilitator.cli.guide_text import guide_lines, hint_lines
from facilitator.cli.output import columns, emit, say
from facilitator.cli.study_option import json_option
from facilitator.domain.errors import UsageError
from facilitator.domain.guide_pairing import differences
from facilitator.domain.timebase import clock


@click.group("guide")
def group() -> None:
    """Discussion guides: list, show, check, new."""


def _folder(study_dir: Path | None) -> Path:
    """The study's guides, or the shipped ones where there is no study: guides hold nothing secret."""
    from facilitator.domain.errors import NotFound
    from facilitator.storage.guide_files import shipped_guides
    from facilitator.storage.study_folder import find_study

    try:
        return find_study(study_dir or Path.cwd()).guides
    except NotFound:
        if study_dir:
            raise
        return shipped_guides()


study_dir_option = click.option("--study", "study_dir", type=click.Path(path_type=Path), help="The study's folder.")


@group.command("list")
@study_dir_option
@json_option
def list_guides(study_dir: Path | None, as_json: bool) -> None:
    """List the study's guides with their planned time."""
    from facilitator.storage.guide_files import list_guides

    guides = list_guides(_folder(study_dir))
    data = [
        {
            "guide": guide.path.stem,
            "title": guide.title,
            "language": guide.language,
            "questions": guide.questions,
            "minutes": guide.planned_ms / 60_000,
            "fault": guide.fault,
        }
        for guide in guides
    ]
    rows = [("Guide", "Title", "Language", "Questions", "Planned")]
    for guide in guides:
        row = (guide.title, guide.language, str(guide.questions), clock(guide.planned_ms))
        rows.append((guide.path.stem, *(row if not guide.fault else ("▲ has faults: guide check", "–", "–", "–"))))
    emit(data, as_json, columns(rows))


@group.command()
@click.argument("name")
@click.option(
    "--print", "on_paper", is_flag=True, help="A handout: pages of plain text with the clock and room for notes."
)
@click.option("--beside", "other", metavar="OTHER", help="Show the guide OTHER, a translation, in a second column.")
@study_dir_option
def show(name: str, on_paper: bool, other: str | None, study_dir: Path | None) -> None:
    """Print the guide NAME."""
    from facilitator.workflows.guides import find_guide

    if on_paper and other:
        raise UsageError("A handout has one column: --print and --beside do not go together.", do="Leave one out.")
    folder = _folder(study_dir)
    guide = find_guide(folder, name)
    if on_paper:
        _print_pages(handout_pages(guide))
        return
    if other:
        width = shutil.get_terminal_size().columns
        lines = beside_lines(guide, find_guide(folder, other), width)
    else:
        lines = guide_lines(guide)
    for line in lines:
        say(line)


@group.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--beside", "other", metavar="OTHER", help="Also compare with the guide OTHER, a translation.")
@json_option
def check(file: Path, other: str | None, as_json: bool) -> None:
    """Check the guide FILE: faults with their lines, else hints on time, types and wording.

    Faults end with 3; hints never change the exit code.
    """
    from facilitator.domain.guide_hints import guide_hints, planned_minutes
    from facilitator.workflows.guides import find_guide

    folder = file.parent if file.exists() else _folder(None)
    guide = find_guide(folder, str(file))
    translation = find_guide(folder, other) if other else None
    hints = guide_hints(guide)
    differing = list(differences(guide, translation)) if translation else []
    data = {
        "guide": guide.id,
        "questions": len(guide.questions),
        "planned_minutes": planned_minutes(guide),
        "slot_minutes": guide.slot_minutes,
        "hints": [asdict(hint) for hint in hints],
        "differences": [{"where": where, "what": what} for where, what in differing],
    }
    lines = [f"{file.name}: no faults. {len(guide.questions)} questions, {clock(guide.planned_ms)} planned."]
    lines += hint_lines(hints)
    if translation:
        lines.append(f"Beside {translation.id}: {'differences' if differing else 'the same questions'}.")
        lines += [f"  {where}: {what}" for where, what in differing]
    emit(data, as_json, lines)


@group.command()
@click.argument("name", required=False)
@study_dir_option
def new(name: str | None, study_dir: Path | None) -> None:
    """Write the guide NAME with the program asking; ? explains each question."""
    from facilitator.cli.guide_new import write_guide
    from facilitator.storage.study_folder import find_study, read_settings

    study = find_study(study_dir or Path.cwd())
    write_guide(study.guides, name, read_settings(study).language)


def _print_pages(pages: list[list[str]]) -> None:
    for number, page in enumerate(pages):
        if number:
            click.echo("\f", nl=False)  # the text gate would show it as a sign
        say("\n".join(page))
