from pathlib import Path

from cli_runner import run
from damage import flip_in_stanza, flip_throughout
from study_sound import record_sound

from facilitator.domain.ids import ResearchNumber, session_id
from facilitator.storage.keys import PersonalKey
from facilitator.storage.study_folder import StudyFolder, read_settings
from facilitator.workflows.guides import find_guide
from facilitator.workflows.retaining import set_retention
from facilitator.workflows.sessions import Session, plan_session
from facilitator.workflows.study import Study


def test_a_check_goes_through_all_sessions_and_names_each(opened: Study, planned: Path) -> None:
    plan_session(opened, find_guide(planned / "guides", "pilot"), [ResearchNumber("P1")], title="Third")
    assert run("study", "check", study=planned).code == 0
    flip_throughout(planned / "sessions" / "01" / "session.db")
    flip_in_stanza(planned / "sessions" / "02" / "session.key.age")
    done = run("study", "check", study=planned)
    assert done.code == 6
    lines = done.out.splitlines()
    assert lines[0].startswith("Study log: ") and len(lines) == 4
    assert lines[1].startswith("▲ Session 01: ") and "session.db" in lines[1]
    assert lines[2].startswith("▲ Session 02: The session key is damaged or was replaced")
    assert "Restore sessions/02/session.key.age" in lines[2] and "Ask the researcher" not in done.out + done.err
    assert lines[3].startswith("Session 03: ") and "chain intact" in lines[3]


def test_a_session_that_cannot_be_entered_hides_no_other(opened: Study, planned: Path) -> None:
    (planned / "sessions" / "02").rename(planned / "sessions" / "07")
    flip_in_stanza(planned / "sessions" / "07" / "session.key.age")
    done = run("study", "check", study=planned)
    assert done.code == 6 and "▲ Session 07: The session key" in done.out
    assert "▲ Session 02: " in done.out and "\nSession 01: " in done.out


def test_what_is_not_open_to_somebody_is_told_and_is_no_fault(opened: Study, planned: Path) -> None:
    own = planned.parent / "own.age"
    made = run("access", "identity", own)
    assert run("access", "grant", "01", "--to", made.out.strip(), study=planned).code == 0
    done = run("study", "check", "--identity", own, study=planned)
    assert done.code == 0 and "Session 02: not open to your key." in done.out and "\nSession 01: " in done.out


def test_the_status_reminds_of_what_is_due_and_of_a_backup(
    opened: Study, planned: Path, planned_key: PersonalKey
) -> None:
    done = run("study", "status", "--json", study=planned)
    assert done.json["due"] == [] and (done.json["backup"], done.json["backed_up_utc"]) == ("", "")
    with Session(opened, session_id("01")) as session:
        record_sound(session)
    set_retention(opened, audio_until="2021-01-01")
    shown = run("study", "status", study=planned)
    assert "▲ Audio of 01 was due for deletion on 2021-01-01" in shown.out
    assert "▲ This study was never backed up: facilitator backup DIR" in shown.out
    found = run("study", "status", "--json", study=planned).json
    assert len(found["due"]) == 1 and found["backup"] == "This study was never backed up"
    assert run("backup", planned.parent / "stick", study=planned).code == 0
    found = run("study", "status", "--json", study=planned).json
    assert found["backup"] == "" and found["backed_up_utc"]
    with Study(StudyFolder(planned), read_settings(StudyFolder(planned)), planned_key) as study:
        assert study.state.backed_up_utc == found["backed_up_utc"]


def test_a_new_passphrase_that_nobody_can_type_names_its_own_option(planned: Path) -> None:
    before = (planned / "identity.age").read_bytes()
    done = run("access", "passphrase", study=planned)
    assert done.code == 2 and "No new passphrase was given." in done.err
    assert "--new-passphrase-file FILE" in done.err and "FACILITATOR_PASSPHRASE" not in done.err
    assert (planned / "identity.age").read_bytes() == before
