"""What is offered for an identifier, how much of it each profile shows, and places that are left as they are."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cli_runner import PASSPHRASE, run

from facilitator.domain import events as ev
from facilitator.domain.detail import Detail, ExportProfile
from facilitator.domain.entities import Action, Category
from facilitator.domain.errors import InvalidInput, NotFound, NotVerified
from facilitator.domain.ids import Speaker, session_id
from facilitator.domain.transcript import Segment, Word
from facilitator.storage.study_folder import StudyFolder
from facilitator.workflows.correcting import Correction
from facilitator.workflows.exporting import export_session
from facilitator.workflows.pseudonymizing import Item, Pseudonymization
from facilitator.workflows.release import release_content
from facilitator.workflows.sessions import Session
from facilitator.workflows.study import Study, open_study
from facilitator.workflows.verifying import approve, verify

TEAM, JOURNAL, ARCHIVE = ExportProfile
LINES = (
    ("M", "Welcome, everybody."),
    ("P1", "My colleague Torbjørn Lie came to Ashgrove Hospital on 14 March 2021."),
    ("P2", "Torbjørn said that Ashgrove is good. Ashgrove is good, in 2021 too."),
    ("P1", "My colleague Gunvor is forty-seven years old."),
)
FOUND = (
    (Category.PERSON, 2, "Torbjørn Lie"),
    (Category.ORGANIZATION, 2, "Ashgrove Hospital"),
    (Category.DATE, 2, "14 March 2021"),
    (Category.PERSON, 3, "Torbjørn"),
    (Category.ORGANIZATION, 3, "Ashgrove"),
    (Category.DATE, 3, "2021"),
    (Category.PERSON, 4, "Gunvor"),
    (Category.AGE, 4, "forty-seven years old"),
)


def spoken(number: int, who: str, text: str) -> Segment:
    said = text.split()
    start = number * 10_000
    words = tuple(Word(word, start + 500 * at, start + 500 * at + 400, 0.9) for at, word in enumerate(said))
    return Segment(number, start, start + 500 * len(said), Speaker(who), text, words)


@pytest.fixture
def drafted(opened: Study) -> Iterator[Session]:
    """Session 01 with a draft in which identifiers were found, as a search would store them."""
    with Session(opened, session_id("01")) as session:
        session.record_all(
            [
                (ev.RecordingStarted(16_000, "test"), 0),
                (ev.RecordingStopped(800_000, 50_000, "0" * 64), 50_000),
                (ev.TranscriptionStarted("faster-whisper", "base", "0" * 64, "en", 50_000), 0),
                (ev.TranscriptionFinished(1), 0),
                (ev.DraftMade(tuple(spoken(at, who, text) for at, (who, text) in enumerate(LINES, 1))), 0),
            ]
        )
        yield session


@pytest.fixture
def work(drafted: Session) -> Pseudonymization:
    work = Pseudonymization(drafted)
    work.search()
    return work


def item(work: Pseudonymization, surface: str) -> Item:
    return next(one for one in work.items() if one.surface == surface)


def text(session: Session, profile: ExportProfile = TEAM) -> str:
    return "\n".join(turn.text for turn in release_content(session, profile).turns)


def test_the_search_finds_what_these_tests_are_about(work: Pseudonymization) -> None:
    found = {(one.entity.category, one.surface) for one in work.items()}
    assert {(category, surface) for category, _, surface in FOUND} <= found


def test_the_relation_that_the_speaker_told_of_is_offered(work: Pseudonymization) -> None:
    first = item(work, "Torbjørn Lie")
    assert first.suggestion == "[P1's colleague 1]" and "colleague" in first.suggested.why
    work.decide(first.entity.id, Action.REPLACE)
    assert item(work, "Gunvor").suggestion == "[P1's colleague 2]"


def test_a_short_name_gets_what_its_long_form_became(work: Pseudonymization) -> None:
    for whole, short, wanted in (
        ("Torbjørn Lie", "Torbjørn", "[P1's colleague 1]"),
        ("Ashgrove Hospital", "Ashgrove", "[Hospital A]"),
    ):
        work.decide(item(work, whole).entity.id, Action.REPLACE)
        assert item(work, short).suggestion == wanted
        work.decide(item(work, short).entity.id, Action.REPLACE)
        decided = item(work, short).decision
        assert decided is not None and decided.replacement == wanted


def test_no_third_party_becomes_a_research_number(work: Pseudonymization) -> None:
    colleague = item(work, "Gunvor").entity.id
    for stranger in ("P40", "p40", "P 40's boss", "P1 or P40"):
        with pytest.raises(InvalidInput, match="P40 is no participant"):
            work.decide(colleague, Action.REPLACE, stranger)
    work.decide(colleague, Action.REPLACE, "P2")  # a nickname, as somebody knows who was there
    assert "My colleague [P2] is" in text(work.session)


def test_dates_shift_by_the_same_secret_weeks_in_the_whole_study(work: Pseudonymization) -> None:
    study = work.session.study
    assert item(work, "14 March 2021").suggestion == "[Date 1]"
    work.shift_dates(True)
    days = study.linkage.date_shift_days
    assert days and days % 7 == 0 and 28 <= abs(days) <= 364
    work.shift_dates(True)
    assert study.linkage.date_shift_days == days, "drawn once"
    offered = item(work, "14 March 2021").suggestion
    assert offered != "[14 March 2021]" and offered.strip("[]").split()[-1] in ("2020", "2021", "2022")
    work.decide_all()
    assert offered in text(work.session)
    assert not [check for check in verify(work.session).checks if check.id == "residue" and check.verdict == "fail"]
    stored = repr([one.event for one in study._log.read()])
    assert str(days) not in stored
    work.shift_dates(False)
    work.shift_dates(True)
    assert study.linkage.date_shift_days == days, "not drawn anew: earlier replacements stand"


def test_general_forms_replace_in_every_profile(work: Pseudonymization) -> None:
    for surface in ("Ashgrove Hospital", "14 March 2021", "forty-seven years old"):
        work.generalize(item(work, surface).entity.id)
    for profile in (TEAM, JOURNAL):
        assert "came to [a hospital] on [early 2021]." in text(work.session, profile)
        assert "is [in their forties]." in text(work.session, profile)


def test_each_profile_shows_as_much_as_it_says(work: Pseudonymization) -> None:
    work.decide_all()
    session = work.session
    assert "[P1's colleague 1] came to [Hospital A] on [Date" in text(session)
    assert "[P1's colleague 1] came to [a hospital] on [early 2021]." in text(session, JOURNAL)
    assert "[P1's colleague 1] came to [organization removed] on [date removed]." in text(session, ARCHIVE)
    assert "is [age removed]." in text(session, ARCHIVE)


def test_a_person_can_set_the_detail_of_one_identifier(work: Pseudonymization) -> None:
    work.decide_all()
    hospital = item(work, "Ashgrove Hospital")
    assert hospital.shown[ARCHIVE] == "[organization removed]"
    work.set_detail(hospital.entity.id, ARCHIVE, Detail.GENERALIZED)
    assert item(work, "Ashgrove Hospital").shown == {
        TEAM: "[Hospital A]", JOURNAL: "[a hospital]", ARCHIVE: "[a hospital]"
    }  # fmt: skip
    work.set_detail(hospital.entity.id, ARCHIVE, Detail.DECIDED)
    assert "came to [Hospital A]" in text(work.session, ARCHIVE)
    work.set_detail(hospital.entity.id, ARCHIVE, Detail.KEPT)
    assert "Ashgrove" not in text(work.session, ARCHIVE), "its short name is an identifier by itself"
    work.set_detail(item(work, "Ashgrove").entity.id, ARCHIVE, Detail.KEPT)
    assert "came to Ashgrove Hospital" in text(work.session, ARCHIVE)
    work.set_detail(hospital.entity.id, ARCHIVE, None)
    assert "came to [organization removed]" in text(work.session, ARCHIVE)
    with pytest.raises(NotFound):
        work.set_detail("E999999", JOURNAL, Detail.KEPT)


def test_what_was_kept_for_the_team_can_be_coarser_outside(work: Pseudonymization) -> None:
    hospital = item(work, "Ashgrove Hospital").entity.id
    work.decide(hospital, Action.KEEP)
    assert "to Ashgrove Hospital on" in text(work.session, JOURNAL), "it was said to identify nobody"
    work.set_detail(hospital, JOURNAL, Detail.GENERALIZED)
    assert "to Ashgrove Hospital on" in text(work.session)
    assert "to [a hospital] on" in text(work.session, JOURNAL)


def test_one_place_can_be_kept_while_the_others_are_replaced(work: Pseudonymization) -> None:
    work.decide_all()
    session, short = work.session, item(work, "Ashgrove")
    here = [one for one in short.contexts if one.ref == "segment:3"]
    assert len(here) == 2
    work.keep_place(short.entity.id, here[1].ref, here[1].start)
    assert "said that [Hospital A] is good. Ashgrove is good," in text(session)
    assert [one.kept for one in item(work, "Ashgrove").contexts if one.ref == "segment:3"] == [False, True]
    approved = approve(session, "officer", verify(session).content.digest)
    assert approved.approved, "what is left on purpose is no leak"
    assert session.reread().kept_mentions.keys() == {("segment:3", here[1].start)}
    work.keep_place(short.entity.id, here[1].ref, here[1].start, kept=False)
    assert session.state.approval is None and "Ashgrove" not in text(session)
    with pytest.raises(NotFound):
        work.keep_place(short.entity.id, "segment:3", here[1].start + 1)


def test_a_corrected_text_is_replaced_wholly_again(work: Pseudonymization) -> None:
    work.decide_all()
    short = item(work, "Ashgrove")
    place = short.contexts[0]
    work.keep_place(short.entity.id, place.ref, place.start)
    assert "Ashgrove" in text(work.session)
    number = int(place.ref.partition(":")[2])
    before = work.session.state.segments[number].text
    Correction(work.session).set_text(number, "Well, Ashgrove is good.")
    assert "Ashgrove" not in text(work.session)
    Correction(work.session).set_text(number, before)
    assert "Ashgrove" not in text(work.session), "nor when it is corrected back"


def test_a_kept_place_hides_no_other_leak(work: Pseudonymization, tmp_path: Path) -> None:
    work.decide_all()
    session, short = work.session, item(work, "Ashgrove")
    place = next(one for one in short.contexts if one.ref == "segment:3")
    work.keep_place(short.entity.id, place.ref, place.start)
    approve(session, "officer", verify(session).content.digest)
    written = export_session(session, "txt,docx", tmp_path)
    exported = (written.folder / "session-01.txt").read_text()
    assert exported.count("Ashgrove") == 1 and "Torbjørn" not in exported


def test_every_profile_is_approved_and_exported_by_itself(work: Pseudonymization, tmp_path: Path) -> None:
    work.decide_all()
    session = work.session
    approve(session, "officer", verify(session).content.digest)
    with pytest.raises(NotVerified):
        export_session(session, "txt", tmp_path, profile=JOURNAL)
    found = verify(session, JOURNAL)
    assert found.profile is JOURNAL and not found.approved
    with pytest.raises(NotVerified):
        approve(session, "officer", verify(session).content.digest, JOURNAL)
    approve(session, "officer", found.content.digest, JOURNAL)
    assert set(session.reread().approvals) == {TEAM, JOURNAL}
    written = export_session(session, "txt", tmp_path, profile=JOURNAL)
    assert "[a hospital]" in (written.folder / "session-01.txt").read_text()
    assert json.loads((written.folder / "manifest.json").read_text())["profile"] == "journal"
    Correction(session).set_text(1, "Welcome, all of you.")
    assert session.state.approvals == {} and set(session.state.voided) == {TEAM, JOURNAL}


def test_a_decision_takes_the_approval_of_every_profile_away(work: Pseudonymization) -> None:
    work.decide_all()
    session = work.session
    approve(session, "officer", verify(session, JOURNAL).content.digest, JOURNAL)
    hospital = item(work, "Ashgrove Hospital").entity.id
    work.set_detail(hospital, JOURNAL, Detail.REMOVED)
    assert not verify(session, JOURNAL).approved
    with pytest.raises(InvalidInput, match="What the team sees"):
        work.set_detail(hospital, TEAM, Detail.KEPT)
    session.study.record(ev.EntityReopened(hospital))
    assert not session.study.state.details, "an identifier that is open again has no level"
    with pytest.raises(InvalidInput, match="not decided yet"):
        work.set_detail(hospital, JOURNAL, Detail.KEPT)


def test_all_of_a_kind_are_replaced_and_taken_back(work: Pseudonymization) -> None:
    dates = [one for one in work.items() if one.entity.category is Category.DATE]
    assert work.decide_all(Category.DATE) == len(dates) == 2
    assert all((one.decision is not None) == (one.entity.category is Category.DATE) for one in work.items())
    for _ in dates:
        work.undo()
    assert all(one.decision is None for one in work.items())


def test_a_place_is_heard_from_a_second_before_to_one_after(work: Pseudonymization) -> None:
    hospital = item(work, "Ashgrove Hospital").contexts[0]
    assert work.heard_at(hospital) == (20_000 + 6 * 500 - 1000, 20_000 + 7 * 500 + 400 + 1000)
    Correction(work.session).set_text(2, "At Ashgrove Hospital it was.")
    work.search()
    segment = work.session.state.segments[2]
    hospital = next(one for one in item(work, "Ashgrove Hospital").contexts if one.ref == "segment:2")
    heard = work.heard_at(hospital)
    assert heard is not None and segment.start_ms - 1000 <= heard[0] < heard[1] <= segment.end_ms + 1000


def test_the_command_does_all_of_it(drafted: Session, planned: Path) -> None:
    drafted.close()

    def told(*words: str) -> dict[str, Any]:
        done = run("pseudonymize", "01", *words, "--json", study=planned)
        assert done.code == 0, done.err
        return {one["surfaces"][0]: one for one in done.json["identifiers"]}

    found = told("--list")
    hospital, short = found["Ashgrove Hospital"]["id"], found["Ashgrove"]
    told("--auto")
    place = next(one for one in short["places"] if one["text"] == "segment:3")
    found = told(
        "--generalize", hospital.lower(), "--detail", hospital, "archive", "decided",
        "--keep-place", short["id"], "segment:3", str(place["start"]), "--shift-dates",
    )  # fmt: skip
    assert found["Ashgrove Hospital"]["shown"] == dict.fromkeys(("team", "journal", "archive"), "[a hospital]")
    assert [one["kept"] for one in found["Ashgrove"]["places"] if one["text"] == "segment:3"] == [True, False]
    for wrong in (("--detail", hospital, "friends", "kept"), ("--keep-place", hospital, "segment:3", "x")):
        assert run("pseudonymize", "01", *wrong, study=planned).code == 2


def test_other_rules_or_another_step_of_the_dial_make_a_search_old(work: Pseudonymization, planned: Path) -> None:
    session = work.session
    assert work.current and Pseudonymization(session).current
    work.decide_all()
    approve(session, "officer", verify(session).content.digest)
    text = (planned / "study.toml").read_text()
    assert 'search = "careful"' in text
    (planned / "study.toml").write_text(text.replace('"careful"', '"brief"'))
    with open_study(StudyFolder(planned), PASSPHRASE) as study, Session(study, session.id, write=False) as opened:
        assert not Pseudonymization(opened).current
        found = verify(opened)
        assert not found.approved and not found.ready and found.approval is not None
    stored = session.state.searched
    assert stored is not None and "rules" in stored.recognizers
    session.record(replace(stored, recognizers=stored.recognizers + "0"))
    assert not Pseudonymization(session).current
