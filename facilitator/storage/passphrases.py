"""Behind a passphrase, in the age format, on a computer that is busy with something else.

The library measures once, in a millisecond, how fast this computer is: that settles how much work a new passphrase
costs, and how much it is willing to do for an old one. A computer that is transcribing may look a hundred times slower
than it is. Then it would refuse an intact file, or protect a new one badly; so it is asked again.
"""

import time
from typing import Final

import pyrage

from facilitator.domain.age_format import passphrase_work
from facilitator.domain.errors import Busy

ENOUGH_WORK: Final = 18
"""What the stock `age` program takes, as a power of two; a slow computer may reach less."""
_SEALINGS: Final = 5
_OPENINGS: Final = 100
_PAUSE_S: Final = 0.02
_TOO_COSTLY: Final = "Excessive work"


def sealed_by(passphrase: str, data: bytes) -> bytes:
    """Encrypt `data` behind `passphrase`, which takes about a second."""
    best = b""
    for _ in range(_SEALINGS):
        sealed = bytes(pyrage.passphrase.encrypt(data, passphrase))
        best = max(best, sealed, key=passphrase_work)
        if passphrase_work(best) >= ENOUGH_WORK:
            break
    return best


def opened_by(passphrase: str, sealed: bytes) -> bytes:
    """Decrypt what `sealed_by` gave.

    Raises:
        pyrage.DecryptError: wrong passphrase, or damage.
        Busy: the computer has no time for it.
    """
    for _ in range(_OPENINGS):
        try:
            return bytes(pyrage.passphrase.decrypt(sealed, passphrase))
        except pyrage.DecryptError as error:
            if _TOO_COSTLY not in str(error):
                raise
        time.sleep(_PAUSE_S)
    raise Busy(
        "This computer is too busy just now to check a passphrase.",
        safe="Nothing was changed.",
        do="Close other programs, then try again.",
    )
