import contextlib
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import psutil
import pytest
import soundfile
from audio_store import Store
from numpy.typing import NDArray
from sound_room import SoundRoom

from facilitator.audio.messages import Alarm, Gap, Message
from facilitator.audio.recorder import Recorder
from facilitator.domain.errors import UsageError
from facilitator.domain.recording import Trouble

RATE = 48_000
pytestmark = pytest.mark.slow


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store(tmp_path / "audio")
    yield made
    if (left := Recorder.attach(made.folder)) is not None:  # a failed test leaves no open microphone behind
        left.stop()


@pytest.fixture
def room(monkeypatch: pytest.MonkeyPatch) -> Iterator[SoundRoom]:
    """A room of its own, in which a second source, the desk, hears the same and is the one to record from."""
    if (absent := SoundRoom.absent()) is not None:
        pytest.skip(absent)
    with SoundRoom() as made:
        plug(made)
        for name, value in (made.settings | {"PULSE_SOURCE": "desk"}).items():
            monkeypatch.setenv(name, value)
        yield made


def plug(room: SoundRoom) -> None:
    room.control("load-module", "module-remap-source", "source_name=desk", "master=room.monitor")


def unplug(room: SoundRoom) -> None:
    room.control("unload-module", "module-remap-source")


def stream(room: SoundRoom) -> str:
    return room.control("list", "short", "source-outputs").split("\n")[-2].split()[0]


def watches(store: Store) -> bool:
    """Whether the recorder has learned where its sound comes from, and looks out for changes of that."""
    with contextlib.suppress(psutil.Error):  # other helpers end
        process = psutil.Process(json.loads((store.folder / "capture.json").read_bytes())["pid"])
        return any("subscribe" in " ".join(helper.cmdline()) for helper in process.children(recursive=True))
    return False


class Listening:
    """A recorder whose messages are kept with the moment at which they were heard."""

    def __init__(self, store: Store) -> None:
        self.recorder = Recorder.start(store.folder, session_id="07", recipient=store.keys.recipient, device="default")
        self.heard: list[tuple[float, Message]] = []

    def listen(self, seconds: float = 0.0, until: Callable[[], bool] = lambda: False) -> None:
        deadline = time.monotonic() + seconds
        while True:
            self.heard += [(time.monotonic(), message) for message in self.recorder.poll()]
            if until() or time.monotonic() >= deadline:
                return
            time.sleep(0.02)

    def alarm(
        self, trouble: Trouble, since: float, *, over: bool = False, seconds: float = 12.0
    ) -> tuple[float, Alarm]:
        """The first one told after `since`, and how long after; waits for it."""
        found: list[tuple[float, Alarm]] = []

        def is_there() -> bool:
            found[:] = [
                (at - since, message)
                for at, message in self.heard
                if at >= since and isinstance(message, Alarm) and (message.trouble, message.over) == (trouble, over)
            ]
            return bool(found)

        self.listen(seconds, is_there)
        assert found, (trouble, over, [message for _, message in self.heard if isinstance(message, Alarm | Gap)])
        return found[0]


@contextmanager
def noise(room: SoundRoom, folder: Path) -> Iterator[NDArray[np.float64]]:
    played = np.random.default_rng(3).uniform(-0.3, 0.3, RATE * 40)
    soundfile.write(folder / "noise.wav", played, RATE)
    playing = room.play(folder / "noise.wav")
    try:
        yield played
    finally:
        playing.kill()
        playing.wait()


SIZE = 1 << 21


def place_in(spectrum: NDArray[np.complex128], pcm: NDArray[np.int16]) -> float:
    """Where in what was played, of which this is the spectrum, `pcm` was heard, in ms."""
    agreement = np.fft.irfft(spectrum * np.conj(np.fft.rfft(pcm.astype("f8"), SIZE)))
    assert agreement.max() > 8 * agreement.std()
    return float(agreement.argmax()) * 1000 / RATE


def shifts(store: Store, played: NDArray[np.float64]) -> list[float]:
    """How far each stretch of sound on the record lies from where the first one says it should, in ms."""
    reader, spectrum = store.reader(), np.fft.rfft(played, SIZE)
    found = []
    for at in range(0, reader.length_ms - 250, 250):
        pcm = reader.read(at, at + 250)
        if pcm.all() or np.count_nonzero(pcm) > 0.9 * len(pcm):
            found.append(place_in(spectrum, pcm) - at)
    return [round(one - found[0], 1) for one in found]


def test_a_source_unplugged_and_replugged_is_told_and_used_again(store: Store, room: SoundRoom, tmp_path: Path) -> None:
    with noise(room, tmp_path) as played:
        listening = Listening(store)
        listening.listen(3.0)
        since = time.monotonic()
        unplug(room)
        after, alarm = listening.alarm(Trouble.DEVICE_CHANGED, since)
        assert after < 1.0 and alarm.detail.endswith("to Monitor of Null Output")
        listening.listen(4.0)
        since = time.monotonic()
        plug(room)
        listening.alarm(Trouble.DEVICE_CHANGED, since, over=True)
        listening.listen(4.0)
        listening.recorder.stop()
    found = shifts(store, played)
    assert len(found) > 30
    assert max(map(abs, found)) < 50
    assert "Monitor" not in (store.folder / "journal.jsonl").read_text()


