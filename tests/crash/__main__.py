"""The command line of the trials: `python -m tests.crash [--scale S] [--seed N] [rig ...]`."""

import argparse
import secrets
import signal
import sys

from .framework import SHOWN_MISSES, Outcome, Report, Rig, load_rig, rig_names, run_rig


def main() -> int:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # ends what a rig has mounted, started and made
    names = rig_names()
    given = _arguments(names)
    seed = given.seed if given.seed is not None else secrets.randbelow(10**6)
    print(f"scale {given.scale:g}, seed {seed}", flush=True)
    failed = False
    for name in given.rig or names:
        report = Report(name, seed, given.scale, given.trial, _show)
        outcome, seconds = run_rig(name, report)
        _show("")
        print(_line(load_rig(name), outcome, seconds), flush=True)
        for miss in report.missed[: given.misses]:
            print(f"    MISSED {miss}")
        if outcome.failed:
            failed = True
            print(f"    again: python -m tests.crash --scale {given.scale:g} --seed {seed} {name}", flush=True)
    return 1 if failed else 0


def _arguments(names: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.crash", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    if {"-h", "--help"} & {*sys.argv}:
        parser.epilog = _lengths(names)
    parser.add_argument("rig", nargs="*", metavar="rig", help=f"which to run, all if none: {', '.join(names)}")
    parser.add_argument("--scale", type=float, default=1.0, help="share of the full counts, such as 0.01 (default 1)")
    parser.add_argument("--seed", type=int, help="repeat the trials of an earlier run; drawn and printed if left out")
    parser.add_argument("--trial", type=int, help="only this one trial of the rig, to look into a miss")
    parser.add_argument("--misses", type=int, default=SHOWN_MISSES, help="how many misses to tell of, for each rig")
    given = parser.parse_args()
    if unknown := set(given.rig) - set(names):
        parser.error(f"no such rig: {', '.join(sorted(unknown))}")
    if not 0 < given.scale <= 1:
        parser.error("--scale is more than 0 and at most 1")
    return given


def _lengths(names: list[str]) -> str:
    rigs = {name: load_rig(name) for name in names}
    lines = [
        f"  {name:<12}{rig.COUNT or 'all':>7}  {_minutes(rig.SECONDS):>7}  {rig.TITLE}" for name, rig in rigs.items()
    ]
    whole = _minutes(sum(rig.SECONDS for rig in rigs.values()))
    return "\n".join(["rigs, trials and time at scale 1 on two cores:", *lines, f"the whole takes about {whole}"])


def _minutes(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.0f} min"


def _line(rig: Rig, outcome: Outcome, seconds: float) -> str:
    if outcome.skipped_reason:
        return f"{rig.TITLE:<44} {'skipped':>15}  {outcome.skipped_reason}"
    tally = f"{outcome.held}/{outcome.trials}"
    left_out = f"{outcome.left_out}; " if outcome.left_out else ""
    note = f" ({outcome.note})" if outcome.note else ""
    return f"{rig.TITLE:<44} {tally:>15}  {left_out}{rig.HOLDS}{note}  {seconds:.0f} s"


def _show(line: str) -> None:
    if sys.stderr.isatty():
        print(f"\r\033[K{line}", end="", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
