"""kill -9 of the program, of its capture process, or of both, while sound, notes, marks and corrections come in."""

import os
import random
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from known_sound import Playing, sounded_at_ms
from sound_room import SoundRoom

from facilitator.audio.messages import Level
from facilitator.domain.errors import NotFound
from facilitator.domain.ids import SessionId
from facilitator.domain.notes import NoteKind
from facilitator.workflows.conducting import Conduct
from facilitator.workflows.recovering import needs_recovery, recover
from facilitator.workflows.sessions import Session
from facilitator.workflows.sound import open_track

from .framework import Outcome, Report, Tried, tally
from .killing_judging import judge_log, judge_next_take, judge_sound, lost_ms
from .killing_program import TRIAL, Program, capture_pid, end_all, kill, recorder_starting
from .killing_study import World, make_template, opened

TITLE = "kill -9 of capture, UI or both"
HOLDS = "0 acknowledged notes, marks or edits lost; <= 0.5 s of audio lost; all reopen; recovery < 2 s, recorder < 5 s"
COUNT = 1000
SECONDS = 1700.0
AT_ONCE = 4
RECOVERY_S = 2.0
BACK_S = 5.0
"""From the kill of the recorder until another records; four trials share the processor."""
LEAST_S, MOST_S = 0.2, 3.0
KINDS = ("capture", "ui", "both")


def run(count: int, report: Report) -> Outcome:
    """`count` trials, four at a time in one room, for they mostly wait."""
    if absent := SoundRoom.absent():
        return Outcome.skipped(absent)
    with tempfile.TemporaryDirectory(prefix="crash-kill-") as name, SoundRoom() as room, Playing(room):
        secret = make_template(Path(name))
        before = dict(os.environ)
        os.environ.update(room.settings)
        try:
            world = World(name, secret, sounded_at_ms(room))
            outcome = tally(report, range(count), partial(trial, world), processes=AT_ONCE)
        finally:
            os.environ.clear()
            os.environ.update(before)
    return outcome.noted(
        f"{report.total('acknowledged')} acknowledged",
        f"audio lost {report.told('lost_ms', 'ms')}",
        f"recovery {report.told('recovery_s', 's', 2)}",
        f"another recorder after {report.told('back_s', 's', 1)}",
        f"with a gap of {report.told('gap_ms', 'ms')}",
    )


def trial(world: World, chance: random.Random, number: int) -> Tried:
    """One kill."""
    kind = KINDS[number % len(KINDS)]
    root = world.study(number)
    with _cleaned(root), Program(root, world.secret) as program:
        program.wait_for("recording")
        time.sleep(chance.uniform(LEAST_S, MOST_S))
        if kind == "capture":
            tried = _capture_killed(world, program, root)
        elif kind == "ui":
            tried = _program_killed(world, program, root)
        else:
            tried = _both_killed(world, program, root, chance)
    figures = {**tried.figures, "acknowledged": program.acknowledged}
    return Tried(f"{kind}: {tried.why}" if tried.why else "", figures)


@contextmanager
def _cleaned(root: Path) -> Iterator[None]:
    """Nothing that the trial or its program started goes on after it."""
    os.environ[TRIAL] = str(root)
    try:
        yield
    finally:
        del os.environ[TRIAL]
        end_all(root)
        shutil.rmtree(root, ignore_errors=True)


def _tried(faults: list[str], **figures: float) -> Tried:
    return Tried("; ".join(faults), figures)


def _capture_killed(world: World, program: Program, root: Path) -> Tried:
    """The program goes on with its notes, starts the recorder again and stops in order."""
    killed_ms = kill(capture_pid(program.audio))
    back = program.wait_for("restarted")
    back_s = (back["at"] - killed_ms) / 1000
    time.sleep(0.6)
    program.tell("stop")
    program.wait_for("stopped")
    program.end()
    faults = [] if back_s < BACK_S else [f"another recorder ran only after {back_s:.1f} s"]
    if not any(line["said"] == "note" and killed_ms < line["at"] < back["at"] for line in program.lines):
        faults.append("no note was stored while the recorder was away")
    with opened(root, world.secret) as study, Session(study, SessionId("01")) as session:
        faults += judge_log(session, program.lines)
        if needs_recovery(session):
            faults.append("a stop in order left something to recover")
        reader = open_track(session)
        faults += judge_sound(world, reader, program)
        lost = lost_ms(world, reader, program, killed_ms)
        faults += lost.faults
        gaps = {at: length for at, length, _ in session.state.gaps if length > 0}
    figures = {"lost_ms": lost.ms, "back_s": back_s}
    gap_ms = next((length for at, length in gaps.items() if abs(at - lost.end_ms) <= 1), None)
    if gap_ms is not None:
        figures["gap_ms"] = gap_ms
    elif lost.end_ms:
        faults.append(f"the gap from {lost.end_ms} ms on is not in the log, which has {gaps}")
    return _tried(faults, **figures)


