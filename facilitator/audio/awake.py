"""Keeps the computer awake while something is recorded, `python -m facilitator.audio.awake`, and says if it may.

A process of its own, for the system's answer can take long: it asks, writes what was granted as one JSON line, and
holds it until its standard input closes. So it ends with the process that started it, whatever that one died of.
"""

import contextlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import IO, Any, Final

from facilitator.audio.child import command, environment
from facilitator.audio.messages import Awake
from facilitator.domain.events import Precheck

_MODULE: Final = "facilitator.audio.awake"
_SECONDS: Final = 10.0
_WHO: Final = "Facilitator"
_WHY: Final = "A recording is running"
IDLE: Final = "sleep when nobody types"
LID: Final = "sleep on closing the lid"
_NOBODY_CAN: Final = "no program may hold that off on this system"


class Wakefulness:
    """The request to stay awake. It holds until `end`, or until this process dies."""

    def __init__(self) -> None:
        self._child = subprocess.Popen(
            command(_MODULE),
            env=environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )

    def answer(self, seconds: float = _SECONDS) -> Awake:
        """What the system granted; waits for it."""
        pipe = self._child.stdout
        assert pipe is not None  # noqa: S101  a pipe, as asked above
        late = threading.Timer(seconds, self._child.kill)
        late.start()
        try:
            said = json.loads(pipe.readline())
            return Awake(tuple(said["granted"]), tuple(said["refused"]))
        except (ValueError, KeyError, TypeError):
            return Awake((), (f"{IDLE}: no answer",))
        finally:
            late.cancel()

    def end(self) -> None:
        for pipe in (self._child.stdin, self._child.stdout):
            if pipe is not None:
                pipe.close()
        try:
            self._child.wait(_SECONDS / 5)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()


def may_keep_awake() -> Precheck:
    """Ask for it and let it go again: the line of the check before a recording."""
    try:
        wakefulness = Wakefulness()
    except OSError as error:
        return Precheck("Sleep", None, f"could not be told ({error.strerror}); turn off sleep in the system's settings")
    try:
        answer = wakefulness.answer()
    finally:
        wakefulness.end()
    if answer.granted and not answer.refused:
        return Precheck("Sleep", True, "this computer stays awake while it records")
    what, only_lid = "; ".join(answer.refused), IDLE in answer.granted
    do = "Keep the lid open" if only_lid else "Keep the lid open and turn off sleep in the settings"
    return Precheck("Sleep", None, f"not kept from {what}. {do}")


@contextlib.contextmanager
def _held() -> Iterator[Awake]:
    granted: list[str] = []
    refused: list[str] = []
    with contextlib.ExitStack() as stack:
        (granted if _keep_running(stack) else refused).append(IDLE)
        if sys.platform == "linux":
            why = _inhibit(stack)
            if not why:
                granted.append(LID)
                if IDLE in refused:  # the inhibitor of logind is for idle sleep too
                    refused.remove(IDLE)
                    granted.append(IDLE)
            else:
                refused.append(f"{LID} ({why})")
        else:
            refused.append(f"{LID} ({_NOBODY_CAN})")
        yield Awake(tuple(granted), tuple(refused))


def _keep_running(stack: contextlib.ExitStack) -> bool:
    from wakepy import keep  # late: only this process needs it

    mode: Any = stack.enter_context(keep.running(on_fail="pass"))
    return bool(mode.active)


def _inhibit(stack: contextlib.ExitStack) -> str:
    """Hold the inhibitor lock of logind that also covers the lid; "" if it was granted, else why not."""
    from jeepney import DBusAddress, DBusErrorResponse, new_method_call  # comes with wakepy, on Linux only
    from jeepney.io.blocking import open_dbus_connection
    from jeepney.wrappers import unwrap_msg

    manager = DBusAddress("/org/freedesktop/login1", "org.freedesktop.login1", "org.freedesktop.login1.Manager")
    asked = ("sleep:idle:handle-lid-switch", _WHO, _WHY, "block")
    try:
        bus = stack.enter_context(open_dbus_connection("SYSTEM", enable_fds=True))
        reply = bus.send_and_get_reply(new_method_call(manager, "Inhibit", "ssss", asked), timeout=_SECONDS / 2)
        (lock,) = unwrap_msg(reply)
    except DBusErrorResponse as error:
        return "refused by the system: " + str(error.name).rpartition(".")[2]
    except (OSError, TimeoutError, ValueError, RuntimeError):
        return "no logind on this system"
    stack.callback(os.close, lock.to_raw_fd())
    return ""


def _wait_for_end(pipe: IO[bytes]) -> None:
    while pipe.read(4096):
        continue


def main() -> int:
    """Hold what is granted until standard input ends."""
    with _held() as awake:
        sys.stdout.write(json.dumps({"granted": awake.granted, "refused": awake.refused}) + "\n")
        sys.stdout.flush()
        _wait_for_end(sys.stdin.buffer)
    return 0


if __name__ == "__main__":
    sys.exit(main())
