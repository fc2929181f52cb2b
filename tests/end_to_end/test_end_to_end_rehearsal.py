"""A group typed into the real program in a terminal, on a rehearsal's clock: the log holds it, and nothing else."""

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from benchmarks.conduct_group import short_group  # noqa: E402 -- found through the line above
from benchmarks.conduct_keys import KeyedTerminal  # noqa: E402
from benchmarks.conduct_replay import make_study, replay  # noqa: E402

GENEROUS_MS = 3_000
"""Of real time: other tests may keep this computer busy. `benchmarks.conduct` measures it."""


def test_a_scripted_group_is_in_the_log_once_in_order_and_at_its_time(tmp_path: Path) -> None:
    if absent := KeyedTerminal.absent():
        pytest.skip(absent)
    script = short_group(4, turns=2, slow=2.0)
    done = replay(make_study(tmp_path / "study"), tmp_path / "kept", script)
    assert done.compared.missing == ()
    assert done.compared.extra == ()
    assert [found for _, found in done.compared.pairs] != [] and len(done.compared.pairs) == len(script.items)
    worst = max(done.compared.errors_ms() + done.compared.errors_ms(timed=False), key=abs)
    assert abs(worst) <= GENEROUS_MS * script.speed
    assert done.length_ms >= script.items[-1].at_ms
