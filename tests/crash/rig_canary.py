"""Names and sound searched for everywhere after a whole study with crashes in the middle of it."""

import random
import shutil
import tempfile
from pathlib import Path
from typing import Final

from sound_room import SoundRoom
from terminal import Terminal

from facilitator.domain.errors import FacilitatorError
from facilitator.domain.ids import SessionId
from facilitator.storage.study_folder import StudyFolder
from facilitator.transcription.weights import find_weights
from facilitator.workflows.sessions import Session
from facilitator.workflows.sound import open_track
from facilitator.workflows.study import open_study

from .canary_search import Bystander, Canary, sound_markers
from .canary_study import NAMES, PASSPHRASE, WORDS, CanaryStudy, keeps_core_files
from .framework import Outcome, Report, tally

TITLE = "plaintext canary: names and sound"
HOLDS = "never found in session folder, temp, logs, core files, surroundings of helpers, exports"
COUNT = 3
SECONDS = 340.0
_WANTED: Final = ("facilitator.cli.main", "facilitator.audio.capture", "facilitator.transcription.worker")


def run(count: int, report: Report) -> Outcome:
    """`count` studies, one after the other: the first with crashes, the second without, and so on."""
    for absent in (SoundRoom.absent(), Terminal.absent(), _no_speech()):
        if absent:
            return Outcome.skipped(absent)
    note = "; ".join(part for part in (_without_weights(), _without_cores()) if part)
    return tally(report, range(count), trial, note, processes=1)


def _no_speech() -> str | None:
    return None if shutil.which("espeak-ng") else "espeak-ng is not installed"


def _without_weights() -> str:
    try:
        find_weights("base")
    except FacilitatorError:
        return "recording only, for there are no Whisper weights here"
    return ""


def _without_cores() -> str:
    return "" if keeps_core_files() else "no core files looked for, for this machine keeps none"


def trial(chance: random.Random, number: int) -> str:
    """One study; returns where something was found."""
    with tempfile.TemporaryDirectory(prefix="crash-canary-") as name, SoundRoom() as room:
        study = CanaryStudy(Path(name) / "all", room)
        words = Canary(WORDS)
        if missed := words.missed_by_search(study.work):
            return f"the search does not find {missed}"
        with Bystander(words, PASSPHRASE) as bystander:
            _live(study, crashing=number % 2 == 0)
        faults = list(bystander.found)
        faults += [
            f"nobody looked at {module}" for module in _WANTED if module not in bystander.seen and _expected(module)
        ]
        faults += [f"a core file: {path}" for path in study.core_files()]
        everything = Canary((*WORDS, *NAMES), _sounds(study))
        faults += everything.in_folders([study.root])
    return "; ".join(faults[:8])


def _expected(module: str) -> bool:
    return "transcription" not in module or not _without_weights()


def _live(study: CanaryStudy, *, crashing: bool) -> None:
    """All steps; with crashes, the first conduct ends in one, and so does the first transcription."""
    study.prepare()
    if crashing:
        study.conduct(again=False, crash=True)
        study.command("recover", "01")
    study.conduct(again=crashing, crash=False)
    if _without_weights():
        return
    if crashing:
        study.transcribe_with_a_crash()
    else:
        study.command("transcribe", "01")
    heard = study.command("session", "show", "01", "--transcript").lower()
    if "thompson" not in heard:
        raise RuntimeError("the name that was spoken is not in the transcript, so that nothing would be proved")
    exported = study.release()
    if not list(exported.glob("*.docx")):
        raise RuntimeError("nothing was exported")


def _sounds(study: CanaryStudy) -> dict[str, bytes]:
    """Pieces of what was recorded, as only the key can show it."""
    with (
        open_study(StudyFolder(study.study), PASSPHRASE) as opened,
        Session(opened, SessionId("01"), write=False) as session,
    ):
        reader = open_track(session)
        found = sound_markers(reader.read(0, reader.length_ms), reader.rate)
    if not found:
        raise RuntimeError("there is no sound to look for")
    return found


__all__ = ["COUNT", "HOLDS", "SECONDS", "TITLE", "run", "trial"]
