"""The transcript as plain text: UTF-8 without a byte order mark, line feeds, one turn a paragraph.

A turn reads `[00:12:38] P3: text`, a form that programs for qualitative analysis split into time and speaker. Line
breaks inside a turn are indented, so that no text can pass for a turn of somebody else.
"""

from datetime import datetime
from typing import Final

from facilitator.domain.release import ReleaseContent
from facilitator.export import layout

_FACT_WIDTH: Final = 20
_INDENT: Final = " " * 4


def render_txt(content: ReleaseContent) -> str:
    """The whole document; the same content always gives the same text."""
    title = layout.document_title(content)
    head = [title, "=" * len(title), *(f"{what:<{_FACT_WIDTH}}{value}" for what, value in layout.facts(content))]
    blocks = ["\n".join(head), *(_block(block) for block in layout.body(content))]
    if not content.turns:
        blocks.append(layout.NO_TURNS)
    if content.notes:
        blocks.append(f"{layout.NOTES_TITLE}\n{'-' * len(layout.NOTES_TITLE)}")
        blocks += (f"{what}: {text}" for what, text in layout.notes(content))
    return "\n\n".join(blocks) + "\n"


def txt_bytes(content: ReleaseContent, exported_at: datetime) -> bytes:  # noqa: ARG001 - one signature for all formats
    """The document as the bytes of a file; it holds no date."""
    return render_txt(content).encode()


def read_txt(data: bytes) -> str:
    """The text of a file written by `txt_bytes`."""
    return data.decode("utf-8")


def _block(block: layout.Block) -> str:
    match block:
        case layout.QuestionBlock(label, text):
            return f"{label.upper()}\n{text}"
        case layout.GapBlock(text):
            return text
        case layout.TurnBlock(start, label, text):
            lines = text.strip().split("\n")
            return f"[{start}] {label}: " + f"\n{_INDENT}".join(line.strip() for line in lines)
