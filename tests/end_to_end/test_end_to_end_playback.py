"""The correction screen plays the encrypted recording: keys in a terminal, sound in a room."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from cli_runner import PASSPHRASE
from sound_room import SoundRoom
from terminal import Terminal

from facilitator.audio.container import RecordWriter
from facilitator.domain import events as ev
from facilitator.domain.ids import session_id
from facilitator.domain.transcript import Segment
from facilitator.workflows.sessions import Session
from facilitator.workflows.study import Study
from facilitator.workflows.takes import adopt_unlogged

RATE = 48_000
PITCHES = (330, 660)
"""Of the two turns, 3 s each, in Hz."""
PROGRAM = [sys.executable, "-m", "facilitator.cli.main"]


@pytest.fixture
def recorded(opened: Study) -> None:
    """Session 01 with two turns whose sound can be told apart."""
    with Session(opened, session_id("01")) as session:
        writer = RecordWriter(
            session.folder.audio, session_id="01", recipient=session.key.audio_recipient, rate=RATE, ballast_bytes=0
        )
        for turn, pitch in enumerate(PITCHES):
            tone = 9000 * np.sin(2 * np.pi * pitch * np.arange(RATE * 3) / RATE)
            writer.append(tone.astype("<i2").tobytes(), turn * RATE * 3)
        writer.close()
        adopt_unlogged(session)
        session.record(ev.DraftMade((Segment(1, 0, 2990, None, "low"), Segment(2, 3010, 5990, None, "high"))))


def _strength(sound: "np.ndarray", pitch: int) -> float:
    """How much of the sound's energy lies within 5 Hz of `pitch`, 0.0 to 1.0."""
    energy = np.abs(np.fft.rfft(sound)) ** 2
    pitches = np.fft.rfftfreq(len(sound), 1 / RATE)
    return float(energy[np.abs(pitches - pitch) < 5].sum() / max(1.0, energy.sum()))


def test_f4_plays_the_turn_that_is_selected(
    planned: Path, sound_room: SoundRoom, recorded: None, tmp_path: Path
) -> None:
    if absent := Terminal.absent():
        pytest.skip(absent)
    listen = [
        "parec",
        "--device=room.monitor",
        "--raw",
        "--latency-msec=50",
        "--format=s16le",
        f"--rate={RATE}",
        "--channels=1",
    ]
    env = sound_room.env | {"FACILITATOR_PASSPHRASE": PASSPHRASE}
    with Terminal([*PROGRAM, "correct", "01", "--study", str(planned)], env) as terminal:
        terminal.wait_for("low", "high", seconds=60)
        for key, pitch in (("", PITCHES[0]), ("Down", PITCHES[1])):
            if key:
                terminal.press(key)
            heard = tmp_path / f"{pitch}.raw"
            with heard.open("wb") as file:
                listener = subprocess.Popen(listen, env=sound_room.env, stdout=file)
                terminal.press("F4")
                terminal.wait_for("▶ ")
                terminal.wait_without("▶ ")
                listener.terminate()
                listener.wait()
            sound = np.fromfile(heard, "<i2").astype(float)
            assert np.abs(sound).max() > 3000 and _strength(sound, pitch) > 0.8
