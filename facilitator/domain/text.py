"""The one gate for text that people type or import: nothing that passes it can steer a terminal or a widget."""

import unicodedata
from functools import lru_cache
from typing import Final

from facilitator.domain.errors import InvalidInput

MAX_LINE: Final = 4_000
MAX_NAME: Final = 120
_NAME_LENGTH: Final = 40
MAX_TURN: Final = 1_000_000
"""Characters of a turn: hours of talk without a pause, so that no turn is ever cut."""
_KEPT_CONTROLS: Final = frozenset("\n\t")
_BIDI: Final = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_SEPARATORS: Final = frozenset("\u2028\u2029\u0085")
_NAME_REFUSED: Final = frozenset("[]{}<>|\\")


class SafeText(str):
    """Text that has passed the gate. Square brackets are data and stay; render it with markup off."""

    __slots__ = ()

    @classmethod
    def of(cls, raw: str, limit: int = MAX_LINE) -> "SafeText":
        """Return `raw` in NFC with control, bidi and line-separator characters shown as visible signs.

        Escape becomes ␛, other controls become �, surplus length becomes "…". Applying it twice changes nothing.
        """
        shown = unicodedata.normalize("NFC", "".join(_visible(char) for char in raw))
        if len(shown) > limit:
            shown = shown[: limit - 1] + "…"
        return cls(shown)


def _visible(char: str) -> str:
    if char in _KEPT_CONTROLS:
        return char
    if char == "\x1b":
        return "␛"
    if char == "\r":
        return ""
    if char in _BIDI or char in _SEPARATORS or unicodedata.category(char) in ("Cc", "Cs"):
        return "�"
    if "\U000e0000" <= char <= "\U000e007f":
        return "�"
    return char


def one_line(raw: str, limit: int = MAX_LINE) -> SafeText:
    """Pass `raw` through the gate and fold all white space into single spaces."""
    return SafeText(SafeText.of(" ".join(raw.split()), limit))


def refuse_unsafe_name(raw: str, what: str = "name") -> SafeText:
    """Return a personal or place name, or refuse it.

    Names steer replacement, so a name with brackets (kept for replacements), control or bidi characters is an
    error rather than something to repair quietly.

    Raises:
        InvalidInput: empty, longer than 120 characters, or holding a refused character.
    """
    folded = " ".join(raw.split()) if not _has_control(raw) else raw
    shown = SafeText.of(folded, MAX_NAME)
    if not folded.strip():
        raise InvalidInput(f"The {what} is empty.", do=f"Give a {what} with at least one letter.")
    if shown != unicodedata.normalize("NFC", folded):
        raise InvalidInput(
            f"The {what} “{shown}” holds control or invisible characters, or is longer than {MAX_NAME} characters.",
            safe="Nothing was changed.",
            do=f"Type the {what} anew rather than pasting it.",
        )
    refused = sorted(set(folded) & _NAME_REFUSED)
    if refused:
        raise InvalidInput(
            f"The {what} “{shown}” holds {' '.join(refused)}, which this program keeps for replacements.",
            safe="Nothing was changed.",
            do=f"Write the {what} without these characters.",
        )
    if not any(char.isalpha() for char in folded):
        raise InvalidInput(f"The {what} “{shown}” has no letter.", do=f"Give a {what} with at least one letter.")
    return shown


def _has_control(raw: str) -> bool:
    return any(unicodedata.category(char) == "Cc" and char not in "\n\t\r" for char in raw)


def fold(text: str) -> str:
    """Fold case and accents, so that KRISTIN, kristin and Kristín compare equal. The length may change."""
    return _word_folded(text) if len(text) <= _NAME_LENGTH else _folded(text)


def _folded(text: str) -> str:
    decomposed = unicodedata.normalize("NFD", text.casefold())
    plain = "".join(char for char in decomposed if not unicodedata.combining(char))
    return plain.replace("ø", "o").replace("æ", "ae").replace("ł", "l").replace("đ", "d")


_word_folded = lru_cache(maxsize=1 << 13)(_folded)
"""Names are folded again and again."""


def plain_words(text: str) -> list[str]:
    """The words of a text without case, accents and punctuation, for comparing: `That's it.` has that, s and it."""
    return "".join(char if char.isalnum() else " " for char in fold(text)).split()
