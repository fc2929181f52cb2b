import pytest
import session_material as material
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from session_material import HOSTILE
from textual.strip import Strip
from tui_driver import NARROW, WIDE, Driver, Opened

from facilitator.domain.ids import SessionId
from facilitator.domain.session_state import SessionState
from facilitator.tui.screens.correct import CorrectScreen
from facilitator.tui.screens.home import HomeScreen
from facilitator.tui.widgets.dialogs import ShowError
from facilitator.tui.widgets.row_layout import RowLayout, guess_height, wrap
from facilitator.tui.widgets.transcript_view import TranscriptView
from facilitator.workflows.sessions import Session
from facilitator.workflows.study import Study


def state_of(study: Study, session_id: SessionId) -> SessionState:
    study.refresh()
    with Session(study, session_id, write=False) as session:
        return session.state


async def correcting(driver: Driver, session_id: SessionId) -> CorrectScreen:
    screen = CorrectScreen(session_id)
    driver.app.push_screen(screen)
    await driver.settle()
    return screen


async def test_enter_stores_checks_and_goes_on(peopled: Study, opened: Opened) -> None:
    session_id = material.drafted(peopled)
    async with opened() as driver:
        screen = await correcting(driver, session_id)
        await driver.press("enter", *" 2m", "enter")
        first = state_of(peopled, session_id).segments[1]
        assert (first.text, first.checked) == ("What do you see as the core of the program? 2m", True)
        assert screen.view.current is not None and screen.view.current.segment_id == 2
        assert screen.editor.editing
        assert "EDITING P1" in driver.text
        assert "✓ What do you see" in driver.text
        assert "16 % checked" in driver.text and "saved ✓" in driver.text


async def test_escape_keeps_the_text_without_checking_it(peopled: Study, opened: Opened) -> None:
    session_id = material.drafted(peopled)
    async with opened() as driver:
        screen = await correcting(driver, session_id)
        await driver.press("e", "x")
        assert "not stored yet" in driver.text
        await driver.press("escape")
        first = state_of(peopled, session_id).segments[1]
        assert (first.text[-2:], first.checked) == ("?x", False)
        assert not screen.editor.editing
        await driver.press("escape")
        assert isinstance(driver.app.screen, HomeScreen)


async def test_speakers_by_digit_and_undo_of_all_of_it(peopled: Study, opened: Opened) -> None:
    session_id = material.drafted(peopled)
    before = state_of(peopled, session_id).segments
    async with opened() as driver:
        screen = await correcting(driver, session_id)
        await driver.press("2", "j", "m", "down", "0", "a")
        speakers = [segment.speaker for segment in state_of(peopled, session_id).transcript[:3]]
        assert speakers == ["P2", "M", "A"]
        await driver.press("7")
        assert any("4 participants" in notice for notice in driver.notices)
        await driver.press("space", "u", "ctrl+z", "u", "u")
        assert state_of(peopled, session_id).segments == before
        assert screen.view.cursor == screen.view.index_of(1)
        await driver.press("u")
        assert any("no correction" in notice for notice in driver.notices)


async def test_a_turn_is_split_at_the_cursor_and_joined_again(peopled: Study, opened: Opened) -> None:
    session_id = material.drafted(peopled)
    before = state_of(peopled, session_id)
    text = before.segments[1].text
    async with opened() as driver:
        screen = await correcting(driver, session_id)
        await driver.press("e", "home", *["right"] * len(text.split()[0]), "f8")
        parts = [segment.text for segment in state_of(peopled, session_id).transcript[:2]]
        assert parts == [text.split()[0], " ".join(text.split()[1:])]
        assert screen.editor.text == parts[0] and "saved ✓" in driver.text
        await driver.press("escape", "f9")
        assert state_of(peopled, session_id).segments[1].text == text
        assert len(state_of(peopled, session_id).segments) == len(before.segments)
        await driver.press("u", "u")
        assert state_of(peopled, session_id).segments == before.segments
        await driver.press("e", "home", "f8")
        assert any("before and after" in notice for notice in driver.notices)
        assert state_of(peopled, session_id).segments == before.segments


async def test_undo_survives_a_restart(peopled: Study, opened: Opened) -> None:
    session_id = material.drafted(peopled)
    async with opened() as driver:
        await correcting(driver, session_id)
        await driver.press("3")
    async with opened() as driver:
        await correcting(driver, session_id)
        await driver.press("u")
        assert state_of(peopled, session_id).segments[1].speaker == "M"


async def test_problems_are_signed_and_found_in_turn(peopled: Study, opened: Opened) -> None:
    session_id = material.drafted(peopled)
    async with opened() as driver:
        screen = await correcting(driver, session_id)
        assert driver.text.count("⚑") == 3
        visited = []
        for _ in range(4):
            await driver.press("f7")
            assert screen.view.current is not None
            visited.append(screen.view.current.segment_id)
        assert visited == [2, 3, 5, 2]
        await driver.press("space", "1", "f7", "space", "f7")
        assert any("No problem left" in notice for notice in driver.notices)
        assert "⚑" not in driver.text


async def test_questions_and_notes_stand_between_the_turns(peopled: Study, opened: Opened) -> None:
    session_id = material.drafted(peopled)
    async with opened() as driver:
        await correcting(driver, session_id)
        lines = driver.text.splitlines()
        heading = next(at for at, line in enumerate(lines) if "KEY 1 of 2 · Where does" in line)
        note = next(at for at, line in enumerate(lines) if "✎ theme · tuning in" in line)
        turn = next(at for at, line in enumerate(lines) if "00:00:20  P1" in line)
        assert heading < turn < note


