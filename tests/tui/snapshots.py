"""Text snapshots: what the terminal shows in one state, line by line. `SNAPSHOTS=write pytest …` writes them anew."""

import difflib
import os
from pathlib import Path

from rich.cells import cell_len
from textual.widget import Widget
from tui_driver import Driver

from facilitator.tui.keys import shown_bindings
from facilitator.tui.widgets.entry_line import EntryLine
from facilitator.tui.widgets.key_footer import KeyFooter
from facilitator.tui.widgets.participant_marks import ParticipantMarks
from facilitator.tui.widgets.question_panel import QuestionPanel
from facilitator.tui.widgets.status_bar import StatusBar
from facilitator.tui.widgets.watch_line import WatchLine

FOLDER = Path(__file__).parent / "snapshots"
WHOLE = (StatusBar, WatchLine, QuestionPanel, ParticipantMarks, EntryLine, KeyFooter)
"""What is never cut, at no size; the question panel may shorten other questions, and the entry line what it quotes."""


def check(name: str, driver: Driver) -> str:
    """The screen is whole, and as it was stored under `name` and its size; returns it. Freeze what varies first."""
    width, height = driver.app.size
    shown = driver.text
    _is_whole(driver, shown)
    path = FOLDER / f"{name}-{width}x{height}.txt"
    if os.environ.get("SNAPSHOTS") == "write":
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"{shown}\n", "utf-8")
    before = path.read_text("utf-8").rstrip("\n").split("\n") if path.exists() else []
    now = shown.rstrip("\n").split("\n")
    assert now == before, "\n".join(difflib.unified_diff(before, now, "stored", "now", lineterm=""))
    return shown


def _is_whole(driver: Driver, shown: str) -> None:
    screen, (width, height) = driver.app.screen, driver.app.size
    lines = shown.split("\n")
    assert len(lines) == height and max(map(cell_len, lines)) <= width, shown
    for widget in screen.query("*").results(Widget):
        if isinstance(widget, WHOLE) and widget.display and widget.region.height and widget.region.width:
            place = screen.find_widget(widget)
            assert place.visible_region == place.region, f"{widget} is cut\n{shown}"
            own = "".join(
                one[place.region.x : place.region.right] for one in lines[place.region.y : place.region.bottom]
            )
            assert "…" not in own or isinstance(widget, QuestionPanel | EntryLine), f"{widget} is cut\n{shown}"
    footer = screen.query_one(KeyFooter).region
    for key, binding in shown_bindings(screen):
        assert f"{key} {binding.description}" in "\n".join(lines[footer.y : footer.bottom]), f"{key}\n{shown}"
