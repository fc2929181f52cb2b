import ast
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

from facilitator.cli.main import COMMANDS
from facilitator.domain import errors

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted((ROOT / "facilitator").rglob("*.py"))


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_files_stay_small(path: Path) -> None:
    limit = 300 if path.name == "app.py" else 600
    assert len(path.read_text(encoding="utf-8").splitlines()) <= limit


def test_only_three_files_touch_portaudio() -> None:
    users = {
        path.relative_to(ROOT).as_posix() for path in SOURCES if re.search(r"import sounddevice", path.read_text())
    }
    assert users <= {f"facilitator/audio/{name}.py" for name in ("capture", "devices", "playback")}


def test_nothing_unpickles() -> None:
    for path in SOURCES:
        names = {
            node.attr if isinstance(node, ast.Attribute) else node.id
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if isinstance(node, ast.Attribute | ast.Name)
        }
        assert not names & {"pickle", "unpickle", "NamedTemporaryFile", "TemporaryFile", "mkstemp"}, path


def test_only_the_command_line_prints() -> None:
    speaking = [
        path.relative_to(ROOT).as_posix()
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    ]
    assert [path for path in speaking if "/cli/" not in path and "/audio/devices.py" not in path] == []


def _error_classes() -> list[type[errors.FacilitatorError]]:
    found = [errors.FacilitatorError]
    for one in found:
        found += one.__subclasses__()
    return found


def test_exit_codes_are_stable() -> None:
    codes = {one.__name__: one.exit_code for one in _error_classes() if one.__module__ == errors.__name__}
    assert codes == {
        "FacilitatorError": 1,
        "UsageError": 2,
        "InvalidInput": 3,
        "InvalidGuide": 3,
        "InvalidRoster": 3,
        "InvalidAudio": 3,
        "NotFound": 4,
        "AccessRefused": 5,
        "Damaged": 6,
        "NewerVersion": 7,
        "Busy": 8,
        "StorageFailed": 9,
        "DeviceFailed": 10,
        "MissingNeed": 11,
        "ConsentMissing": 12,
        "NotVerified": 13,
        "LeakFound": 14,
        "WorkerFailed": 15,
        "Cancelled": 130,
    }


def test_every_exit_code_is_documented() -> None:
    page = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
    for one in _error_classes():
        if one.__module__ == errors.__name__:
            assert re.search(rf"\| {one.exit_code} \|", page), one.__name__


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_documented(command: str) -> None:
    assert f"`{command}" in (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")


def test_every_dependency_is_explained_with_its_license() -> None:
    page = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [*project["dependencies"], *(one for extra in project["optional-dependencies"].values() for one in extra)]
    for requirement in wanted:
        name = re.split(r"[<>=;\[ ]", requirement)[0]
        assert re.search(rf"^\| {re.escape(name)} \|[^|]+\|[^|]+\|$", page, re.MULTILINE), name


def test_no_recordings_or_databases_in_the_repository() -> None:
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    done = subprocess.run([ROOT / ".ci" / "refuse-data"], capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stderr
