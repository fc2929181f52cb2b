import hashlib
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import docx
import pytest
from cli_runner import run

from facilitator.domain import events as ev
from facilitator.domain.consent import Consent
from facilitator.domain.entities import Action
from facilitator.domain.errors import InvalidInput, NotFound, NotVerified, UsageError
from facilitator.domain.ids import ResearchNumber, Speaker, session_id
from facilitator.domain.notes import NoteKind
from facilitator.domain.transcript import Segment
from facilitator.workflows.correcting import Correction
from facilitator.workflows.exporting import export_session
from facilitator.workflows.participants import add_moderator, record_consent
from facilitator.workflows.pseudonymizing import Pseudonymization, bracketed
from facilitator.workflows.release import release_content
from facilitator.workflows.sessions import Session, summary
from facilitator.workflows.study import Study
from facilitator.workflows.verifying import Verification, approve, verify

LINES = (
    ("M", "Welcome. Kristin, would you like to begin? [laughs]"),
    ("P1", "My boss Torbjørn moved from Levanger to Ashgrove Hospital on the 14th of March."),
    ("P2", "KRISTIN HAUGEN's point is a good one, and Levanger is far away."),
    (None, "You can write to anders.berg@example.org about [the program]."),
)
NAMES = ("kristin", "haugen", "torbjørn", "levanger", "ashgrove", "anders", "berg@", "siri")


@pytest.fixture
def drafted(opened: Study) -> Iterator[Session]:
    """Session 01 with a short draft and a note, as if it had been recorded and transcribed."""
    add_moderator(opened, "Siri Moen")
    with Session(opened, session_id("01")) as session:
        segments = tuple(
            Segment(number, number * 1000, number * 1000 + 900, Speaker(who) if who else None, text)
            for number, (who, text) in enumerate(LINES, 1)
        )
        session.record_all(
            [
                (ev.RecordingStarted(16_000, "test"), 0),
                (ev.RecordingStopped(96_000, 6000, "0" * 64), 6000),
                (ev.TranscriptionStarted("faster-whisper", "base", "0" * 64, "en", 6000), 0),
                (ev.TranscriptionFinished(1), 0),
                (ev.DraftMade(segments), 0),
                (ev.NoteTaken(NoteKind.QUOTE, "Siri and Kris agree: “it takes time”"), 1500),
                (ev.QuestionAsked(session.state.guide.questions[0].id if session.state.guide else ""), 500),
            ]
        )
        yield session


@pytest.fixture
def decided(drafted: Session) -> Session:
    """The drafted session with every identifier replaced by its suggestion."""
    work = Pseudonymization(drafted)
    assert work.search() > 0
    work.decide_all()
    return drafted


def _approve(session: Session) -> Verification:
    return approve(session, "officer", verify(session).content.digest)


def test_recognizers_propose_and_a_person_decides_once(drafted: Session) -> None:
    work = Pseudonymization(drafted)
    assert not work.current
    work.search()
    assert work.current
    found = {item.surface: item for item in work.items()}
    assert {"Torbjørn", "Levanger", "Ashgrove Hospital"} <= found.keys()
    assert len(found["Levanger"].contexts) == 2
    assert all(item.decision is None for item in found.values())
    work.decide(found["Levanger"].entity.id, Action.REPLACE, "Town A")
    work.decide(found["Torbjørn"].entity.id, Action.KEEP)
    content = release_content(drafted)
    text = " ".join(turn.text for turn in content.turns)
    assert text.count("[Town A]") == 2 and "Levanger" not in text and "Torbjørn" in text
    assert work.undo() == found["Torbjørn"].entity.id
    assert found["Torbjørn"].entity.id in work.open_ids


def test_a_decision_holds_in_other_sessions_too(decided: Session) -> None:
    study = decided.study
    record_consent(study, [ResearchNumber("P3")], Consent(ResearchNumber("P3"), "2021-09-14"))
    with Session(study, session_id("02")) as other:
        other.record(ev.DraftMade((Segment(1, 0, 900, Speaker("P3"), "Levanger again, said KRIS."),)))
        before = {item.surface: item.decision for item in Pseudonymization(decided).items()}
        text = release_content(other).turns[0].text
    levanger = before["Levanger"]
    assert levanger is not None
    assert text == f"{levanger.replacement} again, said [P1]."


