"""Recording as a person sees it: checked, troubled, paused, struck, interrupted; in a private sound room."""

import asyncio
import os
import signal
import subprocess
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager

import pytest
import session_material as material
from known_sound import Playing
from sound_room import SoundRoom
from tui_driver import NARROW, WIDE, Driver, Opened

from facilitator.audio.status_file import read_status
from facilitator.domain import events as ev
from facilitator.domain.errors import DeviceFailed, StorageFailed
from facilitator.domain.ids import SessionId
from facilitator.domain.recording import Pause, Trouble
from facilitator.domain.session_state import SessionState
from facilitator.tui.screens.conduct import ConductScreen
from facilitator.tui.screens.home import HomeScreen
from facilitator.tui.screens.precheck import PrecheckScreen
from facilitator.tui.screens.recovery import RecoveryScreen
from facilitator.workflows.conducting import Conduct
from facilitator.workflows.sessions import Session
from facilitator.workflows.study import Study

pytestmark = pytest.mark.slow


@pytest.fixture
def room(sound_room: SoundRoom, monkeypatch: pytest.MonkeyPatch) -> Iterator[SoundRoom]:
    """A room with sound in it."""
    for name, value in sound_room.settings.items():
        monkeypatch.setenv(name, value)
    with Playing(sound_room):
        yield sound_room


def state_of(study: Study, session_id: SessionId) -> SessionState:
    study.refresh()
    with Session(study, session_id, write=False) as session:
        return session.state


def stored(study: Study, session_id: SessionId, kind: type[ev.Event]) -> list[ev.Event]:
    with Session(study, session_id, write=False) as session:
        return [item.event for item in session.history() if isinstance(item.event, kind)]


async def until(driver: Driver, seen: Callable[[], bool], seconds: float = 10.0) -> None:
    """Wait for something to show; fails with the screen."""
    for _ in range(int(seconds / 0.05)):
        await driver.pilot.pause()
        if seen():
            return
        await asyncio.sleep(0.05)
    raise AssertionError(driver.text)


def first(driver: Driver) -> str:
    return driver.text.splitlines()[0]


@asynccontextmanager
async def recording(driver: Driver, session_id: SessionId) -> AsyncIterator[ConductScreen]:
    """On the conduct screen with a recording that runs, which is ended at last."""
    screen = ConductScreen(session_id)
    driver.app.push_screen(screen)
    await driver.settle()
    await driver.press("r")
    assert isinstance(driver.app.screen, PrecheckScreen), driver.text
    await driver.press("enter")
    await until(driver, lambda: "● REC" in first(driver))
    try:
        yield screen
    finally:
        if screen.is_open and (screen.conduct.recording or screen.conduct.interrupted):
            screen.conduct.stop()


@pytest.fixture
def session_id(peopled: Study) -> SessionId:
    material.consented(peopled)
    return material.planned(peopled)


@pytest.mark.parametrize("size", [NARROW, WIDE])
async def test_everything_is_looked_at_before_recording(
    size: tuple[int, int], room: SoundRoom, peopled: Study, opened: Opened, session_id: SessionId
) -> None:
    async with opened(size) as driver:
        driver.app.push_screen(ConductScreen(session_id))
        await driver.settle()
        await driver.press("r")
        for name in ("Microphone", "Level", "Consent", "Disk", "Battery", "Folder", "Sleep"):
            assert name in driver.text
        assert "✓ Consent" in driver.text
        assert "? Level       not tested" in driver.text
        assert "(•) default" in driver.text and "(•) none" in driver.text
        for key in ("Enter Record", "l Level test", "u Look again", "k Rate", "n Channel"):
            assert key in driver.text, key
        assert "48 kHz" in driver.text
        await driver.press("k")
        assert "44.1 kHz" in driver.text
        await driver.press("k", "k")
        assert "…" not in driver.text
        assert state_of(peopled, session_id).takes == []


async def test_a_level_test_is_heard_and_kept_nowhere(
    room: SoundRoom, peopled: Study, opened: Opened, session_id: SessionId
) -> None:
    audio = peopled.folder.session(session_id).audio
    async with opened() as driver:
        driver.app.push_screen(ConductScreen(session_id))
        await driver.settle()
        await driver.press("r")
        await driver.press("l")
        assert "✓ Level       peak" in driver.text
        assert state_of(peopled, session_id).takes == []
    assert list(audio.rglob("*")) == []


