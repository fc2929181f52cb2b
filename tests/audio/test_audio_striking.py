import os
import tempfile
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from audio_store import RATE, Store, noise
from hypothesis import given, settings
from hypothesis import strategies as st

from facilitator.audio import record_writer
from facilitator.audio.container import RecordWriter, Struck, record_files
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


def test_a_strike_makes_a_writer_whole_that_lost_sound(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    sound = noise(12 * BLOCK)

    def refusing(*_: object) -> None:
        raise OSError(5, "Input/output error")

    with store.writer() as writer:
        writer.append(sound[: 4 * BLOCK].tobytes(), 0)
        writer.sync()
        place = store.reader().place_of(500)
        assert place is not None
        with monkeypatch.context() as patch:
            patch.setattr(os, "write", refusing)
            with pytest.raises(StorageFailed):
                writer.append(sound[4 * BLOCK : 6 * BLOCK].tobytes(), 4 * BLOCK)
        with pytest.raises(StorageFailed):
            writer.sync()
        struck = writer.strike(place.file, place.offset)
        assert struck.records == 2 and writer.synced_end == writer.end_sample == 4 * BLOCK
        link, next_seq = writer.head, writer.next_seq
        writer.append(sound[6 * BLOCK :].tobytes(), 6 * BLOCK)
        writer.sync()
        assert writer.synced_end == 12 * BLOCK
    reader = store.reader(struck=[Struck(2, next_seq, bytes.fromhex(link), 6 * BLOCK)])
    assert not reader.check().damage
    assert np.array_equal(reader.read(1_500, 3_000), sound[6 * BLOCK :])


def test_what_lies_before_a_strike_and_was_refused_is_stored_anew(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    sound = noise(6 * BLOCK)

    def refusing(fd: int) -> None:
        raise OSError(5, "Input/output error")

    with store.writer() as writer:
        writer.append(sound[: 2 * BLOCK].tobytes(), 0)
        writer.sync()
        synced = (store.folder / "0001.rec").read_bytes()
        writer.append(sound[2 * BLOCK :].tobytes(), 2 * BLOCK)
        place = store.reader().place_of(1_000)
        assert place is not None and place.seq == 4
        with monkeypatch.context() as patch:
            patch.setattr(os, "fdatasync", refusing)
            with pytest.raises(StorageFailed):
                writer.sync()
            writer.strike(place.file, place.offset)
            assert writer.synced_end == 2 * BLOCK
        writer.sync()
        assert writer.synced_end == writer.end_sample
        (store.folder / "0001.rec").write_bytes(synced)  # as a cut would leave it
        link, next_seq = writer.head, writer.next_seq
        writer.append(sound[:BLOCK].tobytes(), 8 * BLOCK)
    reader = store.reader(struck=[Struck(4, next_seq, bytes.fromhex(link), 6 * BLOCK)])
    assert not reader.check().damage
    assert np.array_equal(reader.read(0, 1_000), sound[: 4 * BLOCK])
    assert reader.pauses == [(1_000, 1_000)]


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


def test_no_more_than_the_latest_minute_is_taken_back(store: Store) -> None:
    with store.writer() as writer:
        writer.append(noise(300 * BLOCK).tobytes(), 0)
        assert writer.rewind(0)
        assert (writer.samples, writer.end_sample) == (60 * BLOCK, 60 * BLOCK)
        assert not writer.rewind(0)
    assert not store.reader().check().damage


@pytest.mark.parametrize("seconds", [0.0, 1.9, 2.0, 9.9, 10.1, 30.3, 58.0, 59.99])
def test_a_minute_is_taken_back_over_many_files_and_a_gap(store: Store, seconds: float) -> None:
    """Of the latest ten seconds to the sample, of what is older by whole records; a gap of 3 s lies 20 s back."""
    sound, gap_at, gap = noise(280 * BLOCK), 200 * BLOCK, 3 * RATE
    begins = [first + (gap if first >= gap_at else 0) for first in range(0, len(sound), BLOCK)]
    with store.writer() as writer:
        for number, first in enumerate(begins):
            writer.append(sound[number * BLOCK : (number + 1) * BLOCK].tobytes(), first)
            if number % 4 == 3:
                writer.sync()
        end = begins[-1] + BLOCK
        at = end - int(seconds * RATE)
        stays = [first for first in begins if first + BLOCK <= at]
        whole = stays[-1] + BLOCK
        assert writer.rewind(at) == (seconds > 0)
        assert writer.end_sample == (at if seconds < 10 else whole)
        assert writer.synced_end is not None and writer.synced_end <= writer.end_sample
        writer.append(sound[:BLOCK].tobytes(), end + RATE)
        writer.sync()
        head, samples, kept_to = writer.head, writer.samples, min(at, writer.synced_end)
    reader = store.reader()
    integrity = reader.check()
    assert (integrity.head, integrity.samples, integrity.damage) == (head, samples, ())
    expected = np.zeros(end + RATE + BLOCK, dtype="<i2")
    for number, first in enumerate(begins):
        expected[first : first + BLOCK] = sound[number * BLOCK : (number + 1) * BLOCK]
    expected[kept_to if seconds < 10 else whole :] = 0
    expected[end + RATE :] = sound[:BLOCK]
    assert np.array_equal(reader.read(0, reader.length_ms), expected)


def _sync(writer: RecordWriter, refusals: int) -> None:
    """On a disk that refuses so often; twice is once more than the writer can make good at once."""
    errors, real = iter([OSError(5, "Input/output error")] * refusals), os.fdatasync

    def refusing(fd: int) -> None:
        if (error := next(errors, None)) is not None:
            raise error
        real(fd)

    with pytest.MonkeyPatch.context() as patch, suppress(StorageFailed):
        patch.setattr(os, "fdatasync", refusing)
        writer.sync()


_STEPS = st.one_of(
    st.tuples(st.just("append"), st.integers(1, 30 * BLOCK)),
    st.tuples(st.just("gap"), st.integers(1, 2 * RATE)),
    st.tuples(st.just("sync"), st.integers(0, 2)),
    st.tuples(st.just("rewind"), st.integers(0, 25 * RATE)),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(_STEPS, min_size=2, max_size=14))
def test_whatever_was_taken_back_is_gone_and_the_rest_is_whole(steps: list[tuple[str, int]]) -> None:
    """In small: files of 2 s, 12 s that can be taken back, of which the sound of the last 2 s is in memory."""
    sound, heard, at, latest = noise(120 * RATE), np.zeros(0, dtype="<i2"), 0, 0
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory() as name:
        for what, value in (("FILE_SECONDS", 2), ("_EXACT", 8), ("REWIND_SECONDS", 12)):
            patch.setattr(record_writer, what, value)
        store = Store(Path(name) / "audio")
        with store.writer() as writer:
            for what, size in steps:
                if what == "append":
                    heard = np.concatenate([heard, np.zeros(at - len(heard), "<i2"), sound[at : at + size]])
                    writer.append(sound[at : at + size].tobytes(), at)
                    at = latest = at + size
                elif what == "gap":
                    at += size
                elif what == "rewind":
                    sample = max(len(heard) - size, latest - 12 * RATE)
                    assert writer.rewind(len(heard) - size) == heard[max(0, sample) :].any()
                    heard = heard[: writer.end_sample]
                    assert not heard[max(0, sample) :].any() and len(heard) > sample - BLOCK
                else:
                    _sync(writer, size)
        if writer.samples:
            reader = store.reader()
            integrity = reader.check()
            assert (integrity.head, integrity.samples, integrity.damage) == (writer.head, writer.samples, ())
            assert np.array_equal(reader._samples(0, len(heard)), heard) and reader.end_sample <= len(heard)
            assert writer.synced_end == writer.end_sample


def test_what_is_taken_back_twice_in_a_row_is_gone(store: Store) -> None:
    sound = noise(100 * BLOCK)
    with store.writer() as writer:
        writer.append(sound.tobytes(), 0)
        assert writer.rewind(90 * BLOCK)
        assert writer.rewind(30 * BLOCK + 7)
        assert writer.end_sample == 30 * BLOCK
        assert writer.rewind(25 * BLOCK)
        writer.append(sound[:BLOCK].tobytes(), 200 * BLOCK)
        head = writer.head
    reader = store.reader()
    assert (reader.check().head, reader.check().damage) == (head, ())
    assert reader.pauses == [(25 * 250, (200 - 25) * 250)]
    assert np.array_equal(reader.read(0, 25 * 250), sound[: 25 * BLOCK])


def test_what_is_taken_back_is_gone_though_the_disk_refuses_the_rest(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    sound = noise(8 * BLOCK)
    with store.writer() as writer:
        writer.append(sound[: 4 * BLOCK].tobytes(), 0)
        writer.sync()
        writer.append(sound[4 * BLOCK :].tobytes(), 4 * BLOCK)

        def refusing(fd: int) -> None:
            raise OSError(5, "Input/output error")

        with monkeypatch.context() as patch:
            patch.setattr(os, "fdatasync", refusing)
            assert writer.rewind(6 * BLOCK)
            assert (writer.end_sample, writer.synced_end) == (6 * BLOCK, 4 * BLOCK)
            with pytest.raises(StorageFailed):
                writer.sync()
        writer.sync()
        assert writer.synced_end == 6 * BLOCK
    (store.folder / "0001.rec").unlink()  # none of what a failed sync left behind is needed
    assert [slot.seq for slot in store.reader()._slots] == [4, 5]


def test_a_minute_in_memory_is_mostly_without_its_sound(store: Store) -> None:
    with store.writer() as writer:
        for number in range(300):
            writer.append(noise(BLOCK, number).tobytes(), number * BLOCK)
        held = sum(len(item.pcm) for item in writer._latest)
    assert held == 10 * RATE * 2


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
