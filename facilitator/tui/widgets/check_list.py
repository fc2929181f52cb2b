"""A list to tick, or to choose one of: the state is a sign in brackets, so that it needs no color."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from facilitator.tui.widgets.text import plain


@dataclass(frozen=True, slots=True)
class Tick:
    """One line: `key` is what the program calls it, `label` what people read."""

    key: str
    label: str
    ticked: bool = False


class CheckList(OptionList):
    """Space or Enter ticks the highlighted line; with `single`, that takes the tick from the others."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "select", "Tick", id="tick", tooltip="Tick the line, or take the tick away (Enter too)")
    ]

    class Ticked(Message):
        """A person ticked a line of `ticks`, or took its tick away."""

        def __init__(self, ticks: "CheckList") -> None:
            super().__init__()
            self.ticks = ticks

        @property
        def control(self) -> "CheckList":
            """The list."""
            return self.ticks

    def __init__(self, ticks: Iterable[Tick] = (), *, single: bool = False, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id, markup=False, compact=True)
        self._single = single
        self._ticks: list[Tick] = []
        self.fill(ticks)

    def on_focus(self) -> None:
        """Show which line Space would tick."""
        if self.highlighted is None:
            self.action_first()

    def fill(self, ticks: Iterable[Tick]) -> None:
        """Replace all lines."""
        self._ticks = list(ticks)
        self.set_options([Option(self._line(tick), id=f"tick-{place}") for place, tick in enumerate(self._ticks)])

    @property
    def ticked(self) -> tuple[str, ...]:
        """Keys of the ticked lines, in their order."""
        return tuple(tick.key for tick in self._ticks if tick.ticked)

    def tick_all(self, ticked: bool) -> None:
        """Tick every line, or none."""
        for place in range(len(self._ticks)):
            self._set(place, ticked)

    @on(OptionList.OptionSelected)
    def _toggle(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        place = event.option_index
        if self._single:
            self.tick_all(False)
        self._set(place, self._single or not self._ticks[place].ticked)
        self.post_message(self.Ticked(self))

    def _set(self, place: int, ticked: bool) -> None:
        if self._ticks[place].ticked != ticked:
            self._ticks[place] = replace(self._ticks[place], ticked=ticked)
            self.replace_option_prompt_at_index(place, self._line(self._ticks[place]))

    def _line(self, tick: Tick) -> Content:
        signs = ("(•)", "( )") if self._single else ("[✓]", "[ ]")
        return Content(f"{signs[0] if tick.ticked else signs[1]} ") + plain(tick.label)
