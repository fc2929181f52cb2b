"""Keys of every sort while a long session really records, and how long the screen takes to show what they did."""

import asyncio
import os
import re
import sys
import time
from itertools import cycle, islice
from pathlib import Path
from typing import Any, Final

from benchmarks.conduct_compare import percentile
from benchmarks.conduct_group import GUIDE, PEOPLE
from benchmarks.conduct_keys import SIZE
from benchmarks.conduct_paint import PaintedProgram, Seen
from benchmarks.conduct_replay import PASSPHRASE, PROGRAM, program_env
from facilitator.domain import events as ev
from facilitator.domain.ids import ResearchNumber, SessionId, Speaker
from facilitator.domain.notes import RETURNING, NoteKind
from facilitator.workflows.guides import find_guide
from facilitator.workflows.sessions import Session, plan_session
from facilitator.workflows.study import Study

NOTES, MARKS = 500, 2_000
S02: Final = SessionId("02")
WORD: Final = "well"
_KINDS: Final = tuple(kind for kind in NoteKind if kind not in RETURNING)
_BARE: Final = Path(__file__).with_name("conduct_bare.py")


def add_long_session(study: Study) -> None:
    """One more session of the study, with 2,000 marks and 500 notes.

    They lie in its first seconds, so that the recording, which starts the clock, goes on after them.
    """
    people = [ResearchNumber(one) for one in PEOPLE]
    plan_session(study, find_guide(study.folder.guides, GUIDE), people, title="Long group")
    speakers = islice(cycle((*PEOPLE, "M")), MARKS)
    events: list[tuple[ev.Event, int]] = [(ev.QuestionAsked("round"), 0)]
    events += [(ev.SpeakerMarked(Speaker(label)), at) for at, label in enumerate(speakers)]
    for at, kind in enumerate(islice(cycle(_KINDS), NOTES - 2)):
        text = f"what was said at place {at} of the group #tag{at % 9}"
        events.append((ev.NoteTaken(kind, text, Speaker("P2"), "round"), MARKS // NOTES * at))
    returning = ((NoteKind.FOLLOW_UP, "ask again"), (NoteKind.PARKED, "the rooms"))
    events += [(ev.NoteTaken(kind, text, None, "round"), MARKS) for kind, text in returning]
    with Session(study, S02) as session:
        session.record_all(sorted(events, key=lambda entry: entry[1]))


def key_to_paint(study: Path, room: Any, rounds: int, idle_s: float, pause_s: float) -> dict[str, Any]:
    """Figures of `rounds` rounds of keys in the session that `add_long_session` made."""
    command = [*PROGRAM, "conduct", S02, "--study", str(study)]
    with PaintedProgram(command, program_env(**room.settings)) as program:
        program.wait_for("not recording", seconds=60)
        program.press("r")
        program.wait_for("Before recording", "Enter Record", "✓ Consent")
        program.press("\r")
        program.wait_for("● REC")
        time.sleep(2.2)  # past the notes and marks that are there already
        before = len(program.chunks)
        for number in range(rounds):
            _round(program, number, pause_s)
        time.sleep(0.5)
        taken, chunks = program.paint_ms(), len(program.chunks) - before
        cpu_percent = program.cpu_percent(idle_s)
        program.press("s", then_s=0.5)
        program.press("y")
        program.wait_for("read back", seconds=60)
        program.press("\x11", then_s=0.8)
    painted = {"ui_cpu_percent": cpu_percent, "paints": chunks}
    return _figures(taken) | painted | asyncio.run(_headless(study))


def bare_key_to_paint(count: int) -> list[float]:
    """Milliseconds from a key to its paint in a Textual program of one line."""
    with PaintedProgram([sys.executable, str(_BARE)], dict(os.environ)) as program:
        program.wait_for("key: none")
        time.sleep(0.5)
        for letter in islice(cycle("abcdefghijklmnopqrstuvwxyz"), count):
            program.press(letter, "bare", _shows(f"key: {letter}."), then_s=0.1)
        time.sleep(0.3)
        return program.paint_ms()["bare"]


def _round(program: PaintedProgram, number: int, pause_s: float) -> None:
    """One of each sort; everything that opens is closed again."""
    first, second, third = (PEOPLE[(number + step) % len(PEOPLE)] for step in (0, 2, 4))
    for who in (first, second, third):
        program.press(who[1], "speaker", _speaks(who), then_s=pause_s)
    program.press("u", "undo", _speaks(second), then_s=pause_s)
    program.press("t", "begin a note", _shows("theme ▸"), then_s=pause_s)
    word = f"{WORD}{number}"
    for end in range(1, len(word) + 1):
        program.press(word[end - 1], "letter", _shows(f"▸  {word[:end]}"), then_s=pause_s)
    stored = re.compile(rf"theme +{second} +{word}(?!\d)")
    program.press("\r", "store a note", lambda shown: stored.search(shown) is not None, then_s=pause_s)
    program.press(" ", "next question", _shows("Think back to when you first heard of IMR"), then_s=pause_s)
    program.press("U", "undo a step", _shows("Please tell us, in half a minute each"), then_s=pause_s)
    program.press("l", "open a list", _shows("To come back to before the end"), then_s=pause_s)
    program.press("l", "close a list", _shows("OPENING 1 of 1"), then_s=pause_s)
    program.press("g", "open the picker", _shows("Go to: letters"), then_s=pause_s)
    program.press("\x1b", then_s=max(2 * pause_s, 0.5))


def _shows(words: str) -> Seen:
    return lambda shown: words in shown


def _speaks(label: str) -> Seen:
    row = re.compile(rf"{label} .*◂")
    return lambda shown: row.search(shown) is not None


def _figures(taken: dict[str, list[float]]) -> dict[str, Any]:
    everything = [one for values in taken.values() for one in values]
    for sort, values in sorted(taken.items()):
        middle, high = percentile(values, 50), percentile(values, 95)
        print(f"  {sort:<18} {len(values):>4} keys  p50 {middle:6.1f}  p95 {high:6.1f}  max {max(values):6.1f} ms")
    return {
        "keys": len(everything),
        "p50_key_ms": percentile(everything, 50),
        "p95_key_ms": percentile(everything, 95),
        "max_key_ms": max(everything),
    }


async def _headless(study: Path) -> dict[str, int]:
    """How many notes, marks and widgets the conduct screen then has, hidden widgets and the screen itself included."""
    from facilitator.tui.app import FacilitatorApp
    from facilitator.tui.screens.conduct import ConductScreen

    app = FacilitatorApp(study, PASSPHRASE, ("conduct", S02))
    async with app.run_test(size=SIZE) as pilot:
        while not (isinstance(screen := app.screen, ConductScreen) and screen.is_open):
            await asyncio.sleep(0.05)
        await pilot.pause()
        state = screen.session.state
        widgets = len(list(screen.walk_children(with_self=True)))
        return {"notes": len(state.notes), "marks": len(state.marks), "widgets": widgets}
