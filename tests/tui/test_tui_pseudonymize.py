import pytest
import session_material as material
from session_material import HOSTILE
from sound_room import SoundRoom
from talk import talk
from tui_driver import NARROW, WIDE, Driver, Opened

from facilitator.audio.container import RecordWriter
from facilitator.domain.detail import Detail, ExportProfile
from facilitator.domain.entities import Action, Decision
from facilitator.domain.events import NoteTaken, RecordingStarted, RecordingStopped
from facilitator.domain.ids import SessionId
from facilitator.domain.notes import NoteKind
from facilitator.tui.screens.home import HomeScreen
from facilitator.tui.screens.pseudonymize import PseudonymizeScreen
from facilitator.tui.widgets.detail_choice import DetailChoice
from facilitator.tui.widgets.dialogs import Confirm, ShowError
from facilitator.workflows.release import release_content
from facilitator.workflows.sessions import Session
from facilitator.workflows.study import Study


def decision_on(study: Study, surface: str) -> Decision | None:
    study.refresh()
    (entry,) = study.linkage.entities_for(surface)
    return study.state.decisions.get(entry.id)


async def deciding(driver: Driver, session_id: SessionId) -> PseudonymizeScreen:
    screen = PseudonymizeScreen(session_id)
    driver.app.push_screen(screen)
    await driver.settle()
    return screen


async def choose(driver: Driver, screen: PseudonymizeScreen, surface: str) -> None:
    for _ in range(20):
        if screen.chosen is not None and screen.chosen.surface == surface:
            return
        await driver.press("down")
    raise AssertionError(f"{surface} is not in the list")


def shown(driver: Driver) -> str:
    """The right half of the screen as one line."""
    return " ".join(" ".join(line.rpartition("│")[2] for line in driver.text.splitlines()).split())


async def test_the_search_runs_by_itself_and_only_when_needed(peopled: Study, opened: Opened) -> None:
    session_id = material.drafted(peopled)
    async with opened() as driver:
        screen = await deciding(driver, session_id)
        assert "3 identifiers · 0 decided · 3 open" in driver.text
        assert "names of P" in driver.text
        searched = screen.session.state.last_seq
        await driver.press("escape")
        screen = await deciding(driver, session_id)
        assert screen.session.state.last_seq == searched
        await driver.press("slash")
        assert screen.session.state.last_seq == searched + 1


async def test_replace_keep_edit_and_undo_are_stored(peopled: Study, opened: Opened) -> None:
    session_id = material.drafted(peopled)
    async with opened() as driver:
        screen = await deciding(driver, session_id)
        await choose(driver, screen, "Levanger")
        assert "material, says my colleague" in driver.text
        await driver.press("r")
        decision = decision_on(peopled, "Levanger")
        assert decision is not None and (decision.action, decision.replacement) == (Action.REPLACE, "[Place 1]")
        assert "→ [Place 1]" in driver.text and "1 decided · 2 open" in driver.text
        await choose(driver, screen, "Trondheim")
        await driver.press("k")
        decision = decision_on(peopled, "Trondheim")
        assert decision is not None and decision.action is Action.KEEP
        await choose(driver, screen, "Berit")
        await driver.press("e", "ctrl+u", *"P2's colleague 1", "enter")
        decision = decision_on(peopled, "Berit")
        assert decision is not None and decision.replacement == "[P2's colleague 1]"
        assert "3 decided · 0 open" in driver.text
        await driver.press("u")
        assert decision_on(peopled, "Berit") is None
        assert screen.chosen is not None and screen.chosen.surface == "Berit"
        await driver.press("u", "u", "u")
        assert decision_on(peopled, "Levanger") is None
        assert any("no decision" in notice for notice in driver.notices)


