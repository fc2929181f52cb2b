"""What a rig is, and what it reports.

A rig is a module `rig_NAME.py` of this package with

    TITLE: str      what a reader of the table sees
    HOLDS: str      what must hold in each trial
    COUNT: int      trials at scale 1; 0 where the rig works out its own number ("all")
    SECONDS: float  measured length at scale 1 on two cores, for --help
    def run(count: int, report: Report) -> Outcome
"""

import os
import random
import shutil
import statistics
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from importlib import import_module
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol, cast

ROOT = Path(__file__).resolve().parents[2]
SHOWN_MISSES = 5


@dataclass(frozen=True, slots=True)
class Outcome:
    """`held` of `trials` kept the promise. With `skipped_reason` nothing was tried, and nothing counts as held.

    `left_out` says which part could not be tried, and why: "60 real streams skipped: no sound server".
    """

    trials: int
    held: int
    note: str = ""
    skipped_reason: str = ""
    left_out: str = ""

    @classmethod
    def skipped(cls, reason: str) -> "Outcome":
        return cls(0, 0, "", reason)

    def noted(self, *parts: str, left_out: str = "") -> "Outcome":
        """The same, with what a rig has to say of its trials."""
        return replace(self, note="; ".join(filter(None, parts)), left_out=left_out)

    @property
    def failed(self) -> bool:
        return not self.skipped_reason and (self.held < self.trials or self.trials == 0)


def _say_nothing(line: str) -> None:
    pass


