"""A whole study as a person would make it, with crashes in the middle, in a folder of its own for everything."""

import contextlib
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import IO

import platformdirs
import psutil
from quick_passphrases import seal_anew
from sound_room import SoundRoom
from terminal import Terminal

from facilitator.domain.errors import WorkerFailed
from facilitator.storage.study_folder import StudyFolder

from .framework import ROOT

PROGRAM = [sys.executable, "-m", "facilitator.cli.main"]
CAPTURE, WORKER = "facilitator.audio.capture", "facilitator.transcription.worker"
PASSPHRASE = "canary four unrelated words"
NAMES = ("Margaret Thompson", "Charles Anderson", "Ragnhild Bjørnstadmoen")
WORDS = ("Margaret", "Thompson", "Charles", "Anderson", "Ragnhild", "Bjørnstadmoen", "Maggie")
ROSTER = (
    "name,aliases,profession\nMargaret Thompson,Maggie,nurse\nCharles Anderson,,social worker\n"
    "Ragnhild Bjørnstadmoen,,nurse\n"
)
NOTE = "Maggie and Ragnhild agree on hope"
SPOKEN = (
    ("1", "en-us+f3", "Good morning. My name is Margaret Thompson, and I work as a nurse."),
    ("2", "en-us+m3", "Hello Margaret. I am Charles Anderson. I think the program gives people hope."),
)
HOMES = ("HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME", "TMPDIR")


class CanaryStudy:
    """The study below `root`; every home, cache, log and temporary file of its programs is below `root` too.

    Core files are allowed, and would lie in `work`, where all programs run. What is planted, for the search to find,
    and what a person gives lie elsewhere.
    """

    def __init__(self, root: Path, room: SoundRoom) -> None:
        self.root, self.room = root, room
        self.study, self.work, self.out = root / "study", root / "work", root / "out"
        self.given, self.planted = (root.with_name(f"{root.name}-{what}") for what in ("given", "planted"))
        self.homes = {name: str(root / name.lower()) for name in HOMES}
        for folder in (self.work, self.given, self.planted, *map(Path, self.homes.values())):
            folder.mkdir(parents=True)

    @property
    def env(self) -> dict[str, str]:
        """Of all its programs. The weights stay where they are: Whisper's vocabulary holds common names."""
        weights = os.environ.get("FACILITATOR_CACHE") or platformdirs.user_cache_dir("facilitator")
        own = {"FACILITATOR_PASSPHRASE": PASSPHRASE, "FACILITATOR_CACHE": weights, "PYTHONPATH": str(ROOT)}
        return self.room.env | self.homes | own

    def command(self, *words: str | Path, code: int = 0, during: Callable[[int], None] | None = None) -> str:
        """Run one command; `during` gets its process number while it runs. RuntimeError for another exit code."""
        with subprocess.Popen(
            [*PROGRAM, *map(str, words), "--study", str(self.study)],
            env=self.env,
            cwd=self.work,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=allow_core_files,
        ) as process:
            if during is not None:
                during(process.pid)
            out, err = process.communicate(timeout=300)
        if process.returncode != code:
            raise RuntimeError(f"{words[0]} ended with {process.returncode}: {err.strip()[-300:]}")
        return out

    def prepare(self) -> None:
        """Study, roster, session and consent."""
        roster = self.given / "roster.csv"
        roster.write_text(ROSTER, encoding="utf-8")
        init = [*PROGRAM, "study", "init", str(self.study), "--title", "Hope"]
        subprocess.run(init, env=self.env, cwd=self.work, check=True, capture_output=True)
        self.command("participants", "import", roster)
        seal_anew(StudyFolder(self.study).identity_file, PASSPHRASE)
        self.command("session", "new", "--guide", "pilot", "--participants", "P1-P3")
        self.command("consent", "record", "P1-P3")

    def conduct(self, *, again: bool, crash: bool) -> None:
        """Lead the group in a terminal: one key a speaker, and a note; then stop, or have everything crash.

        `again`: it goes on with a recording, which needs no check before.
        """
        command = [*PROGRAM, "conduct", "01", "--study", str(self.study)]
        shell = ["/bin/sh", "-c", f'cd "{self.work}" && ulimit -S -c "$(ulimit -H -c)" && exec "$@"', "sh", *command]
        with Terminal(shell, self.env) as terminal:
            terminal.wait_for("not recording", seconds=60)
            terminal.press("r")
            if not again:
                terminal.wait_for("Before recording", "Enter Record", "✓ Consent", seconds=30)
                terminal.press("Enter")
            terminal.wait_for("● REC", seconds=30)
            terminal.press("Space")
            for number, (key, voice, text) in enumerate(SPOKEN):
                terminal.press(key)
                playing = self.room.play(self._speech(number, voice, text))
                if number == 1:
                    terminal.press("t")
                    terminal.write(NOTE)
                    terminal.press("Enter")
                    terminal.wait_for("theme", "saved")
                playing.wait(60)
                time.sleep(0.6)
            if crash:
                self.crash(PROGRAM[-1], CAPTURE)
                return
            terminal.press("s")
            terminal.wait_for("Stop the recording?")
            terminal.press("y")
            terminal.wait_for("read back", seconds=60)
            terminal.press("Escape")  # no debrief now
            terminal.wait_without("debrief now")
            terminal.press("Escape")
            terminal.wait_for("transcribe", seconds=60)

    def crash(self, *modules: str) -> None:
        """End what runs these modules for this study as a fault in it would, with a core file where that is allowed."""
        for module in modules:
            process = next(self.running(module), None)
            if process is None:
                raise RuntimeError(f"{module} does not run")
            os.kill(process.pid, signal.SIGABRT)
            psutil.wait_procs([process], timeout=10)

    def running(self, module: str) -> Iterator[psutil.Process]:
        """The processes of this study that run `module`."""
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                if module in process.cmdline() and process.environ().get("HOME") == self.homes["HOME"]:
                    yield process

    def crash_transcription(self, speech: Sequence[bytes]) -> None:
        """Transcribe; the worker crashes once it has one of `speech` in its memory.

        In another manner than while it was recorded: what was heard then would not be heard again.
        """

        def during(_: int) -> None:
            deadline = time.monotonic() + 60
            while time.monotonic() < deadline:
                for worker in self.running(WORKER):
                    if _crashed(worker, speech):
                        return
                time.sleep(0.1)
            raise RuntimeError("no worker had speech in its memory")

        self.command("transcribe", "01", "--beam", "10", code=WorkerFailed.exit_code, during=during)

    def release(self) -> Path:
        """Pseudonymize, approve and export; returns the folder of the export."""
        self.command("pseudonymize", "01", "--auto")
        digest = self.command("verify", "01").rpartition("Content: ")[2].strip()
        self.command("verify", "01", "--approve", digest, "--by", "officer")
        self.command("export", "01", "--format", "docx,txt", "--out", self.out)
        return next(self.out.iterdir())

    def core_files(self) -> list[Path]:
        """Where a crash left a process's memory."""
        return [path for path in self.root.rglob("*") if path.is_file() and _is_core(path)]

    def _speech(self, number: int, voice: str, text: str) -> Path:
        path = self.given / f"{number}.wav"
        subprocess.run(["espeak-ng", "-v", voice, "-s", "135", "-w", str(path), text], check=True)
        return path