async def test_enter_during_a_level_test_records_right_after_it(
    room: SoundRoom, peopled: Study, opened: Opened, session_id: SessionId
) -> None:
    async with opened() as driver:
        screen = ConductScreen(session_id)
        driver.app.push_screen(screen)
        await driver.settle()
        await driver.press("r")
        checks = driver.app.screen
        assert isinstance(checks, PrecheckScreen)
        checks.action_level()
        checks.action_start()
        assert checks.working and not screen.conduct.recording
        await until(driver, lambda: "● REC" in first(driver))
        await driver.press("s", "y")
        await until(driver, lambda: "read back:" in driver.text)
    (checked,) = stored(peopled, session_id, ev.Prechecked)
    assert isinstance(checked, ev.Prechecked) and ("Level", True) in [(one.name, one.ok) for one in checked.checks]


async def test_what_is_not_mended_is_accepted_by_starting_and_stored(
    room: SoundRoom, peopled: Study, opened: Opened, session_id: SessionId
) -> None:
    async with opened() as driver, recording(driver, session_id):
        (checked,) = stored(peopled, session_id, ev.Prechecked)
        assert isinstance(checked, ev.Prechecked)
        found = {one.name: one.ok for one in checked.checks}
        assert found["Consent"] is True and found["Level"] is None
        await driver.press("s", "y")
        await until(driver, lambda: "read back:" in driver.text)


async def test_a_missing_consent_forbids_recording_and_says_why(
    room: SoundRoom, peopled: Study, opened: Opened
) -> None:
    session_id = material.planned(peopled)
    async with opened() as driver:
        driver.app.push_screen(ConductScreen(session_id))
        await driver.settle()
        await driver.press("r")
        assert "✗ Consent" in driver.text and "P1, P2, P3, P4" in driver.text
        assert "✗ 1 to mend first" in first(driver)
        await driver.press("enter")
        assert isinstance(driver.app.screen, PrecheckScreen)
        assert any("Consent must be mended first" in notice for notice in driver.notices)
        assert state_of(peopled, session_id).takes == []


async def test_recording_goes_on_without_the_screen(
    room: SoundRoom, peopled: Study, opened: Opened, session_id: SessionId
) -> None:
    async with opened() as driver, recording(driver, session_id):
        heard_by = room.listeners()
        await driver.press("1", "t", "x", "enter", "s", "escape", "escape")
        assert "The recording goes on" in driver.text
        assert "● REC" in first(driver)
        await driver.press("y")
        assert isinstance(driver.app.screen, HomeScreen)
        assert "● REC 01" in first(driver)
        assert room.listeners() == heard_by
        again = ConductScreen(session_id)
        driver.app.push_screen(again)
        await driver.settle()
        await until(driver, lambda: "● REC" in first(driver))
        assert again.conduct.recording
        await driver.press("s")
        assert "y stops" in driver.text
        await driver.press("y")
        assert "Stored 0:0" in driver.text
        assert "nothing lost" in driver.text
        assert "■ not recording" in first(driver)
        await driver.press("2")
        assert "t theme" in driver.text
        await driver.press("r")
        await until(driver, lambda: "● REC" in first(driver))
        await driver.press("s", "y")
    state = state_of(peopled, session_id)
    assert [take.end_ms is not None for take in state.takes] == [True, True]
    assert state.takes[1].at_ms > (state.takes[0].end_ms or 0)


async def test_an_input_that_falls_dumb_is_told_within_a_second_of_its_alarm(
    room: SoundRoom, peopled: Study, opened: Opened, session_id: SessionId
) -> None:
    async with opened() as driver, recording(driver, session_id) as screen:
        _pactl(room, "suspend-sink", "room", "1")
        try:
            await until(driver, lambda: "▲ NO SOUND ARRIVES" in first(driver))
            trouble = screen.conduct.troubles[0]
            assert trouble.trouble is Trouble.NO_SOUND
            assert screen.conduct.now_ms - trouble.at_ms < 500 + 1_000 + 500
            assert screen.bar.has_class("-alarm")
            assert "r other input" in first(driver)
            await driver.press("t", *"heard", "enter")
            assert "heard" in driver.text
            assert "● REC" in driver.text.splitlines()[1]
        finally:
            _pactl(room, "suspend-sink", "room", "0")
        await until(driver, lambda: "● REC" in first(driver))
        assert "was: no sound arrives" in driver.text
        await asyncio.sleep(2.0)  # until it is certain that what did not come was lost, and not late
        await driver.press("s", "y")
        await until(driver, lambda: "had no sound, dated" in driver.text)
    kinds = [one.trouble for one in state_of(peopled, session_id).troubles]
    assert Trouble.NO_SOUND in kinds


