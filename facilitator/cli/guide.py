"""`facilitator guide`."""

from pathlib import Path

import click

from facilitator.cli.output import columns, emit, say
from facilitator.cli.study_option import json_option
from facilitator.domain.guide import Guide
from facilitator.domain.timebase import clock


@click.group("guide")
def group() -> None:
    """Discussion guides: list, show, check."""


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
            "questions": guide.questions,
            "minutes": guide.planned_ms / 60_000,
            "fault": guide.fault,
        }
        for guide in guides
    ]
    rows = [("Guide", "Title", "Questions", "Planned")]
    for guide in guides:
        row = (guide.title, str(guide.questions), clock(guide.planned_ms))
        rows.append((guide.path.stem, *(row if not guide.fault else ("▲ has faults: guide check", "–", "–"))))
    emit(data, as_json, columns(rows))


@group.command()
@click.argument("name")
@study_dir_option
def show(name: str, study_dir: Path | None) -> None:
    """Print the guide NAME."""
    from facilitator.workflows.guides import find_guide

    for line in guide_lines(find_guide(_folder(study_dir), name)):
        say(line)


@group.command()
@click.argument("file", type=click.Path(path_type=Path))
def check(file: Path) -> None:
    """Check the guide FILE; every fault is named with its line."""
    from facilitator.workflows.guides import find_guide

    guide = find_guide(file.parent, str(file))
    say(f"{file.name}: no faults. {len(guide.questions)} questions, {clock(guide.planned_ms)} planned.")


def guide_lines(guide: Guide) -> list[str]:
    """The guide as plain lines."""
    lines = [guide.title, "═" * len(guide.title)]
    if guide.welcome:
        lines += ["", guide.welcome]
    if guide.ground_rules:
        lines += ["", "Ground rules", *(f"  · {rule}" for rule in guide.ground_rules)]
    for section in guide.sections:
        lines += ["", section.title, "─" * len(section.title)]
        for question in section.questions:
            lines.append(f"{question.type.value.upper():13} {question.minutes:g} min  {question.text}")
            lines += [f"{'':22}▸ {probe}" for probe in question.probes]
    return [*lines, "", guide.closing] if guide.closing else lines
