"""What an error advises to run in a shell, said in the keys of these screens."""

import re

KEYS = {
    "participants": "r on the list of sessions",
    "consent": "r on the list of sessions, then c",
    "session": "Esc leads to the list of sessions",
    "devices": "c on the conduct screen lists them, and chooses another",
    "conduct": "c on the list of sessions",
    "transcribe": "t on the list of sessions",
    "correct": "e on the list of sessions",
    "pseudonymize": "p on the list of sessions",
    "verify": "v on the list of sessions, then a",
    "mosaic": "m on the list of sessions",
    "withdraw": "r on the list of sessions, then w",
}


def with_keys(advice: str) -> str:
    """`advice`, and which key does here what its command does in a shell."""
    named = re.search(r"`facilitator (\w+)", advice)
    key = KEYS.get(named[1]) if named else None
    return f"{advice} Here: {key}." if key else advice
