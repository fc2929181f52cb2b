"""What could identify somebody without naming them: rare backgrounds, telling remarks, words that can be looked up."""

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations, groupby
from typing import Final

from facilitator.domain.entities import Category
from facilitator.domain.ids import ResearchNumber, number_value
from facilitator.domain.roster import SMALL_CELL
from facilitator.domain.text import fold

MOST_COLUMNS: Final = 3
MOST_PHRASES: Final = 5
INDIRECT: Final = (Category.PLACE, Category.ORGANIZATION, Category.DATE, Category.AGE, Category.OTHER)
"""Kinds of identifiers that name nobody alone; persons, contacts and numbers do, and are decided on as such."""


@dataclass(frozen=True, slots=True)
class RiskNote:
    """What a researcher noted on the risk that somebody is recognized: event `seq` of the study log.

    `at_utc` is ISO 8601.
    """

    seq: int
    at_utc: str
    text: str


# --- background


@dataclass(frozen=True, slots=True)
class Shared:
    """(column, value) pairs, and the `count` of people of the study who have all of them, 1 or more."""

    values: tuple[tuple[str, str], ...]
    count: int

    def __str__(self) -> str:
        return " + ".join(value for _, value in self.values)


def shared_backgrounds(own: Mapping[str, str], people: Sequence[Mapping[str, str]]) -> tuple[Shared, ...]:
    """How many share each value, each two values, and the whole row; the smallest counts first.

    Args:
        own: the person's background; columns without a value say nothing and are left out.
        people: everybody's background, the person's own among them.
    """
    values = _stated(own)
    wanted = dict.fromkeys((*combinations(values, 1), *combinations(values, 2), *([values] if values else [])))
    return tuple(sorted((_shared(one, people) for one in wanted), key=lambda one: (one.count, len(one.values))))


def minimal_sets(
    own: Mapping[str, str], people: Sequence[Mapping[str, str]], below: int = 2, most: int = MOST_COLUMNS
) -> tuple[Shared, ...]:
    """Every set of up to `most` columns that fewer than `below` people share, none of which holds a smaller such set.

    With `below` 2 these are the minimal unique column sets. Arguments as `shared_backgrounds`.
    """
    found: list[Shared] = []
    for size in range(1, most + 1):
        for values in combinations(_stated(own), size):
            if any(set(one.values) <= set(values) for one in found):
                continue
            if (shared := _shared(values, people)).count < below:
                found.append(shared)
    return tuple(found)


def rare_sets(own: Mapping[str, str], people: Sequence[Mapping[str, str]]) -> tuple[Shared, ...]:
    """The minimal sets that single the person out, then those that only fewer than 3 people share."""
    few = (one for one in minimal_sets(own, people, SMALL_CELL) if one.count > 1)
    return (*minimal_sets(own, people), *few)


