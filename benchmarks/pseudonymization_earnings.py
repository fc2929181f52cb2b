"""Real speech: Earnings-21 (22 calls, CC BY-SA 4.0), as spoken and with all text lower-cased.

A row of a call is a token; its last column names the entities that it belongs to, and a JSON file gives their types.
Turns are runs of one speaker. A mention of a person is caught when all its tokens are, as any kind: what counts is
that a person is asked about it, not whether as a name or as a place. Articles, titles and possessive endings need not
be. A call has no roster, so nothing is known.
"""

import ast
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, groupby, islice
from pathlib import Path
from typing import Any, Final

from benchmarks.pseudonymization_ours import our_marks
from benchmarks.pseudonymization_peers import presidio_marks, spacy_marks
from benchmarks.pseudonymization_scoring import NONE, Marks, Ratio, covered, print_cases, quoted, ratio, words_right
from facilitator.domain.entities import Passage, PassageKind
from facilitator.domain.spans import Span

DATA: Final = Path(__file__).resolve().parents[2] / "shared" / "data" / "text" / "earnings21"
PERSON: Final = frozenset(("PERSON",))
PLACE: Final = frozenset(("GPE", "LOC"))
_PERSON_KINDS: Final = frozenset(("known", "person", "PERSON"))
_PLACE_KINDS: Final = frozenset(("place", "GPE", "LOC", "FAC", "LOCATION"))
IDENTIFYING: Final = PERSON | PLACE | {"FAC", "ORG", "NORP", "DATE", "YEAR", "WEBSITE", "TWITTER"}
"""Types whose words are right to mark; amounts, products, events and abbreviations are not."""
_TYPES: Final = ".wer_tag.json"
_SET_ASIDE: Final = "a an the mr mr. mrs mrs. ms ms. dr dr. sir madam"
_ASIDE: Final = frozenset(_SET_ASIDE.split())
_POSSESSIVE: Final = re.compile(r"['’]s?$")
_QUICK_WORDS: Final = 2_000


@dataclass(frozen=True, slots=True)
class Entity:
    """One mention: `type` as annotated, and where its tokens stand; `core` without articles and possessive endings."""

    type: str
    ref: str
    spans: tuple[Span, ...]
    core: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Call:
    """One call as turns, with what is annotated in them."""

    name: str
    passages: tuple[Passage, ...]
    entities: tuple[Entity, ...]

    @property
    def lower(self) -> "Call":
        """The same call with all text in lower case, character by character, so that places stay."""
        passages = tuple(Passage(one.kind, one.id, _lower(one.text)) for one in self.passages)
        return Call(self.name, passages, self.entities)

    def head(self, words: int) -> "Call":
        """The first turns only, with at least so many words together."""
        counts = accumulate(len(one.text.split()) for one in self.passages)
        kept = self.passages[: 1 + sum(count < words for count in counts)]
        refs = {one.ref for one in kept}
        return Call(self.name, kept, tuple(one for one in self.entities if one.ref in refs))


def absent(folder: Path = DATA) -> str | None:
    """Why no call can be read, or None."""
    return None if any(_files(folder)) else f"no calls (*.nlp with *{_TYPES}) in the folder {folder.name}"


def _files(folder: Path) -> list[Path]:
    return sorted(file for file in folder.glob("*.nlp") if file.with_suffix(_TYPES).is_file())


def read_calls(folder: Path = DATA) -> Iterator[Call]:
    """Every call of a folder, in the order of their names."""
    for file in _files(folder):
        yield read_call(file)


def read_call(file: Path) -> Call:
    """One `.nlp` file, with the `.wer_tag.json` beside it.

    Raises:
        KeyError, ValueError: it is no such file.
    """
    types = json.loads(file.with_suffix(_TYPES).read_text(encoding="utf-8"))
    header, *lines = file.read_text(encoding="utf-8").splitlines()
    columns = header.split("|")
    rows = [dict(zip(columns, line.split("|"), strict=True)) for line in lines if line]
    passages: list[Passage] = []
    places: defaultdict[tuple[str, str], list[Span]] = defaultdict(list)
    for number, (_, turn) in enumerate(groupby(rows, key=lambda row: row["speaker"])):
        text = ""
        for row in turn:
            if row["token"].startswith("<"):  # <inaudible>, <crosstalk>
                continue
            start = len(text) + bool(text)
            text = f"{text} {row['token']}".lstrip()
            for tag in ast.literal_eval(row[columns[-1]]):
                places[tag, f"{PassageKind.SEGMENT}:{number}"].append(Span(start, len(text)))
            text += row["punctuation"]
        passages.append(Passage(PassageKind.SEGMENT, str(number), text))
    texts = {passage.ref: passage.text for passage in passages}
    entities = (
        Entity(str(types[tag]["entity_type"]), ref, tuple(spans), tuple(_core(texts[ref], spans)))
        for (tag, ref), spans in places.items()
        if tag in types
    )
    return Call(file.stem, tuple(passages), tuple(entities))


