"""What to offer in place of an identifier."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from facilitator.domain.entities import Category, RegisterEntry
from facilitator.privacy.dates import shifted_date
from facilitator.privacy.generalizing import name_words, named_form, short_for
from facilitator.privacy.relations import related_form, relation
from facilitator.privacy.similar import sounds_like
from facilitator.privacy.surfaces import KnownSurface
from facilitator.workflows.study import Study

_NAMED = (Category.PERSON, Category.PLACE, Category.ORGANIZATION)


@dataclass(frozen=True, slots=True)
class Context:
    """One mention with the raw text around it: `before`, `surface`, `after`; it begins at `start` of the text `ref`.

    `kept` is true of a place that stays as it is though its identifier is replaced elsewhere.
    """

    ref: str
    start: int
    at_ms: int
    speaker: str
    before: str
    surface: str
    after: str
    rule: str
    kept: bool = False


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A replacement, brackets included. `why` says what it was taken from, "" where it is only a new name."""

    text: str
    resembles: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class _Name:
    """A surface of the register; `became` is its replacement, "" while there is none."""

    surface: str
    words: tuple[str, ...]
    became: str


class Suggestions:
    """What to offer for identifiers of a study as its decisions are now.

    In this order: the participant whose name sounds alike; what stands for a longer or shorter form of the same name;
    the relation that the speaker told of (“my colleague Berit”); the date shifted, where the study's dates are; a name
    that nothing else has.
    """

    def __init__(self, study: Study, people: Sequence[KnownSurface], alike: dict[str, KnownSurface | None]) -> None:
        """`people` are whose names may be misheard; `alike`, by entity, remembers for whom that was asked already."""
        self._study, self._people, self._alike = study, people, alike
        self._name_words = {word for one in people for word in name_words(one.surface)}
        decisions = study.state.decisions
        self._taken = {decision.replacement for decision in decisions.values()}
        self._by_word: defaultdict[tuple[Category, str], list[_Name]] = defaultdict(list)
        for entry in study.linkage.register.values():
            decision = decisions.get(entry.id)
            for surface in entry.surfaces if entry.category in _NAMED else ():
                name = _Name(surface, name_words(surface), decision.replacement if decision else "")
                for word in name.words:
                    self._by_word[entry.category, word].append(name)

    def of(self, entry: RegisterEntry, contexts: Sequence[Context]) -> Suggestion:
        """The replacement to offer for an identifier that stands in these places; none that holds a known name."""
        if entry.category is Category.PERSON and (person := self._sounding_alike(entry)):
            gone = person.owner.startswith("E")  # in the register stand names of those who withdrew
            owner = "" if gone else person.owner
            return Suggestion(person.replacement, owner, f"sounds like a name of {owner or 'somebody who withdrew'}")
        words = name_words(entry.surfaces[0])
        related = {name for word in words for name in self._by_word.get((entry.category, word), ())}
        longer = [name for name in related if short_for(words, name.words)]
        same = {name.became for name in related if name in longer or short_for(name.words, words)} - {""}
        if len(same) == 1:
            (became,) = same
            return Suggestion(became, why=f"a name of what became {became}")
        if entry.category is Category.PERSON:
            for context in contexts:
                if context.speaker[:1] in "PMA" and (what := relation(context.before, context.after)):
                    return Suggestion(related_form(context.speaker, what, self._taken), why=f"“my {what}” there")
        days = self._study.linkage.date_shift_days if self._study.linkage.dates_shifted else 0
        if days and entry.category is Category.DATE and (shifted := shifted_date(entry.surfaces[0], days)):
            return Suggestion(f"[{shifted}]", why="shifted as all dates of this study")
        whole = max((name.surface for name in longer), key=len, default=entry.surfaces[0])
        named = named_form(entry.category, whole, self._taken)
        return Suggestion(named_form(entry.category, "", self._taken) if self._names_somebody(named) else named)

    def _names_somebody(self, text: str) -> bool:
        """Whether a word of it is one of a name, as in [Ward A] where somebody is called Ward."""
        return not self._name_words.isdisjoint(name_words(text))

    def _sounding_alike(self, entry: RegisterEntry) -> KnownSurface | None:
        if entry.id not in self._alike:
            self._alike[entry.id] = sounds_like(entry.surfaces[0], self._people)
        return self._alike[entry.id]
