"""Capitals for what is written without: the language model knows names by them.

Whisper writes what it is unsure of in lower case, and whole passages in capitals now and then. The text that the
recognizers read therefore has a capital on each word that is no everyday word, and none but those in a passage all of
capitals. It is as long as the original, character by character, so that places stay.
"""

import re
from collections.abc import Sequence
from typing import Final

from facilitator.privacy.common_words import is_frequent
from facilitator.privacy.lexicon import WORD, Kind, Lexicon, stem

_SENTENCE_END: Final = re.compile(r"(?:[.!?:…\-–—][\"'”’)]*\s+|[\"“(\[])$")
_BESIDE: Final = frozenset((" ", ", "))
_CALLS: Final = "thanks thank hi hello hey morning afternoon evening bye mr mrs ms dr doctor nurse"
_CALLED: Final = frozenset(_CALLS.split())
"""After these a word that may be a first name is one."""
_INDENT: Final = 100
_ALL_CAPITALS: Final = 4
"""Words in a row, all of capitals, from which on capitals say nothing. Fewer may be abbreviations."""


def with_capitals(text: str, lexicon: Lexicon) -> str:
    """`text` with capitals where names are likely; its length and every other character are the same."""
    letters = list(_without_shouting(text))
    words = list(WORD.finditer(text))
    kinds = [lexicon.kind(word[0].lower()) for word in words]
    for index, word in enumerate(words):
        if (
            kinds[index] is not Kind.EVERYDAY
            or stem(word[0]) in ("i", "I")
            or begins_sentence(text, word.start())
            or _named(text, words, kinds, index, lexicon)
        ):
            letters[word.start()] = _upper(letters[word.start()])
    return "".join(letters)


def _named(text: str, words: Sequence[re.Match[str]], kinds: Sequence[Kind], index: int, lexicon: Lexicon) -> bool:
    """Whether an everyday word is a name here: Mark Murphy, thanks Grace, Tom Price."""
    word = words[index][0]
    first, last = lexicon.is_first_name(word), lexicon.is_last_name(word)
    if not (first or last) or len(stem(word)) < 3 or is_frequent(stem(word)):
        return False
    before = words[index - 1] if index else None
    after = words[index + 1] if index + 1 < len(words) else None
    if first and after and kinds[index + 1] is not Kind.EVERYDAY and text[words[index].end() : after.start()] == " ":
        return True
    if before is None or text[before.end() : words[index].start()] not in _BESIDE:
        return False
    thanked = before[0].lower() == "you" and index > 1 and words[index - 2][0].lower() == "thank"
    if first and (thanked or before[0].lower() in _CALLED):
        return True
    is_name_before = kinds[index - 1] is Kind.NAME and lexicon.is_first_name(before[0])
    return last and is_name_before and text[before.end() : words[index].start()] == " "


def _without_shouting(text: str) -> str:
    """In lower case where four words and more in a row are all capitals."""
    letters = list(text)
    words = [word for word in WORD.finditer(text) if word[0] not in ("I", "A")]
    run: list[re.Match[str]] = []
    for word in [*words, None]:
        if word is not None and word[0].isupper():
            run.append(word)
            continue
        if len(run) >= _ALL_CAPITALS:
            for index in range(run[0].start(), run[-1].end()):
                letters[index] = _lower(letters[index])
        run = []
    return "".join(letters)


def begins_sentence(text: str, at: int) -> bool:
    """Whether a sentence of `text` begins at `at`, as far as punctuation tells."""
    return (at < _INDENT and not text[:at].strip()) or _SENTENCE_END.search(text[max(0, at - 6) : at]) is not None


def _upper(char: str) -> str:
    return char.upper() if len(char.upper()) == 1 else char


def _lower(char: str) -> str:
    return char.lower() if len(char.lower()) == 1 else char
