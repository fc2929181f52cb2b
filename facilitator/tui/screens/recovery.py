"""An interrupted recording: first what is there and what is missing, then, when asked, putting it in order."""

from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from facilitator.domain.errors import FacilitatorError
from facilitator.domain.ids import SessionId
from facilitator.domain.progress import Report
from facilitator.domain.text import one_line
from facilitator.tui.screens.base import StudyScreen
from facilitator.tui.widgets.row_layout import wrap
from facilitator.tui.widgets.text import plain

if TYPE_CHECKING:  # opens databases and audio
    from facilitator.workflows.recovering import Diagnosis, Recovered

SIGNS = {"well": "✓", "noted": "–", "recover": "▲", "restore": "✗"}


class RecoveryScreen(StudyScreen):
    """Reads first and changes nothing; Enter puts in order what can be."""

    NAME = "Recovery"
    HELP = (
        "The recording of this session did not end in order: the computer or the program was switched off, or the "
        "recorder died. What is on the disk was looked at, and nothing was changed. Enter puts the session in order: "
        "it closes the recording in the log and removes what was left behind; the sound itself is never rewritten. "
        "Then c goes on with the group. ✓ is well, – is a loss that is known, ▲ is put in order by Enter, ✗ needs "
        "your backup."
    )
    AUTO_FOCUS = "#found"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "recover", "Put in order", id="recovery.recover", tooltip="Repair what can be repaired"),
        Binding("c", "conduct", "Conduct", id="recovery.conduct", tooltip="Go on with the group: record and note"),
    ]

    def __init__(self, session_id: SessionId) -> None:
        super().__init__()
        self.session_id = session_id
        self._diagnosis: Diagnosis | None = None
        self._title = ""

    def compose_body(self) -> ComposeResult:
        """What was found, and below it what can be done now."""
        with VerticalScroll(id="found"):
            yield Static(Content("Looking at what is stored; nothing is changed…"), id="findings")
        yield Static(id="next")

    def on_mount(self) -> None:
        self._draw_bar("looking…")
        self.run_apart(self._look, self._show)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Repair only what needs it; conduct only what is in order."""
        mend = self._diagnosis is not None and self._diagnosis.needs_recovery
        if action == "recover":
            return mend
        if action == "conduct":
            return self._diagnosis is not None and not mend and not self._diagnosis.needs_restoring
        return super().check_action(action, parameters)

    def _look(self) -> "tuple[Diagnosis, str]":
        from facilitator.workflows.recovering import diagnose_folder
        from facilitator.workflows.sessions import summary_or_fault

        diagnosis = diagnose_folder(self.study, self.session_id)
        return diagnosis, summary_or_fault(self.study, self.session_id).title

    def _show(self, looked: "tuple[Diagnosis, str]") -> None:
        self._diagnosis, self._title = looked
        self._draw(self._diagnosis)

    def _draw(self, found: "Diagnosis", done: Content | None = None) -> None:
        told = _findings(found, self.app.size.width - 6)
        self.query_one("#findings", Static).update(done + Content("\n\n") + told if done else told)
        self.query_one("#next", Static).update(Content(_next_step(found, done is not None)))
        self._draw_bar(_state(found, done is not None))
        self.query_one("#found", VerticalScroll).scroll_home(animate=False)
        self.refresh_bindings()

    def _draw_bar(self, state: str) -> None:
        self.bar.show(f" Recovery · {self.session_id} {self._title}", f"{state} ")

    def action_recover(self) -> None:
        """Put the session in order."""
        self.run_with_progress(
            f"Putting session {self.session_id} in order",
            self._recover,
            self._recovered,
            stopping="What is done by then is kept; Enter goes on with it.",
        )

    def _recover(self, report: Report) -> "Recovered":
        from facilitator.workflows.recovering import recover
        from facilitator.workflows.sessions import Session

        with Session(self.study, self.session_id) as session:
            return recover(session, report)

    def _recovered(self, recovered: "Recovered") -> None:
        self._diagnosis = recovered.after
        done = Content("\n").join(
            Content.styled("✓ ", "bold") + plain(line) for line in ("Done, and read back:", *recovered.lines)
        )
        self._draw(recovered.after, done)

    def action_conduct(self) -> None:
        """Leave for the conduct screen."""
        from facilitator.tui.screens.conduct import ConductScreen

        self.app.switch_screen(ConductScreen(self.session_id))

    def fail(self, error: FacilitatorError) -> None:
        """Show the error; where nothing could be looked at, say that instead of waiting."""
        super().fail(error)
        if self._diagnosis is None:
            self.query_one("#findings", Static).update(plain(f"✗ {error.what}"))
            self._draw_bar("▲ cannot be read")


def _findings(found: "Diagnosis", width: int) -> Content:
    """Sign and part of each finding, and below it the words; `width` cells."""
    lines = []
    for one in found.findings:
        lines.append(Content.styled(f"{SIGNS[one.verdict.value]} {one.part}", "bold"))
        words = one_line(" ".join(part for part in (one.text, one.do) if part), 1_000)
        lines += [plain(f"  {words[start:end].rstrip()}") for start, end in wrap(words, width - 2)]
    return Content("\n").join(lines)


def _state(found: "Diagnosis", recovered: bool) -> str:
    if found.recording:
        return "● recording now"
    if found.needs_recovery:
        return "▲ interrupted"
    if found.needs_restoring:
        return "✗ needs your backup"
    return "✓ put in order" if recovered else "✓ in order"


def _next_step(found: "Diagnosis", recovered: bool) -> str:
    if found.recording:
        return "It is being recorded just now: Esc, then c takes that over."
    if found.needs_recovery:
        return "Nothing was changed so far. Enter puts in order what carries ▲."
    if found.needs_restoring:
        return "What carries ✗ cannot be mended here: `facilitator recover` and docs/recovery.md say more."
    return "c goes on with the group; Esc leaves." if recovered else "Nothing needs to be done; c conducts, Esc leaves."