def test_a_sound_system_that_dies_and_returns_leaves_a_dated_gap(store: Store, room: SoundRoom, tmp_path: Path) -> None:
    listening = Listening(store)
    listening.listen(2.0)
    since = time.monotonic()
    room.leave()
    after, alarm = listening.alarm(Trouble.DEVICE_LOST, since)
    assert after < 1.0
    room.enter()
    plug(room)
    with noise(room, tmp_path):
        listening.alarm(Trouble.DEVICE_LOST, since, over=True)
        listening.listen(2.0)
        listening.recorder.stop()
        listening.listen()
    gaps = [message for _, message in listening.heard if isinstance(message, Gap)]
    assert gaps and abs(gaps[0].at_ms - alarm.at_ms) < 350


def test_a_source_that_falls_asleep_is_told_within_a_second(store: Store, room: SoundRoom, tmp_path: Path) -> None:
    with noise(room, tmp_path) as played:
        listening = Listening(store)
        listening.listen(3.0)
        since = time.monotonic()
        room.control("suspend-source", "desk", "1")
        after, alarm = listening.alarm(Trouble.NO_SOUND, since)
        assert after < 1.0
        assert abs(alarm.at_ms - (listening.recorder.now_ms() - (time.monotonic() - since) * 1000)) < 300
        listening.listen(2.0)
        since = time.monotonic()
        room.control("suspend-source", "desk", "0")
        listening.alarm(Trouble.NO_SOUND, since, over=True)
        listening.listen(3.0)
        listening.recorder.stop()
        listening.listen()
    assert [message for _, message in listening.heard if isinstance(message, Gap)]
    assert max(map(abs, shifts(store, played))) < 50


def test_a_muted_source_is_exact_silence(store: Store, room: SoundRoom, tmp_path: Path) -> None:
    with noise(room, tmp_path):
        listening = Listening(store)
        listening.listen(2.0)
        since = time.monotonic()
        room.control("set-source-mute", "desk", "1")
        after, _ = listening.alarm(Trouble.SILENT, since)
        assert 2.0 <= after < 3.2
        room.control("set-source-mute", "desk", "0")
        listening.alarm(Trouble.SILENT, since, over=True)
        listening.recorder.stop()


def test_a_stream_moved_by_hand_is_told_and_left_there(store: Store, room: SoundRoom) -> None:
    room.control("load-module", "module-null-sink", "sink_name=other")
    listening = Listening(store)
    listening.listen(10.0, lambda: watches(store))
    since = time.monotonic()
    room.control("move-source-output", stream(room), "other.monitor")
    after, _ = listening.alarm(Trouble.DEVICE_CHANGED, since)
    assert after < 1.0
    listening.listen(1.0)
    since = time.monotonic()
    room.control("move-source-output", stream(room), "desk")
    after, _ = listening.alarm(Trouble.DEVICE_CHANGED, since, over=True)
    assert after < 1.0
    listening.recorder.stop()


def test_nothing_of_a_killed_recorder_stays_behind(store: Store, room: SoundRoom) -> None:
    listening = Listening(store)
    listening.listen(1.5)
    process = psutil.Process(json.loads((store.folder / "capture.json").read_bytes())["pid"])
    helpers = process.children(recursive=True)
    assert any("subscribe" in " ".join(helper.cmdline()) for helper in helpers)
    process.kill()
    gone, left = psutil.wait_procs(helpers, timeout=10)
    assert len(gone) >= 3 and not left


def test_one_channel_of_a_source_is_kept(store: Store, room: SoundRoom, tmp_path: Path) -> None:
    times = np.arange(RATE * 20) / RATE
    both = np.stack([0.4 * np.sin(2 * np.pi * 300 * times), 0.4 * np.sin(2 * np.pi * 700 * times)], axis=1)
    soundfile.write(tmp_path / "both.wav", both, RATE)
    playing = room.play(tmp_path / "both.wav")
    try:
        for number, (channel, hertz) in enumerate([(1, {300}), (2, {700}), (None, {300, 700})]):
            folder = store.folder.with_name(f"audio-{number}")
            given = {"session_id": "07", "recipient": store.keys.recipient, "stop_after_ms": 2_000}
            recorder = Recorder.start(folder, channel=channel, **given)  # type: ignore[arg-type]
            while recorder.alive:
                time.sleep(0.05)
            recorder.stop()
            pcm = Store(folder, store.keys).reader().read(1_000, 2_000)
            spectrum = np.abs(np.fft.rfft(pcm.astype("f8")))
            assert {int(at) for at in np.flatnonzero(spectrum > spectrum.max() / 3)} == hertz
    finally:
        playing.kill()
        playing.wait()


@pytest.mark.parametrize("changes", [{"channel": 33}, {"channel": 0}, {"rate": 7_999}, {"rate": 96_001}])
def test_what_no_input_has_is_refused(store: Store, room: SoundRoom, changes: dict[str, int]) -> None:
    with pytest.raises(UsageError):
        Recorder.start(store.folder, session_id="07", recipient=store.keys.recipient, **changes)  # type: ignore[arg-type]
