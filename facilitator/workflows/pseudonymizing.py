"""Finding identifiers in a session's texts and deciding each of them once for the whole study."""

import re
from collections import defaultdict
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from typing import TYPE_CHECKING

from facilitator.domain import events as ev
from facilitator.domain.detail import Detail, ExportProfile
from facilitator.domain.entities import Action, Candidate, Category, Decision, Passage, PassageKind, RegisterEntry
from facilitator.domain.errors import InvalidInput, NotFound
from facilitator.domain.progress import Progress, Report, silent
from facilitator.domain.spans import Span
from facilitator.domain.text import one_line
from facilitator.domain.withdrawal import REPLACEMENT, Rule
from facilitator.privacy.generalizing import general_form
from facilitator.privacy.residue import find_residue
from facilitator.privacy.similar import AlikeNames
from facilitator.privacy.surfaces import KnownSurface, SurfaceMatcher
from facilitator.storage.linkage import Linkage
from facilitator.workflows.redacting import word_spans
from facilitator.workflows.release import (
    kept_places,
    known_surfaces,
    made_forms,
    passages,
    shown_as,
    text_digest,
    texts_digest,
)
from facilitator.workflows.sessions import Session
from facilitator.workflows.suggesting import Context, Suggestion, Suggestions

if TYPE_CHECKING:
    from facilitator.privacy.recognizers import Recognizers

CONTEXT = 60
_NUMBER = re.compile(r"(?i)\bP\s?(\d+)\b")
ON_ROSTER = "name of the roster"
AROUND_MS = 1000
"""So much is heard before and after a mention."""


@dataclass(frozen=True, slots=True)
class Item:
    """One identifier of the session, as the list shows it. `decision` is None while it is open.

    What is offered for it is thought of when it is asked for: of 400 in a list, one is looked at.
    """

    entity: RegisterEntry
    contexts: tuple[Context, ...]
    decision: Decision | None
    work: "Pseudonymization" = field(repr=False, compare=False)

    @property
    def surface(self) -> str:
        return self.entity.surfaces[0]

    @property
    def suggested(self) -> Suggestion:
        """What to replace it by, and why."""
        return self.work.suggestion(self.entity.id)

    @property
    def suggestion(self) -> str:
        return self.suggested.text

    @property
    def resembles(self) -> str:
        return self.suggested.resembles

    @property
    def general(self) -> str:
        """Its general form."""
        return general_form(self.entity.category, self.entity.surfaces[0])

    @property
    def shown(self) -> dict[ExportProfile, str | None]:
        """What exports of each profile say instead; None where they keep it."""
        return {profile: shown_as(self.work.session.study, self.entity, profile) for profile in ExportProfile}


@dataclass(frozen=True, slots=True)
class RosterHit:
    """Where a participant's name was found and will be replaced."""

    owner: str
    replacement: str
    contexts: tuple[Context, ...]

    @property
    def mentions(self) -> int:
        return len(self.contexts)


