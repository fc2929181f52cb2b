"""How long a session of 15,000 words takes to analyze, and to be replaced anew after one edit.

The session is made of documents of the gold corpus, with the roster of the first. Loading the language model is left
out. An edit changes one turn: its known forms and decided identifiers are replaced, and the release text is put
together again. `rebuild_ms` is what building it all anew from the decisions takes, as an export does.
"""

import statistics
import time
from typing import Any, Final

from benchmarks.pseudonymization_corpus import DEVELOPMENT, corpus
from benchmarks.pseudonymization_ours import ReleaseText, our_marks, recognizers
from facilitator.domain.entities import Passage, PassageKind

WORDS, QUICK_WORDS = 15_000, 3_000
_EDITS, _QUICK_EDITS = 200, 50
_SLOWEST: Final = 0.95


def session(words: int) -> tuple[Passage, ...]:
    """Passages of at least so many words together, in documents' order."""
    found: list[Passage] = []
    for document in corpus(DEVELOPMENT):
        for passage in document.passages:
            if passage.kind is PassageKind.SEGMENT:
                found.append(Passage(PassageKind.SEGMENT, str(len(found)), passage.text, 15_000 * len(found)))
                words -= len(passage.text.split())
            if words <= 0:
                return tuple(found)
    return tuple(found)


def speed(quick: bool) -> dict[str, Any]:
    """Measure, print, and return the figures; a fifth of the words when `quick`."""
    least = QUICK_WORDS if quick else WORDS
    passages = session(least)
    identities = next(corpus(DEVELOPMENT)).identities
    recognizers()
    begun = time.perf_counter()
    marks = our_marks(passages, identities)
    analyzed_s = time.perf_counter() - begun
    release = ReleaseText(passages, identities, marks)
    rebuilt_s = statistics.median(release.rebuild() for _ in range(3))
    name = identities[0].name
    edits = sorted(
        release.edit(at % len(passages), f"{passages[at % len(passages)].text} And then {name} said so.")
        for at in range(_QUICK_EDITS if quick else _EDITS)
    )
    words = sum(len(passage.text.split()) for passage in passages)
    print(f"\nSpeed: {words} words in {analyzed_s:.1f} s; again after an edit {1000 * statistics.median(edits):.1f} ms")
    return {
        f"analyze_{least}_words_s": analyzed_s,
        "reapply_ms": 1000 * statistics.median(edits),
        "p95_reapply_ms": 1000 * edits[int(_SLOWEST * len(edits))],
        "rebuild_ms": 1000 * rebuilt_s,
    }
