"""The receipt of a withdrawal: what the logs say of it once everything was read back. It holds no name."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from facilitator.domain import events as ev
from facilitator.domain.errors import NotFound
from facilitator.domain.ids import ResearchNumber
from facilitator.domain.timebase import exact
from facilitator.domain.withdrawal import REPLACEMENT, TEXT, Rule
from facilitator.workflows.sessions import Session
from facilitator.workflows.study import Study


@dataclass(frozen=True, slots=True)
class SessionReceipt:
    """What was withdrawn from one session. `turns` of `words`, and `notes` about them; `sound_ms` of the recording were
    destroyed, in `tracks` backup tracks as well.

    `head_before` and `head_after` are hashes of the log's last event before, and of the withdrawal; `events` were
    verified. `approval_void`: it had been approved. `exported` are the dates of exports made before, `export_folders`
    those that lie in the study still.
    """

    session_id: str
    turns: int
    words: int
    notes: int
    sound_ms: int
    tracks: int
    head_before: str
    head_after: str
    events: int
    approval_void: bool
    exported: tuple[str, ...]
    export_folders: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Receipt:
    """A withdrawal that was carried out. Times are UTC, ISO 8601; `backed_up_utc` is that of the last backup, or "".
    `name_destroyed`: the linkage file does not say any more whose number it was."""

    study_title: str
    number: str
    rule: str
    ordered_utc: str
    finished_utc: str
    name_destroyed: bool
    backed_up_utc: str
    sessions: tuple[SessionReceipt, ...]

    @property
    def data(self) -> dict[str, Any]:
        """All of it, for JSON."""
        return asdict(self)

    @property
    def lines(self) -> list[str]:
        """All of it, for people."""
        return [*self._head(), "", *self._done(), "", *self._remains()]

    def _head(self) -> Iterator[str]:
        how = (
            "destroyed" if self.rule == Rule.DESTROY else "masked: kept inside the study, and out of all that leaves it"
        )
        yield "Receipt of a withdrawal"
        yield f"Study: {self.study_title}"
        yield f"Participant: {self.number}"
        yield f"Ordered: {self.ordered_utc[:10]}. Carried out and read back: {self.finished_utc[:10]}."
        yield f"Contributions: {how}"

    def _done(self) -> Iterator[str]:
        verb = "destroyed" if self.rule == Rule.DESTROY else "masked"
        for one in self.sessions:
            yield (
                f"Session {one.session_id}: {_many(one.turns, 'turn')} ({_many(one.words, 'word')}) and "
                f"{_many(one.notes, 'note')} about them {verb}."
            )
            if one.sound_ms or one.tracks:
                also = f", and in {_many(one.tracks, 'backup track')} as well" if one.tracks else ""
                yield f"  {exact(one.sound_ms)} of sound destroyed{also}."
            yield f"  Chain of hashes before: {one.head_before}"
            yield f"  Chain of hashes after:  {one.head_after}"
            yield f"  The chain verifies over {_many(one.events, 'event')}."
            if one.approval_void:
                yield "  The approval of this session is void; check and approve it anew before any export."
        if not self.sessions:
            yield "They took part in no session."

    def _remains(self) -> Iterator[str]:
        yield "What remains:"
        yield f"- Where they spoke, transcripts say {TEXT}; their number and the times at which they spoke stay."
        yield "- Others' turns stay. There, in notes about others and in the debrief, this person may be spoken of."
        if self.name_destroyed:
            yield f"  In all that leaves the study, their name is replaced by {REPLACEMENT}. For that alone the"
            yield "  forms of the name stay in the linkage file, without their number, until that file is destroyed."
        else:
            yield f"  In all that leaves the study, their name is replaced by [{self.number}]."
        if self.rule == Rule.DESTROY:
            yield "- Sound was destroyed in pieces of 250 ms. What others said at the same time is gone with it; an"
            yield "  eighth of a second of theirs may be left at the edge of another's turn."
            yield "- Corrections made before cannot be undone any more; what other models heard beside it is gone."
        else:
            yield "- Their words and their sound stay, encrypted, inside the study until it is purged."
        yield "- Their background and consent stay on record, out of the roster and the background table. The number is"
        yield "  never given to anybody else."
        for one in self.sessions:
            for day in one.exported:
                yield f"- Session {one.session_id} was exported on {day}: withdraw those files from wherever they went."
            for folder in one.export_folders:
                yield f"- {folder} was written before: delete it."
        last = f" (the last on {self.backed_up_utc[:10]})" if self.backed_up_utc else ""
        yield f"- Backups and copies of the study made before{last} hold all of it. Destroy them; make a new one."
        yield "- A solid-state drive, a snapshot or a cloud folder may keep old bytes."


def receipt(study: Study, number: ResearchNumber) -> Receipt:
    """The receipt of a withdrawal, told from the logs, so that it can be had again.

    Raises:
        NotFound: they did not withdraw, or not all of it was carried out.
    """
    found = study.state.withdrawals.get(number)
    if found is None or not found.finished_utc:
        raise NotFound(f"No withdrawal of {number} was finished.", do=f"Run `facilitator withdraw {number}`.")
    sessions = []
    for session_id in study.state.sessions:
        with Session(study, session_id, write=False) as session:
            if (one := _of_session(session, number, found.rule)) is not None:
                sessions.append(one)
    gone = bool(study.state.linkage_destroyed_utc)
    return Receipt(
        study.settings.title,
        number,
        found.rule.value,
        found.ordered_utc,
        found.finished_utc,
        gone or (study.linkage_here and number not in study.linkage.identities),
        study.state.backed_up_utc,
        tuple(sessions),
    )


def _of_session(session: Session, number: ResearchNumber, rule: Rule) -> SessionReceipt | None:
    history = list(session.history())
    withdrawn = [
        (item.event, item)
        for item in history
        if isinstance(item.event, ev.SpeechWithdrawn) and item.event.number == number and item.event.rule is rule
    ]
    if not withdrawn:
        return None
    (first, _), (_, last) = withdrawn[0], withdrawn[-1]
    events = [event for event, _ in withdrawn]
    exported = [item.at_utc[:10] for item in history if isinstance(item.event, ev.Exported) and item.seq < last.seq]
    folders = sorted(path for path in session.folder.exports.glob("[!.]*") if path.is_dir())
    earlier = [path for path in folders if path.stat().st_mtime < datetime.fromisoformat(last.at_utc).timestamp()]
    return SessionReceipt(
        session.id,
        sum(one.turns for one in events),
        sum(one.words for one in events),
        sum(one.notes for one in events),
        sum(one.sound_ms for one in events),
        max(one.tracks for one in events),
        first.head,
        last.hash,
        session.verify_log(),
        bool(session.state.voided),
        tuple(dict.fromkeys(exported)),
        tuple(path.relative_to(session.study.folder.root).as_posix() for path in earlier),
    )


def _many(count: int, noun: str) -> str:
    return f"{count} {noun}{'s' * (count != 1)}"
