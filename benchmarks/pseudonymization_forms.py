"""Every way in which a known name comes to stand in a transcript: spellings, parts, letters, and what Whisper hears.

Mishearings come from a list made by hand of what Whisper writes for such names, and from a program that puts, for
some letters, others which sound alike in English ears. Neither knows how the program under test compares sounds.
"""

import random
import unicodedata
from typing import Final

from benchmarks.pseudonymization_names import SHORT

_SPELLED_OUT: Final = {"å": "aa", "ø": "oe", "æ": "ae", "ö": "oe", "ü": "ue"}
_WITHOUT_ACCENT: Final = {"ø": "o", "æ": "ae", "ł": "l", "đ": "d"}
_HEARD: Final = """
    Agnes=Agnus Aksel=Axel Amund=Ammund Anders=Enders|Andres Anniken=Annikin Arvid=Arvede Asbjørn=Osborn|Asbjorn
    Aslaug=Oslaug|Aslow Astri=Ostrey Atle=Atley|Otley Audun=Owden Bendik=Benedick|Bendick Berit=Barrett|Beret
    Bergljot=Berglet|Bergliot Birger=Birgur|Birga Birgit=Birgitt|Bridget Bjarne=Byarne|Bjarna Bjørg=Björk|Byorg
    Bodil=Bodill|Bodhil Borghild=Borgild Brage=Braga Børge=Borge|Borga Dagfinn=Dagfin Dagny=Dagney
    Eilert=Eilat|Ilert Einar=Inar|Aynar Eivind=Ivind|Evind Eirin=Irene|Erin Eldbjørg=Elbjorg Endre=Andre|Hendre
    Erlend=Erland|Ireland Eskil=Eskill Espen=Aspen|Esben Frode=Froda|Frodo Gerd=Gert|Gerda Gisle=Gisla|Geisle
    Gjertrud=Gertrude|Yertrude Grethe=Greta|Grete Gudrun=Goodrun|Gudron Gunhild=Gunnhild|Gunild Guttorm=Guthorm
    Halvor=Halver|Halvard Harald=Harold Hedda=Heda|Headda Hege=Hegge|Haga Hjalmar=Yalmar|Helmar Hjørdis=Yordis|Jordis
    Håkon=Hawkin|Hocon|Haakan Håvard=Howard|Hovard Idar=Edar Ingrid=Ingred|Engrid Ingunn=Ingen|Ingun Ingvild=Ingvil
    Jarle=Yarle|Charlie Jorunn=Yorun|Joron Jostein=Yostein|Justine Jørgen=Jurgen|Yorgen Kaia=Kaya|Gaia
    Karsten=Carsten|Kirsten Ketil=Kettil|Kethill Kjartan=Chartan|Shartan Kjersti=Shersti|Chersti|Kersti
    Kjetil=Chettle|Shetil Knut=Canute|Knute Kolbjørn=Colbjorn Kristin=Kristen|Christine|Kirsten Kåre=Cora|Kora
    Laila=Leila|Lila Lisbet=Lisbeth|Elizabeth Magnhild=Magnild Marit=Marrit|Maret Mathea=Matea|Mattea Merete=Merita
    Morten=Martin|Mortan Mons=Monz Oddvar=Odvar|Advar Oskar=Oscar Peder=Pedder|Peter Petter=Peter Pål=Paul|Pohl
    Ragna=Rogna|Ragner Ragnhild=Rangnild|Ragnild|Rag_Nilt Rannveig=Ranveg|Ronveig Reidar=Raydar|Rydar
    Reidun=Raydon Roald=Rowald|Ronald Roar=Rohar Signe=Signa|Sidney Sigrun=Sigron Sigurd=Seagurd|Sigard Silje=Silya
    Sindre=Sindra|Sendra Solfrid=Solfred Solveig=Solveg|Solvay|Sol_Vay Steinar=Stainer|Steiner Sverre=Sverra|Svera
    Synnøve=Sinova|Synove|Cinnova Sølvi=Silvi|Sylvie Tarjei=Tariay|Tarje Terje=Terry|Teria|Tarje Tiril=Tyrell|Terril
    Tobias=Tobyas Torhild=Torild Torleif=Torlave|Torleaf Torunn=Torun|Toron Tove=Tova|Tuva Trond=Trund|Tron
    Trygve=Trigva|Trigve Turid=Turrid|Tureed Unni=Unny|Oonie Vegard=Vegar|Vegaard Vigdis=Vigdes|Wigdis
    Wenche=Wenke|Venka Yngve=Ingva|Yngva Ylva=Ilva Øivind=Oyvind|Ivind Ørjan=Orion|Orjan Øystein=Oystein|Einstein
    Åge=Oga|Auge Åse=Osa|Ossa Åshild=Oshild Åsmund=Osmund|Osman
    Abigail=Abigale Alastair=Alistair Callum=Calum Colin=Collin Deborah=Debra Geoffrey=Jeffrey Gillian=Jillian
    Graham=Graeme Hilary=Hillary Imogen=Imojen Jocelyn=Joslyn Keith=Keef Lesley=Leslie Malcolm=Malcom Millicent=Milicent
    Neville=Nevil Philippa=Filipa Rupert=Rupeart Stuart=Stewart Sylvia=Silvia Vernon=Vernan
    Agnieszka=Agneska|Agnyeshka Aisha=Ayesha Aminata=Amanata Anjali=Angeli Arash=Arrash Asmaa=Asma Biniam=Binyam
    Chinedu=Chinedo Deepika=Dipika Farhad=Farhod Fatuma=Fatima Faisal=Feisal Giulia=Julia Goran=Gordon|Goren
    Habiba=Habeeba Hodan=Hoden Iryna=Irina Ismail=Ishmael Jelena=Yelena Joanna=Johanna Khadija=Kadija Kwame=Quame
    Mehmet=Mehmed|Memmet Mihaela=Michaela Mohamed=Mohammed|Muhammad Mustafa=Mustapha Naveed=Navid Ngozi=Engozi
    Omar=Omer Osman=Ozman Piotr=Peter|Pyotr Rajesh=Rajash Roya=Roia Saeed=Saeid|Sayeed Samira=Samirah Selam=Salam
    Siham=Seham Svetlana=Swetlana Tigist=Tigest Usman=Ousman Yasmin=Jasmine|Yasmine Yonas=Jonas Yusuf=Yousef|Joseph
    Zahra=Sahra|Sarah Zainab=Zaynab Zoran=Soran
"""
_ALIKE: Final = (
    *(("kj", "ch"), ("skj", "sh"), ("hj", "y"), ("gj", "y"), ("bj", "by"), ("fj", "fi"), ("tj", "ch"), ("ø", "o")),
    *(("ø", "u"), ("å", "o"), ("å", "au"), ("æ", "a"), ("gn", "ngn"), ("ei", "ay"), ("ei", "i"), ("ie", "y")),
    *(("hild", "ild"), ("mund", "mond"), ("rd", "r"), ("nd", "n"), ("ld", "l"), ("k", "c"), ("c", "k"), ("z", "s")),
    *(("v", "w"), ("w", "v"), ("j", "y"), ("y", "i"), ("ph", "f"), ("th", "t"), ("sz", "sh"), ("kh", "k"), ("q", "k")),
    *(("i", "e"), ("e", "i"), ("e", "a"), ("u", "o"), ("o", "a"), ("d", "t"), ("b", "p"), ("g", "k"), ("s", "z")),
    *(("ll", "l"), ("nn", "n"), ("tt", "t"), ("ss", "s"), ("rr", "r"), ("mm", "m"), ("dd", "d"), ("l", "ll")),
)
_TAKEN_WORDS: Final = """
    a age all an and any are as ask at be big bill bit board bore both burn call can care case chair change corner day
    den do done dough down ease east else end even ever fall far fast felt fine for from gave girl go good had hall
    hard has have he health hear heart her here his home hope how i if in is it just kill know land last law lead less
    line listen live long lose made male man may me mean more most must my name near need new next no north not now of
    off oh on once one only or order our out over own part pause per person place plain point poor quite read real rest
    right room run said sale same saw say see seem self send she should side silly since sit so some soon still such
    sure take talk tell than that the their them then there these they thing this to told too took turn two up us use
    very walk want was way we well were what when where who whole why will wish with word work would year yes you your
"""
_TAKEN: Final = frozenset(_TAKEN_WORDS.split())
"""Words that nobody could tell from a name, were it misheard as one of them."""


