"""Session time: whole milliseconds on the session clock, always rounded down."""


def clock(ms: int) -> str:
    """`1:31:04` or `0:07`, as on screens. Negative times get a leading minus sign."""
    sign, seconds = ("-" if ms < 0 else ""), abs(ms) // 1000
    hours, minutes, seconds = seconds // 3600, seconds // 60 % 60, seconds % 60
    return f"{sign}{hours}:{minutes:02}:{seconds:02}" if hours else f"{sign}{minutes}:{seconds:02}"


def stamp(ms: int) -> str:
    """`00:07:31`, fixed width, as in transcripts. `ms` is zero or more."""
    seconds = ms // 1000
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def samples_to_ms(samples: int, rate: int) -> int:
    """Milliseconds that `samples` at `rate` Hz have fully filled."""
    return samples * 1000 // rate


def ms_to_samples(ms: int, rate: int) -> int:
    """Samples at `rate` Hz that lie before `ms`."""
    return ms * rate // 1000
