"""Runs work in a child process that dies, as by kill -9, before a given one of its changes to the disk."""

import os
from collections.abc import Callable
from typing import Any

CHANGES = ("open", "rename", "replace", "unlink", "remove", "rmdir", "link", "mkdir", "fsync", "write", "ftruncate")
_DIED, _FAILED = 77, 78


def died_at(step: int, work: Callable[[], object]) -> bool:
    """True if the child died before change number `step` (from 0); False if `work` ended before it got there.

    Raises:
        AssertionError: `work` raised.
    """
    child = os.fork()
    if child == 0:
        try:
            _arm(step)
            work()
            os._exit(0)
        except BaseException as error:
            os.write(2, f"{type(error).__name__}: {error}\n".encode())
            os._exit(_FAILED)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert code in (0, _DIED), code
    return code == _DIED


def _arm(step: int) -> None:
    left = step

    def watched(change: Callable[..., Any], *, opening: bool) -> Callable[..., Any]:
        def run(*arguments: Any, **options: Any) -> Any:
            nonlocal left
            if not opening or (len(arguments) > 1 and arguments[1] & (os.O_WRONLY | os.O_RDWR)):
                if left == 0:
                    os._exit(_DIED)
                left -= 1
            return change(*arguments, **options)

        return run

    for name in CHANGES:
        setattr(os, name, watched(getattr(os, name), opening=name == "open"))
