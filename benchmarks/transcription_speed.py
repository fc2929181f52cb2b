"""How long each system takes for the same recordings on the same two cores, models loaded before the clock starts."""

import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from benchmarks.transcription_sound import Recording, for_speed, put, sound
from benchmarks.transcription_systems import Setting, Systems

SLOW_ROUNDS: Final = 1
WARM_S: Final = 5.0
OURS: Final = {beam: Setting("ours", beam) for beam in (1, 5)}
_FAST: Final = [Setting("faster-whisper", beam, words) for words in (False, True) for beam in (1, 5)]
_SLOW: Final = [Setting("openai-whisper", 1), Setting("openai-whisper", 5)]
_QUICK_SLOW: Final = [Setting("openai-whisper", 5)]
Taken = dict[tuple[Setting, str], list[float]]


def speed(systems: Systems, folder: Path, quick: bool, rounds: int) -> dict[str, Any]:
    """Seconds of each, medians of `rounds`, and how many times faster ours is over all recordings together."""
    recordings = for_speed(folder, quick)
    slow = _QUICK_SLOW if quick else _SLOW
    settings = [*OURS.values(), *(_FAST[:2] if quick else _FAST), *slow]
    _warm(systems, settings, folder)
    taken: Taken = {}
    for number in range(rounds):
        asked = settings if number < SLOW_ROUNDS else [one for one in settings if one not in slow]
        for recording in recordings:
            # Whoever comes first in one round comes later in the next.
            for setting in [*asked[number % len(asked) :], *asked[: number % len(asked)]]:
                seconds = systems.hear(setting, recording).seconds
                taken.setdefault((setting, recording.name), []).append(seconds)
    middle = {key: statistics.median(seconds) for key, seconds in taken.items()}
    _table(middle, taken, settings, recordings)
    return _figures(middle, settings, recordings)


def _warm(systems: Systems, settings: Sequence[Setting], folder: Path) -> None:
    """Load all models, and let each hear a few seconds: some compile what they need at the first use."""
    short = put(folder, "warm", sound("podcast3.mp3", 40.0, 40.0 + WARM_S))
    systems.begin(*dict.fromkeys(setting.system for setting in settings))
    for setting in settings:
        systems.hear(setting, short)


def _figures(
    middle: dict[tuple[Setting, str], float], settings: Sequence[Setting], recordings: Sequence[Recording]
) -> dict[str, Any]:
    def seconds(setting: Setting) -> float:
        return sum(middle[setting, recording.name] for recording in recordings)

    figures: dict[str, Any] = {"speed_recordings_s": sum(recording.seconds for recording in recordings)}
    for setting in settings:
        if setting.system != "ours":
            key = f"speed_vs_{setting.system.replace('-', '_')}_beam{setting.beam}{'_words' * setting.words}"
            figures[key] = seconds(setting) / seconds(OURS[setting.beam])
    figures["speed_vs_openai_whisper"] = figures["speed_vs_openai_whisper_beam5"]
    for beam, ours in OURS.items():
        figures[f"realtime_beam{beam}"] = figures["speed_recordings_s"] / seconds(ours)
    figures["seconds"] = {
        recording.name: {str(setting): round(middle[setting, recording.name], 2) for setting in settings}
        for recording in recordings
    }
    return figures


def _table(
    middle: dict[tuple[Setting, str], float], taken: Taken, settings: Sequence[Setting], recordings: Sequence[Recording]
) -> None:
    for recording in recordings:
        print(f"{recording.name}, {recording.seconds:.0f} s")
        for setting in settings:
            key = setting, recording.name
            spread = f"{min(taken[key]):.1f} to {max(taken[key]):.1f}"
            times = recording.seconds / middle[key]
            print(f"  {setting!s:<32} {middle[key]:7.1f} s  ({spread})  {times:5.1f} times real time")
