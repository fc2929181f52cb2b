"""Names that are also everyday words: they count as names only where they carry a capital letter.

Two lists: words that are names too, picked by hand; and the 3,000 most frequent English words that are no usual name
(`frequent_words.txt`: by SymSpell's counts, MIT; in lower case in Hunspell's dictionary; no first name and none of the
4,000 commonest last names of the United States census of 1990). The second matters where a person decides on a word
that was proposed for its capital: Focus, the firm, is not every focus.

Without this rule a participant called Even or Will would turn every “even” and “will” of an English transcript into
their research number. The price is that such a name is missed where it was written in lower case, so only words that
people say often are listed.
"""

from importlib.resources import files
from typing import Final

from facilitator.domain.text import fold

_ENGLISH: Final = """
    ah eh er hm hmm mhm mm oh uh um
    a age am an and april are art as ask at august autumn ball bell best bird black blue bond bright brook brown bush
    but by can case chance chase christian church city cook day dean den do dot down else even ever every fair faith
    fall far field fire fisher ford forest fox frank go good grace grant gray green grove guy ha hall hand happy he
    her hi hill his home hope house hunt i if in is it joy june just king lake lane law let lie line little lone long
    love low lucky major man march mark marsh may me mercy mill moon more moss my new no nor north not now oak of oh
    ok on one or out over page pal park patience per pick pond price pride queen rain ray red rest rich ring rock rose
    sage say see short sky small snow so south star stone storm summer sunny swift tell the there they this to tone
    top tore tuck um up us van walk ward way we well west white will win winter wise wolf wood would year yes you
    young
    back call card carry close deal early east fine fish free friend glass gold guest head heard high hurt judge key
    keys kitchen land large lay light link loan luck main many means minor miss numbers nurse parent peace person
    pleasant post power pray quick read register rude rush sales sample season self sell sessions settle sharp short
    sides smart son song soon still story strange street strong sun sung sweet till tiny true wait wall walls wash
    weeks wild wind younger
"""
_NORWEGIAN: Final = """
    aa aar alle av bare bent bo bra da dag de dem den der det du en er et fa fjell for fra fred glede gro gronn ha han
    hans hav hell hun hva i ja jo kan la lang lever lid liv ly ma mai mann mer mor na nei ni noen nord ny odd og om
    opp over per ro sa sand se si sin sol som sti storm ta ti to trygg tur unn ut var vel vi vide vill
"""

_FREQUENT: Final = files("facilitator.privacy").joinpath("frequent_words.txt").read_text(encoding="ascii")
_FREQUENT_WORDS: Final = frozenset(_FREQUENT.split())
_COMMON: Final = frozenset((*_ENGLISH.split(), *_NORWEGIAN.split())) | _FREQUENT_WORDS


def counts_as_name(surface: str, written: str) -> bool:
    """True unless `surface`, one word given with a capital, is `written` as the everyday word that it also is.

    Åge counts as Åge, AGE and åge, but not as age.
    """
    if surface == surface.lower() or written != written.lower() or fold(surface.strip()) not in _COMMON:
        return True
    return not written.isascii() and written == surface.strip().lower()


def is_common(word: str) -> bool:
    """Whether `word`, in any case, is an everyday word of the lists above."""
    return fold(word) in _COMMON


def is_frequent(word: str) -> bool:
    """Whether `word`, in any case, is frequent and no usual name."""
    return fold(word) in _FREQUENT_WORDS
