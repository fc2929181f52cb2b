from pathlib import Path
from unittest import mock

import pytest
from cli_runner import Done, files, run

from facilitator.domain.guide import QuestionType
from facilitator.storage.files import storage_failed
from facilitator.storage.guide_files import load_guide
from facilitator.storage.study_folder import StudyFolder, write_settings

HEAD = ["Working [together]", "", "", "60", "Welcome, all.", "y"]
ROUND = ["Who are you?", "", "", "y", ""]
CORE = ["What is the core?", "k", "20", "An example?", "Anybody else?", ""]
END = ["", "", "Thanks."]


@pytest.fixture
def study(tmp_path: Path) -> Path:
    root = tmp_path / "study"
    (root / "guides").mkdir(parents=True)
    write_settings(StudyFolder(root), title="T", approval_reference="", language="en", recipient="age1none")
    return root


def typed(study: Path, *lines: str, name: str = "") -> Done:
    return run("guide", "new", *([name] if name else []), study=study, stdin="".join(f"{line}\n" for line in lines))


def test_a_guide_is_written_as_typed_and_reads_back(study: Path) -> None:
    done = typed(study, *HEAD, "Start", *ROUND, *CORE, *END)
    assert done.code == 0, done.err
    assert done.out.startswith("Stored and read back: guides/working-together.yaml, 2 questions, 25 minutes.\n")
    assert "no question of type ending" in done.out
    guide = load_guide(study / "guides" / "working-together.yaml")
    assert (guide.id, guide.title, guide.language) == ("working-together", "Working [together]", "en")
    assert (guide.slot_minutes, guide.welcome, guide.closing) == (60, "Welcome, all.", "Thanks.")
    assert len(guide.ground_rules) == 5
    first, second = guide.questions
    assert (first.id, first.type, first.minutes, first.must_ask) == ("q1", QuestionType.OPENING, 5, True)
    assert (second.type, second.minutes, second.must_ask) == (QuestionType.KEY, 20, False)
    assert second.probes == ("An example?", "Anybody else?")
    assert "5 of 60 minutes planned, 10 for welcome and closing, 45 left." in done.err
    assert "25 of 60 minutes planned, 10 for welcome and closing, 25 left." in done.err


def test_the_route_is_proposed_in_order_with_three_key_questions(study: Path) -> None:
    question = ["What?", "", "", "", ""]
    done = typed(study, *HEAD, "All", *(question * 3), *(["What?", "", "", ""] * 3), *(question * 2), *END)
    assert done.code == 0, done.err
    kinds = [question.type.value for question in load_guide(study / "guides" / "working-together.yaml").questions]
    assert kinds == ["opening", "introductory", "transition", "key", "key", "key", "ending", "ending"]
    assert "75 of 60 minutes planned, 10 for welcome and closing, ▲ 25 too many." in done.err


def test_help_and_wrong_answers_ask_again(study: Path) -> None:
    core = ["What is the core?", "?", "quay", "key", "?", "ninety", "0.4", "61", "nan", "12,5", "?", ""]
    lines = ["?", "", "x" * 201, "A title", "no/such", "?", "own", "English", "nb", "5", "0", "", "n", "En regel", ""]
    done = typed(study, *lines, "", "One", *core, *END)
    assert done.code == 0, done.err
    guide = load_guide(study / "guides" / "own.yaml")
    assert (guide.title, guide.language, guide.slot_minutes, guide.welcome) == ("A title", "nb", 0, "")
    assert guide.ground_rules == ("En regel",) and guide.questions[0].minutes == 12.5
    for said in ("more than 200 characters", "“no/such” cannot", "“English” is no code", "from 10 to 480, or 0"):
        assert said in done.err
    assert "at least one key question" in done.err and "“quay” is not a type" in done.err
    assert done.err.count("Write a number from 0.5 to 60.") == 4
    assert "12.5 minutes planned." in done.err


def test_no_ground_rules_are_proposed_in_a_language_that_has_none(study: Path) -> None:
    done = typed(study, "Titel", "de", "", "", "Nur eine Regel", "", "Eins", *CORE, *END, name="deutsch")
    assert done.code == 0 and "Ground rules that most studies use" not in done.err
    assert load_guide(study / "guides" / "deutsch.yaml").ground_rules == ("Nur eine Regel",)
    assert "rules about wording are known for English and Norwegian only" in done.out


