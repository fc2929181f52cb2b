import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from facilitator.domain.errors import InvalidGuide, NotFound, UsageError
from facilitator.domain.guide import Guide, Question, QuestionType, Section
from facilitator.domain.guide_hints import guide_hints
from facilitator.domain.guide_pairing import differences
from facilitator.domain.text import SafeText
from facilitator.storage.guide_files import guide_to_yaml, list_guides, load_guide, save_new_guide, shipped_guides

GUIDES = Path(__file__).parents[2] / "guides"
MODULES = 11

HEAD = "id: x\ntitle: A title\nlanguage: en\nsections:\n  - title: One\n    questions:\n"
GOOD = HEAD + "      - type: key\n        text: Why?\n        minutes: 5\n"


def faults_of(path: Path, text: str) -> list[str]:
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InvalidGuide) as caught:
        load_guide(path)
    return caught.value.what.splitlines()


SHIPPED = {
    "imr-practitioners": (80, 90, 4),
    "imr-practitioners.nb": (80, 90, 4),
    "krueger-route": (80, 90, 4),
    "pilot": (15, 25, 1),
}


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_guides_are_valid_and_their_times_sensible(name: str) -> None:
    guide = load_guide(GUIDES / f"{name}.yaml")
    minutes, slot, keys = SHIPPED[name]
    assert guide.id == name.replace(".", "-")
    assert guide.planned_ms == minutes * 60_000 and guide.slot_minutes == slot
    assert guide.materials and any(question.must_ask for question in guide.questions)
    assert guide_hints(guide) == ()
    types = [question.type for question in guide.questions]
    assert types.count(QuestionType.KEY) == keys
    assert types[0] is QuestionType.OPENING
    assert types[-1] is QuestionType.ENDING
    assert guide.welcome and guide.closing and guide.ground_rules


def test_imr_guide_spells_the_modules_for_the_transcriber() -> None:
    glossary = load_guide(GUIDES / "imr-practitioners.yaml").glossary
    assert len(glossary) == MODULES + 2
    assert "The Stress–Vulnerability Model" in glossary


def test_the_norwegian_guide_has_the_same_questions() -> None:
    english, norwegian = (load_guide(GUIDES / f"imr-practitioners{end}.yaml") for end in ("", ".nb"))
    assert [*differences(english, norwegian)] == []
    for mine, theirs in zip(english.questions, norwegian.questions, strict=True):
        assert (mine.id, mine.must_ask) == (theirs.id, theirs.must_ask)
        assert len(mine.probes) == len(theirs.probes) and len(mine.stimuli) == len(theirs.stimuli)
    assert norwegian.glossary == english.glossary and len(norwegian.ground_rules) == len(english.ground_rules)


def test_the_example_in_the_readme_is_a_valid_guide(tmp_path: Path) -> None:
    blocks = (GUIDES / "README.md").read_text(encoding="utf-8").split("```yaml\n")
    assert len(blocks) == 2
    path = tmp_path / "example.yaml"
    path.write_text(blocks[1].split("```")[0], encoding="utf-8")
    guide = load_guide(path)
    assert guide.questions[0].id == "core" and guide.questions[0].must_ask and guide.questions[0].stimuli
    assert guide.slot_minutes == 90 and guide.materials


