"""A real file system that runs full at a random place: a tmpfs of limited size in a mount namespace of its own.

Room is counted in pages of 4 KiB, as on any drive; which write hits the end is random. The ballast is smaller than in
the program, in proportion to the recording.
"""

import json
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np

from facilitator.audio.container import RecordWriter, resume_point
from facilitator.domain import events as ev
from facilitator.domain.errors import StorageFailed
from facilitator.domain.ids import Speaker
from facilitator.domain.notes import NoteKind
from facilitator.storage.keys import PersonalKey
from facilitator.workflows.sessions import Session

from .framework import ROOT, Outcome, Report, Tried, scratch, tally
from .small_study import Sound, compare, make_study, noise, open_with, plan, reader_of, seconds

TITLE = "disk full at a random place (real tmpfs)"
HOLDS = "all before it readable, notes still save"
COUNT = 500
SECONDS = 130.0

RATE: Final = 48_000
BLOCK: Final = RATE // 4
BALLAST: Final = 4 << 20
PAGE: Final = 4096
MOST_LOST_S: Final = 1.25
"""A second since the last sync, and the record on its way."""
WITH_RESERVE: Final = 0.9
MOST_PAGES: Final = 250
"""A megabyte, ten seconds of sound."""
FEW_PAGES: Final = 80
"""Without the reserve; planning takes 26."""
SLACK: Final = 8 * PAGE
LARGE: Final = 64 << 20


def run(count: int, report: Report) -> Outcome:
    import small_disk  # on the path of the trials, not of what runs inside the namespace

    if reason := small_disk.absent():
        return Outcome.skipped(reason)
    with scratch() as folder:
        given = [folder, count, report.seed, report.scale, report.only]
        command = ["unshare", "-Urm", sys.executable, "-m", "tests.crash.rig_full", json.dumps(given)]
        done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    trials, held, report.missed[:], figures = json.loads(done.stdout)
    report.figures.update(figures)
    return Outcome(trials, held).noted(
        f"{report.total('reserve')} of {trials} with the reserve, where notes must still save",
        f"{report.total('sounded')} full while sound was stored",
    )


def main() -> None:
    """The trials, inside the namespace."""
    folder, count, seed, scale, only = json.loads(sys.argv[1])
    report, base = Report("full", seed, scale, only), Path(folder) / "study"
    key = make_study(base)
    outcome = tally(report, range(count), partial(fill_once, base, key, _room_to_plan(base, key)))
    print(json.dumps([outcome.trials, outcome.held, report.missed, report.figures]))


def _room_to_plan(base: Path, key: PersonalKey) -> int:
    """Bytes that a session takes until its recording begins, the reserve included."""
    with scratch(base.parent) as folder, _small_disk(Path(folder), base, LARGE):
        before = shutil.disk_usage(folder).used
        with open_with(Path(folder) / "study", key) as study, plan(study) as session:
            session.record(ev.RecordingStarted(RATE, "microphone"))
            with _writer(session):
                return shutil.disk_usage(folder).used - before


@dataclass(slots=True)
class Told:
    """What was acknowledged, and the note that should have been stored and was not."""

    session_id: str = ""
    events: list[ev.Stored] = field(default_factory=list)
    sound: Sound = field(default_factory=partial(Sound, rate=RATE))
    has_ballast: bool = False
    refused: str = ""


def fill_once(base: Path, key: PersonalKey, to_plan: int, chance: random.Random, number: int) -> Tried:
    """Plan, record and note until the disk is full; then note, make room, and record on."""
    reserved = chance.random() < WITH_RESERVE
    room = PAGE * chance.randrange(MOST_PAGES if reserved else FEW_PAGES) + (to_plan + SLACK if reserved else 0)
    with scratch(base.parent) as folder:
        disk = Path(folder)
        with _small_disk(disk, base, room) as grow:
            told = Told()
            with suppress(StorageFailed):  # how the program says so; no other error gets through
                _fill(disk / "study", key, told, chance)
            grow()
            figures = {"reserve": float(told.has_ballast), "sounded": float(told.sound.appended > 0)}
            if reserved and not told.has_ballast:
                return Tried("there was room for the reserve, and it was not made", figures)
            return Tried(told.refused or _kept(disk / "study", key, told, chance), figures)


