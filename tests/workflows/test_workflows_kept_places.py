"""A place that is left as it is never carries anything else out, and no level of detail shows a participant."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from facilitator.domain import events as ev
from facilitator.domain.consent import Consent
from facilitator.domain.detail import Detail, ExportProfile
from facilitator.domain.entities import Action, Category
from facilitator.domain.errors import InvalidInput, NotFound
from facilitator.domain.ids import ResearchNumber, SessionId, Speaker, session_id
from facilitator.domain.notes import NoteKind
from facilitator.domain.transcript import Segment
from facilitator.export.leak_scan import OnPurpose, scan_bytes
from facilitator.privacy.recognizers import search_version
from facilitator.privacy.residue import contains_any
from facilitator.workflows.correcting import Correction
from facilitator.workflows.exporting import export_session
from facilitator.workflows.participants import record_consent
from facilitator.workflows.pseudonymizing import Pseudonymization
from facilitator.workflows.release import known_surfaces, passages, release, release_content, texts_digest
from facilitator.workflows.sessions import Session
from facilitator.workflows.study import Study
from facilitator.workflows.verifying import approve, verify
from facilitator.workflows.withdrawing import Rule, preview, withdraw, word_for

TEAM, JOURNAL, ARCHIVE = ExportProfile
P1 = ResearchNumber("P1")
LINES = (
    ("M", "Welcome."),
    ("P1", "We went to Haugen Clinic for that."),
    ("P2", "Levanger, the mayor, met Levanger the mayor's son in early spring."),
    ("P1", "Haug"),
    ("P2", "Kristen said so, and it was on 2 April 2021."),
)
FOUND = (
    (Category.ORGANIZATION, 2, "Haugen Clinic"),
    (Category.PLACE, 3, "Levanger"),
    (Category.PLACE, 4, "Haug"),
    (Category.PERSON, 5, "Kristen"),
    (Category.DATE, 5, "2 April 2021"),
)


def drafted(study: Study, number: SessionId, lines: tuple[tuple[str, str], ...] = LINES) -> Session:
    """A session whose identifiers were found as FOUND says; Kristin Haugen is P1."""
    session = Session(study, number)
    session.record_all(
        [
            (ev.RecordingStarted(16_000, "test"), 0),
            (ev.RecordingStopped(800_000, 50_000, "0" * 64), 50_000),
            (ev.TranscriptionStarted("faster-whisper", "base", "0" * 64, "en", 50_000), 0),
            (ev.TranscriptionFinished(1), 0),
            (
                ev.DraftMade(
                    tuple(
                        Segment(at, at * 1000, at * 1000 + 900, Speaker(who), text)
                        for at, (who, text) in enumerate(lines, 1)
                    )
                ),
                0,
            ),
        ]
    )
    mentions = []
    for category, at, surface in FOUND:
        study.change_linkage(lambda linkage, of=category, said=surface: linkage.with_entity(of, (said,))[0])  # type: ignore[misc]
        entity = study.linkage.entities_for(surface)[-1].id
        text, start = lines[at - 1][1], 0
        while (start := text.find(surface, start)) >= 0:
            mentions.append(ev.FoundMention(entity, f"segment:{at}", start, start + len(surface), "test", 1.0))
            start += 1
    session.record(ev.CandidatesSearched(texts_digest(passages(session)), search_version() or "", tuple(mentions)))
    return session


@pytest.fixture
def session(opened: Study) -> Iterator[Session]:
    with drafted(opened, session_id("01")) as session:
        yield session


@pytest.fixture
def work(session: Session) -> Pseudonymization:
    work = Pseudonymization(session)
    for surface, text in (
        ("Haugen Clinic", "Clinic A"),
        ("Levanger", "Town A"),
        ("Haug", "Town B"),
        ("Kristen", "a colleague"),
        ("2 April 2021", "Date 1"),
    ):
        work.decide(entity(work, surface), Action.REPLACE, text)
    return work


def entity(work: Pseudonymization, surface: str) -> str:
    return work.session.study.linkage.entities_for(surface)[0].id


def keep(work: Pseudonymization, surface: str) -> None:
    for one in next(item for item in work.items() if item.surface == surface).contexts:
        work.keep_place(entity(work, surface), one.ref, one.start)


def turns(session: Session, profile: ExportProfile = TEAM) -> list[str]:
    return [turn.text for turn in release_content(session, profile).turns]


def residue(session: Session, profile: ExportProfile = TEAM) -> bool:
    return any(check.id == "residue" and check.verdict == "fail" for check in verify(session, profile).checks)


def test_a_kept_place_does_not_carry_a_participants_name_along(work: Pseudonymization, tmp_path: Path) -> None:
    keep(work, "Haugen Clinic")
    session = work.session
    for profile in ExportProfile:
        assert turns(session, profile)[1] == "We went to [P1] Clinic for that."
        assert not residue(session, profile)
    approve(session, "officer", verify(session).content.digest)
    written = export_session(session, "txt,docx", tmp_path)
    assert "Haugen" not in (written.folder / "session-01.txt").read_text()


def test_places_near_each_other_are_kept_and_the_files_still_searched(work: Pseudonymization, tmp_path: Path) -> None:
    keep(work, "Levanger")
    session = work.session
    assert turns(session)[2].startswith("Levanger, the mayor, met Levanger the")
    assert not residue(session)
    made = release(session)
    assert made.blanked == {"Levanger"} and made.searched != made.content
    approve(session, "officer", made.content.digest)
    written = export_session(session, "txt,docx", tmp_path)
    assert (written.folder / "session-01.txt").read_text().count("Levanger") == 2


def test_a_kept_turn_of_one_word_blinds_no_search(work: Pseudonymization) -> None:
    session = work.session
    keep(work, "Haug")
    assert turns(session)[3] == "Haug" and not residue(session)
    session.record(ev.NoteTaken(NoteKind.THEME, "olaHaugenmail@x.no"))
    assert "Haugen" in repr(release_content(session).notes)
    assert residue(session), "the name is found though a kept word is a part of it"


def test_what_stands_for_a_participant_is_kept_nowhere(work: Pseudonymization) -> None:
    keep(work, "Kristen")
    session = work.session
    assert turns(session)[4].startswith("Kristen said so")
    work.decide(entity(work, "Kristen"), Action.REPLACE, "P1")
    work.set_detail(entity(work, "Kristen"), ARCHIVE, Detail.KEPT)
    for profile in ExportProfile:
        assert turns(session, profile)[4].startswith("[P1] said so")
    withdrawn(session)
    with Session(session.study, session.id, write=False) as again:
        for profile in ExportProfile:
            assert "Kristen" not in repr(release_content(again, profile))


def withdrawn(session: Session) -> None:
    """P1 withdraws; the session is closed for it."""
    session.close()
    withdraw(session.study, P1, Rule.DESTROY, word_for(P1))


def test_a_label_that_somebody_typed_hides_no_date(work: Pseudonymization) -> None:
    session = work.session
    work.generalize(entity(work, "2 April 2021"))
    assert turns(session)[4].endswith("on [early 2021].") and not residue(session)
    Correction(session).set_text(1, "Welcome on [2 April 2021].")
    assert "2 April 2021" not in turns(session)[0] or residue(session)


def test_no_decision_ties_a_name_to_a_number_that_was_destroyed(work: Pseudonymization) -> None:
    study, session = work.session.study, work.session
    colleague = entity(work, "Kristen")
    work.decide(colleague, Action.REPLACE, "P1")
    work.decide(colleague, Action.REPLACE, "a friend")
    withdrawn(session)
    with Session(study, session.id) as again:
        after = Pseudonymization(again)
        with pytest.raises(NotFound):
            while after.undo():
                pass
        assert "P1" not in repr([turn.text for turn in release_content(again).turns])
        with pytest.raises(InvalidInput, match="P1 is no participant"):
            after.decide(colleague, Action.REPLACE, "P1")
        gone = next(key for key, one in study.state.decisions.items() if "withdrawn" in one.replacement)
        with pytest.raises(InvalidInput, match="somebody who withdrew"):
            after.decide(gone, Action.KEEP)


def test_an_older_linkage_file_brings_no_number_back(work: Pseudonymization) -> None:
    study, session = work.session.study, work.session
    older = study.linkage.identities[P1]
    withdrawn(session)
    study.change_linkage(lambda linkage: linkage.with_identities((older,)))
    names = {one.replacement for one in known_surfaces(study) if "Kristin" in one.surface}
    assert names == {"[withdrawn participant]"}
    assert preview(study, P1, Rule.DESTROY).to_do
    withdraw(study, P1, Rule.DESTROY, word_for(P1))
    assert P1 not in study.linkage.identities and not preview(study, P1, Rule.DESTROY).to_do


def test_the_approval_reference_holds_no_name_after_a_withdrawal(opened: Study, planned: Path, tmp_path: Path) -> None:
    settings = opened.settings.model_copy(update={"approval_reference": "REK 2021/Haugen"})
    opened.settings = settings
    record_consent(opened, [P1], Consent(P1, "2021-09-14"))
    with drafted(opened, session_id("01"), (("M", "Welcome."), *LINES[2:3], *LINES[1:2], *LINES[3:])) as session:
        assert release_content(session).approval_reference == "REK 2021/[P1]"
    withdraw(opened, P1, Rule.DESTROY, word_for(P1))
    with Session(opened, session_id("01"), write=False) as session:
        assert "Haugen" not in release_content(session).approval_reference


def test_the_gate_refuses_what_is_not_there_on_purpose() -> None:
    told = OnPurpose("a.txt", "P1: Well, \ue000 it is.\nP2: No.\n".encode(), {"Ashgrove  Park"})

    def leaks(text: str) -> bool:
        return bool(scan_bytes("a.txt", text.encode(), ["Ashgrove Park", "Berit"], contains_any, purpose=told))

    assert not leaks("P1: Well, Ashgrove Park it is.\nP2: No.\n")
    assert leaks("P1: Well, Ashgrove Park it is.\nP2: Ashgrove Park.\n")
    assert leaks("P1: Well, Ashgrove Park it is, Berit.\nP2: No.\n")
    assert leaks("P1: Well, Berit it is.\nP2: No.\n")
