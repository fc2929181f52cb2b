"""Made of stored segments and identifiers, without sound and without the language model."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import pytest
from cli_runner import files, run

from facilitator.domain import events as ev
from facilitator.domain.entities import Action, Category
from facilitator.domain.errors import InvalidInput, NotFound
from facilitator.domain.ids import ResearchNumber, SessionId, Speaker
from facilitator.domain.mosaic import Fate
from facilitator.domain.study_state import StudyState
from facilitator.domain.transcript import Segment
from facilitator.domain.withdrawal import Rule
from facilitator.privacy.recognizers import search_version
from facilitator.storage.linkage import Linkage
from facilitator.workflows.correcting import Correction
from facilitator.workflows.mosaic import Mosaic, mosaic, note_risk
from facilitator.workflows.release import passages, texts_digest
from facilitator.workflows.sessions import Session
from facilitator.workflows.study import Study
from facilitator.workflows.withdrawing import withdraw

ONE, TWO = SessionId("01"), SessionId("02")
P1, P2, P3 = (ResearchNumber(f"P{value}") for value in (1, 2, 3))
FIRST = (
    ("M", "Welcome, Kristin."),
    ("P1", "I moved from Levanger to Ashgrove in 1998 with my twin daughters, Kristin Haugen that is."),
    ("P2", "Fine by me, \x1b[31m Anders."),
    (None, "Somebody in Levanger."),
)
SECOND = (
    ("P1", "Back in Levanger the newspaper wrote “a lantern for the harbor” about Kris."),
    ("P3", "My wife agrees."),
)
NAMES = ("kristin", "haugen", "kris", "anders", "levanger", "ashgrove", "1998")


def _hold(study: Study, session_id: SessionId, lines: Sequence[tuple[str | None, str]], *surfaces: str) -> None:
    """Store a transcript, and a search that found every one of `surfaces`."""
    with Session(study, session_id) as session:
        segments = tuple(
            Segment(number, number * 1000, number * 1000 + 900, Speaker(who) if who else None, text)
            for number, (who, text) in enumerate(lines, 1)
        )
        session.record(ev.DraftMade(segments))
        register = {entry.surfaces[0]: entry.id for entry in study.linkage.register.values()}
        mentions = tuple(
            ev.FoundMention(register[surface], f"segment:{one.id}", at, at + len(surface), "test", 1.0)
            for one in segments
            for surface in surfaces
            if (at := one.text.find(surface)) >= 0
        )
        session.record(ev.CandidatesSearched(texts_digest(passages(session)), search_version() or "", mentions))


def _with_entity(category: Category, surface: str, linkage: Linkage) -> Linkage:
    return linkage.with_entity(category, (surface,))[0]


@pytest.fixture
def ids(opened: Study) -> dict[str, str]:
    """Two sessions in which P1 names three identifiers, none decided: the ids by their surfaces."""
    for category, surface in ((Category.PLACE, "Levanger"), (Category.PLACE, "Ashgrove"), (Category.DATE, "1998")):
        opened.change_linkage(partial(_with_entity, category, surface))
    found = {entry.surfaces[0]: entry.id for entry in opened.linkage.register.values()}
    _hold(opened, ONE, FIRST, *found)
    _hold(opened, TWO, SECOND, *found)
    return found


def _decide(study: Study, entity_id: str, replacement: str = "") -> None:
    category = study.linkage.register[entity_id].category
    action = Action.REPLACE if replacement else Action.KEEP
    study.record(ev.EntityDecided(entity_id, category, action, replacement))


def _of(seen: Mosaic, number: ResearchNumber) -> dict[str, tuple[Fate, str, int, tuple[str, ...]]]:
    profile = next(one for one in seen.people if one.number == number)
    return {one.entity_id: (one.fate, one.shown, one.mentions, one.sessions) for one in profile.identifiers}


def test_identifiers_are_joined_across_sessions_with_what_was_decided(opened: Study, ids: dict[str, str]) -> None:
    _decide(opened, ids["Levanger"], "[Place 1]")
    _decide(opened, ids["Ashgrove"])
    seen = mosaic(opened)
    assert _of(seen, P1) == {
        ids["Levanger"]: (Fate.REPLACED, "[Place 1]", 2, ("01", "02")),
        ids["Ashgrove"]: (Fate.KEPT, "Ashgrove", 1, ("01",)),
        ids["1998"]: (Fate.OPEN, f"[Date {ids['1998']}]", 1, ("01",)),
    }
    assert (_of(seen, P2), seen.read, seen.left_out, seen.unattributed) == ({}, (ONE, TWO), (), 1)
    first = next(one for one in seen.people if one.number == P1)
    assert first.remaining == ("place", "date", "family", "event")
    assert {one.kind: one.said.session for one in first.cues} == {"family": "01", "event": "02"}


def test_backgrounds_are_counted_and_the_rarest_come_first(opened: Study, ids: dict[str, str]) -> None:
    seen = {one.number: one for one in mosaic(opened).people}
    assert next(iter(seen)) == P3
    assert seen[P3].verdict == "stands out: only one: doctor"
    assert seen[P2].verdict == "stands out: only 2: nurse"


def test_no_name_and_nothing_undecided_is_shown(opened: Study, planned: Path, ids: dict[str, str]) -> None:
    before = files(planned)
    shown, data = run("mosaic", study=planned), run("mosaic", "--json", study=planned)
    assert (shown.code, data.code) == (0, 0), shown.err
    assert files(planned) == before, "reading changed the study"
    for text in (shown.out.lower(), data.out.lower()):
        assert [name for name in NAMES if name in text] == []
    assert all(len(line) <= 80 for line in shown.out.splitlines())
    assert "\x1b" not in shown.out + data.out
    assert "a lantern for the harbor" in shown.out
    assert "anonymous" not in shown.out and "safe" not in shown.out
    assert [one["number"] for one in data.json["people"]] == ["P3", "P1", "P2"]


def test_one_participant_alone(planned: Path, ids: dict[str, str]) -> None:
    assert [one["number"] for one in run("mosaic", "--participant", "p2", "--json", study=planned).json["people"]] == [
        "P2"
    ]
    assert run("mosaic", "--participant", "P9", study=planned).code == 4


def test_sessions_not_ready_are_left_out_and_said(opened: Study, planned: Path, ids: dict[str, str]) -> None:
    with Session(opened, ONE) as session:
        Correction(session).set_text(3, "Fine by him")
    seen = mosaic(opened)
    assert (seen.read, seen.left_out) == ((TWO,), ((ONE, "changed since it was searched for identifiers"),))
    assert _of(seen, P1) == {ids["Levanger"]: (Fate.OPEN, f"[Place {ids['Levanger']}]", 1, ("02",))}
    assert "01 is left out" in run("mosaic", study=planned).out


def test_a_study_without_transcripts_still_counts_backgrounds(opened: Study) -> None:
    seen = mosaic(opened)
    assert (seen.read, [why for _, why in seen.left_out]) == ((), ["not transcribed yet", "not transcribed yet"])
    assert seen.people[0].verdict == "stands out: only one: doctor"


def test_somebody_who_withdrew_is_neither_shown_nor_counted(opened: Study, ids: dict[str, str]) -> None:
    note_risk(opened, P2, "generalise the role")
    opened.record(ev.WithdrawalOrdered(P2, Rule.DESTROY))
    seen = {one.number: one for one in mosaic(opened).people}
    assert P2 not in seen and P2 not in opened.state.risk_notes
    assert seen[P1].verdict.startswith("stands out: only one: nurse")


def test_a_withdrawal_destroys_risk_notes_also_after_masking(opened: Study) -> None:
    note_risk(opened, P2, "quagga")
    note_risk(opened, P1, "okapi")
    withdraw(opened, P2, Rule.MASK, "withdraw P2")
    assert [one.text for one in opened.state.risk_notes[P2]] == ["quagga"]
    withdraw(opened, P2, Rule.DESTROY, "withdraw P2")
    assert {number: [one.text for one in notes] for number, notes in opened.state.risk_notes.items()} == {P1: ["okapi"]}
    opened.verify_log()
    opened.close()
    again = Study(opened.folder, opened.settings, opened.key)
    held = [item.event for item in again._log.read() if isinstance(item.event, ev.RiskNoted)]
    assert held == [ev.RiskNoted(P1, "okapi")]
    again.close()


def test_a_risk_note_is_kept_and_shown(opened: Study, planned: Path, ids: dict[str, str]) -> None:
    done = run("mosaic", "--note", "P1", study=planned, stdin="accepted: the [role] \x1b is common\n")
    assert (done.code, done.out) == (0, "noted ✓ P1\n"), done.err
    opened.refresh()
    assert [one.text for one in opened.state.risk_notes[P1]] == ["accepted: the [role] ␛ is common"]
    (shown,) = run("mosaic", "--participant", "P1", "--json", study=planned).json["people"]
    assert [one["text"] for one in shown["notes"]] == ["accepted: the [role] ␛ is common"]
    assert "accepted: the [role]" in run("mosaic", study=planned).out


@pytest.mark.parametrize(
    "text", ["Kristin is the only nurse", "k r i s t i n", "from levanger", " ", "x" * 1001, "khaugen@example.org"]
)
def test_a_note_with_a_name_is_refused(opened: Study, ids: dict[str, str], text: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        note_risk(opened, P3, text)
    assert "ristin" not in str(refused.value)
    assert opened.state.risk_notes == {}


def test_a_note_may_say_what_was_kept(opened: Study, ids: dict[str, str]) -> None:
    _decide(opened, ids["Ashgrove"])
    note_risk(opened, P1, "Ashgrove is a large town")
    with pytest.raises(NotFound):
        note_risk(opened, ResearchNumber("P9"), "nobody")


def test_notes_are_of_the_study_log_and_an_old_log_has_none(opened: Study) -> None:
    assert StudyState.fold(()).risk_notes == {}
    note_risk(opened, P1, "generalise")
    opened.verify_log()
    assert [(one.text, one.at_utc[:2]) for one in opened.state.risk_notes[P1]] == [("generalise", "20")]


def test_note_goes_alone(planned: Path) -> None:
    assert run("mosaic", "--note", "P1", "--json", study=planned, stdin="x\n").code == 2
