"""From stored, raw text to what would leave the study: which texts there are, and what replaces what in them."""

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

from facilitator.domain.detail import Detail, ExportProfile, profile_detail
from facilitator.domain.entities import Action, Category, Passage, PassageKind, RegisterEntry
from facilitator.domain.guide import Question
from facilitator.domain.ids import MODERATOR, ResearchNumber, Speaker
from facilitator.domain.notes import Note
from facilitator.domain.release import BLANK, ReleaseContent, ReleaseNote, ReleaseQuestion, ReleaseTurn
from facilitator.domain.roster import Identity
from facilitator.domain.session_state import SessionState
from facilitator.domain.spans import Replacement, apply
from facilitator.domain.stretches import without
from facilitator.domain.text import fold
from facilitator.domain.withdrawal import REPLACEMENT, TEXT, Rule
from facilitator.privacy.dates import shifted_date
from facilitator.privacy.generalizing import general_form, removed_form
from facilitator.privacy.replacement import Place, Pseudonymized, Replacer, pseudonymize
from facilitator.privacy.surfaces import KnownSurface, SurfaceMatcher, known_from_identities
from facilitator.workflows.sessions import Session
from facilitator.workflows.study import Study
from facilitator.workflows.withheld import ON_PURPOSE

Safe = Callable[[str, str], str]
"""(ref, raw text) → the text as it would be exported."""
_NUMBERS: Final = re.compile(r"\[(?:P\d+|M)(?:(?:, | or )(?:P\d+|M))*\]")
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


def shown_as(study: Study, entry: RegisterEntry, profile: ExportProfile) -> str | None:
    """What stands for an identifier in exports of a profile, brackets included; None where it stays as it was said."""
    decision = study.state.decisions.get(entry.id)
    if decision is None:
        return None
    if means_participant(decision.replacement):  # nobody of the study, nor who withdrew, is shown in any other way
        return decision.replacement
    usual = Detail.DECIDED if decision.action is Action.KEEP else profile_detail(profile, entry.category)
    match study.state.details.get((entry.id, profile), usual):
        case Detail.DECIDED:
            return decision.replacement or None
        case Detail.KEPT:
            return None
        case Detail.GENERALIZED:
            return general_form(entry.category, entry.surfaces[0])
        case Detail.REMOVED:
            return removed_form(entry.category)


def means_participant(replacement: str) -> bool:
    """Whether a replacement is a research number, several of them, the moderator, or somebody who withdrew."""
    return REPLACEMENT[1:-1] in replacement or _NUMBERS.fullmatch(replacement) is not None


def known_surfaces(study: Study, profile: ExportProfile = ExportProfile.TEAM) -> list[KnownSurface]:
    """Names of the roster and the moderators, and every identifier that exports of the profile replace."""
    people = study.linkage.identities.values()
    # [M] stands for whoever led the group, as M does for their turns
    moderators = [Identity(ResearchNumber(MODERATOR), name) for name in study.linkage.moderators]
    known = _of_withdrawn(study, _forms_of((*people, *moderators)))
    for entry in study.linkage.register.values():
        if text := shown_as(study, entry, profile):
            known += [KnownSurface(surface, text, entry.id) for surface in entry.surfaces]
    return _shared_with_withdrawn(known)


@lru_cache(maxsize=1)
def _forms_of(people: tuple[Identity, ...]) -> tuple[KnownSurface, ...]:
    return tuple(known_from_identities(people))


def _of_withdrawn(study: Study, known: Iterable[KnownSurface]) -> list[KnownSurface]:
    """An older copy of the linkage file may still hold a name whose number nobody is to be tied to any more."""
    gone = [number for number, one in study.state.withdrawals.items() if one.rule is Rule.DESTROY]
    if not gone:
        return list(known)
    numbers = re.compile(rf"\b(?:{'|'.join(gone)})\b")
    return [replace(one, replacement=numbers.sub(REPLACEMENT[1:-1], one.replacement)) for one in known]


def _shared_with_withdrawn(known: list[KnownSurface]) -> list[KnownSurface]:
    """Nobody can tell whom a name means that somebody else bears too who withdrew."""
    gone = {fold(one.surface) for one in known if one.replacement == REPLACEMENT}
    either = f" or {REPLACEMENT[1:]}"
    return [
        replace(one, replacement=one.replacement[:-1] + either)
        if fold(one.surface) in gone and not one.owner.startswith("E") and one.replacement != REPLACEMENT
        else one
        for one in known
    ]