@pytest.mark.parametrize(("key", "words"), [("p", "‖ BREAK since 0:0"), ("o", "‖ OFF THE RECORD since 0:0")])
async def test_a_pause_says_that_nothing_is_recorded(
    key: str, words: str, room: SoundRoom, peopled: Study, opened: Opened, session_id: SessionId
) -> None:
    async with opened() as driver, recording(driver, session_id) as screen:
        await driver.press(key)
        assert words in first(driver)
        assert f"nothing is recorded · {key} goes on" in first(driver)
        assert screen.bar.has_class("-paused")
        await driver.press("1", "t", *"noted", "enter")
        assert "noted" in driver.text
        other = "o" if key == "p" else "p"
        await driver.press(other)
        assert words in first(driver)
        await asyncio.sleep(1.0)
        await driver.press("r" if key == "p" else key)
        await until(driver, lambda: "● REC" in first(driver))
        await driver.press("s", "y")
        await until(driver, lambda: "read back:" in driver.text)
    why = "break" if key == "p" else "off the record"
    gaps = [(length, reason) for _, length, reason in state_of(peopled, session_id).gaps if reason == why]
    assert len(gaps) == 1 and gaps[0][0] >= 1_000


async def test_off_the_record_counts_from_the_key_even_while_something_else_goes_on(
    room: SoundRoom, peopled: Study, opened: Opened, session_id: SessionId
) -> None:
    async with opened() as driver, recording(driver, session_id) as screen:
        await asyncio.sleep(1.5)
        screen.run_apart(lambda: time.sleep(3.0), lambda _: None)
        pressed_ms = screen.conduct.now_ms
        await driver.pilot.press("o")
        await until(driver, lambda: "OFF THE RECORD" in first(driver))
        assert screen.working and screen.conduct.now_ms - pressed_ms < 2000, "it does not wait for the other thing"
        await until(driver, lambda: not screen.working and not screen._later)
        await driver.press("o")
        await until(driver, lambda: "● REC" in first(driver))
        await driver.press("s", "y")
        await until(driver, lambda: "read back:" in driver.text)
    begun = [at for at, _, reason in state_of(peopled, session_id).gaps if reason == "off the record"]
    assert len(begun) == 1 and abs(begun[0] - pressed_ms) <= 50


async def test_a_note_is_typed_on_while_the_recording_starts_and_ends(
    room: SoundRoom, peopled: Study, opened: Opened, session_id: SessionId
) -> None:
    async with opened() as driver:
        screen = ConductScreen(session_id)
        driver.app.push_screen(screen)
        await driver.settle()
        await driver.press("r")
        await driver.pilot.press("enter", "t", *"during the start")
        await until(driver, lambda: "● REC" in first(driver))
        assert "theme ▸  during the start" in driver.text
        await driver.press("enter", "s")
        await driver.pilot.press("y", "t", *"during the end")
        await until(driver, lambda: bool(state_of(peopled, session_id).recorded))
        await until(driver, lambda: not screen.working)
        assert "theme ▸  during the end" in driver.text and any("read back" in one for one in driver.notices)
        await driver.press("1", "enter")
    state = state_of(peopled, session_id)
    assert [note.text for note in state.notes.values()] == ["during the start", "during the end1"]
    assert not state.marks


async def test_a_strike_asks_for_the_word_and_says_what_it_destroyed(
    room: SoundRoom, peopled: Study, opened: Opened, session_id: SessionId
) -> None:
    async with opened() as driver, recording(driver, session_id):
        await driver.press("t", *"delicate", "enter")
        await asyncio.sleep(1.5)
        await driver.press("x")
        assert "how many?" in driver.text and "minutes ▸" in driver.text
        await driver.press("1", "enter")
        assert "Strike the last 1 min, from 0:00?" in driver.text
        assert "1 note" in driver.text and "Type strike and Enter" in driver.text
        assert "● REC" in first(driver)
        await driver.press(*"yes", "enter")
        assert "that was not it" in driver.text
        assert len(state_of(peopled, session_id).notes) == 1
        await driver.press(*"strike", "enter")
        assert "Destroyed 0:00 to" in driver.text
        assert "delicate" not in driver.text
        assert "● REC" in first(driver)
        state = state_of(peopled, session_id)
        assert state.notes == {} and state.struck and state.strike_ordered is None
        await driver.press("x", "escape", "s", "y")
        await until(driver, lambda: "read back:" in driver.text)


async def test_a_recorder_that_dies_is_started_again_without_being_told(
    room: SoundRoom, peopled: Study, opened: Opened, session_id: SessionId
) -> None:
    async with opened() as driver, recording(driver, session_id) as screen:
        await asyncio.sleep(1.2)
        _kill_capture(peopled, session_id)
        await until(driver, lambda: "▲ RECORDER DIED" in first(driver), 3.0)
        await until(driver, lambda: "● REC" in first(driver))
        assert screen.conduct.recording
        assert "recorder started again at" in driver.text
        await driver.press("t", *"later", "enter", "s", "y")
        await until(driver, lambda: "Stored" in driver.text)
    state = state_of(peopled, session_id)
    assert len(state.takes) == 2
    assert [one.trouble for one in state.troubles if one.end_ms is not None] == [Trouble.RECORDER_DIED]


