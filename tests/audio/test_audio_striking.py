import os
from pathlib import Path

import numpy as np
import pytest
from audio_store import RATE, Store, noise

from facilitator.audio import record_writer
from facilitator.audio.container import Struck, record_files
from facilitator.audio.striking import destroy_from, records_from
from facilitator.domain.errors import StorageFailed, UsageError

BLOCK = RATE // 4


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    monkeypatch.setattr(record_writer, "FILE_SECONDS", 2)  # eight records a file
    return Store(tmp_path / "audio")


def write(store: Store, blocks: int) -> "np.ndarray[tuple[int], np.dtype[np.int16]]":
    sound = noise(blocks * BLOCK)
    with store.writer() as writer:
        writer.append(sound.tobytes(), 0)
    return sound


@pytest.mark.parametrize("record", [0, 1, 7, 8, 11, 19])
def test_everything_from_a_record_on_is_destroyed_and_before_it_nothing(store: Store, record: int) -> None:
    sound = write(store, 20)
    place = store.reader().place_of(record * 250)
    assert place is not None and (place.seq, place.first_sample) == (record, record * BLOCK)
    before = {path.name: path.read_bytes() for path in record_files(store.folder)}
    assert records_from(store.folder, place.file, place.offset).records == 20 - record
    assert records_from(store.folder, place.file, place.offset).samples == (20 - record) * BLOCK
    assert destroy_from(store.folder, place.file, place.offset) > 0
    for path in record_files(store.folder):
        assert before[path.name].startswith(path.read_bytes()) and path.stat().st_size > 8
    if record:
        reader = store.reader()
        assert not reader.check().damage and reader.end_sample == record * BLOCK
        assert np.array_equal(reader.read(0, record * 250), sound[: record * BLOCK])
    else:
        assert record_files(store.folder) == []
    assert destroy_from(store.folder, place.file, place.offset) == 0
    assert records_from(store.folder, place.file, place.offset).records == 0


