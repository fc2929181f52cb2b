from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from facilitator.audio import feeder
from facilitator.audio.feeder import BlockSource, Feeder
from facilitator.audio.timeline import LOST, Block
from facilitator.domain.errors import DeviceFailed, FacilitatorError, MissingNeed, UsageError

FRAMES = 2_000


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feeder, "_REOPEN_SECONDS", 0.0)


class Source:
    """Gives `blocks` blocks, then fails with `error`."""

    name = "scripted"

    def __init__(self, blocks: int, error: Exception) -> None:
        self._blocks, self._error = blocks, error
        self.closed = 0

    def read(self, frames: int) -> tuple[bytes, bool]:
        if not self._blocks:
            raise self._error
        self._blocks -= 1
        return b"\1\0" * frames, False

    def close(self) -> None:
        self.closed += 1


@contextmanager
def fed(source: BlockSource, open_source: Callable[[], BlockSource]) -> Iterator[list[Block | DeviceFailed | None]]:
    """The first four items, or None for one that does not come."""
    feeding = Feeder(source, open_source, FRAMES, lambda: 0)
    feeding.start()
    try:
        yield [feeding.take(10) for _ in range(4)]
    finally:
        feeding.ending.set()
        feeding.join(10)
        assert not feeding.is_alive()


@pytest.mark.parametrize(
    "refused",
    [
        UsageError("The input “lap” has no channel 2, but 1 in all."),
        MissingNeed("The sound library is not installed."),
        DeviceFailed("There is no microphone."),
        ValueError("a library's own"),
        OSError(5, "Input/output error"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_input_that_cannot_be_opened_again_is_tried_until_it_can(refused: Exception) -> None:
    lost, back = Source(1, DeviceFailed("It was lost.")), Source(9_999, DeviceFailed(""))
    tried: list[Exception] = []

    def open_source() -> Source:
        if len(tried) < 3:
            tried.append(refused)
            raise refused
        return back

    with fed(lost, open_source) as items:
        kinds = [item.reason if isinstance(item, Block) else str(item) for item in items if item is not None]
        assert kinds == ["", "It was lost.", LOST, ""]
        assert len(tried) == 3 and lost.closed == 1


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (UsageError("It cannot be used.", do="Use another one."), "It cannot be used.\nUse another one."),
        (ValueError("Kari's AirPods"), "The input failed unexpectedly (ValueError)."),
    ],
)
def test_whatever_ends_a_source_is_told_as_a_loss(error: FacilitatorError | ValueError, told: str) -> None:
    with fed(Source(1, error), lambda: Source(9_999, error)) as items:
        assert isinstance(items[1], DeviceFailed) and str(items[1]) == told
        assert isinstance(items[2], Block) and items[2].reason == LOST
