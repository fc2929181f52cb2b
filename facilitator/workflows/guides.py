"""Discussion guides of a study."""

from pathlib import Path

from facilitator.domain.errors import NotFound
from facilitator.domain.guide import Guide
from facilitator.storage.guide_files import guide_paths, list_guides, load_guide


def find_guide(folder: Path, name: str) -> Guide:
    """The guide of a file (a path, or a name in `folder` with or without .yaml), else the one in `folder` with that id.

    Raises:
        NotFound: there is none; lists those there are.
        InvalidGuide: it has faults.
    """
    choices = (Path(name), folder / name, folder / f"{name}.yaml", folder / f"{name}.yml")
    path = next((choice for choice in choices if choice.is_file()), None)
    if path is None:
        path = next((one.path for one in list_guides(folder) if not one.fault and one.id == name), None)
    if path is None and Path(name).exists():
        path = Path(name)  # no file, which is said then
    if path is None:
        names = ", ".join(one.stem for one in guide_paths(folder)) or "none"
        raise NotFound(f"There is no guide {name!r}.", do=f"Guides of this study: {names}.")
    return load_guide(path)
