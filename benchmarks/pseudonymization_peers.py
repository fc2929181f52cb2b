"""Beside whom we are measured: spaCy's small model alone, and presidio as shipped, on the model that is installed.

presidio's e-mail recognizer asks tldextract for the list of domain suffixes, which would fetch it from the network: it
gets the list that tldextract carries. Nothing else of presidio is changed; its default model (`en_core_web_lg`) gives
way to the installed one, as for us.
"""

import logging
from collections import defaultdict
from collections.abc import Iterable
from functools import cache
from typing import Any, Final

from benchmarks.pseudonymization_scoring import Mark, Marks
from facilitator.domain.entities import Passage
from facilitator.domain.spans import Span
from facilitator.privacy.recognizers import installed_model

IDENTIFYING: Final = frozenset(("PERSON", "GPE", "LOC", "FAC", "ORG", "NORP", "DATE"))
"""Labels of spaCy that can identify; amounts and ordinals are left out, as by us."""


@cache
def _presidio() -> Any:
    import tldextract
    from presidio_analyzer import AnalyzerEngine
    from presidio_analyzer.nlp_engine import NlpEngineProvider

    suffixes: Any = tldextract
    suffixes.extract = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)
    logging.getLogger("presidio-analyzer").setLevel(logging.CRITICAL)
    models = [{"lang_code": "en", "model_name": installed_model()}]
    engine = NlpEngineProvider(nlp_configuration={"nlp_engine_name": "spacy", "models": models}).create_engine()
    return AnalyzerEngine(nlp_engine=engine, supported_languages=["en"])


def spacy_marks(passages: Iterable[Passage]) -> Marks:
    """What spaCy's small model finds of itself."""
    marks: defaultdict[str, list[Mark]] = defaultdict(list)
    language_model = _presidio().nlp_engine.nlp["en"]  # as spacy.load gave it
    for passage in passages:
        for entity in language_model(passage.text).ents:
            if entity.label_ in IDENTIFYING:
                marks[passage.ref].append(Mark(Span(entity.start_char, entity.end_char), entity.label_))
    return marks


def presidio_marks(passages: Iterable[Passage]) -> Marks:
    """What presidio finds with all its recognizers and no threshold."""
    marks: defaultdict[str, list[Mark]] = defaultdict(list)
    for passage in passages:
        for found in _presidio().analyze(passage.text, language="en"):
            marks[passage.ref].append(Mark(Span(found.start, found.end), str(found.entity_type)))
    return marks
