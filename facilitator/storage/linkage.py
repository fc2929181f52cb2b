"""The linkage file: the only place where names stand beside research numbers."""

import secrets
from dataclasses import dataclass, field, replace
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from facilitator.domain.entities import Category, RegisterEntry
from facilitator.domain.ids import ResearchNumber
from facilitator.domain.roster import Identity
from facilitator.domain.text import fold
from facilitator.storage.files import read_file, write_atomically
from facilitator.storage.keys import PersonalKey, damaged, seal, unseal


@dataclass(frozen=True, slots=True)
class Linkage:
    """Names of participants and moderators, and surface forms of everything else that identifies somebody.

    While `dates_shifted`, the dates that are offered as replacements lie `date_shift_days` later, everywhere in the
    study; 0 until that was wished for once.
    """

    identities: dict[ResearchNumber, Identity] = field(default_factory=dict)
    moderators: tuple[str, ...] = ()
    register: dict[str, RegisterEntry] = field(default_factory=dict)
    date_shift_days: int = 0
    dates_shifted: bool = False

    def __repr__(self) -> str:
        return f"Linkage({len(self.identities)} people, {len(self.register)} entities)"

    def with_identities(self, added: tuple[Identity, ...]) -> "Linkage":
        """With more participants.

        Raises:
            ValueError: a number stands for another person already.
        """
        taken = [one.number for one in added if self.identities.get(one.number, one) != one]
        if taken:
            raise ValueError("a research number stands for somebody already")
        return replace(self, identities={**self.identities, **{one.number: one for one in added}})

    def without_identity(self, number: ResearchNumber, entry: RegisterEntry) -> "Linkage":
        """Without the person behind a number, whose name is an entity of the register instead."""
        identities = {key: one for key, one in self.identities.items() if key != number}
        return replace(self, identities=identities, register={**self.register, entry.id: entry})

    def with_moderator(self, name: str) -> "Linkage":
        """With one more name of a moderator or assistant."""
        return replace(self, moderators=(*self.moderators, name))

    def entities_for(self, surface: str) -> list[RegisterEntry]:
        """The register's entries that have this surface form, whatever its case and accents."""
        wanted = fold(surface)
        return [entry for entry in self.register.values() if any(fold(known) == wanted for known in entry.surfaces)]

    def with_entity(self, category: Category, surfaces: tuple[str, ...]) -> tuple["Linkage", RegisterEntry]:
        """With a new entity, which is returned too."""
        entry = new_entity(category, surfaces)
        return replace(self, register={**self.register, entry.id: entry}), entry

    def with_dates_shifted(self, shift: bool) -> "Linkage":
        """With dates shifted, or no more. By how many weeks, 4 to 52, is drawn by lot once."""
        weeks = secrets.choice([number for number in range(-52, 53) if abs(number) >= 4]) if shift else 0
        return replace(self, date_shift_days=self.date_shift_days or 7 * weeks, dates_shifted=shift)


_ADAPTER = TypeAdapter(Linkage)


def new_entity(category: Category, surfaces: tuple[str, ...]) -> RegisterEntry:
    """An entity for the register.

    Its id is drawn by lot: counting on from an older copy of the file would give an id, and a decision that was made on
    it, to something else.
    """
    return RegisterEntry(f"E{secrets.token_hex(3).upper()}", category, surfaces)


def write_linkage(path: Path, linkage: Linkage, recipients: tuple[str, ...]) -> None:
    """Seal and replace the linkage file; raises StorageFailed."""
    write_atomically(path, seal(_ADAPTER.dump_json(linkage), recipients))


def read_linkage(path: Path, key: PersonalKey) -> Linkage:
    """Open the linkage file; errors as `unseal`, NotFound where it is absent."""
    try:
        return _ADAPTER.validate_json(unseal(read_file(path, "linkage file"), key, "linkage file"))
    except ValidationError as error:
        raise damaged("linkage file") from error
