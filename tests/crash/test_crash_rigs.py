"""The rigs themselves: that they can miss, that a miss can be repeated, and that what was skipped never counts."""

import os
import random
import signal
import sys
import threading
from pathlib import Path

import pytest

from facilitator.audio.messages import Alarm
from facilitator.domain.recording import Trouble
from facilitator.storage.database import WRITING
from facilitator.storage.files import sync_file, sync_folder

from . import __main__ as command_line
from . import lossy_fuse
from .cached_file import CachedFile, Odds, Write
from .devices_judging import Case, Heard, judge_alarms
from .framework import Outcome, Report, Tried, load_rig, rig_names, tally
from .rig_database import cut_once
from .rig_devices import case_of
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


def test_a_drive_that_hangs_does_not_stay_mounted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if reason := lossy_fuse.absent():
        pytest.skip(reason)
    monkeypatch.setattr(lossy_fuse, "CLOSING_S", 0.3)
    base, mount = tmp_path / "base", tmp_path / "mount"
    base.mkdir()
    mount.mkdir()
    with lossy_fuse.Mounted(mount, base, cut_at=0) as drive:
        assert str(mount) in Path("/proc/mounts").read_text()
        os.kill(drive.pid, signal.SIGSTOP)
    assert str(mount) not in Path("/proc/mounts").read_text()


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
        (
            Outcome(4, 4).noted("6 cuts", "2 notes", left_out="6 real skipped: no room"),
            0,
            "4/4  6 real skipped: no room",
        ),
        (Outcome(4, 4).noted("6 cuts", "2 notes"), 0, "(6 cuts; 2 notes)"),
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


def _odd_ones_miss(chance: random.Random, number: int) -> Tried | str:
    if number == 4:
        thread = threading.Thread(target=int, args=("the watch died",))
        thread.start()
        thread.join()
    if number == 2:
        raise ValueError("it broke")
    return Tried("odd" if number % 2 else "", {"number": number, "even": float(not number % 2)})


def test_figures_are_kept_of_a_miss_too_and_a_thread_that_died_is_one() -> None:
    report = Report("some", 1)
    outcome = tally(report, range(5), _odd_ones_miss)
    assert (outcome.trials, outcome.held) == (5, 1)
    assert report.figures["number"] == [0, 1, 3, 4] and report.total("even") == 2
    assert report.told("number", "ms") == "median 2, worst 4 ms" and report.told("else", "ms") == "none"
    assert [line.split(":")[0] for line in report.missed] == ["trial 1", "trial 2", "trial 3", "trial 4"]
    assert "in a thread: ValueError" in report.missed[3] and "ValueError: it broke" in report.missed[1]


def _alarm(at_ms: float, *, over: bool = False) -> tuple[float, Alarm]:
    return at_ms, Alarm(0, Trouble.SILENT.value, over)


@pytest.mark.parametrize(
    ("said", "faults"),
    [
        ([_alarm(1300), _alarm(2500, over=True)], []),
        ([], ["never told", "is over was never told"]),
        ([_alarm(2001), _alarm(2500, over=True)], ["1001 ms after"]),
        ([_alarm(900), _alarm(2500, over=True)], ["never told", "before the act"]),
        ([_alarm(1300), _alarm(3001, over=True)], ["is over was never told"]),
    ],
)
def test_an_alarm_counts_from_the_act_on_and_its_end_before_the_stop(
    said: list[tuple[float, Alarm]], faults: list[str]
) -> None:
    heard = Heard(act_ms=1000, undo_ms=2000, stop_ms=3000, said=[*said])
    found = judge_alarms(Case("zeros", Trouble.SILENT), heard)
    assert len(found) == len(faults) and all(part in fault for part, fault in zip(faults, found, strict=True))


def test_a_tenth_of_the_device_trials_has_the_most_important_real_ones() -> None:
    tenth = [case_of(number) for number in range(20)]
    real = {case.name for case in tenth if case.real}
    assert real == {"unplug", "move", "mute", "suspend", "default", "zeros"}


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
