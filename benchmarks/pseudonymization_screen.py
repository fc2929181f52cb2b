"""Deciding 400 identifiers in the real screen on a pseudo-terminal: how long a person waits for the program.

The session holds some 15,000 words of gold documents. Each identifier is decided by the key that a person would press
most for it: three in five are replaced by what is offered, the others kept or generalized, and before every fourth
decision the next place is marked. What a person takes to read and think is not measured: it is what 20 minutes leave.
"""

import re
import shutil
import tempfile
from itertools import cycle
from pathlib import Path
from typing import Any, Final

from benchmarks.conduct_compare import percentile
from benchmarks.conduct_paint import PaintedProgram, Seen
from benchmarks.conduct_replay import PASSPHRASE, PROGRAM, program_env
from benchmarks.pseudonymization_corpus import DEVELOPMENT, corpus
from benchmarks.pseudonymization_speed import WORDS, session_of
from facilitator.domain.roster import RosterRow
from facilitator.storage.study_folder import StudyFolder
from facilitator.workflows.participants import add_participants
from facilitator.workflows.pseudonymizing import Pseudonymization
from facilitator.workflows.study import init_study, open_study

CANDIDATES, QUICK_CANDIDATES = 400, 20
WANTED_MIN: Final = 20
_KEYS: Final = (("r", "replace"), ("r", "replace"), ("k", "keep"), ("r", "replace"), ("g", "generalize"))
_DECIDED: Final = re.compile(r"(\d+) decided · (\d+) open")


def screen(quick: bool) -> dict[str, Any]:
    """Decide them, print and return the figures; 20 when `quick`."""
    count = QUICK_CANDIDATES if quick else CANDIDATES
    folder = Path(tempfile.mkdtemp(prefix="pseudonymization-"))
    try:
        root = init_study(folder / "study", title="Benchmark", passphrase=PASSPHRASE)
        with open_study(StudyFolder(root), PASSPHRASE) as study:
            people = next(corpus(DEVELOPMENT)).identities
            numbers = add_participants(study, [RosterRow(one.name, one.aliases) for one in people]).numbers
            with session_of(study, numbers, WORDS) as session:
                work = Pseudonymization(session)
                found = work.search()
                session_id = session.id
        if found < count:
            raise SystemExit(f"only {found} identifiers were found")
        command = [*PROGRAM, "pseudonymize", session_id, "--study", str(root)]
        with PaintedProgram(command, program_env()) as program:
            program.wait_for(f"0 decided · {found} open", seconds=120)
            taken = _decide(program, count)
    finally:
        shutil.rmtree(folder)
    return _figures(taken, found, count)


def _decide(program: PaintedProgram, count: int) -> dict[str, list[float]]:
    taken: dict[str, list[float]] = {}
    keys = cycle(_KEYS)
    for number in range(1, count + 1):
        if number % 4 == 0:
            program.press("\x1b[C", then_s=0.05)
        key, sort = next(keys)
        program.press(key, sort, _decided(number))
        taken.setdefault(sort, []).append(program.until_painted())
    return taken


def _decided(number: int) -> Seen:
    def seen(shown: str) -> bool:
        found = _DECIDED.search(shown)
        return found is not None and int(found[1]) == number

    return seen


def _figures(taken: dict[str, list[float]], found: int, count: int) -> dict[str, Any]:
    everything = [one for values in taken.values() for one in values]
    for sort, values in sorted(taken.items()):
        print(f"  {sort:<12} {len(values):>4} keys  p50 {percentile(values, 50):6.1f}  max {max(values):6.1f} ms")
    waited_s = sum(everything) / 1000
    left_s = (WANTED_MIN * 60 - waited_s * CANDIDATES / count) / CANDIDATES
    print(f"Screen: {count} of {found} identifiers decided, {waited_s:.1f} s of waiting, {left_s:.1f} s left for each")
    return {
        "screen_identifiers": found,
        "screen_decided": count,
        "p50_decision_ms": percentile(everything, 50),
        "p95_decision_ms": percentile(everything, 95),
        "waited_s": waited_s,
        "left_for_each_s": left_s,
    }
