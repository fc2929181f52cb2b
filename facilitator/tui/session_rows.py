"""How one session reads in the list of sessions, and below it."""

from typing import TYPE_CHECKING

from textual.content import Content

from facilitator.domain.text import one_line
from facilitator.domain.timebase import clock
from facilitator.tui.widgets.text import plain

if TYPE_CHECKING:  # opens databases; not needed for the first paint
    from facilitator.workflows.sessions import Summary


def stage_text(stages: tuple[tuple[str, str], ...], wide: bool) -> str:
    """`recorded ✓ transcribed ✓ corrected 62 %`; in a narrow table the last stage alone."""
    if wide:
        return "  ".join(f"{name} {state}" for name, state in stages[-3:])
    name, state = stages[-1]
    if len(state) > 10:
        return state
    return f"identifiers {state}" if name == "pseudonymized" and state != "✓" else f"{name} {state}"


def detail(row: "Summary", width: int) -> Content:
    """Two lines of at most `width` cells: the step and the session, then all its stages."""
    step = "everything is done" if row.next == "done" else f"Enter: {row.next}"
    length = f" · {clock(row.length_ms)}" if row.length_ms else ""
    stages = " · ".join(f"{name} {state}".strip() for name, state in row.stages)
    lines = (f"{step}{length} · {row.id} {one_line(row.title)}".rstrip() + f" · {row.people}", stages)
    return Content("\n").join(plain(line).truncate(width, ellipsis=True) for line in lines)