def allow_core_files() -> None:
    """As on a machine that is set up to keep them, as far as this one lets us."""
    _, most = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (most, most))


def keeps_core_files() -> bool:
    """Whether a program that crashes here leaves one; where it does not, their absence proves nothing."""
    with tempfile.TemporaryDirectory() as name:
        subprocess.run(["/bin/sh", "-c", "kill -ABRT $$"], cwd=name, preexec_fn=allow_core_files, check=False)
        return any(_is_core(path) for path in Path(name).iterdir())


def _crashed(worker: psutil.Process, speech: Sequence[bytes]) -> bool:
    """Whether it had one of `speech` in its memory, and so was ended; it waits meanwhile, lest it have done with it."""
    with contextlib.suppress(psutil.NoSuchProcess):
        worker.suspend()
        has_speech = holds(worker.pid, speech)
        if has_speech:
            os.kill(worker.pid, signal.SIGABRT)
        worker.resume()
        return has_speech
    return False


def holds(pid: int, pieces: Sequence[bytes]) -> bool:
    """Whether one of `pieces` is in the memory of a process; not if it ended."""
    try:
        with Path(f"/proc/{pid}/maps").open() as maps, Path(f"/proc/{pid}/mem").open("rb", buffering=0) as memory:
            for place, rights, *_ in map(str.split, maps):
                data = _mapped(memory, place) if rights.startswith("rw") else b""
                if any(piece in data for piece in pieces):
                    return True
    except OSError:
        return False
    return False


def _mapped(memory: IO[bytes], place: str) -> bytes:
    """What is mapped at `place`, two addresses; nothing if it is no longer there, or may not be read."""
    begin, end = (int(word, 16) for word in place.split("-"))
    with contextlib.suppress(OSError, ValueError):
        memory.seek(begin)
        return memory.read(end - begin)
    return b""


def _is_core(path: Path) -> bool:
    with path.open("rb") as file:
        head = file.read(18)
    return head[:4] == b"\x7fELF" and head[16:18] == b"\x04\x00"
