import shutil
import time
from collections import namedtuple
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from facilitator.audio.machine_watch import MachineWatch
from facilitator.audio.messages import Alarm
from facilitator.audio.source_route import Route, RouteJudge
from facilitator.audio.timeline import BUSY, Block, Placed
from facilitator.audio.watch import SoundWatch, Troubles
from facilitator.domain.recording import Trouble

RATE, BLOCK, MS = 8000, 2000, 1_000_000
ORIGIN = 77_000 * MS
VOICE = np.random.default_rng(1).integers(-9_000, 9_000, BLOCK).astype("<i2").tobytes()
_Told = list[tuple[Trouble, int, bool]]


class Watched:
    """A watch over a take that begins at 10 s of the session clock; times are given in ms since then."""

    def __init__(self) -> None:
        self.alarms: list[Alarm] = []
        self.troubles = Troubles(self.alarms.append)
        self.watch = SoundWatch(self.troubles, RATE, 10_000, ORIGIN)
        self.end = 10 * RATE

    def hear(self, pcm: bytes, at_ms: int | None = None, reason: str = "") -> None:
        self.end += len(pcm) // 2
        arrived = (self.end * 1000 // RATE - 10_000) if at_ms is None else at_ms
        self.watch.arrived(Block(pcm, ORIGIN + arrived * MS, reason))
        self.watch.placed(Placed(self.end - len(pcm) // 2, pcm))

    def look(self, at_ms: int, heard_ms: int) -> None:
        self.watch.look(ORIGIN + at_ms * MS, ORIGIN + heard_ms * MS)

    def drift(self, at_ms: int, off_ms: float) -> None:
        self.watch.drifted(int(off_ms * MS), ORIGIN + at_ms * MS)

    @property
    def told(self) -> _Told:
        return [(Trouble(alarm.trouble), alarm.at_ms, alarm.over) for alarm in self.alarms]


def same(value: int, samples: int = BLOCK) -> bytes:
    return np.full(samples, value, "<i2").tobytes()


def test_sound_as_it_should_be_is_no_trouble() -> None:
    watched = Watched()
    for number in range(100):
        watched.hear(VOICE)
        watched.look(250 * number + 600, 250 * number + 250)
        watched.drift(250 * number, 3.0)
    assert watched.told == []


def test_half_a_second_without_a_block_is_told_while_it_lasts_and_dated_from_the_last_sound() -> None:
    watched = Watched()
    watched.hear(VOICE)
    watched.look(749, 250)
    assert watched.told == []
    watched.look(750, 250)
    watched.look(950, 250)
    assert watched.told == [(Trouble.NO_SOUND, 10_250, False)]
    watched.hear(VOICE, 3_000)
    assert watched.told[1:] == [(Trouble.NO_SOUND, 13_000, True)]


def test_blocks_that_wait_for_a_slow_disk_are_no_missing_sound() -> None:
    watched = Watched()
    watched.hear(VOICE)
    watched.look(3_000, 2_900)
    watched.hear(VOICE, 500)
    assert watched.told == []


def test_a_stall_that_nobody_looked_at_is_told_when_it_is_over() -> None:
    watched = Watched()
    watched.hear(VOICE)
    watched.hear(VOICE, 900)
    assert watched.told == [(Trouble.NO_SOUND, 10_250, False), (Trouble.NO_SOUND, 10_900, True)]


@pytest.mark.parametrize(("value", "trouble"), [(0, Trouble.SILENT), (-3, Trouble.STUCK), (257, Trouble.STUCK)])
@pytest.mark.parametrize("lead", [0, 1, 777, BLOCK - 1])
def test_two_seconds_of_one_value_are_told_within_the_block(value: int, trouble: Trouble, lead: int) -> None:
    watched = Watched()
    voice = np.frombuffer(VOICE, "<i2").copy()
    voice[voice == value] = 99
    watched.hear(np.concatenate([voice[:lead], np.full(BLOCK - lead, value)]).astype("<i2").tobytes())
    begins = 10_000 + lead * 1000 // RATE
    for number in range(1, 12):
        before = len(watched.told)
        watched.hear(same(value))
        assert len(watched.told) - before == (1 if number == (7 if lead == 0 else 8) else 0)
    assert watched.told == [(trouble, begins, False)]
    watched.hear(np.concatenate([np.full(100, value), voice[100:]]).astype("<i2").tobytes())
    assert watched.told[1:] == [(trouble, 13_000 + 100 * 1000 // RATE, True)]


def test_less_than_two_seconds_of_one_value_are_nothing() -> None:
    watched = Watched()
    for value in (0, 5):
        for _ in range(7):
            watched.hear(same(value))
        watched.hear(same(value, BLOCK - 1))
        watched.hear(VOICE)
    assert watched.told == []


def test_a_value_that_changes_and_one_across_a_gap_are_not_stuck() -> None:
    watched = Watched()
    for number in range(20):
        watched.hear(same(number % 2))
    for _ in range(3):
        watched.hear(same(7))
        watched.hear(same(7))
        watched.end += 10 * RATE
    assert [one for one in watched.told if one[0] is not Trouble.NO_SOUND] == []


@pytest.mark.parametrize("value", [32767, -32768, -32767])
def test_three_samples_at_full_scale_are_clipping_until_five_seconds_without(value: int) -> None:
    watched = Watched()
    pcm = np.frombuffer(VOICE, "<i2").copy()
    pcm[700:702] = value
    watched.hear(pcm.tobytes())
    assert watched.told == []
    pcm[702] = value
    watched.hear(pcm.tobytes())
    assert watched.told == [(Trouble.CLIPPING, 10_250, False)]
    for _ in range(19):
        watched.hear(VOICE)
    assert len(watched.told) == 1
    watched.hear(VOICE)
    assert watched.told[1:] == [(Trouble.CLIPPING, 15_500, True)]


def test_bytes_that_look_full_scale_between_two_samples_are_not_clipping() -> None:
    watched = Watched()
    watched.hear(np.array([-129] * 5 + [128, 32_512] * 5, "<i2").tobytes())  # ff 7f, 00 80 at odd places
    assert watched.told == []


def test_each_overflow_is_told_with_its_number_and_is_over_after_five_seconds() -> None:
    watched = Watched()
    watched.hear(VOICE, reason=BUSY)
    watched.hear(VOICE, reason=BUSY)
    for _ in range(21):
        watched.hear(VOICE)
    assert watched.told == [
        (Trouble.OVERFLOW, 10_250, False),
        (Trouble.OVERFLOW, 10_500, True),
        (Trouble.OVERFLOW, 10_500, False),
        (Trouble.OVERFLOW, 15_500, True),
    ]
    assert [alarm.detail for alarm in watched.alarms if not alarm.over] == [
        "1 time in this recording",
        "2 times in this recording",
    ]


def test_drift_is_told_at_each_tenth_of_a_second_with_its_rate() -> None:
    watched = Watched()
    for second in range(3_700):
        watched.drift(second * 1000, 40 + second * 0.06)
    begun = [alarm for alarm in watched.alarms if not alarm.over]
    assert [round(alarm.at_ms / 1000) - 10 for alarm in begun] == [10 + 1_667, 10 + 3_334]
    assert begun[0].detail == "the sound is 100 ms behind the clock, 60 parts per million"
    assert "200 ms" in begun[1].detail


def test_a_fast_device_drifts_ahead() -> None:
    watched = Watched()
    watched.drift(10_000, 0)
    watched.drift(1_010_000, -100)
    assert watched.alarms[0].detail == "the sound is 100 ms ahead of the clock, 100 parts per million"


def writer(**changes: Any) -> Any:
    return SimpleNamespace(**{"busy_since_ns": None, "rewrites": 0, "has_ballast": True} | changes)


class Machine:
    """A watch over a disk with room for `minutes` of sound."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, minutes: float) -> None:
        self.alarms: list[Alarm] = []
        self.minutes = minutes
        usage = namedtuple("usage", "free")
        rate = 60 * (2 * RATE + 1600)
        monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(int(self.minutes * rate)))
        self.watch = MachineWatch(Troubles(self.alarms.append), Path(), RATE, 0)
        self.asleep = 0

    def look(self, at_ms: int, **changes: Any) -> list[tuple[str, bool, str]]:
        before = len(self.alarms)
        self.watch.look(at_ms * MS, at_ms, writer(**changes), self.asleep)
        return [(alarm.trouble, alarm.over, alarm.detail) for alarm in self.alarms[before:]]


def test_the_room_left_is_told_at_thirty_ten_and_five_minutes(monkeypatch: pytest.MonkeyPatch) -> None:
    machine, told = Machine(monkeypatch, 40.0), []
    for number in range(400):
        told += machine.look(number * 5_000)
        machine.minutes -= 0.1
    assert [detail for _, over, detail in told if not over] == [
        f"room for less than {minutes} minutes of sound" for minutes in (30, 10, 5)
    ]
    machine.minutes = 34.9
    assert machine.look(3_000_000) == []
    machine.minutes = 36.0
    assert machine.look(3_005_000) == [("the disk is nearly full", True, "")]


def test_a_reserve_given_up_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    machine = Machine(monkeypatch, 100.0)
    assert machine.look(0) == []
    assert [over for _, over, _ in machine.look(200, has_ballast=False)] == [False]


def test_a_write_that_hangs_is_told_while_it_does(monkeypatch: pytest.MonkeyPatch) -> None:
    machine, now = Machine(monkeypatch, 100.0), time.monotonic_ns()
    assert machine.look(1_000, busy_since_ns=now - 900 * MS) == []
    ((trouble, over, _),) = machine.look(2_000, busy_since_ns=now - 1_100 * MS)
    assert (trouble, over) == (Trouble.STORING, False)
    assert machine.alarms[0].at_ms < 1_000
    assert machine.look(6_900) == []
    assert [over for _, over, _ in machine.look(7_000)] == [True]


def test_sound_stored_anew_and_sleep_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    machine = Machine(monkeypatch, 100.0)
    assert [trouble for trouble, _, _ in machine.look(0, rewrites=1)] == [Trouble.STORING]
    machine.asleep = 35 * 1_000_000_000
    ((trouble, _, detail),) = machine.look(1_000, rewrites=1)
    assert (trouble, "35 s" in detail) == (Trouble.SLEPT, True)


def route(source: str, *sources: str) -> Route:
    return Route(4, source, source.title(), frozenset(sources))


def test_a_stream_moved_by_hand_is_told_until_it_is_back() -> None:
    alarms, moved = list[Alarm](), list[tuple[int, str]]()
    judge = RouteJudge(Troubles(alarms.append), lambda: 5, lambda stream, source: moved.append((stream, source)))
    judge.look(None)
    for source in ("desk", "desk", "laptop", "laptop", "hall", "desk"):
        judge.look(route(source, "desk", "laptop", "hall"))
    assert [(alarm.over, alarm.detail) for alarm in alarms] == [
        (False, "from Desk to Laptop"),
        (True, ""),
        (False, "from Desk to Hall"),
        (True, ""),
    ]
    assert moved == []


def test_a_stream_whose_source_went_away_is_brought_back_when_it_returns() -> None:
    alarms, moved = list[Alarm](), list[tuple[int, str]]()
    judge = RouteJudge(Troubles(alarms.append), lambda: 5, lambda stream, source: moved.append((stream, source)))
    judge.look(route("desk", "desk", "laptop"))
    judge.look(route("laptop", "laptop"))
    judge.look(route("laptop", "laptop", "desk"))
    judge.look(route("laptop", "laptop", "desk"))
    assert moved == [(4, "desk")]
    judge.look(route("desk", "laptop", "desk"))
    assert [alarm.over for alarm in alarms] == [False, True]