def replacer(study: Study, profile: ExportProfile) -> Replacer:
    """What replaces known surfaces for a profile; it remembers the texts of before while nothing was decided anew."""
    known = tuple(known_surfaces(study, profile))
    register = study.linkage.register
    made = tuple(
        one for one in known if one.owner in register and one.replacement in made_forms(study, register[one.owner])
    )
    if study.replacer is None or (study.replacer.known, study.replacer.made) != (known, made):
        study.replacer = Replacer(known, made)
    return study.replacer


def made_forms(study: Study, entry: RegisterEntry) -> set[str]:
    """What the program makes of a date or an age itself, which may hold a number that stands for another one."""
    if entry.category not in (Category.DATE, Category.AGE):
        return set()
    days, surface = study.linkage.date_shift_days, entry.surfaces[0]
    shifted = shifted_date(surface, days) if days and entry.category is Category.DATE else None
    return {general_form(entry.category, surface), *([f"[{shifted}]"] if shifted else [])}


def kept_places(session: Session, ref: str, text: str) -> frozenset[Place]:
    """Places of a text that a person decided to leave as they are.

    None of them once the text was corrected; nor of what stands for a participant.
    """
    kept = [(start, one) for (of, start), one in session.state.kept_mentions.items() if of == ref]
    if not kept or BLANK in text:
        return frozenset()
    digest, decisions = text_digest(text), session.study.state.decisions
    return frozenset(
        (one.entity_id, start)
        for start, one in kept
        if one.text_sha256 == digest
        and (decision := decisions.get(one.entity_id))
        and not means_participant(decision.replacement)
    )


def text_digest(text: str) -> str:
    """SHA-256 of one text."""
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Release:
    """What an export would hold, and the same as a second search for identifiers is to read it.

    `searched` has blanks where the content holds one of `blanked` on purpose: a place that a person left as it is, a
    date or an age that the program made itself, a number in the approval reference.
    """

    content: ReleaseContent
    searched: ReleaseContent
    blanked: frozenset[str]


def release_content(session: Session, profile: ExportProfile = ExportProfile.TEAM) -> ReleaseContent:
    """The session as it would be exported now: every string replaced in one pass over its raw text."""
    return release(session, profile).content


def release(session: Session, profile: ExportProfile = ExportProfile.TEAM) -> Release:
    """The session as it would be exported now, and as it is searched for what was missed."""
    study, replacing = session.study, replacer(session.study, profile)
    blanked: set[str] = set()

    def done(ref: str, raw: str) -> Pseudonymized:
        found = replacing.replaced(raw, kept_places(session, ref, raw))
        blanked.update(found.blanked)
        return found

    reference = _reference(study.settings.approval_reference, replacing.known)
    blanked |= reference.blanked
    content = _content(session, reference.text, lambda ref, raw: done(ref, raw).text)
    searched = _content(session, reference.searched, lambda ref, raw: done(ref, raw).searched)
    return Release(content, searched if blanked else content, frozenset(blanked))


@lru_cache(maxsize=1)
def _reference(reference: str, known: tuple[KnownSurface, ...]) -> Pseudonymized:
    """The approval reference with people's names replaced; its digits are no date."""
    surfaces = [one for one in known if one.owner.startswith("E") and not means_participant(one.replacement)]
    others = set(surfaces)
    named = pseudonymize(reference, SurfaceMatcher(one for one in known if one not in others))
    found = SurfaceMatcher(surfaces).find(named.text)
    blanks = [Replacement(match.span, BLANK) for match in found]
    return replace(named, searched=apply(named.text, blanks), blanked=frozenset(match.surface for match in found))


def _content(session: Session, reference: str, safe: Safe) -> ReleaseContent:
    state, study = session.state, session.study
    return ReleaseContent(
        study_title=safe("title:study", study.settings.title),
        approval_reference=reference,
        session_id=session.id,
        title=safe("title:session", state.title),
        length_ms=state.length_ms,
        language=state.transcription.language if state.transcription else study.settings.language,
        participants=tuple(Speaker(number) for number in state.took_part),
        turns=_turns(state, safe),
        questions=tuple(
            ReleaseQuestion(at, question.type.value, safe(f"question:{question.id}", question.text))
            for at, question in _asked(state)
        ),
        notes=tuple(
            ReleaseNote(note.at_ms, note.kind.value, note.speaker, safe(f"note:{note.id}", note.text))
            for note in _notes(state)
        ),
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


def _turns(state: SessionState, safe: Safe) -> tuple[ReleaseTurn, ...]:
    """Neighboring segments of one known speaker join into a turn; a question asked between them keeps them apart."""
    turns: list[ReleaseTurn] = []
    asked = [at for at, _ in _asked(state)]
    for segment in state.transcript:
        text = safe(f"segment:{segment.id}", segment.text)
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
