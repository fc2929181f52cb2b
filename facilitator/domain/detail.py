"""How much of an identifier an export shows: levels of detail, and the export profiles that set them."""

from enum import StrEnum
from typing import Final

from facilitator.domain.entities import Category


class Detail(StrEnum):
    """What an export shows of an identifier.

    `decided` is what a person decided of it: its replacement, or itself where it was kept. `kept` shows it as it was
    said, `generalized` its general form ([in their forties]), `removed` only of which kind it was ([age removed]).
    """

    DECIDED = "decided"
    KEPT = "kept"
    GENERALIZED = "generalized"
    REMOVED = "removed"


class ExportProfile(StrEnum):
    """For whom an export is made.

    `team`: the researchers of the study, who need to tell one place from another. `journal`: readers of a publication.
    `archive`: anybody, for as long as an archive keeps it.
    """

    TEAM = "team"
    JOURNAL = "journal"
    ARCHIVE = "archive"


_OF_PROFILES: Final[dict[ExportProfile, dict[Category, Detail]]] = {
    ExportProfile.TEAM: {},
    ExportProfile.JOURNAL: {
        Category.PLACE: Detail.GENERALIZED,
        Category.ORGANIZATION: Detail.GENERALIZED,
        Category.DATE: Detail.GENERALIZED,
        Category.AGE: Detail.GENERALIZED,
        Category.CONTACT: Detail.REMOVED,
        Category.NUMBER: Detail.REMOVED,
    },
    ExportProfile.ARCHIVE: {category: Detail.REMOVED for category in Category if category is not Category.PERSON},
}
"""After the guidance of the UK Data Service and of Sikt: direct identifiers never, indirect ones as coarse as the
audience is wide. People stay as they were decided, since without them a conversation cannot be followed."""


def profile_detail(profile: ExportProfile, category: Category) -> Detail:
    """What a profile shows of an identifier that was to be replaced, unless a person set something else for it."""
    return _OF_PROFILES[profile].get(category, Detail.DECIDED)
