"""A rehearsal of a session: its guide, title and number of people in a study of its own, with a sample as the room.

Nothing of it is personal and nothing reaches the real session. Its study lies in a temporary folder, encrypted with a
key that is in memory only, and goes with the program; or in a folder of its own, behind a passphrase, to be looked at.
"""

import os
import shutil
import signal
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Final

import psutil

from facilitator.audio.recorder import Recorder
from facilitator.audio.rehearsal import FASTEST
from facilitator.audio.voices import let_go_ended
from facilitator.domain import events as ev
from facilitator.domain.consent import Consent
from facilitator.domain.errors import FacilitatorError, UsageError
from facilitator.domain.guide import Guide
from facilitator.domain.ids import ResearchNumber, SessionId
from facilitator.domain.roster import Participant
from facilitator.storage.study_folder import StudyFolder
from facilitator.workflows.conducting import Conduct
from facilitator.workflows.rehearsal_mark import mark
from facilitator.workflows.sessions import Session, plan_session
from facilitator.workflows.study import Study, init_study, open_study, throwaway_study

TITLE: Final = "Rehearsal"
_PREFIX: Final = "facilitator-rehearsal-"


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """What a rehearsal takes from a session."""

    title: str
    guide: Guide
    participants: tuple[ResearchNumber, ...]
    language: str = "en"

    @classmethod
    def of(cls, session: Session) -> "Rehearsed":
        """As `session` is planned. Raises UsageError where it has no guide."""
        state = session.state
        if state.guide is None:
            raise UsageError("This session has no guide to rehearse.", safe="Nothing was changed.")
        return cls(state.title, state.guide, tuple(state.participants), session.study.settings.language)


@contextmanager
def rehearsal(
    rehearsed: Rehearsed, speed: int = 1, *, keep: Path | None = None, passphrase: str = ""
) -> Iterator[tuple[Study, SessionId]]:
    """A study with one session to be rehearsed, everybody in it consenting, on a clock `speed` times as fast (1 to 60).

    Its recording is ended and it is removed afterwards, also by a terminal that closes or a request to terminate. With
    `keep`, a new folder, it stays there behind `passphrase`, its recording ended in order; only there does a recording
    outlive a program that is killed or breaks off.

    Raises:
        UsageError: no such speed, or `keep` is not empty.
        InvalidInput: the passphrase is too short.
        StorageFailed: it cannot be written.
    """
    check_speed(speed)
    with _study(rehearsed.language, keep, passphrase) as study:
        mark(study, speed, lasting=keep is not None)  # first: nothing of it may ever open a microphone
        yield study, _plan(study, rehearsed)


def check_speed(speed: int) -> None:
    """Raises UsageError unless it is 1 to 60."""
    if not 1 <= speed <= FASTEST:
        raise UsageError(
            f"A rehearsal runs at 1 to {FASTEST} times the speed.",
            safe="Nothing was opened.",
            do=f"Give a whole number, such as --speed {FASTEST // 6}.",
        )


def _study(language: str, keep: Path | None, passphrase: str) -> AbstractContextManager[Study]:
    return _thrown_away(language) if keep is None else _kept(keep, passphrase, language)


@contextmanager
def _kept(root: Path, passphrase: str, language: str) -> Iterator[Study]:
    if root.exists() and any(root.iterdir()):
        raise UsageError(f"{root.name} is not empty.", safe="Nothing was written.", do="Name a new folder with --keep.")
    root = init_study(root, title=TITLE, passphrase=passphrase, language=language)
    with open_study(StudyFolder(root), passphrase) as study, _before_the_end(lambda: _end_recordings(root)):
        try:
            yield study
        finally:
            _stop_in_order(study)
            _end_recordings(root)


@contextmanager
def _thrown_away(language: str) -> Iterator[Study]:
    _sweep()
    folder = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-"))

    def remove() -> None:
        _end_recordings(folder / "study")
        shutil.rmtree(folder, ignore_errors=True)

    with ExitStack() as stack:
        stack.callback(remove)
        stack.enter_context(_before_the_end(remove))
        yield stack.enter_context(throwaway_study(folder / "study", title=TITLE, language=language))


def _plan(study: Study, rehearsed: Rehearsed) -> SessionId:
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    study.record(
        *(ev.ParticipantAdded(Participant(number, {})) for number in rehearsed.participants),
        *(ev.ConsentRecorded(Consent(number, today)) for number in rehearsed.participants),
    )
    title = " · ".join(part for part in (TITLE, rehearsed.title) if part)
    return plan_session(study, rehearsed.guide, rehearsed.participants, title=title, planned_for=today)


def _stop_in_order(study: Study) -> None:
    """The screens may have closed `study` by now."""
    with suppress(FacilitatorError), Study(study.folder, study.settings, study.key) as own:
        for session_id in own.state.sessions:
            with Session(own, session_id) as session:
                conduct = Conduct(session)
                conduct.find_running()
                if conduct.under_way:
                    conduct.stop()


def _end_recordings(root: Path) -> None:
    for audio in sorted(root.glob("sessions/*/audio*")):
        with suppress(FacilitatorError):  # without its folder, it ends by itself
            if (recorder := Recorder.attach(audio)) is not None:
                recorder.stop()
    let_go_ended()


def _sweep() -> None:
    """Remove rehearsals whose program was killed; nobody can open them any more."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*-*"):
        owner = folder.name.removeprefix(_PREFIX).split("-")[0]
        if owner.isdecimal() and not psutil.pid_exists(int(owner)):
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _before_the_end(work: Callable[[], None]) -> Iterator[None]:
    """Do `work` also where the terminal closes or the program is asked to terminate."""
    if threading.current_thread() is not threading.main_thread():  # only that one is told
        yield
        return

    def end(number: int, _: FrameType | None) -> None:
        work()
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)

    numbers = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    before = {number: signal.signal(number, end) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
