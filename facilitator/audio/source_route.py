"""Watches from which source PulseAudio or PipeWire feeds this process, for they may move a recording without a word.

`pactl` tells: one long-running `pactl subscribe` for when to look, and its JSON lists for what there is. Where there is
no `pactl`, or it knows no stream of this process, there is no watch.
"""

import os
import shutil
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from facilitator.audio.pulse import PulseSource, ask, listed, sources
from facilitator.audio.watch import Troubles
from facilitator.domain.recording import Trouble

_AGAIN_SECONDS: Final = 3.0
_SUBSCRIBE: Final = "exec 3>&1 >/dev/null; pactl subscribe >&3 3>&- & it=$!; exec 3>&-; cat; kill $it"
"""Ends with its standard input, hence with this process however it dies; only pactl holds the pipe we read."""


@dataclass(frozen=True, slots=True)
class Route:
    """The stream `stream` of this process records from `source`, shown as `shown`; `sources` are all there are."""

    stream: int
    source: str
    shown: str
    sources: frozenset[str]


class RouteJudge:
    """What a change of route means. Where no source is `wanted`, the first route is the one that was wished for.

    A stream that was moved because its source went away, or never came from the one wanted, is moved there when it is
    there; one that was moved by a person is left where it is.
    """

    def __init__(
        self,
        troubles: Troubles,
        now_ms: Callable[[], int],
        move: Callable[[int, str], None],
        wanted: PulseSource | None = None,
    ) -> None:
        self._troubles, self._now_ms, self._move = troubles, now_ms, move
        self._first = None if wanted is None else Route(-1, wanted.name, wanted.shown, frozenset())
        self._was_gone = wanted is not None

    def look(self, route: Route | None) -> None:
        if route is None:
            return None
        first = self._first = self._first or route
        if route.source == first.source:
            self._was_gone = False
            return self._troubles.end(Trouble.DEVICE_CHANGED, self._now_ms())
        self._troubles.begin(Trouble.DEVICE_CHANGED, self._now_ms(), f"from {first.shown} to {route.shown}")
        here = first.source in route.sources
        if here and self._was_gone:
            self._was_gone = False
            self._move(route.stream, first.source)
        self._was_gone = self._was_gone or not here
        return None


def watch_route(judge: RouteJudge) -> None:
    """Keep `judge` told for ever, or return where there is no `pactl`; meant for a thread of its own."""
    while shutil.which("pactl") and shutil.which("sh"):
        _subscribed(judge)
        time.sleep(_AGAIN_SECONDS)


def move_stream(stream: int, source: str) -> None:
    """Let `stream` record from `source`; nothing happens where the sound system refuses."""
    ask("move-source-output", str(stream), source)


def current_route(pid: int) -> Route | None:
    """Where the process `pid` records from; None if that cannot be told."""
    outputs, here = listed("source-outputs"), sources()
    ours = [one for one in outputs if one.get("properties", {}).get("application.process.id") == str(pid)]
    source = next((one for one in here if ours and one.number == ours[-1].get("source")), None)
    if source is None:
        return None
    return Route(int(ours[-1]["index"]), source.name, source.shown, frozenset(one.name for one in here))


def bring_to(wanted: PulseSource) -> None:
    """Let this process record from `wanted`, should the sound system feed it from another source."""
    route = current_route(os.getpid())
    if route is not None and route.source != wanted.name:
        move_stream(route.stream, wanted.name)


def _subscribed(judge: RouteJudge) -> None:
    """Look at once and after each event, until the sound system goes away."""
    try:
        child = subprocess.Popen(
            ["/bin/sh", "-c", _SUBSCRIBE],
            env=os.environ | {"LC_ALL": "C"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
    except OSError:
        return
    try:
        judge.look(current_route(os.getpid()))
        assert child.stdout is not None  # noqa: S101  a pipe, as asked above
        while line := child.stdout.readline():
            if b" on source" in line:
                judge.look(current_route(os.getpid()))
    finally:
        for pipe in (child.stdin, child.stdout):
            if pipe is not None:
                pipe.close()
        child.wait()


__all__ = ["Route", "RouteJudge", "bring_to", "current_route", "move_stream", "watch_route"]
