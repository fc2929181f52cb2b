import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from cli_runner import PASSPHRASE
from quick_passphrases import sealed_quickly
from sound_room import SoundRoom

from facilitator.domain.consent import Consent
from facilitator.domain.ids import ResearchNumber
from facilitator.domain.roster import RosterRow
from facilitator.storage import identity_files, keys
from facilitator.storage.keys import PersonalKey, unlock_identity
from facilitator.storage.study_folder import StudyFolder, read_settings
from facilitator.workflows.guides import find_guide
from facilitator.workflows.participants import add_participants, record_consent
from facilitator.workflows.sessions import plan_session
from facilitator.workflows.study import Study, init_study, open_study

PEOPLE = (
    RosterRow("Kristin Haugen", ("Kris",), {"profession": "nurse"}),
    RosterRow("Anders Berg", (), {"profession": "nurse"}),
    RosterRow("Martin Solberg", (), {"profession": "doctor"}),
)

MEMORY = Path("/dev/shm")
ROOMY = 4 << 30


def pytest_configure() -> None:
    """Folders of tests lie in memory where it is roomy: what a drive takes to be sure is most of the time otherwise.

    The crash trials and what makes temporary folders of its own stay on the drive.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as a shell has it in the background; children inherit it
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if not os.access(MEMORY, os.W_OK) or os.statvfs(MEMORY).f_flag & os.ST_NOEXEC:
        return
    if min(shutil.disk_usage(MEMORY).free, psutil.virtual_memory().available) > ROOMY:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark `sound` on what waits for sound: `make test` has one process for that, and beside it one that computes."""
    for item in items:
        fixtures = getattr(item, "fixturenames", ())
        if "sound_room" in fixtures or ("room" in fixtures and hasattr(getattr(item, "module", None), "SoundRoom")):
            item.add_marker(pytest.mark.sound)


@pytest.fixture(scope="session", autouse=True)
def quick_passphrases() -> Iterator[None]:
    """Studies made here open in a millisecond, in other processes too; those that a command makes cost what they do."""
    with pytest.MonkeyPatch.context() as patch:
        for module in (keys, identity_files):
            patch.setattr(module, "sealed_by", sealed_quickly)
        yield


@pytest.fixture(scope="session")
def planned_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study with three people, two of whom consented, and sessions 01 (P1, P2) and 02 (P1, P2, P3)."""
    root = tmp_path_factory.mktemp("template") / "study"
    init_study(root, title="Test study", passphrase=PASSPHRASE, approval_reference="2021/1")
    with open_study(StudyFolder(root), PASSPHRASE) as study:
        numbers = add_participants(study, PEOPLE).numbers
        record_consent(study, numbers[:2], Consent(ResearchNumber("P1"), "2021-09-14"))
        guide = find_guide(study.folder.guides, "pilot")
        plan_session(study, guide, numbers[:2], title="North hospital")
        plan_session(study, guide, numbers, title="Later group")
    return root


@pytest.fixture
def planned(planned_template: Path, tmp_path: Path) -> Path:
    """A copy of the planned study for one test."""
    return Path(shutil.copytree(planned_template, tmp_path / "study"))


@pytest.fixture(scope="session")
def planned_key(planned_template: Path) -> PersonalKey:
    """The key behind the passphrase."""
    return unlock_identity(StudyFolder(planned_template).identity_file, PASSPHRASE)


@pytest.fixture
def opened(planned: Path, planned_key: PersonalKey) -> Iterator[Study]:
    """The planned study, unlocked."""
    folder = StudyFolder(planned)
    with Study(folder, read_settings(folder), planned_key) as study:
        yield study


@pytest.fixture(scope="session")
def sound_room() -> Iterator[SoundRoom]:
    """A private sound server with a silent loudspeaker as its microphone; skips where there can be none."""
    if (absent := SoundRoom.absent()) is not None:
        pytest.skip(absent)
    with SoundRoom() as room:
        yield room
