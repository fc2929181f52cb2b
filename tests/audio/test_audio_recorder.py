import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import psutil
import pytest
import soundfile
from audio_store import Store
from sound_room import SoundRoom

from facilitator.audio.container import Struck, resume_point
from facilitator.audio.devices import input_devices, output_devices
from facilitator.audio.journal import read_journal
from facilitator.audio.messages import Alarm, Awake, Destroyed, Paused
from facilitator.audio.recorder import Fault, Gap, Level, Message, Recorder, Stopped, last_stopped
from facilitator.domain.errors import Busy, DeviceFailed, WorkerFailed
from facilitator.domain.recording import Trouble

RATE = 48_000
PATIENCE = 30.0
ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.slow


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store(tmp_path / "audio")
    yield made
    if (left := Recorder.attach(made.folder)) is not None:  # a failed test leaves no open microphone behind
        left.stop()


@pytest.fixture
def room(sound_room: SoundRoom, monkeypatch: pytest.MonkeyPatch) -> SoundRoom:
    for name, value in sound_room.settings.items():
        monkeypatch.setenv(name, value)
    return sound_room


@contextmanager
def tone(room: SoundRoom, folder: Path, hertz: int) -> Iterator[None]:
    wave = 0.5 * np.sin(2 * np.pi * hertz * np.arange(RATE * 60) / RATE)
    soundfile.write(folder / "tone.wav", wave, RATE)
    playing = room.play(folder / "tone.wav")
    try:
        yield
    finally:
        playing.kill()
        playing.wait()


def start(store: Store, **changes: object) -> Recorder:
    given = {"session_id": "07", "recipient": store.keys.recipient} | changes
    return Recorder.start(store.folder, **given)  # type: ignore[arg-type]


