"""Start a helper of this package in a process of its own, so that no model library is loaded into the caller."""

import contextlib
import os
import subprocess
import sys
from pathlib import Path
from typing import IO, Final

import facilitator

QUIET: Final = {
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "ORT_DISABLE_TELEMETRY": "1",  # onnxruntime keeps events in the user's cache and sends them, from native code
    "DO_NOT_TRACK": "1",
    "PYTHONDONTWRITEBYTECODE": "1",
}
STEADY: Final = {"ONEDNN_PRIMITIVE_CACHE_CAPACITY": "8", "MALLOC_ARENA_MAX": "2"}
"""What keeps memory from growing with the length of a recording, whose windows have ever other lengths.

oneDNN keeps what it has compiled for the last 1,024 shapes of sound, over a megabyte each, and most shapes never come
again. glibc keeps a heap for each thread.
"""
OFFLINE: Final = {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1"}
_KEPT_BACK: Final = ("FACILITATOR_PASSPHRASE",)
_MOST_THREADS: Final = 8


def usable_threads() -> int:
    """How many threads an engine uses on this computer: one a core, up to eight."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(usable, _MOST_THREADS)


def start(module: str, *, online: bool = False) -> subprocess.Popen[bytes]:
    """Start `python -m module` with binary pipes on stdin and stdout.

    Its stderr is discarded, since model libraries write there and would garble the screen; it has a session of its own,
    so that Ctrl-C in the terminal is answered by the caller alone. `-P` keeps modules out of the working folder, which
    may be a study that somebody else made.
    """
    return subprocess.Popen(
        [sys.executable, "-P", "-m", module],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=_environment(online),
        start_new_session=True,
    )


def _environment(online: bool) -> dict[str, str]:
    left_out = {*_KEPT_BACK, *OFFLINE}
    kept = {name: value for name, value in os.environ.items() if name not in left_out} | QUIET | STEADY
    if not online:
        kept |= OFFLINE
    root = Path(facilitator.__file__).resolve().parents[1]
    if root.name not in ("site-packages", "dist-packages"):  # a source tree is not on the child's path by itself
        kept["PYTHONPATH"] = os.pathsep.join(filter(None, [str(root), kept.get("PYTHONPATH", "")]))
    return kept


def stop(process: subprocess.Popen[bytes]) -> None:
    """End a helper now and wait until it is gone; one that has ended is left as it is."""
    if process.poll() is None:
        process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            _close(pipe)


def _close(pipe: IO[bytes]) -> None:
    with contextlib.suppress(
        BrokenPipeError
    ):  # what the helper never took is not worth a word: it was ended on purpose
        pipe.close()
