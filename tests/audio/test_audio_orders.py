import json
from pathlib import Path

import numpy as np
import pytest
from audio_store import RATE, Store
from scripted_take import BLOCK, SECOND, Take

from facilitator.audio import feeder, status_file
from facilitator.audio.commands import Command, collect, post
from facilitator.audio.container import Struck, resume_point
from facilitator.audio.journal import read_journal
from facilitator.audio.level import FLOOR_DB
from facilitator.audio.messages import (
    Alarm,
    Destroyed,
    Gap,
    Level,
    Paused,
    Reached,
    Resumed,
    Started,
    Stopped,
)
from facilitator.domain.errors import UsageError
from facilitator.domain.recording import Pause, Trouble


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "audio")


@pytest.fixture(autouse=True)
def _in_step(monkeypatch: pytest.MonkeyPatch) -> None:
    """A scripted microphone is faster than time; it may be two blocks ahead of the recording, not two hundred."""
    monkeypatch.setattr(feeder, "_QUEUED_BLOCKS", 1)


def struck(gone: Destroyed) -> Struck:
    return Struck(gone.first_seq, gone.next_seq, bytes.fromhex(gone.link), gone.to_ms * RATE // 1000)


@pytest.mark.parametrize("after_ms", [0, 60, 249])
def test_nothing_after_a_pause_is_stored_and_all_after_it_ends_is(store: Store, after_ms: int) -> None:
    take = Take(store, 24)
    take.order(8, "pause", after_ms, why=Pause.OFF_RECORD.value)
    take.order(16, "resume", after_ms)
    assert take.run()
    begins, ends = 2_000 + after_ms, 4_000 + after_ms
    assert take.of(Paused) == [Paused(begins, "off the record")]
    gap, resumed = (take.said.index(take.of(kind)[0]) for kind in (Gap, Resumed))
    assert gap < resumed
    assert take.of(Gap) == [Gap(begins, ends - begins, "off the record")]
    assert take.of(Resumed) == [Resumed(ends)]
    reader = store.reader()
    assert reader.pauses == [(begins, ends - begins)]
    assert np.array_equal(reader.read(0, begins), take.script.sound[: begins * 8])
    assert np.array_equal(reader.read(ends, 6_000), take.script.sound[ends * 8 :])
    assert not reader.check().damage
    assert len(take.of(Level)) >= 24


def test_a_pause_that_was_ordered_a_second_ago_takes_back_what_was_stored_since(store: Store) -> None:
    take = Take(store, 16)
    take.order(9, "pause", -1_100, why="break")
    take.run()
    assert take.of(Paused) == [Paused(1_150, "break")]
    reader = store.reader()
    assert reader.length_ms == 1_150 == take.of(Stopped)[0].end_ms
    assert np.array_equal(reader.read(0, 1_150), take.script.sound[: 1_150 * 8])
    integrity = reader.check()
    assert not integrity.damage and (integrity.head, integrity.samples) == (take.said[-1].head, take.said[-1].samples)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("ago_ms", "begins_ms"),
    [(3_100, 68_900), (9_000, 63_000), (19_100, 52_750), (20_100, 52_000), (30_100, 41_750), (59_000, 13_000)],
)
def test_a_pause_ordered_up_to_a_minute_ago_takes_back_what_was_stored_since(
    store: Store, ago_ms: int, begins_ms: int
) -> None:
    """72 s of sound in several files lie before the order, with a gap from 50 to 52 s; older than 10 s, whole records
    go. The gap that is told is the one of the records, unless it follows another at once."""
    take = Take(store, 300)
    take.order(280, "pause", -ago_ms, why="off the record")
    take.order(290, "resume")

    def lose_two_seconds() -> None:
        take.clock.now += 2 * SECOND

    take.script.before[200] = lose_two_seconds
    take.script.overflows.add(200)
    assert take.run()
    (paused,), (resumed,), off = take.of(Paused), take.of(Resumed), take.of(Gap)[-1]
    assert paused.at_ms == begins_ms
    assert (off.at_ms, off.at_ms + off.length_ms) == (paused.at_ms, resumed.at_ms)
    reader = store.reader()
    integrity = reader.check()
    assert not integrity.damage and (integrity.head, integrity.samples) == (take.said[-1].head, take.said[-1].samples)  # type: ignore[union-attr]
    silent_from = 50_000 if begins_ms == 52_000 else begins_ms
    assert reader.pauses[-1] == (silent_from, resumed.at_ms - silent_from)
    assert not reader.read(paused.at_ms, resumed.at_ms).any()
    before = min(paused.at_ms, 50_000)
    assert np.array_equal(reader.read(0, before), take.script.sound[: before * 8])
    assert np.array_equal(reader.read(resumed.at_ms, 77_000), take.script.sound[resumed.at_ms * 8 - 2 * RATE :])
    reached = [one for one in take.of(Reached) if take.said.index(one) < take.said.index(resumed)]
    assert reached[-1].at_ms <= paused.at_ms, "what was said to be on the disk is corrected"


