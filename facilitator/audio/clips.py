"""Makes a stretch of a recording ready to be heard: even loudness, no clicks, another speed at the same pitch."""

import warnings
from typing import TYPE_CHECKING, Any, Final

from facilitator.domain.errors import UsageError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Pcm = NDArray[np.int16]

SLOWEST, FASTEST = 0.5, 2.0
_FADE_MS: Final = 8
_HEADROOM_DB: Final = 3.0
_MOST_GAIN_DB: Final = 18.0
_STRETCH_SECONDS: Final = 10


def prepared(pcm: "Pcm", rate: int, speed: float = 1.0) -> "Pcm":
    """`pcm` (int16 mono at `rate` Hz) raised to -3 dBFS peak, by 18 dB at most, faded at both ends, at `speed`.

    Raises:
        UsageError: a speed outside 0.5 to 2.
    """
    return stretched(_polished(pcm, rate), rate, speed)


def stretched(pcm: "Pcm", rate: int, speed: float) -> "Pcm":
    """`pcm` at 0.5 to 2 times its speed with its pitch kept (FFmpeg's atempo); raises UsageError otherwise."""
    if not SLOWEST <= speed <= FASTEST:
        raise UsageError(f"Playback speed goes from {SLOWEST} to {FASTEST}.")
    if speed == 1.0 or not len(pcm):
        return pcm
    import av  # late: loads FFmpeg
    import numpy as np

    graph = av.filter.Graph()
    source = graph.add_abuffer(sample_rate=rate, format="s16", layout="mono")
    tempo = graph.add("atempo", f"{speed:.3f}")
    sink = graph.add("abuffersink")
    source.link_to(tempo)
    tempo.link_to(sink)
    graph.configure()
    step, heard = _STRETCH_SECONDS * rate, list["Pcm"]()
    for at in range(0, len(pcm), step):
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(pcm[None, at : at + step]), "s16", "mono")
        frame.sample_rate, frame.pts = rate, at
        source.push(frame)
        heard += _ready(sink)
    source.push(None)
    heard += _ready(sink)
    return np.concatenate(heard) if heard else pcm[:0]


def _ready(sink: Any) -> list["Pcm"]:
    import av

    found: list[Pcm] = []
    while True:
        try:
            found.append(sink.pull().to_ndarray()[0].astype("<i2"))
        except (av.BlockingIOError, av.EOFError):
            return found


def _polished(pcm: "Pcm", rate: int) -> "Pcm":
    import numpy as np

    clip = _segment_class()(data=pcm.astype("<i2").tobytes(), sample_width=2, frame_rate=rate, channels=1)
    if clip.max:
        clip = clip.apply_gain(min(_MOST_GAIN_DB, -_HEADROOM_DB - clip.max_dBFS))
    fade = min(_FADE_MS, len(clip) // 2)
    if fade:
        clip = clip.fade_in(fade).fade_out(fade)
    return np.frombuffer(clip.raw_data, dtype="<i2")


def _segment_class() -> Any:
    """pydub's AudioSegment. Its complaints at import about ffmpeg, which is not used here, and old code are hushed."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Couldn't find ffmpeg or avconv", category=RuntimeWarning)
        warnings.filterwarnings("ignore", message="'audioop' is deprecated", category=DeprecationWarning)
        warnings.filterwarnings("ignore", message=".*invalid escape sequence", category=Warning, module="pydub")
        from pydub import AudioSegment
    return AudioSegment
