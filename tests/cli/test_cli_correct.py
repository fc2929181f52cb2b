from pathlib import Path

import pytest
from cli_runner import run

from facilitator.domain import events as ev
from facilitator.domain.doubts import Doubt, Rule
from facilitator.domain.ids import Speaker, session_id
from facilitator.domain.transcript import Segment, Word
from facilitator.workflows.sessions import Session
from facilitator.workflows.study import Study

P1 = Speaker("P1")


def heard(start_ms: int, text: str) -> ev.HeardSegment:
    words = tuple(
        Word(word, start_ms + 300 * at, start_ms + 300 * at + 280, 0.9) for at, word in enumerate(text.split())
    )
    return ev.HeardSegment(start_ms, start_ms + 300 * len(words), text, words)


TEXTS = (heard(1_000, "The core of it is hope."), heard(10_000, "Thank you for watching."))
OTHERS = (heard(1_000, "the core of it is hope"), heard(10_000, "Thank you, \x1b[31mBerit."))


@pytest.fixture
def drafted(opened: Study) -> Session:
    """Session 01 as transcribed: a turn, a doubted one, speech without text; and another model's hearing beside it."""
    turns = (
        *(Segment(at, one.start_ms, one.end_ms, P1, one.text, one.words) for at, one in enumerate(TEXTS, start=1)),
        Segment(3, 20_000, 23_200, None, ""),
    )
    doubts = (
        Doubt(Rule.STOCK_PHRASE, 10_000, 11_200),
        Doubt(Rule.OVER_SILENCE, 10_000, 11_200, "12% of it is speech"),
        Doubt(Rule.UNRESOLVED, 20_000, 23_200, "3.2 s of speech without text"),
    )
    speech = ((1_000, 2_800), (10_000, 11_200), (20_000, 23_200))
    with Session(opened, session_id("01")) as session:
        for model, parts in (("base", TEXTS), ("small", OTHERS)):
            beside = model == "small"
            session.record(ev.TranscriptionStarted("auto", model, "0" * 64, "en", 3_700_000, beside=beside))
            session.record(ev.WindowTranscribed(0, 0, 3_700_000, parts, speech))
            session.record(ev.TranscriptionFinished(1))
        session.record(ev.DraftMade(turns, doubts))
    return session


def turn(opened: Study, number: int) -> Segment:
    opened.refresh()
    with Session(opened, session_id("01"), write=False) as session:
        return session.state.segments[number]


def test_lists_name_the_rules_the_figures_and_the_other_text(planned: Path, drafted: Session) -> None:
    listed = run("correct", "01", "--list", study=planned).out.splitlines()
    assert listed == [
        "   1   00:00:01 P1  The core of it is hope.",
        "   2   00:00:10 P1  Thank you for watching.  ⚑ stock phrase, text over silence",
        "   3   00:00:20 ?   (speech without text · 3.2 s)  ⚑ unresolved",
    ]
    doubted = run("correct", "01", "--doubts", study=planned).out.splitlines()
    assert [line[:4] for line in doubted] == ["   2", "   3"]
    assert doubted[0].endswith("⚑ stock phrase; text over silence · 12% of it is speech")
    other = run("correct", "01", "--beside", study=planned).out.splitlines()
    assert [line[:4] for line in other] == ["   2", "    "]
    assert other[1] == "     ≠ small says: Thank you, ␛[31mBerit."


def test_a_script_takes_the_other_text_or_says_that_nothing_was_said(
    opened: Study, planned: Path, drafted: Session
) -> None:
    before = turn(opened, 2)
    done = run("correct", "01", "--turn", "2", "--take", "--check", study=planned)
    assert done.code == 0 and "✓ 00:00:10 P1  Thank you, ␛[31mBerit." in done.out
    assert run("correct", "01", "--turn", "2", "--take", study=planned).code == 4
    assert run("correct", "01", "--undo", study=planned).code == run("correct", "01", "--undo", study=planned).code == 0
    assert turn(opened, 2) == before
    done = run("correct", "01", "--turn", "2", "--nothing", study=planned)
    assert "✓ 00:00:10 P1  (nothing said)" in done.out and turn(opened, 2).text == ""
    assert "Thank you for watching." in run("correct", "01", "--undo", study=planned).out
    assert turn(opened, 2) == before
    assert "00:00:20 –   (nothing said)" in run("correct", "01", "--turn", "3", "--nothing", study=planned).out
    assert run("correct", "01", "--turn", "9", "--nothing", study=planned).code == 4


@pytest.mark.parametrize(
    "wrong",
    [("--take",), ("--nothing",), ("--turn", "2", "--take", "--nothing"), ("--turn", "2", "--take", "--text", "x")],
)
def test_what_makes_no_sense_changes_nothing(
    wrong: tuple[str, ...], opened: Study, planned: Path, drafted: Session
) -> None:
    before = turn(opened, 2)
    assert run("correct", "01", *wrong, study=planned).code == 2
    assert turn(opened, 2) == before


def test_line_by_line_doubts_are_words_and_keys_take_or_empty(opened: Study, planned: Path, drafted: Session) -> None:
    done = run("correct", "01", "--plain", study=planned, stdin="\n/b\n\n/n\n")
    assert done.code == 0
    assert "⚑ stock phrase; text over silence · 12% of it is speech" in done.out
    assert "≠ small says: Thank you," in done.out
    assert "(speech without text · 3.2 s)  ⚑ unresolved · 3.2 s of speech without text" in done.out
    assert "3 of 3 turns checked, 0 doubts left. Everything is saved." in done.out
    assert turn(opened, 2).text.startswith("Thank you, ") and turn(opened, 2).checked
    assert (turn(opened, 3).text, turn(opened, 3).checked) == ("", True)


def test_line_by_line_stops_with_doubts_left(planned: Path, drafted: Session) -> None:
    done = run("correct", "01", "--plain", study=planned, stdin="/b\n/q\n")
    assert "Nothing else was heard beside this turn." in done.err
    assert "0 of 3 turns checked, 3 doubts left." in done.out


def test_a_session_accounts_for_its_recording_and_counts_its_doubts(
    opened: Study, planned: Path, drafted: Session
) -> None:
    shown = run("session", "show", "01", study=planned).out
    assert "unresolved 3.200 s" in shown and "silence 1 h 1 min 33." in shown
    assert "3 doubts left: stock phrase 1, text over silence 1, unresolved 1" in shown
    data = run("session", "show", "01", "--json", study=planned).json
    assert sum(data["account_ms"].values()) == 3_700_000
    assert data["account_ms"]["unresolved"] == 3_200 and data["account_ms"]["missing"] == 0
    assert data["open_doubts"] == {"stock phrase": 1, "text over silence": 1, "unresolved": 1}
    assert run("correct", "01", "--turn", "2", "--check", study=planned).code == 0
    assert "1 doubt left: unresolved 1" in run("session", "show", "01", study=planned).out
    other = run("session", "show", "02", "--json", study=planned).json
    assert other["account_ms"] == {} and other["open_doubts"] == {}
