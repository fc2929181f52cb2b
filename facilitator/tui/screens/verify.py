"""The ethics check: what the program checked, the text as it would leave, and a person's approval of exactly that."""

from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Label, OptionList, Static, TextArea
from textual.widgets.option_list import Option

from facilitator.domain.detail import ExportProfile
from facilitator.domain.errors import NotVerified
from facilitator.domain.ids import SessionId
from facilitator.domain.text import one_line
from facilitator.tui.release_text import ReleaseText
from facilitator.tui.screens.base import StudyScreen
from facilitator.tui.widgets.dialogs import AskText
from facilitator.tui.widgets.text import plain

if TYPE_CHECKING:  # workflows load slowly
    from facilitator.ethics.checks import Check
    from facilitator.workflows.verifying import Verification

SIGNS = {"fail": "✗", "judge": "?", "pass": "✓", "not applicable": "–"}
"""In the order in which they are listed."""


class VerifyScreen(StudyScreen):
    """Read-only until the approval: the checks above, the text below."""

    NAME = "Ethics check"
    HELP = (
        "What would be exported, and what speaks against it. ✗ blocks the approval until it is mended; ? is for you to "
        "judge; ✓ passed; – does not apply. Enter on a check goes to its place in the text. p changes for whom the "
        "export is: the team, readers of a journal, or an archive; each is approved by itself. Approving names exactly "
        "this text: any later change voids it. The output is pseudonymized, not anonymous; some risk remains."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a", "approve", "Approve", id="verify-approve", tooltip="Approve exactly this text for export"),
        Binding("tab", "app.focus_next", "Checks or text", id="verify-next", tooltip="Between the checks and the text"),
        Binding("p", "profile", "For whom", id="verify-profile", tooltip="Team, journal or archive: how much stays"),
        Binding("r", "check", "Check again", id="verify-check", tooltip="Run every check again"),
    ]

    def __init__(self, session_id: SessionId) -> None:
        super().__init__()
        self.session_id = session_id
        self._found: Verification | None = None
        self._profile = ExportProfile.TEAM
        self._text = ReleaseText()

    def compose_body(self) -> ComposeResult:
        """Verdict, checks, text."""
        yield Static(Content("Checking…"), id="verdict")
        yield OptionList(id="checks", markup=False, compact=True)
        yield Label(Content("As it would be exported"), classes="heading")
        yield TextArea(id="text", read_only=True, soft_wrap=True, show_line_numbers=False, compact=True)

    def on_mount(self) -> None:
        self.bar.show(f" Ethics check · {self.session_id}", "read-only ")
        self.query_one("#checks").focus()
        self.action_check()

    def action_check(self) -> None:
        """Run every check on the session as it is now."""
        self.query_one("#verdict", Static).update(Content("Checking…"))
        self.run_apart(self._verify, self._show)

    def action_profile(self) -> None:
        """Show the session as the next profile's export would."""
        profiles = list(ExportProfile)
        if self._found is not None:
            shown = profiles.index(self._found.profile)
            self._profile = profiles[(shown + 1) % len(profiles)]
            self.action_check()

    def _verify(self) -> "Verification":
        from facilitator.workflows.sessions import Session
        from facilitator.workflows.verifying import verify

        with Session(self.study, self.session_id, write=False) as session:
            return verify(session, self._profile)

    def _show(self, found: "Verification") -> None:
        self._found = found
        content = found.content
        heading = f" Ethics check · {self.session_id} {content.title} · as exported for: {found.profile}"
        self.bar.show(heading, "read-only ")
        self.query_one("#verdict", Static).update(verdict_line(found))
        order = list(SIGNS)
        checks = sorted(found.checks, key=lambda check: order.index(check.verdict))
        listed = self.query_one("#checks", OptionList)
        listed.set_options([Option(_check_line(check), id=check.id) for check in checks])
        listed.highlighted = 0
        self._text = ReleaseText.of(content)
        self.query_one("#text", TextArea).load_text(self._text.text)

    @on(OptionList.OptionSelected)
    def _go_to(self, event: OptionList.OptionSelected) -> None:
        found = self._found
        check = next((one for one in found.checks if one.id == event.option_id), None) if found else None
        line = self._text.line_of(check.refs) if check else None
        if line is None:
            self.tell("This check names no place in the text.")
            return
        text = self.query_one("#text", TextArea)
        text.focus()
        text.move_cursor((line, 0), center=True)

    def action_approve(self) -> None:
        """Ask who approves, unless something speaks against it."""
        if self._found is None:
            return
        failing = [check for check in self._found.checks if check.verdict == "fail"]
        if failing:
            reasons = "\n".join(f"✗ {check.title}" for check in failing)
            self.fail(
                NotVerified(
                    f"{len(failing)} of {len(self._found.checks)} checks fail:\n{reasons}",
                    safe="Nothing was approved.",
                    do="Mend them in Correct or Pseudonymize, then come back.",
                )
            )
            return
        label = (
            "You approve exactly this text; any later change voids it. It is pseudonymized, not anonymous.\n\n"
            "Your role or initials, printed in the export's manifest (not a participant's name)"
        )
        title = f"Approve session {self.session_id} for: {self._found.profile}"
        self.app.push_screen(AskText(title, label), partial(self._approve, self._found))

    def _approve(self, shown: "Verification", approver: str | None) -> None:
        if approver is not None:
            self.run_apart(lambda: self._store_approval(approver, shown), self._show)

    def _store_approval(self, approver: str, shown: "Verification") -> "Verification":
        from facilitator.workflows.sessions import Session
        from facilitator.workflows.verifying import approve

        with Session(self.study, self.session_id) as session:
            return approve(session, approver, shown.content.digest, shown.profile)


def verdict_line(found: "Verification") -> Content:
    """The verdict in one or two lines: not yet and why, ready, approved, or approved before a change."""
    counts = {name: sum(check.verdict == name for check in found.checks) for name in SIGNS}
    judge = f" · {counts['judge']} for you to judge" if counts["judge"] else ""
    passed, approval = f" · {counts['pass']} passed", found.approval
    if found.approved and approval:
        said = f"✓ approved by {one_line(approval.approver)} on {approval.at_utc[:10]}, as it is now"
    elif found.ready:
        said = f"ready for approval{judge}{passed}"
    else:
        said = f"not yet: {counts['fail']} fail{judge}{passed}"
    line = Content.assemble(("VERDICT  ", "bold"), said)
    if approval and not found.approved:
        stale = (
            f"▲ The approval by {approval.approver} of {approval.at_utc[:10]} no longer holds: something changed since."
        )
        line += Content("\n") + plain(stale).stylize("bold")
    return line


def _check_line(check: "Check") -> Content:
    loud = check.verdict in ("fail", "judge")
    detail = f" · {one_line(check.detail)}" if check.detail else ""
    goes = "  Enter to see" if check.refs else ""
    return Content.assemble(
        f"{SIGNS[check.verdict]} ", (one_line(check.title), "bold" if loud else ""), detail, (goes, "dim")
    )
