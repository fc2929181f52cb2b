"""A gold corpus: made-up focus groups as Whisper would write them, with everything in them that identifies somebody.

A document is one group: 60 to 120 turns of 4 to 8 people and a moderator, some notes and a title. The same seed gives
the same document, whatever ran before. Even seeds are for development, odd ones for tests; names, places, carrier
sentences, talk and traps come from different halves of their pools, so that a test holds nothing that was seen while
developing. Styles follow each other: plain, run-on sentences without stops, all lower case without punctuation,
passages in capitals, cross-talk.
"""

import random
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from benchmarks.pseudonymization_cast import Cast, Kind, Naming, Piece
from benchmarks.pseudonymization_details import NOTES, TITLES
from benchmarks.pseudonymization_phrases import SENTENCES
from benchmarks.pseudonymization_talk import FALSE_STARTS, FILLERS, QUESTIONS, SHORT_ANSWERS, TALK, TRAPS
from facilitator.domain.entities import Passage, PassageKind
from facilitator.domain.roster import Identity
from facilitator.domain.spans import Span

DEVELOPMENT: Final = tuple(range(0, 80, 2))
TEST: Final = tuple(range(1, 80, 2))
STYLES: Final = ("plain", "run-on", "lower", "capitals", "cross-talk")


@dataclass(frozen=True, slots=True)
class GoldMention:
    """`span` has to be caught; what is in `reach`, such as “years old” behind an age, may be without being wrong."""

    ref: str
    span: Span
    reach: Span
    form: str


