"""Hear windows on a dask cluster, for an archive of many recordings; the text is what this computer would write.

The batches are those that `batching` makes for one computer, and each worker loads the same weights with the same
versions and the same number of threads as this one. Windows are planned and answers stored here. A batch whose worker
is lost is heard by another, since its samples wait in the scheduler's memory until the answer is here.
"""

import contextlib
import logging
import queue
import time
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

from facilitator.domain.errors import MissingNeed, UsageError, WorkerFailed
from facilitator.transcription import children, cluster_worker, engines, messages
from facilitator.transcription.batching import Hearer, Shape, Waiting, stopped
from facilitator.transcription.store import Weights

if TYPE_CHECKING:
    from facilitator.transcription.planning import Window

_TICK_SECONDS: Final = 0.5
_CONNECT_SECONDS: Final = 8
_MANNED_SECONDS: Final = 20
_LOOK_SECONDS: Final = 5.0
_PATIENCE_SECONDS: Final = 60.0
"""So long a run waits for new workers when all are lost."""
_KEPT: Final = "Every window that was finished is stored."
_AGAIN: Final = "Run `facilitator transcribe` again; it goes on where it stopped."


@dataclass(frozen=True, slots=True)
class Cluster:
    """A dask cluster that may be trusted with recordings.

    Attributes:
        address: of its scheduler, such as tls://10.0.0.5:8786; tcp:// only on this computer.
        tls_ca: PEM file of the authority that signed the certificates of the cluster, needed with tls://.
        tls_cert: PEM file of this computer's certificate.
        tls_key: PEM file of its key.

    Raises:
        UsageError: others could listen in at the address, or a file is not there.
    """

    address: str
    tls_ca: Path | None = None
    tls_cert: Path | None = None
    tls_key: Path | None = None

    def __post_init__(self) -> None:
        scheme = self.address.partition("://")[0]
        if scheme not in ("tcp", "tls"):
            raise UsageError("That is not the address of a cluster.", do="Give tls://HOST:PORT.")
        if not cluster_worker.is_private(self.address):
            raise UsageError(
                "Sound must not cross a network without encryption.",
                safe="Nothing was sent.",
                do="Give tls://HOST:PORT with --tls-ca, --tls-cert and --tls-key; tcp:// is for this computer only.",
            )
        files = {"--tls-ca": self.tls_ca, "--tls-cert": self.tls_cert, "--tls-key": self.tls_key}
        if scheme == "tcp" and any(files.values()):
            raise UsageError("tcp:// is not encrypted.", do="Give tls://HOST:PORT, or leave the certificates out.")
        if scheme == "tls" and (absent := [name for name, path in files.items() if path is None or not path.is_file()]):
            raise UsageError(f"tls:// needs a PEM file for {', '.join(absent)}.", safe="Nothing was sent.")