class Pseudonymization:
    """The identifiers of one session. Decisions hold for the whole study; names never enter the log."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self._texts_at = -1
        self._found: dict[str, tuple[Context, ...]] = {}
        self._hits: tuple[int, list[KnownSurface], list[RosterHit]] | None = None
        self._people: list[KnownSurface] = []
        self._alike: dict[str, KnownSurface | None] = {}
        self._suggestions: tuple[object, Suggestions] | None = None

    @property
    def current(self) -> bool:
        """True when the last search read the texts as they are now, by the rules and the model that are here now."""
        searched = self.session.state.searched
        if searched is None or searched.texts_sha256 != texts_digest(passages(self.session)):
            return False
        return self._version is None or searched.recognizers == self._version

    @cached_property
    def _version(self) -> str | None:
        """By what a search would be made now; None where none can be made here."""
        from facilitator.privacy.recognizers import search_version

        return search_version(self.session.study.settings.language, self._at_least)

    @property
    def _at_least(self) -> float:
        from facilitator.privacy.candidates import STEPS

        return STEPS[self.session.study.settings.search]

    def search(self, report: Report = silent) -> int:
        """Search the texts for identifiers, store what was found and return the number still open.

        Raises:
            NotFound: there is no transcript.
            MissingNeed: the language model is not installed.
            InvalidInput: a text takes too long to search.
        """
        from facilitator.privacy.candidates import find_candidates

        session = self.session
        if not session.state.segments:
            raise NotFound(
                f"Session {session.id} has no transcript yet.", do=f"Run `facilitator transcribe {session.id}` first."
            )
        found = passages(session)
        recognizers = _recognizers(session.study.settings.language)
        glossary = session.state.guide.glossary if session.state.guide else ()
        people = _people(session)
        recognizers.expect(passage.text for passage in found)
        candidates = find_candidates(
            found, SurfaceMatcher(people), AlikeNames(recognizers, people), glossary, report, self._at_least
        )
        entries = self._register(candidates)
        mentions = tuple(
            ev.FoundMention(entry.id, mention.ref, mention.span.start, mention.span.end, mention.rule, mention.score)
            for candidate, entry in zip(candidates, entries, strict=True)
            for mention in candidate.mentions
        )
        session.record(ev.CandidatesSearched(texts_digest(found), self._version or recognizers.version, mentions))
        return len(self.open_ids)

    @property
    def unknown_ids(self) -> set[str]:
        """Entities of this session that the linkage file does not know, as after restoring an older copy of it."""
        searched = self.session.state.searched
        found = {mention.entity_id for mention in searched.mentions} if searched else set()
        return found - self.session.study.linkage.register.keys()

    @property
    def open_ids(self) -> set[str]:
        """Entities of this session that wait for a decision."""
        searched = self.session.state.searched
        found = {mention.entity_id for mention in searched.mentions} if searched else set()
        return found - self.session.study.state.decisions.keys()

    def items(self) -> list[Item]:
        """The session's identifiers: open ones first, each group by number of mentions."""
        register, decisions = self.session.study.linkage.register, self.session.study.state.decisions
        items = [
            Item(register[key], found, decisions.get(key), self)
            for key, found in self._contexts().items()
            if key in register
        ]
        return sorted(items, key=lambda item: (item.decision is not None, -len(item.contexts), item.entity.id))

    def suggestion(self, entity_id: str) -> Suggestion:
        """What to offer for an identifier, as the study's decisions are now. Raises NotFound."""
        study, people = self.session.study, _people(self.session)
        if people != self._people:
            self._people, self._alike = people, {}
        now = (study.state.last_seq, study.linkage, people)
        if self._suggestions is None or self._suggestions[0] != now:
            self._suggestions = (now, Suggestions(study, people, self._alike))
        entry, contexts = self._entry(entity_id), self._contexts().get(entity_id, ())
        return self._suggestions[1].of(entry, contexts)

    def roster_hits(self) -> list[RosterHit]:
        """Participants and moderators whose names occur, with all places."""
        at, people = self.session.state.last_seq, _people(self.session)
        if self._hits is None or self._hits[:2] != (at, people):
            matcher = SurfaceMatcher(people)
            found: defaultdict[tuple[str, str], list[Context]] = defaultdict(list)
            for passage in passages(self.session):
                for match in matcher.find(passage.text):
                    found[match.owner, match.replacement].append(self._context(passage, match.span, ON_ROSTER))
            hits = [RosterHit(owner, replacement, tuple(those)) for (owner, replacement), those in found.items()]
            self._hits = (at, people, sorted(hits, key=lambda hit: -hit.mentions))
        return self._hits[2]

    def heard_at(self, context: Context) -> tuple[int, int] | None:
        """(start, end) in ms of the sound around a mention; None for what was not said, such as a note.

        From a second before its first word to one after its last, or the turn where its words have no times.
        """
        kind, _, number = context.ref.partition(":")
        segment = self.session.state.segments.get(int(number)) if kind == PassageKind.SEGMENT else None
        if segment is None:
            return None
        wanted = Span(context.start, context.start + len(context.surface))
        spans = zip(segment.words, word_spans(segment.text, segment.words), strict=False)
        words = [word for word, span in spans if span.overlaps(wanted)]
        if not words:
            return segment.start_ms, segment.end_ms
        return max(0, words[0].start_ms - AROUND_MS), words[-1].end_ms + AROUND_MS

    def decide(self, entity_id: str, action: Action, replacement: str = "") -> None:
        """Replace an identifier everywhere in the study (by `replacement`, or the suggestion), or keep it.

        Raises:
            InvalidInput: the replacement is empty, holds a name that must not leave, or is a number that nobody has.
            NotFound: no such entity.
        """
        study, entry = self.session.study, self._entry(entity_id)
        before = study.state.decisions.get(entity_id)
        if before and REPLACEMENT[1:-1] in before.replacement:
            raise InvalidInput(
                "That is the name of somebody who withdrew. It stays replaced.", safe="Nothing was decided."
            )
        text = ""
        if action is Action.REPLACE:
            text = bracketed(replacement or self.suggestion(entity_id).text)
            self._refuse_stranger(text)
            if text not in made_forms(study, entry):
                self._refuse_name(text, entry)
        study.record(ev.EntityDecided(entity_id, entry.category, action, text))

    def generalize(self, entity_id: str) -> None:
        """Replace an identifier everywhere by its general form, in exports of every profile. Errors as `decide`."""
        entry = self._entry(entity_id)
        self.decide(entity_id, Action.REPLACE, general_form(entry.category, entry.surfaces[0]))

    def set_detail(self, entity_id: str, profile: ExportProfile, detail: Detail | None) -> None:
        """Say how much of an identifier a profile's exports show; None for what the profile says of its kind.

        Raises:
            InvalidInput: the profile is the team's, which sees what was decided; or nothing was decided.
            NotFound: no such entity.
        """
        entry = self._entry(entity_id)
        if profile is ExportProfile.TEAM:
            raise InvalidInput(
                "What the team sees is what you decide.", do="Set a level for the journal or the archive."
            )
        if entry.id not in self.session.study.state.decisions:
            raise InvalidInput(f"{entity_id} is not decided yet.", safe="Nothing was set.", do="Decide it first.")
        self.session.study.record(ev.DetailSet(entity_id, profile, detail))

    def keep_place(self, entity_id: str, ref: str, start: int, *, kept: bool = True) -> None:
        """Leave one place of an identifier as it is, or replace it as the others. A correction of the text ends that.

        Raises:
            NotFound: the identifier does not stand there.
        """
        there = [one for one in self._contexts().get(entity_id, ()) if (one.ref, one.start) == (ref, start)]
        if not there:
            raise NotFound(
                f"{entity_id} does not stand there.", do="See its places with `pseudonymize S --list --json`."
            )
        text = next(passage.text for passage in passages(self.session) if passage.ref == ref)
        self.session.record(ev.MentionKept(entity_id, ref, start, text_digest(text), kept))

    def shift_dates(self, shift: bool) -> None:
        """From now on offer dates shifted by one number of weeks, the same in the whole study; or no more."""
        self.session.study.change_linkage(lambda linkage: linkage.with_dates_shifted(shift))

    def undo(self) -> str:
        """Take the last decision on one of this session's entities back, and return the entity.

        Raises:
            NotFound: there is none.
        """
        study, searched = self.session.study, self.session.state.searched
        study.refresh()
        here = {mention.entity_id for mention in searched.mentions} if searched else set()
        log = [entry for entry in study.state.decision_log if entry[1] in here and entry[1] in study.linkage.register]
        if not log:
            raise NotFound("There is no decision on this session's identifiers to take back.")
        seq, entity_id, before = log[-1]
        entry = study.linkage.register[entity_id]
        if before is None:
            study.record(ev.EntityReopened(entity_id, undoes=seq))
        else:
            study.record(ev.EntityDecided(entity_id, entry.category, before.action, before.replacement, undoes=seq))
        return entity_id

    def decide_all(self, category: Category | None = None, report: Report = silent) -> int:
        """Replace every open identifier (of a kind) by its suggestion and return how many were.

        One whose suggestion would name somebody stays open. Raises Cancelled.
        """
        waiting = [item for item in self.items() if item.decision is None]
        chosen = [item for item in waiting if category in (None, item.entity.category)]
        chosen.sort(key=lambda item: -len(item.surface))  # so that a short name gets what its long form became
        decided = 0
        for done, item in enumerate(chosen):
            report(Progress("Replacing", done, len(chosen)))
            with suppress(InvalidInput):
                self.decide(item.entity.id, Action.REPLACE)
                decided += 1
        return decided

    def _register(self, candidates: Iterable[Candidate]) -> list[RegisterEntry]:
        entries: list[RegisterEntry] = []

        def add(linkage: Linkage) -> Linkage:
            for candidate in candidates:
                entry = self._same_entity(linkage.entities_for(candidate.surface), candidate)
                if entry is None:
                    surfaces = dict.fromkeys((candidate.surface, *(mention.surface for mention in candidate.mentions)))
                    linkage, entry = linkage.with_entity(candidate.category, tuple(surfaces))
                entries.append(entry)
            return linkage

        self.session.study.change_linkage(add)
        return entries

    def _same_entity(self, entries: list[RegisterEntry], candidate: Candidate) -> RegisterEntry | None:
        """The entity that a candidate is. What was kept as a place may still be a person elsewhere: asked anew."""
        decisions = self.session.study.state.decisions
        for entry in sorted(entries, key=lambda entry: entry.category is not candidate.category):
            decision = decisions.get(entry.id)
            if entry.category is candidate.category or (decision and decision.action is Action.REPLACE):
                return entry
        return None

    def _entry(self, entity_id: str) -> RegisterEntry:
        entry = self.session.study.linkage.register.get(entity_id)
        if entry is None:
            raise NotFound(f"There is no identifier {entity_id}.", do="List them with `pseudonymize S --list`.")
        return entry

    def _contexts(self) -> dict[str, tuple[Context, ...]]:
        """All mentions by entity, with the text around them; made anew when the session changed."""
        state = self.session.state
        if self._texts_at == state.last_seq or state.searched is None:
            return self._found
        texts = {passage.ref: passage for passage in passages(self.session)}
        found: defaultdict[str, list[Context]] = defaultdict(list)
        kept = {ref: kept_places(self.session, ref, texts[ref].text) for ref, _ in state.kept_mentions if ref in texts}
        for mention in state.searched.mentions:
            passage = texts.get(mention.ref)
            if passage is None or mention.end > len(passage.text):
                continue
            place = self._context(passage, Span(mention.start, mention.end), mention.rule)
            stays = (mention.entity_id, mention.start) in kept.get(mention.ref, ())
            found[mention.entity_id].append(replace(place, kept=stays))
        self._found, self._texts_at = {key: tuple(those) for key, those in found.items()}, state.last_seq
        return self._found

    def _refuse_stranger(self, text: str) -> None:
        """Nobody but a participant is called by a research number."""
        state = self.session.study.state
        masked = {number for number, one in state.withdrawals.items() if one.rule is Rule.MASK}
        strangers = {f"P{found[1]}" for found in _NUMBER.finditer(text)} - state.participants.keys() - masked
        for number in sorted(strangers):
            raise InvalidInput(
                f"{number} is no participant of this study.",
                safe="Nothing was decided.",
                do="Somebody else is called by what they are to one, such as [P2's colleague 1].",
            )

    def _refuse_name(self, text: str, entry: RegisterEntry) -> None:
        study = self.session.study
        decisions = study.state.decisions
        kept = {key for key, decision in decisions.items() if decision.action is Action.KEEP}
        # what is open and of no kind yet is mostly a word that was misheard
        kept |= {one.id for one in study.linkage.register.values() if one.category is Category.OTHER} - decisions.keys()
        others = (one for one in study.linkage.register.values() if one.id not in kept or one.id == entry.id)
        surfaces = [known.surface for known in known_surfaces(study)]
        surfaces += [surface for one in others for surface in one.surfaces]
        if find_residue([("replacement", text)], surfaces):
            raise InvalidInput(
                "The replacement holds a name or identifier itself.",
                safe="Nothing was decided.",
                do="Describe the role instead, such as [P2's colleague].",
            )

    def _context(self, passage: Passage, span: Span, rule: str) -> Context:
        text = passage.text
        return Context(
            passage.ref,
            span.start,
            passage.at_ms,
            self._speaker(passage.ref),
            text[max(0, span.start - CONTEXT) : span.start],
            text[span.start : span.end],
            text[span.end : span.end + CONTEXT],
            rule,
        )

    def _speaker(self, ref: str) -> str:
        kind, _, number = ref.partition(":")
        if kind != "segment":
            return kind
        return self.session.state.segments[int(number)].speaker or "?"


def bracketed(text: str) -> str:
    """`text` in exactly one pair of square brackets. Raises InvalidInput when nothing is left inside them."""
    inside = one_line(text, 80).strip("[] ").replace("[", "(").replace("]", ")")
    if not inside:
        raise InvalidInput("The replacement is empty.", do="Write what stands for it, such as Hospital A.")
    return f"[{inside}]"


@cache
def _recognizers(language: str) -> "Recognizers":
    """Loaded once a process: the language model takes several seconds."""
    from facilitator.privacy.recognizers import Recognizers

    return Recognizers.load(language)


def _people(session: Session) -> list[KnownSurface]:
    return [
        one for one in known_surfaces(session.study) if not one.owner.startswith("E") or one.replacement == REPLACEMENT
    ]
