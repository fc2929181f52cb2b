import struct
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from facilitator.audio import decode_child
from facilitator.audio.decode import decode
from facilitator.domain.errors import InvalidAudio, NotFound

RATE = 44_100
SECONDS = 3
TONE = (0.5 * np.sin(2 * np.pi * 440 * np.arange(RATE * SECONDS) / RATE)).astype("f4")


def decoded(path: Path) -> tuple[int, NDArray[np.int16]]:
    with decode(path) as opened:
        blocks = list(opened)
        assert all(len(block) <= opened.rate for block in blocks)
        assert opened.duration_ms is None or abs(opened.duration_ms - SECONDS * 1000) < 100
        return opened.rate, np.concatenate(blocks)


def packed(path: Path, codec: Any, rate: int, layout: str = "mono") -> Path:
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate, layout=layout)
        frame = av.AudioFrame.from_ndarray((TONE * 32767).astype("i2")[None], "s16", "mono")
        frame.sample_rate = RATE
        resampler = av.AudioResampler(stream.codec_context.format.name, layout, rate)
        for part in [*resampler.resample(frame), *resampler.resample(None), None]:
            container.mux(stream.encode(part))
    return path


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shelf")
    for kind in ("wav", "flac", "ogg"):
        soundfile.write(folder / f"tone.{kind}", TONE, RATE)
    packed(folder / "tone.mp3", "libmp3lame", RATE)
    packed(folder / "tone.m4a", "aac", RATE)
    packed(folder / "tone.opus", "libopus", 48_000)
    return folder


@pytest.mark.parametrize("kind", ["wav", "flac", "ogg", "mp3", "m4a", "opus"])
def test_each_kind_comes_back_as_the_tone_it_holds(shelf: Path, kind: str) -> None:
    rate, pcm = decoded(shelf / f"tone.{kind}")
    assert rate == (48_000 if kind == "opus" else RATE)
    assert abs(len(pcm) / rate - SECONDS) < 0.06
    spectrum = np.abs(np.fft.rfft(pcm[rate : 2 * rate].astype("f8")))
    assert int(spectrum.argmax()) == 440
    assert 15_000 < np.abs(pcm).max() < 18_000


def test_sixteen_bit_sound_is_not_changed(tmp_path: Path) -> None:
    pcm = np.random.default_rng(3).integers(-32768, 32767, 3 * RATE).astype("i2")
    soundfile.write(tmp_path / "a.wav", pcm, RATE)
    assert np.array_equal(decoded(tmp_path / "a.wav")[1], pcm)


def test_channels_are_mixed_and_high_rates_reduced(tmp_path: Path) -> None:
    tone = 0.5 * np.sin(2 * np.pi * 440 * np.arange(96_000 * SECONDS) / 96_000)
    soundfile.write(tmp_path / "a.wav", np.stack([tone, tone * 0], 1), 96_000, subtype="PCM_24")
    rate, pcm = decoded(tmp_path / "a.wav")
    assert (rate, len(pcm)) == (48_000, SECONDS * 48_000)
    assert np.abs(pcm).max() == pytest.approx(8192, rel=0.02)


def test_two_channels_of_m4a_are_mixed(tmp_path: Path) -> None:
    rate, pcm = decoded(packed(tmp_path / "a.m4a", "aac", RATE, "stereo"))
    assert abs(len(pcm) / rate - SECONDS) < 0.06


