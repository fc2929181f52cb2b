import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # where the benchmarks lie

from benchmarks.pseudonymization_cast import Kind
from benchmarks.pseudonymization_corpus import Document, GoldEntity, GoldMention, document
from benchmarks.pseudonymization_earnings import PERSON, read_call, recall, score
from benchmarks.pseudonymization_gold import KNOWN, GoldScore
from benchmarks.pseudonymization_scoring import NONE, Mark, Ratio, covered, words_right
from facilitator.domain.entities import Passage, PassageKind
from facilitator.domain.spans import Span

TEXT = "I told K. Haugen, the nurse, that Berit Moe is ill."


def of(*words: str, text: str = TEXT) -> list[Mark]:
    return [Mark(Span(text.index(word), text.index(word) + len(word)), "person") for word in words]


def group(*entities: tuple[str, Kind, bool, tuple[str, ...]]) -> Document:
    passage = Passage(PassageKind.SEGMENT, "0", TEXT)
    gold = tuple(
        GoldEntity(
            name,
            kind,
            "person",
            known,
            tuple(GoldMention(passage.ref, mark.span, mark.span, "first") for mark in of(*mentions)),
        )
        for name, kind, known, mentions in entities
    )
    return Document(0, "plain", (), (), (passage,), gold)


def test_a_mention_is_caught_when_every_letter_of_it_is_marked() -> None:
    whole = of("K. Haugen")[0].span
    assert covered(TEXT, whole, of("K. Haugen"))
    assert covered(TEXT, whole, of("K", "Haugen"))  # the stop between them tells nothing
    assert covered(TEXT, whole, of("told K. Haugen, the"))
    assert not covered(TEXT, whole, of("Haugen"))
    assert not covered(TEXT, whole, of("K. Hauge"))
    assert not covered(TEXT, whole, [])


def test_precision_counts_words_that_touch_gold() -> None:
    share, wrong = words_right(TEXT, of("Haugen", "nurse, that Berit"), [of("K. Haugen")[0].span, of("Berit")[0].span])
    assert share == Ratio(2, 4)
    assert wrong == ["nurse", "that"]


def test_nothing_to_find_is_all_found() -> None:
    assert NONE.value == 1.0
    assert (Ratio(1, 2) + Ratio(1, 2)).value == 0.5


def test_an_entity_counts_only_if_all_its_mentions_are_caught() -> None:
    one = group(("P1", Kind.DIRECT, True, ("Haugen", "Berit")), ("x", Kind.DIRECT, False, ("Moe",)))
    result = GoldScore()
    result.add(one, {"segment:0": of("Haugen", "Moe")})
    assert result.recall(KNOWN) == Ratio(0, 1)
    assert result.recall(Kind.DIRECT) == Ratio(1, 1)
    assert result.forms["first"] == Ratio(1, 2)
    assert result.figures["leaked_documents"] == 1


def test_a_given_place_that_is_missed_is_no_leaked_name() -> None:
    result = GoldScore()
    result.add(group(("Moe", Kind.INDIRECT, True, ("Moe",))), {})
    assert result.figures["roster_recall"] == 0.0
    assert result.figures["leaked_documents"] == 0


def test_marks_of_the_whole_gold_miss_nothing_and_mark_nothing_in_vain() -> None:
    made = document(7)
    marks: dict[str, list[Mark]] = {}
    for entity in made.entities:
        for mention in entity.mentions:
            marks.setdefault(mention.ref, []).append(Mark(mention.reach, "person"))
    result = GoldScore()
    result.add(made, marks)
    found = result.figures
    assert found["roster_recall"] == found["direct_recall"] == found["indirect_recall"] == found["precision"] == 1.0
    assert found["leaked_documents"] == 0


def test_a_call_is_read_as_turns_with_the_places_of_its_entities(tmp_path: Path) -> None:
    rows = (
        "Good|0||||UC|[]|[]",
        "morning|0|||,|LC|[]|[]",
        "Ann|0||||UC|[]|['1']",
        "Lee|0|||.|UC|[]|['1']",
        "<laugh>|1||||UC|[]|[]",
        "Hi|1||||UC|[]|[]",
        "Ann|1|||.|UC|[]|['2']",
    )
    file = tmp_path / "1.nlp"
    file.write_text("token|speaker|ts|endTs|punctuation|case|tags|wer_tags\n" + "\n".join(rows), encoding="utf-8")
    types = {"1": {"entity_type": "PERSON"}, "2": {"entity_type": "PERSON"}}
    file.with_suffix(".wer_tag.json").write_text(json.dumps(types), encoding="utf-8")
    call = read_call(file)
    assert [passage.text for passage in call.passages] == ["Good morning, Ann Lee.", "Hi Ann."]
    assert [passage.text for passage in call.lower.passages] == ["good morning, ann lee.", "hi ann."]
    first, second = (passage.text for passage in call.passages)
    marks = {"segment:0": of("Ann Lee", text=first), "segment:1": of("Hi", text=second)}
    assert recall(call, marks, PERSON) == Ratio(1, 2)
    assert score(call, marks).precision == Ratio(2, 3)
    assert recall(call, {"segment:0": of("Ann", text=first)}, PERSON) == Ratio(0, 2)
    assert len(call.head(3).passages) == 1 and len(call.head(5).passages) == 2
