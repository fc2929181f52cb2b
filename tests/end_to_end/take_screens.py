"""Draws the pictures in docs/screens from the real program: `python tests/end_to_end/take_screens.py`.

Makes a demonstration study in a temporary folder, records a few seconds of the sample through a private sound server,
and saves each screen as SVG at 120×40 and as text at 80×24.
"""

import asyncio
import os
import shutil
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TESTS))

from sound_room import SoundRoom  # noqa: E402 -- beside the tests, found through the line above
from textual.pilot import Pilot  # noqa: E402

from facilitator.domain.entities import Action  # noqa: E402
from facilitator.storage.study_folder import StudyFolder  # noqa: E402
from facilitator.tui.app import FacilitatorApp  # noqa: E402
from facilitator.tui.screens.base import StudyScreen  # noqa: E402
from facilitator.workflows.demo import PASSPHRASE, SAMPLE, SESSION, run_demo  # noqa: E402
from facilitator.workflows.guides import find_guide  # noqa: E402
from facilitator.workflows.pseudonymizing import Pseudonymization  # noqa: E402
from facilitator.workflows.sessions import Session, plan_session  # noqa: E402
from facilitator.workflows.study import open_study  # noqa: E402

TARGET = TESTS.parent / "docs" / "screens"
Steps = Callable[[Pilot[None]], Awaitable[None]]


async def _settle(pilot: Pilot[None], seconds: float = 0.0) -> None:
    await asyncio.sleep(seconds)
    while True:
        await pilot.pause()
        if not any(isinstance(one, StudyScreen) and one.working for one in pilot.app.screen_stack):
            return
        await asyncio.sleep(0.05)


async def _draw(root: Path, name: str, steps: Steps) -> None:
    for size in ((120, 40), (80, 24)):
        app = FacilitatorApp(root, PASSPHRASE)
        async with app.run_test(size=size) as pilot:
            while app.study is None:
                await asyncio.sleep(0.1)
            await _settle(pilot, 1.0)
            await steps(pilot)
            if size[0] == 120:
                (TARGET / f"{name}.svg").write_text(app.export_screenshot(title="Facilitator"), encoding="utf-8")
            strips = app.screen._compositor.render_strips()
            lines = ["".join(segment.text for segment in strip).rstrip() for strip in strips]
            (TARGET / f"{name}-{size[0]}x{size[1]}.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
            if name == "conduct":
                await _stop(pilot)


async def _press(pilot: Pilot[None], *keys: str, wait: float = 0.3) -> None:
    for key in keys:
        await pilot.press(key)
        await _settle(pilot)
    await _settle(pilot, wait)


async def _conduct(pilot: Pilot[None], room: SoundRoom, wav: Path) -> None:
    await _press(pilot, *(["down"] if pilot.app.size.width > 100 else ["down", "down"]), "c", wait=1.0)
    await _press(pilot, "r", wait=0.5)
    await _press(pilot, "enter", wait=1.5)
    playing = room.play(wav)
    await _press(pilot, "space", "space", "m", wait=5.0)
    await _press(pilot, "1", wait=5.0)
    await _press(pilot, "t", *"hope", "enter", "3", wait=4.0)
    await _press(pilot, "v", *"beside", "space", *"them", "enter", "2", wait=3.0)
    await _press(pilot, "f", *"ask")
    playing.kill()
    playing.wait()


async def _stop(pilot: Pilot[None]) -> None:
    await _press(pilot, "escape", "s", "y", wait=1.0)


async def main() -> None:
    """Draw them all."""
    if absent := SoundRoom.absent():
        raise SystemExit(absent)
    TARGET.mkdir(exist_ok=True)
    folder = Path(tempfile.mkdtemp())
    with SoundRoom() as room:
        os.environ.update(room.settings)
        root = run_demo(folder / "imr-practitioners", tell=print).study
        with open_study(StudyFolder(root), PASSPHRASE) as study:
            guide = find_guide(study.folder.guides, "imr-practitioners")
            for title in ("District A", "District B"):
                plan_session(study, guide, tuple(study.state.participants), title=title, planned_for="2021-09-21")
            with Session(study, SESSION) as session:
                work = Pseudonymization(session)
                for _ in range(3):
                    work.undo()
                work.decide(work.items()[-1].entity.id, Action.KEEP)
        import soundfile

        samples, rate = soundfile.read(SAMPLE / "focus_group.ogg")
        soundfile.write(folder / "sample.wav", samples, rate)
        await _draw(root, "home", lambda pilot: _press(pilot, "up"))
        await _draw(root, "conduct", lambda pilot: _conduct(pilot, room, folder / "sample.wav"))
        await _draw(root, "correct", lambda pilot: _press(pilot, "e", "down", "down", "enter", wait=1.0))
        await _draw(root, "pseudonymize", lambda pilot: _press(pilot, "p", wait=1.0))
        await _draw(root, "verify", lambda pilot: _press(pilot, "v", wait=1.0))
    shutil.rmtree(folder)


if __name__ == "__main__":
    asyncio.run(main())