HOSTILE = {
    "text": b"This is a letter and no recording at all. " * 100,
    "ffconcat": b"ffconcat version 1.0\nfile tone.wav\n",
    "hls": b"#EXTM3U\n#EXT-X-TARGETDURATION:3\n#EXTINF:3,\ntone.wav\n#EXT-X-ENDLIST\n",
    "empty": b"",
    "wav mark then text": b"RIFF\0\0\0\0WAVE" + b"This is a letter. " * 100,
    "flac mark then text": b"fLaC" + b"This is a letter. " * 100,
    "ogg mark then text": b"OggS" + b"This is a letter. " * 100,
    "m4a mark then text": b"\0\0\0\x20ftypM4A " + b"This is a letter. " * 100,
    "mp3 mark then playlist": b"ID3\4\0\0\0\0\0\0" + b"ffconcat version 1.0\nfile tone.wav\n",
    "zeros": bytes(10_000),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_no_recording_is_refused(shelf: Path, name: str) -> None:
    path = shelf / "evil.wav"
    path.write_bytes(HOSTILE[name])
    with pytest.raises(InvalidAudio) as refusal:
        decoded(path)
    assert refusal.value.what and refusal.value.safe and refusal.value.do
    assert "evil" not in str(refusal.value)


@pytest.mark.parametrize("kind", ["wav", "flac", "ogg", "mp3", "m4a", "opus"])
def test_a_file_that_was_cut_off_is_refused(shelf: Path, tmp_path: Path, kind: str) -> None:
    whole = (shelf / f"tone.{kind}").read_bytes()
    (tmp_path / "cut").write_bytes(whole[: len(whole) * 2 // 3])
    with pytest.raises(InvalidAudio):
        decoded(tmp_path / "cut")


@pytest.mark.parametrize("kind", ["flac", "ogg", "mp3", "m4a", "opus"])
def test_rubbish_in_the_middle_is_refused_and_not_skipped(shelf: Path, tmp_path: Path, kind: str) -> None:
    spoilt = bytearray((shelf / f"tone.{kind}").read_bytes())
    middle = len(spoilt) // 2
    spoilt[middle : middle + 900] = b"\xaa" * 900
    (tmp_path / "spoilt").write_bytes(spoilt)
    with pytest.raises(InvalidAudio):
        decoded(tmp_path / "spoilt")


def test_a_wav_without_sound_is_refused(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.zeros(0, "f4"), RATE)
    with pytest.raises(InvalidAudio, match="no sound"):
        decode(tmp_path / "a.wav")


@pytest.mark.parametrize("length", [b"\0\0\0\0", b"\xff\xff\xff\xff"])
def test_a_wav_whose_recorder_never_finished_it_is_taken_as_it_is(shelf: Path, tmp_path: Path, length: bytes) -> None:
    data = bytearray((shelf / "tone.wav").read_bytes())
    at = data.index(b"data") + 4
    data[at : at + 4] = length
    (tmp_path / "a.wav").write_bytes(data)
    assert len(decoded(tmp_path / "a.wav")[1]) == SECONDS * RATE


def test_shapes_beyond_the_limits_are_refused(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "many.wav", np.zeros((100, 17), "f4"), RATE)
    soundfile.write(tmp_path / "slow.wav", np.zeros(100, "f4"), 4_000)
    soundfile.write(tmp_path / "fast.wav", np.zeros(100, "f4"), 384_000)
    for path in tmp_path.iterdir():
        with pytest.raises(InvalidAudio, match="channels"):
            decode(path)


def test_a_bomb_is_refused_by_its_own_word(shelf: Path, tmp_path: Path) -> None:
    data = bytearray((shelf / "tone.flac").read_bytes())
    hundred_hours = 100 * 3600 * RATE
    packed_field = int.from_bytes(data[18:26], "big") >> 36 << 36 | hundred_hours
    data[18:26] = struct.pack(">Q", packed_field)
    (tmp_path / "bomb.flac").write_bytes(data)
    with pytest.raises(InvalidAudio, match="12 hours"):
        decode(tmp_path / "bomb.flac")


def test_a_bomb_that_lies_is_stopped_when_it_has_given_enough() -> None:
    given: list[int] = []

    class Endless(decode_child.SoundFile):
        rate, frames = 8_000, None

        def blocks(self) -> Iterator[Any]:
            while True:
                given.append(3600 * self.rate)
                yield np.broadcast_to(np.float32(0), 3600 * self.rate)

    with pytest.raises(InvalidAudio, match="12 hours"):
        for _ in decode_child._bounded(Endless()):
            pass
    assert len(given) == 13


def test_a_reader_that_leaves_early_leaves_no_process(shelf: Path) -> None:
    with decode(shelf / "tone.wav") as opened:
        next(iter(opened))
        child: subprocess.Popen[bytes] = opened._child
    assert child.returncode is not None


def test_missing_files_and_folders_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        decode(tmp_path / "none.wav")
    with pytest.raises(InvalidAudio):
        decode(tmp_path)
