"""`facilitator precheck`."""

import click

from facilitator.cli.audio import RATES
from facilitator.cli.output import emit, progress, say
from facilitator.cli.study_option import Opener, json_option, study_options
from facilitator.domain.progress import Progress, Report

SIGNS = {True: "✓", False: "✗", None: "?"}


@click.command()
@click.argument("session")
@click.option("--device", help="Name of the input; the system's default if not given.")
@click.option("--backup-device", help="A second input that is to record in parallel.")
@click.option("--rate", type=click.Choice(RATES), default="48000", help="Hz, as it is to be recorded.")
@click.option("--channel", type=click.IntRange(1, 64), help="With --level: hear this channel only, as `record` would.")
@click.option("--minutes", type=click.FloatRange(1, 720), help="How long it is to be; the guide's time if not given.")
@click.option("--level", is_flag=True, help="Hear the input for three seconds, say how loud it is; nothing is stored.")
@click.option("--play", is_flag=True, help="With --level: play back what was heard.")
@json_option
@study_options
def precheck(
    opener: Opener,
    session: str,
    device: str | None,
    backup_device: str | None,
    rate: str,
    channel: int | None,
    minutes: float | None,
    level: bool,
    play: bool,
    as_json: bool,
) -> None:
    """Look for what could spoil the recording of SESSION: input, level, consents, disk, battery, folder, sleep.

    ✓ is well, ? could not be told or could be better, ✗ must be mended first. Ends with 0 unless there is a ✗.
    """
    from facilitator.workflows import prechecking

    with opener.session(session, write=False) as opened:
        tested = None
        if level or play:
            with progress() as report:
                report(_heard(0))
                tested = prechecking.level_test(device, rate=int(rate), channel=channel, on_level=_Heard(report).take)
        checks = prechecking.precheck(
            opened,
            device=device,
            backup_device=backup_device,
            rate=int(rate),
            planned_ms=None if minutes is None else int(minutes * 60_000),
            level=tested,
        )
        data = [{"name": one.name, "ok": one.ok, "detail": one.detail} for one in checks]
        emit(data, as_json, [f"{SIGNS[one.ok]} {one.name:<11} {one.detail}" for one in checks])
        if play and tested is not None:
            say("Playing what was heard.", err=True)
            tested.play()
        prechecking.refuse_blocked(checks)


class _Heard:
    """Counts the tenths of a second heard."""

    def __init__(self, report: Report) -> None:
        self._report, self._tenths = report, 0

    def take(self, _: object) -> None:
        self._tenths += 1
        self._report(_heard(self._tenths))


def _heard(tenths: int) -> Progress:
    return Progress("Level test: speak as the group will", tenths, 30)
