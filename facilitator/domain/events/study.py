"""What happens in the study, for all its sessions."""

from dataclasses import dataclass
from typing import ClassVar

from facilitator.domain.access import Grant
from facilitator.domain.consent import Consent
from facilitator.domain.detail import Detail, ExportProfile
from facilitator.domain.entities import Action, Category
from facilitator.domain.events.base import Event
from facilitator.domain.ids import ResearchNumber, SessionId
from facilitator.domain.roster import Participant


@dataclass(frozen=True, slots=True)
class ParticipantAdded(Event):
    kind: ClassVar[str] = "participant.added"
    participant: Participant


@dataclass(frozen=True, slots=True)
class ConsentRecorded(Event):
    kind: ClassVar[str] = "consent.recorded"
    consent: Consent


@dataclass(frozen=True, slots=True)
class SessionCreated(Event):
    kind: ClassVar[str] = "session.created"
    session_id: SessionId


@dataclass(frozen=True, slots=True)
class EntityDecided(Event):
    """`replacement` carries its brackets; "" when the identifier is kept."""

    kind: ClassVar[str] = "entity.decided"
    entity_id: str
    category: Category
    action: Action
    replacement: str = ""
    undoes: int | None = None


@dataclass(frozen=True, slots=True)
class EntityReopened(Event):
    """Takes a decision back, so that the entity waits for one again."""

    kind: ClassVar[str] = "entity.reopened"
    entity_id: str
    undoes: int | None = None


@dataclass(frozen=True, slots=True)
class DetailSet(Event):
    """What exports of a profile show of an entity; None takes the profile's own rule again."""

    kind: ClassVar[str] = "entity.detail"
    entity_id: str
    profile: ExportProfile
    detail: Detail | None


@dataclass(frozen=True, slots=True)
class OwnerNamed(Event):
    """`recipient` (age1…) is the researcher who made the study: everything is sealed for it."""

    kind: ClassVar[str] = "study.owner"
    recipient: str


@dataclass(frozen=True, slots=True)
class AccessGranted(Event):
    kind: ClassVar[str] = "access.granted"
    grant: Grant


@dataclass(frozen=True, slots=True)
class AccessRevoked(Event):
    kind: ClassVar[str] = "access.revoked"
    session_id: SessionId
    recipient: str


@dataclass(frozen=True, slots=True)
class RetentionSet(Event):
    """Dates (YYYY-MM-DD) by which audio and the linkage file are to be destroyed; "" for none."""

    kind: ClassVar[str] = "retention.set"
    audio_until: str
    linkage_until: str


@dataclass(frozen=True, slots=True)
class LinkageDestroyed(Event):
    """The linkage key, then the file, were destroyed on purpose."""

    kind: ClassVar[str] = "linkage.destroyed"


@dataclass(frozen=True, slots=True)
class RiskNoted(Event):
    """What a researcher thinks of the risk that `number` is recognized; `text` was refused if it held a known name."""

    kind: ClassVar[str] = "risk.noted"
    number: ResearchNumber
    text: str


@dataclass(frozen=True, slots=True)
class BackedUp(Event):
    """A copy of the study was made elsewhere and read back."""

    kind: ClassVar[str] = "study.backed_up"
    sessions: int
    bytes: int
