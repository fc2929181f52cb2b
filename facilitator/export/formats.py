"""The file formats an export can have."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from facilitator.domain.errors import UsageError
from facilitator.domain.release import ReleaseContent
from facilitator.domain.text import one_line
from facilitator.export.docx import docx_bytes, read_docx
from facilitator.export.txt import read_txt, txt_bytes


@dataclass(frozen=True, slots=True)
class Format:
    """`render` gives the bytes of a file, the same for the same content and time; `read` gives back its text."""

    name: str
    render: Callable[[ReleaseContent, datetime], bytes]
    read: Callable[[bytes], str]

    def file_name(self, session_id: str) -> str:
        """The file's name: the session's number only."""
        return f"session-{session_id}.{self.name}"


FORMATS: Final[Mapping[str, Format]] = {
    "docx": Format("docx", docx_bytes, read_docx),
    "txt": Format("txt", txt_bytes, read_txt),
}


def parse_formats(text: str) -> tuple[str, ...]:
    """`docx,txt` as format names in the order given, each once; case and spaces do not matter.

    Raises:
        UsageError: an unknown format, or none at all.
    """
    names = tuple(dict.fromkeys(part.strip().lower() for part in text.split(",") if part.strip()))
    unknown = [one_line(name, 20) for name in names if name not in FORMATS]
    if unknown or not names:
        what = f"There is no export format {', '.join(unknown)}." if unknown else "No export format was given."
        raise UsageError(what, safe="Nothing was written.", do=f"Choose from {', '.join(FORMATS)}.")
    return names