def test_control_and_direction_characters_do_not_get_into_the_file(study: Path) -> None:
    done = typed(study, "A\x1b[31m \u202e title\uffff", "odd", *HEAD[2:], "One", *CORE, *END)
    assert done.code == 0, done.err
    assert load_guide(study / "guides" / "odd.yaml").title == "A␛[31m � title�"
    assert "\x1b" not in done.out + done.err


@pytest.mark.parametrize(("name", "code"), [("mine", 2), ("MINE", 2), ("other", 2), ("no/such", 3), ("ø", 3)])
def test_a_name_that_is_taken_or_none_is_refused_before_anything_is_asked(study: Path, name: str, code: int) -> None:
    typed(study, *(HEAD[:1] + HEAD[2:]), "One", *CORE, *END, name="mine")
    (study / "guides" / "file.yaml").write_text((study / "guides" / "mine.yaml").read_text().replace("mine", "other"))
    before = files(study)
    done = typed(study, name=name)
    assert done.code == code and "Title" not in done.err
    assert files(study) == before


def test_a_taken_name_is_not_proposed_and_asked_again(study: Path) -> None:
    assert typed(study, *HEAD, "One", *CORE, *END).code == 0
    done = typed(study, *HEAD[:1], "working-together", "second", *HEAD[2:], "One", *CORE, *END)
    assert done.code == 0 and "There is a guide working-together already." in done.err
    assert done.err.count("[working-together]") == 0
    assert (study / "guides" / "second.yaml").exists()


def test_outside_a_study_nothing_is_asked(tmp_path: Path) -> None:
    done = typed(tmp_path, *HEAD)
    assert done.code == 4 and "Title" not in done.err


def test_stopping_keeps_what_is_a_guide_under_another_name(study: Path) -> None:
    for kept in ("unfinished", "unfinished-2"):
        done = typed(study, *HEAD, "Start", *ROUND, *CORE, "And a third", "t")
        assert done.code == 130 and done.out == ""
        name = f"working-together-{kept}"
        assert f"stored as guides/{name}.yaml" in done.err
        assert "“And a third” was not complete and is lost" in done.err and "Traceback" not in done.err
        guide = load_guide(study / "guides" / f"{name}.yaml")
        assert guide.id == name and [question.id for question in guide.questions] == ["q1", "q2"]
    assert len(list((study / "guides").iterdir())) == 2


def test_stopping_before_a_key_question_prints_what_was_typed(study: Path) -> None:
    done = typed(study, *HEAD, "Start", *ROUND, "", "Next")
    assert done.code == 130 and "without a key question" in done.err and "is lost" not in done.err
    assert "text: Who are you?" in done.out and "title: Next" not in done.out
    assert list((study / "guides").iterdir()) == []


@pytest.mark.parametrize("lines", range(len(HEAD) + 3))
def test_stopping_before_the_first_question_is_complete_stores_nothing(study: Path, lines: int) -> None:
    done = typed(study, *[*HEAD, "Start", *ROUND][:lines])
    assert done.code == 130 and "Nothing was stored: no question was complete." in done.err
    assert done.out == "" and list((study / "guides").iterdir()) == []


def test_ctrl_c_is_as_the_end_of_the_input(study: Path) -> None:
    answers = iter([*HEAD, "Start", *CORE])

    def answer(_prompt: str) -> str:
        try:
            return next(answers)
        except StopIteration:
            raise KeyboardInterrupt from None

    with mock.patch("click.termui.visible_prompt_func", answer):
        done = run("guide", "new", study=study)
    assert done.code == 130 and "stored as guides/working-together-unfinished.yaml" in done.err


@pytest.mark.parametrize("lines", [[*CORE, *END], CORE])
def test_a_guide_that_the_disk_refuses_is_printed(study: Path, lines: list[str]) -> None:
    refused = storage_failed(study / "guides" / "x.yaml", OSError(28, "No space left on device"))
    with mock.patch("facilitator.storage.guide_files.write_atomically", side_effect=refused):
        done = typed(study, *HEAD, "Start", *lines)
    assert done.code == 9 and "text: What is the core?" in done.out and "No space left" in done.err
    assert list((study / "guides").iterdir()) == []
