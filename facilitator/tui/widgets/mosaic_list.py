"""The people of a study as a list: those who stand out first, each with why; the sessions that were read at the end."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.events import Resize
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from facilitator.domain.mosaic import Profile
from facilitator.domain.text import one_line
from facilitator.tui.widgets.row_layout import wrap
from facilitator.tui.widgets.text import plain

if TYPE_CHECKING:
    from facilitator.workflows.mosaic import Mosaic

SESSIONS = "sessions"
_INDENT = 3
_LINES = 2
"""Of the reasons; the panel has all of them."""


class MosaicList(OptionList):
    """One option a person, whose id is the number; `sessions` for what was read."""

    DEFAULT_CSS = """
    MosaicList { width: 31; height: 1fr; }
    MosaicList > .option-list--option-disabled { color: $secondary; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j", "cursor_down", "Down", show=False, id="mosaic.list-down"),
    ]

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id, markup=False, compact=True)
        self._seen: Mosaic | None = None

    def show(self, seen: "Mosaic") -> None:
        """Show these, with the cursor where it was."""
        self._seen = seen
        self._fill()

    def on_resize(self, _: Resize) -> None:
        """The reasons are wrapped to the width."""
        if self._seen is not None:
            self._fill()

    def _fill(self) -> None:
        assert self._seen is not None  # noqa: S101  given by `show`
        kept = self.highlighted_option.id if self.highlighted_option else None
        at_risk = [one for one in self._seen.people if one.reasons]
        others = [one for one in self._seen.people if not one.reasons]
        width = max(12, self.size.width - 2)
        options = [
            *_group(f"Stand out ({len(at_risk)})", [_person(one, width) for one in at_risk]),
            *_group(f"Nothing by these rules ({len(others)})", [_person(one, width) for one in others]),
            *_group("Read", [_sessions(self._seen)]),
        ]
        ids = [option.id for option in options]
        place = ids.index(kept) if kept and kept in ids else next(at for at, one in enumerate(ids) if one)
        with self.prevent(OptionList.OptionHighlighted):
            self.set_options(options)
            self.highlighted = place


def _group(title: str, options: Sequence[Option]) -> Iterator[Option]:
    if options:
        yield Option(Content.styled(title, "bold"), disabled=True)
        yield from options


def _person(one: Profile, width: int) -> Option:
    sign = "▲" if one.reasons else "–"
    noted = f" · {len(one.notes)} noted" if one.notes else ""
    why = one_line("; ".join(one.reasons))
    lines = _wrapped(why, width - _INDENT)
    if len(lines) > _LINES:
        lines = _wrapped(why, width - _INDENT - 2)[:_LINES]
        lines[-1] += " …"
    head = Content.assemble(f"{sign}  ", (one.number, "bold"), noted)
    return Option(Content("\n").join([head, *(plain(f"{' ' * _INDENT}{line}") for line in lines)]), id=one.number)


def _sessions(seen: "Mosaic") -> Option:
    sign = "▲" if seen.left_out or seen.unattributed else "✓"
    return Option(Content(f"{sign}  {len(seen.read)} of {len(seen.read) + len(seen.left_out)} sessions"), id=SESSIONS)


def _wrapped(text: str, width: int) -> list[str]:
    return [text[start:end].rstrip() for start, end in wrap(text, width)] if text else []
