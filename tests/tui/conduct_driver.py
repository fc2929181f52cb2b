"""Leading a group in tests: a study with names and consents, time that passes without a recorder, and a staged one."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest
import session_material as material
from session_material import P1, P2, P3, P4
from tui_driver import Driver

from facilitator.domain import events as ev
from facilitator.domain.errors import StorageFailed
from facilitator.domain.ids import SessionId
from facilitator.domain.notes import Note
from facilitator.domain.recording import Pause
from facilitator.domain.session_state import SessionState
from facilitator.domain.time_plan import TimePlan
from facilitator.tui.recording_watch import RecordingWatch
from facilitator.tui.recording_words import RecordingView
from facilitator.tui.screens.conduct import ConductScreen
from facilitator.workflows.recording_state import RecordingState
from facilitator.workflows.sessions import Session, plan_session
from facilitator.workflows.study import Study

MIN = 60_000


def led(study: Study, title: str = "North hospital") -> SessionId:
    """A session with a whole guide, planned for four people who consented."""
    material.consented(study)
    return plan_session(study, material.whole_guide(), (P1, P2, P3, P4), title=title)


def state_of(study: Study, session_id: SessionId) -> SessionState:
    """What is stored, read anew."""
    study.refresh()
    with Session(study, session_id, write=False) as session:
        return session.state


def notes_of(study: Study, session_id: SessionId) -> list[Note]:
    """The notes that are stored, by time."""
    return sorted(state_of(study, session_id).notes.values(), key=lambda note: note.at_ms)


def plan_of(study: Study, session_id: SessionId) -> TimePlan:
    """Where the group stands."""
    state = state_of(study, session_id)
    return TimePlan(state.guide_as_run, state.course, state.breaks(state.length_ms), state.length_ms)


def happened(study: Study, session_id: SessionId, until_ms: int, *given: tuple[int, ev.Event]) -> None:
    """Store events at their times; the session clock stands still at `until_ms` then."""
    with Session(study, session_id) as session:
        session.record(ev.RecordingStarted(48_000, "default"), 0)
        session.record_all([(event, at_ms) for at_ms, event in given])
        session.record(ev.RecordingStopped(48 * until_ms, until_ms, "0" * 64), until_ms)


async def conducting(driver: Driver, session_id: SessionId) -> ConductScreen:
    """The conduct screen, opened."""
    screen = ConductScreen(session_id)
    driver.app.push_screen(screen)
    await driver.settle()
    return screen


async def until(driver: Driver, seen: Callable[[], object], seconds: float = 10.0) -> None:
    """Wait for something to show; fails with the screen."""
    for _ in range(int(seconds / 0.05)):
        await driver.pilot.pause()
        if seen():
            return
        await asyncio.sleep(0.05)
    raise AssertionError(driver.text)


def refused(*_: object, **__: object) -> int:
    """In place of a method that stores."""
    raise StorageFailed("The disk is full.")


@dataclass
class Staged:
    """What the screen believes of a recording that is none. Change `ms` and `view` at will; see `stage`."""

    ms: int
    view: RecordingView
    paused: Pause | None = None

    def show(self, **changes: object) -> None:
        """Let the first lines say something else."""
        self.view = replace(self.view, **changes)  # type: ignore[arg-type]


def stage(monkeypatch: pytest.MonkeyPatch, ms: int = 0, *, recording: bool = True) -> Staged:
    """Let every conduct screen believe in a recording whose clock stands at `ms` until the test moves it."""
    view = RecordingView(ms, recording=recording, level="▁▂▅▇▅▂▁▁ −18 dB" if recording else "", facts=("free 41 GB",))
    staged = Staged(ms, view)
    monkeypatch.setattr(RecordingState, "now_ms", property(lambda _: staged.ms))
    monkeypatch.setattr(RecordingState, "ms_at", lambda *_: staged.ms)
    monkeypatch.setattr(RecordingState, "recording", property(lambda _: staged.view.recording))
    monkeypatch.setattr(RecordingState, "under_way", property(lambda _: staged.view.recording))
    monkeypatch.setattr(RecordingState, "paused", property(lambda _: staged.view.paused))
    monkeypatch.setattr(RecordingWatch, "listen", lambda _: None)
    monkeypatch.setattr(RecordingWatch, "view", lambda _, busy: replace(staged.view, now_ms=staged.ms, busy=busy))
    return staged
