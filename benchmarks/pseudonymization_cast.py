"""Who and what is named in one made-up group, and how each of them is written where a sentence names them.

Direct are identifiers that point at one person by themselves: names of people, addresses of mail and web, phones,
national numbers, streets with a number. Indirect are those that do so together with others, and that a machine can be
expected to propose: towns, villages, regions, organizations, postcodes, dates, years, exact ages, and roles that only
one person holds. What a person may want to mask but no machine can be expected to tell (family facts, rare illnesses,
prizes, workplaces told by what they are like, countries) is optional: neither missed nor wrong.
"""

import random
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from benchmarks import pseudonymization_figures as figures
from benchmarks import pseudonymization_forms as forms
from benchmarks.pseudonymization_details import DESCRIPTIONS, ROLES
from benchmarks.pseudonymization_names import EVERYDAY, FIRST, LAST, NICKNAMES
from benchmarks.pseudonymization_places import DOMAINS, HEADS, REGIONS, SMALL, STEMS, STREETS, TOWNS
from facilitator.domain.ids import MODERATOR, ResearchNumber
from facilitator.domain.roster import Identity


class Kind(StrEnum):
    """How an identifier counts."""

    DIRECT = "direct"
    INDIRECT = "indirect"
    OPTIONAL = "optional"


@dataclass(frozen=True, slots=True, eq=False)
class Naming:
    """One mention of an entity; two of them are never equal. `form` says how it is written."""

    entity: str
    kind: Kind
    category: str
    known: bool = False
    form: str = "as it is"


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a sentence. `core` has to be caught; the rest of a naming may be."""

    text: str
    naming: Naming | None = None
    core: bool = False


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with a first and a last name; `key` is a research number, M, or a third party's id."""

    key: str
    first: str
    last: str
    alias: str = ""
    heard: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return f"{self.first} {self.last}"

    @property
    def everyday(self) -> bool:
        return self.first in EVERYDAY


_SLOT: Final = re.compile(r"\{([\w']+)\}|([\[\]])|([^{\[\]]+)")
_CORE: Final = re.compile(r"<(.*)>")
_DIRECT: Final = ("phone", "email", "url", "national", "street")
_PERSON_FORMS: Final = (
    *(("first", 46), ("whole name", 8), ("last", 5), ("alias", 8), ("lower", 5), ("upper", 5), ("no accents", 5)),
    *(("respelled", 4), ("misheard", 18)),
)
_GIVEN_FORMS: Final = (("as it is", 60), ("lower", 12), ("upper", 8), ("no accents", 12), ("respelled", 8))