class ClusterTranscriber(Hearer):
    """Workers of a cluster, each with the loaded model. Use it as a context manager; `run` connects before all else.

    Args:
        cluster: where.
        weights: from `weights.find_weights`; the workers must have the very same.
        engine: auto, faster-whisper or openai-whisper.
        language: a code such as "en", or None to let the engine find out for each window.
        prompt: words to expect, such as terms of the study, or "".
        beam: how many readings are followed at once, 1 to 10; 1 is fastest.
        threads: those of the computer whose text is wanted, 0 for this one.

    Raises:
        UsageError: no such engine.
        MissingNeed: distributed is not installed.
    """

    def __init__(
        self,
        cluster: Cluster,
        weights: Weights,
        *,
        engine: str = "auto",
        language: str | None = "en",
        prompt: str = "",
        beam: int = 5,
        threads: int = 0,
    ) -> None:
        super().__init__()
        self.engine = engines.resolve(engine, weights.form)
        self._distributed = _distributed()
        self._cluster = cluster
        self._load: messages.Message = {
            "engine": self.engine,
            "model": weights.model,
            "form": weights.form,
            "sha256": weights.sha256,
            "files": dict(weights.files),
            "threads": threads or children.usable_threads(),
            "versions": cluster_worker.versions(self.engine),
        }
        self._job: messages.Message = {"load": self._load, "language": language, "prompt": prompt, "beam": beam}
        self._client: Any = None
        self._known: Shape | None = None
        self._futures: set[Any] = set()
        self._finished: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._slots = 0
        self._looked = self._manned = 0.0

    def close(self) -> None:
        """Cancel what is under way and leave the cluster. May be called from another thread."""
        self._closed.set()
        if self._client is not None:
            with contextlib.suppress(Exception):  # a cluster that is gone has nothing to cancel
                if self._client.status == "running":
                    self._client.cancel(list(self._futures), force=True)
                self._client.close(timeout=_CONNECT_SECONDS)

    def start(self, waiting: Waiting) -> None:
        """Connect, and have each worker checked and its model loaded, unless that is done.

        Raises:
            WorkerFailed: no cluster, or no worker.
            UsageError: a worker may write to its disk, or hears otherwise than this computer.
            MissingNeed: a worker lacks the model or this program.
        """
        with self._ended_by_errors():
            self._ready(waiting)

    @property
    def _at_once(self) -> int:
        return self._slots

    @property
    def _has_answered(self) -> bool:
        return not self._finished.empty()

    def _begin(self, waiting: Waiting) -> None:
        self._ready(waiting)

    def _shape(self, ahead: int, waiting: Waiting) -> Shape | None:
        return self._ready(waiting)

    def _ready(self, waiting: Waiting) -> Shape:
        if self._closed.is_set():
            raise stopped()
        if self._known is None:
            self._client = _connected(self._distributed, self._cluster)
            shapes = self._prepared(waiting)
            if any(shape != shapes[0] for shape in shapes):
                raise UsageError("The workers of the cluster compute differently.", do=cluster_worker.ALIKE)
            self._job["shape"] = shapes[0]
            self._known = Shape(int(shapes[0]["lanes"]), int(shapes[0]["batch"]))
        return self._known

    def _send(self, batch: "Sequence[Window]") -> None:
        self._submit(cluster_worker.hear, messages.line(self._job) + messages.batch_out(batch))

    def _answer(self, waiting: Waiting) -> messages.Message:
        while True:
            with contextlib.suppress(queue.Empty):
                future = self._finished.get(timeout=_TICK_SECONDS)
                if future in self._futures:
                    return self._result(future, waiting)
            self._tick(waiting)
            if time.monotonic() > self._manned + _PATIENCE_SECONDS:
                raise WorkerFailed("No worker of the cluster is left.", safe=_KEPT, do=_AGAIN)

    def _tick(self, waiting: Waiting) -> None:
        waiting()
        if self._closed.is_set():
            raise stopped()
        if time.monotonic() > self._looked + _LOOK_SECONDS:
            self._workers()

    def _workers(self) -> list[str]:
        """Addresses of the workers that there are now."""
        try:
            workers = self._client.scheduler_info(n_workers=-1)["workers"]
        except Exception as error:
            raise _lost() from error
        self._looked = time.monotonic()
        if workers:
            self._manned = self._looked
            self._slots = len(workers) + sum(int(one["nthreads"]) for one in workers.values())  # one in hand for each
        return list(workers)

    def _prepared(self, waiting: Waiting) -> list[messages.Message]:
        """The shapes of the workers, once all of those that are still there have loaded the model."""
        until = time.monotonic() + _MANNED_SECONDS
        while not (there := self._workers()):
            if time.monotonic() > until:
                raise WorkerFailed("The cluster has no workers.", do=f"Start some: {cluster_worker.START}")
            time.sleep(_TICK_SECONDS)
            waiting()
        job = messages.line(self._load)
        asked = {self._submit(cluster_worker.prepare, job, workers=[one]): one for one in there}
        shapes = []
        while asked:
            try:
                future = self._finished.get(timeout=_TICK_SECONDS)
            except queue.Empty:
                self._tick(waiting)
                for future in self._lost(asked):
                    self._futures.discard(future)
                    del asked[future]
            else:
                if asked.pop(future, None):
                    shapes.append(self._result(future, waiting))
        if not shapes:
            raise WorkerFailed("No worker of the cluster is left.", safe=_KEPT, do=_AGAIN)
        return shapes

    def _lost(self, asked: dict[Any, str]) -> list[Any]:
        there = self._workers()
        return [future for future, one in asked.items() if one not in there]

    def _submit(self, work: Any, request: bytes, **where: Any) -> Any:
        """A task under a key that says nothing, since dask logs keys."""
        key = f"facilitator-{uuid4().hex}"
        try:
            future = self._client.submit(work, cluster_worker.Sealed(request), key=key, pure=False, retries=3, **where)
        except Exception as error:
            raise _lost() from error
        self._futures.add(future)
        future.add_done_callback(self._finished.put)
        return future

    def _result(self, future: Any, waiting: Waiting) -> messages.Message:
        """The answer in a finished task, fetched; it is computed anew should its worker be lost before that."""
        while True:
            try:
                raw = future.result(timeout=_TICK_SECONDS)
                break
            except TimeoutError:
                self._tick(waiting)
            except self._distributed.CancelledError as error:
                raise _lost() from error
            except Exception as error:
                raise self._failed(error) from error
        self._futures.discard(future)
        future.release()
        answer = messages.read(raw)
        if "failed" in answer:
            raise messages.failure_in(answer)
        return answer

    def _failed(self, error: Exception) -> Exception:
        if isinstance(error, ImportError):
            return MissingNeed(
                "A worker of the cluster lacks this program, or has another version of it.",
                safe=_KEPT,
                do='Run `pip install "facilitator[cluster]"` there.',
            )
        if isinstance(error, self._distributed.KilledWorker):
            return WorkerFailed(
                "Workers of the cluster died again and again at one part of the recording.",
                safe=_KEPT,
                do="Give the workers more memory, or transcribe this recording without --cluster.",
            )
        return WorkerFailed(f"The cluster failed: {type(error).__name__}.", safe=_KEPT, do=_AGAIN)


def _distributed() -> Any:
    try:
        distributed = import_module("distributed")
    except ImportError as error:
        raise MissingNeed(
            "A cluster needs the library distributed.", do='Run `pip install "facilitator[cluster]"`.'
        ) from error
    for name in ("distributed", "distributed.client", "tornado.application"):
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)  # it writes to the terminal, over the progress
    return distributed


def _connected(distributed: Any, cluster: Cluster) -> Any:
    dask = import_module("dask")
    dask.config.set({"distributed.admin.large-graph-warning-threshold": "1GB"})  # samples are meant to be in there
    security = None
    if cluster.tls_ca is not None:
        security = distributed.Security(
            require_encryption=True,
            tls_ca_file=str(cluster.tls_ca),
            tls_client_cert=str(cluster.tls_cert),
            tls_client_key=str(cluster.tls_key),
        )
    try:
        return distributed.Client(
            cluster.address, security=security, timeout=_CONNECT_SECONDS, set_as_default=False, name="facilitator"
        )
    except Exception as error:  # refused, timed out, not of this authority, or forbidden by dask's own settings
        raise WorkerFailed(
            f"There is no cluster to be had at {cluster.address}.",
            safe="Nothing was sent.",
            do="Look whether its scheduler runs, and whether the certificates are those of this cluster.",
        ) from error


def _lost() -> WorkerFailed:
    return WorkerFailed("The connection to the cluster was lost.", safe=_KEPT, do=_AGAIN)
