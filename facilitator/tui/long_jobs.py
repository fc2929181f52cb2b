"""Jobs that take minutes: transcription and import, each behind a dialog that can stop it."""

from pathlib import Path
from typing import TYPE_CHECKING

from facilitator.domain.ids import SessionId
from facilitator.domain.progress import Report
from facilitator.domain.timebase import clock
from facilitator.tui.widgets.dialogs import AskText

if TYPE_CHECKING:  # home imports this module's callers; workflows load slowly
    from facilitator.tui.screens.home import HomeScreen


def transcribe_session(home: "HomeScreen", session_id: SessionId) -> None:
    """Transcribe what is not transcribed yet."""

    def job(report: Report) -> tuple[int, int]:
        from facilitator.workflows.sessions import Session
        from facilitator.workflows.transcribing import transcribe

        with Session(home.study, session_id) as session:
            state = transcribe(session, report=report)
            return len(state.segments), len(state.open_doubts)

    def done(made: tuple[int, int]) -> None:
        turns, doubts = made
        doubtful = {0: "", 1: ", one place of it doubtful"}.get(doubts, f", {doubts} places of it doubtful")
        home.tell(f"Session {session_id} has a draft of {turns} turns{doubtful}. Enter corrects it.")
        home.reload()

    home.run_with_progress(f"Transcribing session {session_id} on this machine", job, done)


def import_into(home: "HomeScreen", session_id: SessionId) -> None:
    """Ask for a sound file and bring it into the session."""

    def done(length_ms: int) -> None:
        home.tell(f"{clock(length_ms)} of sound is now in session {session_id}, encrypted. The file was left as it is.")
        home.reload()

    def start(path: str | None) -> None:
        if path and path.strip():
            chosen = Path(path.strip().strip("'\"")).expanduser()
            home.run_with_progress(
                f"Importing into session {session_id}",
                lambda r: _import(home, session_id, chosen, r),
                done,
                stopping="Nothing is imported then.",
            )

    question = "Path of the sound file (WAV, FLAC, MP3, M4A, Ogg and others)"
    home.app.push_screen(AskText(f"Import audio into session {session_id}", question), start)


def _import(home: "HomeScreen", session_id: SessionId, path: Path, report: Report) -> int:
    from facilitator.workflows.importing import import_audio
    from facilitator.workflows.sessions import Session

    with Session(home.study, session_id) as session:
        return import_audio(session, path, report)
