import errno
import os
import shutil
import time
from pathlib import Path

import numpy as np
import pytest
from audio_store import RATE, Store
from scripted_take import BLOCK, SECOND, Script, Take

from facilitator.audio import capture_loop, commands, feeder, status_file
from facilitator.audio.commands import Command
from facilitator.audio.container import Struck
from facilitator.audio.messages import (
    STRIKE_FAILED,
    Alarm,
    Awake,
    Destroyed,
    Fault,
    Gap,
    Level,
    Message,
    Paused,
    Reached,
    Request,
    Resumed,
    Started,
    Stopped,
    from_line,
    to_line,
)
from facilitator.audio.taking import Taking
from facilitator.domain.errors import DeviceFailed, UsageError, WorkerFailed
from facilitator.domain.recording import Trouble


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "audio")


@pytest.fixture(autouse=True)
def _in_step(monkeypatch: pytest.MonkeyPatch) -> None:
    """A scripted microphone is faster than time; it may be two blocks ahead of the recording, not two hundred."""
    monkeypatch.setattr(feeder, "_QUEUED_BLOCKS", 1)


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
    assert sorted(path.name for path in store.folder.iterdir()) == ["0001.rec", "journal.jsonl", "stopped.json"]


def test_stop_ends_the_take_after_the_block_being_heard(store: Store) -> None:
    take = Take(store, 8)
    assert take.run()
    assert take.script.closed == 1
    assert take.said[-1].samples >= 8 * BLOCK  # type: ignore[union-attr]
    assert np.array_equal(store.reader().read(0, 2_000), take.script.sound)


def test_a_stop_request_in_the_folder_ends_the_take(store: Store) -> None:
    take = Take(store, 1_000)
    take.script.before[6] = lambda: commands.post(store.folder, Command("stop", take.clock.now))
    take.run()
    assert take.of(Stopped)
    assert take.script.number < 20
    assert not [path for path in store.folder.iterdir() if "request" in path.name]


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
    assert not take.of(Fault)
    alarms = [(alarm.trouble, alarm.over, alarm.detail) for alarm in take.of(Alarm)]
    assert [alarm for alarm in alarms if alarm[0] == Trouble.DEVICE_LOST] == [
        (Trouble.DEVICE_LOST, False, "The input was lost."),
        (Trouble.DEVICE_LOST, True, ""),
    ]
    assert take.script.opened == 2
    assert [gap.reason for gap in take.of(Gap)] == ["the device was lost"]
    assert np.array_equal(store.reader().read(3_000, 4_750), take.script.sound[5 * BLOCK :])


def test_an_input_that_cannot_be_opened_for_a_while_goes_on_when_it_can(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feeder, "_REOPEN_SECONDS", 0.0)
    take, refused = Take(store, 12), iter([UsageError("It has no channel 2."), OSError("sound server")])

    def unplug() -> None:
        take.clock.now += 2 * SECOND
        raise DeviceFailed("The input was lost.")

    def open_again() -> Script:
        if take.script.opened and (error := next(refused, None)) is not None:
            raise error
        return take.script.open()

    take.script.before[4] = unplug
    assert take.run(open_again)
    lost = [(one.over, one.detail) for one in take.of(Alarm) if one.trouble == Trouble.DEVICE_LOST]
    assert lost == [(False, "The input was lost."), (True, "")]
    assert take.script.opened == 2
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


