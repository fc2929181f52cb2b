"""What is said about a turn beside its text: doubts, what stands where there is no text, how another text differs."""

from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher
from typing import Final

from facilitator.domain.doubts import Doubt, Rule
from facilitator.domain.text import plain_words
from facilitator.domain.transcript import Segment

NOTHING_SAID: Final = "nothing said"
_KEPT: Final = 4
"""Words shown on either side of a difference."""


def in_place_of_text(segment: Segment, doubts: Iterable[Doubt]) -> str:
    """What people read where a turn has no text; "" where it has one. It is never stored as text."""
    if segment.text.strip():
        return ""
    if segment.checked:
        return NOTHING_SAID
    what = "speech without text" if any(one.rule is Rule.UNRESOLVED for one in doubts) else "no text"
    return f"{what} · {(segment.end_ms - segment.start_ms) / 1000:.1f} s"


def rule_names(doubts: Iterable[Doubt]) -> str:
    """The rules behind some doubts, each once: `loop, unsure`."""
    return ", ".join(dict.fromkeys(one.rule.value for one in doubts))


def in_detail(doubts: Iterable[Doubt]) -> str:
    """The rules with their figures: `text over silence · 12% of it is speech; unsure · 31% sure`."""
    return "; ".join(dict.fromkeys(" · ".join(filter(None, (one.rule.value, one.detail))) for one in doubts))


def tally(count: int) -> str:
    """`5 doubts left`."""
    return f"{count} doubt{'s' * (count != 1)} left"


def differences(mine: str, other: str, *, spaced: bool = True) -> list[tuple[str, bool]]:
    """`other` in pieces, each with whether it differs from `mine`; case and punctuation do not count.

    Long agreement is shortened to `…`. Words that only `mine` has stand as a piece of their own, such as `⟨−2⟩`.

    Args:
        mine: the text that is compared with.
        other: the text to show.
        spaced: False for a language without spaces between words; characters are compared then.
    """
    gap = " " if spaced else ""
    old, new = (text.split() if spaced else list(text) for text in (mine, other))
    matcher = SequenceMatcher(None, [_key(word) for word in old], [_key(word) for word in new], autojunk=False)
    pieces = []
    for tag, low, high, first, end in matcher.get_opcodes():
        if tag == "delete":
            pieces.append((f"⟨−{high - low}⟩", True))
        elif tag == "equal":
            pieces.append((gap.join(_shortened(new[first:end], first > 0, end < len(new))), False))
        else:
            pieces.append((gap.join(new[first:end]), True))
    return pieces


def _shortened(words: Sequence[str], before: bool, after: bool) -> list[str]:
    """The words next to what differs before and after them; few words stay as they are."""
    head, tail = _KEPT * before, _KEPT * after
    if len(words) <= head + tail + 1:
        return list(words)
    return [*words[:head], "…", *words[len(words) - tail :]]


def _key(word: str) -> str:
    return " ".join(plain_words(word))
