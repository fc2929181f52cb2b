"""Session time: whole milliseconds on the session clock, always rounded down."""


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


def samples_to_ms(samples: int, rate: int) -> int:
    """Milliseconds that `samples` at `rate` Hz have fully filled."""
    return samples * 1000 // rate


def ms_to_samples(ms: int, rate: int) -> int:
    """Samples at `rate` Hz that lie before `ms`."""
    return ms * rate // 1000
