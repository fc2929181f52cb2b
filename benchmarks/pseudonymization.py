"""How much of what identifies people is caught before a person decides, how much is proposed in vain, and how fast.

Gold: made-up focus groups in which every identifier is known (`pseudonymization_corpus.py`). Earnings: real speech,
with spaCy and presidio beside us in the same run. Presidio: its own synthetic sentences. Speed: 15,000 words. Screen:
400 identifiers decided in the real one. Dial, only when named: recall and precision of development documents and two
calls at each step from careful to brief. Caught is what the program replaces by itself or proposes. The gold documents
are those for tests; `--development` takes those to improve recognizers by, and `--show` prints what was missed and what
was marked in vain. Full: about 20 minutes; --quick: under 45 s.
"""

import argparse
import json
from pathlib import Path
from typing import Any, Final

from benchmarks.promises import told

PARTS: Final = ("gold", "earnings", "presidio", "speed", "screen")
ON_REQUEST: Final = ("dial",)
"""Left out unless named: what the steps from careful to brief cost and save."""
LEAST: Final = {
    "roster_recall": 0.99,
    "direct_recall": 0.97,
    "indirect_recall": 0.93,
    "precision": 0.80,
    "earnings_person_recall": 0.97,
    "earnings_place_recall": 0.97,
    "earnings_person_recall_lower": 0.90,
    "earnings_place_recall_lower": 0.90,
    "earnings_precision": 0.60,
    "earnings_precision_lower": 0.60,
}
"""Least that is promised, shares of 1."""
MOST: Final = {"leaked_documents": 0.0, "analyze_15000_words_s": 10.0, "p95_reapply_ms": 200.0}
"""Most that is promised."""


def measure(
    quick: bool,
    parts: tuple[str, ...] = PARTS,
    development: bool = False,
    show: bool = False,
    calls: Path | None = None,
    first: int | None = None,
) -> dict[str, Any]:
    """All figures; a part that cannot be measured here is left out, with the reason."""
    from facilitator.privacy.recognizers import installed_model

    figures: dict[str, Any] = {"quick": quick}
    if installed_model() is None:
        return figures | {"left_out": "the language model is not installed"}
    if "gold" in parts:
        from benchmarks.pseudonymization_gold import gold

        figures |= gold(quick, development, first, show)
    if "earnings" in parts:
        from benchmarks.pseudonymization_earnings import earnings

        figures |= earnings(quick, calls, first, show)
    if "presidio" in parts:
        from benchmarks.pseudonymization_synthetic import synthetic

        figures |= synthetic(quick)
    if "speed" in parts:
        from benchmarks.pseudonymization_speed import speed

        figures |= speed(quick)
    if "screen" in parts:
        from benchmarks.pseudonymization_screen import screen

        figures |= screen(quick)
    if "dial" in parts:
        from benchmarks.pseudonymization_dial import dial

        figures |= dial(quick, calls, first)
    return figures


def main() -> None:
    """Measure and print; the last line is one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a few documents and turns, every thirtieth sentence")
    parser.add_argument("--only", default=",".join(PARTS), help=f"parts, of {','.join(PARTS + ON_REQUEST)}")
    parser.add_argument("--earnings", type=Path, metavar="DIR", help="other calls, in the form of Earnings-21")
    parser.add_argument("--development", action="store_true", help="the gold documents to improve recognizers by")
    parser.add_argument("--first", type=int, metavar="N", help="only so many gold documents and calls")
    parser.add_argument("--show", action="store_true", help="print what was missed and what was marked in vain")
    given = parser.parse_args()
    parts = tuple(given.only.split(","))
    if unknown := set(parts) - set(PARTS + ON_REQUEST):
        parser.error(f"no part {', '.join(sorted(unknown))}")
    figures = measure(given.quick, parts, given.development, given.show, given.earnings, given.first)
    rounded = {name: round(value, 4) if isinstance(value, float) else value for name, value in figures.items()}
    print()
    for name, value in rounded.items():
        if not isinstance(value, dict):
            print(f"{name:<40} {value}{told(name, value, LEAST, MOST)}")
    print(json.dumps(rounded))


if __name__ == "__main__":
    main()
