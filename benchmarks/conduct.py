"""Whether everything that is keyed in during a group is stored at its time, and how soon the screen shows it.

Replay: a scripted 90-minute group, typed into the real program in tmux, on the faster clock of a rehearsal. The event
log is compared with the script afterwards. Paint: keys of every sort into the real program on a pseudo-terminal while
it records through the virtual microphone of the tests, in a session that holds 500 notes and 2,000 marks. No other
program runs a discussion guide; beside it stands what a Textual program of one line takes (`conduct_bare.py`).
Full: about 20 minutes; --quick: under 45 s.
"""

import argparse
import json
import shutil
import tempfile
from pathlib import Path
from typing import Any, Final

SPEED, QUICK_SPEED, MINUTES = 6, 6, 90
ROUNDS, QUICK_ROUNDS = 20, 1
PARTS: Final = ("replay", "paint")
WANTED: Final = {
    "missing_events": 0.0,
    "unscripted_events": 0.0,
    "max_event_error_ms": 50.0,
    "p95_key_ms": 50.0,
    "widgets": 200.0,
}
"""Most that is promised."""


def measure(quick: bool, speed: int | None = None, parts: tuple[str, ...] = PARTS) -> dict[str, Any]:
    """The figures of `parts`; a part that cannot be measured here is left out, with the reason."""
    from benchmarks.conduct_replay import make_study
    from benchmarks.conduct_typing import add_long_session

    folder = Path(tempfile.mkdtemp(prefix="conduct-"))
    try:
        study = make_study(folder / "study", add_long_session)
        figures: dict[str, Any] = {"quick": quick}
        if "replay" in parts:
            figures |= _replay(study, folder / "kept", quick, speed)
        if "paint" in parts:
            figures |= _paint(study, quick)
        return figures
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _replay(study: Path, keep: Path, quick: bool, speed: int | None) -> dict[str, Any]:
    from benchmarks.conduct_compare import percentile
    from benchmarks.conduct_group import short_group, whole_group
    from benchmarks.conduct_keys import KeyedTerminal
    from benchmarks.conduct_replay import replay

    if absent := KeyedTerminal.absent():
        return {"replay_left_out": absent}
    script = short_group(speed or QUICK_SPEED, turns=1) if quick else whole_group(speed or SPEED, MINUTES)
    done = replay(study, keep, script)
    errors = [float(one) for one in done.compared.errors_ms()]
    for what, (count, mean, worst) in done.compared.worst_by_kind().items():
        print(f"  {what:<18} {count:>4}  mean {mean:+7.1f}  worst {worst:+6d} ms")
    for name, items in (("missing", done.compared.missing), ("not in the script", done.compared.extra)):
        for item in items[:10]:
            print(f"  {name}: {item.at_ms} {item.what} {item.content}")
    return {
        "scripted_events": len(script.items),
        "missing_events": len(done.compared.missing),
        "unscripted_events": len(done.compared.extra),
        "max_event_error_ms": max(map(abs, errors), default=0.0),
        "p95_event_error_ms": percentile([abs(one) for one in errors], 95),
        "mean_event_bias_ms": sum(errors) / max(1, len(errors)),
        "max_other_error_ms": max((abs(one) for one in done.compared.errors_ms(timed=False)), default=0),
        "max_sent_late_ms": max(done.late_ms.values()),
        "max_error_from_key_ms": max((abs(one) for one in done.errors_from_key_ms()), default=0.0),
        "keys_sent": len(script.strokes),
        "stored_events": done.events,
        "speed": script.speed,
        "replayed_min": script.free_ms / 60_000,
        "sound_troubles": done.troubles,
    }


def _paint(study: Path, quick: bool) -> dict[str, Any]:
    from known_sound import Playing
    from sound_room import SoundRoom

    from benchmarks.conduct_compare import percentile
    from benchmarks.conduct_typing import bare_key_to_paint, key_to_paint

    bare = bare_key_to_paint(10 if quick else 100)
    figures: dict[str, Any] = {"bare_p50_key_ms": percentile(bare, 50), "bare_p95_key_ms": percentile(bare, 95)}
    if absent := SoundRoom.absent():
        return figures | {"paint_left_out": absent}
    with SoundRoom() as room, Playing(room):
        return figures | key_to_paint(
            study, room, QUICK_ROUNDS if quick else ROUNDS, 1.0 if quick else 10.0, pause_s=0.15 if quick else 0.3
        )


def main() -> None:
    """Measure and print; the last line is one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a short group, one round of keys")
    parser.add_argument("--speed", type=int, help=f"of the rehearsal's clock ({SPEED}; {QUICK_SPEED} with --quick)")
    parser.add_argument("--only", default=",".join(PARTS), help=f"parts, of {','.join(PARTS)}")
    given = parser.parse_args()
    parts = tuple(given.only.split(","))
    if unknown := set(parts) - set(PARTS):
        parser.error(f"there is no part {', '.join(sorted(unknown))}")
    figures = measure(given.quick, given.speed, parts)
    rounded = {name: round(value, 3) if isinstance(value, float) else value for name, value in figures.items()}
    for name, value in rounded.items():
        wanted = f"  (at most {WANTED[name]:g}{'' if value <= WANTED[name] else ': MISSED'})" if name in WANTED else ""
        print(f"{name:<28} {value}{wanted}")
    print(json.dumps(rounded))


if __name__ == "__main__":
    main()
