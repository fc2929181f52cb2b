"""Notes: stamped when begun, kept while they are typed, changed with their history, and never lost with the screen."""

import pytest
from conduct_driver import MIN, conducting, happened, led, notes_of, refused, stage, state_of, until
from textual.events import Key
from tui_driver import Opened

from facilitator.domain import events as ev
from facilitator.domain.ids import MODERATOR, SessionId, Speaker
from facilitator.domain.notes import NoteKind
from facilitator.domain.recording import Pause
from facilitator.tui.screens.conduct import ConductScreen
from facilitator.tui.session_keys import NOTE_KEYS
from facilitator.tui.widgets.dialogs import ShowError
from facilitator.workflows.recording_state import RecordingState
from facilitator.workflows.release import release_content
from facilitator.workflows.sessions import Session
from facilitator.workflows.study import Study


@pytest.fixture
def session_id(peopled: Study) -> SessionId:
    return led(peopled)


async def test_every_kind_of_note_has_a_key_and_a_moment_needs_no_words(
    peopled: Study, opened: Opened, session_id: SessionId
) -> None:
    async with opened() as driver:
        await conducting(driver, session_id)
        await driver.press("space", "1")
        for key in NOTE_KEYS:
            await driver.press(key, "x", "enter")
        await driver.press("exclamation_mark")
        notes = sorted(notes_of(peopled, session_id), key=lambda note: note.id)
        assert [note.kind for note in notes] == [*NOTE_KEYS.values(), NoteKind.MOMENT]
        about_nobody = {NoteKind.THOUGHT, NoteKind.TECHNICAL, NoteKind.PARKED}
        assert {note.kind for note in notes if note.speaker is None} == about_nobody
        assert {note.question_id for note in notes} == {"round"}
        await driver.press("l")
        assert "2 open" in driver.text
        await driver.press("enter")
        assert "1 open" in driver.text and "[✓]" in driver.text
        await driver.press("enter")  # the cursor went along
        assert [note.kind for note in state_of(peopled, session_id).returning] == [NoteKind.FOLLOW_UP, NoteKind.PARKED]
        await driver.press("down", "enter", "escape")
        assert "parked ✓" in driver.text and "follow-up ✓" not in driver.text


async def test_a_note_bears_the_time_of_its_first_character(
    peopled: Study, opened: Opened, session_id: SessionId, monkeypatch: pytest.MonkeyPatch
) -> None:
    staged = stage(monkeypatch, 60_000)
    async with opened() as driver:
        await conducting(driver, session_id)
        await driver.press("t")
        staged.ms = 61_000
        await driver.press("a")
        staged.ms = 75_000
        await driver.press("b", "enter")
        (note,) = notes_of(peopled, session_id)
        assert (note.at_ms, note.text) == (61_000, "ab")
        await driver.press("q", "x", "backspace")
        staged.ms = 80_000
        await driver.press("y")
        staged.ms = 90_000
        await driver.press("enter", "exclamation_mark")
        assert [note.at_ms for note in notes_of(peopled, session_id)] == [61_000, 75_000, 90_000]
        assert "1:01 theme" in driver.text


async def test_an_older_note_is_chosen_and_changed_and_its_earlier_versions_stay(
    peopled: Study, opened: Opened, session_id: SessionId
) -> None:
    taken = [(at * MIN, ev.NoteTaken(NoteKind.THEME, f"note {at}", Speaker("P1"))) for at in (1, 2, 3)]
    happened(peopled, session_id, 5 * MIN, *taken)
    async with opened() as driver:
        await conducting(driver, session_id)
        await driver.press("down", "down", "down", "up")
        assert "▸    2:00 theme" in driver.text
        await driver.press("enter")
        assert "edit theme · P1 ▸" in driver.text
        await driver.write(" again")
        await driver.press("f2", "f3", "enter")
        notes = notes_of(peopled, session_id)
        assert [(one.kind, one.text, one.speaker) for one in notes][1] == (NoteKind.QUESTION, "note 2 again", "P2")
        assert notes[1].at_ms == 2 * MIN
        versions = state_of(peopled, session_id).drafts[notes[1].id]
        assert [(version.text, version.kind) for _, version in versions] == [
            ("note 2", NoteKind.THEME),
            ("note 2 again", NoteKind.QUESTION),
        ]
        before = state_of(peopled, session_id).last_seq
        await driver.press("enter", "x", "escape", "enter", "enter")
        assert state_of(peopled, session_id).last_seq == before, "nothing was changed"
        await driver.press("enter", "ctrl+u", "enter")
        assert [note.text for note in notes_of(peopled, session_id)] == ["note 1", "note 2 again"]


async def test_kind_person_and_tags_while_a_note_is_typed(
    peopled: Study, opened: Opened, session_id: SessionId
) -> None:
    happened(peopled, session_id, MIN, (0, ev.NoteTaken(NoteKind.THEME, "less manual #core #staff-time")))
    async with opened() as driver:
        await conducting(driver, session_id)
        await driver.press("3", "t")
        await driver.write("tuning in #ST")
        await driver.press("tab")
        assert "tuning in #staff-time" in driver.text
        await driver.press("f2", "f2", "f3", "f3")
        assert "quote · M ▸" in driver.text
        await driver.press("enter")
        note = notes_of(peopled, session_id)[-1]
        assert (note.kind, note.speaker, note.tags) == (NoteKind.QUOTE, MODERATOR, ("staff-time",))


