"""The one way in which people's text reaches a widget."""

from rich.text import Text
from textual.content import Content

from facilitator.domain.text import SafeText, one_line


def plain(text: str) -> Content:
    """`text` as it is: square brackets are data, and control or bidi characters show as signs."""
    return Content(SafeText.of(text))


def cell(text: str, sign: str = "", limit: int = 200) -> Text:
    """`sign`, as it is, and `text` on one line for a DataTable, whose cells are Rich text; the same gate as `plain`."""
    return Text(sign + one_line(text, limit), no_wrap=True, overflow="ellipsis", end="")
