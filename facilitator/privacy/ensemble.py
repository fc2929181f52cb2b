"""Recognizers behind presidio's interface, asked one after the other about one text.

presidio's own engine does the same and more: it copies and compares every result, to raise scores by the lemmas of the
words nearby, which nothing here has. That took half of all time.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

import regex
from presidio_analyzer import EntityRecognizer, RecognizerResult
from presidio_analyzer.predefined_recognizers import (
    CreditCardRecognizer,
    IbanRecognizer,
    IpRecognizer,
    PhoneRecognizer,
    UsSsnRecognizer,
)

from facilitator.domain.entities import Category
from facilitator.domain.errors import InvalidInput
from facilitator.privacy.language_models import CATEGORIES, MODEL_RULE
from facilitator.privacy.lexical import LexicalRecognizer
from facilitator.privacy.lexicon import Lexicon
from facilitator.privacy.national_numbers import national_number_recognizers
from facilitator.privacy.patterns import RULES

_MODEL_SCORE: Final = 0.85
"""presidio's own, since spaCy says of no entity how sure it is."""
_PHONE_REGIONS: Final = ("NO", "SE", "GB", "US")
"""Of others `phonenumbers` knows numbers as short as amounts are; patterns find theirs."""
_FEWEST_DIGITS: Final = 4
"""Of the shortest telephone number of these countries, a German one."""
_LONGEST_S: Final = 60.0
"""For one pattern in one text, as in presidio; none is known to take a tenth of that."""
_NAME: Final = "recognizer_name"


class ModelRecognizer(EntityRecognizer):
    """What a spaCy pipeline finds."""

    def __init__(self, pipeline: Any) -> None:
        super().__init__(sorted({category.name for category in CATEGORIES.values()}), name=MODEL_RULE)
        self._pipeline = pipeline
        self._read: dict[str, list[RecognizerResult]] = {}

    def load(self) -> None:
        """Nothing is left to load."""

    def read_ahead(self, texts: Sequence[str]) -> None:
        """Read several texts at once, which is faster, and keep what each says until it is asked for."""
        documents = self._pipeline.pipe(texts, batch_size=max(1, len(texts)))
        self._read = {text: _entities(document) for text, document in zip(texts, documents, strict=True)}

    def analyze(self, text: str, entities: Sequence[str], nlp_artifacts: Any = None) -> list[RecognizerResult]:
        """Entities with a label that means one of our categories."""
        found = self._read.pop(text, None)
        return _entities(self._pipeline(text)) if found is None else found


class PatternsRecognizer(EntityRecognizer):
    """All of `patterns.RULES`, each compiled once."""

    def __init__(self) -> None:
        super().__init__(sorted({rule.category.name for rule in RULES}), name="patterns")
        self._rules = [(rule, regex.compile(rule.pattern)) for rule in RULES]

    def load(self) -> None:
        """Nothing is left to load."""

    def analyze(self, text: str, entities: Sequence[str], nlp_artifacts: Any = None) -> list[RecognizerResult]:
        """Every match of every rule."""
        return [
            _result(rule.category, hit.start(), hit.end(), rule.score, rule.name)
            for rule, pattern in self._rules
            for hit in _hits(pattern, text)
        ]


class Ensemble:
    """The recognizers of one language."""

    def __init__(self, pipeline: Any, lexicon: Lexicon | None) -> None:
        # its messages could quote what people said
        for name in ("presidio-analyzer", "decision_process"):
            logging.getLogger(name).setLevel(logging.CRITICAL)
        self._model = ModelRecognizer(pipeline)
        self.read_ahead = self._model.read_ahead
        self._always: list[EntityRecognizer] = [
            self._model,
            *([LexicalRecognizer(lexicon)] if lexicon else []),
            PatternsRecognizer(),
        ]
        self._where: list[tuple[Callable[[str], bool], EntityRecognizer]] = [
            (_has_digits, CreditCardRecognizer(name="card number")),
            (_has_digits, IbanRecognizer(name="account number")),
            (_has_digits, UsSsnRecognizer(name="social security number")),
            (_has_digits, PhoneRecognizer(name="phone number", supported_regions=_PHONE_REGIONS)),
            *((_has_digits, one) for one in national_number_recognizers()),
            (_may_hold_address, IpRecognizer(name="network address")),
        ]

    def results(self, text: str) -> list[RecognizerResult]:
        """Everything that any of them finds in `text`; of the same category, none inside a surer one."""
        asked: tuple[Any, ...] = (*self._always, *(one for applies, one in self._where if applies(text)))
        found = [result for one in asked for result in one.analyze(text, one.supported_entities, None)]
        return EntityRecognizer.remove_duplicates(found)


def _hits(pattern: regex.Pattern[str], text: str) -> Iterator[regex.Match[str]]:
    """Matches that are not empty. Raises InvalidInput for a text that takes too long: half a search is none."""
    try:
        yield from (hit for hit in pattern.finditer(text, timeout=_LONGEST_S) if hit[0])
    except TimeoutError as error:
        raise InvalidInput(
            f"A text of {len(text):,} characters takes too long to search for identifiers.",
            safe="Nothing was decided, and nothing of the session was changed.",
            do="Split the longest turns in the correction screen, then search again.",
        ) from error


def _entities(document: Any) -> list[RecognizerResult]:
    return [
        _result(CATEGORIES[entity.label_], entity.start_char, entity.end_char, _MODEL_SCORE, MODEL_RULE)
        for entity in document.ents
        if entity.label_ in CATEGORIES
    ]


def _result(category: Category, start: int, end: int, score: float, rule: str) -> RecognizerResult:
    return RecognizerResult(category.name, start, end, score, recognition_metadata={_NAME: rule})


def _has_digits(text: str) -> bool:
    return sum(map(str.isdecimal, text)) >= _FEWEST_DIGITS


def _may_hold_address(text: str) -> bool:
    return ":" in text or _has_digits(text)
