"""A recording whose screen is gone, steered from the command line."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from cli_runner import run
from sound_room import SoundRoom
from study_sound import record_sound

from facilitator.domain.ids import session_id
from facilitator.domain.recording import Pause
from facilitator.workflows.conducting import Conduct
from facilitator.workflows.recovering import needs_recovery
from facilitator.workflows.sessions import Session
from facilitator.workflows.study import Study


@pytest.fixture
def left_alone(opened: Study, sound_room: SoundRoom, monkeypatch: pytest.MonkeyPatch) -> Iterator[Study]:
    """Session 01 is being recorded, and the screen that began it is gone."""
    for name, value in sound_room.settings.items():
        monkeypatch.setenv(name, value)
    with Session(opened, session_id("01")) as session:
        conduct = Conduct(session)
        conduct.start(backup_device="pulse")
        time.sleep(1.0)
        conduct.detach()
    yield opened
    with Session(opened, session_id("01")) as session:
        conduct = Conduct(session)
        conduct.find_running()
        if conduct.under_way:
            conduct.stop()


def _paused(study: Study) -> Pause | None:
    with Session(study, session_id("01"), write=False) as session:
        return session.state.paused


def test_it_is_paused_resumed_and_stopped(left_alone: Study, planned: Path) -> None:
    for word, why in (("off-record", Pause.OFF_RECORD), ("break", Pause.BREAK)):
        done = run("record", "01", "--pause", word, study=planned)
        assert done.code == 0 and f"Paused ({why.value})" in done.out, done.err
        assert _paused(left_alone) is why
        time.sleep(0.5)
        done = run("record", "01", "--resume", study=planned)
        assert done.code == 0 and "It records." in done.out, done.err
        assert _paused(left_alone) is None
        time.sleep(0.5)
    done = run("record", "01", "--stop", study=planned)
    assert done.code == 0 and "Stored and read back" in done.out, done.err
    with Session(left_alone, session_id("01"), write=False) as session:
        assert session.state.recorded and session.state.backups[1].end_ms is not None
        assert [why for _, _, why in session.state.gaps] == [Pause.OFF_RECORD.value, Pause.BREAK.value]
        assert not needs_recovery(session)
    assert run("record", "01", "--stop", study=planned).code == 2


def test_whoever_may_not_go_on_is_told_how_to_end_it(left_alone: Study, planned: Path) -> None:
    refused = run("recover", "01", study=planned)
    assert refused.code == 8 and "facilitator record 01 --stop" in refused.err


def test_it_goes_on_after_a_strike(left_alone: Study, planned: Path) -> None:
    kept = run("strike", "01", "--minutes", "0.05", study=planned)
    assert kept.code == 2 and "what is recorded until you go on is destroyed as well" in kept.out
    done = run("strike", "01", "--minutes", "0.05", "--word", "strike", study=planned)
    assert done.code == 0 and "Destroyed 0:" in done.out and "in the backup as well" in done.out, done.err
    done = run("record", "01", "--stop", study=planned)
    assert done.code == 0, done.err


def test_a_strike_takes_what_was_shown(opened: Study, planned: Path) -> None:
    with Session(opened, session_id("01")) as session:
        record_sound(session, 10.0)
    done = run("strike", "01", "--minutes", "0.05", "--word", "strike", study=planned)
    assert done.code == 0 and "From 0:07 on, 0:03 of sound and no note will be destroyed." in done.out
    assert "It is being recorded" not in done.out
    with Session(opened, session_id("01"), write=False) as session:
        assert session.state.struck[0].from_ms == 7_000


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ((), "Add --seconds N"),
        (("--stop", "--resume"), "--stop and --resume do not go together"),
        (("--pause", "break", "--seconds", "5"), "--pause and --seconds do not go together"),
        (("--stop",), "is not being recorded"),
        (("--pause", "nap"), "nap"),
    ],
)
def test_what_makes_no_sense_is_refused(planned: Path, given: tuple[str, ...], said: str) -> None:
    done = run("record", "01", *given, study=planned)
    assert done.code == 2 and said in done.err
