"""Programs that write to one session at once: what a test starts as a process of its own."""

import multiprocessing
import time
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path

from facilitator.domain.ids import ResearchNumber, SessionId, Speaker
from facilitator.domain.notes import NoteKind
from facilitator.storage.keys import PersonalKey
from facilitator.storage.study_folder import StudyFolder, read_settings
from facilitator.workflows.assisting import Assist
from facilitator.workflows.note_taking import NoteTaking
from facilitator.workflows.sessions import Session
from facilitator.workflows.study import Study

ONE = SessionId("01")
BREATH_S = 0.0005
"""Between two notes: a writer that never waits may keep the other one out for hundreds of them."""
SPEAKERS = (Speaker(ResearchNumber("P1")), Speaker(ResearchNumber("P2")), None)


def start_writer(
    root: Path, key: PersonalKey, name: str, count: int, *, beside: bool
) -> tuple[BaseProcess, Connection]:
    """A program that writes `count` notes and marks once it is told to, by anything sent to it.

    It says "open", then how many notes are stored after each, then "same" if its state is what is stored.
    """
    ours, theirs = multiprocessing.Pipe()
    context = multiprocessing.get_context("spawn")
    process = context.Process(target=_write, args=(root, key, name, count, beside, theirs), daemon=True)
    process.start()
    theirs.close()
    return process, ours


def note(noting: NoteTaking, name: str, number: int) -> None:
    """Note number `number` of `name`, and a mark."""
    noting.note(NoteKind.THEME, f"{name} {number}", at_ms=number)
    noting.mark(SPEAKERS[number % len(SPEAKERS)], number)


def _write(root: Path, key: PersonalKey, name: str, count: int, beside: bool, pipe: Connection) -> None:
    folder = StudyFolder(root)
    with Study(folder, read_settings(folder), key) as study, Session(study, ONE, beside=beside) as session:
        noting = Assist(session) if beside else NoteTaking(session)
        pipe.send("open")
        pipe.recv()
        for number in range(count):
            note(noting, name, number)
            pipe.send(number + 1)
            time.sleep(BREATH_S)
        pipe.recv()
        session.refresh()
        pipe.send("same" if session.state == session.reread() else "different")
