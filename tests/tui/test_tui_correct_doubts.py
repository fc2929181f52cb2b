"""What is doubted, what has no text and what was heard otherwise, on the correction screen."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
import session_material as material
from session_material import HOSTILE, said
from tui_driver import NARROW, WIDE, Driver, Opened

from facilitator.domain import events as ev
from facilitator.domain.doubts import Doubt, Rule
from facilitator.domain.errors import DeviceFailed
from facilitator.domain.ids import MODERATOR, SessionId
from facilitator.domain.transcript import Segment, Word
from facilitator.domain.turn_words import differences
from facilitator.tui.screens.correct import CorrectScreen
from facilitator.tui.widgets.dialogs import ShowError
from facilitator.workflows.correcting import Correction
from facilitator.workflows.sessions import Session
from facilitator.workflows.study import Study

TURNS = (
    said(1, 10_000, "P1", "The core of it is hope."),
    said(2, 20_000, "P2", "Thank you for watching."),
    Segment(3, 30_000, 33_200, None, ""),
    said(4, 40_000, "P3", "It is on the table."),
    said(5, 50_000, "P4", "Mm-hm."),
)
DOUBTS = (
    Doubt(Rule.STOCK_PHRASE, 20_000, 21_200),
    Doubt(Rule.OVER_SILENCE, 20_000, 21_200, "12% of it is speech"),
    Doubt(Rule.UNRESOLVED, 30_000, 33_200, "3.2 s of speech without text"),
    Doubt(Rule.UNSURE, 40_000, 41_500, "31% sure"),
)


def heard(start_ms: int, text: str) -> ev.HeardSegment:
    words = tuple(
        Word(word, start_ms + 300 * at, start_ms + 300 * at + 280, 0.9) for at, word in enumerate(text.split())
    )
    return ev.HeardSegment(start_ms, start_ms + 300 * max(1, len(words)), text, words)


def doubted(study: Study, turns: Sequence[Segment] = TURNS, doubts: Sequence[Doubt] = DOUBTS) -> SessionId:
    session_id = material.planned(study)
    with Session(study, session_id) as session:
        session.record(ev.DraftMade(tuple(turns), tuple(doubts)))
    return session_id


def hear_beside(study: Study, session_id: SessionId, *others: ev.HeardSegment, model: str = "small") -> None:
    how = ev.TranscriptionStarted("faster-whisper", model, "0" * 64, "en", 60_000, beside=True)
    with Session(study, session_id) as session:
        session.record(how)
        session.record(ev.WindowTranscribed(0, 0, 60_000, others))
        session.record(ev.TranscriptionFinished(1))


OTHERS = (
    heard(10_000, "the core of it is hope"),
    heard(20_000, "Thank you, Kristin."),
    heard(30_500, "A quiet remark."),
    heard(40_000, "It is on the cable."),
    heard(50_000, "Mm-hm"),
)


def turn_of(study: Study, session_id: SessionId, number: int) -> Segment:
    study.refresh()
    with Session(study, session_id, write=False) as session:
        return session.state.segments[number]


async def correcting(driver: Driver, session_id: SessionId) -> CorrectScreen:
    screen = CorrectScreen(session_id)
    driver.app.push_screen(screen)
    await driver.settle()
    return screen


class Speaker:
    """Stands in for the loudspeaker."""

    played: list[tuple[int, int]]
    playing = False
    position_ms = 0
    broken = False

    def __init__(self) -> None:
        self.played = []

    def __call__(self, correction: Correction) -> "Speaker":
        return self

    def play(self, start_ms: int, end_ms: int) -> None:
        if self.broken:
            raise DeviceFailed("There is no loudspeaker.")
        self.played.append((start_ms, end_ms))
        self.playing, self.position_ms = True, start_ms

    def stop(self) -> None:
        self.playing = False


@pytest.fixture
def speaker(monkeypatch: pytest.MonkeyPatch) -> Speaker:
    found = Speaker()
    monkeypatch.setattr("facilitator.workflows.playing.ClipPlayer", found)
    return found


def line_of(driver: Driver, part: str) -> str:
    return next(line for line in driver.text.splitlines() if part in line)


@pytest.mark.parametrize("size", [NARROW, WIDE])
async def test_a_doubted_turn_names_its_rules_and_the_editor_their_figures(
    size: tuple[int, int], peopled: Study, opened: Opened
) -> None:
    session_id = doubted(peopled)
    async with opened(size) as driver:
        await correcting(driver, session_id)
        assert "⚑ Thank you for watching.  ⚑ stock phrase, text over silence" in driver.text
        assert "4 doubts left" in line_of(driver, "0 % checked")
        await driver.press("down")
        assert "⚑ stock phrase; text over silence · 12% of it is speech" in driver.text
        await driver.press("space")
        assert "✓ Thank you for watching." in driver.text and "stock phrase" not in driver.text
        assert "2 doubts left" in line_of(driver, "20 % checked")
        for part in ("Nothing said", "Next problem", "Help", "Back"):
            assert part in driver.text, part
        assert "Next ≠" not in driver.text and "Take other" not in driver.text


async def test_too_many_figures_for_the_line_leave_the_names(peopled: Study, opened: Opened) -> None:
    many = [Doubt(rule, 10_000, 11_000, "a figure that takes room") for rule in (Rule.LOOP, Rule.UNSURE, Rule.TOO_FAST)]
    session_id = doubted(peopled, doubts=many)
    async with opened() as driver:
        await correcting(driver, session_id)
        assert "\n  ⚑ loop, unsure, too fast\n" in driver.text


async def test_one_key_goes_to_a_problem_and_plays_it_and_one_decides(
    peopled: Study, opened: Opened, speaker: Speaker
) -> None:
    session_id = doubted(peopled)
    async with opened() as driver:
        screen = await correcting(driver, session_id)
        await driver.press("f7")
        assert speaker.played == [(20_000, 21_200)] and "▶ 0:20" in driver.text
        await driver.press("space")
        assert not speaker.playing, "it was played for this decision"
        assert screen.view.current is not None and screen.view.current.segment_id == 3
        await driver.press("f7")
        assert speaker.played[-1] == (30_000, 33_200), "the turn that the last key led to is a problem too"
        await driver.press("x", "f7")
        assert speaker.played[-1] == (40_000, 41_500)
        await driver.press("enter", *"!", "enter", "f7")
        assert turn_of(peopled, session_id, 4).checked and turn_of(peopled, session_id, 4).text.endswith("table.!")
        assert any("No problem left" in notice for notice in driver.notices)
        assert len(speaker.played) == 3 and "0 doubts left" in driver.text


async def test_a_problem_that_is_left_alone_comes_again_after_the_others(
    peopled: Study, opened: Opened, speaker: Speaker
) -> None:
    session_id = doubted(peopled)
    async with opened() as driver:
        await correcting(driver, session_id)
        await driver.press(*["f7"] * 4)
        assert [start for start, _ in speaker.played] == [20_000, 30_000, 40_000, 20_000]


async def test_without_sound_the_problems_are_found_all_the_same(
    peopled: Study, opened: Opened, speaker: Speaker
) -> None:
    session_id = doubted(peopled)
    speaker.broken = True
    async with opened() as driver:
        screen = await correcting(driver, session_id)
        await driver.press("f7", "f7")
        assert screen.view.current is not None and screen.view.current.segment_id == 3
        assert driver.notices == ["There is no loudspeaker."]
        await driver.press("f4")
        assert isinstance(driver.app.screen, ShowError)


@pytest.mark.parametrize("key", ["x", "delete"])
async def test_nothing_said_takes_the_text_out_and_one_undo_brings_it_back(
    key: str, peopled: Study, opened: Opened
) -> None:
    session_id = doubted(peopled)
    before = turn_of(peopled, session_id, 2)
    async with opened() as driver:
        screen = await correcting(driver, session_id)
        await driver.press("down", key)
        after = turn_of(peopled, session_id, 2)
        assert (after.text, after.checked) == ("", True)
        assert "✓ nothing said" in line_of(driver, "00:00:20  P2")
        assert screen.view.current is not None and screen.view.current.segment_id == 3
        await driver.press("u")
        assert turn_of(peopled, session_id, 2) == before
        assert screen.view.current.segment_id == 2 and "Thank you for watching." in driver.text
        assert "4 doubts left" in driver.text


async def test_speech_without_text_is_shown_as_such_and_never_stored(peopled: Study, opened: Opened) -> None:
    session_id = doubted(peopled)
    async with opened() as driver:
        screen = await correcting(driver, session_id)
        row = line_of(driver, "00:00:30")
        assert "?    ⚑ speech without text · 3.2 s  ⚑ unresolved" in row
        await driver.press("down", "down", "enter")
        assert screen.editor.text == "" and "Type what you hear" in driver.text
        await driver.press("escape")
        assert turn_of(peopled, session_id, 3) == TURNS[2]
        await driver.press("enter", *"no", "enter", "escape")
        assert (turn_of(peopled, session_id, 3).text, turn_of(peopled, session_id, 3).checked) == ("no", True)
        await driver.press("up", "u", "u", "space")
        assert turn_of(peopled, session_id, 3) == replace(TURNS[2], checked=True)
        row = line_of(driver, "00:00:30")
        assert "✓ nothing said" in row and "?" not in row
        await driver.press("home", "f7", "f7", "f7")
        assert screen.view.current is not None and screen.view.current.segment_id == 2, "nothing said is no problem"


async def test_what_was_heard_otherwise_is_marked_shown_and_taken(peopled: Study, opened: Opened) -> None:
    session_id = doubted(peopled)
    hear_beside(peopled, session_id, *OTHERS)
    async with opened() as driver:
        screen = await correcting(driver, session_id)
        assert [row.segment_id for row in screen.view.rows if row.differs] == [2, 3, 4]
        assert "P3  ≠⚑ It is on the table." in driver.text and "says:" not in driver.text
        visited = []
        for _ in range(4):
            await driver.press("f6")
            assert screen.view.current is not None
            visited.append(screen.view.current.segment_id)
        assert visited == [2, 3, 4, 2]
        await driver.press("f6", "f6")
        assert "≠ small says: It is on the cable." in driver.text
        await driver.press("b")
        assert turn_of(peopled, session_id, 4).text == "It is on the cable."
        assert not turn_of(peopled, session_id, 4).checked and "says:" not in driver.text
        await driver.press("b")
        assert any("Nothing else was heard" in notice for notice in driver.notices)
        await driver.press("u")
        assert turn_of(peopled, session_id, 4) == TURNS[3] and "≠ small says:" in driver.text
        await driver.press("up", "b", "space")
        assert turn_of(peopled, session_id, 3).text == "A quiet remark."


async def test_differing_words_are_bold_and_underlined(peopled: Study, opened: Opened) -> None:
    session_id = doubted(peopled)
    hear_beside(peopled, session_id, *OTHERS)
    async with opened() as driver:
        await correcting(driver, session_id)
        await driver.press("end", "up")
        strips = driver.app.screen._compositor.render_strips()
        marked = "".join(
            cells.text
            for strip in strips
            for cells in strip
            if cells.style and cells.style.bold and cells.style.underline
        )
        assert marked == "cable."


async def test_the_last_hearing_is_the_one_that_is_shown(peopled: Study, opened: Opened) -> None:
    session_id = doubted(peopled)
    hear_beside(peopled, session_id, *OTHERS)
    hear_beside(peopled, session_id, heard(10_000, HOSTILE), heard(20_000, "Thank you for watching"), model="[red]")
    async with opened(WIDE) as driver:
        screen = await correcting(driver, session_id)
        assert "≠ [red] says:" in driver.text and "[/nope] ␛[31mred" in driver.text
        assert not set(driver.text) & set("\x1b\u202e\u202c\u2066\U000e0041")
        assert [row.segment_id for row in screen.view.rows if row.differs] == [1, 4, 5]
        await driver.press("end")
        assert "≠ [red] says: nothing" in driver.text


@pytest.mark.parametrize("size", [NARROW, WIDE])
async def test_everything_is_in_sight_and_stays_where_it_is(
    size: tuple[int, int], peopled: Study, opened: Opened
) -> None:
    session_id = doubted(peopled)
    hear_beside(peopled, session_id, *OTHERS)
    async with opened(size) as driver:
        screen = await correcting(driver, session_id)
        for part in ("Nothing said", "Next ≠", "Take other", "Next problem", "Find", "Help", "Back", "4 doubts left"):
            assert part in driver.text, part
        regions = set()
        for _ in TURNS:
            regions.add((screen.view.region, screen.editor.region))
            await driver.press("down")
        assert len(regions) == 1 and len(list(screen.walk_children())) < 200


async def test_thousands_of_turns_with_another_hearing_open_soon(peopled: Study) -> None:
    turns = [said(number + 1, 3_000 * number, "P1", f"turn {number} of many") for number in range(3_000)]
    session_id = doubted(
        peopled, turns, [Doubt(Rule.UNSURE, 3_000 * at, 3_000 * at + 900) for at in range(0, 3_000, 30)]
    )
    how = ev.TranscriptionStarted("faster-whisper", "small", "0" * 64, "en", 9_000_000, beside=True)
    with Session(peopled, session_id) as session:
        session.record(how)
        for window in range(300):
            parts = tuple(
                heard(3_000 * at, f"turn {at} of {'many' if at % 100 else 'more'}")
                for at in range(10 * window, 10 * window + 10)
            )
            session.record(ev.WindowTranscribed(window, 30_000 * window, 30_000 * (window + 1), parts))
        session.record(ev.TranscriptionFinished(300))
        correction = Correction(session)
        assert correction.differing() == {at + 1 for at in range(0, 3_000, 100)}


def test_a_difference_is_shown_with_a_few_words_around_it() -> None:
    text = "one two three four five six seven eight nine ten eleven twelve thirteen"
    assert differences(text, text.replace("seven", "X")) == [
        ("… three four five six", False),
        ("X", True),
        ("eight nine ten eleven …", False),
    ]
    assert differences("a b c", "A c!") == [("A", False), ("⟨−1⟩", True), ("c!", False)]
    assert differences("a", "a b") == [("a", False), ("b", True)]
    assert differences("", "a") == [("a", True)]
    assert differences("今日は雨", "今日は雪", spaced=False) == [("今日は", False), ("雪", True)]


def test_one_undo_takes_a_removal_back_and_two_other_edits(peopled: Study) -> None:
    session_id = doubted(peopled)
    with Session(peopled, session_id) as session:
        correction = Correction(session)
        correction.set_text(1, "Hope.")
        correction.set_checked(1)
        correction.undo()
        assert (correction.segment(1).text, correction.segment(1).checked) == ("Hope.", False)
        correction.undo()
        assert correction.segment(1) == TURNS[0]
        correction.set_speaker(2, MODERATOR)
        correction.nothing_said(2)
        correction.nothing_said(2)
        assert correction.undo() == 2 and correction.segment(2) == replace(TURNS[1], speaker=MODERATOR)
        correction.undo()
        assert correction.segment(2) == TURNS[1]
