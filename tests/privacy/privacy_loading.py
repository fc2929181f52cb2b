import socket
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import pytest

from facilitator.privacy.recognizers import Recognizers


@contextmanager
def no_network() -> Iterator[list[str]]:
    attempts: list[str] = []

    def refuse(*args: Any, **kwargs: Any) -> Any:
        attempts.append("connect")
        raise OSError("no network in this test")

    with pytest.MonkeyPatch.context() as patch:
        for name in ("connect", "connect_ex"):
            patch.setattr(socket.socket, name, refuse)
        patch.setattr(socket, "getaddrinfo", refuse)
        yield attempts


@cache
def loaded() -> tuple[Recognizers, tuple[str, ...]]:
    # loading takes seconds, so once, and with every way to the network shut and counted
    with no_network() as attempts:
        return Recognizers.load(), tuple(attempts)
