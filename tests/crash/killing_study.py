"""The study that is copied for each trial, and what the trials share: the room, its clock, where figures go."""

import json
import os
import shutil
import statistics
from dataclasses import asdict, dataclass
from pathlib import Path

from known_sound import ALIKE, RATE, apart, find

from facilitator.audio.container import AudioReader
from facilitator.domain import events as ev
from facilitator.domain.consent import Consent
from facilitator.domain.ids import ResearchNumber, SessionId, Speaker
from facilitator.domain.roster import RosterRow
from facilitator.domain.transcript import Segment
from facilitator.storage.keys import unlock_identity
from facilitator.storage.study_folder import StudyFolder
from facilitator.workflows.guides import find_guide
from facilitator.workflows.participants import add_participants, record_consent
from facilitator.workflows.sessions import Session, plan_session
from facilitator.workflows.study import Study, init_study

from .killing_victim import SEGMENTS, personal_key

VARIABLE = "CRASH_KILL_WORLD"
PIECE_MS = 100
_PASSPHRASE = "four unrelated words"


@dataclass(frozen=True)
class World:
    """What a trial, in a process of its own, must know. `sounded_ms` is when a period of the known sound began."""

    folder: str
    secret: str
    sounded_ms: float

    def publish(self) -> None:
        """Let the trials find it."""
        path = Path(self.folder) / "world.json"
        path.write_text(json.dumps(asdict(self)))
        os.environ[VARIABLE] = str(path)

    @classmethod
    def known(cls) -> "World":
        return cls(**json.loads(Path(os.environ[VARIABLE]).read_text()))

    def study(self, number: int) -> Path:
        """A fresh copy of the study for one trial."""
        return Path(shutil.copytree(Path(self.folder) / "template", Path(self.folder) / f"trial-{number}"))

    def note(self, **figures: object) -> None:
        """Keep the figures of one trial."""
        with (Path(self.folder) / "figures.jsonl").open("a") as file:
            file.write(json.dumps(figures) + "\n")

    def figures(self, name: str) -> list[float]:
        """All values of one figure."""
        try:
            lines = (Path(self.folder) / "figures.jsonl").read_text().splitlines()
        except FileNotFoundError:
            return []
        return [value for line in lines if (value := json.loads(line).get(name)) is not None]

    def told(self, name: str, unit: str, digits: int = 2) -> str:
        """Median and worst of one figure."""
        values = self.figures(name)
        if not values:
            return "none"
        return f"median {statistics.median(values):.{digits}f}, worst {max(values):.{digits}f} {unit}"

    def late_ms(self, reader: AudioReader, at_ms: int, origin_ms: float) -> float | None:
        """How much later than it sounded the sound at `at_ms` stands on the session clock; None if it is not known."""
        found = find(reader.read(at_ms, at_ms + PIECE_MS), reader.rate)
        if found.alike < ALIKE:
            return None
        return apart(origin_ms + at_ms, self.sounded_ms + found.at_ms)


def make_template(folder: Path) -> str:
    """Make the study with one session, a draft in it, in `folder`/template; returns the researcher's secret key."""
    root = init_study(folder / "template", title="Trial", passphrase=_PASSPHRASE)
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


def opened(root: Path, secret: str) -> Study:
    """The study, unlocked without its passphrase."""
    from facilitator.storage.study_folder import read_settings

    folder = StudyFolder(root)
    return Study(folder, read_settings(folder), personal_key(secret))


__all__ = ["PIECE_MS", "RATE", "World", "make_template", "opened"]
