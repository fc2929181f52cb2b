"""From stored, raw text to what would leave the study: which texts there are, and what replaces what in them."""

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Final

from facilitator.domain.entities import Action, Passage, PassageKind
from facilitator.domain.guide import Question
from facilitator.domain.ids import MODERATOR, ResearchNumber, Speaker
from facilitator.domain.notes import Note
from facilitator.domain.release import ReleaseContent, ReleaseNote, ReleaseQuestion, ReleaseTurn
from facilitator.domain.roster import Identity
from facilitator.domain.session_state import SessionState
from facilitator.domain.stretches import without
from facilitator.domain.text import fold
from facilitator.domain.withdrawal import REPLACEMENT, TEXT
from facilitator.privacy.replacement import Replacer, pseudonymize
from facilitator.privacy.surfaces import KnownSurface, SurfaceMatcher, known_from_identities
from facilitator.workflows.sessions import Session
from facilitator.workflows.study import Study
from facilitator.workflows.withheld import ON_PURPOSE

SHORTEST_GAP_MS: Final = 100
"""What is left of a gap that a backup track fills, and is shorter, is the edge of the alignment and no gap."""


def passages(session: Session) -> tuple[Passage, ...]:
    """Every text of the session that an export could hold, raw."""
    state = session.state
    titles = {"study": session.study.settings.title, "session": state.title}
    found = [Passage(PassageKind.TITLE, name, text) for name, text in titles.items() if text]
    found += [Passage(PassageKind.QUESTION, question.id, question.text, at) for at, question in _asked(state)]
    found += [
        Passage(PassageKind.SEGMENT, str(segment.id), segment.text, segment.start_ms)
        for segment in state.transcript
        if segment.text.strip()
    ]
    found += [Passage(PassageKind.NOTE, str(note.id), note.text, note.at_ms) for note in _notes(state)]
    return tuple(found)


def texts_digest(found: tuple[Passage, ...]) -> str:
    """SHA-256 of the passages, to tell whether a search for identifiers is still current."""
    rows = sorted((passage.ref, passage.text) for passage in found)
    return hashlib.sha256(json.dumps(rows, ensure_ascii=False).encode()).hexdigest()


def known_surfaces(study: Study) -> list[KnownSurface]:
    """Names of the roster and the moderators, and every identifier that a person decided to replace."""
    people = list(study.linkage.identities.values())
    # [M] stands for whoever led the group, as M does for their turns
    moderators = [Identity(ResearchNumber(MODERATOR), name) for name in study.linkage.moderators]
    known = known_from_identities([*people, *moderators])
    for entry in study.linkage.register.values():
        decision = study.state.decisions.get(entry.id)
        if decision and decision.action is Action.REPLACE:
            known += [KnownSurface(surface, decision.replacement, entry.id) for surface in entry.surfaces]
    return _shared_with_withdrawn(known)


def _shared_with_withdrawn(known: list[KnownSurface]) -> list[KnownSurface]:
    """Nobody can tell whom a name means that somebody else bears too who withdrew."""
    gone = {fold(one.surface) for one in known if one.replacement == REPLACEMENT}
    either = f" or {REPLACEMENT[1:]}"
    return [
        replace(one, replacement=one.replacement[:-1] + either)
        if fold(one.surface) in gone and not one.owner.startswith("E")
        else one
        for one in known
    ]


def release_content(session: Session) -> ReleaseContent:
    """The session as it would be exported now: every string replaced in one pass over its raw text."""
    state, study = session.state, session.study
    known = tuple(known_surfaces(study))
    if study.replacer is None or study.replacer.known != known:
        study.replacer = Replacer(known)
    safe = study.replacer.text
    people = SurfaceMatcher([one for one in known if not one.owner.startswith("E")])
    return ReleaseContent(
        study_title=safe(study.settings.title),
        approval_reference=pseudonymize(study.settings.approval_reference, people).text,  # its digits are no date
        session_id=session.id,
        title=safe(state.title),
        length_ms=state.length_ms,
        language=state.transcription.language if state.transcription else study.settings.language,
        participants=tuple(Speaker(number) for number in state.took_part),
        turns=_turns(state, safe),
        questions=tuple(
            ReleaseQuestion(at, question.type.value, safe(question.text)) for at, question in _asked(state)
        ),
        notes=tuple(ReleaseNote(note.at_ms, note.kind.value, note.speaker, safe(note.text)) for note in _notes(state)),
        gaps=tuple(sorted(unheard_gaps(state))),
        not_to_be_quoted=tuple(
            Speaker(number)
            for number in state.took_part
            if number in study.state.consents and not study.state.consents[number].quotation
        ),
    )


def unheard_gaps(state: SessionState) -> Iterator[tuple[int, int, str]]:
    """(start, length, reason) in ms of the gaps less what the transcription heard of a backup track instead."""
    heard = [(at, at + length) for at, length in state.transcription.filled] if state.transcription else []
    for at, length, reason in state.gaps:
        span = [(at, max(at + length, at + 1))]
        left = span if reason in ON_PURPOSE else without(span, heard)
        if left == span:
            yield at, length, reason
            continue
        for start, end in left:
            if end - start >= SHORTEST_GAP_MS:
                yield start, end - start, reason


def _turns(state: SessionState, safe: Callable[[str], str]) -> tuple[ReleaseTurn, ...]:
    """Neighboring segments of one known speaker join into a turn; a question asked between them keeps them apart."""
    turns: list[ReleaseTurn] = []
    asked = [at for at, _ in _asked(state)]
    for segment in state.transcript:
        text = safe(segment.text)
        if not text.strip():
            continue
        last = turns[-1] if turns else None
        joins = last and last.speaker and last.speaker == segment.speaker
        if last and joins and not any(last.start_ms < at <= segment.start_ms for at in asked):
            joined = last.text if last.text == text == TEXT else f"{last.text} {text}"
            turns[-1] = ReleaseTurn(last.start_ms, segment.end_ms, last.speaker, joined)
        else:
            turns.append(ReleaseTurn(segment.start_ms, segment.end_ms, segment.speaker, text))
    return tuple(turns)


def _notes(state: SessionState) -> list[Note]:
    """Those that an export may hold, in time order: not what was noted off the record."""
    return sorted(
        (note for note in state.notes.values() if not state.off_the_record(note.at_ms)), key=lambda note: note.at_ms
    )


def _asked(state: SessionState) -> Iterator[tuple[int, Question]]:
    questions = {question.id: question for question in guide.questions} if (guide := state.guide_as_run) else {}
    for at, question_id in state.asked:
        if question_id in questions:
            yield at, questions[question_id]
