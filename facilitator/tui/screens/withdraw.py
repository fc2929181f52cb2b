"""A participant withdraws: what the rule of the consent form would touch, and, once it is typed, the receipt."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.events import Resize
from textual.widgets import Label, Static

from facilitator.domain.errors import FacilitatorError, StorageFailed, UsageError
from facilitator.domain.ids import ResearchNumber
from facilitator.domain.progress import Report
from facilitator.domain.text import one_line
from facilitator.domain.withdrawal import Rule
from facilitator.tui.screens.base import StudyScreen
from facilitator.tui.widgets.check_list import CheckList, Tick
from facilitator.tui.widgets.dialogs import AskText
from facilitator.tui.widgets.line_input import LineInput
from facilitator.tui.widgets.text import plain
from facilitator.tui.widgets.withdraw_preview import preview_text
from facilitator.tui.widgets.withdraw_receipt import receipt_text
from facilitator.tui.widgets.withdraw_working import Carrying

if TYPE_CHECKING:  # workflows load slowly
    from facilitator.workflows.withdrawing import Preview, Receipt

PROMISES: Final = {
    Rule.DESTROY: "destroy · “If you withdraw, your data will be deleted”",
    Rule.MASK: "mask    · “Data collected until then may be kept, but is not used”",
}
_UNTOUCHED: Final = "Nothing was changed."
_NO_FILE: Final = "The receipt is in no file; Esc, then w shows it again."


@dataclass(frozen=True, slots=True)
class _Done:
    """A withdrawal that was carried out. `unwritten` is why its receipt is in no file, though one was wished for."""

    receipt: "Receipt"
    file: Path | None
    unwritten: FacilitatorError | None


class WithdrawScreen(StudyScreen):
    """Rule, what it touches, where the receipt goes; afterwards the receipt alone."""

    NAME = "Withdrawal"
    HELP = """\
Takes the contributions of one participant out of every session, when they withdraw. Choose the rule that their \
consent form promises: with “destroy” what they said, the notes about them, their sound and their name beside the \
number are destroyed; with “mask” all of it stays inside the encrypted study and out of whatever leaves it. What was \
masked can be destroyed later, not the other way round.

