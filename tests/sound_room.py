"""A room for tests: a private sound server whose silent loudspeaker is the only microphone."""

import ctypes.util
import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Self

_READY_SECONDS = 15.0


class SoundRoom:
    """Context manager. Start children with `env`; what `play` plays, their default input hears."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="room-")
        root = Path(self._folder.name)
        self._socket = root / "pulse" / "native"
        private = {"XDG_RUNTIME_DIR": root, "HOME": root, "PULSE_RUNTIME_PATH": root / "pulse"}
        private |= {"PULSE_STATE_PATH": root / "state", "PULSE_COOKIE": root / "cookie"}
        self._private = {name: str(path) for name, path in private.items()}
        self._server: subprocess.Popen[bytes] | None = None

    @staticmethod
    def absent() -> str | None:
        """Why there can be no sound room here, or None."""
        if missing := [name for name in ("pulseaudio", "paplay", "pactl") if shutil.which(name) is None]:
            return f"no sound room: {', '.join(missing)} not installed (apt install pulseaudio pulseaudio-utils)"
        if ctypes.util.find_library("portaudio") is None:
            return "no sound room: PortAudio not installed (apt install libportaudio2 libasound2-plugins)"
        return None

    @property
    def settings(self) -> dict[str, str]:
        """The variables that lead a program into the room."""
        server = {"PULSE_SERVER": f"unix:{self._socket}", "PULSE_SOURCE": "room.monitor", "PULSE_SINK": "room"}
        return self._private | server

    @property
    def env(self) -> dict[str, str]:
        """A whole environment for children."""
        return os.environ | self.settings

    def __enter__(self) -> Self:
        self.enter()
        return self

    def enter(self) -> None:
        """Start the sound server, at first and after `leave`."""
        loads = ("module-native-protocol-unix", "module-null-sink sink_name=room", "module-always-sink")
        self._server = subprocess.Popen(
            ["pulseaudio", "-n", "--daemonize=no", "--exit-idle-time=-1", *(f"--load={load}" for load in loads)],
            env=os.environ | self._private,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._wait_until_ready()

    def __exit__(self, *_: object) -> None:
        self.leave()
        self._folder.cleanup()

    def leave(self) -> None:
        """End the sound server, as when it crashes."""
        if self._server is not None:
            self._server.terminate()
            try:
                self._server.wait(10)
            except subprocess.TimeoutExpired:
                self._server.kill()
                self._server.wait()

    def play(self, path: Path) -> subprocess.Popen[bytes]:
        """Start playing a WAV file into the room; the caller waits for it or ends it."""
        return subprocess.Popen(["paplay", "--device=room", str(path)], env=self.env, stdin=subprocess.DEVNULL)

    def control(self, *arguments: str) -> str:
        """Run `pactl` in the room, and return what it prints."""
        done = subprocess.run(["pactl", *arguments], env=self.env, capture_output=True, check=True, text=True)
        return done.stdout

    def listeners(self) -> int:
        """How many programs are recording in the room."""
        listed = subprocess.run(
            ["pactl", "list", "short", "source-outputs"], env=self.env, capture_output=True, check=True
        )
        return len(listed.stdout.splitlines())

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + _READY_SECONDS
        while subprocess.run(["pactl", "info"], env=self.env, capture_output=True).returncode:
            if self._server is None or self._server.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("the sound server did not start")
            time.sleep(0.05)
