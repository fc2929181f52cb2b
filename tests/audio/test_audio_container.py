import errno
import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from audio_store import RATE, Store, noise
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from facilitator.audio.container import AudioReader, Damage, RecordWriter, record_files, resume_point
from facilitator.audio.record_format import HEADER_SIZE, LENGTH
from facilitator.domain.errors import AccessRefused, Damaged, FacilitatorError, NotFound, StorageFailed, UsageError

BLOCK = RATE // 4


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "audio")


def write(writer: RecordWriter, pcm: NDArray[np.int16], first: int = 0) -> None:
    for at in range(0, len(pcm), BLOCK):
        writer.append(pcm[at : at + BLOCK].tobytes(), first + at)


def stored(store: Store, samples: int, **changes: object) -> NDArray[np.int16]:
    pcm = noise(samples)
    with store.writer(**changes) as writer:
        write(writer, pcm)
    return pcm


def all_of(reader: AudioReader) -> NDArray[np.int16]:
    return np.concatenate([pcm for _, pcm in reader.blocks(seconds=0.7)])


def test_what_was_written_is_read_back_across_files(store: Store) -> None:
    pcm = stored(store, 130 * RATE + 77)
    reader = store.reader()
    assert np.array_equal(all_of(reader), pcm)
    assert (reader.rate, reader.length_ms) == (RATE, 130_009)
    assert [path.name for path in record_files(store.folder)] == ["0001.rec", "0002.rec", "0003.rec"]
    assert record_files(store.folder)[0].stat().st_mode & 0o777 == 0o600
    integrity = reader.check()
    assert (integrity.records, integrity.samples, integrity.damage) == (521, len(pcm), ())
    assert np.array_equal(reader.read(59_900, 60_100), pcm[59_900 * 8 : 60_100 * 8])


