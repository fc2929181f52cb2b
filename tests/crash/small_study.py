"""A study to break, and a recording of which every sample is known."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from facilitator.audio.container import AudioReader, Damage
from facilitator.domain.consent import Consent
from facilitator.domain.errors import NotFound
from facilitator.domain.ids import ResearchNumber
from facilitator.domain.roster import RosterRow
from facilitator.domain.timebase import samples_to_ms
from facilitator.storage.keys import PersonalKey, unlock_identity
from facilitator.storage.study_folder import StudyFolder, read_settings
from facilitator.workflows.guides import find_guide
from facilitator.workflows.participants import add_participants, record_consent
from facilitator.workflows.sessions import Session, plan_session
from facilitator.workflows.study import Study, init_study

PASSPHRASE = "four unrelated words"
RATE = 4000
BLOCK = RATE // 4
PEOPLE = (RosterRow("Kristin Haugen", ("Kris",), {}), RosterRow("Anders Berg", (), {}))

Samples = NDArray[np.int16]


def make_study(root: Path) -> PersonalKey:
    """A study with P1 and P2, who consented, and no session."""
    init_study(root, title="Crash trials", passphrase=PASSPHRASE, approval_reference="2021/1")
    key = unlock_identity(StudyFolder(root).identity_file, PASSPHRASE)
    with open_with(root, key) as study:
        numbers = add_participants(study, PEOPLE).numbers
        record_consent(study, numbers, Consent(ResearchNumber("P1"), "2021-09-14"))
    return key


def open_with(root: Path, key: PersonalKey) -> Study:
    """The study, without the second that the passphrase takes."""
    folder = StudyFolder(root)
    return Study(folder, read_settings(folder), key)


def plan(study: Study) -> Session:
    """A new session of the pilot guide, open for writing."""
    guide = find_guide(study.folder.guides, "pilot")
    return Session(study, plan_session(study, guide, [ResearchNumber("P1"), ResearchNumber("P2")]))


def noise(samples: int, seed: int) -> Samples:
    """Never zero, so that silence in what is read back is a gap."""
    return np.random.default_rng(seed).integers(1, 30_000, samples).astype("<i2")


@dataclass(slots=True)
class Sound:
    """What was to be recorded; `appended` is the end of what the writer took without an error."""

    pieces: list[tuple[int, Samples]] = field(default_factory=list)
    appended: int = 0
    rate: int = RATE

    def add(self, first: int, sound: Samples) -> None:
        self.pieces.append((first, sound))

    @property
    def end(self) -> int:
        return max((first + len(piece) for first, piece in self.pieces), default=0)

    @property
    def samples(self) -> Samples:
        """All of it by place on the session clock; zeros where nothing was said."""
        whole = np.zeros(self.end, "<i2")
        for first, piece in self.pieces:
            whole[first : first + len(piece)] = piece
        return whole


@dataclass(frozen=True, slots=True)
class Read:
    """What a reader gave back. `wrong` samples are neither right nor silent; `undated` ones are silent before the end
    of what was found, without a word on it."""

    missing: int
    wrong: int
    undated: int
    damage: tuple[Damage, ...] = ()


def compare(reader: AudioReader | None, sound: Sound, *, whole: bool = False) -> Read:
    """Read everything back and compare it, sample by sample. No reader stands for a recording that is not there.

    With `whole`, an end that is not there must have a date as well.
    """
    known = sound.samples
    if reader is None:
        return Read(int(np.count_nonzero(known[: sound.appended])), 0, 0)
    damage = reader.check().damage
    found = np.zeros(len(known), "<i2")
    end = min(reader.end_sample, len(known))
    read = reader.read(0, reader.length_ms + 1)
    wrong = int(np.count_nonzero(read[len(known) :]))
    found[:end] = read[:end]
    wrong += int(np.count_nonzero((found != 0) & (found != known)))
    silent = (known != 0) & (found == 0)
    missing = int(np.count_nonzero(silent[: sound.appended]))
    for item in damage:
        first, last = (item.at_ms - 1) * sound.rate // 1000, (item.at_ms + item.length_ms + 2) * sound.rate // 1000
        silent[max(0, first) : last] = False
    return Read(missing, wrong, int(np.count_nonzero(silent if whole else silent[:end])), damage)


def reader_of(folder: Path, session_id: str, identity: str) -> AudioReader | None:
    """A reader, or None where nothing was recorded."""
    try:
        return AudioReader(folder, session_id=session_id, identity=identity)
    except NotFound:
        return None


def seconds(samples: int, rate: int = RATE) -> float:
    """Length of `samples`."""
    return samples_to_ms(samples, rate) / 1000
