"""Consent of each participant, and who may be recorded."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from facilitator.domain.ids import ResearchNumber


@dataclass(frozen=True, slots=True)
class Consent:
    """What a participant agreed to. `recorded_on` is the date on the form, ISO 8601. Quotation and audio sharing are
    separate wishes; recording is the one without which no session starts."""

    number: ResearchNumber
    recorded_on: str
    recording: bool = True
    quotation: bool = True
    audio_sharing: bool = False


def missing_consents(
    present: Iterable[ResearchNumber], consents: Mapping[ResearchNumber, Consent]
) -> tuple[ResearchNumber, ...]:
    """Those present who have no consent record, or did not agree to be recorded."""
    return tuple(number for number in present if number not in consents or not consents[number].recording)
