"""The header of an age file (https://age-encryption.org/v1), checked to the letter before it is opened.

The library behind it is lenient in two ways that the specification forbids: it takes recipients without a body, and a
passphrase made so costly that one try takes gigabytes of memory and a minute. ASCII-armored files are refused too:
nothing here writes them.
"""

import re
from typing import Final

MOST_WORK: Final = 22
"""The most work for a passphrase that is taken on, as a power of two; stock `age` has the same limit."""

_MOST_HEADER: Final = 64 * 1024
_STANZA: Final = rb"-> [\x21-\x7e]+(?: [\x21-\x7e]+)*\n(?:[A-Za-z0-9+/]{64}\n)*[A-Za-z0-9+/]{0,63}\n"
_HEADER: Final = re.compile(rb"age-encryption\.org/v1\n(?:" + _STANZA + rb")+--- [A-Za-z0-9+/]{43}\n")
_SCRYPT: Final = re.compile(rb"^-> scrypt [^ \n]+ ([0-9]+)\n", re.MULTILINE)


def well_formed(file: bytes) -> bool:
    """Whether `file` begins with a header that the specification allows, and not too costly a passphrase."""
    header = _HEADER.match(file[:_MOST_HEADER])
    if header is None:
        return False
    work = _SCRYPT.search(header[0])
    return work is None or int(work[1]) <= MOST_WORK


def passphrase_work(file: bytes) -> int:
    """What one try at the passphrase of `file` costs, as a power of two; 0 where there is no passphrase."""
    work = _SCRYPT.search(file[:_MOST_HEADER])
    return int(work[1]) if work else 0
