import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
HEAVY = (
    "torch",
    "ctranslate2",
    "spacy",
    "faster_whisper",
    "whisper",
    "presidio_analyzer",
    "sounddevice",
    "av",
    "distributed",
)
PRINT_HEAVY = f"import sys; print([name for name in {HEAVY!r} if name in sys.modules])"


def _loaded(statement: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", f"{statement}\n{PRINT_HEAVY}"], capture_output=True, text=True, check=True, cwd=ROOT
    ).stdout.splitlines()[-1]


def test_the_layers_hold() -> None:
    found = subprocess.run(
        [Path(sys.executable).with_name("lint-imports")], capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert found.returncode == 0, found.stdout
    assert "3 kept, 0 broken" in found.stdout


def test_help_loads_no_model_library() -> None:
    statement = (
        "from facilitator.cli.main import facilitator\ntry: facilitator.main(['--help'])\nexcept SystemExit: pass"
    )
    assert _loaded(statement) == "[]"


@pytest.mark.parametrize("command", ["study", "participants", "guide", "session", "models", "transcribe", "record"])
def test_help_of_a_command_loads_no_model_library(command: str) -> None:
    statement = (
        "from facilitator.cli.main import facilitator\n"
        f"try: facilitator.main([{command!r}, '--help'])\n"
        "except SystemExit: pass"
    )
    assert _loaded(statement) == "[]"


@pytest.mark.parametrize(
    "module",
    [
        "facilitator.workflows.sessions",
        "facilitator.workflows.conducting",
        "facilitator.workflows.pseudonymizing",
        "facilitator.workflows.transcribing",
        "facilitator.tui.app",
    ],
)
def test_workflows_and_screens_load_no_model_library(module: str) -> None:
    assert _loaded(f"import {module}") == "[]"


def test_nothing_below_the_screens_loads_textual() -> None:
    packages = ["domain", "storage", "audio", "transcription", "speakers", "privacy", "ethics", "export", "workflows"]
    modules = [
        ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for package in packages
        for path in (ROOT / "facilitator" / package).glob("*.py")
        if path.stem not in ("worker",)
    ]
    statement = "import " + ", ".join(modules) + "\nimport sys; print('textual' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", statement], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.splitlines()[-1] == "False"
