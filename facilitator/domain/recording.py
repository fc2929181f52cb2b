"""Words for what can happen to a recording while it runs."""

from enum import StrEnum
from typing import Final


class Trouble(StrEnum):
    """What the watch over a recording can find. The value is what a person reads, after a ▲ sign."""

    NO_SOUND = "no sound arrives"
    """No block from the device for 500 ms."""
    SILENT = "exact silence"
    """Only zeros for 2 s: a muted or dead microphone, for a room is never exactly silent."""
    STUCK = "the signal is stuck"
    """One and the same value, not zero, for 2 s."""
    CLIPPING = "too loud: the sound is clipped"
    DRIFT = "the device's clock drifts"
    """Over 100 ms between the sound counted and the time passed, gaps aside."""
    OVERFLOW = "sound was lost: the computer was too busy"
    DEVICE_LOST = "the device is gone"
    DEVICE_CHANGED = "another device is in use"
    """The sound system moved the recording to another source without asking."""
    DISK = "the disk is nearly full"
    STORING = "the disk is slow or refuses"
    SLEPT = "the computer slept"
    RECORDER_DIED = "the recorder had to be started again"


class Pause(StrEnum):
    """Why nothing is recorded for a while, at the facilitator's wish."""

    BREAK = "break"
    OFF_RECORD = "off the record"


STRUCK = "struck at a participant's request"
"""The reason of the gap that a strike leaves."""
NO_HEAD: Final = "0" * 64
"""Stands in the log for the digest of a last record where there is no record."""
