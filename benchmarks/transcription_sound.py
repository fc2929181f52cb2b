"""Recordings that `benchmarks.transcription` hears, as raw 16-bit samples at 16 kHz in files, with what is said.

They lie in `shared/data` beside the project and are not part of it.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

import numpy as np
import numpy.typing as npt
import soundfile
import soxr

RATE: Final = 16_000
DATA: Final = Path(__file__).resolve().parents[2] / "shared" / "data" / "audio"
_AROUND_S: Final = 0.3
_QUICK_TURNS: Final = 7
Samples = npt.NDArray[np.int16]


@dataclass(frozen=True, slots=True)
class Recording:
    """A file of raw samples; `words` is what is said in it, or "" where nobody has written that down."""

    name: str
    file: Path
    seconds: float
    words: str = ""


def absent() -> str | None:
    """Why nothing can be heard here, or None."""
    if not (DATA / "podcast3.mp3").is_file():
        return "the recordings in shared/data beside the project are absent"
    return None


def sound(name: str, start_s: float = 0.0, end_s: float | None = None) -> Samples:
    """Mono at 16 kHz from a file of the data folder."""
    samples, rate = soundfile.read(DATA / name, dtype="float32", always_2d=True)
    mono = cast(Any, soxr).resample(samples.mean(axis=1), rate, RATE)
    last = len(mono) if end_s is None else round(end_s * RATE)
    return cast(Samples, np.clip(mono[round(start_s * RATE) : last] * 32768, -32768, 32767).astype(np.int16))


def put(folder: Path, name: str, samples: Samples, words: str = "") -> Recording:
    """Write samples into `folder`."""
    file = folder / f"{name}.raw"
    samples.astype("<i2").tofile(file)
    return Recording(name, file, len(samples) / RATE, words)


def meetings() -> list[Path]:
    """The clips of meetings, by name."""
    return sorted((DATA / "ami").glob("*.wav"))


def for_speed(folder: Path, quick: bool) -> list[Recording]:
    """A podcast, read speech and meetings, the longest first; for the quick form the podcast's first 39 s."""
    if quick:
        return [podcast(folder, turns=1)]
    joined = np.concatenate([sound(f"ami/{path.name}") for path in meetings()])
    read = put(folder, "libri_6spk", sound("libri_6spk.flac"))
    return [read, podcast(folder), put(folder, "ami_joined", joined)]


def for_words(folder: Path, quick: bool) -> list[Recording]:
    """All of which the words are known; for the quick form 39 s of the podcast and 42 s of the small group."""
    whole = [podcast(folder, turns=1 if quick else None), small_group(folder, turns=_QUICK_TURNS if quick else None)]
    return whole if quick else [*whole, *_worded_meetings(folder)]


def podcast(folder: Path, turns: int | None = None) -> Recording:
    """The synthetic podcast, or its first turns."""
    segments = json.loads((DATA / "podcast3.json").read_text(encoding="utf-8"))["segments"][:turns]
    words = " ".join(segment["text"] for segment in segments)
    end_s = segments[-1]["end"] if turns else None
    return put(folder, f"podcast3_{turns or 'all'}", sound("podcast3.mp3", end_s=end_s), words)


def small_group(folder: Path, turns: int | None = None) -> Recording:
    """The small focus group of synthetic voices, 97 s, or its first turns."""
    lines = stm(DATA / "tts_focus_group_en.stm")[:turns]
    words = " ".join(line.words for line in lines)
    end_s = lines[-1].end_s + _AROUND_S if turns else None
    return put(folder, f"tts_focus_group_{turns or 'all'}", sound("tts_focus_group_en.wav", end_s=end_s), words)


def _worded_meetings(folder: Path) -> list[Recording]:
    """Clips of meetings from their first reference word to the last, so that nobody is asked for other words."""
    clips: dict[str, list[Line]] = {}
    for line in stm(DATA / "ami" / "reference.stm"):
        clips.setdefault(line.file, []).append(line)
    found = []
    for name, lines in sorted(clips.items()):
        start_s = max(0.0, min(line.start_s for line in lines) - _AROUND_S)
        end_s = max(line.end_s for line in lines) + _AROUND_S
        words = " ".join(line.words for line in sorted(lines, key=lambda line: line.start_s))
        found.append(put(folder, f"ami_{name}", sound(f"ami/{name}.wav", start_s, end_s), words))
    return found


@dataclass(frozen=True, slots=True)
class Line:
    """One turn of a reference."""

    file: str
    start_s: float
    end_s: float
    words: str


def stm(path: Path) -> list[Line]:
    """The turns of an STM file, but for those whose words are doubtful."""
    found = []
    for row in path.read_text(encoding="utf-8").splitlines():
        if not row.startswith(";;") and not row.endswith(";;?"):
            file, _, _, start, end, words = row.split(maxsplit=5)
            found.append(Line(file, float(start), float(end), words))
    return found
