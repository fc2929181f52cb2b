"""The program in a real terminal: one that shows no colors, and one that is lost while a group is recorded."""

import os
import re
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from conduct_driver import MIN, happened, led, state_of
from known_sound import Playing
from session_material import P1, P2
from sound_room import SoundRoom
from terminal import Terminal
from tui_driver import PASSPHRASE

from facilitator.domain import events as ev
from facilitator.domain.errors import Busy
from facilitator.domain.ids import SessionId, Speaker
from facilitator.domain.notes import NoteKind
from facilitator.storage.study_folder import StudyFolder
from facilitator.workflows.conducting import Conduct
from facilitator.workflows.sessions import Session
from facilitator.workflows.study import Study, open_study

COLORED = re.compile(r"\x1b\[(?:[0-9;:]*[;:])?(?:3[0-8]|4[0-8]|9[0-7]|10[0-7])(?:[;:][0-9;:]*)?m")


class Drawn(Terminal):
    """A terminal whose colors can be looked at."""

    @property
    def colors(self) -> str:
        return self._tmux("capture-pane", "-e", "-p", "-t", "t")

    @property
    def is_ordinary(self) -> bool:
        """Neither another screen nor the mouse is taken, and the cursor shows."""
        return self._tmux("display", "-p", "-t", "t", "#{alternate_on}#{mouse_any_flag}#{cursor_flag}").strip() == "001"


@pytest.fixture(autouse=True)
def terminal_here() -> None:
    if absent := Terminal.absent():
        pytest.skip(absent)


def conduct(root: Path, session_id: SessionId, around: str = "", **env: str) -> Drawn:
    command = [sys.executable, "-m", "facilitator.cli.main", "conduct", session_id, "--study", str(root)]
    if around:
        command = ["sh", "-c", f'{around} "$@"; echo "ended with $?"; stty -a; sleep 60', "sh", *command]
    return Drawn(command, {**os.environ, "FACILITATOR_PASSPHRASE": PASSPHRASE} | env)


def test_without_colors_every_state_is_a_sign_or_a_word(peopled: Study) -> None:
    session_id = led(peopled)
    asked = (MIN, ev.QuestionAsked("core")), (2 * MIN, ev.SpeakerMarked(Speaker("P2")))
    happened(peopled, session_id, 20 * MIN, *asked, (MIN, ev.NoteTaken(NoteKind.THEME, "tuning in", Speaker("P1"))))
    root = peopled.folder.root
    peopled.close()
    with conduct(root, session_id, NO_COLOR="1") as plain:
        shown = plain.wait_for("KEY 1 of 2", "tuning in", "2 P2 Åse ◂")
        assert "■ not recording  20:00" in shown and "▸" in shown
        drawn = plain.colors
        assert not COLORED.search(drawn), drawn
        assert "\x1b[" in drawn, "bold and reverse remain"
    with conduct(root, session_id) as colored:
        colored.wait_for("KEY 1 of 2", "tuning in")
        assert COLORED.search(colored.colors), "the pattern finds colors where there are some"


def test_whoever_asks_it_to_end_gets_the_terminal_back(peopled: Study, tmp_path: Path) -> None:
    session_id, pid = led(peopled), tmp_path / "pid"
    root = peopled.folder.root
    peopled.close()
    with conduct(root, session_id, around=f"sh -c 'echo $$ > {pid}; exec \"$@\"' sh") as terminal:
        terminal.wait_for("not recording")
        terminal.press("t")
        terminal.write("half typed")
        terminal.wait_for("half typed")
        os.kill(int(pid.read_text()), signal.SIGTERM)
        shown = terminal.wait_for("ended with 143")
        assert "not recording" not in shown and "-icanon" not in shown and " icanon" in shown
        assert terminal.is_ordinary
    with open_study(StudyFolder(root), PASSPHRASE) as study:
        assert [note.text for note in state_of(study, session_id).notes.values()] == ["half typed"]


@pytest.mark.slow
def test_a_lost_terminal_comes_back_to_the_same_second_question_and_notes(
    peopled: Study, sound_room: SoundRoom
) -> None:
    session_id = led(peopled)
    root, env = peopled.folder.root, sound_room.env
    with Playing(sound_room):
        with conduct(root, session_id, **env) as terminal:
            terminal.wait_for("not recording")
            terminal.press("r")
            terminal.wait_for("Enter Record", "✓ Consent")
            terminal.press("Enter")
            terminal.wait_for("● REC")
            terminal.press("Space", "Space", "2", "t")
            terminal.write("tuning in")
            terminal.press("Enter")
            terminal.wait_for("theme", "tuning in", "saved")
            terminal.press("q")
            terminal.write("half typ")
            _wait(lambda: len(state_of(peopled, session_id).notes) == 2)
            behind = _clock_behind(terminal.wait_for("● REC 0:"))
        try:
            with conduct(root, session_id, **env) as again:
                shown = again.wait_for("● REC 0:", "INTRODUCTORY 1 of 1", "tuning in", "half typ", "2 P2 Åse ◂")
                assert abs(_clock_behind(shown) - behind) <= 1.0
                again.press("s", "y")
                again.wait_for("nothing lost", seconds=60)
        finally:
            _wait(lambda: _ended(peopled, session_id))
    state = state_of(peopled, session_id)
    assert len(state.takes) == 1 and len(state.notes) == 2 and {P1, P2} <= set(state.participants)


def _ended(study: Study, session_id: SessionId) -> bool:
    """Stop what a failed test left running; False while the program that was lost still holds the session."""
    try:
        with Session(study, session_id) as session:
            left = Conduct(session)
            if left.find_running():
                left.stop()
    except Busy:
        return False
    return True


def _wait(seen: Callable[[], bool], seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not seen():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def _clock_behind(shown: str) -> float:
    """Seconds of the monotonic clock at which the session clock was zero, to the second."""
    found = re.search(r"● REC (\d+):(\d\d)", shown)
    assert found is not None
    return time.monotonic() - 60 * int(found[1]) - int(found[2])
