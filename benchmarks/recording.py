"""What recording costs and what it loses: live under load beside a stock recorder, for hours, and after a kill.

Live: a recording through the virtual microphone of the tests, at 48 kHz, while Whisper transcribes on all cores and the
peer (`recording_peer.py`) records the same. Long: hours through the capture loop with a scripted microphone and clock,
as fast as the disk takes them. Full: about 35 minutes; --quick: under 45 s.
"""

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any

LIVE_S, QUICK_LIVE_S = 1800.0, 12.0
LONG_MIN, QUICK_LONG_MIN = 240.0, 10.0
RECOVER_MIN, QUICK_RECOVER_MIN = 90.0, 5.0
WANTED = {
    "overflows": 0.0,
    "drift_ms": 20.0,
    "capture_cpu_percent": 5.0,
    "capture_rss_mb": 60.0,
    "gaps": 0.0,
    "lost_ms": 0.0,
}
"""Most that is promised."""


def measure(quick: bool) -> dict[str, Any]:
    """All figures; the live ones are left out where there can be no sound room, with the reason."""
    from benchmarks.recording_live import no_room, record_live
    from benchmarks.recording_long import long_recording, recovery, sync_cost

    figures: dict[str, Any] = {"quick": quick}
    if absent := no_room():
        figures["live_left_out"] = absent
    else:
        figures |= record_live(QUICK_LIVE_S if quick else LIVE_S)
    with tempfile.TemporaryDirectory(prefix="recording-") as name:
        folder = Path(name)
        figures |= long_recording(folder / "long", QUICK_LONG_MIN if quick else LONG_MIN)
        figures |= recovery(folder, QUICK_RECOVER_MIN if quick else RECOVER_MIN)
        figures |= sync_cost(folder, 200 if quick else 1000)
    return figures


def main() -> None:
    """Measure and print; the last line is one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="12 s live, 10 min long, recovery of 5 min")
    figures = measure(parser.parse_args().quick)
    rounded = {name: round(value, 3) if isinstance(value, float) else value for name, value in figures.items()}
    for name, value in rounded.items():
        wanted = f"  (at most {WANTED[name]:g}{'' if value <= WANTED[name] else ': MISSED'})" if name in WANTED else ""
        print(f"{name:<28} {value}{wanted}")
    print(json.dumps(rounded))


if __name__ == "__main__":
    main()
