"""How long a session of 15,000 words takes to search, and to be replaced anew after one edit, as the program does it.

The session lies in a study of its own, made of documents of the gold corpus with the roster of the first. Loading the
language model is left out. Everything that is proposed is replaced; then one turn after another is corrected, and after
each the release text is made again, as the ethics check does. `first_release_ms` is what it takes the first time.
"""

import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from benchmarks.pseudonymization_corpus import DEVELOPMENT, corpus
from facilitator.domain import events as ev
from facilitator.domain.entities import PassageKind
from facilitator.domain.ids import ResearchNumber, Speaker
from facilitator.domain.roster import RosterRow
from facilitator.domain.transcript import Segment
from facilitator.storage.study_folder import StudyFolder
from facilitator.workflows.correcting import Correction
from facilitator.workflows.guides import find_guide
from facilitator.workflows.participants import add_participants
from facilitator.workflows.pseudonymizing import Pseudonymization
from facilitator.workflows.release import release_content
from facilitator.workflows.sessions import Session, plan_session
from facilitator.workflows.study import Study, init_study, open_study

WORDS, QUICK_WORDS = 15_000, 3_000
_EDITS, _QUICK_EDITS = 100, 30
_TURN_MS: Final = 10_000
_FEW_WORDS: Final = 20
_SLOWEST: Final = 0.95
_PASSPHRASE: Final = "benchmark passphrase"  # noqa: S105 -- of a study that is deleted at the end


def speed(quick: bool) -> dict[str, Any]:
    """Measure, print, and return the figures; a fifth of the words when `quick`."""
    least = QUICK_WORDS if quick else WORDS
    folder = Path(tempfile.mkdtemp(prefix="pseudonymization-"))
    try:
        root = init_study(folder / "study", title="Benchmark", passphrase=_PASSPHRASE)
        with open_study(StudyFolder(root), _PASSPHRASE) as study:
            people = next(corpus(DEVELOPMENT)).identities
            numbers = add_participants(study, [RosterRow(one.name, one.aliases) for one in people]).numbers
            with session_of(study, numbers, _FEW_WORDS) as short:
                Pseudonymization(short).search()  # loads the language model
            with session_of(study, numbers, least) as session:
                return _measured(session, least, _QUICK_EDITS if quick else _EDITS)
    finally:
        shutil.rmtree(folder)


def _measured(session: Session, least: int, count: int) -> dict[str, Any]:
    work = Pseudonymization(session)
    searched_s = _seconds(work.search)
    work.decide_all()
    first_s = _seconds(lambda: release_content(session))
    edits = sorted(_after_edits(session, count))
    words = sum(len(segment.text.split()) for segment in session.state.transcript)
    print(f"\nSpeed: {words} words in {searched_s:.1f} s; again after an edit {1000 * statistics.median(edits):.0f} ms")
    return {
        f"analyze_{least}_words_s": searched_s,
        "reapply_ms": 1000 * statistics.median(edits),
        "p95_reapply_ms": 1000 * edits[int(_SLOWEST * len(edits))],
        "first_release_ms": 1000 * first_s,
    }


def _after_edits(session: Session, count: int) -> Iterator[float]:
    correction = Correction(session)
    name = next(iter(session.study.linkage.identities.values())).name
    for segment in list(session.state.transcript)[:count]:
        correction.set_text(segment.id, f"{segment.text} And then {name} said so.")
        yield _seconds(lambda: release_content(session))


def session_of(study: Study, numbers: Sequence[ResearchNumber], words: int) -> Session:
    """A session of at least so many words; each passage of the documents is a turn."""
    session = Session(study, plan_session(study, find_guide(study.folder.guides, "pilot"), numbers))
    session.record(ev.DraftMade(tuple(_segments(words, [Speaker(number) for number in numbers]))))
    return session


def _segments(words: int, speakers: list[Speaker]) -> Iterator[Segment]:
    number = 0
    for document in corpus(DEVELOPMENT):
        for passage in document.passages:
            if passage.kind is not PassageKind.SEGMENT:
                continue
            at_ms = number * _TURN_MS
            yield Segment(number + 1, at_ms, at_ms + _TURN_MS, speakers[number % len(speakers)], passage.text)
            number, words = number + 1, words - len(passage.text.split())
            if words <= 0:
                return


def _seconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun
