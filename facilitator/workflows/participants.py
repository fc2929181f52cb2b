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
from facilitator.privacy.names import name_forms
from facilitator.storage.linkage import Linkage
from facilitator.storage.roster_files import checked_rows, read_roster
from facilitator.workflows.study import Study


@dataclass(frozen=True, slots=True)
class Added:
    """What an import did. `drawn`: the rows were in alphabetical order, so their numbers were drawn by lot."""

    numbers: tuple[ResearchNumber, ...]
    drawn: bool


def import_roster(study: Study, path: Path) -> Added:
    """Add everybody in a CSV file; see `add_participants`.

    Raises:
        InvalidRoster: the file has faults, or holds somebody who is on the roster already, or who withdrew; nothing was
            written.
    """
    return add_participants(study, read_roster(path))


def add_participants(study: Study, rows: Sequence[RosterRow], *, keep_order: bool = False) -> Added:
    """Add people, numbered in the order of `rows`.

    Rows in alphabetical order would give numbers that hint at names, so they are shuffled first, unless `keep_order`.
    Names go to the linkage file before the log: a number without a name could never be matched.
    """
    rows = checked_rows(rows)
    _refuse_unfindable(rows)
    drawn = not keep_order and alphabetical(row.name for row in rows)
    if drawn:
        rows = _shuffled(rows)
    numbers: tuple[ResearchNumber, ...] = ()

    def add(linkage: Linkage) -> Linkage:
        nonlocal numbers
        numbers = _numbers(study, linkage, rows)
        return linkage.with_identities(
            tuple(Identity(number, row.name, row.aliases) for number, row in zip(numbers, rows, strict=True))
        )

    study.change_linkage(add)
    study.record(
        *(
            ParticipantAdded(Participant(number, dict(row.background)))
            for number, row in zip(numbers, rows, strict=True)
        )
    )
    return Added(numbers, drawn)


def _numbers(study: Study, linkage: Linkage, rows: Sequence[RosterRow]) -> tuple[ResearchNumber, ...]:
    """A number for each row. Somebody in the linkage file alone (an earlier attempt broke off) keeps theirs."""
    known = {fold(identity.name): identity for identity in linkage.identities.values()}
    again = [known[fold(row.name)].number for row in rows if fold(row.name) in known]
    present = [number for number in again if number in study.state.participants]
    if present:
        raise InvalidRoster(
            f"{len(present)} of these people are on the roster already, as {', '.join(present)}.",
            safe="Nothing was written.",
            do="Leave them out of the file.",
        )
    withdrew = [number for number in again if number in study.state.withdrawals]
    if withdrew:
        raise InvalidRoster(
            f"{len(withdrew)} of these people withdrew, as {', '.join(withdrew)}.",
            safe="Nothing was written.",
            do="Leave them out of the file.",
        )
    fresh = iter(next_numbers((*study.state.participants, *study.state.withdrawals, *linkage.identities), len(rows)))
    return tuple(known[fold(row.name)].number if fold(row.name) in known else next(fresh) for row in rows)


def _refuse_unfindable(rows: Sequence[RosterRow]) -> None:
    """Names such as “K” or “Professor” cannot be searched for, so nobody may count on their being replaced."""
    faults = [name for row in rows for name in (row.name, *row.aliases) if not name_forms(name)]
    if faults:
        raise InvalidRoster(
            f"These names are too short or too common to be found in a transcript: {', '.join(faults)}.",
            safe="Nobody was added.",
            do="Leave out such an alias, or give the name in full.",
        )


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