def test_the_pause_is_in_the_status_and_a_stop_ends_it(store: Store) -> None:
    take, seen = Take(store, 20), list[str]()
    take.order(4, "pause", why="break")

    def look() -> None:
        status = status_file.read_status(store.folder)
        assert status is not None
        seen.append(status.paused)

    take.script.before[12] = look
    take.order(14, "stop")
    assert take.run()
    assert seen == ["break"]
    assert store.reader().length_ms == 1_000
    assert not take.of(Gap) and not take.of(Resumed)


@pytest.mark.parametrize("talk", ["loud", "silent", "stuck"])
def test_nothing_tells_how_loud_it_was_off_the_record(store: Store, talk: str) -> None:
    take, seen = Take(store, 60), list[str]()
    off = take.script.sound[8 * BLOCK : 48 * BLOCK]
    off[:] = {"loud": 32_767, "silent": 0, "stuck": 77}[talk]
    if talk == "loud":
        off[::50] = -32_000
    take.order(8, "pause", why="off the record")
    take.order(48, "resume")

    def look() -> None:
        seen.append((store.folder / "capture.json").read_text())

    take.script.before |= dict.fromkeys(range(12, 44, 4), look)
    assert take.run()
    assert take.of(Alarm) == []
    levels = [one for one in take.of(Level) if 2_000 < one.at_ms <= 12_000]
    assert len(levels) == 40, "the screen hears that the recorder is alive"
    assert {(one.rms_db, one.peak_db) for one in levels} == {(FLOOR_DB, FLOOR_DB)}
    assert len(seen) == 8 and all(json.loads(one)["level"] is None and "_db" not in one for one in seen)
    on_record = [one for one in take.of(Level) if one.at_ms <= 2_000 or 12_000 < one.at_ms <= 15_000]
    assert len(on_record) == 20 and all(one.rms_db > -20 for one in on_record)