async def test_off_the_record_can_be_said_while_no_recorder_runs(
    room: SoundRoom, peopled: Study, opened: Opened, session_id: SessionId, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(_: Conduct) -> bool:
        raise DeviceFailed("The microphone is gone.")

    async with opened() as driver, recording(driver, session_id) as screen:
        await asyncio.sleep(0.8)
        with monkeypatch.context() as broken:
            broken.setattr(Conduct, "restart", refused)
            _kill_capture(peopled, session_id)
            await until(driver, lambda: "The microphone is gone" in driver.text)
            await driver.press("o")
            await until(driver, lambda: "OFF THE RECORD since" in driver.text and "o goes on" in first(driver))
            assert state_of(peopled, session_id).paused is Pause.OFF_RECORD
        await asyncio.sleep(0.5)
        assert not screen.conduct.recording, "it is not started again behind anybody's back"
        await driver.press("o")
        await until(driver, lambda: "● REC" in first(driver))
    assert "off the record" in [reason for _, _, reason in state_of(peopled, session_id).gaps]


async def test_a_note_that_was_refused_leaves_no_word_of_something_saved(
    peopled: Study, opened: Opened, session_id: SessionId, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> int:
        raise StorageFailed("The disk is full.")

    async with opened() as driver:
        driver.app.push_screen(ConductScreen(session_id))
        await driver.settle()
        await driver.press("t", *"kept", "enter")
        assert "saved ✓" in first(driver)
        monkeypatch.setattr(Conduct, "note", refuse)
        await driver.press("t", *"lost", "enter")
        assert "The disk is full" in driver.text
        await driver.press("escape")
        assert "saved ✓" not in first(driver)


async def test_another_input_is_chosen_without_leaving_the_screen(
    room: SoundRoom, peopled: Study, opened: Opened, session_id: SessionId
) -> None:
    async with opened() as driver, recording(driver, session_id) as screen:
        before = screen.conduct.device
        _pactl(room, "set-source-mute", "room.monitor", "1")
        try:
            await until(driver, lambda: "▲ EXACT SILENCE" in first(driver))
            await driver.press("r")
            assert "Record with which input?" in driver.text
            assert f"{before}  (in use until now)" in driver.text
            assert "Enter Use this input" in driver.text
            await driver.press("1", "escape")
            assert "Record with which input?" not in driver.text
            await driver.press("r")
            await driver.press(*_keys_to_another(screen))
        finally:
            _pactl(room, "set-source-mute", "room.monitor", "0")
        await until(driver, lambda: "● REC" in first(driver))
        assert screen.conduct.device != before
        await driver.press("s", "y")
        await until(driver, lambda: "Stored" in driver.text)
    assert len(state_of(peopled, session_id).takes) == 2


async def test_an_interrupted_session_is_looked_at_then_put_in_order_then_conducted(
    room: SoundRoom, peopled: Study, opened: Opened, session_id: SessionId
) -> None:
    with Session(peopled, session_id) as session:
        conduct = Conduct(session)
        conduct.start()
        await asyncio.sleep(2.5)
        _kill_capture(peopled, session_id)
        conduct.detach()
    async with opened() as driver:
        assert "▲ interrupted" in driver.text and "recover" in driver.text
        await driver.press("enter")
        assert isinstance(driver.app.screen, RecoveryScreen)
        assert "▲ interrupted" in first(driver)
        assert "Nothing was changed so far." in driver.text
        assert "was interrupted; 0.500 s at most" in driver.text
        assert state_of(peopled, session_id).takes[-1].end_ms is None
        await driver.press("enter")
        assert "were recovered and read back" in driver.text
        assert "✓ put in order" in first(driver)
        assert state_of(peopled, session_id).takes[-1].end_ms is not None
        await driver.press("c")
        assert isinstance(driver.app.screen, ConductScreen)
        assert "■ not recording" in first(driver)
        await driver.press("escape")
        assert isinstance(driver.app.screen, HomeScreen)
        assert "interrupted" not in driver.text


def _pactl(room: SoundRoom, *words: str) -> None:
    subprocess.run(["pactl", *words], env=room.env, check=True, capture_output=True)


def _kill_capture(study: Study, session_id: SessionId) -> None:
    status = read_status(study.folder.session(session_id).audio)
    assert status is not None
    os.kill(status.pid, signal.SIGKILL)


def _keys_to_another(screen: ConductScreen) -> list[str]:
    from facilitator.tui.widgets.input_picker import InputPicker

    devices = screen.query_one(InputPicker)._devices
    place = next(
        at for at, name in enumerate(devices) if name != screen.conduct.device and name in ("pulse", "default")
    )
    return [*["down"] * place, "enter"]