Nothing is changed before you have pressed ^s and typed the number. Attribute turns first: what nobody knows to be \
theirs stays. Broken off at any point, the same goes on when it is started again. Approvals of these sessions are \
void afterwards. The receipt holds no name, and can be shown again at any time; it also says what remains, such as \
backups and exports made before.
"""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "withdraw", "Withdraw", id="withdraw.go", tooltip="Asks for the number, then withdraws"),
        Binding("tab", "next", "Next field", id="withdraw.next", tooltip="To the next field or list"),
        Binding("pageup", "scroll(-1)", "Page up", show=False, id="withdraw.up", priority=True),
        Binding("pagedown", "scroll(1)", "More", id="withdraw.down", priority=True, tooltip="Further down the text"),
    ]
    DEFAULT_CSS = """
    WithdrawScreen {
        & > #asked, & > #file { height: auto; padding: 0 2; }
        & > #told { height: 1fr; padding: 1 2 0 2; }
        & #told Static { height: auto; }
        &.-done > #asked, &.-done > #file { display: none; }
    }
    """
    CSS = "WithdrawScreen #rules { height: auto; }"  # over the style sheet of all lists

    def __init__(self, number: ResearchNumber) -> None:
        super().__init__()
        self.number = number
        self._found: dict[Rule, Preview] = {}
        self._begun = False
        self._finished: _Done | None = None

    @property
    def who(self) -> str:
        """Number, and the name while it is known: the wrong person must not be withdrawn."""
        identity = self.study.names_at_hand.get(self.number)
        return f"{self.number} ({one_line(identity.name)})" if identity else self.number

    @property
    def rule(self) -> Rule | None:
        """The rule that is ticked."""
        ticked = self.query_one("#rules", CheckList).ticked
        return Rule(ticked[0]) if ticked else None

    def compose_body(self) -> ComposeResult:
        """Rules, what they touch or the receipt, and the file for it."""
        with Vertical(id="asked"):
            yield Label(Content("What the consent form promises"), classes="field-label")
            yield CheckList(single=True, id="rules")
        with VerticalScroll(id="told", can_focus=False):
            yield Static(Content("Looking at every session; nothing is changed…"))
        with Vertical(id="file"):
            yield Label(Content("File for the receipt (a new one; empty for none)"), classes="field-label")
            yield LineInput(str(self._free_file()), compact=True, id="receipt")

    def on_mount(self) -> None:
        self._say_state("looking…")
        self.query_one("#rules").focus()
        self.run_apart(self._look, self._show)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Fields are there only before it is done."""
        if action == "withdraw":
            return bool(self._found)
        if action == "next":
            return self._finished is None
        return super().check_action(action, parameters)

    def _look(self) -> "dict[Rule, Preview]":
        from facilitator.workflows.withdrawing import preview

        self.study.refresh()
        before = self.study.state.withdrawals.get(self.number)
        gone = before is not None and before.rule is Rule.DESTROY  # what is destroyed cannot be masked instead
        rules = (Rule.DESTROY,) if gone else tuple(Rule)
        return {rule: preview(self.study, self.number, rule) for rule in rules}

    def _show(self, found: "dict[Rule, Preview]") -> None:
        self._found, self._begun = found, False
        chosen = self.rule
        before = found[Rule.DESTROY].before
        rules = self.query_one("#rules", CheckList)
        chosen = chosen or (before.rule if before else None)
        rules.fill(Tick(rule.value, PROMISES[rule], rule is chosen) for rule in found)
        rules.highlighted = next((place for place, rule in enumerate(found) if rule is chosen), 0)
        self._show_rule()
        self.refresh_bindings()

    @on(CheckList.Ticked)
    def _show_rule(self) -> None:
        """What the ticked rule would do."""
        chosen = self.rule
        if (found := self._found.get(chosen or Rule.DESTROY)) is None:
            return
        self._tell_all(preview_text(found, chosen is not None))
        if found.before is None:
            self._say_state("nothing is changed yet")
        elif found.before.finished_utc:
            self._say_state(f"✓ withdrew {found.before.finished_utc[:10]}")
        else:
            self._say_state("▲ broken off")

    def action_withdraw(self) -> None:
        """Ask for the number, then carry it out. Where nothing is left to do, show the receipt."""
        chosen = self.rule
        if chosen is None:
            self.tell("Choose first what the consent form promises: the arrow keys, then Space.")
            self.query_one("#rules").focus()
            return
        try:
            file = self._checked_file()
        except FacilitatorError as error:
            self.fail(error)
            return
        if not self._found[chosen].to_do:
            self._carry_out(chosen, file)
            return

        def confirmed(typed: str | None) -> None:
            if typed is None:
                return
            if typed.strip() == self.number:
                self._carry_out(chosen, file)
            else:
                self.fail(UsageError(f"That was not {self.number}.", safe=_UNTOUCHED, do="^s asks again."))

        self.app.push_screen(AskText(f"Withdraw {self.who}", self._question(chosen)), confirmed)

    def _question(self, rule: Rule) -> str:
        sessions = sum(one.to_do for one in self._found[rule].shares)
        where = "1 session" if sessions == 1 else f"{sessions} sessions"
        if rule is Rule.DESTROY:
            what = f"Their contributions to {where} and their name will be destroyed. Nobody can bring them back."
        else:
            what = f"Their contributions to {where} will be masked, and not be shown again."
        return f"{what}\n\nType {self.number} to go on."

    def _carry_out(self, rule: Rule, file: Path | None) -> None:
        if not self._may_start():
            return
        self._begun = True
        dialog = Carrying(f"Withdrawing {self.number}")
        self.app.push_screen(dialog)
        self._start(lambda: self._withdraw(rule, file, dialog.report), self._done, dialog)

    def _withdraw(self, rule: Rule, file: Path | None, report: Report) -> _Done:
        from facilitator.workflows.study import Study
        from facilitator.workflows.withdrawing import withdraw, word_for

        with Study(self.study.folder, self.study.settings, self.study.key) as own:  # outlives the app
            receipt = withdraw(own, self.number, rule, word_for(self.number), report)
        try:
            if file is not None:
                _write(file, "\n".join(receipt.lines) + "\n")
        except StorageFailed as error:
            return _Done(receipt, None, error)
        return _Done(receipt, file, None)

    def _done(self, done: _Done) -> None:
        self.study.refresh()
        self._begun = False
        self._found = {}
        self.add_class("-done")
        self.set_focus(None)
        self._finished = done
        self._show_receipt()
        self._say_state("✓ carried out and read back")
        self.refresh_bindings()
        if done.unwritten is not None:
            self.fail(done.unwritten)

    def _show_receipt(self) -> None:
        if (done := self._finished) is not None:
            told = f"✓ The receipt lies in {done.file}" if done.file else _NO_FILE
            text = receipt_text(done.receipt.lines, self.app.size.width - 6)  # padding and scroll bar
            self._tell_all(Content("\n").join([plain(told).stylize("bold"), Content(), text]))

    @on(Resize)
    def _resized(self) -> None:
        self._show_receipt()

    def fail(self, error: FacilitatorError) -> None:
        """As everywhere; after a withdrawal that broke off, look anew at what is left to do."""
        super().fail(error)
        if self._begun and self._found:
            self._found = {}
            self.run_apart(self._look, self._show)
        elif not self._found and self._finished is None:
            self._tell_all(plain(f"✗ {error.what}"))
            self._say_state("▲ cannot be looked at")
        self.refresh_bindings()

    def action_next(self) -> None:
        """To the next field."""
        self.focus_next()

    def action_scroll(self, direction: int) -> None:
        """Show more of what it touches, or of the receipt."""
        told = self.query_one("#told", VerticalScroll)
        told.scroll_relative(y=direction * max(1, told.size.height - 1), animate=False)

    def _say_state(self, state: str) -> None:
        self.bar.show(f" Withdrawal · {self.who}", f"{state} ")

    def _tell_all(self, text: Content) -> None:
        told = self.query_one("#told", VerticalScroll)
        told.query_one(Static).update(text)
        told.scroll_home(animate=False)

    def _free_file(self) -> Path:
        folder, number = self.study.folder.root, self.number
        names = (f"receipt-{number}{f'-{again}' if again > 1 else ''}.txt" for again in range(1, 1000))
        return next((folder / name for name in names if not (folder / name).exists()), folder / f"receipt-{number}.txt")

    def _checked_file(self) -> Path | None:
        """The file for the receipt. Raises UsageError, StorageFailed before anything else happens."""
        typed = self.query_one("#receipt", LineInput).value.strip().strip("'\"")
        if not typed:
            return None
        file = Path(typed).expanduser().absolute()
        if file.exists():
            raise UsageError(f"{file.name} exists already.", safe=_UNTOUCHED, do="Name a new file for the receipt.")
        if not file.parent.is_dir() or not os.access(file.parent, os.W_OK):
            raise StorageFailed(f"Nothing can be written in {file.parent}.", safe=_UNTOUCHED, do="Name another folder.")
        return file


def _write(file: Path, text: str) -> None:
    from facilitator.storage.files import write_atomically

    try:
        write_atomically(file, text.encode())
    except StorageFailed as error:
        raise StorageFailed(
            error.what, safe="The withdrawal is carried out.", do="Esc, then w and ^s give the receipt again."
        ) from error
