"""A session's sound: the recording, with its gaps filled from backup tracks, and without what was destroyed on purpose.

Nothing that was off the record, paused or struck is ever filled.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from facilitator.domain.errors import Damaged, FacilitatorError, NotFound
from facilitator.domain.stretches import Stretch, common, without
from facilitator.domain.timebase import ms_to_samples, samples_to_ms
from facilitator.workflows.sessions import Session
from facilitator.workflows.withheld import withheld

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from facilitator.audio.container import AudioReader, Struck

_FADE_MS: Final = 8
_SHORTEST_MS: Final = 20
"""Shorter holes are left: filling one would be nothing but its two cross-fades."""
_AROUND_MS: Final = 60
_EVEN_MS: Final = 20
"""A whole number of samples at every usual rate."""


class SessionSound:
    """The sound of a session by session-clock time, mono, at `rate` Hz, `length_ms` long.

    Where the recording has nothing because of damage or a device that was lost, the first backup track with sound there
    is heard, joined by cross-fades of 8 ms. Without backup tracks this is an `AudioReader` and costs no more.

    Raises:
        NotFound: there is no recording, or it was destroyed on purpose.
        AccessRefused, Damaged: as `AudioReader`, if no backup track can stand in.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._main: AudioReader | None = None
        self.unreadable = ""
        """Why nothing of the recording itself can be read, so that a backup track stands in; "" while it can."""
        self._backups = _open_backups(session)
        try:
            self._main = open_track(session)
            self.rate = self._main.rate
        except (Damaged, NotFound) as error:
            if not self._backups or session.state.purged:
                raise
            self.unreadable = error.what
            self.rate = session.state.takes[0].rate if session.state.takes else self._backups[0][1].rate
        self._known_damage = -1
        self._pieces: list[_Piece] = []
        self._fill()
        ends = [samples_to_ms(piece.end, self.rate) for piece in self._pieces]
        self.length_ms: int = max([self._main.length_ms if self._main else 0, *ends])

    @property
    def filled(self) -> list[tuple[int, int, int]]:
        """(start, length, track) in ms of what backup tracks fill, as far as damage is known."""
        at_end = ((piece, samples_to_ms(piece.start, self.rate)) for piece in self._pieces)
        return [(at, samples_to_ms(piece.end, self.rate) - at, piece.track) for piece, at in at_end]

    def read(self, start_ms: int, end_ms: int) -> "NDArray[np.int16]":
        """Mono samples from `start_ms` up to `end_ms`, exactly that long, zeros where there is no sound."""
        import numpy as np  # late: listing commands need no arrays

        first, end = ms_to_samples(start_ms, self.rate), ms_to_samples(end_ms, self.rate)
        pcm = self._main.read(start_ms, end_ms) if self._main else np.zeros(max(0, end - first), dtype="<i2")
        if self._backups:
            self._fill()
            for piece in self._pieces:
                if piece.begins < end and first < piece.ends:
                    self._lay(piece, pcm, first)
        return pcm

    def blocks(self, start_ms: int = 0, seconds: float = 30.0) -> Iterator[tuple[int, "NDArray[np.int16]"]]:
        """(first sample on the session clock, mono samples) in pieces of `seconds`, up to the end; little memory."""
        step = max(1, int(seconds * 1000))
        for at in range(start_ms, self.length_ms, step):
            yield ms_to_samples(at, self.rate), self.read(at, min(at + step, self.length_ms))

    def _fill(self) -> None:
        """Work out what fills what, again whenever more damage was found."""
        known = len(self._main.damage) if self._main else 0
        if not self._backups or known == self._known_damage:
            return
        self._known_damage = known
        holes = fillable(self._session, self._main, self.rate)
        fade = ms_to_samples(_FADE_MS, self.rate)
        heard = present(self._main) if self._main else []
        pieces = []
        for track, reader in self._backups:
            there = _at_rate(present(reader), reader.rate, self.rate)
            both = common(heard, there)
            for start, end in common(holes, there):
                if samples_to_ms(end - start, self.rate) >= _SHORTEST_MS:
                    lead = 0 if without([(start - fade, start)], both) else fade
                    tail = 0 if without([(end, end + fade)], both) else fade
                    pieces.append(_Piece(start, end, track, start - lead, end + tail))
            holes = without(holes, there)
        self._pieces = sorted(pieces, key=lambda piece: piece.start)

    def _lay(self, piece: "_Piece", pcm: "NDArray[np.int16]", first: int) -> None:
        """Mix a piece into `pcm`, which begins at sample `first`."""
        import numpy as np

        low, high = max(first, piece.begins), min(first + len(pcm), piece.ends)
        reader = next(reader for track, reader in self._backups if track == piece.track)
        sound = _sound_at(reader, low, high, self.rate).astype(np.float32)
        fade = ms_to_samples(_FADE_MS, self.rate)
        at = np.arange(low, high, dtype=np.float32) + np.float32(0.5)
        weight = np.clip(np.minimum(at - piece.begins, piece.ends - at) / fade, 0.0, 1.0)
        under = pcm[low - first : high - first].astype(np.float32)
        pcm[low - first : high - first] = np.rint(under * (1 - weight) + sound * weight).astype("<i2")