async def test_a_name_in_a_replacement_is_refused(peopled: Study, opened: Opened) -> None:
    session_id = material.drafted(peopled)
    async with opened() as driver:
        screen = await deciding(driver, session_id)
        await choose(driver, screen, "Berit")
        await driver.press("e", "ctrl+u", *"sister of Kristin", "enter")
        assert isinstance(driver.app.screen, ShowError)
        assert decision_on(peopled, "Berit") is None
        await driver.press("escape")
        assert screen.panel.typing
        await driver.press("escape")
        assert not screen.panel.typing
        await driver.press("escape")
        assert isinstance(driver.app.screen, HomeScreen)


async def test_a_changed_text_is_searched_again(peopled: Study, opened: Opened) -> None:
    session_id = material.drafted(peopled)
    async with opened() as driver:
        await deciding(driver, session_id)
        await driver.press("escape")
        from facilitator.workflows.correcting import Correction

        with Session(peopled, session_id) as session:
            Correction(session).set_text(3, "We went to Steinkjer together.")
        await deciding(driver, session_id)
        assert "4 identifiers" in driver.text


async def test_hostile_texts_show_as_signs(peopled: Study, opened: Opened) -> None:
    script = [("P1", f"My colleague Berit {HOSTILE} lives in Levanger {HOSTILE}", ())]
    session_id = material.drafted(peopled, script)
    async with opened(WIDE) as driver:
        screen = await deciding(driver, session_id)
        await choose(driver, screen, "Levanger")
        assert "␛[31m" in driver.text and "[b]bold[/b]" in driver.text
        await driver.press("e")
        await driver.write(HOSTILE)
        await driver.press("enter")
        decision = decision_on(peopled, "Levanger")
        assert decision is not None and decision.replacement.startswith("[") and "/nope)" in decision.replacement
        assert not set(driver.text) & set("\x1b\u202e\u202c\u2066\U000e0041")


async def test_no_transcript_leads_back(peopled: Study, opened: Opened) -> None:
    session_id = material.planned(peopled)
    async with opened() as driver:
        await deciding(driver, session_id)
        assert "has no transcript yet" in driver.text
        await driver.press("escape")
        assert isinstance(driver.app.screen, HomeScreen)


@pytest.mark.parametrize("size", [NARROW, WIDE])
async def test_everything_is_in_sight(size: tuple[int, int], peopled: Study, opened: Opened) -> None:
    session_id = material.drafted(peopled)
    async with opened(size) as driver:
        screen = await deciding(driver, session_id)
        await choose(driver, screen, "Berit")
        keys = ("r Replace", "e Edit text", "k Keep", "u Undo", "/ Search again", "Help", "Back")
        for part in ("Open (3)", "Roster (1)", "“Berit”", "person", "00:00:40 P2", "r replaces it everywhere", *keys):
            assert part in driver.text, part
        assert len(list(screen.walk_children())) < 200


async def test_general_forms_and_detail_for_others(peopled: Study, opened: Opened) -> None:
    session_id = material.drafted(peopled)
    async with opened() as driver:
        screen = await deciding(driver, session_id)
        await choose(driver, screen, "Levanger")
        assert "g general form [a place]" in driver.text
        await driver.press("g")
        decision = decision_on(peopled, "Levanger")
        assert decision is not None and decision.replacement == "[a place]"
        await choose(driver, screen, "Berit")
        await driver.press("d")
        assert any("Decide it first" in notice for notice in driver.notices)
        assert "“my colleague” there" in shown(driver)
        await driver.press("r")
        decision = decision_on(peopled, "Berit")
        assert decision is not None and decision.replacement == "[P2's colleague 1]"
        await choose(driver, screen, "Berit")
        await driver.press("d")
        assert isinstance(driver.app.screen, DetailChoice)
        for part in ("Journal · now [P2's colleague 1]", "Archive · now", "● as usual for its kind"):
            assert part in driver.text, part
        await driver.press("escape", "d", "end", "up", "enter")
        (entry,) = peopled.linkage.entities_for("Berit")
        peopled.refresh()
        assert peopled.state.details == {(entry.id, ExportProfile.ARCHIVE): Detail.REMOVED}
        assert "archive: [person removed]" in shown(driver)


