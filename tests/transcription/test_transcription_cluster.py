import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections import UserDict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from types import SimpleNamespace

import pytest
from cli_runner import run
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from transcription_support import ROOT, sample_sound

from facilitator.domain.errors import Cancelled, MissingNeed, UsageError, WorkerFailed
from facilitator.domain.events import WindowTranscribed
from facilitator.domain.progress import Progress, silent
from facilitator.transcription import cluster as cluster_module
from facilitator.transcription import cluster_worker, offline_packages
from facilitator.transcription.client import SpeechDetector, Transcriber
from facilitator.transcription.cluster import Cluster, ClusterTranscriber
from facilitator.transcription.cluster_worker import Sealed
from facilitator.transcription.planning import Window, plan
from facilitator.transcription.store import Weights
from facilitator.transcription.weights import find_weights

distributed = pytest.importorskip("distributed")
needs_model = pytest.mark.skipif(offline_packages.parts() is None, reason="the extra `offline` is not installed")
MEMORY_ONLY = {
    "DASK_DISTRIBUTED__WORKER__MEMORY__TARGET": "False",
    "DASK_DISTRIBUTED__WORKER__MEMORY__SPILL": "False",
}
SECONDS = 60

GUARD = """
import os, sys
_log = os.open(os.environ["GUARD_LOG"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
def _watch(event, args):
    if event != "open" or isinstance(args[0], int):  # a number: opened by its name before
        return
    if isinstance(args[2], int) and args[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
        os.write(_log, f"{args[0]}\\n".encode())
sys.addaudithook(_watch)
"""


@dataclass
class Machines:
    """A scheduler and its workers, as processes that are started as a person would."""

    folder: Path
    tls: Path | None = None
    address: str = ""
    processes: dict[str, "subprocess.Popen[bytes]"] = field(default_factory=dict)

    def __enter__(self) -> "Machines":
        self.folder.mkdir()
        (self.folder / "sitecustomize.py").write_text(GUARD, encoding="utf-8")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        scheme = "tls" if self.tls else "tcp"
        self.address = f"{scheme}://127.0.0.1:{port}"
        self._start("scheduler", "dask_scheduler", ["--host", f"{scheme}://127.0.0.1", "--port", str(port)])
        self._wait_for("scheduler", b"Scheduler at:")
        return self

    def worker(self, name: str, memory: dict[str, str] = MEMORY_ONLY) -> None:
        rest = [self.address, "--no-nanny", "--nthreads", "1", "--host", "127.0.0.1", "--name", name]
        self._start(name, "dask_worker", [*rest, "--local-directory", str(self.folder / name)], memory)
        self._wait_for(name, b"Registered to:")

    def _start(self, name: str, module: str, rest: list[str], more: dict[str, str] | None = None) -> None:
        if self.tls:
            files = {"--tls-ca-file": "ca.pem", "--tls-cert": "cert.pem", "--tls-key": "key.pem"}
            rest = [*rest, *(part for option, file in files.items() for part in (option, str(self.tls / file)))]
        paths = {"PYTHONPATH": f"{self.folder}{os.pathsep}{ROOT}", "GUARD_LOG": str(self.folder / f"{name}.opened")}
        with (self.folder / f"{name}.log").open("wb") as log:
            self.processes[name] = subprocess.Popen(
                [sys.executable, "-m", f"distributed.cli.{module}", *rest, "--no-dashboard"],
                stdout=log,
                stderr=log,
                cwd=self.folder,
                env=os.environ | paths | (more or {}),
            )

    def _wait_for(self, name: str, said: bytes) -> None:
        until = time.monotonic() + 60
        while said not in (log := (self.folder / f"{name}.log").read_bytes()):
            assert time.monotonic() < until, log.decode()
            time.sleep(0.1)

    def end(self, name: str) -> None:
        process = self.processes.pop(name)
        process.terminate()
        process.wait()

    @property
    def cluster(self) -> Cluster:
        if self.tls is None:
            return Cluster(self.address)
        return Cluster(self.address, self.tls / "ca.pem", self.tls / "cert.pem", self.tls / "key.pem")

    def __exit__(self, *_: object) -> None:
        for process in self.processes.values():
            process.kill()
            process.wait()


