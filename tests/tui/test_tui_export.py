from collections.abc import Iterator
from pathlib import Path

import pytest
from study_sound import record_sound
from tui_driver import NARROW, WIDE, Driver, Opened

from facilitator.domain import events as ev
from facilitator.domain.consent import Consent
from facilitator.domain.detail import ExportProfile
from facilitator.domain.ids import SessionId, Speaker
from facilitator.domain.transcript import Segment, Word
from facilitator.privacy.recognizers import search_version
from facilitator.tui.keys import shown_bindings
from facilitator.tui.screens.export import MOST_PLACES, ExportScreen, sound_text
from facilitator.tui.widgets.dialogs import Working
from facilitator.workflows.exporting import SessionExport, export_session
from facilitator.workflows.guides import find_guide
from facilitator.workflows.participants import record_consent
from facilitator.workflows.redacting import Redacted
from facilitator.workflows.release import passages, texts_digest
from facilitator.workflows.sessions import Session, plan_session
from facilitator.workflows.study import Study
from facilitator.workflows.verifying import approve, verify

S1 = SessionId("01")
TEXTS = ("It depends on how you use it.", "[lacht] Mona said so.")


@pytest.fixture
def approved(peopled: Study) -> Iterator[Study]:
    """A session of 12 s of sound, approved for the team; nobody agreed yet that sound is shared."""
    agree(peopled, sharing=False)
    plan_session(peopled, find_guide(peopled.folder.guides, "pilot"), tuple(peopled.state.participants), title="North")
    with Session(peopled, S1) as session:
        record_sound(session, 12)
        session.record(ev.TranscriptionStarted("faster-whisper", "base", "2" * 64, "en", 12_000))
        session.record(ev.TranscriptionFinished(0))
        session.record(ev.DraftMade(tuple(_turn(number, text) for number, text in enumerate(TEXTS))))
        session.record(ev.CandidatesSearched(texts_digest(passages(session)), search_version() or "", ()))
        approve(session, "officer", verify(session).content.digest)
    yield peopled


def _turn(number: int, text: str) -> Segment:
    start, said = number * 6000, text.split()
    words = tuple(Word(word, start + 500 * at, start + 500 * at + 400, 0.9) for at, word in enumerate(said))
    return Segment(number, start, start + 5000, Speaker(f"P{number + 1}"), text, words)


def agree(study: Study, *, sharing: bool) -> None:
    numbers = tuple(study.state.participants)
    record_consent(study, numbers, Consent(numbers[0], "2026-11-02", audio_sharing=sharing))


def written(study: Study) -> list[Path]:
    return list(study.folder.session(S1).exports.glob("*"))


async def to_sound(driver: Driver) -> None:
    """Tick the sound."""
    await driver.press("x", "tab", "tab", "space")


@pytest.mark.parametrize("size", [NARROW, WIDE])
async def test_sound_is_a_switch_that_says_what_it_takes(
    opened: Opened, approved: Study, size: tuple[int, int]
) -> None:
    agree(approved, sharing=True)
    async with opened(size) as driver:
        await driver.press("x")
        assert "[ ] with sound, a tone over every identifier" in driver.text
        assert "takes long" not in driver.text
        await driver.press("tab", "tab", "space")
        assert "[✓] with sound, a tone over every identifier" in driver.text
        assert "This takes long, about as long as the transcription did" in driver.text
        assert "0:12" in driver.text and "A voice identifies all the same." in driver.text
        assert all(len(line) <= size[0] for line in driver.text.splitlines())
        for key, binding in shown_bindings(driver.app.screen):
            assert f"{key} {binding.description}" in driver.text.splitlines()[-1]
        await driver.press("space")
        assert "takes long" not in driver.text


async def test_sound_that_not_everybody_agreed_to_is_refused_as_by_the_command(opened: Opened, approved: Study) -> None:
    async with opened(WIDE) as driver:
        await to_sound(driver)
        said = "Not everybody agreed that sound is shared: P1, P2, P3, P4."
        assert f"✗ It would be refused: {said}" in driver.text
        await driver.press("ctrl+s")
        assert "▲ Consent missing" in driver.text and "Safe  Nothing was written." in driver.text
        assert "Export without --audio, or record their consent" in driver.text
        await driver.press("escape")
        assert "✗ Nothing was written." in driver.text
        assert written(approved) == []
        await driver.press("space", "ctrl+s")
        assert "✓ Exported to" in driver.text and "under a tone" not in driver.text


async def test_a_session_without_sound_says_so(opened: Opened, approved: Study) -> None:
    plan_session(approved, find_guide(approved.folder.guides, "pilot"), tuple(approved.state.participants), title="B")
    agree(approved, sharing=True)
    async with opened(WIDE) as driver:
        await driver.press("down")
        await to_sound(driver)
        assert "✗ It would be refused: There is no sound in this session." in driver.text


async def test_each_reader_has_an_approval_of_its_own(opened: Opened, approved: Study) -> None:
    with Session(approved, S1) as session:
        approve(session, "officer", verify(session, ExportProfile.ARCHIVE).content.digest, ExportProfile.ARCHIVE)
    async with opened(WIDE) as driver:
        await driver.press("x")
        assert "for: team" in driver.text and "approved ✓" in driver.text
        await driver.press("tab", "down", "space")
        assert "for: journal" in driver.text and "– not approved" in driver.text
        await driver.press("ctrl+s")
        assert "is not approved as it is now, for the profile" in driver.text
        await driver.press("escape", "down", "space", "ctrl+s")
        assert "for: archive" in driver.text and "✓ Exported to" in driver.text
        (folder,) = written(approved)
        assert folder.name.startswith("session-01-archive-")
        await driver.press("up", "space")
        assert "Exported once so far." in driver.text


async def test_stopping_writes_nothing(opened: Opened, approved: Study) -> None:
    async with opened(WIDE) as driver:
        await driver.press("x")
        screen = driver.app.screen
        assert isinstance(screen, ExportScreen)
        screen.action_write()
        dialog = driver.app.screen
        assert isinstance(dialog, Working)
        dialog._stop.set()  # as Escape does, before the job has begun
        await driver.settle()
        assert driver.app.screen is screen
        assert driver.notices[-1] == "Stopped as you asked.\nNothing is written."
        assert written(approved) == []


async def test_what_is_under_a_tone_is_shown_afterwards(opened: Opened, approved: Study) -> None:
    redacted = Redacted(((6_250, 7_400), (9_000, 9_500)), 1, (3_000, 3_000, 8_000))
    with Session(approved, S1) as session:
        made = export_session(session)
    async with opened(WIDE) as driver:
        await driver.press("x")
        screen = driver.app.screen
        assert isinstance(screen, ExportScreen)
        screen._done(SessionExport(made.folder, made.files, redacted))
        await driver.settle()
        for part in (
            "Sound: 1.6 s in 2 places are under a tone. Still identifiable by voice.",
            "00:00:06 (1.1 s), 00:00:09 (0.5 s)",
            "Wholly under a tone, since their words have no times: 1 turn.",
            "▲ Listen before you pass it on, for words there sound like a known name: 00:00:03, 00:00:08.",
        ):
            assert part in driver.text, part


def test_many_places_under_a_tone_are_counted() -> None:
    toned = tuple((at * 2000, at * 2000 + 500) for at in range(MOST_PLACES + 7))
    said = sound_text(Redacted(toned, 0)).plain
    assert said.count("(0.5 s)") == MOST_PLACES and said.endswith("and 7 more")
    assert "Listen" not in said and "Wholly" not in said
    assert "0.0 s in 0 places" in sound_text(Redacted((), 0)).plain