def _core(text: str, spans: list[Span]) -> Iterator[Span]:
    for span in spans:
        ending = _POSSESSIVE.search(text, span.start, span.end)
        if len(spans) == 1 or text[span.start : span.end].lower() not in _ASIDE:
            yield Span(span.start, ending.start() if ending else span.end)


@dataclass(frozen=True, slots=True)
class Score:
    """Recall by mention for persons and places, the share of them that has the right kind too, precision by word."""

    person: Ratio = NONE
    place: Ratio = NONE
    person_as_such: Ratio = NONE
    place_as_such: Ratio = NONE
    precision: Ratio = NONE

    def __add__(self, other: "Score") -> "Score":
        return Score(*(getattr(self, name) + getattr(other, name) for name in self.__slots__))


def score(call: Call, marks: Marks) -> Score:
    """How much of the annotated persons and places was marked, and how much of what was marked is annotated."""
    texts = {passage.ref: passage.text for passage in call.passages}
    gold = _gold(call)
    precision = sum((words_right(texts[ref], marks.get(ref, ()), gold[ref])[0] for ref in texts), NONE)
    people, places = _of_kind(marks, _PERSON_KINDS), _of_kind(marks, _PLACE_KINDS)
    return Score(
        recall(call, marks, PERSON),
        recall(call, marks, PLACE),
        recall(call, people, PERSON),
        recall(call, places, PLACE),
        precision,
    )


def recall(call: Call, marks: Marks, types: frozenset[str]) -> Ratio:
    """Mentions of these types of which every token is marked."""
    texts = {passage.ref: passage.text for passage in call.passages}
    return ratio(
        all(covered(texts[entity.ref], span, marks.get(entity.ref, ())) for span in entity.core)
        for entity in call.entities
        if entity.type in types
    )


def earnings(quick: bool, folder: Path | None = None, first: int | None = None, show: bool = False) -> dict[str, Any]:
    """Measure all three systems on the calls of `folder`, or the first of them; print a table, return the figures."""
    where = folder or DATA
    if why := absent(where):
        return {"earnings_left_out": why}
    calls = [call.head(_QUICK_WORDS) if quick else call for call in islice(read_calls(where), 1 if quick else first)]
    print(f"\nEarnings calls: {len(calls)}{', the first turns of it' if quick else ''}; recall by mention, any kind")
    print("  presidio: as shipped, on the model installed, tldextract with its own list of suffixes (no network)")
    figures: dict[str, Any] = {"earnings_calls": len(calls)}
    for name, marked in (("", our_marks), ("spacy_", spacy_marks), ("presidio_", presidio_marks)):
        for ending in ("", "_lower"):
            texts = [call.lower if ending else call for call in calls]
            marks = [marked(call.passages) for call in texts]
            found = sum((score(call, marks_) for call, marks_ in zip(texts, marks, strict=True)), Score())
            print(f"  {name.rstrip('_') or 'ours':<9} {'lower-cased' if ending else 'as spoken':<12}")
            print(f"    person {found.person}   as a person {found.person_as_such}")
            print(f"    place  {found.place}   as a place  {found.place_as_such}")
            print(f"    precision {found.precision} words")
            figures |= {
                f"{name}earnings_person_recall{ending}": found.person.value,
                f"{name}earnings_place_recall{ending}": found.place.value,
                f"{name}earnings_precision{ending}": found.precision.value,
            }
            if show and marked is our_marks:
                _show_errors(texts, marks)
    return figures


def _show_errors(calls: Sequence[Call], all_marks: Sequence[Marks]) -> None:
    missed: defaultdict[str, Counter[str]] = defaultdict(Counter)
    wrong: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for call, marks in zip(calls, all_marks, strict=True):
        texts = {passage.ref: passage.text for passage in call.passages}
        gold = _gold(call)
        for entity in call.entities:
            found = marks.get(entity.ref, ())
            if entity.type in PERSON | PLACE and not all(
                covered(texts[entity.ref], one, found) for one in entity.spans
            ):
                whole = Span(entity.spans[0].start, entity.spans[-1].end)
                missed[entity.type][quoted(texts[entity.ref], whole)] += 1
        for ref, found in marks.items():
            for mark in found:
                if words := words_right(texts[ref], [mark], gold[ref])[1]:
                    surface = texts[ref][mark.span.start : mark.span.end]
                    wrong[f"{mark.kind}, {mark.rule}"][surface.lower()] += len(words)
    print_cases("Missed", missed)
    print_cases("Marked, but not annotated (words)", wrong)


def _gold(call: Call) -> defaultdict[str, list[Span]]:
    gold: defaultdict[str, list[Span]] = defaultdict(list)
    for entity in call.entities:
        if entity.type in IDENTIFYING:
            gold[entity.ref] += entity.spans
    return gold


def _of_kind(marks: Marks, kinds: frozenset[str]) -> Marks:
    return {ref: [mark for mark in found if mark.kind in kinds] for ref, found in marks.items()}


def _lower(text: str) -> str:
    return "".join(char.lower() if len(char.lower()) == 1 else char for char in text)