@pytest.fixture(scope="module")
def weights() -> Weights:
    return find_weights()


@pytest.fixture(scope="module")
def windows() -> list[Window]:
    with SpeechDetector() as detector:
        return list(plan([sample_sound(SECONDS)], detector.find))


@pytest.fixture(scope="module")
def local(weights: Weights, windows: list[Window]) -> list[list[WindowTranscribed]]:
    with Transcriber(weights, beam=1) as transcriber:
        return in_order(transcriber.run(iter(windows), [], silent, windows[-1].end_ms))


@pytest.fixture(scope="module")
def machines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machines]:
    with Machines(tmp_path_factory.mktemp("plain") / "machines") as started:
        yield started


def in_order(found: Iterator[list[WindowTranscribed]]) -> list[list[WindowTranscribed]]:
    return sorted(found, key=lambda batch: batch[0].index)


@needs_model
@pytest.mark.slow
def test_a_worker_that_may_spill_to_disk_is_refused(machines: Machines, weights: Weights) -> None:
    machines.worker("spilling", {})
    with ClusterTranscriber(machines.cluster, weights) as transcriber, pytest.raises(UsageError) as caught:
        transcriber.start(lambda: None)
    assert "memory.target" in caught.value.what
    assert "SPILL=False dask worker" in caught.value.do
    machines.end("spilling")


@needs_model
@pytest.mark.slow
def test_other_weights_are_refused(machines: Machines, weights: Weights) -> None:
    machines.worker("one")
    other = replace(weights, sha256="0" * 64, files=tuple((name, "0" * 64) for name, _ in weights.files))
    with ClusterTranscriber(machines.cluster, other) as transcriber, pytest.raises(MissingNeed, match="000000000000"):
        transcriber.start(lambda: None)


@needs_model
@pytest.mark.slow
def test_a_killed_worker_loses_nothing_and_the_text_is_that_of_one_computer(
    machines: Machines, weights: Weights, windows: list[Window], local: list[list[WindowTranscribed]]
) -> None:
    if "one" not in machines.processes:
        machines.worker("one")
    machines.worker("two")
    killed: list[str] = []
    with distributed.Client(machines.address, set_as_default=False) as watching:
        watching.wait_for_workers(2, timeout=30)
        names = {address: one["name"] for address, one in watching.scheduler_info()["workers"].items()}

        def kill_one_at_work(_: Progress) -> None:
            busy = [names[address] for address, tasks in watching.processing().items() if tasks]
            if len(busy) == 2 and transcriber._known and not killed:
                killed.append(busy[0])
                machines.processes[busy[0]].send_signal(signal.SIGKILL)

        with ClusterTranscriber(machines.cluster, weights, beam=1) as transcriber:
            found = in_order(transcriber.run(iter(windows), [], kill_one_at_work, windows[-1].end_ms))
        assert killed
        assert len(watching.scheduler_info()["workers"]) == 1
    assert found == local

    text = {word for batch in found for one in batch for part in one.segments for word in part.text.split()}
    telling = re.compile("|".join(re.escape(word) for word in text if len(word) >= 7), re.IGNORECASE)
    assert len(telling.pattern) > 100
    for path in machines.folder.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert not telling.search(content.decode("utf-8", "replace")), path
            assert len(content) < 100_000, path
    opened = {line for name in ("one", "two") for line in (machines.folder / f"{name}.opened").read_text().splitlines()}
    unexpected = [name for name in opened if not re.search(r"(\.pyc\.\d+|\.lock|\.dirlock|/dev/null|\.mca)$", name)]
    assert unexpected == []


