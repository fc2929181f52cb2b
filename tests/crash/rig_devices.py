"""Microphones unplugged, replugged, silent, switched, busy and wrong: real streams through PulseAudio, and scripted."""

import os
import queue
import random
import statistics
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

from known_sound import RATE
from sound_room import SoundRoom

from facilitator.audio.capture_loop import CaptureLoop
from facilitator.audio.container import AudioReader
from facilitator.audio.messages import Level, Message, Request
from facilitator.audio.recorder import Recorder
from facilitator.domain.recording import Trouble

from .devices_drift import drift_faults
from .devices_judging import Case, Heard, judge, told_after_ms
from .devices_room import DeviceRoom
from .devices_script import ScriptedMicrophone
from .framework import Outcome, Report, tally

TITLE = "device unplugged, silent, switched, busy"
HOLDS = "the right alarm within 1 s; gap dated; timeline right to 50 ms"
COUNT = 200
SECONDS = 370.0
AT_ONCE = 6
_SIGNAL_MS: Final = 2000
_FIGURES: Final = "CRASH_DEVICES_FIGURES"

_MISSING: Final = frozenset({Trouble.NO_SOUND, Trouble.DEVICE_LOST})
_REAL: Final = (
    Case("unplug", Trouble.DEVICE_LOST, _MISSING, loses=True, real=True),
    Case("unplug", Trouble.DEVICE_LOST, _MISSING, loses=True, real=True),
    Case("suspend", Trouble.NO_SOUND, loses=True, real=True, held_ms=300),
    Case("dead", Trouble.NO_SOUND, loses=True, real=True, held_ms=300),
    Case("mute", Trouble.SILENT, full_ms=_SIGNAL_MS, alters=True, real=True),
    Case("zeros", Trouble.SILENT, full_ms=_SIGNAL_MS, alters=True, real=True),
    Case("move", Trouble.DEVICE_CHANGED, ends=False, real=True),
    Case("default", Trouble.DEVICE_CHANGED, ends=False, real=True),
    Case("fall back", Trouble.DEVICE_CHANGED, ends=False, real=True),
)
_SCRIPTED: Final = (
    Case("lost", Trouble.DEVICE_LOST, _MISSING, loses=True),
    Case("stall", Trouble.NO_SOUND, loses=True),
    Case("late", Trouble.NO_SOUND),
    Case("overflow", Trouble.OVERFLOW, frozenset({Trouble.NO_SOUND}), loses=True, ends=False),
    Case("hiccup", Trouble.OVERFLOW, ends=False),
    Case("zeros", Trouble.SILENT, full_ms=_SIGNAL_MS, alters=True),
    Case("stuck", Trouble.STUCK, full_ms=_SIGNAL_MS, alters=True),
    Case("clip", Trouble.CLIPPING, alters=True, ends=False),
    Case("hang", Trouble.NO_SOUND, ends=False, final=True),
    Case("drift", Trouble.DRIFT),
)
_REAL_OF_TEN: Final = (0, 3, 6)


def case_of(number: int) -> Case:
    """Three of ten trials are real streams."""
    tens, ones = divmod(number, 10)
    if ones in _REAL_OF_TEN:
        return _REAL[(tens * len(_REAL_OF_TEN) + _REAL_OF_TEN.index(ones)) % len(_REAL)]
    return _SCRIPTED[
        (tens * (10 - len(_REAL_OF_TEN)) + ones - sum(one < ones for one in _REAL_OF_TEN)) % len(_SCRIPTED)
    ]


def run(count: int, report: Report) -> Outcome:
    """`count` trials; the real ones only where there is a sound server."""
    absent = SoundRoom.absent()
    numbers = [number for number in range(count) if not (absent and case_of(number).real)]
    with tempfile.TemporaryDirectory(prefix="crash-devices-") as name:
        figures = Path(name) / "told"
        figures.touch()
        os.environ[_FIGURES] = str(figures)
        try:
            outcome = tally(report, numbers, trial, processes=AT_ONCE)
        finally:
            del os.environ[_FIGURES]
        told = [float(line) for line in figures.read_text().split()]
    real = sum(case_of(number).real for number in numbers)
    note = f"{real} real streams, {len(numbers) - real} scripted"
    if told:
        note += f"; told after {statistics.median(told):.0f} ms, worst {max(told):.0f} ms"
    return replace(outcome, note=note + (f"; {absent}" if absent else ""))