def until(happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def listening(recorder: Recorder, until_ms: int) -> list[Message]:
    """What is said up to `until_ms` of the session clock."""
    heard: list[Message] = []
    while recorder.now_ms() < until_ms:
        heard += recorder.poll()
        time.sleep(0.05)
    return heard + recorder.poll()


def pitch(pcm: np.ndarray[tuple[int], np.dtype[np.int16]]) -> int:
    return int(np.abs(np.fft.rfft(pcm[-RATE:].astype("f8"))).argmax())


def test_the_room_is_a_microphone_and_a_loudspeaker(room: SoundRoom) -> None:
    assert [device.is_default for device in input_devices()].count(True) == 1
    assert [device.is_default for device in output_devices()].count(True) == 1


def test_a_tone_in_the_room_is_recorded_and_read_back(store: Store, room: SoundRoom, tmp_path: Path) -> None:
    with tone(room, tmp_path, 440):
        recorder = start(store)
        heard = listening(recorder, 3_000)
        assert recorder.alive
        with pytest.raises(Busy):
            start(store)
        stopped = recorder.stop()
    levels = [message for message in heard if isinstance(message, Level)]
    assert len(levels) >= 8 and levels[-1].stored_ms > 0 and levels[-1].peak_db == pytest.approx(-6, abs=1)
    heard += recorder.poll()
    assert not recorder.alive and recorder.poll() == []
    assert stopped == last_stopped(store.folder)
    reader = store.reader()
    integrity = reader.check()
    assert (integrity.samples, integrity.head, integrity.damage) == (stopped.samples, stopped.head, ())
    assert 3_000 <= reader.length_ms == stopped.end_ms <= 8_000
    assert pitch(reader.read(0, 2_900)) == 440


def test_a_second_take_follows_the_first(store: Store, room: SoundRoom) -> None:
    first = start(store, stop_after_ms=500)
    until(lambda: not first.alive)
    assert first.stop().end_ms == 500
    point = resume_point(store.folder, store.keys.identity)
    second = start(store, start_ms=2_000, stop_after_ms=750, next_seq=point.next_seq, previous=point.previous)
    assert second.stop().samples >= 0
    reader = store.reader()
    assert reader.check().damage == ()
    assert reader.pauses == [(500, 1_500)]


UI = """
import sys, time
from pathlib import Path
from facilitator.audio.recorder import Recorder
folder, recipient = sys.argv[1:]
recorder = Recorder.start(Path(folder), session_id="07", recipient=recipient)
sys.stdout.write("recording\\n"); sys.stdout.flush()
while True: time.sleep(0.1)
"""


def test_a_recording_outlives_the_program_that_began_it(store: Store, room: SoundRoom, tmp_path: Path) -> None:
    with tone(room, tmp_path, 600):
        program = subprocess.Popen(
            [sys.executable, "-c", UI, str(store.folder), store.keys.recipient],
            stdout=subprocess.PIPE,
            env=room.env | {"PYTHONPATH": str(ROOT)},
        )
        assert program.stdout is not None
        with program.stdout:
            assert program.stdout.readline() == b"recording\n"
            program.kill()
            program.wait()
        attached = Recorder.attach(store.folder)
        assert attached is not None and attached.alive
        since = attached.now_ms()
        levels = listening(attached, since + 2_500)
        assert len({message for message in levels if isinstance(message, Level)}) >= 2
        with pytest.raises(Busy):
            start(store)
        stopped = attached.stop()
    assert not attached.alive and Recorder.attach(store.folder) is None
    reader = store.reader()
    assert reader.check().samples == stopped.samples
    assert reader.length_ms == stopped.end_ms >= since + 2_400
    assert pitch(reader.read(0, reader.length_ms)) == 600


def test_a_recording_taken_over_can_be_paused_struck_resumed_and_stopped(
    store: Store, room: SoundRoom, tmp_path: Path
) -> None:
    with tone(room, tmp_path, 500):
        first = start(store)
        listening(first, 2_000)
        first.pause("off the record")
        until(lambda: first.poll() != [] and first.paused == "off the record")
        second = Recorder.attach(store.folder)
        assert second is not None and second.paused == "off the record"
        told = second.poll()
        assert [type(message) for message in told if not isinstance(message, Awake | Alarm | Level)] == [Paused]
        second.resume()
        until(lambda: second.poll() != [] and not second.paused)
        listening(second, second.now_ms() + 1_500)
        place = store.reader().place_of(500)
        assert place is not None and place.seq == 2
        gone = second.strike(place.file, place.offset, 500, place.seq)
        assert (gone.from_ms, gone.first_seq) == (500, 2) and gone.to_ms > 3_000
        until(lambda: second.now_ms() > gone.to_ms + 1_000)
        second.pause("break")
        stopped = second.stop()
        assert isinstance(second.poll()[-1], Stopped)
        end = read_journal(store.folder)[-1]
    struck = Struck(2, gone.next_seq, bytes.fromhex(gone.link), gone.to_ms * RATE // 1000)
    reader = store.reader(struck=[struck])
    integrity = reader.check()
    assert (integrity.damage, integrity.head, integrity.samples) == ((), stopped.head, stopped.samples)
    assert end == stopped
    assert reader.pauses == [(500, gone.to_ms - 500)]


def test_a_strike_that_nobody_answers_says_so(store: Store, room: SoundRoom) -> None:
    recorder = start(store)
    process = psutil.Process(json.loads((store.folder / "capture.json").read_bytes())["pid"])
    process.suspend()
    with pytest.raises(WorkerFailed, match="not destroyed"):
        recorder.strike("0001.rec", 0, 0, within_s=0.5)
    process.resume()
    until(lambda: any(isinstance(message, Destroyed) for message in recorder.poll()))
    recorder.stop()


def test_whether_it_stays_awake_is_told(store: Store, room: SoundRoom) -> None:
    recorder = start(store)
    heard: list[Message] = []

    def answered() -> bool:
        heard.extend(recorder.poll())
        return any(isinstance(message, Awake) for message in heard)

    until(answered)
    (awake,) = [message for message in heard if isinstance(message, Awake)]
    assert awake.granted or awake.refused
    recorder.stop()


def test_a_killed_recorder_loses_half_a_second_at_most(store: Store, room: SoundRoom) -> None:
    recorder = start(store)
    until(lambda: recorder.now_ms() > 2_600)
    status = json.loads((store.folder / "capture.json").read_bytes())
    assert not [value for value in status.values() if value == recorder.started.device]
    recorder.poll()
    killed_ms = recorder.now_ms()
    os.kill(status["pid"], signal.SIGKILL)
    until(lambda: not recorder.alive)
    faults = [message for message in recorder.poll() if isinstance(message, Fault)]
    assert [fault.ended for fault in faults] == [True]
    assert recorder.poll() == []
    with pytest.raises(WorkerFailed):
        recorder.stop()
    reader = store.reader()
    assert killed_ms - reader.length_ms <= 500 + 250
    assert Recorder.attach(store.folder) is None
    point = resume_point(store.folder, store.keys.identity)
    again = start(
        store, start_ms=reader.length_ms + 1_000, next_seq=point.next_seq, previous=point.previous, stop_after_ms=250
    )
    again.stop()
    assert [item.reason for item in store.reader().check().damage] in ([], ["the last record was cut off"])


def test_a_recorder_that_was_stopped_dead_and_goes_on_dates_its_gap(store: Store, room: SoundRoom) -> None:
    recorder = start(store)
    process = psutil.Process(json.loads((store.folder / "capture.json").read_bytes())["pid"])
    process.suspend()
    time.sleep(2.5)
    process.resume()
    heard = listening(recorder, 4_500)
    stopped = recorder.stop()
    heard += recorder.poll()
    lost = sum(message.length_ms for message in heard if isinstance(message, Gap))
    assert stopped.end_ms >= 4_400
    assert abs(stopped.end_ms - lost - stopped.samples // 48) <= 2


def test_a_closed_terminal_and_interrupt_do_not_stop_it(store: Store, room: SoundRoom) -> None:
    recorder = start(store)
    pid = json.loads((store.folder / "capture.json").read_bytes())["pid"]
    for number in (signal.SIGINT, signal.SIGHUP):
        os.kill(pid, number)
    assert os.getsid(pid) == pid
    since = recorder.now_ms()
    until(lambda: recorder.now_ms() > since + 500)
    assert recorder.alive
    os.kill(pid, signal.SIGTERM)
    until(lambda: not recorder.alive)
    assert recorder.stop().samples > 0


def test_an_unknown_microphone_is_an_error(store: Store, room: SoundRoom) -> None:
    with pytest.raises(DeviceFailed):
        start(store, device="no such thing")


def test_the_room_gone_is_told_and_what_was_recorded_stays(store: Store) -> None:
    if (absent := SoundRoom.absent()) is not None:
        pytest.skip(absent)
    with pytest.MonkeyPatch.context() as patch, SoundRoom() as room:
        for name, value in room.settings.items():
            patch.setenv(name, value)
        recorder = start(store)
        until(lambda: recorder.now_ms() > 1_500)
    until(lambda: Trouble.DEVICE_LOST in {one.trouble for one in recorder.poll() if isinstance(one, Alarm)})
    assert recorder.alive
    assert recorder.stop(20).samples >= RATE


PLAY = """
import sys, numpy as np
from facilitator.audio.playback import Player
tone = (9000 * np.sin(2 * np.pi * 330 * np.arange(48000 * 4) / 48000)).astype("<i2")
player = Player()
player.play(tone, 48000, 2.0)
assert player.playing
assert player.wait(20) and not player.playing
assert 3800 <= player.position_ms <= 4200, player.position_ms
player.play(tone, 48000)
player.stop()
assert not player.playing
"""


def test_a_clip_is_heard_in_the_room_at_twice_its_speed(store: Store, room: SoundRoom) -> None:
    recorder = start(store)
    played = subprocess.run(
        [sys.executable, "-W", "error", "-c", PLAY],
        env=room.env | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    said = [line for line in played.stderr.splitlines() if "underrun" not in line]  # ALSA's, on a busy computer
    assert (played.returncode, said, played.stdout) == (0, [], "")
    recorder.stop()
    reader = store.reader()
    pcm = reader.read(0, reader.length_ms)
    loud = np.flatnonzero(np.abs(pcm) > 12_000)
    assert (loud[-1] - loud[0]) / RATE == pytest.approx(2.0, abs=0.4)
    assert pitch(pcm[: loud[0] + RATE + RATE // 2]) == pytest.approx(330, abs=2)


def test_without_any_sound_system_the_errors_say_so(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    if (absent := SoundRoom.absent()) is not None:
        pytest.skip(absent)
    monkeypatch.setenv("PULSE_SERVER", "unix:/nowhere")
    if input_devices():
        pytest.skip("this machine has a microphone of its own")
    with pytest.raises(DeviceFailed, match="no microphone"):
        start(store)