def test_folder_lists_sound_faulty_and_twin_guides(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(GOOD)
    (tmp_path / "b.yml").write_text(GOOD)
    (tmp_path / "c.yaml").write_text("id: [")
    (tmp_path / "notes.txt").write_text("id: y")
    first, twin, broken = list_guides(tmp_path)
    assert (first.id, first.questions, first.planned_ms, first.fault) == ("x", 1, 300_000, "")
    assert "belongs to" in twin.fault
    assert broken.id == "c" and ":1: this is not valid YAML" in broken.fault
    assert list_guides(tmp_path / "none") == []
    shipped = list_guides(shipped_guides())
    assert [guide.path.stem for guide in shipped] == list(SHIPPED) and not any(guide.fault for guide in shipped)


def test_ids_come_from_the_position_and_texts_lose_line_breaks(tmp_path: Path) -> None:
    path = tmp_path / "g.yaml"
    path.write_text(
        HEAD
        + "      - type: opening\n        text: >\n          Who\n          are [you]?\n        minutes: 0.5\n"
        + "      - {id: core, type: key, text: 'Why?', minutes: 60}\n"
        + "  - title: Two\n    questions: [{type: ending, text: '“Done”?', minutes: 1}]\n"
    )
    guide = load_guide(path)
    assert [question.id for question in guide.questions] == ["q1", "core", "q3"]
    assert [question.text for question in guide.questions] == ["Who are [you]?", "Why?", "“Done”?"]


def test_missing_guide(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        load_guide(tmp_path / "none.yaml")


QUESTION = "      - type: key\n        text: Why?\n        minutes: 5\n"
BROKEN = {
    "syntax": ("id: x\ntitle: 'open\nlanguage: en\n", 2, "close the quotation mark"),
    "colon": ("id: x\ntitle: a: b\n", 2, "holds a colon in quotes"),
    "tab": ("id: x\nsections:\n\t- title: x\n", 3, "spaces, not with tabs"),
    "empty": ("", 1, "the file is empty"),
    "list": ("- a\n", 1, "a guide is written as fields"),
    "two documents": (GOOD + "---\na: b\n", 10, "one guide in a file"),
    "unknown field": (GOOD + "        probs: [x]\n", 10, "unknown field `probs`; did you mean `probes`?"),
    "strange field": (GOOD + "colour: red\n", 10, "a guide has id, title,"),
    "field astray": (GOOD + "probes: [x]\n", 10, "it belongs to a question"),
    "missing text": (HEAD + "      - type: key\n        minutes: 5\n", 7, "the question has no `text`"),
    "missing title": (GOOD.replace("title: One\n    ", ""), 5, "the section has no `title`"),
    "missing id": (GOOD.replace("id: x\n", ""), 1, "the guide has no `id`"),
    "wrong type": (GOOD.replace("Why?", "[a, b]"), 8, "`text` must be a text; put it in quotes"),
    "probe with colon": (GOOD + "        probes:\n          - Then: what?\n", 11, "an entry of `probes` must be"),
    "probes as text": (GOOD + "        probes: more\n", 10, "`probes` must be a list"),
    "question as text": (HEAD + "      - Why?\n" + QUESTION, 7, "a question is written as fields"),
    "unknown type": (
        GOOD.replace("key", "keys"),
        7,
        "opening, introductory, transition, key, ending; did you mean key?",
    ),
    "type false": (GOOD.replace("key", "no"), 7, "“no” is not a type of question"),
    "too long": (GOOD.replace("5\n", "61\n"), 9, "`minutes` is 61; write a number from 0.5 to 60"),
    "too short": (GOOD.replace("5\n", "0.4\n"), 9, "`minutes` is 0.4"),
    "not finite": (GOOD.replace("5\n", ".inf\n"), 9, "`minutes` must be a number"),
    "clock": (GOOD.replace("5\n", "12:30\n"), 9, "such as 12.5"),
    "quoted minutes": (GOOD.replace("5\n", "'5'\n"), 9, "without quotes or words"),
    "no": (
        GOOD.replace("Why?", "no"),
        8,
        '`text` must be a text, but YAML reads no as something else; put it in quotes: "no"',
    ),
    "time": (GOOD.replace("Why?", "12:30"), 8, 'put it in quotes: "12:30"'),
    "date": (GOOD.replace("Why?", "2021-09-14"), 8, 'put it in quotes: "2021-09-14"'),
    "number": (GOOD.replace("Why?", "42"), 8, 'put it in quotes: "42"'),
    "norwegian": (GOOD.replace("language: en", "language: no"), 3, 'put it in quotes: "no"'),
    "language": (GOOD.replace("language: en", "language: English"), 3, "a code such as en, de or nb"),
    "bad id": (GOOD.replace("id: x", "id: ../x"), 1, "letters, digits and hyphens"),
    "nothing": (GOOD.replace("Why?", ""), 8, "`text` is empty"),
    "blank": (GOOD.replace("Why?", "'  '"), 8, "`text` is empty"),
    "unseen": (GOOD.replace("Why?", '"\\u200b \\ufeff"'), 8, "`text` is empty"),
    "no questions": (GOOD + "  - title: Two\n    questions: []\n", 11, "`questions` is empty"),
    "same ids": (
        HEAD + QUESTION.replace("type", "id: a\n        type") * 2,
        11,
        "the question id “a” is taken by line 7",
    ),
    "id of a position": (HEAD + QUESTION.replace("type", "id: q2\n        type") + QUESTION, 11, "taken by line 7"),
    "no key": (GOOD.replace("key", "ending"), 4, "at least one key question"),
    "true as a type": (GOOD.replace("key", "true"), 7, "“true” is not a type of question"),
    "true as a text": (GOOD.replace("Why?", "true"), 8, 'put it in quotes: "true"'),
    "true as minutes": (GOOD.replace("5\n", "true\n"), 9, "`minutes` must be a number"),
    "must ask in words": (GOOD + "        must_ask: always\n", 10, "`must_ask` is “always”; write true or false"),
    "must ask yes": (GOOD + "        must_ask: yes\n", 10, "`must_ask` is “yes”; write true or false"),
    "must ask quoted": (GOOD + "        must_ask: 'true'\n", 10, "without quotes"),
    "stimuli as text": (GOOD + "        stimuli: a card\n", 10, "`stimuli` must be a list"),
    "slot too short": (GOOD + "slot_minutes: 9\n", 10, "`slot_minutes` is 9; write a number from 10 to 480"),
    "slot too long": (GOOD + "slot_minutes: 481\n", 10, "`slot_minutes` is 481"),
    "slot in words": (GOOD + "slot_minutes: 1 h\n", 10, "without quotes or words; write a number from 10 to 480"),
    "slot of a question": (GOOD + "        slot_minutes: 90\n", 10, "did you mean `minutes`?"),
    "materials as text": (GOOD + "materials: pens\n", 10, "`materials` must be a list"),
    "twice": (GOOD + "        minutes: 6\n", 10, "`minutes` stands here a second time (first in line 9)"),
    "control": (GOOD.replace("Why?", "Why\x1b[31m?"), 8, "control or invisible character (U+001B)"),
    "escaped control": (GOOD.replace("Why?", '"Why\\e?"'), 8, "U+001B"),
    "direction": (GOOD.replace("Why?", "Why \u202e?"), 8, "U+202E"),
    "noncharacter": (GOOD.replace("Why?", "Why \uffff?"), 8, "U+FFFF"),
    "alias": (GOOD.replace("Why?", "*why"), 8, "is an alias"),
    "anchor": (GOOD.replace("Why?", "&why Because"), 8, "is an anchor"),
    "tag": (GOOD.replace("Why?", "!!python/object:os.system x"), 8, "is a tag"),
    "deep": ("id: " + "[" * 40, 1, "more than 32 levels deep"),
    "very deep": ("[" * 400_000, 1, "more than 32 levels deep"),
    "bomb": ("a: &a [x, x]\nb: &b [*a, *a]\n", 2, "is an alias"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_guides_name_the_line_and_what_to_write(name: str, tmp_path: Path) -> None:
    text, line, hint = BROKEN[name]
    folder = tmp_path / "guides"
    folder.mkdir()
    lines = faults_of(folder / "x.yaml", text)
    assert any(fault.startswith(f"guides/x.yaml:{line}: ") and hint in fault for fault in lines), lines
    assert all(fault == SafeText.of(fault) and str(tmp_path) not in fault for fault in lines)


def test_every_fault_is_reported_at_once_in_the_order_of_lines(tmp_path: Path) -> None:
    text = GOOD.replace("id: x", "id: a b").replace("Why?", "no").replace("key", "kye").replace("5\n", "90\n")
    lines = faults_of(tmp_path / "x.yaml", text + "        probs: x\ncolour: red\n")
    assert [int(line.split(":")[1]) for line in lines] == [1, 7, 8, 9, 10, 11]


def test_a_huge_file_a_folder_and_another_encoding_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    assert "is over 1 MB" in faults_of(path, GOOD + "#" * 1_000_000)[0]
    path.write_bytes(GOOD.encode("utf-8").replace(b"Why?", b"Sch\xf6n?"))
    with pytest.raises(InvalidGuide, match=r"x\.yaml:8: is not UTF-8"):
        load_guide(path)
    with pytest.raises(InvalidGuide, match="not a file"):
        load_guide(tmp_path)


def test_a_guide_with_a_byte_order_mark_and_windows_line_ends_loads(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode())
    assert load_guide(path).questions[0].text == "Why?"


TEXT = st.text(st.characters(exclude_categories=("Cc", "Cf", "Cs", "Zl", "Zp", "Cn", "Co")), min_size=1, max_size=60)
LINE = TEXT.map(lambda text: str(SafeText.of(" ".join(text.split())))).filter(bool)
IDS = st.lists(
    st.from_regex(r"[A-Za-z0-9][A-Za-z0-9-]{0,8}", fullmatch=True), min_size=2, max_size=4, unique_by=str.lower
)


LINES = st.lists(LINE, max_size=2).map(tuple)


def questions(
    name: str, kinds: st.SearchStrategy[QuestionType], minutes: st.SearchStrategy[float]
) -> st.SearchStrategy[Question]:
    return st.builds(Question, st.just(name), kinds, LINE, minutes, LINES, st.booleans(), LINES)


@st.composite
def guides(draw: st.DrawFn) -> Guide:
    first, *others = draw(IDS)
    asked = [draw(questions(first, st.just(QuestionType.KEY), st.floats(0.5, 60)))]
    asked += [draw(questions(name, st.sampled_from(QuestionType), st.just(2.5))) for name in others]
    return Guide(
        id="g",
        title=draw(LINE),
        language="nb",
        sections=(Section(draw(LINE), tuple(asked[:1])), Section(draw(LINE), tuple(asked[1:]))),
        welcome="\n".join(draw(st.lists(LINE, max_size=3))),
        ground_rules=draw(LINES),
        closing=draw(LINE),
        glossary=draw(LINES),
        slot_minutes=draw(st.just(0.0) | st.floats(10, 480)),
        materials=draw(LINES),
    )


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(guide=guides())
def test_a_written_guide_reads_back_equal(guide: Guide, tmp_path: Path) -> None:
    path = tmp_path / "g.yaml"
    path.write_text(guide_to_yaml(guide), encoding="utf-8")
    assert load_guide(path) == guide


def test_a_new_guide_is_read_back_and_never_replaces_another(tmp_path: Path) -> None:
    path = tmp_path / "guides" / "g.yaml"
    guide = Guide(
        "g", "A title", "en", (Section("One", (Question("q1", QuestionType.KEY, "Why?", 5),)),), slot_minutes=60
    )
    save_new_guide(path, guide)
    before = path.read_bytes()
    assert load_guide(path) == guide
    with pytest.raises(UsageError, match="already"):
        save_new_guide(path, replace(guide, title="Another"))
    with pytest.raises(InvalidGuide, match="at least one key question"):
        save_new_guide(
            path.with_name("h.yaml"),
            replace(guide, sections=(Section("One", (replace(guide.questions[0], type=QuestionType.ENDING),)),)),
        )
    assert path.read_bytes() == before and [one.name for one in path.parent.iterdir()] == ["g.yaml"]


def test_a_frozen_guide_from_before_the_new_fields_still_loads() -> None:
    question = {"id": "q1", "type": "key", "text": "Why?", "minutes": 5.0, "probes": []}
    old = {"id": "g", "title": "T", "language": "en", "sections": [{"title": "S", "questions": [question]}]}
    guide = TypeAdapter(Guide).validate_json(json.dumps(old))
    assert guide.slot_minutes == 0 and guide.materials == ()
    assert guide.questions[0].must_ask is False and guide.questions[0].stimuli == ()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cut=st.integers(0, len(GOOD)), junk=st.text(max_size=12))
def test_a_damaged_guide_loads_or_is_refused_but_never_crashes(cut: int, junk: str, tmp_path: Path) -> None:
    path = tmp_path / "g.yaml"
    path.write_bytes((GOOD[:cut] + junk + GOOD[cut:]).encode("utf-8", "surrogatepass"))
    try:
        assert load_guide(path).questions
    except InvalidGuide as error:
        assert all("g.yaml:" in line for line in error.what.splitlines())
