"""How a group went, folded from its events: guide, people, speaker marks, notes, checklist and debrief."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import StrEnum

from facilitator.domain import events as ev
from facilitator.domain.group import ASSISTING, Coming, DebriefPart, Presence
from facilitator.domain.guide import Guide, Question
from facilitator.domain.ids import ResearchNumber
from facilitator.domain.notes import RETURNING, Note, SpeakerMark

_RELEASED = (
    ev.NoteTaken | ev.NoteEdited | ev.QuestionReworded | ev.QuestionAsked | ev.QuestionStepUndone | ev.PresenceChanged
)

_TAKEN_BACK = ev.SpeakerMarked | ev.QuestionAsked | ev.QuestionSkipped | ev.QuestionParked
"""What whoever stored it may take back."""


class Step(StrEnum):
    """What was done with a question."""

    ASKED = "asked"
    SKIPPED = "skipped"
    PARKED = "parked"


@dataclass(frozen=True, slots=True)
class QuestionStep:
    """At `at_ms` a question was asked, skipped (`reason`, or "") or parked."""

    at_ms: int
    question_id: str
    step: Step
    reason: str = ""


@dataclass(slots=True)
class ConductState:
    """Properties may be read while another thread folds the next event.

    Collections are keyed by the number of the event that made the item, unless named otherwise.

    `wordings` holds (question id, text), `first_words` (number of the mark, text), `stimuli` (at_ms, question id,
    place). `drafts` holds each note's versions as (number of the event, note), `notes` the last of them by note id.
    `comings` are in order; `ticked` says when each item of the checklist was done, `written` when the
    words of each event that holds some were written. `assisted` are marks and steps that an assistant stored.
    """

    title: str = ""
    guide: Guide | None = None
    participants: tuple[ResearchNumber, ...] = ()
    planned_for: str = ""
    steps: dict[int, QuestionStep] = field(default_factory=dict)
    wordings: dict[int, tuple[str, str]] = field(default_factory=dict)
    stimuli: list[tuple[int, str, int]] = field(default_factory=list)
    marks: dict[int, SpeakerMark] = field(default_factory=dict)
    first_words: dict[int, tuple[int, str]] = field(default_factory=dict)
    notes: dict[int, Note] = field(default_factory=dict)
    drafts: dict[int, list[tuple[int, Note]]] = field(default_factory=dict)
    settled: set[int] = field(default_factory=set)
    comings: list[Coming] = field(default_factory=list)
    arranged: tuple[ResearchNumber, ...] = ()
    ticked: dict[str, int] = field(default_factory=dict)
    debriefs: dict[int, tuple[DebriefPart, str]] = field(default_factory=dict)
    written: dict[int, int] = field(default_factory=dict)
    assisted: set[int] = field(default_factory=set)

    # --- the guide

    @property
    def guide_as_run(self) -> Guide | None:
        """The frozen guide with the wording that questions were given on the spot."""
        given = dict(self.wordings.values())
        if self.guide is None or not given:
            return self.guide
        sections = tuple(
            replace(section, questions=tuple(_reworded(question, given) for question in section.questions))
            for section in self.guide.sections
        )
        return replace(self.guide, sections=sections)

    @property
    def course(self) -> list[QuestionStep]:
        """What was done with questions, in time order."""
        return [step for _, step in sorted(self.steps.items(), key=lambda entry: (entry[1].at_ms, entry[0]))]

    @property
    def asked(self) -> list[tuple[int, str]]:
        """(at_ms, question id) of each asking, in time order."""
        return [(step.at_ms, step.question_id) for step in self.course if step.step is Step.ASKED]

    # --- the people

    @property
    def presence(self) -> dict[ResearchNumber, Presence]:
        """Who is there now, of everybody in the session."""
        known = {coming.number: coming.presence for coming in self.comings}
        return {number: known.get(number, Presence.EXPECTED) for number in self.participants}

    @property
    def expected(self) -> tuple[ResearchNumber, ...]:
        """Those who are there or may still come: a recording needs their consent."""
        gone = (Presence.ABSENT, Presence.LEFT)
        return tuple(number for number, presence in self.presence.items() if presence not in gone)

    @property
    def took_part(self) -> tuple[ResearchNumber, ...]:
        """Everybody of the session but those who did not come."""
        return tuple(number for number, presence in self.presence.items() if presence is not Presence.ABSENT)

    @property
    def seats(self) -> tuple[ResearchNumber, ...]:
        """Everybody of the session in the order in which they sit; whoever was given no seat comes last."""
        seated = [number for number in self.arranged if number in self.participants]
        return (*seated, *(number for number in self.participants if number not in seated))

    @property
    def speaker_marks(self) -> tuple[SpeakerMark, ...]:
        """The marks in time order, each with the first words that were noted last for it."""
        words = dict(self.first_words.values())
        marks = (replace(mark, words=words[seq]) if seq in words else mark for seq, mark in tuple(self.marks.items()))
        return tuple(sorted(marks, key=lambda mark: mark.at_ms))

    # --- the notes

    @property
    def returning(self) -> tuple[Note, ...]:
        """Follow-ups and parked topics that were not taken up yet, in time order."""
        waiting = (note for note in tuple(self.notes.values()) if note.kind in RETURNING and not note.settled)
        return tuple(sorted(waiting, key=lambda note: note.at_ms))

    @property
    def debrief(self) -> dict[DebriefPart, str]:
        """What was written after the group."""
        return dict(self.debriefs.values())

    def written_since(self, from_ms: int, to_ms: int) -> tuple[int, ...]:
        """Numbers of the events whose words were written from `from_ms` to `to_ms`: a strike destroys them.

        Of a note that was begun in that time every version, and of any other note the versions written in it.
        """
        found = {seq for seq, at_ms in tuple(self.written.items()) if from_ms <= at_ms <= to_ms}
        for versions in tuple(self.drafts.values()):
            if from_ms <= versions[0][1].at_ms <= to_ms:
                found |= {seq for seq, _ in versions}
        return tuple(sorted(found))

    # --- folding

    def apply_conduct(self, item: ev.Stored) -> bool:
        """Take in the next event; True when it changed what an export of the session would hold."""
        if item.actor == ASSISTING and isinstance(item.event, _TAKEN_BACK):
            self.assisted.add(item.seq)
        self._apply_guide(item)
        self._apply_people(item)
        self._apply_notes(item)
        return isinstance(item.event, _RELEASED)

    def forget(self, destroyed: Iterable[int]) -> None:
        """The payloads of these events were destroyed: all is as if they had never been."""
        for seq in destroyed:
            for kept in (self.written, self.steps, self.wordings, self.first_words, self.debriefs):
                kept.pop(seq, None)
            self.assisted.discard(seq)
            for note_id, versions in list(self.drafts.items()):
                self.drafts[note_id] = [version for version in versions if version[0] != seq]
                if seq == note_id:
                    del self.drafts[note_id]
                if len(versions) != len(self.drafts.get(note_id, ())):
                    self._renew(note_id)

    def _apply_guide(self, item: ev.Stored) -> None:
        match item.event:
            case ev.SessionPlanned() as planned:
                self.title, self.guide = planned.title, planned.guide
                self.participants, self.planned_for = planned.participants, planned.planned_for
            case ev.QuestionAsked(question_id):
                self.steps[item.seq] = QuestionStep(item.at_ms, question_id, Step.ASKED)
            case ev.QuestionSkipped(question_id, text):
                self.steps[item.seq] = QuestionStep(item.at_ms, question_id, Step.SKIPPED, text)
                if text:
                    self.written[item.seq] = item.at_ms
            case ev.QuestionParked(question_id):
                self.steps[item.seq] = QuestionStep(item.at_ms, question_id, Step.PARKED)
            case ev.QuestionStepUndone(undoes):
                self.steps.pop(undoes, None)
            case ev.QuestionReworded(question_id, text):
                self.wordings[item.seq] = (question_id, text)
                if text:
                    self.written[item.seq] = item.at_ms
            case ev.StimulusShown(question_id, index):
                self.stimuli.append((item.at_ms, question_id, index))
            case ev.ItemTicked(name, done):
                self.ticked[name] = item.at_ms
                if not done:
                    del self.ticked[name]

    def _apply_people(self, item: ev.Stored) -> None:
        match item.event:
            case ev.SpeakerMarked(speaker):
                self.marks[item.seq] = SpeakerMark(item.at_ms, speaker)
            case ev.SpeakerMarkUndone(undoes):
                self.marks.pop(undoes, None)
            case ev.FirstWordsNoted(mark, text):
                self.first_words[item.seq] = (mark, text)
                self.written[item.seq] = item.at_ms
            case ev.PresenceChanged(number, presence):
                self.comings.append(Coming(item.at_ms, number, presence))
                if number not in self.participants:
                    self.participants = (*self.participants, number)
            case ev.SeatsArranged(seats):
                self.arranged = seats

    def _apply_notes(self, item: ev.Stored) -> None:
        match item.event:
            case ev.NoteTaken() as taken:
                note = Note(item.seq, item.at_ms, taken.note_kind, taken.text, taken.speaker, taken.question_id)
                self.drafts[item.seq] = [(item.seq, note)]
                self.written[item.seq] = item.at_ms
                self._renew(item.seq)
            case ev.NoteEdited(note_id, note_kind, text, speaker):
                if text:  # a strike must not bring back what was removed
                    self.written[item.seq] = item.at_ms
                if versions := self.drafts.get(note_id):
                    note = replace(versions[0][1], kind=note_kind, text=text, speaker=speaker)
                    versions.append((item.seq, note))
                    self._renew(note_id)
            case ev.NoteSettled(note_id, done):
                self.settled.discard(note_id)
                if done:
                    self.settled.add(note_id)
                self._renew(note_id)
            case ev.DebriefWritten(part, text):
                self.debriefs[item.seq] = (part, text)
                if text:
                    self.written[item.seq] = item.at_ms

    def _renew(self, note_id: int) -> None:
        versions = self.drafts.get(note_id)
        if versions and versions[-1][1].text:
            self.notes[note_id] = replace(versions[-1][1], settled=note_id in self.settled)
        else:
            self.notes.pop(note_id, None)


def _reworded(question: Question, given: dict[str, str]) -> Question:
    return replace(question, text=given.get(question.id) or question.text)