def test_opening_a_long_recording_opens_two_records_a_file(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    stored(store, 130 * RATE)
    import pyrage

    opened, decrypt = [], pyrage.decrypt

    def counted(blob: bytes, keys: list[object]) -> bytes:
        opened.append(len(blob))
        return bytes(decrypt(blob, keys))

    monkeypatch.setattr(pyrage, "decrypt", counted)
    store.reader()
    assert len(opened) == 6


def test_sound_comes_in_any_size_and_is_kept_in_quarter_seconds(store: Store) -> None:
    pcm = noise(5 * RATE + 3)
    with store.writer() as writer:
        writer.append(pcm[:17].tobytes(), 0)
        writer.append(pcm[17 : 4 * RATE].tobytes(), 17)
        writer.append(pcm[4 * RATE :].tobytes(), 4 * RATE)
        head, samples = writer.head, writer.samples
    reader = store.reader()
    assert np.array_equal(all_of(reader), pcm)
    assert (reader.check().head, reader.check().records, samples) == (head, 22, len(pcm))


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(start=st.integers(0, 11_000), length=st.integers(0, 4_000))
def test_any_stretch_is_that_stretch_with_silence_in_the_pause(store: Store, start: int, length: int) -> None:
    if not store.folder.exists():
        _two_takes(store)
    expected = np.zeros(20 * RATE, dtype="<i2")
    expected[: 3 * RATE] = noise(3 * RATE)
    expected[5 * RATE + 1 : 8 * RATE + 1] = noise(3 * RATE, seed=2)
    assert np.array_equal(store.reader().read(start, start + length), expected[start * 8 : (start + length) * 8])


def _two_takes(store: Store) -> None:
    stored(store, 3 * RATE)
    point = resume_point(store.folder, store.keys.identity)
    with store.writer(next_seq=point.next_seq, previous=point.previous) as writer:
        write(writer, noise(3 * RATE, seed=2), 5 * RATE + 1)


def test_a_second_take_continues_numbers_and_chain_in_a_new_file(store: Store) -> None:
    _two_takes(store)
    reader = store.reader()
    integrity = reader.check()
    assert (integrity.records, integrity.damage) == (24, ())
    assert reader.pauses == [(3000, 2000)]
    assert [path.name for path in record_files(store.folder)] == ["0001.rec", "0002.rec"]


def test_a_gap_begins_a_new_file(store: Store) -> None:
    with store.writer() as writer:
        write(writer, noise(RATE))
        write(writer, noise(RATE), 2 * RATE)
    assert len(record_files(store.folder)) == 2
    assert store.reader().check().damage == ()
    assert not store.reader().read(1000, 2000).any()


def test_time_cannot_run_backwards(store: Store) -> None:
    with store.writer() as writer:
        write(writer, noise(RATE))
        with pytest.raises(UsageError):
            writer.append(b"\1\0" * 10, RATE - 1)


def test_a_cut_anywhere_in_the_last_record_loses_only_that_record(store: Store, tmp_path: Path) -> None:
    pcm = noise(3 * BLOCK + 20)
    with store.writer() as writer:
        write(writer, pcm)
    file = record_files(store.folder)[0]
    whole = file.read_bytes()
    at = 8
    for _ in range(3):
        at += LENGTH.size + LENGTH.unpack_from(whole, at)[0]
    for cut in range(at, len(whole)):
        file.write_bytes(whole[:cut])
        reader = store.reader()
        assert np.array_equal(all_of(reader), pcm[: 3 * BLOCK])
        assert [item.at_ms for item in reader.damage] == ([750] if cut > at else [])
        assert all(item.length_ms <= 250 for item in reader.damage)
    assert resume_point(store.folder, store.keys.identity).next_seq == 3


def test_a_flipped_bit_is_a_dated_gap_and_never_wrong_sound(store: Store) -> None:
    tiny = 40
    pcm = noise(3 * tiny)
    with store.writer() as writer:
        for at in range(0, len(pcm), tiny):
            writer.append(pcm[at : at + tiny].tobytes(), at)
    file = record_files(store.folder)[0]
    whole = file.read_bytes()
    outcomes = set()
    for at in range(len(whole)):
        file.write_bytes(whole[:at] + bytes([whole[at] ^ 1 << at % 8]) + whole[at + 1 :])
        outcomes.add(_lost(store, pcm, tiny))
    assert outcomes <= {0, 1} and 1 in outcomes


def _lost(store: Store, pcm: NDArray[np.int16], tiny: int) -> int:
    reader = store.reader()
    sound = np.zeros_like(pcm)
    heard = all_of(reader)
    sound[: len(heard)] = heard
    reader.check()
    lost = 0
    for number in range(0, len(pcm), tiny):
        part, truth = sound[number : number + tiny], pcm[number : number + tiny]
        if not np.array_equal(part, truth):
            assert not part.any()
            at_ms = number * 1000 // RATE
            assert any(item.at_ms <= at_ms and item.length_ms <= 250 for item in reader.damage)
            lost += 1
    return lost


def test_damage_in_the_middle_is_found_when_it_is_read(store: Store) -> None:
    pcm = stored(store, 2 * RATE)
    _spoil(record_files(store.folder)[0], 12_000)
    reader = store.reader()
    assert reader.damage == []
    heard = all_of(reader)
    assert reader.damage == [Damage(500, 250, "a record cannot be decrypted")]
    expected = pcm.copy()
    expected[2 * BLOCK : 3 * BLOCK] = 0
    assert np.array_equal(heard, expected)
    integrity = store.reader().check()
    assert (integrity.records, len(integrity.damage)) == (7, 1)


def _spoil(path: Path, at: int) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 0x10
    path.write_bytes(data)


def test_a_missing_file_is_dated(store: Store) -> None:
    pcm = stored(store, 125 * RATE)
    record_files(store.folder)[1].unlink()
    reader = store.reader()
    assert reader.damage == [Damage(60_000, 60_000, "240 records are missing")]
    assert np.array_equal(reader.read(120_000, 125_000), pcm[120 * RATE :])


def test_swapped_records_are_never_heard_in_the_wrong_place(store: Store) -> None:
    pcm = stored(store, RATE)
    file = record_files(store.folder)[0]
    data, parts, at = file.read_bytes(), [], 8
    while at < len(data):
        end = at + LENGTH.size + LENGTH.unpack_from(data, at)[0]
        parts.append(data[at:end])
        at = end
    file.write_bytes(data[:8] + parts[0] + parts[2] + parts[1] + parts[3])
    reader = store.reader()
    heard = all_of(reader)
    assert all(
        np.array_equal(heard[at : at + BLOCK], pcm[at : at + BLOCK]) or not heard[at : at + BLOCK].any()
        for at in range(0, RATE, BLOCK)
    )
    assert reader.check().damage


def test_a_record_of_another_session_is_not_heard(store: Store) -> None:
    stored(store, RATE)
    with pytest.raises(Damaged):
        store.reader(session_id="08")
    stored(store, RATE, session_id="08", next_seq=4)
    reader = store.reader()
    assert reader.length_ms in (1000, 2000)
    assert not reader.read(1000, 2000).any()
    assert {item.reason for item in reader.check().damage} == {"a record belongs to another session"}


def test_two_rates_in_one_session_are_damage(store: Store) -> None:
    stored(store, RATE)
    with store.writer(rate=2 * RATE, next_seq=4) as writer:
        writer.append(noise(100).tobytes(), 4 * RATE)
    with pytest.raises(Damaged):
        store.reader()


def test_no_recording_wrong_key_and_no_key_are_told_apart(store: Store) -> None:
    import pyrage

    with pytest.raises(NotFound):
        store.reader()
    stored(store, RATE)
    with pytest.raises(AccessRefused):
        AudioReader(store.folder, session_id="07", identity=str(pyrage.x25519.Identity.generate()))
    with pytest.raises(AccessRefused):
        AudioReader(store.folder, session_id="07", identity="AGE-SECRET-KEY-1NONSENSE")
    with pytest.raises(UsageError):
        store.writer(recipient="age1nonsense")


def test_zeros_at_the_end_as_after_a_power_cut_cost_nothing_before_them(store: Store) -> None:
    pcm = stored(store, RATE)
    file = record_files(store.folder)[0]
    file.write_bytes(file.read_bytes() + bytes(5000))
    reader = store.reader()
    assert np.array_equal(all_of(reader), pcm)
    assert [item.at_ms for item in reader.damage] == [1000]


def test_files_cut_before_their_first_record_are_skipped(store: Store) -> None:
    pcm = stored(store, RATE)
    (store.folder / "0002.rec").write_bytes(b"FACR")
    (store.folder / "0003.rec").write_bytes(b"")
    (store.folder / "0004.rec").write_bytes(b"FACREC01\0\0")
    reader = store.reader()
    assert np.array_equal(all_of(reader), pcm)
    assert [item.reason for item in reader.damage] == ["the last record was cut off"]


def test_stock_age_opens_a_record(store: Store, tmp_path: Path) -> None:
    if shutil.which("age") is None:
        pytest.skip("the age program is not installed (apt install age)")
    pcm = stored(store, BLOCK)
    data = record_files(store.folder)[0].read_bytes()
    (tmp_path / "key").write_text(store.keys.identity + "\n")
    plain = subprocess.run(["age", "-d", "-i", tmp_path / "key"], input=data[12:], capture_output=True, check=True)
    assert plain.stdout[HEADER_SIZE:] == pcm.tobytes()


def test_a_failed_sync_is_never_retried_but_written_anew(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    pcm, synced, sizes = noise(4 * RATE), [], []
    real = os.fdatasync

    def failing_once(fd: int) -> None:
        synced.append(fd)
        if len(synced) == 2:
            raise OSError(errno.EIO, "Input/output error")
        sizes.append(os.fstat(fd).st_size)
        real(fd)

    monkeypatch.setattr(os, "fdatasync", failing_once)
    with store.writer() as writer:
        for second in range(4):
            write(writer, pcm[second * RATE : (second + 1) * RATE], second * RATE)
            writer.sync()
    first, _ = record_files(store.folder)
    assert len(synced) == 5
    first.write_bytes(first.read_bytes()[: sizes[0]])  # what the disk held when the sync failed
    reader = store.reader()
    assert np.array_equal(all_of(reader), pcm)
    integrity = reader.check()
    assert (integrity.records, integrity.head) == (16, writer.head)


def test_a_disk_that_fails_twice_is_an_error(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(fd: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    writer = store.writer()
    write(writer, noise(RATE))
    monkeypatch.setattr(os, "fdatasync", failing)
    with pytest.raises(StorageFailed):
        writer.sync()
    monkeypatch.undo()
    writer.close()
    assert np.array_equal(all_of(store.reader()), noise(RATE))


class Disk:
    """The disk, which refuses to sync while `refuses` holds; `synced` is what each file then had on it for certain."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
        self.refuses, self.synced = False, dict[str, int]()
        self._folder, self._real = folder, os.fdatasync
        monkeypatch.setattr(os, "fdatasync", self._sync)

    def _sync(self, fd: int) -> None:
        if self.refuses:
            raise OSError(errno.EIO, "Input/output error")
        self._real(fd)
        found = {path.stat().st_ino: path.name for path in record_files(self._folder)}
        self.synced[found[os.fstat(fd).st_ino]] = os.fstat(fd).st_size

    def lose_the_rest(self) -> None:
        """As a cut would: what was not synced is gone."""
        for path in record_files(self._folder):
            os.truncate(path, self.synced.get(path.name, 0))


def test_a_sync_that_failed_is_made_good_by_the_next_one(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    disk, pcm = Disk(monkeypatch, store.folder), noise(4 * RATE)
    with store.writer() as writer:
        write(writer, pcm[:RATE])
        writer.sync()
        first_head = writer.head
        write(writer, pcm[RATE : 2 * RATE], RATE)
        disk.refuses = True
        for _ in range(3):
            with pytest.raises(StorageFailed):
                writer.sync()
            assert (writer.synced_end, writer.synced_samples, writer.synced_head) == (RATE, RATE, first_head)
        assert writer.rewrites == 0, "nothing was stored anew yet"
        disk.refuses = False
        writer.sync()
        assert (writer.synced_end, writer.synced_head, writer.rewrites) == (2 * RATE, writer.head, 1)
        write(writer, pcm[2 * RATE :], 2 * RATE)
        writer.sync()
        disk.lose_the_rest()
    reader = store.reader()
    assert np.array_equal(all_of(reader), pcm)
    assert (reader.check().damage, reader.check().head) == ((), writer.head)


def test_after_a_sync_that_failed_sound_is_taken_only_with_all_before_it(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk, pcm = Disk(monkeypatch, store.folder), noise(3 * RATE)
    with store.writer() as writer:
        write(writer, pcm[:RATE])
        disk.refuses = True
        with pytest.raises(StorageFailed):
            writer.sync()
        disk.refuses = False
        write(writer, pcm[RATE:], RATE)
        writer.sync()
        disk.lose_the_rest()
    assert np.array_equal(all_of(store.reader()), pcm)


def test_sound_that_was_refused_is_lost_and_never_passed_over(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    disk, pcm = Disk(monkeypatch, store.folder), noise(3 * RATE)
    writer, real = store.writer(), os.write
    write(writer, pcm[:RATE])

    def refusing(fd: int, data: bytes) -> int:
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", refusing)
        with pytest.raises(StorageFailed):
            write(writer, pcm[RATE:], RATE)
    assert os.write is real and not disk.refuses
    for _ in range(2):
        with pytest.raises(StorageFailed):
            writer.sync()
        with pytest.raises(StorageFailed):
            write(writer, pcm[2 * RATE :], 2 * RATE)
    assert writer.synced_end is None and writer.samples == RATE
    writer.close()
    disk.lose_the_rest()
    assert writer.synced_end == RATE
    assert np.array_equal(all_of(store.reader()), pcm[:RATE])


def test_a_close_says_what_is_not_on_the_disk_unless_that_is_known(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = Disk(monkeypatch, store.folder)
    writer = store.writer()
    write(writer, noise(RATE))
    disk.refuses = True
    with pytest.raises(StorageFailed):
        writer.close()
    known = store.writer(next_seq=4, previous=bytes.fromhex(writer.head))
    write(known, noise(RATE), RATE)
    with pytest.raises(StorageFailed):
        known.sync()
    known.close()
    assert known.synced_end is None and known.synced_samples == 0 and known.synced_head == writer.head


def test_a_full_disk_takes_the_ballast_and_goes_on(store: Store, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=192k", "tmpfs", disk], capture_output=True)
    if mounted.returncode:
        pytest.skip("a small disk needs the right to mount one")
    try:
        _fill(Store(disk / "audio"))
    finally:
        subprocess.run(["umount", disk], check=True)


def _fill(small: Store) -> None:
    pcm = noise(30 * RATE)
    writer = small.writer(ballast_bytes=64 * 1024)
    assert writer.has_ballast
    with pytest.raises(StorageFailed):
        write(writer, pcm)
    assert not writer.has_ballast and (small.folder / "ballast").stat().st_size == 4 * 1024  # kept for the notes
    stored_bytes = writer.samples * 2
    assert stored_bytes > 128 * 1024
    try:
        writer.close()
    except FacilitatorError as error:
        assert isinstance(error, StorageFailed)
    assert not (small.folder / "ballast").exists()
    reader = small.reader()
    assert np.array_equal(all_of(reader)[: writer.samples], pcm[: writer.samples])


def test_a_disk_too_small_for_the_ballast_still_records(store: Store) -> None:
    with store.writer(ballast_bytes=1 << 60) as writer:
        assert not writer.has_ballast
        write(writer, noise(RATE))
    assert store.reader().length_ms == 1000


def test_the_ballast_is_given_back_at_the_end(store: Store) -> None:
    with store.writer(ballast_bytes=4096) as writer:
        write(writer, noise(RATE))
        assert (store.folder / "ballast").stat().st_size == 4096
    assert sorted(path.name for path in store.folder.iterdir()) == ["0001.rec"]


def test_a_recording_cut_in_its_first_record_can_be_begun_anew(store: Store) -> None:
    stored(store, BLOCK)
    file = record_files(store.folder)[0]
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(NotFound):
        store.reader()
    assert resume_point(store.folder, store.keys.identity) == (0, bytes(32), 0)
