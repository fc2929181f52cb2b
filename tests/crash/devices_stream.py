"""A real stream of a real sound server, recorded in a session as a screen does it, and disturbed."""

import os
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from known_sound import RATE

from facilitator.audio.messages import Alarm, Gap, Message
from facilitator.domain.ids import SessionId
from facilitator.domain.session_state import SessionState
from facilitator.workflows.conducting import Conduct
from facilitator.workflows.sessions import Session
from facilitator.workflows.sound import open_track

from .devices_judging import Case, Heard, judge
from .devices_room import DeviceRoom
from .killing_study import opened
from .killing_victim import origin_ms

POLL_S = 0.1
"""As often as the screen."""
_OTHERS = frozenset({"move", "default", "fall back"})
"""Cases with a second microphone."""


class Listening:
    """Polls as the screen does. `heard` takes what the log holds, when it holds it; `told` is what `poll` returned."""

    def __init__(self, session: Session, heard: Heard) -> None:
        self._session, self._heard = session, heard
        self.conduct = Conduct(session)
        self._told: list[Message] = []

    def listen(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self._told += [one for one in self.conduct.poll() if isinstance(one, Alarm | Gap)]
            self.look()
            time.sleep(POLL_S)

    def look(self) -> None:
        """Take in what the log has now."""
        now_ms, known = now(), {message for _, message in self._heard.said}
        for message in logged(self._session.state):
            if message not in known:
                self._heard.add(now_ms, message)

    def faults(self) -> list[str]:
        """What was told and does not stand in the log, or at another time."""
        there = set(logged(self._session.state))
        return [f"told and not in the log: {message}" for message in self._told if message not in there]


def logged(state: SessionState) -> Iterator[Message]:
    """Troubles and gaps of the log, as the recorder would tell them."""
    for one in state.troubles:
        yield Alarm(one.at_ms, one.trouble.value, detail=one.detail)
        if one.end_ms is not None:
            yield Alarm(one.end_ms, one.trouble.value, over=True)
    for gap in state.gaps:
        yield Gap(*gap)


def disturb_stream(
    case: Case, lasts_s: float, chance: random.Random, root: Path, secret: str
) -> tuple[list[str], Heard]:
    """Record a session of the study at `root`, and disturb it; what did not hold, and what was heard."""
    heard = Heard()
    with DeviceRoom(("mic", "other")) as room, _inside(room), opened(root, secret) as study:
        if case.name in _OTHERS:
            room.microphones["other"].plug()
            room.pactl("set-default-source", "mic")
        with Session(study, SessionId("01")) as session:
            listening = Listening(session, heard)
            listening.conduct.start(rate=RATE)
            heard.origin_ms = origin_ms(session.folder.audio)
            listening.listen(chance.uniform(0.8, 1.8))
            heard.act_ms = now()
            act(room, case.name)
            listening.listen(lasts_s)
            heard.undo_ms = now()
            act(room, case.name, undo=True)
            listening.listen(3.2 if case.name == "unplug" else 2.2)
            heard.stop_ms = now()
            listening.conduct.stop()
            listening.look()
            return listening.faults() + judge(case, heard, open_track(session)), heard


@contextmanager
def _inside(room: DeviceRoom) -> Iterator[None]:
    before = dict(os.environ)
    os.environ.update(room.settings)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


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


def now() -> float:
    """Monotonic ms."""
    return time.monotonic() * 1000