def test_the_log_never_holds_a_surface_form(decided: Session) -> None:
    log = decided.study._log
    text = repr([stored.event for stored in log.read()]) + repr(decided.state.searched)
    assert not any(name in text.lower() for name in NAMES)


def test_square_brackets_of_the_transcriber_stay(decided: Session) -> None:
    text = " ".join(turn.text for turn in release_content(decided).turns)
    assert "[laughs]" in text and "[the program]" in text


@pytest.mark.parametrize("text", ["", "[]", "  ", "[Torbjørn's ward]", "Kris", "[P2's friend KRISTIN]"])
def test_a_replacement_may_not_name_anybody(drafted: Session, text: str) -> None:
    work = Pseudonymization(drafted)
    work.search()
    item = next(item for item in work.items() if item.surface == "Torbjørn")
    with pytest.raises(InvalidInput):
        work.decide(item.entity.id, Action.REPLACE, bracketed(text) if not text.strip("[] ") else text)
    assert item.entity.id in work.open_ids


def test_a_name_misheard_is_suggested_as_that_person(drafted: Session) -> None:
    Correction(drafted).set_text(3, "Kristen Hougen's point is a good one, said Torbjørn.")
    work = Pseudonymization(drafted)
    work.search()
    alike = [item for item in work.items() if item.resembles == "P1"]
    assert alike and all(item.suggestion == "[P1]" for item in alike)


def test_nothing_is_approved_while_something_is_open(drafted: Session) -> None:
    with pytest.raises(NotVerified):
        _approve(drafted)
    Pseudonymization(drafted).search()
    with pytest.raises(NotVerified):
        _approve(drafted)
    assert drafted.state.approval is None
    with pytest.raises(NotVerified):
        export_session(drafted)


