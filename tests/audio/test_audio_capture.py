import errno
import os
import shutil
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from audio_store import RATE, Store, noise

from facilitator.audio import feeder, status_file
from facilitator.audio.capture_loop import CaptureLoop
from facilitator.audio.messages import Fault, Gap, Level, Message, Request, Started, Stopped, from_line, to_line
from facilitator.domain.errors import DeviceFailed, UsageError, WorkerFailed

BLOCK = RATE // 4
SECOND = 1_000_000_000


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "audio")


@pytest.fixture(autouse=True)
def _in_step(monkeypatch: pytest.MonkeyPatch) -> None:
    """A scripted microphone is faster than time; it may be two blocks ahead of the recording, not two hundred."""
    monkeypatch.setattr(feeder, "_QUEUED_BLOCKS", 1)


class Clock:
    def __init__(self) -> None:
        self.now = 10 * SECOND

    def __call__(self) -> int:
        return self.now


class Script:
    """A microphone that plays `sound`; before block n it does `before[n]`. It says stop at the end."""

    name = "scripted"

    def __init__(self, clock: Clock, stop: threading.Event, blocks: int) -> None:
        self.clock, self.stop, self.blocks = clock, stop, blocks
        self.sound = noise(blocks * BLOCK)
        self.before: dict[int, Callable[[], None]] = {}
        self.overflows: set[int] = set()
        self.number = self.opened = self.closed = 0

    def open(self) -> "Script":
        self.opened += 1
        return self

    def read(self, frames: int) -> tuple[bytes, bool]:
        number, self.number = self.number, self.number + 1
        if number >= self.blocks:
            self.stop.set()
        self.before.get(number, lambda: None)()
        self.clock.now += frames * SECOND // RATE
        pcm = self.sound[number * frames : (number + 1) * frames].tobytes()
        return pcm.ljust(2 * frames, b"\1"), number in self.overflows

    def close(self) -> None:
        self.closed += 1


class Take:
    """One recording from a script."""

    def __init__(self, store: Store, blocks: int, **changes: Any) -> None:
        self.clock, self.stop = Clock(), threading.Event()
        self.script = Script(self.clock, self.stop, blocks)
        self.said: list[Message] = []
        request = Request(store.folder, "07", store.keys.recipient, None, RATE)
        self.request = replace(request, **changes)

    def run(self) -> bool:
        return CaptureLoop(self.request, self.script.open, self.said.append, self.stop, self.clock).run()

    def of(self, kind: type[Message]) -> list[Any]:
        return [message for message in self.said if isinstance(message, kind)]


def test_a_take_is_stored_and_told(store: Store) -> None:
    take = Take(store, 12, start_ms=2_000, stop_after_ms=2_600)
    assert take.run()
    started, stopped = take.said[0], take.said[-1]
    assert isinstance(started, Started) and isinstance(stopped, Stopped)
    assert (started.device, started.rate, started.start_ms, started.monotonic_ns) == (
        "scripted",
        RATE,
        2_000,
        10 * SECOND,
    )
    assert (stopped.samples, stopped.end_ms) == (2_600 * 8, 4_600)
    assert [level.at_ms for level in take.of(Level)] == [*range(2_250, 4_501, 250), 4_600]
    assert not take.of(Gap)
    reader = store.reader()
    assert reader.check().head == stopped.head
    assert np.array_equal(reader.read(2_000, 4_600), take.script.sound[: 2_600 * 8])
    assert status_file.read_status(store.folder) is None
    assert status_file.read_stopped(store.folder) == stopped
    assert sorted(path.name for path in store.folder.iterdir()) == ["0001.rec", "stopped.json"]


def test_stop_ends_the_take_after_the_block_being_heard(store: Store) -> None:
    take = Take(store, 8)
    assert take.run()
    assert take.script.closed == 1
    assert take.said[-1].samples >= 8 * BLOCK  # type: ignore[union-attr]
    assert np.array_equal(store.reader().read(0, 2_000), take.script.sound)


def test_a_stop_request_in_the_folder_ends_the_take(store: Store) -> None:
    take = Take(store, 1_000)
    take.script.before[6] = lambda: status_file.request_stop(store.folder)
    take.run()
    assert take.of(Stopped)
    assert not status_file.stop_requested(store.folder)