def test_the_level_of_a_block_that_is_partly_off_the_record_is_of_the_rest(store: Store) -> None:
    take = Take(store, 12)
    take.script.sound[4 * BLOCK : 5 * BLOCK - BLOCK // 2] = 3
    take.script.sound[5 * BLOCK - BLOCK // 2 : 8 * BLOCK] = 30_000
    take.order(4, "pause", 125, why="break")
    assert take.run()
    levels = {one.at_ms: one.peak_db for one in take.of(Level)}
    assert levels[1_250] < -80 and levels[1_500] == FLOOR_DB


def test_the_level_of_what_a_pause_took_back_is_in_the_status_no_more(store: Store) -> None:
    take, seen = Take(store, 40), list[status_file.Status | None]()
    take.order(20, "pause", -900, why="break")
    real = status_file.write_status

    def noted(folder: Path, status: status_file.Status) -> None:
        seen.append(status)
        real(folder, status)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(status_file, "write_status", noted)
        assert take.run()
    assert {one.level is None for one in seen if one is not None and one.paused} == {True}
    assert {one.level is None for one in seen[2:] if one is not None and not one.paused} == {False}


@pytest.mark.parametrize(("value", "trouble"), [(0, Trouble.SILENT), (77, Trouble.STUCK), (32_767, Trouble.CLIPPING)])
def test_a_trouble_that_lasts_when_a_pause_begins_is_not_ended_by_talk_in_it(
    store: Store, value: int, trouble: Trouble
) -> None:
    """The microphone is bad on the record and well off it: that it was is for nobody to know."""
    take, kind = Take(store, 90), [Trouble.SILENT, Trouble.STUCK] if value != 32_767 else [Trouble.CLIPPING]
    for low, high in ((4, 20), (50, 62)):
        take.script.sound[low * BLOCK : high * BLOCK] = value
    if value == 32_767:
        take.script.sound[: 90 * BLOCK : 20] = 5
    take.order(20, "pause", why="break")
    take.order(50, "resume")
    assert take.run()
    told = [(one.trouble, one.over, one.at_ms) for one in take.of(Alarm) if one.trouble in kind]
    assert [one[:2] for one in told] == [(trouble, False), (trouble, True)]
    assert told[1][2] == (62 * 250 if value != 32_767 else 62 * 250 + 5_000)


def test_what_was_the_same_before_and_after_a_pause_is_not_two_seconds_of_it(store: Store) -> None:
    take = Take(store, 40)
    take.script.sound[12 * BLOCK : 26 * BLOCK] = 0
    take.order(16, "pause", why="break")
    take.order(22, "resume")
    assert take.run()
    assert take.of(Alarm) == []


def test_a_device_lost_over_the_end_of_a_pause_is_a_gap_only_outside_it(store: Store) -> None:
    take = Take(store, 24)
    take.order(4, "pause", why="break")

    def away() -> None:
        take.clock.now += 3_000_000_000

    take.script.before[8] = away
    take.script.overflows.add(8)
    take.order(8, "resume", -1_000)
    take.run()
    assert take.of(Gap) == [Gap(1_000, 3_000, "break"), Gap(4_000, 1_000, "the computer was too busy")]
    reader = store.reader()
    assert np.array_equal(reader.read(5_000, 6_000), take.script.sound[8 * BLOCK : 12 * BLOCK])


def test_a_strike_destroys_up_to_the_moment_and_the_chain_still_verifies(store: Store) -> None:
    take = Take(store, 40)
    take.order(20, "strike", 100, file="0001.rec", offset=0, from_ms=0)
    take.run()
    (gone,) = take.of(Destroyed)
    assert (gone.from_ms, gone.first_seq, gone.next_seq) == (0, 0, gone.to_ms // 250)
    assert gone.samples == gone.next_seq * BLOCK
    assert 5_100 <= gone.to_ms <= 5_500
    plain = store.reader()
    assert plain.check().damage
    reader = store.reader(struck=[struck(gone)])
    integrity = reader.check()
    assert not integrity.damage
    assert reader.pauses == [(0, gone.to_ms)]
    assert (integrity.head, integrity.samples) == (take.said[-1].head, take.said[-1].samples)  # type: ignore[union-attr]
    assert np.array_equal(reader.read(gone.to_ms, 10_000), take.script.sound[gone.to_ms * 8 :])


def test_a_strike_within_a_file_leaves_what_is_before_it(store: Store) -> None:
    take = Take(store, 40)

    def order() -> None:
        reader = store.reader()
        place = reader.place_of(2_600)
        assert place is not None and (place.seq, place.first_sample) == (10, 10 * BLOCK)
        take.orders.put(Command("strike", take.clock.now, "", place.file, place.offset, 2_500, place.seq))

    take.script.before[20] = order
    take.run()
    (gone,) = take.of(Destroyed)
    assert (gone.from_ms, gone.first_seq) == (2_500, 10)
    reader = store.reader(struck=[struck(gone)])
    assert not reader.check().damage
    assert reader.pauses == [(2_500, gone.to_ms - 2_500)]
    assert np.array_equal(reader.read(0, 2_500), take.script.sound[: 2_500 * 8])


def test_a_strike_while_paused_and_one_of_nothing(store: Store) -> None:
    take = Take(store, 24)
    take.order(8, "pause", why="off the record")
    take.order(12, "strike", file="0001.rec", offset=0, from_ms=0)
    take.order(16, "strike", file="0001.rec", offset=0, from_ms=0)
    take.run()
    first, second = take.of(Destroyed)
    assert (first.first_seq, first.next_seq, first.to_ms) == (0, 8, 2_000)
    assert (second.first_seq, second.next_seq, second.samples, second.link) == (8, 8, 0, first.link)
    assert not list(store.folder.glob("*.rec"))
    assert take.said[-1] == Stopped(0, first.link, 2_000, from_outside=True)
    point = resume_point(store.folder, store.keys.identity, struck=[struck(first)])
    assert point.next_seq == 8


def test_the_journal_holds_all_but_levels_and_no_device(store: Store) -> None:
    take = Take(store, 60)
    take.order(8, "pause", why="break")
    take.order(12, "resume")
    take.run()
    written = read_journal(store.folder)
    assert len(take.of(Reached)) >= 1
    spoken = [message for message in take.said if not isinstance(message, Level | Started)]
    assert written[1:] == spoken and isinstance(written[0], Started) and written[0].device == ""
    assert b"scripted" not in (store.folder / "journal.jsonl").read_bytes()
    with (store.folder / "journal.jsonl").open("ab") as file:
        file.write(b'{"kind": "reac')
    assert read_journal(store.folder) == written
    again = Take(store, 4, start_ms=60_000, next_seq=60)
    again.run()
    assert len(read_journal(store.folder)) == 2


def test_what_was_reached_is_told_each_ten_seconds_and_is_on_the_disk(store: Store) -> None:
    take = Take(store, 130)
    seen: list[bool] = []

    def look() -> None:
        told = [message for message in read_journal(store.folder) if isinstance(message, Reached)]
        heads = [message.head for message in told]
        index = store.reader().resume_point()
        seen.append(bool(heads) and told[-1].seq < index.next_seq)

    take.script.before[60] = look
    take.run()
    assert seen == [True]
    assert [round(message.at_ms / 10_000) for message in take.of(Reached)] == [1, 2, 3]


def test_an_order_left_in_the_folder_is_taken_once(tmp_path: Path) -> None:
    order = Command("strike", 5, "", "0001.rec", 8, 250, 1)
    post(tmp_path, order)
    assert collect(tmp_path) == [order]
    assert collect(tmp_path) == []
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "request").write_bytes(b"rubbish\n")
    assert collect(tmp_path) == []
    for line in (b"stop", b"{}", b'{"do": "dance", "at_ns": 1}', b'{"do": "stop", "at_ns": "now"}'):
        with pytest.raises(UsageError):
            Command.from_line(line)


def test_an_order_that_a_hanging_recorder_did_not_take_is_not_replaced_by_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("facilitator.audio.commands._PATIENCE_SECONDS", 0.0)
    orders = [Command("pause", 5, "off the record"), Command("stop", 9)]
    for order in orders:
        post(tmp_path, order)
    assert collect(tmp_path) == orders
    assert list(tmp_path.iterdir()) == []
