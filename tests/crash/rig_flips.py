"""Every byte of a small study changed once: records, databases, keys, linkage.

Each time the file is opened as the program does. What comes back must be an error of the program's tree, or what was
stored; of audio, what was stored or a dated gap of 250 ms at most. The write-ahead file, which is there only while a
session is open or after a crash, is laxer by SQLite's design: a damaged one counts as ended there, so that what must
hold is that the log is intact up to some event and that nothing in it is wrong.
"""

import random
import shutil
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from tempfile import mkdtemp
from typing import Final

from facilitator.audio.container import AudioReader, RecordWriter
from facilitator.domain import events as ev
from facilitator.domain.errors import FacilitatorError
from facilitator.domain.ids import SessionId, Speaker
from facilitator.domain.notes import NoteKind
from facilitator.domain.study_state import StudyState
from facilitator.storage.keys import PersonalKey, SessionKey, open_database_key, open_session_key, unlock_identity
from facilitator.storage.linkage import Linkage
from facilitator.workflows.sessions import Session
from facilitator.workflows.study import Study

from .framework import Outcome, Report, scratch, tally
from .small_study import BLOCK, PASSPHRASE, RATE, Sound, compare, make_study, noise, open_with, plan

TITLE = "any byte of any file flipped"
HOLDS = "an error or a dated gap ≤ 250 ms; nothing wrong"
COUNT = 0
SECONDS = 960.0

SESSION: Final = SessionId("01")
GAP: Final = 3 * RATE
CRASHED: Final = "crashed"
"""The folder with a copy of the session's database as a crash leaves it, write-ahead file included."""


def run(count: int, report: Report) -> Outcome:
    with scratch() as folder:
        root = Path(folder) / "study"
        key = make_study(root)
        checkpointed = _make_session(root, key)
        targets = _targets(root)
        total = sum(size for _, size in targets)
        note = f"{len(targets)} files of {total} bytes"
        return tally(report, report.sample(total), partial(flip_one, root, key, checkpointed)).noted(note)


def _make_session(root: Path, key: PersonalKey) -> int:
    """Record and note; returns how many events the crashed copy's database holds outside its write-ahead file."""
    crashed = root / CRASHED
    crashed.mkdir()
    with open_with(root, key) as study, plan(study) as session:
        session.record(ev.RecordingStarted(RATE, "microphone"))
        _record(session)
        for number in range(6):
            session.record(ev.NoteTaken(NoteKind.QUOTE, f"note {number} of a group", Speaker("P1")), number * 100)
        session._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        checkpointed = session.state.last_seq
        session.record(ev.NoteTaken(NoteKind.QUOTE, "said just before the power went"), 900)
        session.record(ev.RecordingStopped(0, 5000, "ab" * 32), 5000)
        for name in ("session.db", "session.db-wal"):
            shutil.copyfile(session.folder.root / name, crashed / name)
    return checkpointed


def _record(session: Session) -> None:
    with RecordWriter(
        session.folder.audio, session_id=session.id, recipient=session.key.audio_recipient, rate=RATE, ballast_bytes=0
    ) as writer:
        samples = sound_of_session().samples
        for at in [block * BLOCK for block in range(4)] + [GAP, GAP + BLOCK]:  # the gap begins a second file
            writer.append(samples[at : at + BLOCK].tobytes(), at)


def sound_of_session() -> Sound:
    sound = Sound()
    sound.add(0, noise(4 * BLOCK, 1))
    sound.add(GAP, noise(2 * BLOCK, 2))
    sound.appended = sound.end
    return sound


def _targets(root: Path) -> list[tuple[str, int]]:
    """(path, size) of each file to break."""
    patterns = ("*.age", "*.db", "sessions/01/*.age", "sessions/01/*.db", "sessions/01/audio/*.rec", f"{CRASHED}/*-wal")
    paths = sorted(path for pattern in patterns for path in root.glob(pattern))
    return [(path.relative_to(root).as_posix(), path.stat().st_size) for path in paths]


@dataclass(frozen=True, slots=True)
class Bench:
    """A worker's own two copies of the study, one of them open all the time, and what is in it."""

    root: Path
    alone: Path
    targets: tuple[tuple[str, int], ...]
    study: Study
    study_key: bytes
    study_state: StudyState
    linkage: Linkage
    session_key: SessionKey
    events: tuple[ev.Stored, ...]