def _program_killed(world: World, program: Program, root: Path) -> Tried:
    """The recording goes on alone and is taken over by the next program."""
    killed_ms = kill(program.pid)
    program.end()
    begun = time.monotonic()
    with opened(root, world.secret) as study, Session(study, SessionId("01")) as session:
        conduct = Conduct(session)
        found = conduct.find_running()
        seconds = time.monotonic() - begun
        if not found:
            return _tried(["the recording did not go on"], recovery_s=seconds)
        faults = _too_slow(seconds) + judge_log(session, program.lines)
        conduct.note(NoteKind.THEME, "taken over")
        time.sleep(0.4)
        conduct.poll()
        recorded = conduct.stop()
        gone_ms = sum(length for _, length, _ in session.state.gaps)
        if recorded.lost_ms or gone_ms > 500:
            faults.append(f"{recorded.lost_ms} ms damaged and {gone_ms} ms of gaps, though its recorder lived")
        if recorded.length_ms < killed_ms - program.origin_ms:
            faults.append("the recording ends before the kill")
        if needs_recovery(session):
            faults.append("a stop in order left something to recover")
        faults += judge_sound(world, open_track(session), program)
    return _tried(faults, lost_ms=gone_ms + recorded.lost_ms, recovery_s=seconds)


def _both_killed(world: World, program: Program, root: Path, chance: random.Random) -> Tried:
    """All is found again from the disk, and recording starts anew."""
    killed_ms = _kill_both(program, chance)
    if _another_recorder(root, program.audio):
        return _taken_over(world, program, root, killed_ms)
    begun = time.monotonic()
    with opened(root, world.secret) as study, Session(study, SessionId("01")) as session:
        faults = [] if needs_recovery(session) else ["nothing was found to recover"]
        recovered = recover(session)
        seconds = time.monotonic() - begun
        faults += _too_slow(seconds) + judge_log(session, program.lines)
        if needs_recovery(session) or recovered.after.needs_recovery:
            faults.append("it is not in order after a recovery")
        if recovered.after.needs_restoring:
            faults.append("something ought to be restored after a kill")
        faults += _lasting_troubles(session)
        lost = lost_ms(world, open_track(session), program, killed_ms)
        faults += lost.faults + _first_take(world, session, program) + _starts_again(session)
        faults += judge_next_take(world, open_track(session), session.state.takes[-1].at_ms)
    return _tried(faults, lost_ms=lost.ms, recovery_s=seconds)


def _kill_both(program: Program, chance: random.Random) -> float:
    """In one order or the other; returns when the recorder was killed."""
    capture = capture_pid(program.audio)
    if chance.random() < 0.3:
        kill(program.pid)
        time.sleep(chance.choice((0.0, 0.05)))
        killed_ms = kill(capture)
    else:
        killed_ms = kill(capture)
        time.sleep(chance.choice((0.0, chance.uniform(0.0, 1.0))))  # it may be starting another one just then
        kill(program.pid)
    program.end()
    return killed_ms


def _lasting_troubles(session: Session) -> list[str]:
    lasting = [one.trouble.value for one in session.state.troubles if one.end_ms is None]
    return [f"put in order, it still says: {', '.join(lasting)}"] if lasting else []


STARTING_S = 12.0
"""A recorder that is starting gives up after ten seconds."""


def _another_recorder(root: Path, audio: Path) -> bool:
    """Whether the program had begun to start another recorder before it was killed, which goes on without it."""
    deadline = time.monotonic() + STARTING_S
    while time.monotonic() < deadline:
        if capture_pid(audio):
            return True
        if not recorder_starting(root):
            return False
        time.sleep(0.02)
    return False


def _taken_over(world: World, program: Program, root: Path, killed_ms: float) -> Tried:
    """A recorder that nobody logged is found, and its take is."""
    begun = time.monotonic()
    with opened(root, world.secret) as study, Session(study, SessionId("01")) as session:
        conduct = Conduct(session)
        if not conduct.find_running():
            return _tried(["the recorder that was started again was not found"])
        seconds = time.monotonic() - begun
        faults = _too_slow(seconds) + judge_log(session, program.lines)
        time.sleep(0.4)
        conduct.poll()
        conduct.stop()
        if not session.state.recorded or needs_recovery(session):
            faults.append("a stop in order left something to recover")
        faults += _lasting_troubles(session)
        reader = open_track(session)
        lost = lost_ms(world, reader, program, killed_ms)
        faults += lost.faults + judge_sound(world, reader, program)
    return _tried(faults, lost_ms=lost.ms, recovery_s=seconds, taken_over=1)


def _first_take(world: World, session: Session, program: Program) -> list[str]:
    try:
        return judge_sound(world, open_track(session), program)
    except NotFound:  # killed before its first quarter of a second was stored
        return []


def _starts_again(session: Session) -> list[str]:
    conduct = Conduct(session)
    conduct.start()
    deadline = time.monotonic() + 10
    while not any(isinstance(message, Level) for message in conduct.poll()):
        if time.monotonic() > deadline:
            return ["recording did not start again"]
        time.sleep(0.05)
    conduct.stop()
    return [] if session.state.recorded else ["the new take has no end"]


def _too_slow(seconds: float) -> list[str]:
    return [] if seconds < RECOVERY_S else [f"opening and recovering took {seconds:.2f} s"]