@contextmanager
def _small_disk(disk: Path, base: Path, room: int) -> Iterator[partial[None]]:
    """A copy of `base` on a file system with so much room beside it, and what makes it large."""
    _mount(disk, f"size={LARGE}")
    try:
        shutil.copytree(base, disk / "study")
        _mount(disk, f"remount,size={shutil.disk_usage(disk).used + room}")
        yield partial(_mount, disk, f"remount,size={LARGE}")
    finally:
        subprocess.run(["umount", "--lazy", str(disk)], check=True)


def _mount(disk: Path, options: str) -> None:
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(disk)], check=True)


def _fill(root: Path, key: PersonalKey, told: Told, chance: random.Random) -> None:
    with open_with(root, key) as study, plan(study) as session:
        told.session_id = session.id
        told.events.append(session.record(ev.RecordingStarted(RATE, "microphone")))
        writer = _writer(session)
        told.has_ballast = writer.has_ballast
        with suppress(StorageFailed):
            _record(session, writer, told, chance)
        for _ in range(2):
            _note(session, told, "the disk is full")
        with suppress(StorageFailed):
            writer.close()


def _record(session: Session, writer: RecordWriter, told: Told, chance: random.Random) -> None:
    """Until the disk is full, the ballast included."""
    for block in range(100_000):
        samples, at = noise(BLOCK, chance.randrange(10**9)), block * BLOCK
        told.sound.add(at, samples)
        writer.append(samples.tobytes(), at)
        told.sound.appended = at + BLOCK
        if block % 4 == 3:
            writer.sync()
        if chance.random() < 0.1:
            _note(session, told, chance.randbytes(chance.choice((10, 500, 5000))).hex())


def _writer(session: Session, **going_on: object) -> RecordWriter:
    return RecordWriter(
        session.folder.audio,
        session_id=session.id,
        recipient=session.key.audio_recipient,
        rate=RATE,
        ballast_bytes=BALLAST,
        **going_on,  # type: ignore[arg-type]
    )


def _note(session: Session, told: Told, text: str) -> None:
    """Take a note; where a ballast was made, there is room for it whatever the sound has filled."""
    try:
        told.events.append(session.record(ev.NoteTaken(NoteKind.QUOTE, text, Speaker("P1"))))
    except StorageFailed as error:
        if told.has_ballast:
            told.refused = f"a note was refused: {error.what}"
        raise


def _kept(root: Path, key: PersonalKey, told: Told, chance: random.Random) -> str:
    """With room again: everything before is there, and the recording goes on."""
    with open_with(root, key) as study:
        study.verify_log()
        for session_id in study.state.sessions:
            with Session(study, session_id) as session:
                session.verify_log()
                stored = list(session.history())[1:]
                if stored != told.events:
                    return f"{len(stored)} events found, {len(told.events)} acknowledged"
                if why := _faults(session, told.sound) or _goes_on(session, told.sound, chance):
                    return why
        return "" if told.session_id in ("", *study.state.sessions) else "the session is gone"


def _faults(session: Session, sound: Sound) -> str:
    read = compare(reader_of(session.folder.audio, session.id, session.key.audio_secret), sound)
    if read.wrong or read.undated:
        return f"{read.wrong} samples wrong, {read.undated} silent without a date"
    if seconds(read.missing, RATE) > MOST_LOST_S:
        return f"{seconds(read.missing, RATE)} s lost of {seconds(sound.appended, RATE)} s"
    return ""


def _goes_on(session: Session, sound: Sound, chance: random.Random) -> str:
    point = resume_point(session.folder.audio, session.key.audio_secret, session_id=session.id)
    first = -(-max(sound.end, point.end_sample) // RATE) * RATE
    samples = noise(6 * BLOCK, chance.randrange(10**9))
    with _writer(session, next_seq=point.next_seq, previous=point.previous) as writer:
        writer.append(samples.tobytes(), first)
    session.record(ev.NoteTaken(NoteKind.QUOTE, "there is room again"))
    reader = reader_of(session.folder.audio, session.id, session.key.audio_secret)
    from_ms, to_ms = (place * 1000 // RATE for place in (first, first + len(samples)))
    whole = reader is not None and np.array_equal(reader.read(from_ms, to_ms), samples)
    return "" if whole else "the recording does not go on"


if __name__ == "__main__":
    main()