class Cast:
    """Everybody and everything that one group may name, drawn by lot from one half of the pools."""

    def __init__(self, seed: int, lower: bool) -> None:
        self._chance = random.Random(seed)  # noqa: S311  nothing secret
        self._half, self._lower, self._named = seed % 2, lower, 0
        firsts, lasts = self._drawn(FIRST, 24), self._drawn(LAST, 28)
        nicknames = self._drawn(NICKNAMES, 10)
        if not lower and self._chance.random() < 0.5:
            firsts.append(self._chance.choice(EVERYDAY[self._half :: 2]))
        taken = {name.lower() for name in (*firsts, *lasts)}
        count = self._chance.randint(4, 8)
        keys = [MODERATOR, *(f"P{number}" for number in range(1, count + 1))]
        self.moderator, *self.roster = (self._member(key, firsts, lasts, nicknames, taken) for key in keys)
        self._thirds = [Person(f"third {at}", firsts.pop(0), lasts.pop(0)) for at in range(10)]
        self._met: list[Person] = []
        self._places = {
            "town": self._drawn(TOWNS, 4),
            "small": self._drawn(SMALL, 4),
            "region": self._drawn(REGIONS, 2),
        }
        stems = self._drawn(STEMS, 16)
        self._sites = {
            kind: [f"{stems.pop()} {self._chance.choice(heads)}" for _ in range(3)] for kind, heads in HEADS.items()
        }
        self._stems = stems
        self._given_places = (self._places["town"].pop(), self._places["small"].pop())
        self._given_sites = (self._sites["hospital"].pop(), self._sites["clinic"].pop())

    @property
    def identities(self) -> tuple[Identity, ...]:
        """The roster and the moderator, as the linkage file would hold them."""
        people = (*self.roster, self.moderator)
        return tuple(Identity(ResearchNumber(one.key), one.name, (one.alias,) if one.alias else ()) for one in people)

    @property
    def given(self) -> tuple[str, ...]:
        """Places and organizations that were decided on before."""
        return (*self._given_places, *self._given_sites)

    def pieces(self, sentence: str, speaker: Person) -> list[Piece]:
        """The sentence as `speaker` says it, with all its slots filled."""
        found: list[Piece] = []
        opened: int | None = None
        for slot, bracket, text in _SLOT.findall(sentence):
            if bracket == "[":
                opened = len(found)
            elif bracket and opened is not None:
                naming = next(piece.naming for piece in found[opened:] if piece.naming)
                found[opened:] = [replace(one, naming=one.naming or naming) for one in found[opened:]]
            else:
                found += self._fill(slot, speaker) if slot else [Piece(text)]
        return found

    def _fill(self, slot: str, speaker: Person) -> list[Piece]:
        people: dict[str, Callable[[], list[Piece]]] = {
            "person": lambda: self._person(self._other(speaker)),
            "person's": lambda: self._possessive(self._other(speaker)),
            "speaker": lambda: self._person(speaker),
            "moderator": lambda: self._person(self.moderator),
            "letters": lambda: self._letters(speaker),
            "initials": self._initials,
            "broken": self._broken,
            "mailbox": lambda: self._mailbox(speaker),
            "place": lambda: self._given(self._given_places, "place"),
            "site": lambda: self._given(self._given_sites, "organization"),
            "third": lambda: self._third((("whole name", 5), ("first", 4), ("last", 1))),
            "friend": lambda: self._third((("first", 1),)),
            "doctor": lambda: self._third((("with a title", 1),)),
            "again": lambda: self._third((("first", 6), ("whole name", 2), ("last", 2)), again=True),
        }
        if slot in people:
            return people[slot]()
        if slot in self._places:
            name = self._chance.choice(self._places[slot])
            return [Piece(name, Naming(name, Kind.INDIRECT, slot), True)]
        if slot in self._sites:
            return self._site(slot)
        if slot == "role":
            return self._role()
        if slot in DESCRIPTIONS:
            text = self._chance.choice(DESCRIPTIONS[slot][self._half :: 2])
            return [Piece(text, Naming(text, Kind.OPTIONAL, slot), True)]
        return self._value(slot)

    def _person(self, person: Person) -> list[Piece]:
        if person.everyday:
            return self._roster(person, *self._chance.choice(((person.first, "first"), (person.name, "whole name"))))
        form = self._lot(_PERSON_FORMS)
        written = {
            "whole name": person.name,
            "last": person.last,
            "alias": person.alias,
            "lower": person.first.lower(),
            "upper": person.first.upper(),
            "no accents": self._accented(forms.plain, person),
            "respelled": self._accented(forms.respelled, person),
            "misheard": self._chance.choice(person.heard) if person.heard else "",
        }.get(form, "")
        return self._roster(person, written, form) if written else self._roster(person, person.first, "first")

    def _accented(self, spell: Callable[[str], str], person: Person) -> str:
        return next((spell(name) for name in (person.first, person.last) if spell(name) != name), "")

    def _possessive(self, person: Person) -> list[Piece]:
        name = self._chance.choice((person.first, person.first, person.alias, person.last)) or person.first
        ending, form = self._chance.choice((("'s", "possessive"), ("'s", "possessive"), ("s", "genitive")))
        if person.everyday or name.endswith(("s", "z")):
            ending, form = "'s", "possessive"
        [piece] = self._roster(person, name, form)
        return [piece, Piece(ending, piece.naming)]

    def _letters(self, person: Person) -> list[Piece]:
        spelled = forms.letters(person.first, self._chance)
        return self._roster(person, spelled.upper() if person.everyday else spelled, "spelled out")

    def _initials(self) -> list[Piece]:
        lots = [(one, forms.initials(one.name, self._chance)) for one in self.roster]
        fitting = [(one, text) for one, text in lots if text and not one.everyday]
        if not fitting:
            return self._person(self.roster[0])
        person, text = self._chance.choice(fitting)
        return self._roster(person, text, "initials")

    def _broken(self) -> list[Piece]:
        lots = [(one, forms.broken_off(one.first, self._chance)) for one in self.roster if not one.everyday]
        fitting = [lot for lot in lots if lot[1]]
        if not fitting:
            return self._person(self.roster[0])
        person, text = self._chance.choice(fitting)
        return self._roster(person, text, "broken off")

    def _mailbox(self, person: Person) -> list[Piece]:
        address = f"{forms.mailbox(person.first, person.last, self._chance)}@{self._chance.choice(DOMAINS)}"
        said = self._chance.random() < 0.6
        naming = Naming(f"{person.key} mail", Kind.DIRECT, "contact", True, "spoken mail" if said else "mail")
        return [Piece(forms.spoken(address) if said else address, naming, True)]

    def _roster(self, person: Person, text: str, form: str) -> list[Piece]:
        return [Piece(text, Naming(person.key, Kind.DIRECT, "person", True, form), True)]

    def _given(self, names: tuple[str, ...], category: str) -> list[Piece]:
        name, form = self._chance.choice(names), self._lot(_GIVEN_FORMS)
        spell = {"lower": str.lower, "upper": str.upper, "no accents": forms.plain, "respelled": forms.respelled}
        text = spell[form](name) if form in spell else name
        form = "as it is" if text == name else form
        return [Piece(text, Naming(name, Kind.INDIRECT, f"given {category}", True, form), True)]

    def _third(self, ways: tuple[tuple[str, int], ...], again: bool = False) -> list[Piece]:
        person = self._chance.choice(self._met if again and self._met else self._thirds)
        self._met.append(person)
        form = self._lot(ways)
        naming = Naming(person.key, Kind.DIRECT, "third person", form=form)
        if form == "with a title":
            title = self._chance.choice(("Dr. ", "Doctor ", "Professor ", "Mrs. ", "Mr. ", "Nurse "))
            return [Piece(title, naming), Piece(person.last, naming, True)]
        return [Piece({"first": person.first, "last": person.last}.get(form, person.name), naming, True)]

    def _site(self, slot: str) -> list[Piece]:
        name = self._chance.choice(self._sites[slot])
        short = self._chance.random() < 0.15
        form = "in short" if short else "as it is"
        return [Piece(name.split()[0] if short else name, Naming(name, Kind.INDIRECT, slot, form=form), True)]

    def _role(self) -> list[Piece]:
        text = self._chance.choice(ROLES[self._half :: 2])
        before, core, after = _CORE.split(text)
        naming = Naming(core, Kind.INDIRECT, "role")
        parts = (Piece(before, naming), Piece(core, naming, True), Piece(after, naming))
        return [part for part in parts if part.text]

    def _value(self, slot: str) -> list[Piece]:
        chance, stem = self._chance, forms.plain(self._stems[0]).lower()
        written = {
            "age": lambda: figures.an_age(chance),
            "young": lambda: figures.an_age(chance, 18, 24),
            "date": lambda: figures.a_date(chance),
            "year": lambda: figures.a_year(chance),
            "phone": lambda: figures.a_phone(chance),
            "national": lambda: figures.a_national_number(chance),
            "postcode": lambda: f"{chance.randint(1, 9990):04}",
            "street": lambda: self._street(),
            "email": lambda: self._said(self._mail_of_others(stem)),
            "url": lambda: self._said(chance.choice((f"www.{stem}.no", f"{stem}.no/imr", f"{stem}.org"))),
        }[slot]()
        self._named += 1
        kind = Kind.DIRECT if slot in _DIRECT else Kind.INDIRECT
        value = [Piece(written, Naming(f"{slot} {self._named}", kind, "age" if slot == "young" else slot), True)]
        if slot == "postcode" and chance.random() < 0.4:
            value += [Piece(" "), *self._fill("town", self.moderator)]
        return value

    def _street(self) -> str:
        street, number = self._chance.choice(STREETS[self._half :: 2]), self._chance.randint(1, 99)
        return f"{number} {street}" if " " in street else f"{street} {number}"

    def _mail_of_others(self, stem: str) -> str:
        person = self._chance.choice(self._thirds)
        own = f"{forms.mailbox(person.first, person.last, self._chance)}@{self._chance.choice(DOMAINS)}"
        return self._chance.choice((own, own, f"post@{stem}.no"))

    def _said(self, address: str) -> str:
        return forms.spoken(address) if self._chance.random() < 0.5 else address

    def _member(self, key: str, firsts: list[str], lasts: list[str], nicknames: list[str], taken: set[str]) -> Person:
        first, last = firsts.pop(), lasts.pop()
        heard = {forms.misheard(first, self._chance) for _ in range(2)} - {first}
        kept = tuple(sorted(one for one in heard if one.lower() not in taken))
        alias = forms.alias(first, nicknames) if first not in EVERYDAY and self._chance.random() < 0.5 else ""
        last = f"{lasts.pop()} {last}" if self._chance.random() < 0.1 else last
        return Person(key, first, last, alias, kept)

    def _other(self, speaker: Person) -> Person:
        return self._chance.choice([one for one in self.roster if one is not speaker])

    def _drawn(self, pool: tuple[str, ...], count: int) -> list[str]:
        half = pool[self._half :: 2]
        return self._chance.sample(half, min(count, len(half)))

    def _lot(self, ways: tuple[tuple[str, int], ...]) -> str:
        return self._chance.choices([way for way, _ in ways], [weight for _, weight in ways])[0]
