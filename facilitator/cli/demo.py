"""`facilitator demo`."""

import shlex
from pathlib import Path

import click

from facilitator.cli.output import progress, say


@click.command("demo")
@click.argument("folder", default="demo-study", type=click.Path(path_type=Path))
def group(folder: Path) -> None:
    """Run the whole job on the sample recording in FOLDER, without questions, and say where each result lies."""
    from facilitator.workflows.demo import PASSPHRASE, run_demo

    with progress() as report:
        result = run_demo(folder, report, lambda line: say(line, err=True))
    heard = [one for one in result.identifiers if one.heard]
    replaced = sum(one.replaced for one in heard)
    say("")
    say(f"Done in {result.seconds:.0f} s. Everything stayed on this machine.")
    unheard = len(result.identifiers) - len(heard)
    say(f"  Word error rate          {result.word_error_rate:.1%} against the sample's script")
    say(f"  Identifiers replaced     {replaced} of {len(result.identifiers)} planted, {unheard} not heard")
    say(f"  Turns with a speaker     {result.attributed[0]} of {result.attributed[1]}, from the facilitator's marks")
    for one in heard:
        if not one.replaced:
            say(f"    left as it is: {one.planted.kind} at {one.planted.at_ms // 1000} s")
    say("")
    say("Where it lies:")
    say(f"  Study                    {result.study}")
    say(f"  Recording (encrypted)    {result.audio}")
    for file in result.files:
        say(f"  Export                   {file}")
    say("")
    say(f"Open it (passphrase: {PASSPHRASE}):")
    say(f"  facilitator --study {shlex.quote(str(result.study))}")
