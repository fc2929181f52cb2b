"""Correcting the draft against the sound. Every change is stored before it is shown as saved."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from facilitator.domain import events as ev
from facilitator.domain.edits import Edit, inverse
from facilitator.domain.errors import NotFound, UsageError
from facilitator.domain.ids import ASSISTANT, MODERATOR, Speaker
from facilitator.domain.text import MAX_TURN, one_line
from facilitator.domain.transcript import Segment
from facilitator.workflows.hearing_beside import Beside, beside, differs
from facilitator.workflows.sessions import Session
from facilitator.workflows.sound import SessionSound

if TYPE_CHECKING:
    import numpy as np


class Correction:
    """The correction of one session's draft.

    Raises:
        NotFound: there is no draft yet.
    """

    def __init__(self, session: Session) -> None:
        if not session.state.segments:
            raise NotFound(
                f"Session {session.id} has no draft transcript yet.", do=f"Run `facilitator transcribe {session.id}`."
            )
        self.session = session
        self._sound: SessionSound | None = None

    @property
    def segments(self) -> tuple[Segment, ...]:
        """The transcript in time order."""
        return self.session.state.transcript

    @property
    def checked(self) -> tuple[int, int]:
        """(checked, all)."""
        return sum(segment.checked for segment in self.segments), len(self.segments)

    @property
    def has_other(self) -> bool:
        """Whether anything was heard beside the draft."""
        return any(hearing.finished for hearing in self.session.state.beside)

    def other(self, segment_id: int) -> Beside | None:
        """What was last heard beside a turn, where it has other words than the turn."""
        segment = self.segment(segment_id)
        found = beside(self.session.state, segment)
        return found[0] if found and differs(segment, found[0]) else None

    def differing(self) -> frozenset[int]:
        """Ids of the turns that differ from what was last heard beside them."""
        if not self.has_other:
            return frozenset()
        return frozenset(segment.id for segment in self.segments if self.other(segment.id))

    def segment(self, segment_id: int) -> Segment:
        """One segment by its id; raises NotFound."""
        try:
            return self.session.state.segments[segment_id]
        except KeyError as error:
            raise NotFound(f"There is no turn {segment_id}.", do="See the numbers with `correct S --plain`.") from error

    def set_text(self, segment_id: int, text: str) -> bool:
        """Replace a segment's text; False when it is the same already."""
        before, after = self.segment(segment_id).text, one_line(text, MAX_TURN)
        if before == after:
            return False
        self._store(ev.TextCorrected(segment_id, before, after))
        return True

    def set_speaker(self, segment_id: int, speaker: Speaker | None) -> bool:
        """Change who spoke; None where nobody knows. Raises UsageError for somebody not in the session."""
        if speaker is not None and speaker not in (*self.session.state.participants, MODERATOR, ASSISTANT):
            raise UsageError(
                f"{speaker} is not in this session.", safe="Nothing was changed.", do="Choose one of its people."
            )
        before = self.segment(segment_id).speaker
        if before == speaker:
            return False
        self._store(ev.SpeakerCorrected(segment_id, before, speaker))
        return True

    def set_checked(self, segment_id: int, checked: bool = True) -> bool:
        """Mark a segment as checked against the sound."""
        before = self.segment(segment_id).checked
        if before == checked:
            return False
        self._store(ev.SegmentChecked(segment_id, before, checked))
        return True

    def nothing_said(self, segment_id: int) -> None:
        """Take a turn's text out and mark it as checked, which one `undo` takes back."""
        segment = self.segment(segment_id)
        edits: list[Edit] = [ev.TextCorrected(segment_id, segment.text, "")] if segment.text else []
        edits += [] if segment.checked else [ev.SegmentChecked(segment_id, False, True)]
        self._store(*edits)

    def take_other(self, segment_id: int) -> None:
        """Take what was last heard beside a turn as its text. Raises NotFound where that is no other."""
        other = self.other(segment_id)
        if other is None:
            raise NotFound("Nothing else was heard beside this turn.", safe="Nothing was changed.")
        self.set_text(segment_id, other.text)

    def split(self, segment_id: int, at: int) -> int:
        """Cut a segment before code point `at` of its text and return the id of the new one.

        Raises:
            UsageError: nothing would be left on one side.
        """
        text = self.segment(segment_id).text
        if not 0 <= at <= len(text) or not text[:at].strip() or not text[at:].strip():
            raise UsageError("There has to be text before and after the cut.", safe="Nothing was changed.")
        new_id = max(self.session.state.segments) + 1
        self._store(ev.SegmentSplit(segment_id, new_id, at))
        return new_id

    def merge(self, segment_id: int) -> int:
        """Join a segment with the one after it, under the first one's speaker; returns the id that is gone.

        Raises:
            UsageError: it is the last, or the two are of different people, one of whom withdrew.
        """
        order = [segment.id for segment in self.segments]
        following = order[order.index(self.segment(segment_id).id) + 1 :]
        if not following:
            raise UsageError("There is no turn after this one to join it with.", safe="Nothing was changed.")
        speakers = {self.segment(one).speaker for one in (segment_id, following[0])}
        if len(speakers) > 1 and speakers & self.session.state.withdrawn.keys():
            raise UsageError(
                "One of these turns is of somebody who withdrew: joined with it, another's words would be hidden.",
                safe="Nothing was changed.",
                do="Leave them apart, or correct first who spoke.",
            )
        self._store(ev.SegmentsMerged(segment_id, following[0], len(self.segment(segment_id).text) + 1))
        return following[0]

    def undo(self) -> int:
        """Take the last correction back and return the segment that it touched.

        A text that was taken out and the check right after it are one correction.

        Raises:
            NotFound: there is nothing to take back.
        """
        if not self.session.state.edits:
            raise NotFound("There is no correction to take back.")
        edits = self.session.state.edits
        last = edits[-2:] if _is_removal(edits[-2:]) else edits[-1:]
        self._store(*(inverse(edit, seq) for seq, edit in reversed(last)))
        return last[-1][1].segment_id

    def clip(self, start_ms: int, end_ms: int) -> "tuple[np.ndarray, int]":
        """(int16 mono samples, rate in Hz) of a stretch of the session clock; silence where nothing was recorded."""
        if self._sound is None:
            self._sound = SessionSound(self.session)
        return self._sound.read(max(0, start_ms), min(end_ms, self._sound.length_ms)), self._sound.rate

    def _store(self, *edits: Edit) -> None:
        if edits:
            self.session.record_all([(edit, self.segment(edit.segment_id).start_ms) for edit in edits])


def _is_removal(edits: Sequence[tuple[int, Edit]]) -> bool:
    match [edit for _, edit in edits]:
        case [ev.TextCorrected(emptied, _, ""), ev.SegmentChecked(checked, _, True)]:
            return emptied == checked
    return False
