"""Finds where in a session's recording a second recorder's file lies, and how fast that recorder's clock ran.

Loudness comes first: its course is the same at every place in a room, and comparing it is cheap, so that every place
and a range of clock rates can be tried. Then the sound itself is compared, a few seconds at a time, which is exact to
about a millisecond, and which cannot agree by chance.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from facilitator.audio.loudness import FRAMES_PER_SECOND, Loudness, coarse_places, loudness
from facilitator.audio.phat import Phat
from facilitator.domain.errors import InvalidAudio

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

COMPARE_RATE: Final = 8_000
"""Hz. Speech below 3.4 kHz is all that the comparison uses."""
FARTHEST_MS: Final = 150.0
"""A place agrees when it lies this near the line through all: people sit up to 12 ms of sound nearer to one of two
microphones, and the session clock may step by a tenth of a second where a lost device came back."""
_WINDOW_S: Final = 6.0
_CLOSEST_S, _MOST_WINDOWS = 2.0, 600
_SEARCH_S: Final = 0.4
_STANDS_OUT: Final = 7.0
"""Standard deviations of the correlation elsewhere. Chance reaches this once in some million windows."""
_FEWEST: Final = 3
_SHARE: Final = 0.3
_LONGEST_RUN: Final = 20
_COMPANY: Final = 3
_FIRST_LOOK: Final = 40
_SHORT_S: Final = 1200.0
"""Of a shorter file, loudness alone does not tell the drift."""
_MOST_PPM: Final = 250.0


@dataclass(frozen=True, slots=True)
class Alignment:
    """Sound at `t` ms of the file lies at `offset_ms` + `t` / (1 + `drift_ppm` / 1,000,000) of the session clock.

    So `drift_ppm` is above 0 where the recorder's clock ran fast. `agreement` (0 to 1) is the median correlation of the
    places that agree, as GCC-PHAT gives it: 1 for a copy, some tenths for two microphones in one room. `agreeing` of
    `compared` places agreed, at most `spread_ms` off that line; the first ends at `from_ms` of the session clock, the
    last begins at `to_ms`. Nothing is known of the file's sound outside: the recorder may have been paused there.
    """

    offset_ms: float
    drift_ppm: float
    agreement: float
    agreeing: int
    compared: int
    spread_ms: float
    from_ms: int
    to_ms: int


@dataclass(frozen=True, slots=True)
class _Place:
    """A window of the recording from `at_s` on, found in the file `off_s` earlier than expected.

    `clear` is the correlation there in standard deviations of the correlation elsewhere.
    """

    at_s: float
    off_s: float
    peak: float
    clear: float

    @property
    def stands_out(self) -> bool:
        return self.clear > _STANDS_OUT


@dataclass(frozen=True, slots=True)
class _Line:
    """As Alignment, in seconds; `rate_ratio` is 1 + drift."""

    offset_s: float
    rate_ratio: float


def align(reference: "NDArray[np.int16]", other: "NDArray[np.int16]", rate: int) -> Alignment:
    """Where `other` lies in `reference`, both mono at `rate` Hz (8,000 to 16,000), zeros where there is no sound.

    The recorder may have begun and ended at any time, at another level, elsewhere in the room, its clock up to 200
    parts per million off. At least 15 s with speech must be in both.

    Raises:
        InvalidAudio: no sound, or too little agrees for `other` to be the same conversation.
    """
    heard, found = loudness(reference, rate), loudness(other, rate)
    if not heard.any or not found.any:
        raise _no_match("One of the two holds no sound that could be compared.")
    best: Alignment | None = None
    for offset_frames, drift in coarse_places(heard, found):
        offset_s = offset_frames / FRAMES_PER_SECOND
        drifts = [round(drift * 1e6)] if len(other) > _SHORT_S * rate else list(range(-200, 201, 40))
        tried = [_Line(offset_s, 1 + one * 1e-6) for one in drifts]
        looks = [(_compared(reference, other, rate, line, heard, sparse=True), line) for line in tried]
        first, line = max(looks, key=lambda look: sum(place.clear for place in look[0]))
        if sum(place.stands_out for place in first) < _FEWEST:
            continue
        line = _through(first, line)
        places = _compared(reference, other, rate, line, heard, sparse=False)
        aligned = _judged(places, line)
        if aligned is not None and (best is None or aligned.agreeing > best.agreeing):
            best = aligned
        if best is not None and best.agreeing >= len(places) / 2:
            break  # no other place can have more
    if best is None:
        raise _no_match("The file does not match this recording.")
    return best


def _judged(places: Sequence[_Place], line: _Line) -> Alignment | None:
    import numpy as np

    if sum(place.stands_out for place in places) < _FEWEST:
        return None
    final = _through(places, line)
    off_ms = [_off_ms(place, line, final) for place in places]
    agrees = [place.stands_out and off <= FARTHEST_MS for place, off in zip(places, off_ms, strict=True)]
    stretch = _unbroken(agrees)
    agreeing = [number for number in stretch if agrees[number]]
    if len(agreeing) < max(_FEWEST, _SHARE * len(stretch)):
        return None
    return Alignment(
        offset_ms=final.offset_s * 1000,
        drift_ppm=(final.rate_ratio - 1) * 1e6,
        agreement=min(1.0, float(np.median([places[number].peak for number in agreeing]))),
        agreeing=len(agreeing),
        compared=len(stretch),
        spread_ms=max(off_ms[number] for number in agreeing),
        from_ms=int((places[agreeing[0]].at_s + _WINDOW_S) * 1000),
        to_ms=int(places[agreeing[-1]].at_s * 1000),
    )


def _off_ms(place: _Place, line: _Line, final: _Line) -> float:
    """How far `place`, found by `line`, lies off `final`."""
    in_file_s = (place.at_s - place.off_s - line.offset_s) * line.rate_ratio
    return abs(place.at_s - final.offset_s - in_file_s / final.rate_ratio) * 1000


def _unbroken(agrees: Sequence[bool]) -> range:
    """The places from the first to the last of the longest stretch in which no long run disagrees.

    A recorder that was paused goes on elsewhere: the places after that disagree, and a chance match among them must
    not count. So the first and the last one also need company.
    """
    beside = [number for number, one in enumerate(agrees) if one and _has_company(agrees, number)]
    best, begin = range(0), 0
    for index, number in enumerate(beside):
        if index and number - beside[index - 1] > _LONGEST_RUN:
            begin = index
        if index - begin >= len([one for one in best if agrees[one]]):
            best = range(beside[begin], number + 1)
    return best


def _has_company(agrees: Sequence[bool], number: int) -> bool:
    near = range(max(0, number - _COMPANY), min(len(agrees), number + _COMPANY + 1))
    return any(agrees[other] for other in near if other != number)


def _through(places: Sequence[_Place], line: _Line) -> _Line:
    """`line` corrected by the places that stand out: the Theil–Sen estimate, which is the median slope of all pairs
    (Sen 1968, J. Am. Stat. Assoc. 63), here of pairs that lie far apart, then the median of what remains."""
    import numpy as np

    at = np.array([place.at_s for place in places if place.stands_out])
    off = np.array([place.off_s for place in places if place.stands_out])
    apart = at[None, :] - at[:, None]
    far = apart >= max(_WINDOW_S, (at[-1] - at[0]) / 3)
    slope = float(np.median((off[None, :] - off[:, None])[far] / apart[far])) if far.any() else 0.0
    ratio = min(1 + _MOST_PPM / 1e6, max(1 - _MOST_PPM / 1e6, line.rate_ratio * (1 - slope)))
    slope = 1 - ratio / line.rate_ratio
    begins = float(np.median(off - slope * at))
    return _Line((line.offset_s + begins) / (1 - slope), ratio)


def _compared(
    reference: "NDArray[np.int16]", other: "NDArray[np.int16]", rate: int, line: _Line, heard: Loudness, *, sparse: bool
) -> list[_Place]:
    """Windows with speech all over the overlap, or some 60 of them, each compared around where `line` puts it."""
    stretched = _at_our_pace(other, rate, line.rate_ratio)
    windows = list(_windows(reference, stretched, rate, line.offset_s, heard))
    step = -(-len(windows) // _FIRST_LOOK) if sparse else 1
    margin, length = int(_SEARCH_S * rate), int(_WINDOW_S * rate)
    phat = Phat(rate, length, margin)
    places = []
    for at in windows[:: max(1, step)]:
        begin = at - round(line.offset_s * rate) - margin
        if (place := phat.place(reference[at : at + length], _cut(stretched, begin, length + 2 * margin))) is not None:
            shift, peak, clear = place
            places.append(_Place(at / rate, (margin - shift) / rate, peak, clear))
    return places


def _windows(
    reference: "NDArray[np.int16]", stretched: "NDArray[np.int16]", rate: int, offset_s: float, heard: Loudness
) -> Iterator[int]:
    """First samples, in the recording, of the loudest of the windows that begin within each step of the overlap."""
    import numpy as np

    frame = rate // FRAMES_PER_SECOND
    length = int(_WINDOW_S * FRAMES_PER_SECOND)
    begin = max(0, round(offset_s * FRAMES_PER_SECOND))
    end = min(len(reference), len(stretched) + round(offset_s * rate)) // frame
    step = max(int(_CLOSEST_S * FRAMES_PER_SECOND), (end - begin) // _MOST_WINDOWS)
    sums = np.concatenate([[0.0], np.cumsum(heard.level)])
    known = np.concatenate([[0], np.cumsum(heard.heard)])
    for at in range(begin, end - length + 1, step):
        starts = np.arange(at, min(at + step, end - length + 1))
        whole = known[starts + length] - known[starts] >= 0.9 * length
        if whole.any():
            loud = np.where(whole, sums[starts + length] - sums[starts], -np.inf)
            yield int(starts[int(np.argmax(loud))]) * frame


def _at_our_pace(other: "NDArray[np.int16]", rate: int, rate_ratio: float) -> "NDArray[np.int16]":
    import numpy as np
    import soxr

    if rate_ratio == 1.0:
        return other
    made: Any = soxr.resample(other, rate * rate_ratio, rate, quality="MQ")
    return np.asarray(made, dtype=np.int16)


def _cut(sound: "NDArray[np.int16]", begin: int, length: int) -> "NDArray[np.int16]":
    """`length` samples from `begin` on, zeros outside."""
    import numpy as np

    piece = sound[max(0, begin) : max(0, begin + length)]
    before = min(length, max(0, -begin))
    return np.pad(piece, (before, length - before - len(piece)))


def _no_match(what: str) -> InvalidAudio:
    return InvalidAudio(
        what,
        safe="Nothing was imported.",
        do="Check that this is the recorder's file of this session; each part of a recording made in parts is a file.",
    )
