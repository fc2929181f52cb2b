"""The rigs themselves: that they can miss, that a miss can be repeated, and that what was skipped never counts."""

import random
import sys
from pathlib import Path

import pytest

from facilitator.storage.database import WRITING
from facilitator.storage.files import sync_file, sync_folder

from . import __main__ as command_line
from . import lossy_fuse
from .cached_file import CachedFile, Odds, Write
from .framework import Outcome, Report, load_rig, rig_names
from .rig_database import cut_once
from .rig_vectors import KNOWN, read_vectors

CARELESS = tuple("synchronous = NORMAL" if pragma.startswith("synchronous") else pragma for pragma in WRITING)


def _losses(pragmas: tuple[str, ...]) -> int:
    return sum(bool(cut_once(random.Random(number), number, pragmas).why) for number in range(60))


def test_a_power_cut_is_found_out_where_commits_are_not_synced() -> None:
    assert _losses(CARELESS) > 10
    assert _losses(WRITING) == 0


def test_of_unsynced_writes_any_sectors_may_survive() -> None:
    file = CachedFile(bytearray(2048), bytearray(2048))
    file.change(Write(0, b"a" * 512))
    file.sync()
    file.change(Write(512, b"b" * 1024))
    seen = {file.survived(random.Random(number), Odds(0.5, 0.0)) for number in range(50)}
    assert {left[512::512] for left in seen} >= {b"\0\0\0", b"b\0\0", b"\0b\0", b"bb\0"}
    assert {left[:512] for left in seen} == {b"a" * 512}


def _after_a_cut(tmp_path: Path, seed: int, *, synced: bool) -> set[str]:
    base, mount, left = tmp_path / "base", tmp_path / "mount", tmp_path / f"left-{seed}"
    base.mkdir(exist_ok=True)
    mount.mkdir(exist_ok=True)
    drive = lossy_fuse.Mounted(mount, base, cut_at=0)
    with (mount / "note").open("wb", buffering=0) as file:
        file.write(b"said")
        if synced:
            sync_file(file.fileno())
            sync_folder(mount)
    drive.ask("cut", seed, left)
    drive.close()
    return {path.read_bytes().decode() for path in left.iterdir()}


def test_a_folder_keeps_what_was_synced_and_may_lose_the_rest(tmp_path: Path) -> None:
    if reason := lossy_fuse.absent():
        pytest.skip(reason)
    assert {frozenset(_after_a_cut(tmp_path, seed, synced=False)) for seed in range(8)} > {frozenset()}
    assert all(_after_a_cut(tmp_path, seed, synced=True) == {"said"} for seed in range(20, 24))


def test_no_vector_that_must_be_refused_is_a_known_exception() -> None:
    vectors = {vector.name: vector for vector in read_vectors()}
    assert len(vectors) == 143
    assert all(vectors[name].payload for name in KNOWN)


class _Rig:
    TITLE, HOLDS, COUNT, SECONDS = "a trial", "it holds", 10, 1.0

    def __init__(self, outcome: Outcome) -> None:
        self._outcome = outcome

    def run(self, count: int, report: Report) -> Outcome:
        if self._outcome.failed:
            report.miss(3, "it did not hold")
        return self._outcome


@pytest.mark.parametrize(
    ("outcome", "code", "said"),
    [
        (Outcome(10, 10), 0, "10/10"),
        (Outcome(10, 9), 1, "trial 3: it did not hold"),
        (Outcome(0, 0), 1, "0/0"),
        (Outcome.skipped("there is no drive"), 0, "skipped"),
    ],
)
def test_any_miss_fails_the_run_and_a_skipped_rig_says_why(
    outcome: Outcome, code: int, said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["crash", "--seed", "7", "only"])
    monkeypatch.setattr(command_line, "rig_names", lambda: ["only"])
    monkeypatch.setattr(command_line, "load_rig", lambda _: _Rig(outcome))
    monkeypatch.setattr(command_line, "run_rig", lambda _, report: (_Rig(outcome).run(10, report), 1.0))
    assert command_line.main() == code
    out = capsys.readouterr().out
    assert said in out and "seed 7" in out
    assert not outcome.skipped_reason or "/" not in out


def test_a_seed_repeats_a_trial() -> None:
    draws = [Report("kill", seed).random(trial).random() for seed, trial in ((1, 2), (1, 2), (1, 3), (2, 2))]
    assert draws[0] == draws[1] and len({*draws}) == 3


def test_a_share_of_numbered_things_is_drawn_and_all_of_them_at_full_scale() -> None:
    assert Report("flips", 1).sample(50) == list(range(50))
    share = Report("flips", 1, scale=0.1).sample(50)
    assert len(share) == 5 and share == Report("flips", 1, scale=0.1).sample(50)
    assert Report("flips", 1, scale=0.001).sample(50)


@pytest.mark.parametrize("name", rig_names())
def test_every_rig_says_what_it_is(name: str) -> None:
    rig = load_rig(name)
    assert rig.TITLE and rig.HOLDS and rig.COUNT >= 0 and rig.SECONDS > 0
