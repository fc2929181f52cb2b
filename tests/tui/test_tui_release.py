from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tui_driver import NARROW, WIDE, Opened

from facilitator.domain import events as ev
from facilitator.domain.consent import Consent
from facilitator.domain.ids import ResearchNumber, SessionId, Speaker
from facilitator.domain.release import ReleaseContent, ReleaseNote, ReleaseQuestion, ReleaseTurn
from facilitator.domain.transcript import Segment
from facilitator.privacy.recognizers import search_version
from facilitator.tui.release_text import ReleaseText
from facilitator.workflows.guides import find_guide
from facilitator.workflows.participants import record_consent
from facilitator.workflows.release import passages, texts_digest
from facilitator.workflows.sessions import Session, plan_session
from facilitator.workflows.study import Study

S1 = SessionId("01")
TEXTS = ("It depends on how you use it.", "[lacht] Mona said so.", "It is on the mantelpiece.")


@pytest.fixture
def drafted(peopled: Study) -> Iterator[Study]:
    """A session whose draft is searched and whose people have all consented."""
    numbers = tuple(peopled.state.participants)
    record_consent(peopled, numbers, Consent(numbers[0], "2026-11-02"))
    plan_session(peopled, find_guide(peopled.folder.guides, "pilot"), numbers, title="North")
    with Session(peopled, S1) as session:
        session.record(ev.AudioImported(16_000, 16_000 * 30, "0" * 64, "1" * 64))
        session.record(ev.TranscriptionStarted("faster-whisper", "base", "2" * 64, "en", 30_000))
        session.record(ev.TranscriptionFinished(1))
        segments = [
            Segment(place, place * 10_000, place * 10_000 + 9_000, Speaker(f"P{place + 1}"), text)
            for place, text in enumerate(TEXTS)
        ]
        session.record(ev.DraftMade(tuple(segments)))
        session.record(ev.CandidatesSearched(texts_digest(passages(session)), search_version() or "", ()))
    yield peopled


def change(study: Study, text: str) -> None:
    with Session(study, S1) as session:
        before = session.state.segments[0].text
        session.record(ev.TextCorrected(0, before, text))


def stored_approver(study: Study) -> str | None:
    with Session(study, S1, write=False) as session:
        return session.state.approval.approver if session.state.approval else None


@pytest.mark.parametrize("size", [NARROW, WIDE])
async def test_checks_and_the_text_as_it_would_leave(opened: Opened, drafted: Study, size: tuple[int, int]) -> None:
    async with opened(size) as driver:
        await driver.press("v")
        assert "VERDICT  ready for approval" in driver.text
        assert "[lacht] [P1] said so." in driver.text
        assert "Mona" not in driver.text
        assert "? The transcript was checked against the sound" in driver.text
        for key in ("a Approve", "r Check again", "F1 Help", "Esc Back"):
            assert key in driver.text.splitlines()[-1]


async def test_a_failing_check_refuses_the_approval_with_reasons(opened: Opened, drafted: Study) -> None:
    change(drafted, "Something new.")
    async with opened() as driver:
        await driver.press("v")
        assert "VERDICT  not yet: 1 fail" in driver.text
        await driver.press("a")
        assert "▲ Not verified" in driver.text
        assert "✗ The search for identifiers is current" in driver.text
        await driver.press("escape")
        assert stored_approver(drafted) is None


async def test_an_approval_is_stored_and_shown(opened: Opened, drafted: Study) -> None:
    async with opened(WIDE) as driver:
        await driver.press("v", "a")
        await driver.write("ethics officer")
        await driver.press("enter")
        assert "✓ approved by ethics officer on " in driver.text
        assert stored_approver(drafted) == "ethics officer"


async def test_an_approval_that_no_longer_holds_is_shown_as_such(opened: Opened, drafted: Study) -> None:
    async with opened(WIDE) as driver:
        await driver.press("v", "a")
        await driver.write("EO")
        await driver.press("enter")
        drafted.change_linkage(lambda linkage: linkage.with_moderator("mantelpiece"))
        await driver.press("r")
        assert "▲ The approval by EO of" in driver.text
        assert "no longer holds" in driver.text


async def test_an_approval_needs_somebody(opened: Opened, drafted: Study) -> None:
    async with opened() as driver:
        await driver.press("v", "a", "enter")
        assert "An approval needs to say who gives it." in driver.text
        assert stored_approver(drafted) is None


async def test_export_is_refused_before_the_approval(opened: Opened, drafted: Study, tmp_path: Path) -> None:
    async with opened() as driver:
        await driver.press("x")
        assert "– not approved" in driver.text
        await driver.press("ctrl+s")
        await driver.settle()
        assert "▲ Not verified" in driver.text
        assert "is not approved as it is now" in driver.text
        assert list(drafted.folder.session(S1).exports.glob("*")) == []


async def test_an_approved_session_is_exported_and_its_files_named(opened: Opened, drafted: Study) -> None:
    async with opened(WIDE) as driver:
        await driver.press("v", "a")
        await driver.write("EO")
        await driver.press("enter", "escape", "x")
        assert "approved ✓" in driver.text
        await driver.press("ctrl+s")
        await driver.settle()
        assert "✓ Exported to" in driver.text
        assert driver.text.count("SHA-256 ") == 2
        (run,) = drafted.folder.session(S1).exports.iterdir()
        assert {file.suffix for file in run.iterdir()} >= {".docx", ".txt"}
        assert "Mona" not in (run / "session-01.txt").read_text()


async def test_an_export_without_a_format_is_refused(opened: Opened, drafted: Study) -> None:
    async with opened() as driver:
        await driver.press("x", "space", "down", "space", "ctrl+s")
        await driver.settle()
        assert "No export format was given." in driver.text


def test_places_that_checks_name_are_found_in_the_text() -> None:
    content = ReleaseContent(
        study_title="S",
        approval_reference="",
        session_id="01",
        title="",
        length_ms=60_000,
        language="en",
        participants=(Speaker(ResearchNumber("P1")),),
        turns=(ReleaseTurn(5_000, 6_000, Speaker("P1"), "one\ntwo"), ReleaseTurn(9_000, 9_500, None, "[x]\x1b")),
        questions=(ReleaseQuestion(5_000, "key", "Why?"),),
        notes=(ReleaseNote(1_000, "theme", None, "seen"),),
        gaps=((7_000, 500, "device lost"),),
    )
    text = ReleaseText.of(content)
    assert text.text.splitlines() == [
        "Study: S",
        "Approval reference: not recorded",
        "Session: 01",
        "",
        "── key: Why? ──",
        "00:00:05  P1   one two",
        "── no sound: device lost ──",
        "00:00:09  ?    [x]␛",
        "00:00:01  note (theme) seen",
    ]
    assert text.line_of(("study title", "turn at 9000")) == 7
    assert text.line_of(("note at 1000",)) == 8
    assert text.line_of(("study title",)) is None
    long = replace(content, turns=(ReleaseTurn(0, 1, None, "word " * 2_000 + "Berit"),))
    assert "Berit" in ReleaseText.of(long).text, "what is approved is shown wholly"
