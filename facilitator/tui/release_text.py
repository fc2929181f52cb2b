"""The text of a release on lines, for reading, and where the places that checks name are in it."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from facilitator.domain.release import ReleaseContent
from facilitator.domain.timebase import stamp
from facilitator.export import layout

_OF_PEOPLE = ("Study", "Approval reference", "Session", "Not to be quoted")
"""What of the header somebody wrote; the rest is the program's."""
_REF = re.compile(r"(turn|question|note|gap) at ([0-9]+)")


@dataclass(frozen=True, slots=True)
class ReleaseText:
    """`text` in time order and uncut, what stands above it first and notes last.

    `places` maps (kind, milliseconds) to a line, counted from 0.
    """

    text: str = ""
    places: dict[tuple[str, int], int] = field(default_factory=dict)

    @classmethod
    def of(cls, content: ReleaseContent) -> "ReleaseText":
        """Questions and gaps stand between the turns, as in the exported files."""
        rows: list[tuple[int, int, str, str]] = []
        rows += [(gap[0], 0, "gap", f"── no sound: {gap[2]} ──") for gap in content.gaps]
        rows += [(one.at_ms, 1, "question", f"── {one.type}: {one.text} ──") for one in content.questions]
        rows += [
            (one.start_ms, 2, "turn", f"{stamp(one.start_ms)}  {one.speaker or '?':<4} {one.text}")
            for one in content.turns
        ]
        rows.sort(key=lambda row: row[:2])
        rows += [(one.at_ms, 3, "note", f"{stamp(one.at_ms)}  note ({one.kind}) {one.text}") for one in content.notes]
        head = [f"{what}: {value}" for what, value in layout.facts(content) if what in _OF_PEOPLE]
        places = {(kind, at_ms): line for line, (at_ms, _, kind, _) in enumerate(rows, len(head) + 1)}
        lines = [*head, "", *(layout.printable(text.replace("\n", " ")) for *_, text in rows)]
        return cls("\n".join(lines), places)

    def line_of(self, refs: Iterable[str]) -> int | None:
        """The line of the first of `refs`, such as `turn at 12000`, that is a place in the text."""
        for ref in refs:
            if match := _REF.match(ref):
                line = self.places.get((match[1], int(match[2])))
                if line is not None:
                    return line
        return None
