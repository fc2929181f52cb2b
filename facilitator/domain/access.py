"""Who may open a session beside the researcher."""

from dataclasses import dataclass
from enum import StrEnum

from facilitator.domain.ids import SessionId


class Role(StrEnum):
    """What a person is given access for. An officer's check needs the names, so an officer gets the linkage key."""

    TRANSCRIBER = "transcriber"
    OFFICER = "ethics officer"
    RESEARCHER = "researcher"


@dataclass(frozen=True, slots=True)
class Grant:
    """`recipient` (age1…) may open session `session_id`. `names`: also the linkage file."""

    session_id: SessionId
    recipient: str
    role: Role
    names: bool
