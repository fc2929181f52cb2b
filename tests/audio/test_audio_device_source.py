"""The microphone through a made-up PortAudio, whose devices come and go as none on this computer do."""

from types import SimpleNamespace
from typing import Any

import pytest

from facilitator.audio import capture
from facilitator.audio.capture import Company, DeviceSource
from facilitator.audio.messages import Request
from facilitator.domain.errors import DeviceFailed, UsageError

RATE = 8000
USB, BUILT_IN = "USB microphone", "Built-in microphone"


class PortAudioError(Exception):
    pass


class PortAudio:
    """`devices` are names with their channels, the first of them the default; seen when it is started, as ever."""

    PortAudioError = PortAudioError

    def __init__(self, **devices: int) -> None:
        self.devices = devices
        self.refuses = 0
        self.opened: list[str] = []
        self._running = False
        self._initialize()

    @property
    def default(self) -> Any:
        return SimpleNamespace(device={"input": 0})

    def _initialize(self) -> None:
        if self.refuses:
            self.refuses -= 1
            raise PortAudioError("Error initializing PortAudio")
        self._running, self._seen = True, dict(self.devices)

    def _terminate(self) -> None:
        self._check()
        self._running = False

    def _check(self) -> None:
        if not self._running:
            raise PortAudioError("PortAudio not initialized")

    def query_hostapis(self) -> list[dict[str, Any]]:
        self._check()
        return [{"name": "made up"}]

    def query_devices(self) -> list[dict[str, Any]]:
        self._check()
        each = {"hostapi": 0, "default_samplerate": 48_000.0}
        return [each | {"name": name, "max_input_channels": channels} for name, channels in self._seen.items()]

    def RawInputStream(self, device: int, **_: Any) -> Any:  # noqa: N802  its name there
        self.opened.append(list(self._seen)[device])
        return SimpleNamespace(start=lambda: None)


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch) -> PortAudio:
    made = PortAudio(**{USB: 2, BUILT_IN: 1})
    monkeypatch.setattr(capture, "sound_library", lambda: made)
    monkeypatch.setattr(capture, "current_route", lambda _: None)
    return made


def company(**asked: Any) -> Company:
    return Company(Request(None, "07", "", rate=RATE, **asked))  # type: ignore[arg-type]


def test_a_sound_system_that_does_not_start_at_once_is_a_lost_device_until_it_does(library: PortAudio) -> None:
    DeviceSource(None, RATE)
    library.refuses = 2
    for _ in range(2):
        with pytest.raises(DeviceFailed, match="cannot be listed"):
            DeviceSource(None, RATE, again=True)
    assert DeviceSource(None, RATE, again=True).name == USB


def test_a_sound_system_that_is_gone_is_a_lost_device(library: PortAudio) -> None:
    library._terminate()
    with pytest.raises(DeviceFailed, match="cannot be listed"):
        DeviceSource(None, RATE)


@pytest.mark.parametrize("device", [None, USB])
def test_after_a_loss_no_other_input_is_taken_and_that_one_again(library: PortAudio, device: str | None) -> None:
    given = company(device=device)
    assert given.open_source().name == USB
    del library.devices[USB]
    for _ in range(3):
        with pytest.raises(DeviceFailed, match=USB):
            given.open_source()
    library.devices[USB] = 2
    assert list(library.devices) == [BUILT_IN, USB], "the other one is the default by now"
    assert given.open_source().name == USB
    assert library.opened == [USB, USB]


def test_a_channel_that_is_not_there_any_more_may_come_back(library: PortAudio) -> None:
    given = company(channel=2)
    given.open_source()
    library.devices[USB] = 1
    with pytest.raises(UsageError):
        given.open_source()
    library.devices[USB] = 2
    assert given.open_source().name == USB


def test_what_was_never_opened_is_asked_for_anew(library: PortAudio) -> None:
    library.devices.clear()
    library._initialize()
    given = company()
    with pytest.raises(DeviceFailed):
        given.open_source()
    library.devices[BUILT_IN] = 1
    library._initialize()
    assert given.open_source().name == BUILT_IN