def _stated(background: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple((column, value) for column, value in background.items() if value)


def _shared(values: tuple[tuple[str, str], ...], people: Sequence[Mapping[str, str]]) -> Shared:
    return Shared(values, sum(all(one.get(column) == value for column, value in values) for one in people))


# --- what they said


class Fate(StrEnum):
    """What becomes of an identifier in the released text: only what is replaced does not remain in it."""

    KEPT = "kept"
    OPEN = "open"
    REPLACED = "replaced"


@dataclass(frozen=True, slots=True)
class Said:
    """Something a participant said, as it would be released. `at_ms` is on the clock of the session."""

    session: str
    at_ms: int
    text: str


@dataclass(frozen=True, slots=True)
class Identifier:
    """An identifier of the register in somebody's own turns. `shown` never is what is replaced or open."""

    entity_id: str
    category: Category
    fate: Fate
    shown: str
    mentions: int
    sessions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Cue:
    """A remark on family or an event. `telling`: it says more than that there is a wife or a son."""

    kind: str
    said: Said
    telling: bool


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words to be found by a search engine: `kind` is quoted, title or rare words, `rare` how many of them are rare."""

    kind: str
    said: Said
    rare: int


_COUNT: Final = r"(?:\d{1,2}|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)"
_KIN: Final = (
    r"(?:(?:grand|step)-?)?(?:daughter|son|child|children|kid|boy|girl|mother|father|mum|mom|dad|parent)s?|"
    r"(?:half-?|step-?)?(?:brother|sister)s?|twins?|triplets?|wife|wives|husbands?|partner|girlfriend|boyfriend|"
    r"uncle|aunt|cousins?|nephews?|nieces?|in-laws?|family"
)
_TELLING: Final = (
    rf"(?:twin|triplet|only|eldest|oldest|youngest|middle|adopted|adoptive|foster|biological|late|dead|disabled|deaf|"
    rf"blind|autistic|sick|first|second|third|fourth|fifth|ex|{_COUNT})"
)
_FAMILY: Final = re.compile(
    rf"\b(?:my|our)\s+(?P<telling>(?:{_TELLING}[\s-]+){{0,3}})(?:{_KIN})\b"
    rf"|\b(?P<number>{_COUNT}\s+(?:{_TELLING}\s+|small\s+|grown\s+|little\s+){{0,2}}"
    r"(?:(?:grand|step)-?)?(?:daughters|sons|children|kids|brothers|sisters))\b"
    r"|\b(?P<born>twins|triplets)\b",
    re.IGNORECASE,
)
_EVENT: Final = re.compile(
    r"\b(?:awards?|awarded|prize|accidents?|newspapers?|television|on\s+tv|documentary|lawsuit|court\s+case|"
    r"the\s+year\s+of\s+the|(?:the|a|that|big|house|after|during)\s+fire|(?:the|a|that|on|long|big|during)\s+strike|"
    r"(?:(?<!clinical)(?<!controlled)(?<!randomi[sz]ed)\s)trial)\b(?!\s+and\s+error)",
    re.IGNORECASE,
)
_AROUND: Final = 36


def find_cues(turns: Iterable[Said]) -> tuple[Cue, ...]:
    """Remarks on family and on events, by the English words of two patterns, in the order of the turns."""
    found: list[Cue] = []
    for said in turns:
        family = _FAMILY.finditer(said.text)
        found += [Cue("family", _excerpt(said, hit.span()), any(hit.groupdict().values())) for hit in family]
        found += [Cue("event", _excerpt(said, hit.span()), True) for hit in _EVENT.finditer(said.text)]
    return tuple(found)


def _excerpt(said: Said, span: tuple[int, int]) -> Said:
    """With a few words around, none of them cut, and no replacement in brackets."""
    before, after = said.text[: span[0]], said.text[span[1] :]
    if len(before) > _AROUND:
        before = "…" + re.sub(r"^[^\[\]]*\]\W*", "", before[-_AROUND:].partition(" ")[2])
    if len(after) > _AROUND:
        after = re.sub(r"\s*\[[^\]]*$", "", after[:_AROUND].rpartition(" ")[0]) + "…"
    return Said(said.session, said.at_ms, " ".join(f"{before}{said.text[slice(*span)]}{after}".split()))


_WORD: Final = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_REPLACED: Final = re.compile(r"\[[^\]]*\]")
_SENTENCE: Final = re.compile(r"[^.!?|\n]+")
_QUOTED: Final = re.compile(r"“([^“”]{8,200})”|\"([^\"]{8,200})\"|«([^«»]{8,200})»")
_LINKS: Final = frozenset(("of", "the", "and", "for", "in", "to", "og", "i", "av"))
_LEAST_LETTERS: Final = 4
_LEAST_QUOTED: Final = 3
_LONGEST: Final = 8


def rare_words(texts: Iterable[str], common: Callable[[str], bool]) -> frozenset[str]:
    """Folded words of 4 letters or more that stand in all of `texts` once, and are not `common`."""
    counts = Counter(fold(word[0]) for text in texts for word in _WORD.finditer(_without_replaced(text)))
    once = (word for word, count in counts.items() if count == 1 and len(word) >= _LEAST_LETTERS)
    return frozenset(word for word in once if word.isalpha() and not common(word))


def find_phrases(turns: Iterable[Said], rare: Collection[str], most: int = MOST_PHRASES) -> tuple[Phrase, ...]:
    """At most `most` phrases, those with the most rare words first; none of them overlap.

    Quoted speech of 3 words or more; runs of words with a capital; stretches of up to 8 words with two rare ones.
    Replacements in brackets are no part of a phrase.
    """
    found: list[tuple[Phrase, int, int]] = []
    for said in turns:
        text, mine = _without_replaced(said.text), list[tuple[Phrase, int, int]]()
        for kind, start, end in (*_quoted(text), *_titles(text), *_stretches(text, rare)):
            if any(start < taken and begun < end for _, begun, taken in mine):
                continue
            words = [fold(word[0]) for word in _WORD.finditer(text, start, end)]
            shown = Said(said.session, said.at_ms, " ".join(said.text[start:end].split()))
            mine.append((Phrase(kind, shown, sum(word in rare for word in words)), start, end))
        found += mine
    return tuple(phrase for phrase, _, _ in sorted(found, key=lambda one: -one[0].rare)[:most])


def _without_replaced(text: str) -> str:
    """Of the same length, with a bar for each character of a replacement."""
    return _REPLACED.sub(lambda hit: "|" * len(hit[0]), text)


def _quoted(text: str) -> Iterator[tuple[str, int, int]]:
    for hit in _QUOTED.finditer(text):
        start, end = hit.span(hit.lastindex or 0)
        if "|" not in hit[0] and len(_WORD.findall(text, start, end)) >= _LEAST_QUOTED:
            yield "quoted", start, end


def _titles(text: str) -> Iterator[tuple[str, int, int]]:
    """Two or more words with a capital, of and the between them; the first word of a sentence has one anyway."""
    for sentence in _SENTENCE.finditer(text):
        run: list[re.Match[str]] = []
        for word in [*_WORD.finditer(text, *sentence.span())][1:]:
            near = not run or text[run[-1].end() : word.start()].isspace()
            if not near or not (_is_capital(word[0]) or (run and word[0] in _LINKS)):
                yield from _title_of(run)
                run = []
            if run or _is_capital(word[0]):
                run.append(word)
        yield from _title_of(run)


def _title_of(run: Sequence[re.Match[str]]) -> Iterator[tuple[str, int, int]]:
    capitals = [word for word in run if _is_capital(word[0])]
    if len(capitals) > 1:
        yield "title", capitals[0].start(), capitals[-1].end()


def _is_capital(word: str) -> bool:
    return word[0].isupper() and not re.fullmatch(r"I(?:['’].*)?", word)


def _stretches(text: str, rare: Collection[str]) -> Iterator[tuple[str, int, int]]:
    """Of each sentence the stretch with the most rare words, from one to another."""
    for sentence in _SENTENCE.finditer(text):
        words = list(_WORD.finditer(text, *sentence.span()))
        places = [at for at, word in enumerate(words) if fold(word[0]) in rare]
        runs = [[at for at in places if first <= at < first + _LONGEST] for first in places]
        best = max(runs, key=len, default=[])
        if len(best) > 1:
            yield "rare words", words[best[0]].start(), words[best[-1]].end()


# --- together


@dataclass(frozen=True, slots=True)
class Profile:
    """What the study holds on one participant, seen together. `rare` are as `rare_sets`, `shared` the counts."""

    number: ResearchNumber
    shared: tuple[Shared, ...]
    rare: tuple[Shared, ...]
    identifiers: tuple[Identifier, ...] = ()
    cues: tuple[Cue, ...] = ()
    phrases: tuple[Phrase, ...] = ()
    notes: tuple[RiskNote, ...] = ()

    @property
    def smallest(self) -> int:
        """The smallest number of people who share something of the background; 0 where it is not known."""
        return min((one.count for one in (*self.shared, *self.rare)), default=0)

    @property
    def rare_background(self) -> bool:
        """Whether fewer than 3 people share something of the background."""
        return 0 < self.smallest < SMALL_CELL

    @property
    def remaining(self) -> tuple[str, ...]:
        """Different kinds of what remains in the released text: kept and open identifiers, telling remarks."""
        kinds = {one.category for one in self.identifiers if one.fate is not Fate.REPLACED}
        told = dict.fromkeys(cue.kind for cue in self.cues if cue.telling)
        return (*(kind.value for kind in Category if kind in kinds), *told)

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why they stand out, in a few words each; empty where nothing does by these rules."""
        found = []
        for count, group in groupby(self.rare, key=lambda one: one.count):
            sets = list(group)
            more = f", and {len(sets) - 1} more" if len(sets) > 1 else ""
            found.append(f"{'only one' if count == 1 else f'only {count}'}: {sets[0]}{more}")
        if self.rare_background and not self.rare:
            found.append(f"only {'one' if self.smallest == 1 else self.smallest} with the whole row")
        kinds = self.remaining
        if len(kinds) > 1:
            found.append(f"{', '.join(kinds[:-1])} and {kinds[-1]} remain in the text")
        elif kinds and self.rare_background:
            found.append(f"{kinds[0]} remains in the text beside a rare background")
        return tuple(found)

    @property
    def verdict(self) -> str:
        """One line. That nothing stands out is said of these rules only."""
        return f"stands out: {'; '.join(self.reasons)}" if self.reasons else "nothing stands out by these rules"


def by_risk(profiles: Iterable[Profile]) -> tuple[Profile, ...]:
    """Those who stand out first: the rarest background, then the most kinds that remain, then the number."""

    def risk(one: Profile) -> tuple[bool, bool, int, int, int]:
        return (not one.reasons, not one.smallest, one.smallest, -len(one.remaining), number_value(one.number))

    return tuple(sorted(profiles, key=risk))
