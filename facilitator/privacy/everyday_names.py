"""Names that are everyday words, written as such: “I talked to will and Kristin”.

With a capital they are names, and replaced; in lower case they are words, and left alone, since nobody wants every
“will” and “said” replaced. Where the words around one leave hardly anything but a name, it is proposed, and together
with those words, so that a decision does not reach the others.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from facilitator.domain.spans import Span
from facilitator.domain.text import fold
from facilitator.privacy.common_words import counts_as_name

_LITTLE: Final = """
    a ah an and are as at but by do eh er ha he her hi him his hm i if in is it me mm my no nor not of oh ok on one or
    our so the there they this to um up us we yes you
"""
_LITTLE_WORDS: Final = frozenset(_LITTLE.split())
"""They stand anywhere, before commas and after “with” too."""
_NO_SUBJECTS: Final = "even ever else just still now never so"
_ADVERBS: Final = frozenset(_NO_SUBJECTS.split())
_VERBS: Final = "said will can may would could might shall must"
_HELPING: Final = frozenset(_VERBS.split())
"""Verbs that take no person as an object: “said him” begins with a name."""
_BEFORE_NOUNS: Final = "a an the this that these my our your his her their its one each every no some"
_DETERMINERS: Final = frozenset(_BEFORE_NOUNS.split())
_ENDS: Final = r"(?=\s*(?:[.,;:!?…]|$)|\s+(?:and|or|from|here|who|because|when|but|about|whether|said|told)\b)"
_SURE_CUES: Final = r"(?:(?:my|his|her|whose)\s+name(?:['’]s|\s+is|\s+was)|named|mr\.?|mrs\.?|ms\.?|dr\.?|doctor)"
_CUES: Final = (
    r"(?:this\s+is|that\s+(?:is|was)|(?:that|it|here)['’]s|i['’]?m|i\s+am|it\s+was|called|hi|hello|hey|dear|thanks|thank\s+you|"
    r"with|from|asked|told|met|saw|phoned|thanked|invited|remember|like|"
    r"(?:talk(?:ed|ing)?|spoken?|speaking|listen(?:ed|ing)?|next|according|thanks|gave|said|belongs)\s+to)"
)
_CLAUSE: Final = r"(?:^|[.,;:?!…]\s+|\b(?:and|but|because|that|when|then|if|as|what)\s+)"
_PRONOUN: Final = re.compile(r"\bI\b")
_THIRD_PERSON: Final = (
    r"(?:said|says|asks|tells|thinks|knows|wants|likes|lives|works|agrees|told|asked|called|came|went|left|mentioned|explained|"
    r"laughed|himself|herself)"
)


class EverydayNames:
    """Made of known surfaces; only those of one word count that are everyday words too."""

    def __init__(self, surfaces: Iterable[str]) -> None:
        words = {fold(one) for raw in surfaces if not counts_as_name(one := raw.strip(), fold(one))}
        self._alone = re.compile(rf"\b(?:{_either(words)})(?=s?\b)")
        name = f"(?P<name>{_either(words - _LITTLE_WORDS)})"
        acting = f"(?P<name>{_either(words - _LITTLE_WORDS - _ADVERBS)})"
        helping = f"(?P<name>{_either(words & _HELPING)})"
        self._by_place = tuple(
            re.compile(pattern, re.IGNORECASE)
            for pattern in (
                rf"\b{_SURE_CUES}\s+(?P<name>{_either(words)})\b",
                rf"\b{_CUES}\s+{name}\b{_ENDS}",
                rf"\b\w+,\s+{name}(?=\s*(?:[,.?!…]|$))",
                rf"(?:^|(?<=[.?!…]\s)){name},\s+\w+",
                rf"{_CLAUSE}(?P<whole>{acting}\s+{_THIRD_PERSON})\b",
                rf"\b{helping}\s+(?:him|them|himself|herself)\b",
            )
        )
        self._owning = re.compile(rf"(?:\b(?P<before>\w+)\s+)?(?P<whole>\b{name}['’]s\s+\w+)", re.IGNORECASE)

    def alone(self, text: str) -> Iterator[Span]:
        """Each of them by itself, whatever is around it."""
        return (Span(*word.span()) for word in self._alone.finditer(text))

    def by_place(self, text: str) -> Iterator[Span]:
        """Those in lower case that must be names for the words around them, with these words."""
        for pattern in self._by_place:
            for hit in pattern.finditer(text):
                if hit["name"].islower():
                    yield Span(*hit.span("whole" if "whole" in pattern.groupindex else 0))
        for hit in self._owning.finditer(text):
            if hit["name"].islower() and (hit["before"] or "").lower() not in _DETERMINERS:
                yield Span(*hit.span("whole"))


def _either(words: Iterable[str]) -> str:
    """One of `words`; what matches nothing where there is none."""
    return "|".join(map(re.escape, sorted(words))) or "(?!)"


def has_capitals(text: str) -> bool:
    """Whether a lower-case word is one: not where nothing but “I” has a capital, unless that begins a sentence."""
    if any(map(str.isupper, _PRONOUN.sub("", text))):
        return True
    return _PRONOUN.match(text.lstrip()) is not None and any(sign in text for sign in ".,?!")
