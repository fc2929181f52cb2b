"""Export: the approved session as files, with its sound where that is wished for, and where they lie."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Label, Static

from facilitator.domain.detail import ExportProfile
from facilitator.domain.errors import ConsentMissing, FacilitatorError
from facilitator.domain.ids import SessionId
from facilitator.domain.progress import Report
from facilitator.domain.timebase import clock, stamp
from facilitator.tui.screens.base import StudyScreen
from facilitator.tui.widgets.check_list import CheckList, Tick
from facilitator.tui.widgets.line_input import LineInput
from facilitator.tui.widgets.text import plain

if TYPE_CHECKING:  # workflows load slowly
    from facilitator.workflows.exporting import SessionExport
    from facilitator.workflows.redacting import Redacted

SOUND: Final = "sound"
MOST_PLACES: Final = 60
"""Of the tone, listed after an export; more are counted."""
_FORMAT_NAMES: Final = {"docx": "docx · Word document", "txt": "txt  · plain text"}
_READERS: Final = {
    ExportProfile.TEAM: "team    · who does the study",
    ExportProfile.JOURNAL: "journal · readers of a paper",
    ExportProfile.ARCHIVE: "archive · anybody, for good",
}


@dataclass(frozen=True, slots=True)
class _Found:
    """The session as it stands. `approved` are the profiles whose approval holds now; `sound_refused` is why its sound
    may not be exported, or ""; `length_ms` is that of the recording; `exported` how often it was exported."""

    title: str
    formats: tuple[str, ...]
    approved: frozenset[ExportProfile]
    sound_refused: str
    length_ms: int
    exported: int


class ExportScreen(StudyScreen):
    """Formats, for whom, sound, a folder, and what came of it."""

    NAME = "Export"
    HELP = (
        "Writes the approved text as files, with a manifest and check sums. Refused while the approval is missing or "
        "something changed since; every file is searched for names before it appears. For whom decides how much "
        "detail stays, and each has an approval of its own (v on the list of sessions). With sound, the recording is "
        "added with a tone over every identifier, if everybody agreed; a speech model hears it once more before "
        "anything is written, which takes about as long as the transcription did. A voice identifies all the same. "
        "The output is pseudonymized, not anonymous."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "write", "Export", id="export-write", tooltip="Write the files"),
        Binding("tab", "app.focus_next", "Next field", id="export-next", tooltip="To the next field or list"),
        Binding("pageup", "scroll(-1)", "Page up", show=False, id="export-up", priority=True),
        Binding("pagedown", "scroll(1)", "More", id="export-down", priority=True, tooltip="Further down the page"),
    ]
    DEFAULT_CSS = """
    ExportScreen {
        & Horizontal, & Horizontal > Vertical { height: auto; }
        & Horizontal > Vertical { width: 1fr; }
        & #about-sound { display: none; height: auto; }
        &.-sound #about-sound { display: block; }
    }
    """
    CSS = "ExportScreen CheckList { height: auto; }"  # over the style sheet of all lists

    def __init__(self, session_id: SessionId) -> None:
        super().__init__()
        self.session_id = session_id
        self._found: _Found | None = None

    @property
    def profile(self) -> ExportProfile:
        """For whom it is."""
        ticked = self.query_one("#readers", CheckList).ticked
        return ExportProfile(ticked[0]) if ticked else ExportProfile.TEAM

    @property
    def with_sound(self) -> bool:
        """Whether the sound is wished for."""
        return bool(self.query_one("#sound", CheckList).ticked)

    def compose_body(self) -> ComposeResult:
        """Formats and readers, sound, folder, result."""
        readers = [Tick(profile.value, name, profile is ExportProfile.TEAM) for profile, name in _READERS.items()]
        with VerticalScroll(id="export", can_focus=False):
            with Horizontal():
                with Vertical():
                    yield Label(Content("Formats"), classes="field-label")
                    yield CheckList(id="formats")
                with Vertical():
                    yield Label(Content("For whom"), classes="field-label")
                    yield CheckList(readers, single=True, id="readers")
            yield Label(Content("Sound"), classes="field-label")
            yield CheckList([Tick(SOUND, "with sound, a tone over every identifier")], id="sound")
            yield Static(id="about-sound")
            yield Label(Content("Folder (a new one is made in it for each export)"), classes="field-label")
            yield LineInput(str(self.study.folder.session(self.session_id).exports), compact=True, id="folder")
            yield Static(Content("^s writes the files."), id="said")

    def on_mount(self) -> None:
        self.bar.show(f" Export · {self.session_id}", "")
        self.run_apart(self._read, self._show)

    def _read(self) -> _Found:
        from facilitator.export.formats import FORMATS
        from facilitator.workflows.redacting import check_shared
        from facilitator.workflows.sessions import Session
        from facilitator.workflows.verifying import verify

        with Session(self.study, self.session_id, write=False) as session:
            found = {profile: verify(session, profile) for profile in ExportProfile}
            try:
                check_shared(session)
                refused = "" if session.state.length_ms else "There is no sound in this session."
            except ConsentMissing as error:
                refused = error.what
            return _Found(
                found[ExportProfile.TEAM].content.title,
                tuple(FORMATS),
                frozenset(profile for profile, one in found.items() if one.approved and one.ready),
                refused,
                session.state.length_ms,
                len(session.state.exports),
            )

    def _show(self, found: _Found) -> None:
        self._found = found
        listed = self.query_one("#formats", CheckList)
        listed.fill([Tick(name, _FORMAT_NAMES.get(name, name), True) for name in found.formats])
        listed.highlighted = 0
        listed.focus()
        self._chosen()

    @on(CheckList.Ticked)
    def _chosen(self) -> None:
        """Say whether what is ticked can be exported, and what sound means."""
        found = self._found
        if found is None:
            return
        approved, profile = self.profile in found.approved, self.profile
        state = "approved ✓ " if approved else "– not approved "
        self.bar.show(f" Export · {self.session_id} {found.title} · for: {profile}", state)
        said = "^s writes the files." if approved else "Not approved as it is now: Esc, then v checks and approves it."
        if found.exported:
            said += f"\nExported {'once' if found.exported == 1 else f'{found.exported} times'} so far."
        self.query_one("#said", Static).update(Content(said))
        self.set_class(self.with_sound, "-sound")
        self.query_one("#about-sound", Static).update(_about_sound(found))

    @on(LineInput.Submitted)
    def action_write(self) -> None:
        """Write the ticked formats, and the sound if that is ticked."""
        formats = ",".join(self.query_one("#formats", CheckList).ticked)
        folder = self.query_one("#folder", LineInput).value.strip()
        out = Path(folder).expanduser().absolute() if folder else None
        sound, profile = self.with_sound, self.profile
        self.run_with_progress(
            f"Exporting session {self.session_id}{' with its sound' if sound else ''}",
            lambda report: self._export(formats, out, report, sound, profile),
            self._done,
            stopping="Nothing is written.",
        )

    def _export(
        self, formats: str, out: Path | None, report: Report, sound: bool, profile: ExportProfile
    ) -> "SessionExport":
        from facilitator.workflows.exporting import export_session
        from facilitator.workflows.sessions import Session

        with Session(self.study, self.session_id) as session:
            return export_session(session, formats, out, report, audio=sound, profile=profile)

    def _done(self, result: "SessionExport") -> None:
        if self._found is not None:
            self._found = replace(self._found, exported=self._found.exported + 1)
        said = Content.assemble(("✓ Exported to ", "bold")) + plain(f"{result.folder}\n\n")
        for file in result.files:
            said += plain(f"{file.name}  {file.bytes:,} bytes\n  SHA-256 {file.sha256}\n")
        if result.redacted is not None:
            said += Content("\n") + sound_text(result.redacted) + Content("\n")
        said += Content("\nPseudonymized; it may still identify people. The key stays in the linkage file.")
        shown = self.query_one("#said", Static)
        shown.update(said)
        self.call_after_refresh(shown.scroll_visible, top=True, animate=False)

    def fail(self, error: FacilitatorError) -> None:
        """As everywhere; the line below the fields says that nothing was written."""
        super().fail(error)
        self.query_one("#said", Static).update(plain("✗ " + (error.safe or "Nothing was written.")))

    def action_scroll(self, direction: int) -> None:
        """Further down the page, or back."""
        page = self.query_one("#export", VerticalScroll)
        page.scroll_relative(y=direction * max(1, page.size.height - 1), animate=False)


def _about_sound(found: _Found) -> Content:
    """What exporting sound means, or why it would be refused."""
    if found.sound_refused:
        return plain(f"✗ It would be refused: {found.sound_refused}").stylize("bold")
    return Content(
        f"This takes long, about as long as the transcription did: a speech model hears the {clock(found.length_ms)} "
        "once more, with the tone, and nothing is written if it hears a name. A voice identifies all the same."
    )


def sound_text(redacted: "Redacted") -> Content:
    """What is under a tone, where to listen, and what a tone does not hide."""
    toned = redacted.toned
    seconds, places = sum(end - start for start, end in toned) / 1000, len(toned)
    where = "1 place" if places == 1 else f"{places} places"
    lines = [
        Content.styled(f"Sound: {seconds:.1f} s in {where} are under a tone. Still identifiable by voice.", "bold")
    ]
    if toned:
        listed = ", ".join(f"{stamp(start)} ({(end - start) / 1000:.1f} s)" for start, end in toned[:MOST_PLACES])
        more = f", and {places - MOST_PLACES} more" if places > MOST_PLACES else ""
        lines.append(Content(f"{listed}{more}"))
    if redacted.whole_turns:
        turns = "1 turn" if redacted.whole_turns == 1 else f"{redacted.whole_turns} turns"
        lines.append(Content(f"Wholly under a tone, since their words have no times: {turns}."))
    if redacted.listen_to:
        times = ", ".join(dict.fromkeys(stamp(at_ms) for at_ms in redacted.listen_to))
        said = f"▲ Listen before you pass it on, for words there sound like a known name: {times}."
        lines.append(Content.styled(said, "bold"))
    return Content("\n").join(lines)
