"""What it means that a session's key file does not open: no access for others, damage for the researcher."""

from facilitator.domain.errors import AccessRefused, Damaged, FacilitatorError
from facilitator.storage.study_folder import SessionFolder
from facilitator.workflows.study import Study


def as_damage(study: Study, folder: SessionFolder, error: FacilitatorError) -> FacilitatorError:
    """`error`, met on opening a session; a refusal of the researcher's own key as the damage that it is.

    Every session is sealed for the researcher, and a damaged file may look as if it were sealed for somebody else.
    """
    if not isinstance(error, AccessRefused) or not study.own:
        return error
    name = folder.key.relative_to(study.folder.root).as_posix()
    return Damaged(
        "The session key is damaged or was replaced: it does not open with the researcher's own key.",
        safe="Nothing was changed.",
        do=f"Restore {name} from your backup; without it nobody can open this session.",
    )
