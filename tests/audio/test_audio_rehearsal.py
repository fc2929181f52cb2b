"""A rehearsal's capture process: a known sound file as the room, on a clock that runs faster than time."""

import shutil
import threading
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile
from audio_store import RATE as OTHER_RATE
from audio_store import Store
from known_sound import ALIKE, NOISE, PERIOD_MS, RATE, apart, find

from facilitator.audio.messages import Alarm, Fault, Gap, Level, Message, Paused, Rehearsal, Request, Resumed
from facilitator.audio.recorder import Recorder
from facilitator.audio.rehearsal import Pace, SampleSource, sparing
from facilitator.audio.status_file import read_status
from facilitator.audio.voices import running
from facilitator.domain.errors import MissingNeed, UsageError

SECOND = 1_000_000_000


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The known sound as a file."""
    path = tmp_path_factory.mktemp("sample") / "known.wav"
    soundfile.write(path, NOISE, RATE)
    return path


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "audio")


def _start(store: Store, sample: Path, speed: int, *, lasting: bool = False) -> Recorder:
    rehearsal = Rehearsal(str(sample), speed, lasting)
    return Recorder.start(store.folder, session_id="07", recipient=store.keys.recipient, rate=RATE, rehearsal=rehearsal)


def _hear(recorder: Recorder, seconds: float) -> list[Message]:
    heard, end = list[Message](), time.monotonic() + seconds
    while time.monotonic() < end:
        heard += recorder.poll()
        time.sleep(0.02)
    return heard


def _until_ended(recorder: Recorder, seconds: float = 5.0) -> None:
    deadline = time.monotonic() + seconds
    while recorder.alive:
        assert time.monotonic() < deadline, "it runs on"
        time.sleep(0.05)


def test_the_sample_is_played_over_and_over_on_its_schedule(sample: Path) -> None:
    source = SampleSource(sample, RATE, Pace(60))
    begun, pieces = 0, []
    for number in range(70):
        pcm, lost = source.read(RATE // 4)
        begun = begun or source.arrived_ns - SECOND // 4
        assert not lost and source.arrived_ns == begun + (number + 1) * SECOND // 4
        assert Pace(60).now_ns() >= source.arrived_ns, "nothing is heard before its time"
        pieces.append(pcm)
        if number == 20:
            time.sleep(0.1)  # six seconds of a sixty times faster clock
    heard = np.frombuffer(b"".join(pieces), "<i2")
    assert np.array_equal(heard, np.resize(NOISE, len(heard)))


def test_the_sample_is_brought_to_the_rate_of_the_recording(sample: Path) -> None:
    pcm, _ = SampleSource(sample, OTHER_RATE, Pace(60)).read(OTHER_RATE)
    assert len(pcm) == 2 * OTHER_RATE
    found = find(np.frombuffer(pcm, "<i2"), OTHER_RATE)
    assert found.alike > ALIKE and abs(apart(found.at_ms, 0)) < 1


def test_a_sample_that_cannot_be_read_is_said_so(store: Store, tmp_path: Path) -> None:
    with pytest.raises(MissingNeed, match="sample recording"):
        _start(store, tmp_path / "absent.ogg", 1)
    assert not store.folder.exists() or not list(store.folder.glob("*.rec"))


@pytest.mark.parametrize("speed", [0, 61])
def test_no_other_speed_is_taken(store: Store, sample: Path, speed: int) -> None:
    with pytest.raises(UsageError, match="1 to 60"):
        _start(store, sample, speed)


def test_levels_come_no_faster_than_anybody_can_look() -> None:
    said: list[object] = []
    send = sparing(said.append)
    end = time.monotonic() + 1.0
    while time.monotonic() < end:
        send(Level(0, -20.0, -10.0, 0))
        send(Gap(0, 1, "told always"))
        time.sleep(0.002)
    levels = [one for one in said if isinstance(one, Level)]
    assert 4 <= len(levels) <= 9
    assert len(said) - len(levels) > 50


def test_a_request_survives_the_wire(tmp_path: Path) -> None:
    request = Request(tmp_path, "07", "age1x", rehearsal=Rehearsal("sample.ogg", 10, True))
    assert Request.from_line(request.to_line()) == request and request.speed == 10


@pytest.mark.parametrize("speed", [1, 20, 60])
def test_every_moment_of_it_is_stored_in_its_place_and_nothing_alarms(store: Store, sample: Path, speed: int) -> None:
    seconds = 2.5
    recorder = _start(store, sample, speed)
    heard = _hear(recorder, seconds)
    end_ms, stopped = recorder.now_ms(), recorder.stop()
    heard += recorder.poll()
    assert recorder.started.speed == speed and recorder.started.device == "sample recording"
    assert not [one for one in heard if isinstance(one, Alarm | Gap | Fault)]
    assert 3 <= sum(isinstance(one, Level) for one in heard) <= 8 * (seconds + 1)
    assert end_ms >= speed * 1000 * (seconds - 0.5)
    assert end_ms <= stopped.end_ms <= end_ms + 250 + 250 * speed, "up to the order, and the block it fell into"
    reader = store.reader()
    assert reader.check().damage == () and reader.pauses == []
    for at_ms in range(0, stopped.end_ms - 600, max(250, stopped.end_ms // 40)):
        found = find(reader.read(at_ms, at_ms + 500), RATE)
        assert found.alike > ALIKE and abs(apart(found.at_ms, at_ms % PERIOD_MS)) < 1, at_ms


def test_orders_hold_from_the_moment_they_were_wished_for(store: Store, sample: Path) -> None:
    recorder = _start(store, sample, 20)
    heard = _hear(recorder, 1.0)
    at_ns = time.monotonic_ns()
    time.sleep(0.15)  # three seconds of the session clock
    recorder.pause("break", at_ns)
    heard += _hear(recorder, 0.5)
    recorder.resume()
    resumed_ms = recorder.now_ms()
    heard += _hear(recorder, 0.5)
    recorder.stop()
    (paused,) = [one for one in heard if isinstance(one, Paused)]
    (resumed,) = [one for one in heard if isinstance(one, Resumed)]
    assert abs(paused.at_ms - recorder.started.at(at_ns)) <= 1
    assert 0 <= resumed_ms - resumed.at_ms < 50 * 20
    reader = store.reader()
    ((from_ms, length_ms),) = reader.pauses
    assert from_ms == paused.at_ms and abs(length_ms - (resumed.at_ms - paused.at_ms)) <= 1
    assert not [one for one in heard if isinstance(one, Alarm | Fault)]
    for at_ms in (paused.at_ms - 600, resumed.at_ms + 100):
        assert abs(apart(find(reader.read(at_ms, at_ms + 500), RATE).at_ms, at_ms % PERIOD_MS)) < 1


def test_the_last_minutes_can_be_destroyed(store: Store, sample: Path) -> None:
    recorder = _start(store, sample, 20)
    _hear(recorder, 1.0)
    place = store.reader().place_of(5_000)
    assert place is not None
    from_ms = place.first_sample * 1000 // RATE
    answer = recorder.strike(place.file, place.offset, from_ms)
    assert answer.from_ms == from_ms == 5_000 and answer.next_seq - answer.first_seq > 40
    _hear(recorder, 0.5)
    recorder.stop()
    assert not [one for one in recorder.poll() if isinstance(one, Alarm | Fault)]


def test_who_takes_it_over_finds_the_same_clock(store: Store, sample: Path) -> None:
    recorder = _start(store, sample, 10, lasting=True)
    recorder.leave()
    time.sleep(0.5)
    again = Recorder.attach(store.folder)
    status = read_status(store.folder)
    assert again is not None and status is not None
    at_ns = time.monotonic_ns()
    assert again.started.at(at_ns) == recorder.started.at(at_ns) == status.at(at_ns)
    assert abs(again.now_ms() - recorder.now_ms()) <= 50
    assert again.stop().end_ms >= 4_000


def test_it_ends_with_whoever_began_it(store: Store, sample: Path) -> None:
    recorder = _start(store, sample, 5)
    _close_input(recorder)
    _until_ended(recorder)
    assert running(store.folder) is None and store.reader().check().damage == ()


def test_a_lasting_one_goes_on_until_its_folder_is_gone(store: Store, sample: Path) -> None:
    recorder = _start(store, sample, 5, lasting=True)
    _close_input(recorder)
    time.sleep(0.7)
    assert recorder.alive
    threading.Thread(target=shutil.rmtree, args=(store.folder,), kwargs={"ignore_errors": True}).start()
    _until_ended(recorder)


def _close_input(recorder: Recorder) -> None:
    """As the death of the program would."""
    pipe = recorder._voice._child.stdin  # type: ignore[attr-defined]
    pipe.close()
