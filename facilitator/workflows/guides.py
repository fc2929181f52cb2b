"""Discussion guides of a study."""

from pathlib import Path

from facilitator.domain.errors import NotFound
from facilitator.domain.guide import Guide
from facilitator.storage.guide_files import load_guide


def guide_files(folder: Path) -> tuple[Path, ...]:
    """The guide files in `folder`, by name."""
    return tuple(sorted((*folder.glob("*.yaml"), *folder.glob("*.yml"))))


def find_guide(folder: Path, name: str) -> Guide:
    """The guide of a file (a path, or a name in `folder` with or without .yaml).

    Raises:
        NotFound: there is none; lists those there are.
        InvalidGuide: it has faults.
    """
    choices = (Path(name), folder / name, folder / f"{name}.yaml", folder / f"{name}.yml")
    path = next((choice for choice in choices if choice.is_file()), None)
    if path is None:
        names = ", ".join(one.stem for one in guide_files(folder)) or "none"
        raise NotFound(f"There is no guide {name!r}.", do=f"Guides of this study: {names}.")
    return load_guide(path)