@dataclass(frozen=True, slots=True)
class GoldEntity:
    """One identifier. `known` ones are names of the roster and what was given; all its mentions are in `mentions`."""

    id: str
    kind: Kind
    category: str
    known: bool
    mentions: tuple[GoldMention, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """One made-up group; `given` are places and organizations that were decided on before."""

    seed: int
    style: str
    identities: tuple[Identity, ...]
    given: tuple[str, ...]
    passages: tuple[Passage, ...]
    entities: tuple[GoldEntity, ...]

    @property
    def words(self) -> int:
        return sum(len(passage.text.split()) for passage in self.passages)


_PLAN: Final = {
    "person": (14, 22),
    "persons": (2, 5),
    "moderator": (1, 3),
    "letters": (1, 3),
    "initials": (1, 3),
    "broken": (1, 3),
    "mailbox": (1, 2),
    "place": (2, 4),
    "site": (2, 4),
    "third": (5, 8),
    "friend": (2, 5),
    "doctor": (1, 3),
    "again": (4, 7),
    "town": (2, 4),
    "small": (2, 4),
    "region": (1, 2),
    "hospital": (1, 3),
    "clinic": (1, 3),
    "school": (1, 2),
    "employer": (1, 2),
    "street": (1, 1),
    "postcode": (0, 1),
    "phone": (1, 2),
    "email": (1, 1),
    "url": (0, 1),
    "date": (2, 4),
    "year": (2, 4),
    "age": (2, 4),
    "national": (0, 1),
    "role": (1, 2),
    "optional": (1, 3),
}
"""How often a sentence of each kind stands in a document, least and most."""
_TRAPS_A_DOCUMENT: Final = 14
_TURN_KINDS: Final = {"talk": 72, "short answer": 20, "question": 8}
_CHOICE: Final = re.compile(r"\(([^()|]*(?:\|[^()|]*)+)\)")
_STOP: Final = re.compile(r"(?:(?<=\w)|^)[.,!?;:]+(?=\s|$)")
_LAST_STOP: Final = re.compile(r"[.!?]+$")
_KEEPS_CAPITAL: Final = re.compile(r"I\b|[A-Z]{2}")
Pieces = list[Piece]


def corpus(seeds: Iterable[int]) -> Iterator[Document]:
    """The documents of these seeds, one after another."""
    return (document(seed) for seed in seeds)


def document(seed: int) -> Document:
    """The group of a seed, 0 and more."""
    style = STYLES[seed // 2 % len(STYLES)]
    return _Writer(seed, style).document()


class _Writer:
    """Writes one document."""

    def __init__(self, seed: int, style: str) -> None:
        self._seed, self._half, self._style = seed, seed % 2, style
        self._chance = random.Random(f"talk {seed}")  # noqa: S311  nothing secret
        self._cast = Cast(seed, lower=style == "lower")

    def document(self) -> Document:
        cast = self._cast
        texts = [(PassageKind.SEGMENT, str(at), pieces) for at, pieces in enumerate(self._turns())]
        notes = self._chance.sample(self._ours(NOTES), 3)
        texts += [(PassageKind.NOTE, str(at), cast.pieces(note, cast.moderator)) for at, note in enumerate(notes)]
        title = self._chance.choice(self._ours(TITLES))
        texts.append((PassageKind.TITLE, "session", cast.pieces(title, cast.moderator)))
        passages: list[Passage] = []
        namings: defaultdict[str, list[tuple[Naming, GoldMention]]] = defaultdict(list)
        for at, (kind, name, pieces) in enumerate(texts):
            passages.append(Passage(kind, name, "".join(piece.text for piece in pieces), at * 15_000))
            for naming, mention in _mentions(passages[-1].ref, pieces):
                namings[naming.entity].append((naming, mention))
        entities = tuple(
            GoldEntity(entity, one.kind, one.category, one.known, tuple(mention for _, mention in found))
            for entity, found in namings.items()
            for one in (found[0][0],)
        )
        return Document(self._seed, self._style, cast.identities, cast.given, tuple(passages), entities)

    def _turns(self) -> Iterator[Pieces]:
        """All turns; those of talk share what is planned between them."""
        kinds = self._chance.choices(list(_TURN_KINDS), list(_TURN_KINDS.values()), k=self._chance.randint(60, 120))
        plan, talks = self._plan(), kinds.count("talk")
        for kind in kinds:
            if kind == "short answer":
                yield self._styled([[Piece(self._chance.choice(self._ours(SHORT_ANSWERS)))]])
            elif kind == "question":
                yield self._styled([[Piece(self._chance.choice(self._ours(QUESTIONS)))]])
            else:
                count = -(-len(plan) // talks)
                chosen, plan, talks = plan[:count], plan[count:], talks - 1
                chosen += (self._talk() for _ in range(self._chance.randint(0 if chosen else 1, 2)))
                self._chance.shuffle(chosen)
                speaker = self._chance.choice(self._cast.roster)
                yield self._styled([self._halting(self._cast.pieces(one, speaker)) for one in chosen])

    def _plan(self) -> list[str]:
        plan = [
            self._chance.choice(self._ours(SENTENCES[name]))
            for name, (least, most) in _PLAN.items()
            for _ in range(self._chance.randint(least, most))
        ]
        plan += self._chance.sample(self._ours(TRAPS), _TRAPS_A_DOCUMENT)
        plan += [self._chance.choice(self._ours(SENTENCES["speaker"])) for _ in self._cast.roster]
        self._chance.shuffle(plan)
        return plan

    def _talk(self) -> str:
        sentence = self._chance.choice(self._ours(TALK))
        return _CHOICE.sub(lambda found: self._chance.choice(found[1].split("|")), sentence)

    def _ours(self, pool: tuple[str, ...]) -> tuple[str, ...]:
        return pool[self._half :: 2]

    def _halting(self, pieces: Pieces) -> Pieces:
        """With fillers, words said twice and false starts."""
        chance = self._chance
        if chance.random() < 0.3:
            pieces = self._put_in(pieces, chance.choice((", {},", " {},", " {}")).format(chance.choice(FILLERS)))
        if chance.random() < 0.1:
            pieces = self._said_twice(pieces)
        if chance.random() < 0.08:
            start = chance.choice(FALSE_STARTS)
            pieces = [Piece(f"{start[:1].upper()}{start[1:]}, "), *_small(pieces)]
        return pieces

    def _put_in(self, pieces: Pieces, text: str) -> Pieces:
        """`text` at a space outside of all namings, where there is one."""
        places = [
            (at, space.start())
            for at, piece in enumerate(pieces)
            if not piece.naming
            for space in re.finditer(r"(?<=\w) (?=\w)", piece.text)
        ]
        if not places:
            return pieces
        at, space = self._chance.choice(places)
        whole = pieces[at].text
        return [*pieces[:at], Piece(whole[:space] + text + whole[space:]), *pieces[at + 1 :]]

    def _said_twice(self, pieces: Pieces) -> Pieces:
        at = next((at for at, piece in enumerate(pieces) if not piece.naming and " " in piece.text.strip()), None)
        if at is None:
            return pieces
        words = pieces[at].text.split(" ")
        word = self._chance.choice([index for index, one in enumerate(words) if one])
        again = words[word] if _KEEPS_CAPITAL.match(words[word]) else words[word][:1].lower() + words[word][1:]
        twice = [*words[: word + 1], again, *words[word + 1 :]]
        return [*pieces[:at], Piece(" ".join(twice)), *pieces[at + 1 :]]

    def _styled(self, sentences: list[Pieces]) -> Pieces:
        """One turn in the style of the document."""
        style, chance = self._style, self._chance
        turn: Pieces = []
        for sentence in sentences:
            if turn and style in ("run-on", "lower"):
                turn = [*_without_stop(turn), Piece(chance.choice((" ", " and ", " so ", " but ")))]
                turn += _small(sentence)
            else:
                turn += [Piece(" "), *sentence] if turn else sentence
        if style == "cross-talk" and chance.random() < 0.4:
            turn = self._put_in(turn, f" // {chance.choice(self._ours(SHORT_ANSWERS)).lower()} //")
        if style == "capitals" and chance.random() < 0.15:
            return [replace(piece, text=piece.text.upper()) for piece in turn]
        if style == "run-on":
            return _without_stop(turn)
        if style == "lower":
            return [replace(piece, text=_STOP.sub("", piece.text.lower())) for piece in turn]
        return turn


def _small(pieces: Pieces) -> Pieces:
    """With a small first letter, unless a name or an I begins."""
    first, *rest = pieces
    if first.naming or _KEEPS_CAPITAL.match(first.text):
        return pieces
    return [replace(first, text=first.text[:1].lower() + first.text[1:]), *rest]


def _without_stop(pieces: Pieces) -> Pieces:
    *rest, last = pieces
    return [*rest, last if last.naming else replace(last, text=_LAST_STOP.sub("", last.text))]


def _mentions(ref: str, pieces: Pieces) -> Iterator[tuple[Naming, GoldMention]]:
    """The namings of a text, each with where it stands."""
    at = 0
    places: defaultdict[Naming, list[tuple[Span, bool]]] = defaultdict(list)
    for piece in pieces:
        if piece.naming:
            places[piece.naming].append((Span(at, at + len(piece.text)), piece.core))
        at += len(piece.text)
    for naming, spans in places.items():
        core = [span for span, inner in spans if inner]
        reach = Span(spans[0][0].start, spans[-1][0].end)
        yield naming, GoldMention(ref, Span(core[0].start, core[-1].end), reach, naming.form)
