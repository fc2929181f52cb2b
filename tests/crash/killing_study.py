"""The study that is copied for each trial, and what the trials share: its key, and when the room's sound began."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from known_sound import ALIKE, apart, find

from facilitator.audio.container import AudioReader
from facilitator.domain import events as ev
from facilitator.domain.consent import Consent
from facilitator.domain.ids import ResearchNumber, SessionId, Speaker
from facilitator.domain.roster import RosterRow
from facilitator.domain.transcript import Segment
from facilitator.storage.keys import unlock_identity
from facilitator.storage.study_folder import StudyFolder, read_settings
from facilitator.workflows.guides import find_guide
from facilitator.workflows.participants import add_participants, record_consent
from facilitator.workflows.sessions import Session, plan_session
from facilitator.workflows.study import Study, init_study

from .killing_victim import SEGMENTS, personal_key

PIECE_MS = 100
TEMPLATE = "template"
_PASSPHRASE = "four unrelated words"


@dataclass(frozen=True)
class World:
    """What a trial, in a process of its own, must know. `sounded_ms` is when a period of the known sound began."""

    folder: str
    secret: str
    sounded_ms: float

    def study(self, number: int) -> Path:
        """A fresh copy of the study for one trial."""
        return copied(self.folder, Path(self.folder) / f"trial-{number}")

    def late_ms(self, reader: AudioReader, at_ms: int, origin_ms: float) -> float | None:
        """How much later than it sounded the sound at `at_ms` stands on the session clock; None if it is not known."""
        found = find(reader.read(at_ms, at_ms + PIECE_MS), reader.rate)
        if found.alike < ALIKE:
            return None
        return apart(origin_ms + at_ms, self.sounded_ms + found.at_ms)


def make_template(folder: Path) -> str:
    """Make the study with one session, a draft in it, in `folder`/template; returns the researcher's secret key."""
    root = init_study(folder / TEMPLATE, title="Trial", passphrase=_PASSPHRASE)
    secret = unlock_identity(StudyFolder(root).identity_file, _PASSPHRASE).secret
    with opened(root, secret) as study:
        rows = [RosterRow("Kristin Haugen", (), {}), RosterRow("Anders Berg", (), {})]
        numbers = add_participants(study, rows).numbers
        record_consent(study, numbers, Consent(ResearchNumber("P1"), "2030-01-01"))
        plan_session(study, find_guide(study.folder.guides, "pilot"), numbers)
        draft = tuple(
            Segment(one, one * 1000, one * 1000 + 900, Speaker("P1"), f"turn {one}") for one in range(1, SEGMENTS + 1)
        )
        with Session(study, SessionId("01")) as session:
            session.record(ev.DraftMade(draft), 0)
    return secret


def copied(folder: str, place: Path | str) -> Path:
    """A fresh copy of the template in `folder`, below `place`."""
    return Path(shutil.copytree(Path(folder) / TEMPLATE, Path(place) / "study"))


def opened(root: Path, secret: str) -> Study:
    """The study, unlocked without its passphrase."""
    folder = StudyFolder(root)
    return Study(folder, read_settings(folder), personal_key(secret))
