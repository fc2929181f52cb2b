"""Choosing how much of one identifier an export shows, for those outside the team."""

from typing import TYPE_CHECKING, ClassVar, Final

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Label, OptionList, Static
from textual.widgets.option_list import Option

from facilitator.domain.detail import Detail, ExportProfile
from facilitator.domain.text import one_line
from facilitator.tui.widgets.text import plain

if TYPE_CHECKING:
    from facilitator.workflows.pseudonymizing import Item

Choice = tuple[ExportProfile, Detail | None]
_CHOICES: Final[tuple[Choice, ...]] = tuple(
    (profile, detail)
    for profile in (ExportProfile.JOURNAL, ExportProfile.ARCHIVE)
    for detail in (None, Detail.DECIDED, Detail.GENERALIZED, Detail.REMOVED, Detail.KEPT)
)
_SAID: Final = {
    None: "as usual for its kind",
    Detail.DECIDED: "as in the team",
    Detail.GENERALIZED: "its general form",
    Detail.REMOVED: "only its kind",
    Detail.KEPT: "as it was said",
}


class DetailChoice(ModalScreen[Choice | None]):
    """A list with the levels of each profile; the cursor is on what holds now. Escape changes nothing."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss(None)", "Leave it", show=False)]
    DEFAULT_CSS = """
    DetailChoice OptionList { height: auto; max-height: 14; background: transparent; border: none; padding: 0; }
    """

    def __init__(self, item: "Item", now: dict[ExportProfile, Detail | None]) -> None:
        super().__init__()
        self._item, self._now = item, now

    def compose(self) -> ComposeResult:
        """Title, list, keys."""
        with Vertical(classes="dialog"):
            yield Label(plain(f"“{one_line(self._item.surface, 40)}” in exports"), classes="dialog-title")
            yield OptionList(markup=False, compact=True)
            yield Static(Content("Enter takes it · Esc leaves everything as it is"), classes="dialog-keys")

    def on_mount(self) -> None:
        """Fill the list, each profile under its name."""
        options: list[Option] = []
        for profile in (ExportProfile.JOURNAL, ExportProfile.ARCHIVE):
            shows = self._item.shown[profile] or "as it was said"
            head = f"{profile.capitalize()} · now {one_line(shows, 44)}"
            options.append(Option(Content.styled(head, "bold"), disabled=True))
            options += [
                Option(plain(f"{'●' if self._now.get(of) is detail else '○'} {_SAID[detail]}"), id=str(index))
                for index, (of, detail) in enumerate(_CHOICES)
                if of is profile
            ]
        listed = self.query_one(OptionList)
        listed.set_options(options)
        listed.highlighted = 1
        listed.focus()

    @on(OptionList.OptionSelected)
    def _selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        if event.option_id is not None:
            self.dismiss(_CHOICES[int(event.option_id)])
