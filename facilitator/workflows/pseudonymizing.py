"""Finding identifiers in a session's texts and deciding each of them once for the whole study."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from facilitator.domain import events as ev
from facilitator.domain.entities import Action, Candidate, Category, Decision, RegisterEntry, proposed_replacement
from facilitator.domain.errors import InvalidInput, NotFound
from facilitator.domain.progress import Report, silent
from facilitator.domain.text import one_line
from facilitator.domain.withdrawal import REPLACEMENT
from facilitator.privacy.residue import find_residue
from facilitator.privacy.similar import AlikeNames, sounds_like
from facilitator.privacy.surfaces import KnownSurface, SurfaceMatcher
from facilitator.storage.linkage import Linkage
from facilitator.workflows.release import known_surfaces, passages, texts_digest
from facilitator.workflows.sessions import Session

if TYPE_CHECKING:
    from facilitator.privacy.recognizers import Recognizers

CONTEXT = 60


@dataclass(frozen=True, slots=True)
class Context:
    """One mention with the raw text around it: `before`, `surface`, `after`."""

    ref: str
    at_ms: int
    speaker: str
    before: str
    surface: str
    after: str
    rule: str


@dataclass(frozen=True, slots=True)
class Item:
    """One identifier of the session, as the list shows it. `decision` is None while it is open.

    `suggestion` is the replacement offered, brackets included; `resembles` names a participant whose name sounds alike.
    """

    entity: RegisterEntry
    contexts: tuple[Context, ...]
    decision: Decision | None
    suggestion: str
    resembles: str = ""

    @property
    def surface(self) -> str:
        return self.entity.surfaces[0]


@dataclass(frozen=True, slots=True)
class RosterHit:
    """How often a participant's name was found and will be replaced."""

    owner: str
    replacement: str
    mentions: int


class Pseudonymization:
    """The identifiers of one session. Decisions hold for the whole study; names never enter the log."""

    def __init__(self, session: Session) -> None:
        self.session = session

    @property
    def current(self) -> bool:
        """True when the last search read the texts as they are now."""
        searched = self.session.state.searched
        return searched is not None and searched.texts_sha256 == texts_digest(passages(self.session))

    def search(self, report: Report = silent) -> int:
        """Search the texts for identifiers, store what was found and return the number still open.

        Raises:
            NotFound: there is no transcript.
            MissingNeed: the language model is not installed.
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
        candidates = find_candidates(found, SurfaceMatcher(people), AlikeNames(recognizers, people), glossary, report)
        entries = self._register(candidates)
        mentions = tuple(
            ev.FoundMention(entry.id, mention.ref, mention.span.start, mention.span.end, mention.rule, mention.score)
            for candidate, entry in zip(candidates, entries, strict=True)
            for mention in candidate.mentions
        )
        session.record(ev.CandidatesSearched(texts_digest(found), recognizers.version, mentions))
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
        study, searched = self.session.study, self.session.state.searched
        if searched is None:
            return []
        texts = {passage.ref: passage for passage in passages(self.session)}
        contexts: dict[str, list[Context]] = {}
        for mention in searched.mentions:
            passage = texts.get(mention.ref)
            if passage is None or mention.end > len(passage.text):
                continue
            contexts.setdefault(mention.entity_id, []).append(
                Context(
                    mention.ref,
                    passage.at_ms,
                    self._speaker(mention.ref),
                    passage.text[max(0, mention.start - CONTEXT) : mention.start],
                    passage.text[mention.start : mention.end],
                    passage.text[mention.end : mention.end + CONTEXT],
                    mention.rule,
                )
            )
        register = study.linkage.register
        items = [self._item(register[key], tuple(found)) for key, found in contexts.items() if key in register]
        return sorted(items, key=lambda item: (item.decision is not None, -len(item.contexts), item.entity.id))

    def roster_hits(self) -> list[RosterHit]:
        """Participants and moderators whose names occur, with the number of mentions."""
        matcher = SurfaceMatcher(_people(self.session))
        found = Counter(
            (match.owner, match.replacement)
            for passage in passages(self.session)
            for match in matcher.find(passage.text)
        )
        return [RosterHit(owner, replacement, count) for (owner, replacement), count in found.most_common()]

    def decide(self, entity_id: str, action: Action, replacement: str = "") -> None:
        """Replace an identifier everywhere in the study (by `replacement`, or the suggestion), or keep it.

        Raises:
            InvalidInput: the replacement is empty or holds a name that must not leave the study.
            NotFound: no such entity.
        """
        study = self.session.study
        entry = study.linkage.register.get(entity_id)
        if entry is None:
            raise NotFound(f"There is no identifier {entity_id}.", do="List them with `pseudonymize S --list`.")
        text = ""
        if action is Action.REPLACE:
            text = bracketed(replacement or self._suggestion(entry)[0])
            self._refuse_name(text, entry)
        study.record(ev.EntityDecided(entity_id, entry.category, action, text))

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

    def decide_all(self) -> int:
        """Replace every open identifier by its suggestion and return how many; for the demo and for `--auto`."""
        waiting = [item for item in self.items() if item.decision is None]
        for item in waiting:
            self.decide(item.entity.id, Action.REPLACE)
        return len(waiting)

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

    def _item(self, entry: RegisterEntry, contexts: tuple[Context, ...]) -> Item:
        suggestion, resembles = self._suggestion(entry)
        return Item(entry, contexts, self.session.study.state.decisions.get(entry.id), suggestion, resembles)

    def _suggestion(self, entry: RegisterEntry) -> tuple[str, str]:
        study = self.session.study
        if entry.category is Category.PERSON:
            people = _people(self.session)
            alike = sounds_like(entry.surfaces[0], people)
            if alike:
                return alike.replacement, alike.owner
        register = study.linkage.register
        of_kind = [
            decision.replacement
            for decision in study.state.decisions.values()
            if decision.entity_id in register and register[decision.entity_id].category is entry.category
        ]
        taken = 0
        while proposed_replacement(entry.category, taken) in of_kind:
            taken += 1
        return proposed_replacement(entry.category, taken), ""

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