@cache
def _bench(template: Path, key: PersonalKey) -> Bench:
    root = Path(mkdtemp(prefix="bench-", dir=template.parent)) / "study"  # goes with the template's folder
    alone = root.with_name("alone")
    for copy in (root, alone):
        shutil.copytree(template, copy)
    study = open_with(root, key)  # stays open, for what is tried on its sessions
    study_key = open_database_key(root / "study.key.age", key, "study key")
    state, linkage = deepcopy(study.state), study.linkage
    with Session(study, SESSION) as session:
        events = tuple(session.history())
        return Bench(root, alone, tuple(_targets(template)), study, study_key, state, linkage, session.key, events)


def flip_one(template: Path, key: PersonalKey, checkpointed: int, chance: random.Random, number: int) -> str:
    """Flip some bits of the byte `number`, counted over all files, and open what it is part of."""
    bench = _bench(template, key)
    name, at = _place(bench.targets, number)
    mask = chance.randrange(1, 256)
    root = bench.alone if name == "study.db" else bench.root
    broken = root / name
    if name.startswith(CRASHED):
        broken = root / "sessions/01" / broken.name
        for path in (template / CRASHED).iterdir():
            shutil.copyfile(path, broken.parent / path.name)
    data = bytearray(broken.read_bytes())
    data[at] ^= mask
    broken.write_bytes(data)
    try:
        why = _opener(name)(bench, key, checkpointed)
    except FacilitatorError:
        why = ""
    finally:
        _restore(template, root, name)
    return f"{name}, byte {at} ^ {mask:#x}: {why}" if why else ""


def _restore(template: Path, root: Path, name: str) -> None:
    """Put back what was flipped; opening a database may have changed it, or left files beside it."""
    changed = "sessions/01/session.db" if name.startswith(CRASHED) else name
    (root / changed).write_bytes((template / changed).read_bytes())
    if changed.endswith(".db"):
        for left in ("-wal", "-shm"):
            (root / f"{changed}{left}").unlink(missing_ok=True)


def _place(targets: tuple[tuple[str, int], ...], number: int) -> tuple[str, int]:
    for name, size in targets:
        if number < size:
            return name, number
        number -= size
    raise IndexError("no such byte")


Opened = Callable[[Bench, PersonalKey, int], str]


def _opener(name: str) -> Opened:
    """How to open the file `name` and compare: returns "" if it says what it said."""
    if name.endswith(".rec"):
        return _audio
    if name.startswith(CRASHED):
        return _crashed_session
    file = Path(name).name
    return {
        "identity.age": _identity,
        "study.key.age": _study_key,
        "study.db": _study,
        "session.key.age": _session_key,
        "session.db": _session,
    }.get(file, _linkage)


def _audio(bench: Bench, key: PersonalKey, checkpointed: int) -> str:
    session_key = open_session_key(bench.root / "sessions/01/session.key.age", key)
    reader = AudioReader(bench.root / "sessions/01/audio", session_id=SESSION, identity=session_key.audio_secret)
    read = compare(reader, sound_of_session(), whole=True)
    longest = max((one.length_ms for one in read.damage), default=0)
    if read.wrong or read.undated or longest > 250 or read.missing > BLOCK:
        return f"{read.wrong} samples wrong, {read.missing} lost, {read.undated} undated, gap of {longest} ms"
    return ""


def _identity(bench: Bench, key: PersonalKey, checkpointed: int) -> str:
    return _same(unlock_identity(bench.root / "identity.age", PASSPHRASE), key)


def _study_key(bench: Bench, key: PersonalKey, checkpointed: int) -> str:
    return _same(open_database_key(bench.root / "study.key.age", key, "study key"), bench.study_key)


def _session_key(bench: Bench, key: PersonalKey, checkpointed: int) -> str:
    return _same(open_session_key(bench.root / "sessions/01/session.key.age", key), bench.session_key)


def _linkage(bench: Bench, key: PersonalKey, checkpointed: int) -> str:
    bench.study.refresh()
    return _same(bench.study.linkage, bench.linkage)


def _study(bench: Bench, key: PersonalKey, checkpointed: int) -> str:
    with open_with(bench.alone, key) as study:
        study.verify_log()
        return _same(study.state, bench.study_state)


def _session(bench: Bench, key: PersonalKey, checkpointed: int) -> str:
    with Session(bench.study, SESSION) as session:
        session.verify_log()
        return _same(tuple(session.history()), bench.events)


def _crashed_session(bench: Bench, key: PersonalKey, checkpointed: int) -> str:
    with Session(bench.study, SESSION) as session:
        session.verify_log()
        found = tuple(session.history())
    intact = len(found) >= checkpointed and found == bench.events[: len(found)]
    return "" if intact else f"{len(found)} events, not as they were stored"


def _same(found: object, stored: object) -> str:
    return "" if found == stored else "it opened with other content"
