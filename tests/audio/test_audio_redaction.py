import os
import resource
import struct
import sys
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from facilitator.audio.redaction import FADE_MS, TONE_HZ, Redaction, Tone, blocks, check_flac, silences, write_flac
from facilitator.domain.errors import Cancelled, Damaged, StorageFailed
from facilitator.domain.progress import Progress, silent
from facilitator.domain.stretches import Stretch, merged
from facilitator.domain.timebase import ms_to_samples

Pcm = NDArray[np.int16]
RATE = 16_000
TAGS = 4
"""The number of FLAC's block of Vorbis comments; RFC 9639."""


def loud(ms: int, rate: int = RATE, seed: int = 1) -> Pcm:
    """Noise that is louder than any tone of ours, everywhere."""
    made = np.random.default_rng(seed)
    sign = np.where(made.random(ms_to_samples(ms, rate)) < 0.5, -1, 1)
    return (made.integers(20_000, 32_000, len(sign)) * sign).astype("<i2")


def redacted(pcm: Pcm, toned: list[Stretch], rate: int = RATE) -> Redaction:
    def read(start_ms: int, end_ms: int) -> Pcm:
        return pcm[ms_to_samples(start_ms, rate) : ms_to_samples(end_ms, rate)]

    return Redaction(read, rate, len(pcm) * 1000 // rate, tuple(toned))


def written(path: Path, redaction: Redaction, report: Callable[[Progress], None] = silent) -> Path:
    with path.open("w+b") as file:
        write_flac(file, redaction, report)
    return path


@given(
    rate=st.sampled_from([8_000, 11_025, 16_000, 44_100, 48_000]),
    ms=st.integers(1, 1500),
    spans=st.lists(st.tuples(st.integers(0, 80_000), st.integers(0, 20_000)), max_size=6),
    cuts=st.lists(st.integers(0, 1500), max_size=4),
)
@settings(max_examples=40, deadline=None)
def test_outside_all_is_the_source_and_inside_nothing_is(
    rate: int, ms: int, spans: list[tuple[int, int]], cuts: list[int]
) -> None:
    pcm = loud(ms, rate)
    toned = merged((first, min(first + length, len(pcm))) for first, length in spans)
    made = redacted(pcm, toned, rate)
    found = made.read(0, ms)
    assert len(found) == len(pcm)
    inside = np.zeros(len(pcm), dtype=bool)
    for first, end in toned:
        inside[first:end] = True
    assert (found[~inside] == pcm[~inside]).all()
    assert (np.abs(found[inside].astype(int)) <= 3_277).all() and not (found[inside] == pcm[inside]).any()
    edges = sorted({0, *(min(cut, ms) for cut in cuts), ms})
    by_pieces = [made.read(start, end) for start, end in pairwise(edges)]
    assert (np.concatenate(by_pieces) == found).all(), "however the reading is cut"


@pytest.mark.parametrize("rate", [8_000, 22_050, 44_100, 48_000])
def test_the_tone_is_1_khz_and_begins_and_ends_softly(rate: int) -> None:
    tone = Tone(rate).piece(0, 3 * rate, 3 * rate).astype(float)
    spectrum = np.abs(np.fft.rfft(tone * np.hanning(len(tone))))
    assert abs(np.argmax(spectrum) / 3 - TONE_HZ) <= 0.5
    assert 20 * np.log10(np.abs(tone).max() / 32_768) == pytest.approx(-20, abs=0.1)
    fade = rate * FADE_MS // 1000
    assert np.abs(tone[: fade // 8]).max() < 500 and np.abs(tone[-fade // 8 :]).max() < 500
    step = 2 * np.pi * TONE_HZ / rate * 3_277
    assert np.abs(np.diff(tone)).max() <= step * 1.1, "no click anywhere in it"


def test_the_file_is_the_redacted_sound_and_holds_nothing_else(tmp_path: Path) -> None:
    pcm = loud(65_300)
    made = redacted(pcm, [(0, 4_000), (500_001, 520_000), (len(pcm) - 3, len(pcm))])
    told: list[Progress] = []
    path = written(tmp_path / "a.flac", made, told.append)
    again, rate = soundfile.read(path, dtype="int16")
    assert rate == RATE and (again == made.read(0, 65_300)).all()
    check_flac(path, made, told.append)
    assert [step.fraction for step in told[-4:]] == [0.0, 30_000 / 65_300, 60_000 / 65_300, 1.0]
    assert told[-2].seconds_left is not None and told[-1].seconds_left == 0.0
    for kind, content in metadata(path).items():
        assert kind in (0, 1, TAGS), "stream information, padding or comments"
        if kind == 1:
            assert not content.strip(b"\0")
        if kind == TAGS:
            vendor = int.from_bytes(content[:4], "little")
            assert content[4 : 4 + vendor].startswith(b"reference libFLAC")
            assert content[4 + vendor :] == struct.pack("<I", 0), "not a single comment"


def metadata(path: Path) -> dict[int, bytes]:
    """Contents of a FLAC file's blocks of metadata by their kind, read by the standard alone."""
    data, found, at, is_last = path.read_bytes(), dict[int, bytes](), 4, False
    assert data[:4] == b"fLaC"
    while not is_last:
        is_last, kind, size = data[at] >= 128, data[at] % 128, int.from_bytes(data[at + 1 : at + 4], "big")
        assert kind not in found
        found[kind], at = data[at + 4 : at + 4 + size], at + 4 + size
    return found


CHANGES: dict[str, Callable[[Redaction], Redaction]] = {
    "a span left out": lambda made: replace(made, toned=made.toned[1:]),
    "a span too short": lambda made: replace(made, toned=((4_000, 7_999), *made.toned[1:])),
    "a span too long": lambda made: replace(made, toned=((4_000, 8_001), *made.toned[1:])),
    "a sample of the source": lambda made: replace(made, source=_with_another(made.source)),
    "too short": lambda made: replace(made, length_ms=made.length_ms - 1),
    "another rate": lambda made: replace(made, rate=made.rate // 2, length_ms=made.length_ms * 2),
}


def _with_another(source: Callable[[int, int], Pcm]) -> Callable[[int, int], Pcm]:
    def read(start_ms: int, end_ms: int) -> Pcm:
        pcm = source(start_ms, end_ms).copy()
        pcm[9_000] += 1
        return pcm

    return read


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_a_file_that_differs_in_one_sample_is_noticed(change: Callable[[Redaction], Redaction], tmp_path: Path) -> None:
    made = redacted(loud(2_000), [(4_000, 8_000), (20_000, 25_000)])
    path = written(tmp_path / "a.flac", change(made))
    with pytest.raises(Damaged):
        check_flac(path, made)


def test_a_tag_and_what_is_no_flac_are_noticed(tmp_path: Path) -> None:
    made = redacted(loud(500), [(1_000, 5_000)])
    with soundfile.SoundFile(tmp_path / "a.flac", "w", RATE, channels=1, format="FLAC", subtype="PCM_16") as out:
        out.title = "A name"
        out.write(made.read(0, 500))
    soundfile.write(tmp_path / "b.flac", made.read(0, 500), RATE, format="WAV")
    soundfile.write(tmp_path / "c.flac", np.stack([made.read(0, 500)] * 2, 1), RATE)
    for name in "abc":
        with pytest.raises(Damaged):
            check_flac(tmp_path / f"{name}.flac", made)
    half = written(tmp_path / "d.flac", made)
    os.truncate(half, half.stat().st_size // 2)
    with pytest.raises(Damaged):
        check_flac(half, made)


def test_a_cancelled_writing_stops_at_once(tmp_path: Path) -> None:
    def stop(step: Progress) -> None:
        if step.fraction > 0:
            raise Cancelled("Stopped.")

    reached = list[int]()

    def read(start_ms: int, end_ms: int) -> Pcm:
        reached.append(end_ms)
        return loud(end_ms - start_ms)

    with pytest.raises(Cancelled):
        written(tmp_path / "a.flac", Redaction(read, RATE, 10_000_000, ()), stop)
    assert reached == [30_000]


@pytest.mark.skipif(sys.platform != "linux", reason="a limit on the size of files")
def test_a_full_disk_is_explained(tmp_path: Path) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, before[1]))
    try:
        with pytest.raises(StorageFailed) as caught:
            written(tmp_path / "a.flac", redacted(loud(20_000), []))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert caught.value.safe and caught.value.do


def test_hours_need_no_more_memory_than_minutes(tmp_path: Path) -> None:
    minute = loud(60_000, 8_000)

    def read(start_ms: int, end_ms: int) -> Pcm:
        return minute[: (end_ms - start_ms) * 8]

    def most(minutes: int) -> int:
        toned = [(at * 8_000 * 30, at * 8_000 * 30 + 8_000) for at in range(2 * minutes)]
        made = Redaction(read, 8_000, minutes * 60_000, tuple(toned))
        tracemalloc.start()
        check_flac(written(tmp_path / f"{minutes}.flac", made), made)
        silences(blocks(made.read, 8_000, made.length_ms, ""), 8_000)
        held = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return held

    most(1)  # loads what it needs
    assert most(12) < most(2) * 1.2


@given(
    runs=st.lists(st.tuples(st.booleans(), st.integers(1, 40)), max_size=12),
    size=st.integers(1, 50),
    least=st.integers(1, 20),
)
def test_silences_are_found_however_the_sound_is_cut(runs: list[tuple[bool, int]], size: int, least: int) -> None:
    sound = np.concatenate([np.full(length, 7 * loud, "<i2") for loud, length in runs] or [np.zeros(0, "<i2")])
    found = silences([(at, sound[at : at + size]) for at in range(0, len(sound), size)], least)
    quiet = merged((at, at + 1) for at in np.flatnonzero(sound == 0).tolist())
    assert found == [one for one in quiet if one[1] - one[0] >= least]
