"""Sequences that must neither lose anything nor let a name out: restores, races, crashes between two writes."""

import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from cli_runner import PASSPHRASE, files, run

from facilitator.audio.container import RecordWriter
from facilitator.domain import events as ev
from facilitator.domain.consent import Consent
from facilitator.domain.entities import Action
from facilitator.domain.errors import Damaged, InvalidInput, InvalidRoster, NotVerified, StorageFailed, UsageError
from facilitator.domain.ids import ResearchNumber, SessionId, session_id
from facilitator.domain.notes import NoteKind
from facilitator.domain.roster import Identity, RosterRow
from facilitator.domain.transcript import Segment, Word
from facilitator.storage.keys import PersonalKey
from facilitator.storage.study_folder import StudyFolder, read_settings
from facilitator.workflows.conducting import Conduct
from facilitator.workflows.correcting import Correction
from facilitator.workflows.exporting import export_session
from facilitator.workflows.guides import find_guide
from facilitator.workflows.importing import import_audio
from facilitator.workflows.participants import add_participants, record_consent
from facilitator.workflows.pseudonymizing import Pseudonymization
from facilitator.workflows.release import release_content
from facilitator.workflows.sessions import Session, adopt_sessions, plan_session, summaries
from facilitator.workflows.study import Study
from facilitator.workflows.takes import adopt_unlogged
from facilitator.workflows.verifying import approve, verify

WORDS = (
    Word("Torbjørn", 0, 400, 0.3),
    Word("lives", 450, 700, 0.9),
    Word("in", 700, 800, 0.8),
    Word("Levanger.", 820, 1300, 0.7),
)
TEXT = "Torbjørn lives in Levanger."


def _draft(session: Session, text: str = TEXT, words: tuple[Word, ...] = WORDS) -> None:
    session.record_all(
        [
            (ev.RecordingStarted(16_000, "test"), 0),
            (ev.RecordingStopped(32_000, 2000, "0" * 64), 2000),
            (ev.TranscriptionStarted("faster-whisper", "base", "0" * 64, "en", 2000), 0),
            (ev.TranscriptionFinished(1), 0),
            (ev.DraftMade((Segment(1, 0, 1300, None, text, words),)), 0),
        ]
    )


@pytest.fixture
def drafted(opened: Study) -> Iterator[Session]:
    with Session(opened, session_id("01")) as session:
        _draft(session)
        yield session


@pytest.fixture
def decided(drafted: Session) -> Session:
    work = Pseudonymization(drafted)
    work.search()
    work.decide_all()
    return drafted


def _approve(session: Session) -> None:
    approve(session, "officer", verify(session).content.digest)


def test_an_older_linkage_file_fails_the_check(drafted: Session, planned: Path) -> None:
    older = (planned / "linkage.age").read_bytes()
    work = Pseudonymization(drafted)
    work.search()
    work.decide_all()
    assert verify(drafted).ready
    (planned / "linkage.age").write_bytes(older)
    drafted.study.refresh()
    found = verify(drafted)
    assert not found.ready and "linkage" in [check.id for check in found.checks if check.verdict == "fail"]
    assert work.items() == []
    with pytest.raises(NotVerified):
        _approve(drafted)
    with pytest.raises(NotVerified):
        export_session(drafted)


def test_an_entity_never_inherits_the_decision_of_another(drafted: Session, planned: Path) -> None:
    older = (planned / "linkage.age").read_bytes()
    work = Pseudonymization(drafted)
    work.search()
    for item in work.items():
        work.decide(item.entity.id, Action.KEEP)
    (planned / "linkage.age").write_bytes(older)
    study = drafted.study
    with Session(study, session_id("02")) as other:
        _draft(other, "Gunnhild Eriksen lives in Steinkjer.", ())
        later = Pseudonymization(other)
        assert later.search() > 0 and all(item.decision is None for item in later.items())


def test_only_what_was_shown_is_approved(decided: Session) -> None:
    shown = verify(decided).content.digest
    work = Pseudonymization(decided)
    work.decide(work.items()[0].entity.id, Action.KEEP)
    with pytest.raises(NotVerified, match="changed"):
        approve(decided, "officer", shown)
    assert decided.state.approval is None


