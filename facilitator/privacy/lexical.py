"""Identifiers by single words: names of the lists, words of no dictionary, capitals where no sentence begins.

They stand behind presidio's interface like the language model and the patterns, and cost next to nothing. What they
find and the model does not is mostly a first name in passing, a small town, a clinic; or a word that was misheard.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

from presidio_analyzer import EntityRecognizer, RecognizerResult

from facilitator.domain.entities import Category
from facilitator.privacy.casing import begins_sentence
from facilitator.privacy.common_words import is_frequent
from facilitator.privacy.lexicon import CAPITAL_RULE, NAME_RULE, UNKNOWN_RULE, WORD, Kind, Lexicon, stem

NAME_SCORE: Final = 0.5
SURE_NAME_SCORE: Final = 0.9
UNKNOWN_SCORE: Final = 0.3
CAPITAL_SCORE: Final = 0.2
_SHORTEST: Final = 3
_WITH_CAPITAL: Final = """
    monday tuesday wednesday thursday friday saturday sunday january february march april may june july august
    september october november december norwegian english swedish danish german french american european christmas
    easter god i'm i'll i've i'd and but the this that these those there then they you we she her his our your their
    what when where who why how yes yeah well okay now just not for with from are was were have has had can could
    would should will
"""
_CAPITAL_ANYWAY: Final = frozenset(_WITH_CAPITAL.split())
"""Written with a capital by rule, or by Whisper where it begins anew."""
_Found = tuple[int, int, Category, str, float]
"""Start, end, category, rule, score."""


class LexicalRecognizer(EntityRecognizer):
    """Reads a text that has its capitals (`casing.with_capitals`)."""

    def __init__(self, lexicon: Lexicon) -> None:
        super().__init__([Category.PERSON.name, Category.OTHER.name], name="words", supported_language="en")
        self._lexicon = lexicon

    def load(self) -> None:
        """Nothing is left to load."""

    def analyze(self, text: str, entities: Sequence[str], nlp_artifacts: Any = None) -> list[RecognizerResult]:
        """Runs of names, then single words."""
        return [
            RecognizerResult(category.name, start, end, score, recognition_metadata={"recognizer_name": rule})
            for start, end, category, rule, score in self._found(text)
        ]

    def _found(self, text: str) -> Iterator[_Found]:
        run: list[re.Match[str]] = []
        for word in WORD.finditer(text):
            is_everyday = self._lexicon.kind(word[0].lower()) is Kind.EVERYDAY
            stands_out = is_everyday and self._stands_out(text, word)
            is_named = (not is_everyday and len(word[0]) >= _SHORTEST) or (
                stands_out and self._lexicon.is_first_name(word[0])
            )
            if run and (not is_named or text[run[-1].end() : word.start()] not in (" ", "-")):
                yield self._named(run)
                run = []
            if is_named:
                run.append(word)
            elif stands_out and not is_frequent(stem(word[0])):
                yield word.start(), word.end(), Category.OTHER, CAPITAL_RULE, CAPITAL_SCORE
        if run:
            yield self._named(run)

    def _named(self, run: Sequence[re.Match[str]]) -> _Found:
        start, end = run[0].start(), run[-1].end()
        if any(self._lexicon.kind(word[0].lower()) is not Kind.UNKNOWN for word in run):
            sure = all(self._lexicon.is_frequent_here(word[0]) for word in run)
            return start, end, Category.PERSON, NAME_RULE, SURE_NAME_SCORE if sure else NAME_SCORE
        return start, end, Category.OTHER, UNKNOWN_RULE, UNKNOWN_SCORE

    @staticmethod
    def _stands_out(text: str, word: re.Match[str]) -> bool:
        """Whether an everyday word has a capital that no sentence and no habit explains."""
        base = stem(word[0])
        return (
            base[0].isupper()
            and len(base) >= _SHORTEST
            and base.lower() not in _CAPITAL_ANYWAY
            and not begins_sentence(text, word.start())
        )
