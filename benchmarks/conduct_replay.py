"""A scripted group through the real program in tmux, on the clock of a rehearsal, and what its event log holds then."""

import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.conduct_compare import TIMED, Compared, compare, stored_items
from benchmarks.conduct_group import GUIDE, PEOPLE
from benchmarks.conduct_keys import Keyboard, KeyedTerminal, play
from benchmarks.conduct_script import Script
from facilitator.audio.status_file import Status, read_status
from facilitator.domain import events as ev
from facilitator.domain.consent import Consent
from facilitator.domain.errors import Busy
from facilitator.domain.ids import ResearchNumber, SessionId
from facilitator.domain.roster import RosterRow
from facilitator.storage.study_folder import StudyFolder
from facilitator.workflows.guides import find_guide
from facilitator.workflows.participants import add_participants, record_consent
from facilitator.workflows.sessions import Session, plan_session
from facilitator.workflows.study import Study, init_study, open_study

PROGRAM: Final = [sys.executable, "-m", "facilitator.cli.main"]
PASSPHRASE: Final = "benchmark passphrase"  # noqa: S105 -- of a study that is deleted at the end
S01: Final = SessionId("01")
_NAMES: Final = ("Astrid", "Bernt", "Camilla", "Daniel", "Eirin", "Frode")


@dataclass(frozen=True, slots=True)
class Replayed:
    """What became of a script. `late_ms` is how late the key of each time was sent, in ms of the session clock."""

    compared: Compared
    events: int
    late_ms: dict[int, float]
    troubles: int
    length_ms: int

    def errors_from_key_ms(self) -> list[float]:
        """Of notes, marks and steps: how much later than their key was sent each stands in the log."""
        pairs = [(item, found) for item, found in self.compared.pairs if item.what in TIMED]
        return [found.at_ms - item.at_ms - self.late_ms.get(item.at_ms, 0.0) for item, found in pairs]


def make_study(root: Path, more: Callable[[Study], object] = lambda _: None) -> Path:
    """A study with one session of six people, planned and consented; `more` may put more into it."""
    root = init_study(root, title="Benchmark", passphrase=PASSPHRASE)
    with open_study(StudyFolder(root), PASSPHRASE) as study:
        numbers = add_participants(study, [RosterRow(name, (), {}) for name in _NAMES]).numbers
        if tuple(numbers) != PEOPLE:
            raise SystemExit(f"the study numbers its people {numbers}")
        record_consent(study, numbers, Consent(ResearchNumber("P1"), "2030-01-01"))
        plan_session(study, find_guide(study.folder.guides, GUIDE), numbers, title="Replayed group")
        more(study)
    return root


def program_env(**more: str) -> dict[str, str]:
    """The surroundings of the program: those of now, the passphrase, and `more`."""
    return dict(os.environ) | {"FACILITATOR_PASSPHRASE": PASSPHRASE} | more


def replay(study: Path, keep: Path, script: Script) -> Replayed:
    """Rehearse session 01 of `study` by `script`, leave it in `keep`, and compare."""
    options = ["--rehearse", "--speed", str(script.speed), "--keep", str(keep), "--study", str(study)]
    program = KeyedTerminal([*PROGRAM, "conduct", "01", *options], program_env())
    with program as terminal, Keyboard(terminal) as keyboard:
        terminal.wait_for("not recording", seconds=60)
        keyboard.press("r")
        status = _recording(keep)
        terminal.wait_for("REHEARSAL", seconds=10)
        late_ms = play(script.strokes, keyboard, status)
        time.sleep(0.5)
        keyboard.press("s")
        terminal.wait_for("Stop the recording?")
        keyboard.press("y")
        terminal.wait_for("read back", seconds=120)
        if keyboard.refused:
            raise SystemExit(f"tmux refused {len(keyboard.refused)} keys: {keyboard.refused[0]!r}")
        keyboard.press("C-q")
        return _compared(keep, script, late_ms)


def _recording(keep: Path) -> Status:
    """The status of the recording as soon as there is one."""
    audio = StudyFolder(keep).session(S01).audio
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if (status := read_status(audio)) is not None:
            return status
        time.sleep(0.02)
    raise SystemExit("the rehearsal did not begin to record within 30 s")


def _opened_after_end(study: Study) -> Session:
    """The session, once the program has let go of it."""
    deadline = time.monotonic() + 20
    while True:
        try:
            return Session(study, S01)
        except Busy:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def _compared(keep: Path, script: Script, late_ms: dict[int, float]) -> Replayed:
    with open_study(StudyFolder(keep), PASSPHRASE) as study, _opened_after_end(study) as session:
        history = list(session.history())
        session.verify_log()
        troubles = sum(isinstance(item.event, ev.TroubleBegan) for item in history)
        length_ms = session.state.length_ms
    return Replayed(compare(script.items, stored_items(history)), len(history), late_ms, troubles, length_ms)
