"""`facilitator consent`."""

from datetime import date, datetime

import click

from facilitator.cli.output import say
from facilitator.cli.study_option import Opener, study_options
from facilitator.domain.consent import Consent
from facilitator.domain.ids import number_range


@click.group("consent")
def group() -> None:
    """Record who consented to what."""


@group.command()
@click.argument("numbers", nargs=-1, required=True)
@click.option("--date", "signed", type=click.DateTime(["%Y-%m-%d"]), help="Date on the form; today if not given.")
@click.option("--recording/--no-recording", default=True, show_default=True, help="Agreed to be recorded.")
@click.option("--quotation/--no-quotation", default=True, show_default=True, help="Agreed to be quoted.")
@click.option("--audio-sharing/--no-audio-sharing", default=False, show_default=True, help="Agreed to share audio.")
@study_options
def record(
    opener: Opener,
    numbers: tuple[str, ...],
    signed: datetime | None,
    recording: bool,
    quotation: bool,
    audio_sharing: bool,
) -> None:
    """Record the consent of NUMBERS, such as P1-P6 P9."""
    from facilitator.workflows.participants import record_consent

    wanted = number_range(",".join(numbers))
    day = (signed.date() if signed else date.today()).isoformat()
    with opener.study() as study:
        done = record_consent(study, wanted, Consent(wanted[0], day, recording, quotation, audio_sharing))
    say(f"Recorded for {', '.join(done)}.")
