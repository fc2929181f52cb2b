import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import soundfile
from audio_store import Store
from numpy.typing import NDArray
from sound_room import SoundRoom

from facilitator.audio.devices import InputDevice, input_devices
from facilitator.audio.level_test import hear
from facilitator.audio.messages import Alarm, Message
from facilitator.audio.pulse import PulseSource, sources
from facilitator.audio.recorder import Recorder
from facilitator.audio.source_route import Route, RouteJudge
from facilitator.audio.watch import Troubles
from facilitator.domain.errors import DeviceFailed
from facilitator.domain.ids import session_id
from facilitator.domain.recording import Trouble
from facilitator.workflows.conducting import Conduct
from facilitator.workflows.sessions import Session
from facilitator.workflows.sound import open_track
from facilitator.workflows.study import Study

RATE = 16_000
TABLE, DOOR = "Møtebord ved vinduet", "Microphone at the door"
TONES = {"room": 300, "table_sink": 700, "door_sink": 1100}
"""Hz of the tone that is played there; the microphones hear the last two, the default source the first."""
pytestmark = pytest.mark.slow


@pytest.fixture
def room(monkeypatch: pytest.MonkeyPatch) -> Iterator[SoundRoom]:
    """A room with two microphones, at the table and at the door, each of which hears a loudspeaker of its own."""
    if (absent := SoundRoom.absent()) is not None:
        pytest.skip(absent)
    with SoundRoom() as made:
        furnish(made)
        for name, value in made.settings.items():
            monkeypatch.setenv(name, value)
        yield made


def furnish(room: SoundRoom) -> None:
    for where, description in (("table", TABLE), ("door", DOOR)):
        room.control("load-module", "module-null-sink", f"sink_name={where}_sink")
        plug(room, where, description)


def plug(room: SoundRoom, where: str, description: str, name: str = "") -> str:
    """Plug in a microphone that hears the loudspeaker `where`, and return what unplugs it."""
    shown = description.replace("'", "\\'").replace(" ", "\\ ")
    given = (f"source_name={name or where}", f"master={where}_sink.monitor")
    return room.control(
        "load-module", "module-remap-source", *given, f"source_properties=device.description='{shown}'"
    ).strip()


def unplug(room: SoundRoom, where: str) -> None:
    modules = room.control("list", "short", "modules").splitlines()
    (number,) = [line.split()[0] for line in modules if f"source_name={where} " in line]
    room.control("unload-module", number)


@contextmanager
def tones(room: SoundRoom, folder: Path) -> Iterator[None]:
    """A tone of its own in each loudspeaker."""
    playing = []
    for sink, hertz in TONES.items():
        times = np.arange(RATE * 40) / RATE
        soundfile.write(folder / f"{sink}.wav", 0.4 * np.sin(2 * np.pi * hertz * times), RATE)
        play = ["paplay", f"--device={sink}", "--latency-msec=100", str(folder / f"{sink}.wav")]
        playing.append(subprocess.Popen(play, env=room.env, stdin=subprocess.DEVNULL))
    try:
        yield
    finally:
        for one in playing:
            one.kill()
            one.wait()


def pitch(pcm: NDArray[np.int16], rate: int = RATE) -> int | None:
    """The loudest frequency in Hz, to the nearest 50; None for silence."""
    if not pcm.any():
        return None
    spectrum = np.abs(np.fft.rfft(pcm.astype("f8") * np.hanning(len(pcm))))
    return round(float(spectrum.argmax()) * rate / len(pcm) / 50) * 50


def pitches(store: Store) -> list[int | None]:
    """Of each half second that was recorded."""
    reader = store.reader()
    return [pitch(reader.read(at, at + 500)) for at in range(0, reader.length_ms - 500, 500)]