async def test_find_goes_round(peopled: Study, opened: Opened) -> None:
    session_id = material.drafted(peopled)
    async with opened() as driver:
        screen = await correcting(driver, session_id)
        found = []
        await driver.press("slash", *"MAYBE", "enter")
        for key in ("n", "n"):
            assert screen.view.current is not None
            found.append(screen.view.current.segment_id)
            await driver.press(key)
        assert found == [5, 5]
        await driver.press("slash", *"nowhere 12", "enter")
        assert any("in no turn" in notice for notice in driver.notices)
        await driver.press("slash", "escape")
        assert driver.app.screen is screen


async def test_without_audio_editing_still_works(peopled: Study, opened: Opened) -> None:
    session_id = material.drafted(peopled)
    async with opened() as driver:
        await correcting(driver, session_id)
        await driver.press("f4")
        assert isinstance(driver.app.screen, ShowError)
        await driver.press("escape", "space")
        assert state_of(peopled, session_id).segments[1].checked


async def test_hostile_drafts_show_as_signs(peopled: Study, opened: Opened) -> None:
    session_id = material.drafted(
        peopled, [("P1", HOSTILE, ()), (None, "[", ()), ("P2", "", ()), ("P3", "]" * 500, ())]
    )
    async with opened(WIDE) as driver:
        await correcting(driver, session_id)
        assert "[/nope] ␛[31mred" in driver.text
        assert not set(driver.text) & set("\x1b\u202e\u202c\u2066\U000e0041")
        await driver.press("slash", "[", "enter", "j", "enter")
        await driver.write(HOSTILE)
        await driver.press("enter", "escape")
        pasted = state_of(peopled, session_id).segments[3].text
        assert pasted.startswith("[/nope] ␛[31mred �dlrow� [b]bold[/b]")
        assert not set(driver.text) & set("\x1b\u202e\u202c\u2066\U000e0041")


async def test_no_draft_leads_back(peopled: Study, opened: Opened) -> None:
    session_id = material.planned(peopled)
    async with opened() as driver:
        await correcting(driver, session_id)
        assert "no draft transcript" in driver.text
        await driver.press("escape")
        assert isinstance(driver.app.screen, HomeScreen)


@pytest.mark.parametrize("size", [NARROW, WIDE])
async def test_everything_is_in_sight(size: tuple[int, int], peopled: Study, opened: Opened) -> None:
    session_id = material.drafted(peopled)
    async with opened(size) as driver:
        await correcting(driver, session_id)
        keys = ("Enter Edit", "Check, next", "Play/stop", "−3 s", "+3 s", "Next problem", "Speaker", "Undo", "Find")
        for part in ("· 0 % checked", "Kristin said", "Help", "Back", *keys):
            assert part in driver.text, part
        await driver.press("enter")
        for part in ("EDITING M", "Save, check, next", "Save, to the list", "Next problem"):
            assert part in driver.text, part
        assert "1–9 Speaker" not in driver.text


async def test_a_key_redraws_a_few_lines_of_a_long_transcript(
    peopled: Study, opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    session_id = material.long_draft(peopled, 2_000)
    calls = 0
    real = TranscriptView.render_line

    def counted(view: TranscriptView, y: int) -> Strip:
        nonlocal calls
        calls += 1
        return real(view, y)

    monkeypatch.setattr(TranscriptView, "render_line", counted)
    async with opened() as driver:
        screen = await correcting(driver, session_id)
        await driver.pilot.pause(1.0)  # rows are measured in the background for a while
        calls = 0
        await driver.press(*["j"] * 30)
        assert screen.view.current is not None and screen.view.current.segment_id == 31
        assert calls <= 30 * 10
        calls = 0
        await driver.press(*["k"] * 15)
        assert calls <= 15 * 10


async def test_five_thousand_turns_are_a_handful_of_widgets(peopled: Study, opened: Opened) -> None:
    session_id = material.long_draft(peopled, 5_000)
    async with opened() as driver:
        screen = await correcting(driver, session_id)
        assert len(list(screen.walk_children())) < 200
        await driver.press("end")
        assert screen.view.current is not None and screen.view.current.segment_id == 5_000
        assert "13:53:20" in driver.text
        await driver.press("2", "home")
        assert state_of(peopled, session_id).segments[5_000].speaker == "P2"
        await driver.pilot.resize_terminal(50, 24)
        await driver.press("pagedown", "home", "j")
        assert "00:00:20" in driver.text


@settings(max_examples=60, deadline=None)
@given(st.text(st.sampled_from("ab 日e\u0301-"), max_size=120), st.integers(1, 20))
def test_wrapping_loses_nothing_and_fits(text: str, width: int) -> None:
    spans = wrap(text, width)
    assert "".join(text[start:end] for start, end in spans) == text
    assert guess_height(text, width) >= 1
    for start, end in spans:
        line = text[start:end].rstrip()
        assert cell_len(line) <= max(width, 2)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(1, 5), min_size=1, max_size=30), st.lists(st.tuples(st.integers(0, 29), st.integers(1, 5))))
def test_the_layout_agrees_with_adding_up(heights: list[int], changes: list[tuple[int, int]]) -> None:
    layout = RowLayout(heights)
    for row, height in changes:
        if row < len(heights):
            assert layout.set_height(row, height) == height - heights[row]
            heights[row] = height
            assert layout.top(row) == sum(heights[:row])
    assert layout.total == sum(heights)
    lines = [row for row, height in enumerate(heights) for _ in range(height)]
    assert [layout.row_at(line) for line in range(layout.total)] == lines
    assert layout.row_at(-5) == 0 and layout.row_at(10**6) == len(heights) - 1