@dataclass(frozen=True, slots=True)
class _Piece:
    """Samples `start` to `end` come from `track`; with the cross-fades, it sounds from `begins` to `ends`."""

    start: int
    end: int
    track: int
    begins: int
    ends: int


def open_track(session: Session, track: int = 0) -> "AudioReader":
    """A reader of the recording (0) or of a backup track (1 or more).

    Raises:
        NotFound: there is no such recording, or it was destroyed on purpose.
        AccessRefused, Damaged: as `AudioReader`.
    """
    from facilitator.audio.container import AudioReader  # numpy is not needed before this

    if session.state.purged:
        raise NotFound("The audio of this session was destroyed on purpose.", safe="Its transcript is kept.")
    return AudioReader(
        session.folder.track(track),
        session_id=session.id,
        identity=session.key.audio_secret,
        struck=struck_records(session, track),
    )


def struck_records(session: Session, track: int = 0) -> "tuple[Struck, ...]":
    """What was destroyed on purpose in one track, for a reader or a resumed recording."""
    from facilitator.audio.container import Struck  # numpy is not needed before this

    takes, backups = session.state.takes, session.state.backups
    rate = backups[track].rate if track in backups else takes[0].rate if takes else 48_000
    return tuple(
        Struck(one.first_seq, one.next_seq, bytes.fromhex(one.link), ms_to_samples(one.to_ms, rate))
        for one in session.state.struck
        if one.track == track
    )


def present(reader: "AudioReader") -> list[Stretch]:
    """(first, end) samples of the stretches of which `reader` has sound, as far as damage is known."""
    return without([(0, reader.end_sample)], reader.missing)


def fillable(session: Session, main: "AudioReader | None", rate: int) -> list[Stretch]:
    """(first, end) samples at `rate` Hz where the recording should have sound and has none; all, if it is None."""
    whole = (0, ms_to_samples(session.state.length_ms, rate))
    kept = [(ms_to_samples(start, rate), ms_to_samples(end, rate) + 1) for start, end in withheld(session)]
    return without([whole], [*kept, *(present(main) if main else [])])


def _open_backups(session: Session) -> "list[tuple[int, AudioReader]]":
    """Those that can be opened: a damaged one must not keep anybody from the recording."""
    found = []
    for track in [] if session.state.purged else sorted(session.state.backups):
        try:
            found.append((track, open_track(session, track)))
        except FacilitatorError:
            continue
    return found


def _at_rate(stretches: Sequence[Stretch], rate: int, wanted: int) -> list[Stretch]:
    if rate == wanted:
        return list(stretches)
    return [(-(-start * wanted // rate), end * wanted // rate) for start, end in stretches]


def _sound_at(reader: "AudioReader", first: int, end: int, rate: int) -> "NDArray[np.int16]":
    """Samples `first` to `end` as `rate` counts them, of a track that may have another rate."""
    import numpy as np

    around = _AROUND_MS if reader.rate != rate else 0
    low = max(0, samples_to_ms(first, rate) // _EVEN_MS * _EVEN_MS - around)
    pcm: Any = reader.read(low, (samples_to_ms(end, rate) // _EVEN_MS + 1) * _EVEN_MS + around)
    if reader.rate != rate:
        import soxr  # a native library that only such a track needs

        pcm = soxr.resample(pcm, reader.rate, rate)
    skip = first - ms_to_samples(low, rate)
    found: NDArray[np.int16] = np.zeros(end - first, dtype="<i2")
    piece = np.asarray(pcm, dtype="<i2")[skip : skip + end - first]
    found[: len(piece)] = piece
    return found