class Recording:
    """A recording of the input `device`, and what it said."""

    def __init__(self, folder: Path, device: str | None) -> None:
        self.store = Store(folder)
        given = {"session_id": "07", "recipient": self.store.keys.recipient, "rate": RATE}
        self.recorder = Recorder.start(folder, device=device, **given)  # type: ignore[arg-type]
        self.heard: list[Message] = []

    def until(self, happened: Callable[[], bool], seconds: float = 15.0) -> None:
        deadline = time.monotonic() + seconds
        while not happened():
            assert time.monotonic() < deadline, [one for one in self.heard if isinstance(one, Alarm)]
            self.heard += self.recorder.poll()
            time.sleep(0.02)

    def listen(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        self.until(lambda: time.monotonic() >= end)

    def alarms(self, trouble: Trouble, *, over: bool = False) -> list[Alarm]:
        every = [one for one in self.heard if isinstance(one, Alarm)]
        return [one for one in every if (one.trouble, one.over) == (trouble, over)]


@pytest.fixture
def record(tmp_path: Path) -> Iterator[Callable[[str | None], Recording]]:
    made: list[Recording] = []

    def start(device: str | None) -> Recording:
        made.append(Recording(tmp_path / f"audio-{len(made)}", device))
        return made[-1]

    yield start
    for one in made:
        if one.recorder.alive:
            one.recorder.stop()


def test_each_source_is_an_input_and_one_is_the_default(room: SoundRoom) -> None:
    found = input_devices()
    names = [one.name for one in found]
    assert names[:2] == [TABLE, DOOR] and {"default", "pulse"} <= set(names[5:])
    assert all(name.startswith("Monitor of ") for name in names[2:5])
    assert len(set(names)) == len(names)
    assert [one.name for one in found if one.is_default] == ["Monitor of Null Output, room.monitor"]
    assert found[0] == InputDevice(TABLE, 2, 44_100, is_default=False)


def test_the_default_of_the_sound_system_is_the_default(room: SoundRoom, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PULSE_SOURCE")
    room.control("set-default-source", "door")
    assert [one.name for one in input_devices() if one.is_default] == [DOOR]


def test_names_are_fit_to_be_shown_and_told_apart(room: SoundRoom) -> None:
    plug(room, "table", DOOR, "twin")
    plug(room, "table", "pulse", "namesake")
    plug(room, "table", "evil\x1b[2J\u202egnp", "evil")
    names = [one.name for one in input_devices()]
    assert {f"{DOOR}, door", f"{DOOR}, twin", "pulse, namesake", "pulse"} <= set(names) and DOOR not in names
    assert len(set(names)) == len(names) and all("\x1b" not in name and "\u202e" not in name for name in names)
    (evil,) = [name for name in names if "gnp" in name or "evil" in name]
    assert hear(evil, rate=RATE, seconds=0.5).device == evil


def test_without_pactl_all_is_as_before(room: SoundRoom, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    for said in (None, "#!/bin/sh\nexit 1\n", "#!/bin/sh\necho '[{}, 3]'\n", "#!/bin/sh\necho no JSON\n"):
        if said is not None:
            (tmp_path / "pactl").write_text(said)
            (tmp_path / "pactl").chmod(0o755)
        assert sources() == []
        found = input_devices()
        assert {"default", "pulse"} <= {one.name for one in found}
        assert [one.name for one in found if one.is_default] == ["default"]


def test_two_sources_are_recorded_at_once_each_with_its_own_sound(
    room: SoundRoom, tmp_path: Path, record: Callable[[str | None], Recording]
) -> None:
    with tones(room, tmp_path):
        made = {TABLE: record(TABLE), DOOR: record(DOOR), "default": record(None)}
        for one in made.values():
            one.listen(1.5)
        for name, one in made.items():
            assert one.recorder.started.device == name
            one.recorder.stop()
    for one, sink in zip(made.values(), ("table_sink", "door_sink", "room"), strict=True):
        assert set(pitches(one.store)[1:]) == {TONES[sink]}
        assert one.alarms(Trouble.DEVICE_CHANGED) == []


@pytest.mark.parametrize(("device", "sink"), [(TABLE, "table_sink"), (DOOR, "door_sink"), (None, "room")])
def test_the_level_test_hears_the_source_of_that_name(
    room: SoundRoom, tmp_path: Path, device: str | None, sink: str
) -> None:
    with tones(room, tmp_path):
        heard = hear(device, rate=RATE, seconds=1.5)
    assert heard.device == (device or "default")
    assert pitch(np.frombuffer(heard.pcm, "<i2")[-RATE:]) == TONES[sink]


def test_a_backup_hears_the_other_source(opened: Study, room: SoundRoom, tmp_path: Path) -> None:
    with Session(opened, session_id("01")) as session, tones(room, tmp_path):
        conduct = Conduct(session)
        conduct.start(TABLE, RATE, backup_device=DOOR)
        end = time.monotonic() + 2.5
        while time.monotonic() < end:
            conduct.poll()
            time.sleep(0.05)
        assert (conduct.device, conduct.backup_device, conduct.backup_troubles) == (TABLE, DOOR, ())
        conduct.stop()
        state = session.reread()
        assert state.takes[0].device == TABLE and state.backups[1].source == DOOR
        for track, sink in ((0, "table_sink"), (1, "door_sink")):
            sound = open_track(session, track)
            pcm = sound.read(sound.length_ms - 800, sound.length_ms - 100)
            assert pitch(pcm, sound.rate) == TONES[sink]


def test_a_named_source_that_moves_is_told_and_comes_back(
    room: SoundRoom, tmp_path: Path, record: Callable[[str | None], Recording]
) -> None:
    with tones(room, tmp_path):
        made = record(TABLE)
        made.listen(1.5)
        unplug(room, "table")
        made.until(lambda: bool(made.alarms(Trouble.DEVICE_CHANGED)))
        assert made.alarms(Trouble.DEVICE_CHANGED)[0].detail.startswith(f"from {TABLE} to ")
        made.listen(1.0)
        plug(room, "table", TABLE)
        made.until(lambda: bool(made.alarms(Trouble.DEVICE_CHANGED, over=True)))
        made.listen(2.0)
        made.recorder.stop()
    found = pitches(made.store)
    assert found[1] == TONES["table_sink"] and found[-2:] == [TONES["table_sink"]] * 2


def test_a_lost_named_source_is_waited_for_and_no_other_taken(
    room: SoundRoom, tmp_path: Path, record: Callable[[str | None], Recording]
) -> None:
    """The sound system dies; when it is back, at first only the other microphone is, which bears the same name."""
    with tones(room, tmp_path):
        made = record(TABLE)
        made.listen(1.5)
    room.leave()
    made.until(lambda: bool(made.alarms(Trouble.DEVICE_LOST)))
    room.enter()
    for sink in ("table", "door"):
        room.control("load-module", "module-null-sink", f"sink_name={sink}_sink")
    plug(room, "door", TABLE)
    with tones(room, tmp_path):
        made.listen(4.0)
        assert room.listeners() == 1 and made.alarms(Trouble.DEVICE_LOST, over=True) == []  # the microphone's own
        plug(room, "table", TABLE)
        made.until(lambda: bool(made.alarms(Trouble.DEVICE_LOST, over=True)))
        made.listen(2.0)
        made.recorder.stop()
    assert made.alarms(Trouble.DEVICE_CHANGED) == []
    found = pitches(made.store)
    assert set(found) <= {TONES["table_sink"], None} and found[-2:] == [TONES["table_sink"]] * 2


def test_an_input_that_is_not_there_is_refused(room: SoundRoom, record: Callable[[str | None], Recording]) -> None:
    unplug(room, "table")
    with pytest.raises(DeviceFailed, match=TABLE):
        record(TABLE)
    with pytest.raises(DeviceFailed, match=TABLE):
        hear(TABLE, rate=RATE, seconds=0.5)
    assert room.listeners() == 1


def test_a_stream_that_never_came_from_the_source_wanted_is_told_and_moved() -> None:
    alarms, moved = list[Alarm](), list[tuple[int, str]]()
    wanted = PulseSource(3, "desk", "Desk", "Desk", 1, 48_000, is_monitor=False)

    def move(stream: int, source: str) -> None:
        moved.append((stream, source))

    judge = RouteJudge(Troubles(alarms.append), lambda: 5, move, wanted)
    judge.look(None)
    judge.look(Route(4, "laptop", "Laptop", frozenset({"laptop", "desk"})))
    assert moved == [(4, "desk")] and [(one.over, one.detail) for one in alarms] == [(False, "from Desk to Laptop")]
    judge.look(Route(4, "desk", "Desk", frozenset({"laptop", "desk"})))
    judge.look(Route(4, "laptop", "Laptop", frozenset({"laptop", "desk"})))
    assert len(moved) == 1 and [one.over for one in alarms] == [False, True, False], "moved by hand then"
