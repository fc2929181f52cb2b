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
from textual.widgets import TextArea  # noqa: E402

from facilitator.domain.entities import Action  # noqa: E402
from facilitator.domain.events import (  # noqa: E402
    Event,
    NoteTaken,
    PresenceChanged,
    QuestionAsked,
    RecordingStarted,
    RecordingStopped,
    SpeakerMarked,
)
from facilitator.domain.group import Presence  # noqa: E402
from facilitator.domain.ids import SessionId, Speaker  # noqa: E402
from facilitator.domain.notes import NoteKind  # noqa: E402
from facilitator.domain.recording import NO_HEAD  # noqa: E402
from facilitator.storage.study_folder import StudyFolder  # noqa: E402
from facilitator.tui.app import FacilitatorApp  # noqa: E402
from facilitator.tui.screens.base import StudyScreen  # noqa: E402
from facilitator.workflows.demo import PASSPHRASE, SAMPLE, SESSION, run_demo  # noqa: E402
from facilitator.workflows.guides import find_guide  # noqa: E402
from facilitator.workflows.pseudonymizing import Pseudonymization  # noqa: E402
from facilitator.workflows.sessions import Session, plan_session  # noqa: E402
from facilitator.workflows.study import Study, open_study  # noqa: E402

TARGET = TESTS.parent / "docs" / "screens"
Steps = Callable[[Pilot[None]], Awaitable[None]]


async def _settle(pilot: Pilot[None], seconds: float = 0.0) -> None:
    await asyncio.sleep(seconds)
    while True:
        await pilot.pause()
        if not any(isinstance(one, StudyScreen) and one.working for one in pilot.app.screen_stack):
            return
        await asyncio.sleep(0.05)


async def _draw(root: Path, name: str, steps: Steps, *, every_form: bool = False) -> None:
    """`every_form` draws both themes at both sizes; otherwise the dark one, wide as a picture and both as text."""
    for size in ((120, 40), (80, 24)):
        app = FacilitatorApp(root, PASSPHRASE)
        async with app.run_test(size=size) as pilot:
            while app.study is None:
                await asyncio.sleep(0.1)
            await _settle(pilot, 1.0)
            await steps(pilot)
            sized = name if size[0] == 120 else f"{name}-80x24"
            if every_form or size[0] == 120:
                _picture(app, sized)
            strips = app.screen._compositor.render_strips()
            lines = ["".join(segment.text for segment in strip).rstrip() for strip in strips]
            (TARGET / f"{name}-{size[0]}x{size[1]}.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
            if every_form:
                app.action_other_theme()
                await _settle(pilot, 0.5)
                _picture(app, f"{sized}-light")
            if name == "conduct":
                await _stop(pilot)


def _picture(app: FacilitatorApp, name: str) -> None:
    (TARGET / f"{name}.svg").write_text(app.export_screenshot(title="Facilitator"), encoding="utf-8")


def _lead_so_far(study: Study, session_id: SessionId) -> None:
    """A group that went on for 47 minutes before the recording that the picture shows."""
    minute = 60_000
    talk = ("M", "P1", "P3", "P2", "P1", "P4", "P3", "P1", "M", "P3", "P1", "P2")
    with Session(study, session_id) as session:
        guide = session.state.guide
        assert guide is not None
        events: list[tuple[Event, int]] = [(RecordingStarted(48_000, "default"), 0)]
        begun = (1, 7, 13, 20, 34)
        events += [(QuestionAsked(one.id), at * minute) for one, at in zip(guide.questions, begun, strict=False)]
        turns = [talk[at % len(talk)] for at in range(120)]
        heard = [(at, who) for at, who in enumerate(turns) if who != "P4" or at < 64]
        events += [(SpeakerMarked(Speaker(who)), minute + at * 23_000) for at, who in heard]
        events += [(PresenceChanged(number, Presence.HERE), 30_000) for number in session.state.participants]
        noted = (
            (NoteKind.THEME, "flexibility vs. manual #core", "P1", 12),
            (NoteKind.QUOTE, "you control the process", "P3", 22),
            (NoteKind.FOLLOW_UP, "cost of the workbook", "P2", 28),
            (NoteKind.NONVERBAL, "several nod", None, 36),
            (NoteKind.PARKED, "Dutch version", None, 41),
        )
        events += [(NoteTaken(kind, text, Speaker(who) if who else None), at * minute) for kind, text, who, at in noted]
        events.append((RecordingStopped(47 * 60 * 48_000, 47 * minute, NO_HEAD), 47 * minute))
        session.record_all(sorted(events, key=lambda event: event[1]))


async def _press(pilot: Pilot[None], *keys: str, wait: float = 0.3) -> None:
    for key in keys:
        await pilot.press(key)
        await _settle(pilot)
    await _settle(pilot, wait)


async def _conduct(pilot: Pilot[None], room: SoundRoom, wav: Path) -> None:
    await _press(pilot, *(["down"] if pilot.app.size.width > 100 else ["down", "down"]), "c", wait=1.0)
    await _press(pilot, "r", wait=1.5)
    playing = room.play(wav)
    await _press(pilot, "m", wait=4.0)
    await _press(pilot, "1", wait=5.0)
    await _press(pilot, "t", *"hope", "space", "#", "c", "o", "tab", "enter", "3", wait=4.0)
    await _press(pilot, "v", *"beside", "space", *"them", "enter", "2", wait=3.0)
    await _press(pilot, "f", *"ask", "space", *"P4", "space", *"about", "space", *"short", "space", *"stays")
    playing.kill()
    playing.wait()


async def _debrief(pilot: Pilot[None]) -> None:
    await _press(pilot, "down", "c", wait=0.5)
    await _press(pilot, "D", wait=0.5)
    pilot.app.screen.query_one("#themes", TextArea).clear()  # it was written for the other size
    await _press(pilot, *"They", "space", *"bend", "space", *"the", "space", *"manual", wait=2.5)


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
                made = plan_session(
                    study, guide, tuple(study.state.participants), title=title, planned_for="2021-09-21"
                )
                _lead_so_far(study, made)
            with Session(study, SESSION) as session:
                work = Pseudonymization(session)
                for _ in range(3):
                    work.undo()
                work.decide(work.items()[-1].entity.id, Action.KEEP)
        import soundfile

        samples, rate = soundfile.read(SAMPLE / "focus_group.ogg")
        soundfile.write(folder / "sample.wav", samples, rate)
        await _draw(root, "home", lambda pilot: _press(pilot, "up"))
        await _draw(root, "conduct", lambda pilot: _conduct(pilot, room, folder / "sample.wav"), every_form=True)
        await _draw(root, "debrief", lambda pilot: _debrief(pilot))
        await _draw(root, "correct", lambda pilot: _press(pilot, "e", "down", "down", "enter", wait=1.0))
        await _draw(root, "pseudonymize", lambda pilot: _press(pilot, "p", wait=1.0))
        await _draw(root, "verify", lambda pilot: _press(pilot, "v", wait=1.0))
    shutil.rmtree(folder)


if __name__ == "__main__":
    asyncio.run(main())
