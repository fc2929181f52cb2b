"""Names and sound searched for everywhere, in a whole study with crashes in it: right after each, and at the end.

The transcription worker holds the sound at another rate: the markers for that are made by the code that gives it to it.
"""

import random
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from sound_room import SoundRoom
from terminal import Terminal

from facilitator.domain.errors import FacilitatorError
from facilitator.domain.ids import SessionId
from facilitator.storage.study_folder import StudyFolder
from facilitator.transcription.client import SpeechDetector
from facilitator.transcription.planning import RATE, at_model_rate, plan
from facilitator.transcription.weights import find_weights
from facilitator.workflows.sessions import Session
from facilitator.workflows.sound import SessionSound, open_track
from facilitator.workflows.study import open_study

from .canary_search import Bystander, Canary, sound_markers
from .canary_study import CAPTURE, NAMES, PASSPHRASE, PROGRAM, WORDS, WORKER, CanaryStudy, keeps_core_files
from .framework import Outcome, Report, Tried, tally

TITLE = "plaintext canary: names and sound"
HOLDS = "never found in session folder, temp, logs, core files, surroundings of helpers, exports"
COUNT = 3
SECONDS = 250.0
_WANTED: Final = (PROGRAM[-1], CAPTURE, WORKER)
_AS_FLOATS: Final = f"{RATE} Hz, float"
_LOOKED_FOR: Final = 3


def run(count: int, report: Report) -> Outcome:
    """`count` studies, one after the other: the first with crashes, the second without, and so on."""
    for absent in (SoundRoom.absent(), Terminal.absent(), _no_speech()):
        if absent:
            return Outcome.skipped(absent)
    outcome = tally(report, range(count), trial, processes=1)
    searches, markers = report.total("searches"), report.total("markers")
    note = f"{searches} searches, {report.total('crashes')} of them right after a crash; {markers} markers of sound"
    return outcome.noted(note, left_out="; ".join(filter(None, (_without_weights(), _without_cores()))))


def _no_speech() -> str | None:
    return None if shutil.which("espeak-ng") else "espeak-ng is not installed"


def _without_weights() -> str:
    try:
        find_weights("base")
    except FacilitatorError:
        return "transcription and export skipped: no Whisper weights here"
    return ""


def _without_cores() -> str:
    return "" if keeps_core_files() else "core files skipped: this machine keeps none"


def trial(chance: random.Random, number: int) -> Tried:
    """One study; what was found, and where."""
    with tempfile.TemporaryDirectory(prefix="crash-canary-") as name, SoundRoom() as room:
        study = CanaryStudy(Path(name) / "all", room)
        words = Canary(WORDS)
        if missed := words.missed_by_search(study.planted):
            return Tried(f"the search does not find {missed}")
        search = Search(study)
        with Bystander(words, PASSPHRASE) as bystander:
            _live(study, search, crashing=number % 2 == 0)
        search.look("at the end", (*WORDS, *NAMES))
    faults = search.found + list(bystander.found)
    faults += [f"nobody looked at {module}" for module in _WANTED if module not in bystander.seen and _expected(module)]
    figures = {"searches": search.times, "crashes": search.times - 1, "markers": len(search.sounds)}
    return Tried("; ".join(faults[:8]), figures)


class Search:
    """Searches of all that a study's programs may have written. `sounds` are the markers that the last looked for."""

    def __init__(self, study: CanaryStudy) -> None:
        self._study = study
        self.found: list[str] = []
        self.sounds: dict[str, bytes] = {}
        self.times = 0

    def look(self, when: str, words: Sequence[str] = WORDS) -> None:
        """Words and plain sound files first, then the sound, of which only the key can tell what it is."""
        study, self.times = self._study, self.times + 1
        faults = [f"a core file: {path}" for path in study.core_files()]
        faults += Canary(words).in_folders([study.root])
        self.sounds = _sounds(study)
        sounds = Canary((), self.sounds)
        faults += [f"the search does not find {what}" for what in sounds.missed_by_search(study.planted)]
        faults += sounds.in_folders([study.root])
        self.found += [f"{when}: {fault}" for fault in dict.fromkeys(faults)]

    @property
    def given_to_the_model(self) -> list[bytes]:
        """Some of the sound, as the transcription worker gets it."""
        return [data for what, data in self.sounds.items() if what.endswith(_AS_FLOATS)][:_LOOKED_FOR]


def _expected(module: str) -> bool:
    return "transcription" not in module or not _without_weights()


def _live(study: CanaryStudy, search: Search, *, crashing: bool) -> None:
    """All steps; with crashes, the first conduct ends in one, and so does the first transcription."""
    study.prepare()
    if crashing:
        study.conduct(again=False, crash=True)
        search.look("after the crash of the recording")
        study.command("recover", "01")
    study.conduct(again=crashing, crash=False)
    if _without_weights():
        return
    if crashing:
        study.crash_transcription(search.given_to_the_model)
        search.look("after the crash of the transcription")
    study.command("transcribe", "01")
    heard = study.command("session", "show", "01", "--transcript").lower()
    if "anderson" not in heard:
        raise RuntimeError("the name that was spoken is not in the transcript, so that nothing would be proved")
    exported = study.release()
    if not list(exported.glob("*.docx")):
        raise RuntimeError("nothing was exported")


def _sounds(study: CanaryStudy) -> dict[str, bytes]:
    """Pieces of what was recorded, as it is stored and as the model gets it; read from a copy, so that what a crash
    left stays as it is."""
    with tempfile.TemporaryDirectory(prefix="crash-canary-copy-") as name:
        copy = shutil.copytree(study.study, Path(name) / "study", ignore=shutil.ignore_patterns("ballast"))
        with (
            open_study(StudyFolder(copy), PASSPHRASE) as opened,
            Session(opened, SessionId("01"), write=False) as session,
        ):
            reader, sound = open_track(session), SessionSound(session)
            stored = sound_markers(reader.read(0, reader.length_ms), reader.rate)
            with SpeechDetector() as detector:
                blocks = at_model_rate(sound.read, sound.rate, sound.length_ms)
                windows = [window.samples for window in plan(blocks, detector.find)]
    heard = sound_markers(np.concatenate(windows), RATE)
    if not stored or not heard:
        raise RuntimeError("there is no sound to look for")
    return stored | heard


__all__ = ["COUNT", "HOLDS", "SECONDS", "TITLE", "run", "trial"]
