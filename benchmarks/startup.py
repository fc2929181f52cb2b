"""Time from start to `--help`, and to the first painted screen of the TUI in a real terminal. Medians of ten."""

import argparse
import json
import os
import pty
import select
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PROGRAM = Path(sys.executable).with_name("facilitator")
PASSPHRASE = "benchmark passphrase"  # noqa: S105 -- of a study that is deleted at the end


def help_seconds() -> float:
    """Wall time of `facilitator --help`, start to exit."""
    begun = time.perf_counter()
    subprocess.run([PROGRAM, "--help"], stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - begun


def first_paint_seconds(study: Path) -> float:
    """Wall time from start until the word Facilitator stands on a pseudo-terminal of 80×24."""
    process, terminal = pty.fork()
    if process == 0:
        os.environ.update(TERM="xterm-256color", COLUMNS="80", LINES="24")
        os.environ.pop("FACILITATOR_PASSPHRASE", None)
        os.execv(PROGRAM, [str(PROGRAM), "--study", str(study)])  # noqa: S606 -- our own program
    begun, seen = time.perf_counter(), b""
    try:
        while b"Facilitator" not in seen:
            if time.perf_counter() - begun > 20:
                raise SystemExit("nothing was painted within 20 s")
            if select.select([terminal], [], [], 0.05)[0]:
                seen += os.read(terminal, 65_536)
        return time.perf_counter() - begun
    finally:
        os.kill(process, 9)
        os.waitpid(process, 0)
        os.close(terminal)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="three runs in place of ten")
    runs = 3 if parser.parse_args().quick else 10
    folder = Path(tempfile.mkdtemp())
    try:
        from facilitator.workflows.study import init_study

        study = init_study(folder / "study", title="Benchmark", passphrase=PASSPHRASE)
        help_seconds()
        first_paint_seconds(study)
        helps = [help_seconds() for _ in range(runs)]
        paints = [first_paint_seconds(study) for _ in range(runs)]
    finally:
        shutil.rmtree(folder)
    print(f"--help       median {statistics.median(helps):.3f} s of {runs}, worst {max(helps):.3f} s")
    print(f"first paint  median {statistics.median(paints):.3f} s of {runs}, worst {max(paints):.3f} s")
    figures = {"help_s": statistics.median(helps), "first_paint_s": statistics.median(paints), "runs": runs}
    print(json.dumps({name: round(value, 4) for name, value in figures.items()}))


if __name__ == "__main__":
    main()