@dataclass(slots=True)
class Report:
    """Passed to a rig: where its chance comes from, how far it is, what missed, and what the trials measured.

    `only` is the one trial to run again, None for all.
    """

    rig: str
    seed: int
    scale: float = 1.0
    only: int | None = None
    shown: Callable[[str], None] = _say_nothing
    missed: list[str] = field(default_factory=list)
    figures: dict[str, list[float]] = field(default_factory=dict)
    _at: float = 0.0

    def source(self, trial: int) -> str:
        """The seed of one trial; the same for the same seed, rig and number."""
        return f"{self.seed}/{self.rig}/{trial}"

    def random(self, trial: int) -> random.Random:
        """The source of chance of one trial."""
        return random.Random(self.source(trial))

    def trials(self, count: int) -> Iterator[int]:
        """The numbers of the trials to run, with progress shown; only one of them when a miss is replayed."""
        numbers = range(count) if self.only is None else (self.only,)
        for done, trial in enumerate(numbers):
            self(done, len(numbers))
            yield trial

    def sample(self, total: int) -> list[int]:
        """Which of `total` numbered things to try: all at scale 1, else a share drawn by the seed, at least one."""
        if self.only is not None:
            return [self.only]
        if self.scale >= 1:
            return list(range(total))
        wanted = min(total, max(1, round(total * self.scale)))
        return sorted(random.Random(f"{self.seed}/{self.rig}/sample").sample(range(total), wanted))

    def __call__(self, done: int, total: int) -> None:
        """Show progress, a few times a second at most."""
        if time.monotonic() - self._at > 0.3:
            self._at = time.monotonic()
            self.shown(f"{self.rig} {done}/{total}")

    def miss(self, trial: int, why: str) -> None:
        """Tell of a trial in which the promise did not hold."""
        self.missed.append(f"trial {trial}: {why}")

    def measured(self, figures: Mapping[str, float]) -> None:
        """Keep the figures of one trial."""
        for name, value in figures.items():
            self.figures.setdefault(name, []).append(value)

    def total(self, name: str) -> int:
        """The sum of one figure, such as of those that are 1 where something was so."""
        return round(sum(self.figures.get(name, ())))

    def told(self, name: str, unit: str, digits: int = 0) -> str:
        """Median and worst of one figure."""
        values = self.figures.get(name)
        if not values:
            return "none"
        return f"median {statistics.median(values):.{digits}f}, worst {max(values):.{digits}f} {unit}"


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of one trial: `why` the promise did not hold, "" if it did, and what was measured either way."""

    why: str = ""
    figures: Mapping[str, float] = field(default_factory=dict)


Trial = Callable[[random.Random, int], Tried | str]
"""One trial: its own source of chance and its number; without figures, only `why` is returned."""


def tally(report: Report, numbers: Iterable[int], trial: Trial, *, processes: int = 2) -> Outcome:
    """Run `trial`, a function at the top of its module, for each number, two at a time; a raised error is a miss."""
    chosen = list(numbers) if report.only is None else [report.only]
    jobs = ((trial, report.source(number), number) for number in chosen)
    held = 0
    with ProcessPoolExecutor(processes, get_context("spawn")) as pool:
        for done, tried in enumerate(pool.map(_tried, jobs, chunksize=max(1, min(20, len(chosen) // 50)))):
            report(done, len(chosen))
            report.measured(tried.figures)
            held += not tried.why
            if tried.why:
                report.miss(chosen[done], tried.why)
    return Outcome(len(chosen), held)


def _tried(job: tuple[Trial, str, int]) -> Tried:
    trial, source, number = job
    with _crashed_threads() as crashed:
        try:
            tried = trial(random.Random(source), number)
        except Exception as error:
            tried = described(error)
    tried = Tried(tried) if isinstance(tried, str) else tried
    return Tried("; ".join(filter(None, (tried.why, *crashed))), tried.figures)


@contextmanager
def _crashed_threads() -> Iterator[list[str]]:
    """What ended threads meanwhile: a watch that died is no promise kept, though the rest went on."""
    crashed: list[str] = []
    before = threading.excepthook

    def note(told: threading.ExceptHookArgs) -> None:
        if told.exc_value is not None:
            crashed.append(f"in a thread: {described(told.exc_value)}")

    threading.excepthook = note
    try:
        yield crashed
    finally:
        threading.excepthook = before


def described(error: BaseException) -> str:
    """An error in one line, with its place: the last one in the program itself, where it came through there."""
    places = list(traceback.extract_tb(error.__traceback__))
    last = ([place for place in places if place.filename.startswith(str(ROOT / "facilitator"))] or places)[-1]
    return f"{type(error).__name__}: {error} ({Path(last.filename).name}:{last.lineno})".replace("\n", " ")


def scratch(within: Path | None = None) -> "TemporaryDirectory[str]":
    """A folder for the duration of a rig, in memory where the system has one: nothing here needs a drive.

    A trial makes its own `within` the rig's, so that all goes with that one even where a trial was killed.
    """
    if within is not None:
        return TemporaryDirectory(prefix="trial-", dir=within)
    memory = Path("/dev/shm")
    roomy = memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > 32 << 20
    return TemporaryDirectory(prefix="crash-", dir=memory if roomy else None)


class Rig(Protocol):
    """What each rig module has."""

    TITLE: str
    HOLDS: str
    COUNT: int
    SECONDS: float

    def run(self, count: int, report: Report) -> Outcome: ...


def rig_names() -> list[str]:
    """Names of all rigs of this package."""
    return sorted(path.stem.removeprefix("rig_") for path in Path(__file__).parent.glob("rig_*.py"))


def load_rig(name: str) -> Rig:
    """The rig `name`; its libraries are loaded only now."""
    tests = str(ROOT / "tests")
    if tests not in sys.path:  # helpers that the tests share
        sys.path.append(tests)
    return cast(Rig, import_module(f".rig_{name}", __package__))


def trial_count(rig: Rig, scale: float) -> int:
    """Trials of `rig` at `scale`; 0 where it works out its own number."""
    return max(1, round(rig.COUNT * scale)) if rig.COUNT else 0


def run_rig(name: str, report: Report) -> tuple[Outcome, float]:
    """Run one rig; returns its outcome and the seconds that it took."""
    rig = load_rig(name)
    began = time.monotonic()
    outcome = rig.run(trial_count(rig, report.scale), report)
    return outcome, time.monotonic() - began
