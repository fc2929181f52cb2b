"""Speech to text beside its peers: speed, words, memory, what is left out or made up, kill -9, and the live draft.

All with the weights of `base` on two cores. Peers are openai-whisper and faster-whisper, each in a process of its own,
with models loaded before the clock starts and with the same sound. Full: about 75 minutes; --quick: under 45 s.
"""

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any, Final

from benchmarks.promises import told

ROUNDS, QUICK_ROUNDS = 3, 1
PARTS: Final = ("memory", "speed", "wer", "coverage", "kill", "live")
LEAST: Final = {
    "speed_vs_openai_whisper": 5.0,
    "speed_vs_faster_whisper_beam1": 1.2,
    "speed_vs_faster_whisper_beam5": 1.1,
    "speed_vs_faster_whisper_beam1_words": 1.0,
    "speed_vs_faster_whisper_beam5_words": 1.0,
    "speech_accounted_percent": 100.0,
    "invented_flagged_percent": 100.0,
    "language_switch_flagged_percent": 100.0,
    "kills_identical_percent": 100.0,
}
"""Least that is promised."""
MOST: Final = {
    "wer_above_best_peer_points": 0.5,
    "peak_4h_mb": 1_500.0,
    "growth_percent": 10.0,
    "accounts_not_whole": 0.0,
    "draft_after_stop_s": 10.0,
    "live_overflows": 0.0,
    "live_lost_ms": 0.0,
}
"""Most that is promised."""


def measure(quick: bool, parts: tuple[str, ...], rounds: int, show: bool = False) -> dict[str, Any]:
    """All figures; a part that cannot be measured here is left out, with the reason."""
    from benchmarks.transcription_coverage import coverage
    from benchmarks.transcription_kill import kill
    from benchmarks.transcription_live import live
    from benchmarks.transcription_memory import memory
    from benchmarks.transcription_sound import absent
    from benchmarks.transcription_speed import speed
    from benchmarks.transcription_systems import Systems, take_cores
    from benchmarks.transcription_words import words

    figures: dict[str, Any] = {"quick": quick, "cores": take_cores()}
    if why := absent():
        return figures | {"left_out": why}
    with tempfile.TemporaryDirectory(prefix="transcription-") as name, Systems() as systems:
        folder = Path(name)
        if quick and "speed" in parts:
            systems.begin("openai-whisper", "faster-whisper")  # they load while memory is measured
        if "memory" in parts:
            figures |= memory(systems, folder, quick)
        if "speed" in parts:
            figures |= speed(systems, folder, quick, rounds)
        if "wer" in parts:
            figures |= words(systems, folder, quick, show)
        if "coverage" in parts:
            figures |= coverage(systems, folder, quick)
        if "kill" in parts:
            figures |= kill(quick)
        if "live" in parts and not quick:  # it takes real time
            figures |= live(folder)
    return figures


def main() -> None:
    """Measure and print; the last line is one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="pieces of the recordings, fewer peers, 3 kills")
    parser.add_argument("--only", default=",".join(PARTS), help=f"parts, of {','.join(PARTS)}")
    parser.add_argument("--show", action="store_true", help="print what each system got wrong, word by word")
    parser.add_argument("--rounds", type=int, help=f"of speed ({ROUNDS}; {QUICK_ROUNDS} with --quick)")
    given = parser.parse_args()
    parts = tuple(given.only.split(","))
    if unknown := set(parts) - set(PARTS):
        parser.error(f"no part {', '.join(sorted(unknown))}")
    figures = measure(given.quick, parts, given.rounds or (QUICK_ROUNDS if given.quick else ROUNDS), given.show)
    rounded = {name: round(value, 4) if isinstance(value, float) else value for name, value in figures.items()}
    for name, value in rounded.items():
        if not isinstance(value, dict):
            print(f"{name:<40} {value}{told(name, value, LEAST, MOST)}")
    print(json.dumps(rounded))


if __name__ == "__main__":
    main()
