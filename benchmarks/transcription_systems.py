"""The systems that are compared, each a child process that stays up, and what each made of a recording."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

from benchmarks.transcription_sound import Recording

CORES: Final = 2
_ROOT: Final = Path(__file__).resolve().parents[1]


@dataclass(frozen=True, slots=True)
class Setting:
    """A system and how it is asked to hear; ours always gives word times."""

    system: str
    beam: int
    words: bool = False

    def __str__(self) -> str:
        return f"{self.system}, beam {self.beam}{', words' if self.words or self.system == 'ours' else ''}"


@dataclass(frozen=True, slots=True)
class Heard:
    """How long it took, and what came of it."""

    seconds: float
    text: str


def take_cores() -> int:
    """Leave two cores to this process and all that it starts, where the system can do that; returns how many it has."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:CORES])
        return len(os.sched_getaffinity(0))
    return CORES


class Systems:
    """Context manager. Starts a system when it is first asked for; what was heard once is remembered."""

    def __init__(self) -> None:
        self._children: dict[str, subprocess.Popen[str]] = {}
        self._heard: dict[tuple[Setting, str], list[Heard]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for name in tuple(self._children):
            self.end(name)

    def end(self, name: str) -> None:
        """End a system and give its memory back."""
        child = self._children.pop(name)
        if child.stdin is not None:
            child.stdin.close()  # the end of its questions; ours then takes its workers along
        try:
            child.wait(10)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()

    def begin(self, *names: str) -> None:
        """Start systems beside each other; they load meanwhile."""
        for name in names:
            if name not in self._children:
                command = [sys.executable, "-m", "benchmarks.transcription_child", name, str(CORES)]
                self._children[name] = subprocess.Popen(
                    command,
                    cwd=_ROOT,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL,
                    text=True,
                    encoding="utf-8",
                )

    @property
    def begun(self) -> frozenset[str]:
        """Those that run."""
        return frozenset(self._children)

    def pid(self, name: str) -> int:
        """Its process number."""
        self.begin(name)
        return self._children[name].pid

    def ask(self, name: str, question: dict[str, Any]) -> dict[str, Any]:
        """Its answer to one question."""
        self.begin(name)
        child = self._children[name]
        assert child.stdin is not None and child.stdout is not None  # noqa: S101  pipes, as asked above
        child.stdin.write(json.dumps(question) + "\n")
        child.stdin.flush()
        line = child.stdout.readline()
        if not line:
            raise SystemExit(f"{name} ended without an answer")
        return dict(json.loads(line))

    def hear(self, setting: Setting, recording: Recording) -> Heard:
        """Hear it now."""
        question = {"file": str(recording.file), "beam": setting.beam, "words": setting.words}
        answer = self.ask(setting.system, question)
        heard = Heard(float(answer["seconds"]), str(answer["text"]))
        self._heard.setdefault((setting, recording.name), []).append(heard)
        return heard

    def text(self, setting: Setting, recording: Recording) -> str:
        """What it hears; from the first time that it heard the recording, if it did."""
        before = self._heard.get((setting, recording.name))
        return before[0].text if before else self.hear(setting, recording).text

    def speech(self, recording: Recording) -> list[tuple[int, int]]:
        """Where somebody speaks, in ms, by Silero."""
        answer = self.ask("silero", {"file": str(recording.file)})
        return [(int(start), int(end)) for start, end in answer["speech"]]
