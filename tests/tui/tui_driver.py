import asyncio
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from facilitator.domain.roster import RosterRow
from facilitator.storage.study_folder import StudyFolder
from facilitator.tui.app import FacilitatorApp
from facilitator.tui.screens.base import StudyScreen
from facilitator.workflows.participants import add_participants
from facilitator.workflows.study import Study, init_study, open_study

PASSPHRASE = "correct horse battery"
NARROW, WIDE = (80, 24), (120, 40)
NAMES = ("Kristin Berg", "Ola Nordmann", "Åse Dahl", "Mona Vik")


def screen_text(app: FacilitatorApp) -> str:
    """What the terminal shows, a line for each row."""
    width, height = app.size
    strips = app.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in strip)[: width + 1].rstrip() for strip in strips[:height])


@dataclass
class Driver:
    """A running app with a pilot, and the waiting that its jobs need."""

    app: FacilitatorApp
    pilot: Pilot[None]

    async def settle(self) -> None:
        """Until no job runs and every message is handled."""
        for _ in range(1000):
            await self.pilot.pause()
            screens = [one for one in self.app.screen_stack if isinstance(one, StudyScreen)]
            if not self.app.home.reading and not any(screen.working for screen in screens):
                break
            await asyncio.sleep(0.01)
        else:
            raise AssertionError("a job did not end within its time")
        await self.pilot.pause()

    async def press(self, *keys: str) -> None:
        """Press keys, then wait for what they start."""
        await self.pilot.press(*keys)
        await self.settle()

    async def write(self, text: str) -> None:
        """Type into the focused field, as a paste."""
        from textual.events import Paste

        self.app.screen.post_message(Paste(text))
        await self.pilot.pause()

    @property
    def text(self) -> str:
        """What the terminal shows."""
        return screen_text(self.app)

    @property
    def notices(self) -> list[str]:
        """The passing messages shown so far."""
        return [notification.message for notification in self.app._notifications]


Opened = Callable[..., AbstractAsyncContextManager[Driver]]


@pytest.fixture(scope="session")
def made_study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty study, of which each test gets a copy."""
    root = tmp_path_factory.mktemp("tui") / "study"
    return init_study(root, title="IMR practitioners", passphrase=PASSPHRASE, approval_reference="2021/200019")


@pytest.fixture(scope="session")
def unlocked_key(made_study: Path) -> Any:
    """The key of every copy."""
    with open_study(StudyFolder(made_study), PASSPHRASE) as study:
        return study.settings, study.key


@pytest.fixture
def study_root(made_study: Path, tmp_path: Path) -> Path:
    """A study of this test's own."""
    return shutil.copytree(made_study, tmp_path / "study")


@pytest.fixture
def study(study_root: Path, unlocked_key: Any) -> Iterator[Study]:
    """That study, unlocked, for arranging and for looking at what the screens stored."""
    settings, key = unlocked_key
    with Study(StudyFolder(study_root), settings, key) as opened:
        yield opened


@pytest.fixture
def peopled(study: Study) -> Study:
    """With four participants, none of whom has consented yet."""
    rows = [RosterRow(name, (), {"profession": "nurse"}) for name in reversed(NAMES)]
    add_participants(study, rows)
    return study


@pytest.fixture
def opened(study: Study, monkeypatch: pytest.MonkeyPatch) -> Opened:
    """Runs the app on the study, unlocked without a passphrase."""
    monkeypatch.setattr("facilitator.tui.opening.unlock", lambda folder, _: Study(folder, study.settings, study.key))
    monkeypatch.setattr(
        "facilitator.tui.screens.unlock.unlock", lambda folder, _: Study(folder, study.settings, study.key)
    )

    @asynccontextmanager
    async def run(size: tuple[int, int] = NARROW, *, messages: bool = False) -> AsyncIterator[Driver]:
        app = FacilitatorApp(study.folder.root, PASSPHRASE)
        async with app.run_test(size=size, notifications=messages) as pilot:
            driver = Driver(app, pilot)
            await driver.settle()
            yield driver

    return run