@needs_model
@pytest.mark.slow
def test_a_cluster_behind_certificates(
    tmp_path: Path,
    weights: Weights,
    windows: list[Window],
    local: list[list[WindowTranscribed]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    authority, stranger = tmp_path / "authority", tmp_path / "stranger"
    make_certificates(authority)
    make_certificates(stranger)

    def stop_at_work(_: Progress) -> None:
        if transcriber._known and transcriber._futures:
            raise Cancelled("Stopped.")

    with Machines(tmp_path / "machines", tls=authority) as machines:
        machines.worker("one")
        with ClusterTranscriber(machines.cluster, weights, beam=1) as transcriber, pytest.raises(Cancelled):
            list(transcriber.run(iter(windows), [], stop_at_work, windows[-1].end_ms))
        with cluster_module._connected(distributed, machines.cluster) as watching:
            assert watching.run_on_scheduler(lambda dask_scheduler: len(dask_scheduler.tasks)) == 0
        first = len(local[0])
        done = {window.index for window in windows[first:]}
        with ClusterTranscriber(machines.cluster, weights, beam=1) as transcriber:
            found = in_order(transcriber.run(iter(windows), done, silent, windows[-1].end_ms))
        assert [one.index for batch in found for one in batch] == list(range(first))
        assert words(found) == words(local[:1])

        monkeypatch.setattr(cluster_module, "_LOOK_SECONDS", 0.5)
        monkeypatch.setattr(cluster_module, "_PATIENCE_SECONDS", 1.5)

        def kill_at_work(_: Progress) -> None:
            if transcriber._known and transcriber._futures:
                machines.processes["one"].kill()

        with ClusterTranscriber(machines.cluster, weights) as transcriber, pytest.raises(WorkerFailed, match="left"):
            list(transcriber.run(iter(windows), [], kill_at_work, windows[-1].end_ms))

        machines.tls = stranger
        with ClusterTranscriber(machines.cluster, weights) as transcriber, pytest.raises(WorkerFailed, match="had at"):
            transcriber.start(lambda: None)


@needs_model
@pytest.mark.slow
def test_a_lost_scheduler_is_told(machines: Machines, weights: Weights, windows: list[Window]) -> None:
    if len(machines.processes) == 1:
        machines.worker("three")

    def kill_the_scheduler(_: Progress) -> None:
        if transcriber._known and transcriber._futures:
            machines.processes["scheduler"].kill()

    with (
        ClusterTranscriber(machines.cluster, weights, beam=1) as transcriber,
        pytest.raises(WorkerFailed, match="lost"),
    ):
        list(transcriber.run(iter(windows), [], kill_the_scheduler, windows[-1].end_ms))


@pytest.mark.parametrize(
    ("target", "spill", "data", "address", "refused"),
    [
        (False, False, {}, "tls://192.0.2.7:1", ""),
        (False, False, {}, "tcp://127.0.0.1:1", ""),
        (0.6, False, {}, "tls://192.0.2.7:1", "disk"),
        (False, 0.7, {}, "tls://192.0.2.7:1", "disk"),
        (False, False, UserDict(), "tls://192.0.2.7:1", "disk"),
        (False, False, {}, "tcp://192.0.2.7:1", "encryption"),
    ],
)
def test_a_worker_that_joins_later_is_checked_by_itself(
    target: object, spill: object, data: object, address: str, refused: str
) -> None:
    memory = SimpleNamespace(memory_target_fraction=target, memory_spill_fraction=spill)
    scheduler = SimpleNamespace(address="tls://192.0.2.8:8786")
    worker = SimpleNamespace(memory_manager=memory, data=data, address=address, scheduler=scheduler)
    if refused:
        with pytest.raises(UsageError, match=refused):
            cluster_worker._check_safe(worker)
    else:
        cluster_worker._check_safe(worker)


@needs_model
def test_other_versions_are_refused(weights: Weights) -> None:
    job = {"engine": "faster-whisper", "versions": cluster_worker.versions("faster-whisper")}
    cluster_worker._check_versions("tls://192.0.2.7:1", job)
    job["versions"] = cluster_worker.versions("faster-whisper") | {"ctranslate2": "1.0"}
    with pytest.raises(UsageError, match=r"ctranslate2 .*, not 1\.0"):
        cluster_worker._check_versions("tls://192.0.2.7:1", job)


def words(batches: list[list[WindowTranscribed]]) -> list[str]:
    return [part.text for batch in batches for one in batch for part in one.segments]


@pytest.mark.parametrize(
    "address",
    ["tcp://192.0.2.7:8786", "tcp://scheduler.example:8786", "tls://192.0.2.7:8786", "127.0.0.1:8786", "ucx://h:1", ""],
)
def test_sound_goes_nowhere_without_encryption(address: str) -> None:
    with pytest.raises(UsageError):
        Cluster(address)


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:8786", "tcp://localhost:8786", "tcp://[::1]:8786"])
def test_this_computer_needs_no_encryption(address: str) -> None:
    assert Cluster(address).address == address


@pytest.mark.parametrize(
    "options",
    [["--cluster", "tcp://192.0.2.7:8786"], ["--cluster", "tls://192.0.2.7:8786"], ["--tls-ca", "ca.pem"]],
)
def test_the_command_refuses_it_before_it_opens_anything(options: list[str], tmp_path: Path) -> None:
    done = run("transcribe", "01", *options, study=tmp_path / "absent")
    assert done.code == 2
    assert "tls://" in done.err


def test_certificates_must_be_there(tmp_path: Path) -> None:
    make_certificates(tmp_path / "there")
    ca, cert, key = (tmp_path / "there" / name for name in ("ca.pem", "cert.pem", "key.pem"))
    assert Cluster("tls://192.0.2.7:8786", ca, cert, key).tls_key == key
    with pytest.raises(UsageError, match="--tls-key"):
        Cluster("tls://192.0.2.7:8786", ca, cert, tmp_path / "absent.pem")
    with pytest.raises(UsageError, match="not encrypted"):
        Cluster("tcp://127.0.0.1:8786", ca, cert, key)


def test_an_address_where_nobody_listens_is_a_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster_module, "_CONNECT_SECONDS", 2)
    weights = Weights("base", Path("nowhere"), "0" * 64, "model.bin", "ctranslate2", "", ())
    begun = time.monotonic()
    with (
        ClusterTranscriber(Cluster("tcp://127.0.0.1:9"), weights) as transcriber,
        pytest.raises(WorkerFailed, match=r"127\.0\.0\.1:9"),
    ):
        list(transcriber.run(iter([]), [], silent, 0))
    assert time.monotonic() - begun < 10


def test_without_the_library_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    weights = Weights("base", Path("nowhere"), "0" * 64, "model.bin", "ctranslate2", "", ())
    with pytest.raises(MissingNeed) as caught:
        ClusterTranscriber(Cluster("tcp://127.0.0.1:9"), weights)
    assert "facilitator[cluster]" in caught.value.do


def test_what_dask_may_log_of_a_request_says_nothing() -> None:
    assert repr(Sealed(b"Kristin said no")) == f"{Sealed(b'Kristin said no')}" == "<15 bytes>"


def make_certificates(folder: Path) -> None:
    """An authority, and a certificate by it that serves every part of a cluster."""
    folder.mkdir()
    authority, own = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test authority")])
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test cluster")])
    now = datetime.now(UTC)

    def signed(name: x509.Name, key: ec.EllipticCurvePublicKey, is_authority: bool) -> bytes:
        builder = x509.CertificateBuilder(issuer, name, key, x509.random_serial_number())
        builder = builder.not_valid_before(now - timedelta(hours=1)).not_valid_after(now + timedelta(days=1))
        builder = builder.add_extension(x509.BasicConstraints(is_authority, None), critical=True)
        host = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
        builder = builder.add_extension(host, critical=False)
        return builder.sign(authority, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    (folder / "ca.pem").write_bytes(signed(issuer, authority.public_key(), True))
    (folder / "cert.pem").write_bytes(signed(subject, own.public_key(), False))
    (folder / "key.pem").write_bytes(
        own.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
