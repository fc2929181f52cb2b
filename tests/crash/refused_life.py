"""A study's life in small steps, each of which says what it stored once it did; and whether all of that is there."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from facilitator.audio.container import RecordWriter
from facilitator.domain import events as ev
from facilitator.domain.access import Role
from facilitator.domain.errors import FacilitatorError
from facilitator.domain.ids import SessionId, Speaker
from facilitator.domain.notes import NoteKind
from facilitator.domain.release import ReleaseContent, ReleaseTurn
from facilitator.domain.session_state import Approval
from facilitator.domain.transcript import Segment
from facilitator.export import gate
from facilitator.export.manifest import verify_manifest
from facilitator.privacy.residue import contains_any
from facilitator.storage.keys import PersonalKey
from facilitator.storage.study_folder import StudyFolder, read_settings, write_settings
from facilitator.workflows import access
from facilitator.workflows.sessions import Session
from facilitator.workflows.sound import open_track
from facilitator.workflows.study import Study

from .small_study import BLOCK, RATE, Sound, compare, noise, open_with, plan

TITLE_AFTER = "Crash trials, second title"
MODERATOR = "Ingrid Moderator"
SEGMENT = Segment(1, 0, 900, Speaker("P1"), "Hei", ())


@dataclass(slots=True)
class Life:
    """What was said to be stored, and which steps said that they failed, with their errors."""

    root: Path
    key: PersonalKey
    officer: str
    told: dict[str, FacilitatorError] = field(default_factory=dict)
    session_id: SessionId | None = None
    events: list[ev.Stored] = field(default_factory=list)
    sound: Sound = field(default_factory=Sound)
    kept: int = 0
    """Samples up to here were said to be on the disk."""
    syncs: int = 0
    done: set[str] = field(default_factory=set)

    def step(self, name: str, act: Callable[[], object]) -> bool:
        """Whether `act` said that it did. An error outside the program's tree goes through: that is a crash."""
        try:
            act()
        except FacilitatorError as error:
            self.told[name] = error
            return False
        self.done.add(name)
        return True

    def run(self) -> None:
        self.step("study", self._in_study)

    def _in_study(self) -> None:
        with open_with(self.root, self.key) as study:
            if self.step("session", lambda: self._in_session(study)) and self.session_id:
                session_id = self.session_id
                self.step("grant", lambda: access.grant(study, session_id, self.officer, Role.TRANSCRIBER))
                self.step("revoke", lambda: access.revoke(study, session_id, self.officer))
            self.step("linkage", lambda: study.change_linkage(lambda linkage: linkage.with_moderator(MODERATOR)))
            self.step("settings", self._retitle)

    def _in_session(self, study: Study) -> None:
        with plan(study) as session:
            self.session_id = session.id
            self.step("record", lambda: self._record(session))
            for number in range(3):
                self.step(f"note {number}", lambda: self._store(session, ev.NoteTaken(NoteKind.QUOTE, "a note")))
            self.step("draft", lambda: self._store(session, ev.DraftMade((SEGMENT,))))
            self.step("edit", lambda: self._store(session, ev.TextCorrected(1, "Hei", "Hei, hei")))
            self.step("strike", lambda: self._store(session, self._strike()))
            self.step("export", lambda: self._export(session))

    def _record(self, session: Session) -> None:
        self._store(session, ev.RecordingStarted(RATE, "microphone"))
        with RecordWriter(
            session.folder.audio,
            session_id=session.id,
            recipient=session.key.audio_recipient,
            rate=RATE,
            ballast_bytes=8192,
        ) as writer:
            for at in [block * BLOCK for block in (0, 1, 2, 3, 8, 9)]:  # the gap begins a second file
                samples = noise(BLOCK, at + 1)
                self.sound.add(at, samples)
                writer.append(samples.tobytes(), at)
                self.sound.appended = at + BLOCK
                if at // BLOCK % 2:
                    writer.sync()
                    self.syncs += 1
                    self.kept = self.sound.appended
        self.kept = self.sound.appended
        self._store(session, ev.RecordingStopped(writer.samples, 2500, writer.head))

    def _strike(self) -> ev.Event:
        notes = [stored.seq for stored in self.events if isinstance(stored.event, ev.NoteTaken)]
        return ev.AudioStruck(0, 0, 0, 0, 0, "00" * 32, destroyed=tuple(notes[:1]), track=9)

    def _store(self, session: Session, event: ev.Event) -> None:
        self.events.append(session.record(event))

    def _export(self, session: Session) -> None:
        content = ReleaseContent(
            study_title="Crash trials",
            approval_reference="2021/1",
            session_id=session.id,
            title="",
            length_ms=2500,
            language="en",
            participants=(Speaker("P1"),),
            turns=(ReleaseTurn(0, 900, Speaker("P1"), "Hei"),),
            questions=(),
        )
        gate.export(
            content,
            folder=session.folder.exports,
            run_name="run",
            formats=("txt",),
            approval=Approval(content.digest, "officer", "2026-01-01T00:00:00.000+00:00", 9),
            surfaces=("Kristin",),
            contains=contains_any,
            session_id=content.session_id,
            exported_at=datetime(2026, 1, 2, tzinfo=UTC),
        )

    def _retitle(self) -> None:
        settings = read_settings(StudyFolder(self.root))
        write_settings(
            StudyFolder(self.root),
            title=TITLE_AFTER,
            approval_reference=settings.approval_reference,
            language=settings.language,
            recipient=settings.recipient,
        )


def fault(life: Life) -> str:
    """What is not there, or not as it was said to be stored; "" if all is well."""
    folder = StudyFolder(life.root)
    if "settings" in life.done and read_settings(folder).title != TITLE_AFTER:
        return "the settings are not those that were saved"
    with open_with(life.root, life.key) as study:
        study.verify_log()
        if len(study.linkage.identities) != 2 or ("linkage" in life.done) > (MODERATOR in study.linkage.moderators):
            return "the linkage file is not what was saved"
        if life.session_id and life.session_id not in study.state.sessions:
            return "the session is gone"
        if ("revoke" in life.done) and study.state.grants:
            return "who was revoked has access"
        for session_id in study.state.sessions:
            with Session(study, session_id) as session:
                if why := _session_fault(session, life):
                    return why
    return ""


def _session_fault(session: Session, life: Life) -> str:
    session.verify_log()
    found = {stored.seq: stored for stored in session.history()}
    struck = {
        seq for stored in life.events if isinstance(stored.event, ev.AudioStruck) for seq in stored.event.destroyed
    }
    for stored in life.events:
        if found.get(stored.seq) != (None if stored.seq in struck else stored):
            return f"event {stored.seq} is not what was acknowledged"
    reader = open_track(session) if any(session.folder.audio.glob("*.rec")) else None
    read = compare(reader, Sound(life.sound.pieces, life.kept))
    if read.wrong or read.undated or read.missing:
        return f"{read.wrong} samples wrong, {read.missing} lost, {read.undated} silent without a date"
    runs = list(session.folder.exports.glob("[!.]*"))
    if ("export" in life.done) > bool(runs) or any(verify_manifest(path) for path in runs):
        return "the export is not whole"
    return ""
