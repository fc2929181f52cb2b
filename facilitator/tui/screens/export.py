"""Export: the approved session as files, and where they lie."""

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Label, Static

from facilitator.domain.errors import FacilitatorError
from facilitator.domain.events import Exported
from facilitator.domain.ids import SessionId
from facilitator.domain.progress import Report
from facilitator.tui.screens.base import StudyScreen
from facilitator.tui.widgets.check_list import CheckList, Tick
from facilitator.tui.widgets.line_input import LineInput
from facilitator.tui.widgets.text import plain

if TYPE_CHECKING:  # workflows load slowly
    from facilitator.export.gate import ExportResult


class ExportScreen(StudyScreen):
    """Formats, a folder, and what came of it."""

    NAME = "Export"
    HELP = (
        "Writes the approved text as files, with a manifest and check sums. Refused while the approval is missing or "
        "something changed since; every file is searched for names before it appears. "
        "Sound leaves only by `facilitator export S --audio`. "
        "The output is pseudonymized, not anonymous."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "write", "Export", id="export-write", tooltip="Write the files"),
        Binding("tab", "app.focus_next", "Next field", id="export-next", tooltip="To the next field or list"),
    ]

    def __init__(self, session_id: SessionId) -> None:
        super().__init__()
        self.session_id = session_id

    def compose_body(self) -> ComposeResult:
        """Formats, folder, result."""
        with VerticalScroll(id="export", can_focus=False):
            yield Label(Content("Formats"), classes="field-label")
            yield CheckList(id="formats")
            yield Label(Content("Folder (a new one is made in it for each export)"), classes="field-label")
            yield LineInput(str(self.study.folder.session(self.session_id).exports), compact=True, id="folder")
            yield Static(Content("^s writes the files."), id="said")

    def on_mount(self) -> None:
        self.bar.show(f" Export · {self.session_id}", "")
        self.run_apart(self._read, self._show)

    def _read(self) -> tuple[str, tuple[str, ...], list[Exported], bool]:
        from facilitator.export.formats import FORMATS
        from facilitator.workflows.sessions import Session
        from facilitator.workflows.verifying import verify

        with Session(self.study, self.session_id, write=False) as session:
            found = verify(session)
            return found.content.title, tuple(FORMATS), session.state.exports, found.approved and found.ready

    def _show(self, found: tuple[str, tuple[str, ...], list[Exported], bool]) -> None:
        title, formats, before, approved = found
        self.bar.show(f" Export · {self.session_id} {title}", "approved ✓ " if approved else "– not approved ")
        listed = self.query_one("#formats", CheckList)
        listed.fill([Tick(name, _FORMAT_NAMES.get(name, name), True) for name in formats])
        listed.highlighted = 0
        listed.focus()
        said = "^s writes the files." if approved else "Not approved as it is now: Esc, then v checks and approves it."
        if before:
            times = "once" if len(before) == 1 else f"{len(before)} times"
            said += f"\nExported {times} so far."
        self.query_one("#said", Static).update(Content(said))

    @on(LineInput.Submitted)
    def action_write(self) -> None:
        """Write the ticked formats."""
        formats = ",".join(self.query_one("#formats", CheckList).ticked)
        folder = self.query_one("#folder", LineInput).value.strip()
        out = Path(folder).expanduser().absolute() if folder else None
        self.run_with_progress(
            f"Exporting session {self.session_id}", lambda report: self._export(formats, out, report), self._done
        )

    def _export(self, formats: str, out: Path | None, report: Report) -> "ExportResult":
        from facilitator.workflows.exporting import export_session
        from facilitator.workflows.sessions import Session

        with Session(self.study, self.session_id) as session:
            return export_session(session, formats, out, report)

    def _done(self, result: "ExportResult") -> None:
        said = Content.assemble(("✓ Exported to ", "bold")) + plain(f"{result.folder}\n\n")
        for file in result.files:
            said += plain(f"{file.name}  {file.bytes:,} bytes\n  SHA-256 {file.sha256}\n")
        said += Content("\nPseudonymized; it may still identify people. The key stays in the linkage file.")
        self.query_one("#said", Static).update(said)
        self.query_one("#said").scroll_visible()

    def fail(self, error: FacilitatorError) -> None:
        """As everywhere; the line below the fields says that nothing was written."""
        super().fail(error)
        self.query_one("#said", Static).update(plain("✗ " + (error.safe or "Nothing was written.")))


_FORMAT_NAMES = {"docx": "docx · Word document", "txt": "txt  · plain text"}