async def test_what_is_typed_is_kept_meanwhile_and_escape_drops_that_too(
    peopled: Study, opened: Opened, session_id: SessionId, monkeypatch: pytest.MonkeyPatch
) -> None:
    happened(peopled, session_id, MIN, (0, ev.NoteTaken(NoteKind.THEME, "old")))
    async with opened() as driver:
        screen = await conducting(driver, session_id)
        await driver.press("t")
        await driver.write("half a thou")
        screen.take_in()
        assert [note.text for note in notes_of(peopled, session_id)] == ["old"], "not before two seconds"
        monkeypatch.setattr("facilitator.tui.screens.noting_screen.KEEP_S", 0.0)
        screen.take_in()
        assert [note.text for note in notes_of(peopled, session_id)] == ["old", "half a thou"]
        await driver.write("ght")
        await driver.press("f2")
        screen.take_in()
        assert [note.kind for note in notes_of(peopled, session_id)] == [NoteKind.THEME, NoteKind.QUESTION]
        assert driver.text.count("half a thought") == 1, "it is not in the list while it is typed"
        await driver.press("escape")
        assert [note.text for note in notes_of(peopled, session_id)] == ["old"]
        await driver.press("enter")
        await driver.write("er")
        screen.take_in()
        assert [note.text for note in notes_of(peopled, session_id)] == ["older"]
        await driver.press("escape")
        assert [note.text for note in notes_of(peopled, session_id)] == ["old"]
        assert "old" in driver.text and "older" not in driver.text


async def test_a_note_is_kept_by_who_leaves_and_a_refusal_is_told_once(
    peopled: Study, opened: Opened, session_id: SessionId, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr("facilitator.tui.screens.noting_screen.KEEP_S", 0.0)
        broken.setattr(RecordingState, "note", refused)
        async with opened() as driver:
            screen = await conducting(driver, session_id)
            await driver.press("t", "a")
            for _ in range(3):
                screen.take_in()
            assert [type(one) for one in driver.app.screen_stack].count(ShowError) == 1
            await driver.press("escape")
            assert driver.app.screen is screen and "theme ▸  a" in driver.text
    async with opened() as driver:
        await conducting(driver, session_id)
        await driver.press("t", "a", "b", "ctrl+q")
    assert [note.text for note in notes_of(peopled, session_id)] == ["ab"]


async def test_a_half_typed_note_survives_its_screen(
    peopled: Study, opened: Opened, session_id: SessionId, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as killed:
        killed.setattr("facilitator.tui.screens.noting_screen.KEEP_S", 0.2)
        async with opened() as driver:
            screen = await conducting(driver, session_id)
            await driver.press("space", "2", "v")
            await driver.write("you control the pro")
            await until(driver, lambda: notes_of(peopled, session_id))
            killed.setattr(
                ConductScreen, "close_session", lambda _: screen.session.close()
            )  # no more than its end does
    async with opened() as driver:
        await conducting(driver, session_id)
        assert "quote       P2   you control the pro" in driver.text and "OPENING 1 of 1" in driver.text


async def test_what_is_noted_off_the_record_says_so_and_is_in_no_export(
    peopled: Study, opened: Opened, session_id: SessionId
) -> None:
    happened(
        peopled, session_id, 20 * MIN, (5 * MIN, ev.RecordingPaused(Pause.OFF_RECORD)), (9 * MIN, ev.RecordingResumed())
    )
    with Session(peopled, session_id) as session:
        for minute, text in ((4, "before"), (6, "Kristin is afraid"), (9, "after")):
            session.record(ev.NoteTaken(NoteKind.THEME, text), minute * MIN)
    async with opened() as driver:
        await conducting(driver, session_id)
        assert "off the record · Kristin is afraid" in driver.text and "off the record · after" not in driver.text
    with Session(peopled, session_id, write=False) as session:
        assert [note.text for note in release_content(session).notes] == ["before", "after"]


async def test_keys_that_come_in_one_burst_take_effect_one_after_the_other(
    peopled: Study, opened: Opened, session_id: SessionId
) -> None:
    async with opened() as driver:
        await conducting(driver, session_id)
        for key in ("1", "t", *"manual", "enter"):
            driver.app.post_message(Key(key, "\r" if key == "enter" else key))
        await driver.settle()
        driver.app.post_message(Key("2", "2"))
        driver.app.post_message(Key("j", "j"))
        driver.app.post_message(Key("h", "h"))
        await driver.settle()
        state = state_of(peopled, session_id)
        assert [(one.text, one.speaker) for one in state.notes.values()] == [("manual", "P1")]
        assert [mark.speaker for mark in state.speaker_marks] == ["P1", "P2"]
        assert [coming.number for coming in state.comings] == ["P1"]


@pytest.mark.parametrize(
    ("keys", "notes"),
    [
        (("t", "a", "b", "enter", "t", "x", "y", "enter"), ["ab", "xy"]),
        (("t", "a", "escape", "t", "x", "enter"), ["x"]),
        (("t", "enter", "t", "x", "enter"), ["x"]),
        (("g", "a", "enter", "t", "x", "enter"), ["x"]),
        (("g", "escape", "t", "g", "enter"), ["g"]),
    ],
)
async def test_what_is_typed_right_behind_the_end_of_a_line_begins_the_next(
    peopled: Study, opened: Opened, session_id: SessionId, keys: tuple[str, ...], notes: list[str]
) -> None:
    async with opened() as driver:
        screen = await conducting(driver, session_id)
        for key in keys:
            driver.app.post_message(Key(key, "\r" if key == "enter" else key if len(key) == 1 else None))
        await until(driver, lambda: len(notes_of(peopled, session_id)) == len(notes))
        await driver.settle()
        assert [note.text for note in notes_of(peopled, session_id)] == notes
        assert not screen.typing