def test_the_bytes_are_overwritten_before_they_are_cut_off(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    write(store, 3)
    place = store.reader().place_of(250)
    assert place is not None
    whole = (store.folder / place.file).read_bytes()
    seen: list[bytes] = []
    cut = os.ftruncate

    def spy(fd: int, size: int) -> None:
        seen.append((store.folder / place.file).read_bytes())
        cut(fd, size)

    monkeypatch.setattr(os, "ftruncate", spy)
    destroy_from(store.folder, place.file, place.offset)
    assert seen == [whole[: place.offset] + bytes(len(whole) - place.offset)]


@pytest.mark.parametrize("step", range(12))
def test_a_crash_at_any_step_leaves_a_beginning_and_can_be_carried_on(
    store: Store, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    sound = write(store, 20)
    place = store.reader().place_of(2_500)
    assert place is not None
    steps = iter(range(100))

    def failing(real: object) -> object:
        def call(*given: object) -> object:
            if next(steps) == step:
                raise OSError(5, "Input/output error")
            return real(*given)  # type: ignore[operator]

        return call

    with monkeypatch.context() as patch:
        for name in ("fsync", "ftruncate", "unlink", "write"):
            patch.setattr(os, name, failing(getattr(os, name)))
        try:
            destroy_from(store.folder, place.file, place.offset)
            assert step >= next(steps)
        except StorageFailed:
            pass
    again = store.reader().place_of(2_500)
    if again is not None:
        destroy_from(store.folder, again.file, again.offset)
    reader = store.reader()
    assert reader.end_sample == 10 * BLOCK and not reader.check().damage
    assert np.array_equal(reader.read(0, 2_500), sound[: 10 * BLOCK])


def test_records_that_were_written_twice_are_destroyed_twice_and_counted_once(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    with store.writer() as writer:
        writer.append(noise(4 * BLOCK).tobytes(), 0)
        writer.sync()
        writer.append(noise(2 * BLOCK, 2).tobytes(), 4 * BLOCK)
        with monkeypatch.context() as patch:
            calls = iter([OSError(5, "Input/output error")])

            def once(fd: int) -> None:
                if (error := next(calls, None)) is not None:
                    raise error

            patch.setattr(os, "fdatasync", once)
            writer.sync()
        assert writer.rewrites == 1
        place = store.reader().place_of(1_100)
        assert place is not None and (place.file, place.seq) == ("0001.rec", 4)
        assert records_from(store.folder, place.file, place.offset).records == 2
        gone = writer.strike(place.file, place.offset)
        assert (gone.records, gone.samples, writer.samples) == (2, 2 * BLOCK, 4 * BLOCK)
        writer.append(noise(BLOCK, 3).tobytes(), 6 * BLOCK)
    struck = Struck(4, 6, store.reader()._opener.open(_last_blob(store)).previous, 6 * BLOCK)  # type: ignore[union-attr]
    reader = store.reader(struck=[struck])
    assert not reader.check().damage
    assert reader.pauses == [(1_000, 500)]


def _last_blob(store: Store) -> bytes:
    return record_files(store.folder)[-1].read_bytes()[12:]


def test_what_waits_for_a_sync_is_not_written_again_after_a_strike(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    with store.writer() as writer:
        writer.append(noise(4 * BLOCK).tobytes(), 0)
        writer.strike("0001.rec", 0)
        writer.append(noise(BLOCK, 2).tobytes(), 4 * BLOCK)
        with monkeypatch.context() as patch:
            calls = iter([OSError(5, "Input/output error")])

            def once(fd: int) -> None:
                if (error := next(calls, None)) is not None:
                    raise error

            patch.setattr(os, "fdatasync", once)
            writer.sync()
    assert [slot.seq for slot in store.reader()._slots] == [4]


def test_only_names_of_record_files_are_taken(store: Store) -> None:
    write(store, 1)
    for name in ("../0001.rec", "session.db", "", "0001.rec/x"):
        with pytest.raises(UsageError):
            destroy_from(store.folder, name, 0)


@pytest.mark.parametrize("at", [0, 1, 3_999, 4_000, 4_001, 9_999, 10_000])
def test_what_was_stored_too_long_is_taken_back(store: Store, at: int) -> None:
    sound = noise(5 * BLOCK)
    with store.writer() as writer:
        writer.append(sound.tobytes(), 0)
        writer.sync()
        writer.rewind(at)
        assert (writer.end_sample, writer.samples) == (at, at)
        writer.append(sound[:BLOCK].tobytes(), 3 * RATE)
        head, samples = writer.head, writer.samples
    reader = store.reader()
    integrity = reader.check()
    assert (integrity.head, integrity.samples, integrity.damage) == (head, samples, ())
    assert np.array_equal(reader.read(0, 1_250)[:at], sound[:at])
    assert not reader.read(0, 1_250)[at:].any()


def test_no_more_than_the_latest_is_taken_back(store: Store) -> None:
    with store.writer() as writer:
        writer.append(noise(30 * BLOCK).tobytes(), 0)
        writer.rewind(0)
        assert writer.samples == 22 * BLOCK
    assert not store.reader().check().damage


def test_what_was_written_twice_is_taken_back_from_both_files(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    sound = noise(7 * BLOCK)
    with store.writer() as writer:
        writer.append(sound[: 6 * BLOCK].tobytes(), 0)
        with monkeypatch.context() as patch:
            calls = iter([OSError(5, "Input/output error")])
            real = os.fdatasync

            def once(fd: int) -> None:
                if error := next(calls, None):
                    raise error
                real(fd)

            patch.setattr(os, "fdatasync", once)
            writer.sync()
        writer.append(sound[6 * BLOCK :].tobytes(), 6 * BLOCK)
        assert len(record_files(store.folder)) == 2
        assert writer.rewind(4 * BLOCK + 100)
        writer.append(sound[: 2 * BLOCK].tobytes(), 9 * BLOCK)
    for path in record_files(store.folder):
        assert path.stat().st_size < 5 * 2 * 2 * BLOCK  # none of the copies holds more than four whole records
    reader = store.reader()
    integrity = reader.check()
    assert integrity.damage == () and integrity.samples == writer.samples and integrity.head == writer.head
    assert np.array_equal(reader.read(0, 1_000), sound[: 4 * BLOCK])
    assert reader.missing == [(4 * BLOCK + 100, 9 * BLOCK)]
