"""Session time: whole milliseconds on the session clock, always rounded down."""

import re
from typing import Final

from facilitator.domain.errors import UsageError

_CLOCK: Final = re.compile(r"(?:(\d{1,2}):)?([0-5]?\d):([0-5]\d)(?:\.(\d{1,3}))?", re.ASCII)


def clock(ms: int) -> str:
    """`1:31:04` or `0:07`, as on screens. Negative times get a leading minus sign."""
    sign, seconds = ("-" if ms < 0 else ""), abs(ms) // 1000
    hours, minutes, seconds = seconds // 3600, seconds // 60 % 60, seconds % 60
    return f"{sign}{hours}:{minutes:02}:{seconds:02}" if hours else f"{sign}{minutes}:{seconds:02}"


def exact(ms: int) -> str:
    """`1 h 31 min 4.250 s`, `41 min 12.250 s` or `0.250 s`, as reports on recordings say it. `ms` is zero or more."""
    minutes, rest = divmod(ms, 60_000)
    hours, minutes = divmod(minutes, 60)
    seconds = f"{rest // 1000}.{rest % 1000:03} s"
    return (f"{hours} h " if hours else "") + (f"{minutes} min " if hours or minutes else "") + seconds


def stamp(ms: int) -> str:
    """`00:07:31`, fixed width, as in transcripts. `ms` is zero or more."""
    seconds = ms // 1000
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def milliseconds(text: str) -> int:
    """The time that somebody wrote as `1:31:04`, `0:07` or `0:07.250`. Raises UsageError for anything else."""
    found = _CLOCK.fullmatch(text.strip())
    if found is None:
        raise UsageError(f"{text!r} is no time.", safe="Nothing was changed.", do="Write it as 12:30 or 1:02:30.")
    hours, minutes, seconds, fraction = found.groups()
    return ((int(hours or 0) * 60 + int(minutes)) * 60 + int(seconds)) * 1000 + int((fraction or "0").ljust(3, "0"))


def samples_to_ms(samples: int, rate: int) -> int:
    """Milliseconds that `samples` at `rate` Hz have fully filled."""
    return samples * 1000 // rate


def ms_to_samples(ms: int, rate: int) -> int:
    """Samples at `rate` Hz that lie before `ms`."""
    return ms * rate // 1000
