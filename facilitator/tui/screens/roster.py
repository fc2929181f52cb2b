"""The roster: who takes part, what is known of them, and what they consented to."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import DataTable, Static

from facilitator.domain.consent import Consent, missing_consents
from facilitator.domain.errors import InvalidInput
from facilitator.domain.ids import ResearchNumber
from facilitator.domain.roster import RosterRow
from facilitator.domain.withdrawal import Withdrawal
from facilitator.tui.screens.base import StudyScreen
from facilitator.tui.screens.new_session import is_date
from facilitator.tui.widgets.check_list import Tick
from facilitator.tui.widgets.dialogs import AskText
from facilitator.tui.widgets.form import Answers, Field, Form
from facilitator.tui.widgets.text import cell, plain

if TYPE_CHECKING:  # workflows load slowly
    from facilitator.workflows.participants import Added

NOBODY = (
    "Nobody is on the roster yet.\n\n"
    "i imports a CSV file with a column “name” and, if you like, “aliases” and background columns.\n"
    "a adds one person.\n\n"
    "Names go into the linkage file only; everywhere else a person is a number such as P3."
)


class RosterScreen(StudyScreen):
    """Names are shown because the study is unlocked; they lie in the linkage file and nowhere else."""

    NAME = "People"
    HELP = (
        "Participants with their research numbers. Numbers are given once and never used again. Consents are recorded "
        "for the selected person, or for everybody who has none. Without consent to recording no session with that "
        "person starts. Add the moderator's name too, so that it is replaced by [M] wherever it is heard. When "
        "somebody withdraws, w shows what that takes out of the sessions before it asks; their row stays below the "
        "others, for the receipt and for what is found to be theirs later."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("i", "import_file", "Import CSV", id="roster-import", tooltip="Add everybody in a CSV file"),
        Binding("a", "add", "Add", id="roster-add", tooltip="Add one person"),
        Binding("c", "consent", "Consent", id="roster-consent", tooltip="Record the selected person's consent"),
        Binding("C", "consent_all", "All missing", id="roster-consents", tooltip="Record it for all who have none"),
        Binding("m", "moderator", "Moderator", id="roster-moderator", tooltip="A moderator's or assistant's name"),
        Binding("w", "withdraw", "Withdraw", id="roster-withdraw", tooltip="When the selected person withdraws"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._path = ""

    def compose_body(self) -> ComposeResult:
        """The table, or what to do while it is empty; the moderators below."""
        table: DataTable[Text] = DataTable(id="people", cursor_type="row")
        yield table
        yield Static(plain(NOBODY), id="nobody")
        yield Static(id="moderators")

    def on_mount(self) -> None:
        self._fill()

    def _fill(self) -> None:
        state = self.study.state
        missing = missing_consents(state.participants, state.consents)
        count = len(state.participants)
        many = "1 consent" if len(missing) == 1 else f"{len(missing)} consents"
        consents = f"{many} missing" if missing else "all consented ✓" if count else "nobody yet"
        gone = f" · {len(state.withdrawals)} withdrew" if state.withdrawals else ""
        self.bar.show(f" People   {self.study.settings.title}", f"{count} participants · {consents}{gone} ")
        self.set_class(not (count or gone), "-empty")
        self._fill_table()
        if self.study.linkage_here:
            names = ", ".join(self.study.linkage.moderators) or "none yet: m adds one, so that it is replaced by [M]"
            told = f"Moderators: {names}"
        else:
            told = "▲ The linkage file is not here (see study.toml): names can be neither shown nor added."
        self.query_one("#moderators", Static).update(plain(told))

    def _fill_table(self) -> None:
        table, state = self.query_one("#people", DataTable), self.study.state
        row = table.cursor_row
        table.clear(columns=True)
        columns = list(dict.fromkeys(name for person in state.participants.values() for name in person.background))
        table.add_column("  No.", width=7, key="number")
        for heading, width in (("Name", 22), ("Consent", 24), *((name, None) for name in columns)):
            table.add_column(cell(heading), width=width)
        for number, person in state.participants.items():
            identity = self.study.names_at_hand.get(number)
            table.add_row(
                cell(number, "  "),
                cell(identity.name if identity else "–"),
                cell(consent_text(state.consents.get(number))),
                *(cell(person.background.get(name) or "–", limit=40) for name in columns),
                key=number,
            )
        for number, withdrawal in state.withdrawals.items():
            shown = (cell(withdrawal_text(withdrawal)), *(cell("–") for _ in columns))
            table.add_row(cell(number, "  "), cell("–"), *shown, key=number)
        table.move_cursor(row=row)
        table.focus()
        self._mark_cursor()

    @on(DataTable.RowHighlighted)
    def _mark_cursor(self) -> None:
        table, selected = self.query_one("#people", DataTable), self._selected()
        for number in (*self.study.state.participants, *self.study.state.withdrawals):
            if number in table.rows:
                table.update_cell(number, "number", cell(number, "▸ " if number == selected else "  "))

    def _selected(self) -> ResearchNumber | None:
        table = self.query_one("#people", DataTable)
        if not table.row_count:
            return None
        value = table.coordinate_to_cell_key(table.cursor_coordinate).row_key.value
        return ResearchNumber(value) if value else None

    def action_import_file(self) -> None:
        """Ask for a CSV file and add everybody in it."""

        def start(path: str | None) -> None:
            if path and path.strip():
                self._path = path.strip()
                chosen = Path(self._path.strip("'\"")).expanduser()
                self.run_apart(lambda: self._import(chosen), self._added)

        self.app.push_screen(AskText("Import participants", "Path of the CSV file", self._path), start)

    def _import(self, path: Path) -> "Added":
        from facilitator.workflows.participants import import_roster

        return import_roster(self.study, path)

    def action_add(self) -> None:
        """Ask for one person's name, other names and background."""
        columns = list(dict.fromkeys(name for one in self.study.state.participants.values() for name in one.background))
        fields = [
            Field("name", "Name"),
            Field("aliases", "Other names they go by, with commas between them"),
            *(Field(f"column {place}", name) for place, name in enumerate(columns)),
        ]

        def take(answers: Answers | None) -> None:
            if answers:
                row = _row(answers.values, columns)
                self.run_apart(lambda: self._add(row), self._added)

        self.app.push_screen(Form("Add a participant", fields), take)

    def _add(self, row: RosterRow) -> "Added":
        from facilitator.workflows.participants import add_participants

        return add_participants(self.study, [row])

    def _added(self, added: "Added") -> None:
        self._fill()
        told = f"Added {', '.join(added.numbers)}."
        if added.drawn:
            told += " Their names were in alphabetical order, so the numbers were drawn by lot."
        self.tell(told)

    def action_moderator(self) -> None:
        """Ask for a moderator's name."""

        def take(name: str | None) -> None:
            if name and name.strip():
                self.run_apart(lambda: self._add_moderator(name), lambda _: self._fill())

        self.app.push_screen(
            AskText("Moderator or assistant", "Name, to be replaced by [M] wherever it is heard"), take
        )

    def _add_moderator(self, name: str) -> None:
        from facilitator.workflows.participants import add_moderator

        add_moderator(self.study, name)

    def action_consent(self) -> None:
        """Record the selected person's consent."""
        selected = self._selected()
        if selected in self.study.state.withdrawals:
            self.tell(f"{selected} withdrew; w shows what became of their contributions.")
        elif selected:
            self._ask_consent((selected,), self.study.state.consents.get(selected))

    def action_withdraw(self) -> None:
        """What it means that the selected person withdraws, or the receipt of it."""
        from facilitator.tui.screens.withdraw import WithdrawScreen

        if selected := self._selected():
            self.app.push_screen(WithdrawScreen(selected), lambda _: self._fill())
        else:
            self.tell("Nobody is on the roster yet.")

    def action_consent_all(self) -> None:
        """Record the same consent for everybody without a record."""
        state = self.study.state
        missing = tuple(number for number in state.participants if number not in state.consents)
        if missing:
            self._ask_consent(missing, None)
        else:
            self.tell("Everybody has a consent record.")

    def _ask_consent(self, numbers: tuple[ResearchNumber, ...], before: Consent | None) -> None:
        shown = before or Consent(numbers[0], date.today().isoformat())
        ticks = (
            Tick("recording", "agrees to be recorded", shown.recording),
            Tick("quotation", "agrees to be quoted", shown.quotation),
            Tick("audio", "agrees that sound is shared", shown.audio_sharing),
        )
        who = ", ".join(numbers) if len(numbers) < 7 else f"{len(numbers)} people"
        form = Form(f"Consent of {who}", [Field("date", "Date on the form", shown.recorded_on)], ticks)
        self.app.push_screen(form, self._consent_taker(numbers))

    def _consent_taker(self, numbers: tuple[ResearchNumber, ...]) -> Callable[[Answers | None], None]:
        def take(answers: Answers | None) -> None:
            if not answers:
                return
            day = answers.values["date"].strip()
            if not is_date(day):
                self.fail(InvalidInput(f"“{day}” is not a date.", do="Write it as year-month-day, such as 2027-01-31."))
                return
            wishes = (wish in answers.ticked for wish in ("recording", "quotation", "audio"))
            consent = Consent(numbers[0], day, *wishes)
            self.run_apart(lambda: self._record(numbers, consent), lambda _: self._fill())

        return take

    def _record(self, numbers: tuple[ResearchNumber, ...], consent: Consent) -> None:
        from facilitator.workflows.participants import record_consent

        record_consent(self.study, numbers, consent)


def consent_text(consent: Consent | None) -> str:
    """`✓ 2026-11-02`, with what was refused, or what is missing."""
    if consent is None:
        return "– missing"
    if not consent.recording:
        return f"✗ refused {consent.recorded_on}"
    return (
        f"✓ {consent.recorded_on}"
        + ("" if consent.quotation else " no quotes")
        + (" sound" if consent.audio_sharing else "")
    )


def withdrawal_text(withdrawal: Withdrawal) -> str:
    """`✓ withdrew 2026-11-02`, or that it was broken off."""
    done = withdrawal.finished_utc[:10]
    return f"✓ withdrew {done}" if done else "▲ withdrawal broken off"


def _row(values: dict[str, str], columns: list[str]) -> RosterRow:
    aliases = tuple(alias.strip() for alias in values["aliases"].split(",") if alias.strip())
    background = {
        name: values[f"column {place}"].strip()
        for place, name in enumerate(columns)
        if values[f"column {place}"].strip()
    }
    return RosterRow(values["name"], aliases, background)