def test_a_disk_that_hangs_is_told_while_it_hangs(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    take = Take(store, 24)
    real, told = os.fdatasync, list[bool]()

    def slow(fd: int) -> None:
        if not told:
            deadline = time.monotonic() + 20
            while not take.of(Alarm) and time.monotonic() < deadline:
                time.sleep(0.01)
            told.append(any(alarm.trouble == Trouble.STORING for alarm in take.of(Alarm)))
        real(fd)

    take.script.before[5] = lambda: monkeypatch.setattr(os, "fdatasync", slow)
    assert take.run()
    assert told == [True]


def test_a_sync_that_fails_once_is_told_and_loses_nothing(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    take = Take(store, 40)
    real, refused = os.fdatasync, list[int]()

    def once(fd: int) -> None:
        if not refused:
            refused.append(fd)
            raise OSError(errno.EIO, "Input/output error")
        real(fd)

    def wait_for_the_watch() -> None:
        deadline = time.monotonic() + 20
        while not take.of(Alarm) and time.monotonic() < deadline:
            time.sleep(0.01)

    take.script.before[5] = lambda: monkeypatch.setattr(os, "fdatasync", once)
    take.script.before[30] = wait_for_the_watch
    assert take.run()
    assert Trouble.STORING in {alarm.trouble for alarm in take.of(Alarm)}
    assert np.array_equal(store.reader().read(0, 10_000), take.script.sound)


def test_a_journal_that_cannot_be_written_is_no_trouble(store: Store) -> None:
    store.folder.mkdir()
    (store.folder / "journal.jsonl").symlink_to("/dev/full")
    take = Take(store, 60)
    assert take.run()
    assert not take.of(Fault)
    assert np.array_equal(store.reader().read(0, 15_000), take.script.sound)


def test_another_default_device_is_used_but_told(store: Store) -> None:
    take = Take(store, 24)
    names = iter(["desk", "lap", "desk"])

    def open_next() -> Script:
        take.script.name = next(names)
        return take.script.open()

    def unplug() -> None:
        raise DeviceFailed("Lost.")

    take.script.before |= {4: unplug, 12: unplug}
    take.run(open_next)
    changed = [alarm for alarm in take.of(Alarm) if alarm.trouble == Trouble.DEVICE_CHANGED]
    assert [(alarm.over, alarm.detail) for alarm in changed] == [(False, "from desk to lap"), (True, "")]
    assert b"desk" not in (store.folder / "journal.jsonl").read_bytes()


def test_a_trouble_is_over_when_the_recording_is(store: Store) -> None:
    take = Take(store, 24)
    take.script.sound[8 * BLOCK :] = 0
    take.run()
    told = [(alarm.trouble, alarm.at_ms, alarm.over) for alarm in take.of(Alarm)]
    assert told[0] == (Trouble.SILENT, 2_000, False)
    assert told[1][0] == Trouble.SILENT and told[1][2]
    assert isinstance(take.said[-1], Stopped)


def test_a_strike_that_the_disk_refuses_is_told_and_the_recording_goes_on(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    take = Take(store, 24)

    def failing(fd: int, size: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    real = os.ftruncate
    take.script.before[10] = lambda: monkeypatch.setattr(os, "ftruncate", failing)
    take.order(11, "strike", file="0001.rec", offset=8, from_ms=0)
    take.script.before[20] = lambda: monkeypatch.setattr(os, "ftruncate", real)
    assert take.run()
    assert [fault.what for fault in take.of(Fault)] == [STRIKE_FAILED]
    assert not take.of(Destroyed)
    assert np.array_equal(store.reader().read(5_000, 6_000), take.script.sound[20 * BLOCK :])


@pytest.mark.parametrize("refusals", [2, 10_000])
def test_a_disk_that_refuses_at_a_strike_is_made_good_or_ends_the_take(
    store: Store, monkeypatch: pytest.MonkeyPatch, refusals: int
) -> None:
    take, real, strike, refused, synced = Take(store, 80), os.fdatasync, Taking.strike, list[int](), list[int]()

    def refusing(fd: int) -> None:
        if len(refused) < refusals:
            refused.append(fd)
            raise OSError(errno.EIO, "Input/output error")
        real(fd)
        synced.append(fd)

    def struck_on_a_bad_disk(taking: Taking, order: Command) -> None:
        monkeypatch.setattr(os, "fdatasync", refusing)
        strike(taking, order)
        monkeypatch.setattr(capture_loop, "_SYNC_NS", SECOND)

    monkeypatch.setattr(
        capture_loop, "_SYNC_NS", 60 * SECOND
    )  # until then, so that the strike finds what was not synced
    monkeypatch.setattr(Taking, "strike", struck_on_a_bad_disk)
    take.order(11, "strike", file="0001.rec", offset=0, from_ms=0)
    well = take.run()
    (gone,), stopped = take.of(Destroyed), take.of(Stopped)[0]
    struck = [Struck(gone.first_seq, gone.next_seq, bytes.fromhex(gone.link), gone.to_ms * RATE // 1000)]
    assert well == (refusals == 2)
    if well:
        assert take.of(Fault) == [] and len(synced) > 10
        reader = store.reader(struck=struck)
        assert (reader.check().damage, reader.check().head) == ((), stopped.head)
        assert np.array_equal(reader.read(gone.to_ms, 20_000), take.script.sound[gone.to_ms * 8 :])
    else:
        assert [fault.ended for fault in take.of(Fault)] == [True]
        assert take.script.number < 30 and synced == []
        assert (stopped.samples, stopped.head) == (0, gone.link), "nothing is said to be stored that is not"
        assert max((one.seq for one in take.of(Reached)), default=0) < gone.next_seq


def test_nothing_is_said_to_be_stored_that_a_refusing_disk_may_lose(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    take, real, heads = Take(store, 40), os.fdatasync, list[str]()

    def refuse() -> None:
        heads.append(store.reader().resume_point().previous.hex())

        def failing(fd: int) -> None:
            raise OSError(errno.EIO, "Input/output error")

        monkeypatch.setattr(os, "fdatasync", failing)

    take.script.before[9] = refuse
    assert not take.run()
    monkeypatch.setattr(os, "fdatasync", real)
    stopped = take.of(Stopped)[0]
    reader = store.reader()
    assert stopped.samples * 1000 == stopped.end_ms * RATE
    assert stopped.end_ms < reader.length_ms, "more was written than synced"
    assert all(level.stored_ms <= stopped.end_ms for level in take.of(Level))
    assert status_file.read_stopped(store.folder) == stopped


@pytest.mark.parametrize(
    "message",
    [
        Started("mic", 48_000, 5, 7, "2030-01-01T00:00:00+00:00"),
        Level(250, -20.5, -3.0, 0),
        Gap(1, 2, "why"),
        Fault(3, "what", "safe", "do", True),
        Stopped(9, "ab" * 32, 10),
        Alarm(1, "exact silence", True, "why"),
        Paused(1, "break"),
        Resumed(2),
        Destroyed(1, 2, 3, 4, 5, "ab" * 32),
        Reached(1, 2, "ab" * 32),
        Awake(("a", "b"), ()),
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
