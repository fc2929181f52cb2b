"""Identifiers with a checked form: none of them can hold a name or a path."""

import re
from typing import Final, NewType

from facilitator.domain.errors import UsageError

ResearchNumber = NewType("ResearchNumber", str)
SessionId = NewType("SessionId", str)
Speaker = NewType("Speaker", str)
"""A research number, `M` (moderator) or `A` (assistant). An unknown speaker is None, never a guess."""

MODERATOR: Final = Speaker("M")
ASSISTANT: Final = Speaker("A")
_NUMBER = re.compile(r"P([1-9][0-9]{0,3})")
_SESSION = re.compile(r"[0-9]{2,4}")


def research_number(text: str) -> ResearchNumber:
    """`P3` or `p3` as a research number, P1 to P9999.

    Raises:
        UsageError: anything else.
    """
    upper = text.strip().upper()
    if not _NUMBER.fullmatch(upper):
        raise UsageError("A research number looks like P3.", do="Run `facilitator participants list` to see them.")
    return ResearchNumber(upper)


def number_value(number: str) -> int:
    """The 3 of P3, for sorting; P10 comes after P9."""
    return int(number[1:])


def speaker(text: str) -> Speaker:
    """A research number, `M` or `A` as a speaker label; raises UsageError otherwise."""
    upper = text.strip().upper()
    return Speaker(upper) if upper in (MODERATOR, ASSISTANT) else Speaker(research_number(upper))


def session_id(text: str) -> SessionId:
    """`3` or `03` as a session id, two to four digits; raises UsageError otherwise."""
    padded = text.strip().zfill(2)
    if not _SESSION.fullmatch(padded) or int(padded) == 0:
        raise UsageError("A session is named by its number, such as 01.", do="Run `facilitator session list`.")
    return SessionId(padded)


def number_range(text: str) -> tuple[ResearchNumber, ...]:
    """`P1-P6,P9` as research numbers in the order given, each once.

    Raises:
        UsageError: a part that is neither a number nor an ascending range.
    """
    found: dict[ResearchNumber, None] = {}
    for part in filter(None, (piece.strip() for piece in text.replace("–", "-").split(","))):
        first, _, last = part.partition("-")
        low = number_value(research_number(first))
        high = number_value(research_number(last)) if last else low
        if high < low or high - low > 99:
            raise UsageError(f"The range {part!r} does not ascend, or holds over 100 people.", do="Write P1-P6.")
        found.update((ResearchNumber(f"P{value}"), None) for value in range(low, high + 1))
    if not found:
        raise UsageError("Nobody is named.", do="Write research numbers, such as P1-P6.")
    return tuple(found)
