"""Which words are everyday English, which are names, and which are neither: in a transcript mostly names too.

A word is everyday when the Hunspell dictionary (en_US, as it comes with spylls) has it in lower case. It is a name when
the dictionary has it with a capital only, or the United States census of 1990 or our own lists know it as a name.
Whisper writes names it does not know like any word, so a word that nobody lists is as good as a name.
"""

import gc
import re
import warnings
from enum import Enum
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from facilitator.domain.text import fold
from facilitator.privacy import gazetteer
from facilitator.privacy.common_words import is_common

WORD: Final = re.compile(r"(?<!\w)[^\W\d_]+(?:['’\-][^\W\d_]+)*")
"""A word with the apostrophes and hyphens inside it."""
NAME_RULE: Final = "name list"
UNKNOWN_RULE: Final = "in no dictionary"
CAPITAL_RULE: Final = "capital within a sentence"
"""What proposals by single words are called."""
_ENDING: Final = re.compile(r"['’](?:s|re|ve|ll|d|m)?$")
_NOT: Final = re.compile(r"n['’]t$")
_PREFIX: Final = re.compile(r"^(?:re|un|non|pre|over|under|out|mis|multi|inter|sub|super|anti|co|de|self)")
_LEAST_REST: Final = 4
_BRITISH: Final = (
    *(("our", "or"), ("is", "iz"), ("ys", "yz"), ("tre", "ter"), ("ll", "l"), ("ae", "e"), ("oe", "e"), ("sce", "ske")),
    *(("ogue", "og"), ("mme", "m"), ("ence", "ense"), ("grey", "gray"), ("eing", "ing")),
)
_CENSUS: Final = ("dist.female.first", "dist.male.first")
_CENSUS_LAST: Final = "dist.all.last"
_CALENDAR: Final = """
    monday tuesday wednesday thursday friday saturday sunday january february march april may june july august september
    october november december norwegian english swedish danish german french american european british christmas easter
"""
_SPOKEN: Final = """
    aha ahem app apps aw awesome bam biopsychosocial bla blah blog brr burnout bye caregiver caregivers chatbot
    comorbid comorbidities comorbidity covid cuz destigmatize duh eh em email emails er erm ew gee gonna gotta guys
    ha haha handout handouts hm hmm hmmm homecare huh inpatient inpatients internet kinda laptop lemme lotta mhm
    mindfulness mm mmhmm mmm nah neurodivergent nope oh ok okay okey online onsite oops ouch outpatient outpatients
    outta phew podcast psychiatric psychoeducation psychosocial rehab reintegration roleplay screenshot selfie shh
    smartphone sorta stigma taskforce telehealth tho til triage ugh uh uhh uhm uhuh um umm wanna webinar website
    whoa wifi workbook workbooks workflow wow ya yay yea yeah yep yup zoom
"""
_SPOKEN_WORDS: Final = frozenset((*_SPOKEN.split(), *_CALENDAR.split()))
"""Everyday in speech or in care, and not in the dictionary, or only with a capital."""
_MOSTLY_NAMES: Final = """
    barb barney basil beryl billy bob bobby brad carmine carol charlie chuck clement colleen dale dawn deb derrick
    dirk don ed eddy freeman fritz gene glen graham hank harry hazel heather hector holly homer ivy jack jade
    jasmine jasper jean jenny jewel jimmy joey john johnny josh julienne ken kitty laurel lee leigh lily lulu maria
    marina marlin martin marvin mary mason max meg mickey mike molly nelson newton nick noel patsy patty peter
    phoebe porter randy ray reed rick rob robin rod roger rosemary sally sandy sheila sue ted teddy terry timothy
    tom tony trey troy valentine veronica victor viola wade waldo walker wally warren
"""
_NAMES: Final = frozenset(_MOSTLY_NAMES.split())
"""In the dictionary as words, and said as names nearly always."""
_NO_NAMES: Final = """
    an do free good her high honey in king lady long love major man many mercy miss my new noble page precious prince
    princess queen read royal season see so son song soon spring summer sun too winter you young
"""
_NO_FIRST_NAMES: Final = frozenset(_NO_NAMES.split())
"""Somebody in the United States is called so, and in a transcript nobody is."""


class Kind(Enum):
    """What a word is, by itself."""

    EVERYDAY = "everyday"
    NAME = "name"
    UNKNOWN = "unknown"


def is_installed() -> bool:
    """Whether dictionary and name lists are there."""
    return find_spec("spylls") is not None and find_spec("names") is not None


class Lexicon:
    """Made by `load`. Words are asked for in any case."""

    def __init__(self, dictionary: Any, ours: frozenset[str], first: frozenset[str], last: frozenset[str]) -> None:
        self._dictionary = dictionary
        self._ours, self._first, self._last = ours, first | ours, last
        self.kind = cache(self._kind)
        self.is_first_name, self.is_last_name = cache(self._is_first_name), cache(self._is_last_name)

    @classmethod
    def load(cls) -> "Lexicon":
        """Read dictionary and lists, which takes about a second."""
        from spylls.hunspell import Dictionary

        spylls, names = (Path(str(spec.origin)).parent for name in ("spylls", "names") if (spec := find_spec(name)))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ResourceWarning)  # spylls leaves its files to the collector
            dictionary = Dictionary.from_files(str(spylls / "hunspell" / "data" / "en" / "en_US"))
            gc.collect()
        ours = frozenset(fold(part) for name, _ in gazetteer.people() for part in name.split("-"))
        first = frozenset().union(*(_listed(names / file) for file in _CENSUS))
        return cls(dictionary, ours, first, frozenset(_listed(names / _CENSUS_LAST)))

    def is_frequent_here(self, word: str) -> bool:
        """Whether it is a name of our own list, of which few are anything else."""
        return fold(stem(word)) in self._ours

    def _is_first_name(self, word: str) -> bool:
        """Whether people are called so, whatever else it means."""
        return (name := fold(stem(word))) in self._first and name not in _NO_FIRST_NAMES

    def _is_last_name(self, word: str) -> bool:
        """Whether families are called so, whatever else it means."""
        return fold(stem(word)) in self._last

    def _kind(self, word: str) -> Kind:
        base = stem(word).lower()
        folded = fold(base)
        if len(base) < 2 or folded in _SPOKEN_WORDS or _NOT.search(base):
            return Kind.EVERYDAY
        if folded in _NAMES:
            return Kind.NAME
        if self._is_everyday(base) or self._is_everyday(word.lower()):
            return Kind.EVERYDAY
        if "-" in base and all(self._kind(part) is Kind.EVERYDAY for part in base.split("-") if part):
            return Kind.EVERYDAY
        if folded in self._first or folded in self._last or self._dictionary.lookup(base.capitalize()):
            return Kind.NAME
        return Kind.UNKNOWN

    def _is_everyday(self, word: str) -> bool:
        return self._is_listed(word) or any(
            self._is_listed(word.replace(british, american)) for british, american in _BRITISH if british in word
        )

    def _is_listed(self, word: str) -> bool:
        known = self._dictionary.lookup
        if (word.isascii() and is_common(word)) or known(word) or (word.endswith("s") and known(word[:-1])):
            return True  # åge is no age
        rest = _PREFIX.sub("", word)
        return len(rest) >= _LEAST_REST and rest != word and known(rest)


@cache
def stem(word: str) -> str:
    """The word without a possessive or other short ending after an apostrophe."""
    return _ENDING.sub("", word)


def _listed(path: Path) -> set[str]:
    return {line.split()[0].lower() for line in path.read_text(encoding="ascii").splitlines() if line.strip()}