def heard_as(name: str) -> tuple[str, ...]:
    """What stands in the list made by hand for a first name, which may be nothing."""
    return _BY_HAND.get(name, ())


def misheard(name: str, chance: random.Random) -> str:
    """`name` as Whisper might write it: from the list, or with one or two sounds changed; itself if nothing fits."""
    if (listed := heard_as(name)) and chance.random() < 0.7:
        return chance.choice(listed)
    fits = [pair for pair in _ALIKE if pair[0] in name.lower()]
    for _ in range(10):
        changed = name.lower()
        for one, other in chance.sample(fits, min(len(fits), 1 if len(name) < 6 else chance.choice((1, 1, 2)))):
            at = changed.rfind(one)  # the first sound of a name is heard best
            changed = changed[:at] + other + changed[at + len(one) :] if at >= 0 else changed
        if changed not in _TAKEN and len(changed) > 2 and changed != plain(name).lower() != plain(changed).lower():
            return changed.capitalize()
    return name


def plain(name: str) -> str:
    """Without accents: Håkon as Hakon."""
    letters = "".join(_cased(char, _WITHOUT_ACCENT) for char in name)
    return "".join(char for char in unicodedata.normalize("NFD", letters) if not unicodedata.combining(char))


def respelled(name: str) -> str:
    """With accents spelled out: Håkon as Haakon."""
    return "".join(_cased(char, _SPELLED_OUT) for char in name)


