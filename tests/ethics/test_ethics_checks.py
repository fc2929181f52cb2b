from dataclasses import replace
from typing import Any

import pytest

from facilitator.domain.ids import Speaker
from facilitator.domain.release import ReleaseContent, ReleaseNote, ReleaseTurn
from facilitator.domain.session_state import Approval
from facilitator.ethics.approval import approval_reason, approval_valid
from facilitator.ethics.checks import Check, Verdict, ready, run_checks

CONTENT = ReleaseContent(
    study_title="Recovery",
    approval_reference="2021/200019",
    session_id="01",
    title="Group one",
    length_ms=60_000,
    language="en",
    participants=(Speaker("P1"), Speaker("P2")),
    turns=(
        ReleaseTurn(0, 900, Speaker("M"), "Welcome. […]"),
        ReleaseTurn(900, 2_000, Speaker("P1"), "Thank you, [P2]. [the program]"),
        ReleaseTurn(2_000, 3_000, None, "mm"),
    ),
    notes=(ReleaseNote(500, "theme", Speaker("A"), "calm"),),
)
CLEAN: dict[str, Any] = {
    "residue_refs": (),
    "search_current": True,
    "undecided": 0,
    "unknown_identifiers": 0,
    "transcription_finished": True,
    "unknown_speaker_turns": 0,
    "unchecked_segments": 0,
    "open_doubts": 0,
    "total_segments": 3,
    "missing_recording_consent": (),
    "refused_quotation": (),
}


def checks(content: ReleaseContent = CONTENT, **facts: Any) -> dict[str, Check]:
    return {check.id: check for check in run_checks(content, **(CLEAN | facts))}


def with_turn(text: str, speaker: str | None = "P1") -> ReleaseContent:
    return replace(CONTENT, turns=(ReleaseTurn(7, 8, Speaker(speaker) if speaker else None, text),))


def approval(content: ReleaseContent) -> Approval:
    return Approval(content.digest, "ethics officer", "2024-05-01T10:00:00Z", 40)


def test_a_clean_session_passes_everything_but_the_approval_it_waits_for() -> None:
    found = checks()
    assert {check.verdict for check in found.values() if check.id != "approval"} == {Verdict.PASS}
    assert found["approval"].verdict is Verdict.NOT_APPLICABLE
    assert ready(found.values())


@pytest.mark.parametrize(
    ("facts", "failing"),
    [
        ({"residue_refs": ("turn at 0",)}, "residue"),
        ({"undecided": 1}, "undecided"),
        ({"search_current": False}, "search"),
        ({"transcription_finished": False}, "transcript"),
        ({"missing_recording_consent": ("P2",)}, "consent"),
        ({"content": replace(CONTENT, turns=())}, "transcript"),
        ({"content": with_turn("hello", "P9")}, "speakers"),
        ({"content": replace(CONTENT, notes=(ReleaseNote(5, "quote", Speaker("P9"), "x"),))}, "speakers"),
    ],
)
def test_what_blocks(facts: dict[str, Any], failing: str) -> None:
    found = checks(**facts)
    assert [check.id for check in found.values() if check.verdict is Verdict.FAIL] == [failing]
    assert not ready(found.values())


@pytest.mark.parametrize(
    ("facts", "judged"),
    [
        ({"refused_quotation": ("P1",)}, "quotation"),
        ({"unknown_speaker_turns": 1}, "unknown-speakers"),
        ({"unchecked_segments": 2}, "corrected"),
        ({"open_doubts": 1}, "doubts"),
        ({"content": with_turn("[the program")}, "brackets"),
        ({"content": with_turn("]out of order[")}, "brackets"),
        ({"approval": approval(with_turn("earlier text"))}, "approval"),
    ],
)
def test_what_a_person_judges_does_not_block(facts: dict[str, Any], judged: str) -> None:
    found = checks(**facts)
    assert [check.id for check in found.values() if check.verdict is Verdict.JUDGE] == [judged]
    assert ready(found.values())


def test_refs_lead_to_the_place() -> None:
    assert checks(residue_refs=("turn at 900",))["residue"].refs == ("turn at 900",)
    assert checks(with_turn("hello", "P9"))["speakers"].refs == ("turn at 7",)
    assert checks(with_turn("a ] b"))["brackets"].refs == ("turn at 7",)


def test_details_quote_nothing_that_was_said() -> None:
    found = checks(with_turn("[secretword", "P9"), residue_refs=("turn at 7",), undecided=2, unchecked_segments=1)
    assert "secretword" not in " ".join(f"{check.title} {check.detail} {check.refs}" for check in found.values())


def test_without_segments_correction_does_not_apply() -> None:
    assert checks(total_segments=0)["corrected"].verdict is Verdict.NOT_APPLICABLE


def test_an_approval_stands_for_exactly_what_was_approved() -> None:
    given = approval(CONTENT)
    changed = replace(CONTENT, title="Group 1")
    assert approval_valid(given, CONTENT)
    assert not approval_valid(given, changed)
    assert not approval_valid(None, CONTENT)
    assert checks(approval=given)["approval"].verdict is Verdict.PASS


def test_the_reason_tells_missing_from_stale() -> None:
    given = approval(CONTENT)
    assert "Nobody" in approval_reason(None, CONTENT)
    assert "stale" in approval_reason(given, replace(CONTENT, title="Group 1"))
    assert "ethics officer" in approval_reason(given, CONTENT)