def test_what_was_kept_as_a_place_is_asked_anew_as_a_person(opened: Study) -> None:
    with Session(opened, session_id("01")) as session:
        _draft(session, "We went to Georgia in the summer, and Georgia is far from Norway.", ())
        work = Pseudonymization(session)
        work.search()
        for item in work.items():
            work.decide(item.entity.id, Action.KEEP)
        kept = {item.surface: item.entity.category for item in work.items()}
    assert kept.get("Georgia") == "place"
    with Session(opened, session_id("02")) as other:
        _draft(other, "My patient Georgia Hansen said so. I told Georgia, and Georgia laughed at me.", ())
        later = Pseudonymization(other)
        assert later.search() > 0


def test_two_programs_adding_people_never_share_a_number(opened: Study, planned_key: PersonalKey) -> None:
    settings = read_settings(opened.folder)
    names = ["Berit Aune", "Ola Vik", "Siv Moe", "Tor Lie", "Une Dal", "Pia Nes"]
    faults: list[Exception] = []

    def add(name: str) -> None:
        with Study(opened.folder, settings, planned_key) as study:
            for _ in range(200):
                try:
                    add_participants(study, [RosterRow(name)])
                    return
                except Exception as error:  # Busy while another adds
                    faults.append(error)

    threads = [threading.Thread(target=add, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    opened.refresh()
    found = [one.name for one in opened.linkage.identities.values()]
    assert set(names) <= set(found) and len(found) == len(set(found))
    assert opened.linkage.identities.keys() == opened.state.participants.keys()


def test_a_crash_between_linkage_and_log_can_be_repaired(opened: Study) -> None:
    opened.change_linkage(lambda linkage: linkage.with_identities((Identity(ResearchNumber("P4"), "Siv Moe"),)))
    assert "P4" not in opened.state.participants
    assert add_participants(opened, [RosterRow("Siv Moe")]).numbers == ("P4",)
    assert "P4" in opened.state.participants


@pytest.mark.parametrize(
    "row",
    [
        RosterRow("Siv Moe", ("K",)),
        RosterRow("Siv Moe", ("Professor",)),
        RosterRow("Siv Moe", (), {"contact": "siv@moe.no"}),
        RosterRow("Siv Moe", (), {"phone": "12345678"}),
        RosterRow("Siv Moe", (), {"note": "Siv Moe herself"}),
    ],
)
def test_what_cannot_be_found_or_identifies_is_refused(opened: Study, planned: Path, row: RosterRow) -> None:
    before = files(planned)
    with pytest.raises(InvalidRoster):
        add_participants(opened, [row])
    assert files(planned) == before


def test_a_withdrawn_wish_to_be_quoted_voids_the_approval(decided: Session) -> None:
    _approve(decided)
    number = ResearchNumber("P1")
    record_consent(decided.study, [number], Consent(number, "2021-09-20", quotation=False))
    found = verify(decided)
    assert found.content.not_to_be_quoted == ("P1",) and not found.approved
    with pytest.raises(NotVerified):
        export_session(decided)
    row = next(row for row in summaries(decided.study) if row.id == "01")
    assert row.next != "done"


def test_a_take_that_is_not_transcribed_fails_the_check(decided: Session) -> None:
    decided.record_all([(ev.RecordingStarted(16_000, "test"), 3000), (ev.RecordingStopped(16_000, 4000, ""), 4000)])
    assert not verify(decided).ready
    decided.record(ev.RecordingStarted(16_000, "test"), 5000)
    assert not verify(decided).ready


def test_an_export_that_cannot_be_logged_does_not_stay(
    decided: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _approve(decided)

    def refuse(*_: object) -> None:
        raise StorageFailed("The disk refused.")

    monkeypatch.setattr(decided, "record", refuse)
    with pytest.raises(StorageFailed):
        export_session(decided, out=tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []


def _unlogged_sound(session: Session, seconds: int) -> None:
    writer = RecordWriter(
        session.folder.audio, session_id=session.id, recipient=session.key.audio_recipient, rate=16_000, ballast_bytes=0
    )
    writer.append(b"\x10\x00" * 16_000 * seconds, 0)
    writer.close()


def test_sound_that_no_log_knows_is_adopted_and_never_overwritten(opened: Study, tmp_path: Path) -> None:
    with Session(opened, session_id("01")) as session:
        _unlogged_sound(session, 3)
        with pytest.raises(UsageError, match="does not know"):
            import_audio(session, tmp_path / "any.wav")
        assert adopt_unlogged(session) == 3000
        assert session.state.length_ms == 3000 and session.state.recorded
        assert adopt_unlogged(session) == 0


def test_long_turns_are_never_cut_and_long_notes_are_refused(drafted: Session) -> None:
    text = "word " * 2000
    assert Correction(drafted).set_text(1, text)
    assert drafted.state.segments[1].text == text.strip()
    with pytest.raises(UsageError):
        Conduct(drafted).note(NoteKind.THEME, text)


def test_an_undone_correction_gives_the_words_back_as_they_were(drafted: Session) -> None:
    correction = Correction(drafted)
    correction.set_text(1, "Something else entirely was said.")
    assert drafted.state.segments[1].words != WORDS
    correction.undo()
    assert drafted.state.segments[1].words == WORDS
    assert drafted.reread().segments[1].words == WORDS


def test_an_edit_of_a_turn_that_is_gone_does_not_lock_the_session(drafted: Session) -> None:
    drafted.record(ev.TextCorrected(99, "a", "b"))
    assert drafted.reread().segments.keys() == {1}


def test_a_damaged_session_does_not_hide_the_others(opened: Study, planned: Path) -> None:
    path = planned / "sessions" / "01" / "session.db"
    data = bytearray(path.read_bytes())
    data[-2000:-1900] = bytes(100)
    path.write_bytes(bytes(data))
    rows = {row.id: row for row in summaries(opened)}
    assert rows[SessionId("02")].next == "conduct" and rows[SessionId("01")].next == "look"
    with pytest.raises(Damaged):
        Session(opened, session_id("01"))


def test_init_never_overwrites_keys(planned: Path) -> None:
    for name in ("study.toml", "study.db"):
        (planned / name).unlink()
    before = files(planned)
    done = run("study", "init", planned, "--title", "T")
    assert done.code == 2 and "restore" in done.err
    assert files(planned) == before


def test_an_interrupted_init_leaves_room_for_the_next(tmp_path: Path) -> None:
    making = tmp_path / "study" / ".study-in-the-making"
    making.mkdir(parents=True)
    (making / "identity.age").write_bytes(b"half")
    assert run("study", "init", tmp_path / "study", "--title", "T").code == 0
    assert not making.exists()
    assert run("study", "status", study=tmp_path / "study").code == 0


def test_a_session_that_the_study_lost_is_entered_again(opened: Study, planned: Path, planned_key: PersonalKey) -> None:
    older = {name: (planned / name).read_bytes() for name in ("study.db",)}
    guide = find_guide(opened.folder.guides, "pilot")
    assert plan_session(opened, guide, [ResearchNumber("P1")]) == "03"
    opened.close()
    for name, data in older.items():
        for leftover in planned.glob("study.db-*"):
            leftover.unlink()
        (planned / name).write_bytes(data)
    with Study(StudyFolder(planned), read_settings(StudyFolder(planned)), planned_key) as study:
        assert "03" not in study.state.sessions
        assert adopt_sessions(study) == ("03",)
        assert plan_session(study, guide, [ResearchNumber("P1")]) == "04"


@pytest.mark.parametrize("text", ["[where Torbjørn works]", "[near Levanger]", "[Kris]"])
def test_a_replacement_may_not_hold_another_identifier(drafted: Session, text: str) -> None:
    work = Pseudonymization(drafted)
    work.search()
    for item in work.items():
        with pytest.raises(InvalidInput):
            work.decide(item.entity.id, Action.REPLACE, text)


def test_undo_takes_back_decisions_of_this_session_only(decided: Session) -> None:
    study = decided.study
    with Session(study, session_id("02")) as other:
        _draft(other, "Gunnhild Eriksen lives in Steinkjer.", ())
        work = Pseudonymization(other)
        work.search()
        work.decide_all()
        here = {item.entity.id for item in Pseudonymization(decided).items()}
        assert Pseudonymization(decided).undo() in here
        assert not work.open_ids


@pytest.mark.parametrize("spoken", ["Haakon", "Håkon", "HÅKON's", "Hakon"])
def test_both_spellings_of_a_name_are_replaced(opened: Study, spoken: str) -> None:
    add_participants(opened, [RosterRow("Håkon Aasen")])
    with Session(opened, session_id("01")) as session:
        _draft(session, f"I think {spoken} and Åsen agree.", ())
        text = release_content(session).turns[0].text
    assert text.startswith("I think [P4]") and "[P4] agree" in text


def test_group_options_reach_the_command(planned: Path, tmp_path: Path) -> None:
    secret = tmp_path / "passphrase"
    secret.write_text(PASSPHRASE + "\n")
    done = run("--study", planned, "--passphrase-file", secret, "study", "status", passphrase=None)
    assert done.code == 0 and "North hospital" in done.out
    shutil.rmtree(planned)
