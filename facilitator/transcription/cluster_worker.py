"""What runs on the workers of a dask cluster. Nothing that is said in a recording leaves it but as an answer.

dask logs the key of a task that fails, its arguments and its exception. So keys are drawn by lot, a request shows
nothing of itself, and no exception leaves: an error is an answer, as in the worker on one's own computer, and so are
the lines of both ([worker](worker.py)). No audit hook refuses the network here, since a dask worker lives on it.
"""

import contextlib
import io
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module, metadata
from ipaddress import ip_address
from threading import BoundedSemaphore, Lock
from typing import Any, Final
from urllib.parse import urlsplit

import facilitator
from facilitator.domain.errors import MissingNeed, UsageError
from facilitator.transcription import children, engines, messages, store
from facilitator.transcription.listening import listen
from facilitator.transcription.store import Weights
from facilitator.transcription.weights import find_weights

START: Final = (
    "DASK_DISTRIBUTED__WORKER__MEMORY__TARGET=False DASK_DISTRIBUTED__WORKER__MEMORY__SPILL=False dask worker …"
)
"""How a worker is started that writes nothing of its memory to the disk."""
ALIKE: Final = "Take workers that all have a GPU, or none."
_BEARING_ON_TEXT: Final = {
    "faster-whisper": ("faster-whisper", "ctranslate2", "tokenizers", "numpy"),
    "openai-whisper": ("openai-whisper", "torch", "numpy"),
}


class Sealed(bytes):
    """A request whose `repr`, which dask may log, says nothing of it."""

    def __repr__(self) -> str:
        return f"<{len(self)} bytes>"

    __str__ = __repr__


@dataclass(frozen=True, slots=True, eq=False)
class _Loaded:
    job: messages.Message
    engine: engines.Engine
    lanes: BoundedSemaphore


_loading = Lock()
_loaded: _Loaded | None = None


def prepare(request: bytes) -> bytes:
    """Load the engine of the job in `request`; answers its shape, or why this worker is refused."""
    return _answer(lambda: _shape(_engine(messages.read(request))))


def hear(request: bytes) -> bytes:
    """Hear the windows of one batch: the line of the job, the line of the batch, the samples."""

    def work() -> messages.Message:
        raw = io.BytesIO(request)
        job = messages.read(raw.readline())
        headers, sounds = messages.batch_in(messages.read(raw.readline()), raw)
        loaded = _engine(job["load"])
        if _shape(loaded) != job["shape"]:
            raise UsageError(f"The worker {_me().address} computes otherwise than the others.", do=ALIKE)
        manner = engines.Manner(job["language"], job["prompt"], int(job["beam"]))
        with loaded.lanes:
            return messages.answer_out(headers, listen(loaded.engine, sounds, manner))

    return _answer(work)


def is_private(address: str) -> bool:
    """Whether nobody between can listen in at a dask address: TLS, or a way that does not leave the computer."""
    parts = urlsplit(address)
    if parts.scheme in ("tls", "inproc"):
        return True
    with contextlib.suppress(ValueError):
        return parts.scheme == "tcp" and (parts.hostname == "localhost" or ip_address(parts.hostname or "").is_loopback)
    return False


def versions(engine: str) -> dict[str, str]:
    """The libraries that bear on what an engine hears, and their versions; "" for one that is absent."""
    found = {"facilitator": facilitator.__version__}
    for name in _BEARING_ON_TEXT[engine]:
        found[name] = ""
        with contextlib.suppress(metadata.PackageNotFoundError):
            found[name] = metadata.version(name)
    return found


def _answer(work: Callable[[], messages.Message]) -> bytes:
    try:
        return messages.line(work())
    except BaseException as error:  # the caller raises it again
        return messages.line(messages.failure_out(error))


def _me() -> Any:
    return import_module("distributed").get_worker()


def _shape(loaded: _Loaded) -> messages.Message:
    return {"lanes": loaded.engine.lanes, "batch": loaded.engine.batch}


def _engine(job: messages.Message) -> _Loaded:
    """The engine of a job: loaded once in a process, and kept until another is asked for."""
    global _loaded
    with _loading:
        if _loaded is None or _loaded.job != job:
            worker = _me()
            _check_safe(worker)
            _check_versions(worker.address, job)
            weights = _weights(worker.address, job)
            _settle()
            _loaded = None  # there may be memory for one model only
            contents = store.read_checked(weights.folder, job["files"])
            engine = engines.load(job["engine"], job["model"], weights.folder, contents, int(job["threads"]))
            _loaded = _Loaded(job, engine, BoundedSemaphore(engine.lanes))
        return _loaded


def _check_safe(worker: Any) -> None:
    """Refuse a dask worker that may write its memory to the disk, or that others can listen in to.

    Raises:
        UsageError: it does, or they can.
    """
    memory = worker.memory_manager
    if memory.memory_target_fraction or memory.memory_spill_fraction or type(worker.data) is not dict:
        raise UsageError(
            f"The worker {worker.address} may write recordings and text to its disk: distributed.worker.memory.target "
            "and distributed.worker.memory.spill are not False.",
            safe="Nothing was sent there.",
            do=f"Start it with: {START}",
        )
    for address in (worker.address, worker.scheduler.address):
        if not is_private(address):
            raise UsageError(
                f"The cluster talks without encryption at {address}.",
                safe="Nothing was sent there.",
                do="Start its scheduler and workers with --protocol tls and --tls-ca-file, --tls-cert, --tls-key.",
            )


def _check_versions(address: str, job: messages.Message) -> None:
    here, wanted = versions(job["engine"]), job["versions"]
    other = [f"{name} {here[name] or 'absent'}, not {wanted[name]}" for name in here if here[name] != wanted[name]]
    if other:
        raise UsageError(
            f"The worker {address} has {'; '.join(other)}. It may hear other words than this computer.",
            safe="Nothing was sent there.",
            do="Install the same versions there.",
        )


def _weights(address: str, job: messages.Message) -> Weights:
    """The model in this computer's own store, if it is the very one of the job: nobody sends weights."""
    if job["form"] == "ctranslate2":
        weights: Weights | None = find_weights(job["model"], engine="faster-whisper")
    else:
        weights = store.recorded(store.model_folder(job["model"], job["form"]))
    if weights is None or dict(weights.files) != job["files"]:
        raise MissingNeed(
            f"The worker {address} has no speech model “{job['model']}” with SHA-256 {job['sha256'][:12]}….",
            safe="Nothing was sent there.",
            do=f"Run `facilitator models get {job['model']}` or `facilitator models import` there.",
        )
    return weights


def _settle() -> None:
    """Have libraries stay offline, and leave no memory image behind after a crash."""
    os.environ.update(children.QUIET | children.OFFLINE)
    if sys.platform != "win32":
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