def initials(name: str, chance: random.Random) -> str:
    """K. H., K.H. or KH; "" where the letters make a word or another sense (IT, AM, OK)."""
    letters = [word[0].upper() for word in name.replace("-", " ").split()]
    if len(letters) < 2 or "".join(letters).lower() in _NO_INITIALS:
        return ""
    return chance.choice((". ".join(letters) + ".", ".".join(letters) + ".", "".join(letters)))


def letters(name: str, chance: random.Random) -> str:
    """Spelled out: K-R-I-S-T-I-N or k r i s t i n."""
    return chance.choice(("-".join(name.upper()), " ".join(name.upper()), " ".join(name.lower())))


def broken_off(name: str, chance: random.Random) -> str:
    """The beginning of a name, at least four letters and half of it; "" where a name is too short to be known by it."""
    least = max(4, (len(name) + 1) // 2)
    return name[: chance.randint(least, len(name) - 1)] if least < len(name) else ""


def alias(first: str, nicknames: list[str]) -> str:
    """The short form of a first name, the beginning of a long one, or else the next of `nicknames`."""
    short = SHORT.get(first) or (first[:4] if len(first) > 6 and first[3] not in "aeiouyæøå" else "")
    return short if short and short.lower() not in _TAKEN else nicknames.pop()


def mailbox(first: str, last: str, chance: random.Random) -> str:
    """The part of an e-mail address before the sign: kristin.haugen, khaugen, kristin_haugen."""
    one, other = plain(first).lower(), plain(last.split()[-1]).lower()
    return chance.choice((f"{one}.{other}", f"{one}.{other}", f"{one}_{other}", f"{one[0]}{other}", f"{one}{other}"))


def spoken(address: str) -> str:
    """An address as people say it: kristin dot haugen at gmail dot com."""
    signs = {".": " dot ", "@": " at ", "_": " underscore ", "-": " dash ", "/": " slash "}
    return "".join(signs.get(char, char) for char in address)


def _cased(char: str, table: dict[str, str]) -> str:
    written = table.get(char.lower(), char.lower())
    return written.capitalize() if char.isupper() else written


_SHORT_WORDS: Final = """
    ad ah am an as at be by dr eh er ex go gp ha he hi ho if in is it me mm mr ms my no of oh ok on or pa ps so to tv uk
    uh um up us we
"""
_NO_INITIALS: Final = frozenset(_SHORT_WORDS.split())
_BY_HAND: Final = {
    (parts := entry.partition("="))[0]: tuple(parts[2].replace("_", " ").split("|")) for entry in _HEARD.split()
}
