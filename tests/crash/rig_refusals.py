"""Each write, sync, rename, open and the like on a study's files failing once, by number, with EIO and with ENOSPC."""

import errno
import random
from functools import cache, partial
from pathlib import Path
from typing import Final

import pyrage

from facilitator.storage.keys import PersonalKey

from . import lossy_fuse
from .framework import Outcome, Report, described, scratch, tally
from .refused_life import Life, fault
from .small_study import make_study

TITLE = "each single call on the disk failing once"
HOLDS = "no crash, no false “saved”, the user told"
COUNT = 0
SECONDS = 140.0

ERRORS: Final = (errno.EIO, errno.ENOSPC)
LEAST_SYNCS: Final = 3
OFFICER: Final = str(pyrage.x25519.Identity.generate().to_public())


def run(count: int, report: Report) -> Outcome:
    if reason := lossy_fuse.absent():
        return Outcome.skipped(reason)
    with scratch() as folder:
        base = Path(folder) / "study"
        key = make_study(base)
        try:
            calls = _calls_of_a_life(base, key)
            numbers = report.sample(calls * len(ERRORS))
            outcome = tally(report, numbers, partial(fail_once, base, key))
        finally:
            for mount in Path(folder).glob("mount-*"):
                lossy_fuse.unmount(mount)
    return outcome.noted(f"{calls} calls, each with EIO and ENOSPC")


def _calls_of_a_life(base: Path, key: PersonalKey) -> int:
    """How many calls there are when nothing fails."""
    drive, life = _drive(base), _fresh(base, key)
    drive.ask("fail", 0, 0)
    life.run()
    calls = int(drive.ask("failed").split()[1])
    if life.told or fault(life) or life.syncs < LEAST_SYNCS:
        raise AssertionError(f"the undisturbed life has faults: {life.told} {fault(life)}, {life.syncs} syncs")
    drive.close()
    _drive.cache_clear()
    return calls


@cache
def _drive(base: Path) -> lossy_fuse.Mounted:
    """One for each worker process, which ends with it."""
    mount = base.with_name(f"mount-{random.SystemRandom().randrange(10**9)}")
    mount.mkdir()
    return lossy_fuse.Mounted(mount, base, cut_at=0)


def _fresh(base: Path, key: PersonalKey) -> Life:
    drive = _drive(base)
    name = f"study-{random.SystemRandom().randrange(10**12)}"  # a new one, since the system remembers names
    drive.ask("copy", name, base)
    return Life(drive.root / name, key, OFFICER)


def fail_once(base: Path, key: PersonalKey, chance: random.Random, number: int) -> str:
    """Let one call fail, then open everything without any fault."""
    drive, life, crash = _drive(base), _fresh(base, key), ""
    drive.ask("fail", number // len(ERRORS) + 1, ERRORS[number % len(ERRORS)])
    try:
        life.run()
    except Exception as error:
        crash = described(error)
    failed, calls = drive.ask("failed").split()
    drive.ask("fail", 0, 0)
    never = f"the call never came, there were {calls}" if failed == "none" else ""
    why = "; ".join(filter(None, (never, crash, fault(life))))
    return f"{failed}: {why}" if why else ""
