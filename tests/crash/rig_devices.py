"""Microphones unplugged, replugged, silent, switched, busy and wrong: real streams through PulseAudio, and scripted."""

import queue
import random
import tempfile
import threading
import time
from functools import partial
from pathlib import Path
from typing import Final

from known_sound import RATE
from sound_room import SoundRoom

from facilitator.audio.capture_loop import CaptureLoop
from facilitator.audio.container import AudioReader
from facilitator.audio.messages import Level, Message, Request, Started
from facilitator.domain.recording import Trouble

from .devices_drift import drift_faults
from .devices_judging import Case, Heard, judge, told_after_ms
from .devices_script import ScriptedMicrophone
from .devices_stream import disturb_stream, now
from .framework import Outcome, Report, Tried, scratch, tally
from .killing_study import copied, make_template

TITLE = "device unplugged, silent, switched, busy"
HOLDS = "the right alarm in the log within 1 s; gap dated; timeline right to 50 ms"
COUNT = 200
SECONDS = 360.0
AT_ONCE = 4
_STOPPING_S: Final = 30.0
_SIGNAL_MS: Final = 2000
_LEAST_PPM: Final = 40
_MOST_PPM: Final = 3000

_MISSING: Final = frozenset({Trouble.NO_SOUND, Trouble.DEVICE_LOST})
_REAL: Final = (
    Case("unplug", Trouble.DEVICE_LOST, _MISSING, loses=True, real=True),
    Case("move", Trouble.DEVICE_CHANGED, ends=False, real=True),
    Case("mute", Trouble.SILENT, full_ms=_SIGNAL_MS, alters=True, real=True),
    Case("suspend", Trouble.NO_SOUND, loses=True, real=True, held_ms=300),
    Case("default", Trouble.DEVICE_CHANGED, ends=False, real=True),
    Case("zeros", Trouble.SILENT, full_ms=_SIGNAL_MS, alters=True, real=True),
    Case("dead", Trouble.NO_SOUND, loses=True, real=True, held_ms=300),
    Case("fall back", Trouble.DEVICE_CHANGED, ends=False, real=True),
    Case("unplug", Trouble.DEVICE_LOST, _MISSING, loses=True, real=True),
)
"""A tenth of the trials has the first six."""
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
    numbers.sort(key=lambda number: case_of(number).wanted is Trouble.DRIFT)  # at full speed, so beside nothing in time
    with tempfile.TemporaryDirectory(prefix="crash-devices-") as name:
        secret = make_template(Path(name))
        outcome = tally(report, numbers, partial(trial, name, secret), processes=AT_ONCE)
    real = sum(case_of(number).real for number in numbers)
    return outcome.noted(
        f"{real} real streams told after {report.told('real_ms', 'ms')}",
        f"{len(numbers) - real} scripted after {report.told('scripted_ms', 'ms')}",
        left_out=f"{count - len(numbers)} real streams skipped: {absent}" if absent else "",
    )


def trial(folder: str, secret: str, chance: random.Random, number: int) -> Tried:
    """One disturbance."""
    case = case_of(number)
    with scratch(Path(folder)) as own:
        if case.real:
            faults, heard = disturb_stream(case, _length_s(case, chance), chance, copied(folder, own), secret)
            after = told_after_ms(case, heard)
        elif case.wanted is Trouble.DRIFT:
            faults, after = _drift(chance, Path(own) / "audio")
        else:
            faults, after = _script(case, chance, Path(own) / "audio")
    kind = "real" if case.real else "scripted"
    figures = {} if after is None else {f"{kind}_ms": max(0.0, after)}
    return Tried(f"{kind} {case.name}: {'; '.join(faults)}" if faults else "", figures)


def _length_s(case: Case, chance: random.Random) -> float:
    return chance.uniform(2.6, 3.4) if case.full_ms else chance.uniform(0.8, 2.2)


def _drift(chance: random.Random, folder: Path) -> tuple[list[str], float]:
    """A clock that is wrong by as much as cheap ones are, or by far more; slow or fast."""
    import pyrage

    ppm = round(_LEAST_PPM * (_MOST_PPM / _LEAST_PPM) ** chance.random())
    return drift_faults(folder, pyrage.x25519.Identity.generate(), ppm * chance.choice((-1, 1)))


def _script(case: Case, chance: random.Random, folder: Path) -> tuple[list[str], float | None]:
    import pyrage

    identity = pyrage.x25519.Identity.generate()
    heard = _disturb_script(case, chance, folder, str(identity.to_public()))
    reader = AudioReader(folder, session_id="01", identity=str(identity))
    return judge(case, heard, reader), told_after_ms(case, heard)


def _disturb_script(case: Case, chance: random.Random, folder: Path, recipient: str) -> Heard:
    """The capture loop with a scripted source in real time."""
    begin_ns = time.monotonic_ns() + 100_000_000
    act_ns = begin_ns + int(chance.uniform(0.9, 2.0) * 1e9)
    undo_ns = act_ns + int(_length_s(case, chance) * 1e9)
    microphone, stop, heard = ScriptedMicrophone(case.name, act_ns, undo_ns), threading.Event(), Heard()
    said: queue.SimpleQueue[tuple[float, Message]] = queue.SimpleQueue()
    loop = CaptureLoop(
        Request(folder, "01", recipient, None, RATE), microphone.open, lambda one: said.put((now(), one)), stop
    )
    recording = threading.Thread(target=loop.run)
    recording.start()
    time.sleep(max(0.0, undo_ns / 1e9 - time.monotonic()) + (2.6 if case.name == "lost" else 1.6))
    heard.stop_ms = now()
    stop.set()
    recording.join(_STOPPING_S)
    microphone.ended.set()
    if recording.is_alive():
        raise RuntimeError("the recording did not stop")
    while not said.empty():
        at_ms, message = said.get()
        if isinstance(message, Started):
            heard.origin_ms = message.monotonic_ns / 1e6 - message.start_ms
        elif not isinstance(message, Level):
            heard.add(at_ms, message)
    heard.act_ms, heard.undo_ms = act_ns / 1e6, undo_ns / 1e6
    if case.wanted is Trouble.OVERFLOW and microphone.flagged_ns is not None:
        heard.told_from_ms = microphone.flagged_ns / 1e6
    return heard
