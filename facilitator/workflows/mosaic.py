"""What all sessions together tell of each participant, and what a researcher notes on the risk of it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from facilitator.domain.entities import Action, PassageKind
from facilitator.domain.errors import FacilitatorError, InvalidInput, NotFound
from facilitator.domain.events import RiskNoted
from facilitator.domain.ids import ResearchNumber, SessionId, Speaker
from facilitator.domain.mosaic import (
    INDIRECT,
    Fate,
    Identifier,
    Profile,
    Said,
    by_risk,
    find_cues,
    find_phrases,
    rare_sets,
    rare_words,
    shared_backgrounds,
)
from facilitator.domain.text import one_line
from facilitator.privacy.common_words import is_common
from facilitator.privacy.replacement import pseudonymize
from facilitator.privacy.residue import contains_any
from facilitator.privacy.surfaces import KnownSurface, SurfaceMatcher
from facilitator.workflows.release import known_surfaces, passages, texts_digest
from facilitator.workflows.sessions import Session
from facilitator.workflows.study import Study

LONGEST_NOTE: Final = 1000


@dataclass(frozen=True, slots=True)
class Mosaic:
    """The profiles, those at risk first. `read` are the sessions behind them, `left_out` the others, with why.

    `unattributed` turns of the sessions read have no speaker: nobody's profile holds them.
    """

    people: tuple[Profile, ...]
    read: tuple[SessionId, ...]
    left_out: tuple[tuple[SessionId, str], ...]
    unattributed: int


@dataclass(slots=True)
class _Read:
    """What one session holds: turns by speaker, and (speaker, entity) for each mention in a turn."""

    turns: list[tuple[Speaker | None, Said]] = field(default_factory=list)
    mentions: list[tuple[Speaker, str]] = field(default_factory=list)


def mosaic(study: Study) -> Mosaic:
    """The profile of everybody on the roster, from every session that was transcribed and searched. Reads only.

    No text in it holds a name of the roster, or what is to be replaced or not yet decided.

    Raises:
        NotFound, AccessRefused: the names are not at hand, without which no text can be shown.
    """
    study.refresh()
    matcher = SurfaceMatcher([*known_surfaces(study), *_open_surfaces(study)])
    sessions: dict[SessionId, _Read] = {}
    left_out: list[tuple[SessionId, str]] = []
    for session_id in study.state.sessions:
        try:
            with Session(study, session_id, write=False) as session:
                if reason := _not_ready(session):
                    left_out.append((session_id, reason))
                else:
                    sessions[session_id] = _read(session, matcher)
        except FacilitatorError as error:  # one that cannot be opened does not hide the others
            left_out.append((session_id, f"cannot be opened: {error.title.lower()}"))
    turns = [turn for one in sessions.values() for turn in one.turns]
    rare = rare_words((said.text for _, said in turns), is_common)
    backgrounds = [one.background for one in study.state.participants.values()]
    profiles = []
    for number, person in study.state.participants.items():
        own = [said for speaker, said in turns if speaker == Speaker(number)]
        profiles.append(
            Profile(
                number,
                shared_backgrounds(person.background, backgrounds),
                rare_sets(person.background, backgrounds),
                tuple(_identifiers(study, number, sessions, matcher)),
                find_cues(own),
                find_phrases(own, rare),
                tuple(study.state.risk_notes.get(number, ())),
            )
        )
    unattributed = sum(speaker is None for speaker, _ in turns)
    return Mosaic(by_risk(profiles), tuple(sessions), tuple(left_out), unattributed)


def note_risk(study: Study, number: ResearchNumber, text: str) -> None:
    """Store what a researcher thinks of the risk that `number` is recognized, such as that it was accepted and why.

    Raises:
        NotFound: nobody of that number is on the roster, or the names are not at hand to check the text.
        InvalidInput: it is empty or too long, or holds a known name or identifier that was not kept.
        StorageFailed: it could not be stored.
    """
    if number not in study.state.participants:
        raise NotFound(f"{number} is not on the roster.", do="See `facilitator participants list`.")
    line = one_line(text)
    if not line:
        raise InvalidInput("The note is empty.", safe="Nothing was noted.", do="Write what you think of the risk.")
    if len(line) > LONGEST_NOTE:
        raise InvalidInput(f"The note is longer than {LONGEST_NOTE} characters.", safe="Nothing was noted.")
    if contains_any(line, _unspeakable(study)):
        raise InvalidInput(
            "The note holds a name or another identifier.",
            safe="Nothing was noted.",
            do="Write research numbers and roles instead, such as P2's workplace.",
        )
    study.record(RiskNoted(number, line))


def _unspeakable(study: Study) -> list[str]:
    """Every name and identifier but those that were kept."""
    kept = {key for key, decision in study.state.decisions.items() if decision.action is Action.KEEP}
    others = (entry for entry in study.linkage.register.values() if entry.id not in kept)
    return [*(one.surface for one in known_surfaces(study)), *(form for entry in others for form in entry.surfaces)]


def _open_surfaces(study: Study) -> Iterator[KnownSurface]:
    """What nobody has decided on yet, to be shown by its id."""
    for entry in study.linkage.register.values():
        if entry.id not in study.state.decisions:
            for surface in entry.surfaces:
                yield KnownSurface(surface, f"[{entry.category.label} {entry.id}]", entry.id)


def _not_ready(session: Session) -> str:
    state = session.state
    if not state.transcript:
        return "not transcribed yet"
    if state.searched is None:
        return "not searched for identifiers yet"
    if state.searched.texts_sha256 != texts_digest(passages(session)):
        return "changed since it was searched for identifiers"
    return ""


def _read(session: Session, matcher: SurfaceMatcher) -> _Read:
    found = _Read()
    segments = {f"{PassageKind.SEGMENT}:{one.id}": one for one in session.state.transcript if one.text.strip()}
    for one in segments.values():
        text = pseudonymize(one.text, matcher).text
        found.turns.append((one.speaker, Said(session.id, one.start_ms, text)))
    for mention in session.state.searched.mentions if session.state.searched else ():
        said = segments.get(mention.ref)
        if said is not None and said.speaker is not None:
            found.mentions.append((said.speaker, mention.entity_id))
    return found


def _identifiers(
    study: Study, number: ResearchNumber, sessions: dict[SessionId, _Read], matcher: SurfaceMatcher
) -> Iterator[Identifier]:
    """Those in the person's own turns, by how often they said them."""
    by_entity: dict[str, list[str]] = {}
    for session_id, read in sessions.items():
        for speaker, entity_id in read.mentions:
            if speaker == Speaker(number):
                by_entity.setdefault(entity_id, []).append(session_id)
    for entity_id, places in sorted(by_entity.items(), key=lambda one: (-len(one[1]), one[0])):
        entry, decision = study.linkage.register.get(entity_id), study.state.decisions.get(entity_id)
        if entry is None or entry.category not in INDIRECT:
            continue
        shown = pseudonymize(entry.surfaces[0], matcher).text
        fate = Fate.KEPT
        if decision is None:
            fate, shown = Fate.OPEN, f"[{entry.category.label} {entry.id}]"
        elif decision.action is Action.REPLACE:
            fate, shown = Fate.REPLACED, decision.replacement
        yield Identifier(entity_id, entry.category, fate, shown, len(places), tuple(dict.fromkeys(places)))