def test_lost_sound_is_a_dated_gap_and_what_follows_is_in_its_place(store: Store) -> None:
    take = Take(store, 24)

    def lose_three_seconds() -> None:
        take.clock.now += 3 * SECOND

    take.script.before[8] = lose_three_seconds
    take.script.overflows.add(8)
    take.run()
    assert take.of(Gap) == [Gap(2_000, 3_000, "the computer was too busy")]
    reader = store.reader()
    assert reader.pauses == [(2_000, 3_000)]
    assert np.array_equal(reader.read(5_000, 9_000), take.script.sound[8 * BLOCK :])


def test_a_device_that_comes_back_goes_on_after_a_gap(store: Store) -> None:
    take = Take(store, 12)

    def unplug() -> None:
        take.clock.now += 2 * SECOND
        raise DeviceFailed("The input was lost.")

    take.script.before[4] = unplug
    take.run()
    faults = take.of(Fault)
    assert [(fault.what, fault.ended) for fault in faults] == [("The input was lost.", False)]
    assert take.script.opened == 2
    assert [gap.reason for gap in take.of(Gap)] == ["the device was lost"]
    assert np.array_equal(store.reader().read(3_000, 4_750), take.script.sound[5 * BLOCK :])


def test_no_sound_at_all_is_an_error_and_leaves_nothing(store: Store) -> None:
    take = Take(store, 1)

    def dead() -> None:
        raise DeviceFailed("Dead.")

    take.script.before[0] = dead
    with pytest.raises(DeviceFailed):
        take.run()
    assert list(store.folder.iterdir()) == []


def test_a_disk_that_refuses_is_told_and_ends_the_take(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(fd: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    take = Take(store, 40)
    take.script.before[5] = lambda: monkeypatch.setattr(os, "fdatasync", failing)
    assert not take.run()
    assert [fault.ended for fault in take.of(Fault)] == [True]
    stopped = take.said[-1]
    assert isinstance(stopped, Stopped) and stopped.end_ms < 5_000
    safe = stopped.end_ms * RATE // 1000
    assert np.array_equal(store.reader().read(0, stopped.end_ms), take.script.sound[:safe])


def test_a_folder_that_is_gone_ends_the_take(store: Store) -> None:
    take = Take(store, 100)
    take.script.before[6] = lambda: shutil.rmtree(store.folder)
    assert not take.run()
    assert [fault.ended for fault in take.of(Fault)][-1]
    assert not store.folder.exists()


def test_a_forgotten_recording_ends_after_twelve_hours(store: Store) -> None:
    take = Take(store, 100)

    def half_a_day() -> None:
        take.clock.now += 12 * 3600 * SECOND

    take.script.before[4] = half_a_day
    assert take.run()
    assert take.script.number <= 12


def test_the_status_says_where_the_recording_is_but_not_on_what_device(store: Store) -> None:
    seen: list[status_file.Status | None] = []
    take = Take(store, 24)
    take.script.before[20] = lambda: seen.append(status_file.read_status(store.folder))
    take.run()
    status = seen[0]
    assert status is not None and status.pid == os.getpid()
    assert (status.start_ms, status.rate, status.started_monotonic_ns) == (0, RATE, 10 * SECOND)
    assert not hasattr(status, "device")


@pytest.mark.parametrize(
    "message",
    [
        Started("mic", 48_000, 5, 7, "2030-01-01T00:00:00+00:00"),
        Level(250, -20.5, -3.0, 0),
        Gap(1, 2, "why"),
        Fault(3, "what", "safe", "do", True),
        Stopped(9, "ab" * 32, 10),
    ],
)
def test_messages_survive_their_line(message: Message) -> None:
    assert from_line(to_line(message)) == message


def test_nonsense_is_no_message_and_no_request() -> None:
    for line in (b"", b"{}", b"[]", b'{"kind": "level"}', b'{"kind": "other"}'):
        with pytest.raises(WorkerFailed):
            from_line(line)
        with pytest.raises(UsageError):
            Request.from_line(line)


def test_a_request_survives_its_line(store: Store) -> None:
    request = Request(store.folder, "07", store.keys.recipient, "mic", 48_000, 1, 2, 3, bytes(range(32)))
    assert Request.from_line(request.to_line()) == request