async def test_only_the_marked_place_is_kept(peopled: Study, opened: Opened) -> None:
    script = [("P1", "We met in Levanger.", ()), ("P2", "Mayor Levanger said that Levanger is far.", ())]
    session_id = material.drafted(peopled, script)
    async with opened(WIDE) as driver:
        screen = await deciding(driver, session_id)
        await choose(driver, screen, "Levanger")
        assert screen.chosen is not None and len(screen.chosen.contexts) == 3
        await driver.press("r")
        await choose(driver, screen, "Levanger")
        await driver.press("left", "right", "s")
        assert "▸ = kept here  00:00:20 P2   Mayor Levanger said" in driver.text
        peopled.refresh()
        with Session(peopled, session_id, write=False) as session:
            text = release_content(session).turns[1].text
        assert text == "Mayor Levanger said that [Place 1] is far."
        await driver.press("s")
        assert "kept here" not in driver.text
        await driver.press("right", "right", "right", "s")
        assert "that Levanger is far" in driver.text and driver.text.count("kept here") == 1


async def test_all_of_a_kind_are_decided_together_and_taken_back_together(peopled: Study, opened: Opened) -> None:
    session_id = material.drafted(peopled)
    async with opened() as driver:
        screen = await deciding(driver, session_id)
        await choose(driver, screen, "Trondheim")
        await driver.press("a")
        assert isinstance(driver.app.screen, Confirm) and "Replace all 2 open" in driver.text
        await driver.press("escape", "a", "y")
        await driver.settle()
        assert decision_on(peopled, "Levanger") and decision_on(peopled, "Trondheim")
        assert "2 decided · 1 open" in driver.text
        await driver.press("u")
        assert decision_on(peopled, "Levanger") is None and decision_on(peopled, "Trondheim") is None
        await choose(driver, screen, "Berit")
        await driver.press("k")
        await choose(driver, screen, "Berit")
        await driver.press("a")
        assert any("Nothing of the kind person is open" in notice for notice in driver.notices)


async def test_where_there_is_no_sound_the_screen_says_so(peopled: Study, opened: Opened) -> None:
    session_id = material.drafted(peopled)
    with Session(peopled, session_id) as session:
        session.record(NoteTaken(NoteKind.THEME, "Ask about Steinkjer"), 30_000)
    async with opened() as driver:
        screen = await deciding(driver, session_id)
        await choose(driver, screen, "Steinkjer")
        await driver.press("space")
        assert any("written, not said" in notice for notice in driver.notices)
        await choose(driver, screen, "Levanger")
        await driver.press("space")
        await driver.settle()
        assert isinstance(driver.app.screen, ShowError)


@pytest.mark.slow
@pytest.mark.sound
async def test_the_marked_place_is_heard(
    peopled: Study, opened: Opened, sound_room: SoundRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in sound_room.settings.items():
        monkeypatch.setenv(name, value)
    session_id = material.drafted(peopled)
    with Session(peopled, session_id) as session:
        session.record(RecordingStarted(16_000, "test"), 0)
        with RecordWriter(
            session.folder.track(0),
            session_id=session.id,
            recipient=session.key.audio_recipient,
            rate=16_000,
            ballast_bytes=0,
        ) as writer:
            writer.append(talk(60, 16_000).tobytes(), 0)
        session.record(RecordingStopped(60 * 16_000, 60_000, "0" * 64), 60_000)
    async with opened() as driver:
        screen = await deciding(driver, session_id)
        await choose(driver, screen, "Levanger")
        await driver.press("space")
        await driver.settle()
        assert screen.playing and screen.heard_ms is not None
        assert 40_000 <= screen.heard_ms <= 50_000
        await driver.press("space")
        assert not screen.playing