Change = Callable[[Session], object]
CHANGES: dict[str, Change] = {
    "a corrected word": lambda session: Correction(session).set_text(1, "Welcome back. Would you like to begin?"),
    "another speaker": lambda session: Correction(session).set_speaker(4, Speaker("P2")),
    "a note": lambda session: session.record(ev.NoteTaken(NoteKind.THEME, "time")),
    "a decision taken back": lambda session: Pseudonymization(session).undo(),
    "a decision changed": lambda session: Pseudonymization(session).decide(
        Pseudonymization(session).items()[0].entity.id, Action.REPLACE, "something else"
    ),
    "a correction made and undone": lambda session: (
        Correction(session).set_text(1, "Changed."),
        Correction(session).undo(),
    ),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_any_edit_voids_the_approval(decided: Session, change: Change, tmp_path: Path) -> None:
    assert _approve(decided).approved
    change(decided)
    assert not verify(decided).approved
    with pytest.raises(NotVerified):
        export_session(decided, out=tmp_path / "out")
    assert not (tmp_path / "out").exists() or list((tmp_path / "out").iterdir()) == []


def test_an_approval_names_a_role_and_nobody(decided: Session) -> None:
    with pytest.raises(InvalidInput):
        approve(decided, "  ", verify(decided).content.digest)
    with pytest.raises(InvalidInput):
        approve(decided, "K. Haugen", verify(decided).content.digest)


def test_the_export_holds_numbers_and_no_names(decided: Session, tmp_path: Path) -> None:
    content = _approve(decided).content
    result = export_session(decided, "docx,txt", tmp_path / "out")
    names = {path.name for path in result.folder.iterdir()}
    assert {"manifest.json", "SHA256SUMS"} < names and len(names) == 4
    text = next(result.folder.glob("*.txt")).read_text(encoding="utf-8").lower()
    document = docx.Document(str(next(result.folder.glob("*.docx"))))
    words = "\n".join(paragraph.text for paragraph in document.paragraphs).lower()
    for shown in (text, words):
        assert not any(name in shown for name in NAMES)
        assert "p1:" in shown and "?:" in shown and "[p1]" in shown
    subprocess.run(["sha256sum", "-c", "SHA256SUMS"], cwd=result.folder, check=True, capture_output=True)
    for file in result.files:
        assert hashlib.sha256((result.folder / file.name).read_bytes()).hexdigest() == file.sha256
    assert content.digest in (result.folder / "manifest.json").read_text()
    assert decided.state.exports[-1].content_sha256 == content.digest
    assert summary(decided).next == "done"


def test_the_same_through_the_command_line(decided: Session, planned: Path, tmp_path: Path) -> None:
    decided.close()
    shown = run("verify", "01", "--json", study=planned)
    assert shown.code == 0 and run("export", "01", study=planned).code == 13
    digest = shown.json["content_sha256"]
    assert run("verify", "01", "--approve", "0" * 64, "--by", "officer", study=planned).code == 13
    assert run("verify", "01", "--approve", digest[:6], "--by", "officer", study=planned).code == 13
    approved = run("verify", "01", "--approve", digest[:12], "--by", "officer", "--json", study=planned)
    assert approved.code == 0 and approved.json["approved"]
    done = run("export", "01", "--out", tmp_path / "out", study=planned)
    assert done.code == 0, done.err
    assert run("correct", "01", "--turn", "1", "--text", "Hello.", study=planned).code == 0
    assert run("export", "01", "--out", tmp_path / "out", study=planned).code == 13
    assert run("correct", "01", "--undo", study=planned).code == 0


def test_corrections_are_stored_and_taken_back(drafted: Session) -> None:
    correction = Correction(drafted)
    original = correction.segments
    assert correction.set_text(1, "  Welcome\nall.  ") and not correction.set_text(1, "Welcome all.")
    assert correction.set_speaker(4, Speaker("P2")) and correction.set_checked(4)
    assert next(segment.text for segment in drafted.reread().transcript) == "Welcome all."
    assert [correction.undo(), correction.undo(), correction.undo()] == [4, 4, 1]
    assert [(one.text, one.speaker, one.checked) for one in correction.segments] == [
        (one.text, one.speaker, one.checked) for one in original
    ]
    with pytest.raises(NotFound):
        correction.undo()
    assert drafted.verify_log() == drafted.state.last_seq


def test_a_turn_can_be_split_and_joined(drafted: Session, planned: Path) -> None:
    correction = Correction(drafted)
    new = correction.split(2, len("My boss Torbjørn"))
    correction.set_speaker(new, Speaker("P2"))
    assert [one.text for one in correction.segments][1:3] == [
        "My boss Torbjørn",
        "moved from Levanger to Ashgrove Hospital on the 14th of March.",
    ]
    assert correction.merge(2) == new
    assert correction.segment(2).text == LINES[1][1] and correction.segment(2).speaker == "P1"
    for at in (0, 500, -1):
        with pytest.raises(UsageError):
            correction.split(2, at)
    with pytest.raises(UsageError):
        correction.merge(4)
    assert [correction.undo() for _ in range(3)] == [2, new, 2]
    assert [one.text for one in correction.segments] == [text for _, text in LINES]
    drafted.close()
    assert run("correct", "01", "--turn", "3", "--split", "3", "--speaker", "M", study=planned).code == 0
    assert len(run("correct", "01", "--list", study=planned).out.splitlines()) == 5
    assert run("correct", "01", "--turn", "3", "--join", study=planned).code == 0
    done = run("correct", "01", "--plain", study=planned, stdin="/x 1\n/u\n/j\n/x\n/x no\n/q\n")
    assert done.code == 0 and len(run("correct", "01", "--list", study=planned).out.splitlines()) == 3


def test_the_linear_editor_does_what_the_screen_does(drafted: Session, planned: Path) -> None:
    drafted.close()
    answers = "\nKristin spoke of change.\n/u\n\n/s M\n/u\n/s P1\n/nonsense\nSaid again.\n/q\n"
    done = run("correct", "01", "--plain", study=planned, stdin=answers)
    assert done.code == 0, done.err
    listed = run("correct", "01", "--list", study=planned).out.splitlines()
    assert [line[5] for line in listed] == ["✓", "✓", "✓", " "]
    assert "Kristin spoke of change." in listed[1] and "P1  Said again." in listed[2]
