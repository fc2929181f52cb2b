"""Whether all that was said is accounted for, and all that was made up is doubted.

Speech counts as accounted for where a word of the transcript is near or the speech is marked as not understood. The
voice is found by Silero with its usual threshold, in each piece by itself, and not by the program. A passage is
invented when most of its words lie in a stretch in which nobody speaks.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from benchmarks.transcription_ours import from_samples, hear, prepared
from benchmarks.transcription_scene import Scene, compose
from benchmarks.transcription_systems import CORES, Systems
from facilitator.domain.accounting import LEAST_MS, REACH_MS, account, is_whole
from facilitator.domain.doubts import Doubt, Rule
from facilitator.domain.events import HeardSegment, WindowTranscribed
from facilitator.domain.stretches import Stretch, common, merged, total, without
from facilitator.domain.suspicion import doubts
from facilitator.transcription.client import SpeechDetector, Transcriber
from facilitator.transcription.weights import find_weights

SCENES: Final = 5
_EDGE_MS: Final = 500
"""A last word may reach so far into the stretch after it."""
_LEFT: Final = ("silence", "white noise", "pink noise", "music")


@dataclass(slots=True)
class _Sums:
    speech_ms: int = 0
    unmarked_ms: int = 0
    bits_ms: int = 0
    invented: int = 0
    doubted: int = 0
    not_whole: int = 0
    switches: int = 0
    switches_doubted: int = 0
    foreign_ms: int = 0
    foreign_doubted_ms: int = 0
    english_ms: int = 0
    english_doubted_ms: int = 0


def coverage(systems: Systems, folder: Path, quick: bool) -> dict[str, Any]:
    """Over all scenes, heard as English and as whatever each window sounds like."""
    sums, weights = _Sums(), find_weights()
    scenes = [compose(systems, folder, number, quick) for number in range(1 if quick else SCENES)]
    for language in ("en", None):
        with SpeechDetector() as detector, prepared(1 if quick else 5, weights, CORES, language) as transcriber:
            for number, scene in enumerate(scenes):
                print(f"scene {number}, {len(scene.samples) / 16_000:.0f} s, language {language or 'auto'}")
                _judge(sums, scene, _heard(scene, detector, transcriber))
    return {
        "speech_s": sums.speech_ms / 1000,
        "speech_accounted_percent": 100 * (1 - sums.unmarked_ms / sums.speech_ms),
        "speech_bits_unmarked_percent": 100 * sums.bits_ms / sums.speech_ms,
        "accounts_not_whole": sums.not_whole,
        "invented_segments": sums.invented,
        "invented_flagged_percent": 100 * sums.doubted / sums.invented if sums.invented else 100.0,
        "language_switches": sums.switches,
        "language_switch_flagged": sums.switches_doubted,
        "language_switch_flagged_percent": 100 * sums.switches_doubted / sums.switches,
        "foreign_text_flagged_percent": 100 * sums.foreign_doubted_ms / max(1, sums.foreign_ms),
        "english_text_flagged_percent": 100 * sums.english_doubted_ms / max(1, sums.english_ms),
    }


def _heard(scene: Scene, detector: SpeechDetector, transcriber: Transcriber) -> list[WindowTranscribed]:
    windows = hear(transcriber, detector, from_samples(scene.samples))
    return sorted(windows, key=lambda window: window.start_ms)


def _judge(sums: _Sums, scene: Scene, windows: Sequence[WindowTranscribed]) -> None:
    raised = doubts(windows)
    segments = [segment for window in windows for segment in window.segments]
    _judge_speech(sums, scene, windows, raised)
    for segment in segments:
        doubted = _touched(segment, raised)
        if kind := _nobody_speaks(segment, scene):
            sums.invented += 1
            sums.doubted += bool(doubted)
            print(f"  over {kind}, {_told(segment)}, {', '.join(doubted) or 'NOT DOUBTED'}")
    foreign = scene.stretches("foreign")
    written = [(segment.start_ms, segment.end_ms) for segment in segments]
    switched = [(one.start_ms, one.end_ms) for one in raised if one.rule is Rule.LANGUAGE]
    flagged = total(common(switched, common(foreign, written)))
    sums.foreign_ms += total(common(foreign, written))
    sums.foreign_doubted_ms += total(common([(one.start_ms, one.end_ms) for one in raised], common(foreign, written)))
    english = without(written, [(start - _EDGE_MS, end + _EDGE_MS) for start, end in foreign])
    sums.english_ms += total(english)
    sums.english_doubted_ms += total(common(switched, english))
    sums.switches += len(foreign)
    sums.switches_doubted += flagged > 0
    print(f"  foreign from {foreign[0][0] / 1000:.1f} s, {'doubted' if flagged else 'NOT DOUBTED'} as another language")
    for window in windows:
        if common([(window.start_ms, window.end_ms)], foreign):
            ends = f"{window.start_ms / 1000:.1f}-{window.end_ms / 1000:.1f} s"
            print(f"    window {ends}: sounds like {window.spoken} ({window.spoken_chance:.2f}), as {window.language}")


def _judge_speech(sums: _Sums, scene: Scene, windows: Sequence[WindowTranscribed], raised: Sequence[Doubt]) -> None:
    words = [word for window in windows for segment in window.segments for word in segment.words]
    end_ms = windows[-1].end_ms if windows else 0
    parts = account(end_ms, merged(one for window in windows for one in window.speech), words, ())
    sums.not_whole += not (is_whole(parts, end_ms) and end_ms == len(scene.samples) // 16)
    near = [(word.start_ms - REACH_MS, word.end_ms + REACH_MS) for word in words]
    marked = [(one.start_ms, one.end_ms) for one in raised if one.rule is Rule.UNRESOLVED]
    left = without(scene.speech, [*near, *marked])
    sums.speech_ms += total(scene.speech)
    sums.bits_ms += total(left)
    for start, end in left:
        if end - start >= LEAST_MS:
            sums.unmarked_ms += end - start
            print(f"  {start / 1000:.1f} s: {(end - start) / 1000:.1f} s of speech WITHOUT TEXT OR MARK")


def _nobody_speaks(segment: HeardSegment, scene: Scene) -> str:
    """The kind of the stretch without speech that most of its words lie in, or ""."""
    for part in scene.parts:
        inside = [
            word
            for word in segment.words
            if part.start_ms + _EDGE_MS <= (word.start_ms + word.end_ms) // 2 < part.end_ms - _EDGE_MS
        ]
        if part.kind in _LEFT and 2 * len(inside) > len(segment.words):
            return part.kind
    return ""


def _touched(segment: HeardSegment, raised: Sequence[Doubt]) -> list[str]:
    place: list[Stretch] = [(segment.start_ms, max(segment.end_ms, segment.start_ms + 1))]
    return [one.rule.value for one in raised if common([(one.start_ms, max(one.end_ms, one.start_ms + 1))], place)]


def _told(segment: HeardSegment) -> str:
    return f"{segment.start_ms / 1000:.1f}-{segment.end_ms / 1000:.1f} s “{segment.text}”"
