"""The identifiers of a session as a list: open ones first, then what is decided, then the names of the roster."""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from facilitator.domain.entities import Action
from facilitator.domain.text import one_line

if TYPE_CHECKING:
    from facilitator.workflows.pseudonymizing import Item, RosterHit

ROSTER = "roster:"


class IdentifierList(OptionList):
    """One line an identifier. The id of an option is the entity's; `roster:P1` for a participant's name."""

    DEFAULT_CSS = """
    IdentifierList { width: 39; height: 1fr; }
    IdentifierList > .option-list--option-disabled { color: $secondary; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j", "cursor_down", "Down", show=False, id="identifiers.down"),
    ]

    def show(self, items: "Sequence[Item]", hits: "Sequence[RosterHit]", keep_on: str | None = None) -> None:
        """Show these, with the cursor on `keep_on` where it is still listed, else on the first open one."""
        waiting = [item for item in items if item.decision is None]
        decided = [item for item in items if item.decision is not None]
        options = [
            *_group(f"Open ({len(waiting)})", [_open_option(item) for item in waiting]),
            *_group(f"Decided ({len(decided)})", [_decided_option(item) for item in decided]),
            *_group(f"Roster ({len(hits)})", [_roster_option(hit) for hit in hits]),
        ]
        with self.prevent(OptionList.OptionHighlighted):
            self.set_options(options)
        ids = [option.id for option in options]
        chosen = keep_on if keep_on and keep_on in ids else next((one for one in ids if one), None)
        self.highlighted = ids.index(chosen) if chosen else None


def _group(title: str, options: list[Option]) -> Iterator[Option]:
    if options:
        yield Option(Content.styled(title, "bold"), disabled=True)
        yield from options


def _open_option(item: "Item") -> Option:
    return Option(_line(item.surface, item.entity.category.value, len(item.contexts)), id=item.entity.id)


@lru_cache(maxsize=2048)  # what was laid out once need not be measured again
def _line(surface: str, category: str, mentions: int) -> Content:
    return Content(f"  {_fit(surface, 17)} {category[:12]:<12} {mentions:>3}×")


def _decided_option(item: "Item") -> Option:
    replacement = item.decision.replacement if item.decision else ""
    kept = item.decision is not None and item.decision.action is Action.KEEP
    return Option(_decided_line(item.surface, "" if kept else replacement), id=item.entity.id)


@lru_cache(maxsize=2048)
def _decided_line(surface: str, replacement: str) -> Content:
    becomes = f"→ {replacement}" if replacement else "kept"
    return Content(f"{'✓' if replacement else '='} {_fit(surface, 13)} {_fit(becomes, 21)}")


def _roster_option(hit: "RosterHit") -> Option:
    text = f"✓ {_fit(f'names of {hit.owner}', 13)} {_fit(f'→ {hit.replacement}', 16)} {hit.mentions:>3}×"
    return Option(Content(text), id=f"{ROSTER}{hit.owner}")


def _fit(text: str, width: int) -> str:
    """`text` in exactly `width` cells."""
    shown = Content(one_line(text)).truncate(width, ellipsis=True)
    return shown.plain + " " * (width - shown.cell_length)
