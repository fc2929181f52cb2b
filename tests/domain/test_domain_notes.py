import pytest
from hypothesis import given
from hypothesis import strategies as st

from facilitator.domain.checklist import CONSENT, PRESENT, RETURNING, SOUND, Phase, checklist
from facilitator.domain.guide import Guide, Question, QuestionType, Section
from facilitator.domain.notes import Note, NoteKind, completed, known_tags


def _note(text: str, number: int = 1) -> Note:
    return Note(number, 0, NoteKind.THEME, text)


@pytest.mark.parametrize(
    ("text", "tags"),
    [
        ("less manual #core #staff", ("core", "staff")),
        ("#core at the start, #core again, and #staff", ("core", "staff")),
        ("#Core and #core differ", ("Core", "core")),
        (
            "#øvelse #Übung #упражнение #練習 #2nd-time #a_b",
            ("øvelse", "Übung", "упражнение", "練習", "2nd-time", "a_b"),
        ),
        ("in C#sharp, a#b and ##twice nothing is tagged", ()),
        ("# heading, #, #! and #-x are none", ()),
        ("#core, #staff. #time! #room? #end", ("core", "staff", "time", "room", "end")),
        ("[#core] (#staff) **#time** `#room`", ()),
        ("#core] #staff) #time** [link](#room)", ("core", "staff", "time")),
        ("\t#core\n#staff", ("core", "staff")),
        ("", ()),
        ("#" + "a" * 40, ("a" * 40,)),
    ],
)
def test_tags_of_a_note(text: str, tags: tuple[str, ...]) -> None:
    assert _note(text).tags == tags


def test_known_tags_are_listed_by_use_then_by_name() -> None:
    texts = ("#b #c", "#c #a", "#c", "#d#e", "none")
    assert known_tags(_note(text) for text in texts) == ("c", "a", "b", "d")
    assert known_tags([_note("#twice #twice"), _note("#a"), _note("#a")]) == ("a", "twice"), "once a note"
    assert known_tags([]) == ()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("tuning in #co", "tuning in #core"),
        ("tuning in #CO", "tuning in #core"),
        ("#", "#core"),
        ("#core", "#core-skills"),
        ("#core-", "#core-skills"),
        ("#Core-Skills", None),
        ("#core-skills", None),
        ("#ü", "#Übung"),
        ("#x", None),
        ("core", None),
        ("a#co", None),
        ("##co", None),
        ("#co ", None),
        ("#co\n", None),
        ("#co, then", None),
        ("[bold]#co", None),
        ("", None),
    ],
)
def test_a_begun_tag_is_written_out(text: str, found: str | None) -> None:
    assert completed(text, ("core", "staff", "core-skills", "Übung")) == found


def test_the_first_of_the_tags_that_fit_is_taken() -> None:
    assert completed("#c", ("cool", "core")) == "#cool" and completed("#c", ("core", "cool")) == "#core"
    assert completed("#c", ()) is None


@given(st.text(max_size=40))
def test_tags_are_words_of_the_text_and_complete_themselves(text: str) -> None:
    tags = _note(text).tags
    assert len(set(tags)) == len(tags)
    for tag in tags:
        assert f"#{tag}" in text and not any(char.isspace() for char in tag) and len(tag) <= 40
        for length in range(len(tag)):
            # a long s folds to s; what is written out is always the known tag itself
            assert completed(f"x #{tag[:length]}", [tag]) in (f"x #{tag}", None)
        assert completed("x #", [tag]) == f"x #{tag}"


# --- the checklist


def _guide(*rules: str) -> Guide:
    question = Question("q1", QuestionType.KEY, "What?", 5)
    return Guide("g", "A guide", "en", (Section("One", (question,)),), ground_rules=rules)


def test_each_ground_rule_is_a_line_of_the_checklist() -> None:
    found = checklist(_guide("One at a time.", "No names."))
    assert [one.text for one in found if one.id.startswith("rule-")] == ["One at a time.", "No names."]
    assert [one.id for one in found if one.id.startswith("rule-")] == ["rule-1", "rule-2"]


@pytest.mark.parametrize("guide", [None, _guide(), _guide("One at a time.")])
def test_the_checklist_is_in_order_and_the_program_ticks_what_it_knows(guide: Guide | None) -> None:
    found = checklist(guide)
    assert len({one.id for one in found}) == len(found) and all(one.text for one in found)
    phases = [one.phase for one in found]
    assert phases == sorted(phases, key=list(Phase).index) and set(phases) == set(Phase)
    assert [one for one in found if one.told] == [CONSENT, PRESENT, SOUND, RETURNING]
    rules = sum(one.id.startswith("rule-") for one in found)
    assert rules == (1 if guide and guide.ground_rules else 3)
