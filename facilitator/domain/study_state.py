"""The state of a study, folded from the study log."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from facilitator.domain import events as ev
from facilitator.domain.access import Grant
from facilitator.domain.consent import Consent
from facilitator.domain.detail import Detail, ExportProfile
from facilitator.domain.entities import Decision
from facilitator.domain.ids import ResearchNumber, SessionId
from facilitator.domain.mosaic import RiskNote
from facilitator.domain.roster import Participant
from facilitator.domain.withdrawal import REPLACEMENT, Rule, Withdrawal


@dataclass(slots=True)
class StudyState:
    """Fold with `apply`. `decision_log` holds (seq, entity id, decision before) of decisions that can be undone.

    `details` are what a person set for an entity in a profile's exports.
    `changed_utc` is when a decision on an entity, or a consent, last changed. `backed_up_utc` and
    `linkage_destroyed_utc` are "" until it happened. `owner` is the researcher's public key, "" where a study of before
    does not say it yet. Somebody who withdrew is in `withdrawals`, no more in `participants`, and until all of it was
    carried out they count as without consent, so that nothing of theirs is approved; that sound is shared, they agree
    no more.
    """

    participants: dict[ResearchNumber, Participant] = field(default_factory=dict)
    consents: dict[ResearchNumber, Consent] = field(default_factory=dict)
    withdrawals: dict[ResearchNumber, Withdrawal] = field(default_factory=dict)
    sessions: list[SessionId] = field(default_factory=list)
    decisions: dict[str, Decision] = field(default_factory=dict)
    details: dict[tuple[str, ExportProfile], Detail] = field(default_factory=dict)
    decision_log: list[tuple[int, str, Decision | None]] = field(default_factory=list)
    changed_utc: dict[str, str] = field(default_factory=dict)
    owner: str = ""
    grants: list[Grant] = field(default_factory=list)
    retention: ev.RetentionSet = field(default_factory=lambda: ev.RetentionSet("", ""))
    linkage_destroyed_utc: str = ""
    backed_up_utc: str = ""
    risk_notes: dict[ResearchNumber, list[RiskNote]] = field(default_factory=dict)
    last_seq: int = 0

    @classmethod
    def fold(cls, stored: Iterable[ev.Stored]) -> "StudyState":
        """The state after all of `stored`, which are in order."""
        state = cls()
        for item in stored:
            state.apply(item)
        return state

    def apply(self, item: ev.Stored) -> None:
        """Take in the next event."""
        self.last_seq = item.seq
        match item.event:
            case ev.ParticipantAdded(participant):
                self.participants[participant.number] = participant
            case ev.ConsentRecorded(consent):
                self.consents[consent.number] = consent
                self.changed_utc[consent.number] = item.at_utc
            case ev.SessionCreated(session_id):
                self.sessions.append(session_id)
            case ev.EntityDecided(entity_id, _, action, replacement, undoes):
                self._log(item, entity_id, undoes)
                self.decisions[entity_id] = Decision(entity_id, action, replacement)
            case ev.EntityReopened(entity_id, undoes):
                self._log(item, entity_id, undoes)
                self.decisions.pop(entity_id, None)
                self.details = {key: detail for key, detail in self.details.items() if key[0] != entity_id}
            case ev.DetailSet(entity_id, profile, None):
                self.details.pop((entity_id, profile), None)
                self.changed_utc[entity_id] = item.at_utc
            case ev.DetailSet(entity_id, profile, Detail() as detail):
                self.details[entity_id, profile] = detail
                self.changed_utc[entity_id] = item.at_utc
        self._apply_keeping(item)
        self._apply_withdrawal(item)

    def _apply_withdrawal(self, item: ev.Stored) -> None:
        match item.event:
            case ev.WithdrawalOrdered(number, rule):
                before, consent = self.withdrawals.get(number), self.consents.pop(number, None)
                if rule is Rule.DESTROY:
                    self.risk_notes.pop(number, None)
                participant = self.participants.pop(number, before.participant if before else Participant(number))
                consent = consent or (before.consent if before else None)
                self.withdrawals[number] = Withdrawal(participant, consent, rule, item.at_utc)
                self.changed_utc[number] = item.at_utc
            case ev.WithdrawalFinished(number) if number in self.withdrawals:
                done = self.withdrawals[number] = replace(self.withdrawals[number], finished_utc=item.at_utc)
                if done.consent is not None:
                    self.consents[number] = replace(done.consent, audio_sharing=False)
                if done.rule is Rule.DESTROY:  # undoing one would tie an identifier to the number again
                    named = re.compile(rf"\b{number}\b|{re.escape(REPLACEMENT[1:-1])}")
                    tied = {key for key, one in self.decisions.items() if named.search(one.replacement)}
                    self.decision_log = [
                        (seq, key, earlier)
                        for seq, key, earlier in self.decision_log
                        if key not in tied and not (earlier and named.search(earlier.replacement))
                    ]

    def _apply_keeping(self, item: ev.Stored) -> None:
        match item.event:
            case ev.OwnerNamed(recipient):
                self.owner = self.owner or recipient
            case ev.AccessGranted(grant):
                self._revoke(grant.session_id, grant.recipient)
                self.grants.append(grant)
            case ev.AccessRevoked(session_id, recipient):
                self._revoke(session_id, recipient)
            case ev.RetentionSet() as retention:
                self.retention = retention
            case ev.LinkageDestroyed():
                self.linkage_destroyed_utc = item.at_utc
            case ev.BackedUp():
                self.backed_up_utc = item.at_utc
            case ev.RiskNoted(number, text):
                self.risk_notes.setdefault(number, []).append(RiskNote(item.seq, item.at_utc, text))

    def _revoke(self, session_id: SessionId, recipient: str) -> None:
        self.grants = [one for one in self.grants if (one.session_id, one.recipient) != (session_id, recipient)]

    def _log(self, item: ev.Stored, entity_id: str, undoes: int | None) -> None:
        self.changed_utc[entity_id] = item.at_utc
        if undoes is None:
            self.decision_log.append((item.seq, entity_id, self.decisions.get(entity_id)))
        else:
            self.decision_log = [entry for entry in self.decision_log if entry[0] != undoes]