def trial(chance: random.Random, number: int) -> str:
    """One disturbance; returns what did not hold."""
    import pyrage

    case, identity = case_of(number), pyrage.x25519.Identity.generate()
    with tempfile.TemporaryDirectory(prefix="crash-device-") as name:
        folder, recipient = Path(name) / "audio", str(identity.to_public())
        if case.name == "drift":
            ppm = (
                chance.choice((-1, 1)) * chance.randrange(40, 100) if chance.random() < 0.5 else -chance.randrange(3000)
            )
            faults, after = drift_faults(folder, recipient, ppm or 90)
        else:
            heard = (_disturb_stream if case.real else _disturb_script)(case, chance, folder, recipient)
            if heard.act_ms == 0:
                return f"{case.name}: nothing was heard"
            faults = judge(case, heard, AudioReader(folder, session_id="01", identity=str(identity)))
            after = told_after_ms(case, heard) or 0.0
    with Path(os.environ[_FIGURES]).open("a") as figures:
        figures.write(f"{max(0.0, after):.1f}\n")
    kind = "real" if case.real else "scripted"
    return f"{kind} {case.name}: {'; '.join(faults)}" if faults else ""


def _length_s(case: Case, chance: random.Random) -> float:
    return chance.uniform(2.6, 3.4) if case.full_ms else chance.uniform(0.8, 2.2)


def _disturb_stream(case: Case, chance: random.Random, folder: Path, recipient: str) -> Heard:
    """A real capture process on a real stream of a real server."""
    heard, before = Heard(), dict(os.environ)
    with DeviceRoom(("mic", "other")) as room:
        os.environ.update(room.settings)
        try:
            if case.name in ("move", "default", "fall back"):
                room.microphones["other"].plug()
                room.pactl("set-default-source", "mic")
            recorder = Recorder.start(folder, session_id="01", recipient=recipient, rate=RATE)
            heard.add(_now_ms(), recorder.started)
            listen = _listener(recorder, heard)
            listen(chance.uniform(0.8, 1.8))
            heard.act_ms = _now_ms()
            act(room, case.name)
            listen(_length_s(case, chance))
            heard.undo_ms = _now_ms()
            act(room, case.name, undo=True)
            listen(3.2 if case.name == "unplug" else 2.2)
            recorder.stop()
            listen(0)
        finally:
            os.environ.clear()
            os.environ.update(before)
    return heard


def act(room: DeviceRoom, name: str, *, undo: bool = False) -> None:
    """Do to the microphone `mic` of `room` what the case `name` is about, or make it good again."""
    microphone = room.microphones["mic"]
    match name:
        case "unplug" | "fall back":
            microphone.plug() if undo else microphone.unplug()
        case "suspend":
            room.pactl("suspend-source", "mic", str(int(not undo)))
        case "mute":
            room.pactl("set-source-mute", "mic", str(int(not undo)))
        case "zeros":
            microphone.value = None if undo else 0
        case "dead":
            microphone.dead = not undo
        case "move" if not undo:
            room.pactl("move-source-output", room.stream(), "other")
        case "default" if not undo:
            room.pactl("set-default-source", "other")


def _listener(recorder: Recorder, heard: Heard) -> Callable[[float], None]:
    def listen(seconds: float) -> None:
        until = time.monotonic() + seconds
        while True:
            for message in recorder.poll():
                if not isinstance(message, Level):
                    heard.add(_now_ms(), message)
            if time.monotonic() >= until:
                return
            time.sleep(0.02)

    return listen


def _disturb_script(case: Case, chance: random.Random, folder: Path, recipient: str) -> Heard:
    """The capture loop with a scripted source in real time."""
    begin_ns = time.monotonic_ns() + 100_000_000
    act_ns = begin_ns + int(chance.uniform(0.9, 2.0) * 1e9)
    undo_ns = act_ns + int(_length_s(case, chance) * 1e9)
    microphone, stop, heard = ScriptedMicrophone(case.name, act_ns, undo_ns), threading.Event(), Heard()
    said: queue.SimpleQueue[tuple[float, Message]] = queue.SimpleQueue()
    loop = CaptureLoop(
        Request(folder, "01", recipient, None, RATE), microphone.open, lambda one: said.put((_now_ms(), one)), stop
    )
    recording = threading.Thread(target=loop.run)
    recording.start()
    time.sleep(max(0.0, undo_ns / 1e9 - time.monotonic()) + (2.6 if case.name == "lost" else 1.6))
    stop.set()
    recording.join(5)
    if recording.is_alive():
        raise RuntimeError("the recording did not stop within five seconds")
    microphone.ended.set()
    while not said.empty():
        at_ms, message = said.get()
        if not isinstance(message, Level):
            heard.add(at_ms, message)
    heard.act_ms, heard.undo_ms = act_ns / 1e6, undo_ns / 1e6
    if case.wanted is Trouble.OVERFLOW and microphone.flagged_ns is not None:
        heard.told_from_ms = microphone.flagged_ns / 1e6
    return heard


def _now_ms() -> float:
    return time.monotonic() * 1000
