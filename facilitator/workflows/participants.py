"""The roster, names in the linkage file, and consent."""

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from facilitator.domain.consent import Consent
from facilitator.domain.errors import InvalidRoster, NotFound
from facilitator.domain.events import ConsentRecorded, ParticipantAdded
from facilitator.domain.ids import ResearchNumber
from facilitator.domain.roster import (
    SMALL_CELL,
    BackgroundRow,
    Identity,
    Participant,
    RosterRow,
    alphabetical,
    background_table,
    next_numbers,
)
from facilitator.domain.text import fold, refuse_unsafe_name
from facilitator.storage.roster_files import read_roster
from facilitator.workflows.study import Study


@dataclass(frozen=True, slots=True)
class Added:
    """What an import did. `drawn`: the rows were in alphabetical order, so their numbers were drawn by lot."""

    numbers: tuple[ResearchNumber, ...]
    drawn: bool


def import_roster(study: Study, path: Path) -> Added:
    """Add everybody in a CSV file; see `add_participants`.

    Raises:
        InvalidRoster: the file has faults, or holds somebody who is on the roster already; nothing was written.
    """
    return add_participants(study, read_roster(path))


def add_participants(study: Study, rows: Sequence[RosterRow], *, keep_order: bool = False) -> Added:
    """Add people, numbered in the order of `rows`.

    Rows in alphabetical order would give numbers that hint at names, so they are shuffled first, unless `keep_order`.
    Names go to the linkage file before the log: a number without a name could never be matched.
    """
    drawn = not keep_order and alphabetical(row.name for row in rows)
    if drawn:
        rows = _shuffled(rows)
    study.refresh()
    known = {fold(identity.name): identity.number for identity in study.linkage.identities.values()}
    again = [known[fold(row.name)] for row in rows if fold(row.name) in known]
    if again:
        raise InvalidRoster(
            f"{len(again)} of these people are on the roster already, as {', '.join(again)}.",
            safe="Nothing was written.",
            do="Leave them out of the file.",
        )
    numbers = next_numbers((*study.state.participants, *study.linkage.identities), len(rows))
    identities = tuple(
        Identity(
            number, refuse_unsafe_name(row.name), tuple(refuse_unsafe_name(alias, "alias") for alias in row.aliases)
        )
        for number, row in zip(numbers, rows, strict=True)
    )
    study.change_linkage(lambda linkage: linkage.with_identities(identities))
    study.record(
        *(
            ParticipantAdded(Participant(number, dict(row.background)))
            for number, row in zip(numbers, rows, strict=True)
        )
    )
    return Added(numbers, drawn)


def _shuffled(rows: Sequence[RosterRow]) -> list[RosterRow]:
    mixed = list(rows)
    while alphabetical(row.name for row in mixed):
        secrets.SystemRandom().shuffle(mixed)
    return mixed


def add_moderator(study: Study, name: str) -> None:
    """Let the name of a moderator or assistant be replaced by [M]. Raises InvalidInput."""
    safe = refuse_unsafe_name(name)
    study.change_linkage(lambda linkage: linkage.with_moderator(safe))


def record_consent(study: Study, numbers: Iterable[ResearchNumber], consent: Consent) -> tuple[ResearchNumber, ...]:
    """Record `consent` for each of `numbers` (its own number is replaced).

    Raises:
        NotFound: somebody is not on the roster; nothing was written.
    """
    wanted = tuple(numbers)
    unknown = [number for number in wanted if number not in study.state.participants]
    if unknown:
        raise NotFound(f"{', '.join(unknown)} not on the roster.", safe="Nothing was written.", do="Check the numbers.")
    study.record(
        *(
            ConsentRecorded(
                Consent(number, consent.recorded_on, consent.recording, consent.quotation, consent.audio_sharing)
            )
            for number in wanted
        )
    )
    return wanted


def table(study: Study, threshold: int = SMALL_CELL) -> tuple[BackgroundRow, ...]:
    """The background table of the study, counts only."""
    return background_table(study.state.participants.values(), threshold)
