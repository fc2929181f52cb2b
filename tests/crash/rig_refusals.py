"""Each write, sync, rename, open and the like on a study's files failing once, by number, with EIO and with ENOSPC."""

import errno
import random
import subprocess
import traceback
from functools import cache, partial
from pathlib import Path
from typing import Final

import pyrage

from facilitator.storage.keys import PersonalKey

from . import lossy_fuse
from .framework import Outcome, Report, scratch, tally
from .refused_life import Life, fault
from .small_study import make_study

TITLE = "each single call on the disk failing once"
HOLDS = "no crash, no false “saved”, the user told"
COUNT = 0
SECONDS = 80.0

ERRORS: Final = (errno.EIO, errno.ENOSPC)
OFFICER: Final = str(pyrage.x25519.Identity.generate().to_public())


def run(count: int, report: Report) -> Outcome:
    if reason := lossy_fuse.absent():
        return Outcome.skipped(reason)
    with scratch() as folder:
        base = Path(folder) / "study"
        key = make_study(base)
        try:
            calls = _calls_of_a_life(base, key)
            return tally(
                report,
                report.sample(calls * len(ERRORS)),
                partial(fail_once, base, key),
                f"{calls} calls, each with EIO and ENOSPC",
            )
        finally:
            for mount in Path(folder).glob("mount-*"):
                subprocess.run(["fusermount3", "-u", "-z", "-q", str(mount)], check=False)


def _calls_of_a_life(base: Path, key: PersonalKey) -> int:
    """How many calls there are when nothing fails."""
    drive, life = _drive(base), _fresh(base, key)
    drive.ask("fail", 0, 0)
    life.run()
    calls = int(drive.ask("failed").split()[1])
    if life.told or fault(life):
        raise AssertionError(f"the undisturbed life has faults: {life.told} {fault(life)}")
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
        places = traceback.extract_tb(error.__traceback__)
        ours = [place for place in places if "facilitator" in place.filename] or list(places)
        crash = f"{type(error).__name__}: {error} ({Path(ours[-1].filename).name}:{ours[-1].lineno})"
    failed = drive.ask("failed").split()[0]
    drive.ask("fail", 0, 0)
    why = "; ".join(filter(None, (crash, fault(life))))
    return f"{failed}: {why}" if why else ""
