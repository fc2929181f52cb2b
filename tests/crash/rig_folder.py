"""Power cuts under a whole study: a session is planned, recorded and noted in a folder that forgets.

What was not synced is kept, torn or lost by lot. The clock is scripted: 250 ms of sound are appended at a time, and
synced after each second of sound, as the capture process does. What the drive then holds is opened elsewhere, by the
same code as ever.
"""

import random
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final

from sqlcipher3 import dbapi2 as sqlcipher

from facilitator.audio.container import RecordWriter
from facilitator.domain import events as ev
from facilitator.domain.errors import FacilitatorError
from facilitator.domain.ids import Speaker
from facilitator.domain.notes import NoteKind
from facilitator.domain.timebase import samples_to_ms
from facilitator.storage.keys import PersonalKey
from facilitator.workflows.sessions import Session

from . import lossy_fuse
from .framework import Outcome, Report, Tried, described, scratch, tally
from .small_study import BLOCK, RATE, Sound, compare, make_study, noise, open_with, plan, reader_of, seconds

TITLE = "power cut of the whole study (lossy folder)"
HOLDS = "≤ 1.5 s of audio and 0 acknowledged notes lost"
COUNT = 1_000
SECONDS = 310.0

MOST_LOST_S: Final = 1.5
LENGTHS_S: Final = (2, 5, 10, 20, 75)
IN_PLANNING: Final = 0.1
PHASES: Final = ("planning", "recording", "ended")
BEYOND: Final = 1.1
"""The last cuts come after the end, for lives differ by some calls."""


@dataclass(slots=True)
class Told:
    """What the user was told, what was to be recorded, and how far that came. `synced`: some sound was stored."""

    session_id: str = ""
    events: list[ev.Stored] = field(default_factory=list)
    sound: Sound = field(default_factory=Sound)
    phase: str = PHASES[0]
    synced: bool = False


def run(count: int, report: Report) -> Outcome:
    if reason := lossy_fuse.absent():
        return Outcome.skipped(reason)
    with scratch() as folder:
        base = Path(folder) / "study"
        key = make_study(base)
        try:
            outcome = tally(report, range(count), partial(cut_once, base, key, *_calls(base, key)))
        finally:
            for mount in Path(folder).glob("*/mount"):
                lossy_fuse.unmount(mount)
    before, during, after = (report.total(phase) for phase in PHASES)
    return outcome.noted(
        f"cut before the recording {before}, while recording {during}, after its end {after}",
        f"in {report.total('synced')} sound had been stored",
    )


def _calls(base: Path, key: PersonalKey) -> tuple[int, dict[int, int]]:
    """How many calls there are until a session is planned, and in a whole life of each length, when nothing happens."""
    whole = {}
    for length in LENGTHS_S:
        with scratch(base.parent) as folder, _mounted(Path(folder), base, 0) as drive:
            _live(drive.root, key, Told(), random.Random(length), length)
            whole[length] = int(drive.ask("calls"))
    with (
        scratch(base.parent) as folder,
        _mounted(Path(folder), base, 0) as drive,
        open_with(drive.root, key) as study,
        plan(study),
    ):
        return int(drive.ask("calls")), whole


@contextmanager
def _mounted(folder: Path, base: Path, cut_at: int) -> "Iterator[lossy_fuse.Mounted]":
    mount = folder / "mount"
    mount.mkdir()
    with lossy_fuse.Mounted(mount, base, cut_at) as drive:
        yield drive


def cut_once(
    base: Path, key: PersonalKey, planned: int, whole: Mapping[int, int], chance: random.Random, number: int
) -> Tried:
    """One life and one cut; most come while it records, some before, some after."""
    length, told, error = chance.choice(LENGTHS_S), Told(), ""
    begin, end = (1, planned) if chance.random() < IN_PLANNING else (planned, int(whole[length] * BEYOND))
    cut_at = chance.randrange(begin, end)
    with scratch(base.parent) as folder:
        survived = Path(folder) / "survived"
        with _mounted(Path(folder), base, cut_at) as drive:
            try:
                _live(drive.root, key, told, chance, length)
            except (FacilitatorError, OSError, sqlcipher.Error) as raised:
                error = described(raised)
            calls = int(drive.ask("cut", chance.randrange(10**9), survived))
        figures = {told.phase: 1.0, "synced": float(told.synced)}
        if error and calls < cut_at:
            return Tried(f"there was no cut, and yet: {error}", figures)
        return Tried(_kept(survived, key, told), figures)


def _live(root: Path, key: PersonalKey, told: Told, chance: random.Random, length: int) -> None:
    """Plan a session, record it for `length` seconds, note, and stop; until the power goes."""
    with open_with(root, key) as study, plan(study) as session:
        told.session_id = session.id
        told.phase = PHASES[1]
        _note(session, told, ev.RecordingStarted(RATE, "microphone"))
        writer = RecordWriter(
            session.folder.audio,
            session_id=session.id,
            recipient=session.key.audio_recipient,
            rate=RATE,
            ballast_bytes=8192,
        )
        at = 0
        for block in range(4 * length):
            if chance.random() < 0.02:  # the device stumbles; the next record begins a new file
                at += chance.randrange(1, 3 * RATE)
            _append(writer, told.sound, at, chance)
            at += BLOCK
            if block % 4 == 3:
                writer.sync()
                told.synced = True
            if block % 40 == 39:
                _note(session, told, ev.RecordingReached(writer.next_seq - 1, writer.head))
            if chance.random() < 0.2:
                text = chance.randbytes(chance.choice((10, 500, 5000))).hex()
                _note(session, told, ev.NoteTaken(NoteKind.QUOTE, text, Speaker("P1")), samples_to_ms(at, RATE))
        writer.close()
        _note(session, told, ev.RecordingStopped(writer.samples, samples_to_ms(at, RATE), writer.head))
        told.phase = PHASES[2]


def _append(writer: RecordWriter, sound: Sound, at: int, chance: random.Random) -> None:
    samples = noise(BLOCK, chance.randrange(10**9))
    sound.add(at, samples)
    writer.append(samples.tobytes(), at)
    sound.appended = at + BLOCK


def _note(session: Session, told: Told, event: ev.Event, at_ms: int = 0) -> None:
    told.events.append(session.record(event, at_ms))


def _kept(root: Path, key: PersonalKey, told: Told) -> str:
    """Open what survived; "" if all that was acknowledged is there and nothing is wrong."""
    with open_with(root, key) as study:
        study.verify_log()
        if told.session_id and told.session_id not in study.state.sessions:
            return f"session {told.session_id} is gone"
        for session_id in study.state.sessions:
            with Session(study, session_id) as session:
                session.verify_log()
                if why := _kept_session(session, told):
                    return why
    return ""


def _kept_session(session: Session, told: Told) -> str:
    stored = list(session.history())[1:]  # the first says that it was planned
    if stored[: len(told.events)] != told.events:
        return f"{len(stored)} events found, {len(told.events)} acknowledged"
    reader = reader_of(session.folder.audio, session.id, session.key.audio_secret)
    read = compare(reader, told.sound)
    if read.wrong or read.undated:
        return f"{read.wrong} samples wrong, {read.undated} silent without a date"
    if seconds(read.missing) > MOST_LOST_S:
        return f"{seconds(read.missing)} s of audio lost of {seconds(told.sound.appended)} s"
    reached = session.state.reached
    if reached and (reader is None or reader.resume_point().next_seq <= reached.seq):
        return f"record {reached.seq} was logged as stored, and is not there"
    return ""
