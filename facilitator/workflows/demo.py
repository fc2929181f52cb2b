"""The whole job on the sample recording, as one resumable use case."""

import csv
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from facilitator.domain import events as ev
from facilitator.domain.consent import Consent
from facilitator.domain.errors import UsageError
from facilitator.domain.ids import session_id, speaker
from facilitator.domain.notes import NoteKind
from facilitator.domain.progress import Report, silent
from facilitator.privacy.surfaces import SurfaceMatcher
from facilitator.storage.study_folder import StudyFolder, read_settings
from facilitator.workflows import measuring
from facilitator.workflows.exporting import export_session
from facilitator.workflows.guides import find_guide
from facilitator.workflows.importing import import_audio
from facilitator.workflows.participants import import_roster, record_consent
from facilitator.workflows.pseudonymizing import Pseudonymization
from facilitator.workflows.release import known_surfaces, release_content
from facilitator.workflows.sessions import Session, plan_session
from facilitator.workflows.study import Study, init_study, open_study
from facilitator.workflows.transcribing import transcribe
from facilitator.workflows.verifying import approve, verify

SAMPLE: Final = Path(__file__).resolve().parents[1] / "sample"
TITLE: Final = "Demonstration: IMR practitioners"
PASSPHRASE: Final = "facilitator demo"  # noqa: S105 -- the sample is public
SESSION: Final = session_id("01")
ASKED: Final = ((0, "core"), (72_000, "as-staff"), (113_000, "fit-and-conflict"), (148_000, "summary"))
"""When the sample's moderator turns to which question of the guide, in ms."""


@dataclass(frozen=True, slots=True)
class DemoResult:
    """What the demonstration made and how well. `seconds` is the job's own time; rates are 0.0 upward."""

    study: Path
    audio: Path
    export: Path
    files: tuple[Path, ...]
    seconds: float
    word_error_rate: float
    identifiers: tuple[measuring.Caught, ...]
    attributed: tuple[int, int]


def run_demo(folder: Path, report: Report = silent, tell: Callable[[str], None] = lambda _: None) -> DemoResult:
    """Run or resume the demonstration in `folder`; `tell` gets a line at each stage.

    Raises:
        UsageError: the folder holds something else.
        MissingNeed: no Whisper weights or language model.
    """
    begun = time.monotonic()
    tell("1/6  Study, guide, roster and consents")
    with _study(folder) as study, Session(study, SESSION) as session:
        tell("2/6  Recording of the sample, encrypted, with the facilitator's notes and speaker marks")
        if not session.state.takes:
            _take_notes(session)
            import_audio(session, SAMPLE / "focus_group.ogg", report)
        tell("3/6  Transcription on this machine")
        transcribe(session, report=report)
        tell("4/6  Identifiers: found, and replaced by the program's suggestions")
        work = Pseudonymization(session)
        if not work.current:
            work.search(report)
        work.decide_all()
        tell("5/6  Ethics check and approval")
        approve(session, "demonstration, approved by nobody", verify(session).content.digest)
        tell("6/6  Export")
        exported = export_session(session, report=report)
        seconds = time.monotonic() - begun
        return _measure(session, exported.folder, seconds)


def _study(folder: Path) -> Study:
    root = folder.expanduser().resolve()
    if not (root / "study.toml").exists():
        if root.exists() and any(root.iterdir()):
            raise UsageError(f"{root} is not empty.", safe="Nothing was written.", do="Name another folder.")
        init_study(root, title=TITLE, passphrase=PASSPHRASE, approval_reference="demo/2021")
    if read_settings(StudyFolder(root)).title != TITLE:
        raise UsageError(
            f"{root} holds a study of your own.", safe="It was left untouched.", do="Name another folder for the demo."
        )
    study = open_study(StudyFolder(root), PASSPHRASE)
    if not study.state.participants:
        import_roster(study, SAMPLE / "roster.csv")
    numbers = tuple(study.state.participants)
    if not study.state.consents:
        record_consent(study, numbers, Consent(numbers[0], "2021-09-14"))
    if not study.state.sessions:
        guide = find_guide(study.folder.guides, "imr-practitioners")
        plan_session(study, guide, numbers, title="Sample group", planned_for="2021-09-14")
    return study


def _take_notes(session: Session) -> None:
    with (SAMPLE / "marks.csv").open(encoding="utf-8", newline="") as rows:
        events: list[tuple[ev.Event, int]] = [
            (ev.SpeakerMarked(speaker(row["speaker"])), int(row["at_ms"])) for row in csv.DictReader(rows)
        ]
    with (SAMPLE / "notes.csv").open(encoding="utf-8", newline="") as rows:
        events += [
            (ev.NoteTaken(NoteKind(row["kind"]), row["text"]), int(row["at_ms"])) for row in csv.DictReader(rows)
        ]
    events += [(ev.QuestionAsked(question_id), at) for at, question_id in ASKED]
    session.record_all(sorted(events, key=lambda entry: entry[1]))


def _measure(session: Session, exported: Path, seconds: float) -> DemoResult:
    reference = measuring.read_stm(SAMPLE / "focus_group.stm")
    segments = session.state.transcript
    content = release_content(session)
    return DemoResult(
        study=session.study.folder.root,
        audio=session.folder.audio,
        export=exported,
        files=tuple(sorted(exported.iterdir())),
        seconds=seconds,
        word_error_rate=measuring.word_error_rate(
            (turn.text for turn in reference), (segment.text for segment in segments)
        ),
        identifiers=tuple(
            measuring.caught(
                reference,
                measuring.read_planted(SAMPLE / "identifiers.csv"),
                segments,
                SurfaceMatcher(known_surfaces(session.study)),
            )
        ),
        attributed=(sum(turn.speaker is not None for turn in content.turns), len(content.turns)),
    )
