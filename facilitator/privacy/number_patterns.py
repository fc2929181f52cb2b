"""Patterns of telephone numbers, postcodes and other numbers, as countries write them and as people say them.

`phonenumbers`, behind presidio's recognizer, knows every number that is given out. What is here are the shapes of
numbers, since a number that was misheard is one that nobody has, and identifies all the same. Postcodes made of digits
alone count only beside a town, a state, a country's letter or the word itself: else they are numbers like any other.
The shapes are those of the Universal Postal Union's sheets on each country's addresses.
"""

from typing import Final

ELEVEN_DIGITS: Final = "eleven digits"
DIGIT_WORD: Final = (
    "(?:(?:double|triple|dobbelt)[ ])?"
    "(?:zero|oh|nil|one|two|three|four|five|six|seven|eight|nine|null|en|ein|to|tre|fire|fem|seks|sju|syv|åtte|ni)"
)
ELEVEN: Final = (
    r"(?<![\d.,+\-])(?:\d{6}[ .\-]?\d{5}|\d\d(?P<apart>[ .\-])\d\d(?P=apart)\d\d[ .\-]{0,2}\d{5}|"
    r"\d{6}[ .\-]\d{3}[ .\-]\d\d|\d\d \d\d \d\d \d{3} \d\d|"
    r"\d{3} \d{3} \d{3} \d\d|\d{4}[ .]\d\d[ .]\d{5})(?![\d]|[.,\-]\d)"
)
"""A Norwegian national number or account, in the groups in which people and speech recognition write either."""
_AMOUNT_OR_YEARS: Final = r"(?!\d{1,3}(?:\s\d{3})*\s000\b|(?:19|20)\d\d\s?-\s?(?:19|20)\d\d(?!\d))"
PHONES: Final = (
    ("phone number in words", rf"(?i)\b{DIGIT_WORD}(?:[\s,\-]+{DIGIT_WORD}){{4,}}\b", 0.8),
    (
        "phone number",  # Norway and Denmark
        rf"(?<![\d\w]){_AMOUNT_OR_YEARS}(?:(?:\+|00)\d{{1,3}}[\s\-]?)?(?:\d[\s\-]?){{7}}\d(?!\d)",
        0.8,
    ),
    ("phone number", r"(?<![\d\w-])\d{3}(?:-|\.?\s)\d{4}(?![\d-])", 0.8),  # seven digits, as in North America
    (
        "phone number",  # North America
        r"(?<![\w.\-])(?:\+?1[ .\-])?(?:\(\d{3}\)[ \-]?|\d{3}[ .\-])\d{3}[ .\-]\d{4}(?![\d\-])",
        0.8,
    ),
    ("phone number", r"(?<![\w+])(?:\+|00)[1-9]\d{0,2}[ .\-]?(?:\(0\)[ ]?)?(?:\d[ .\-/]?){5,11}\d(?!\d)", 0.9),
    ("phone number", r"(?<![\w(])\(0\d{1,5}\)[ ]?\d(?:[ \-]?\d){4,8}(?!\d)", 0.8),
    (
        # a zero for long distance: United Kingdom, Ireland, Sweden, Germany, the Netherlands, Australia
        "phone number",
        r"(?<![\w.,+\-])(?!\d\d([ \-])\d\d\1\d\d[ \-]?\d{5}(?!\d))(?=0(?:[ \-/]?\d){8,10}(?![\d.,]\d|\d))"
        r"0\d{1,4}[ \-/]\d{2,8}(?:[ \-]\d{2,6}){0,3}(?!\d)",
        0.7,
    ),
    ("phone number", r"(?<![\w.,+\-])0\d{8,9}(?![\d.,]\d|\d)", 0.7),
)

_NO_TOWN: Final = (
    r"(?!(?:I|The|An?|And|But|Or|So|In|At|On|We|He|She|They|It|Is|Was|Euros?|Norwegians?|Swedes|Danes|Americans?|People|Patients|Monday|Tuesday|"
    r"Wednesday|Thursday|Friday|Saturday|Sunday|January|February|March|April|May|June|July|August|September|October|"
    r"November|December|OK|Okay)\b)"
)
_TOWN: Final = rf"(?=,?[ ]{_NO_TOWN}\p{{Lu}}\p{{L}}[\p{{L}}\-]*)"
_NO_YEAR: Final = r"(?!(?:19[2-9]|20[0-3])\d(?!\d))"
_WORD_BEFORE: Final = (
    r"(?<=\b(?:post(?:al)?[\s\-]?codes?|zip(?:[\s\-]?codes?)?|postnummer(?:et)?|postnr\.?|postleitzahl|plz)"
    r"(?:\s+(?:is|was|were|er|var|like|of))?[\s:,]{1,2})"
)
_STATES: Final = (
    "Alabama|Alaska|Arizona|Arkansas|California|Colorado|Connecticut|Delaware|Florida|Georgia|Hawaii|Idaho|Illinois|"
    "Indiana|Iowa|Kansas|Kentucky|Louisiana|Maine|Maryland|Massachusetts|Michigan|Minnesota|Mississippi|Missouri|"
    "Montana|Nebraska|Nevada|New Hampshire|New Jersey|New Mexico|New York|"
    "North Carolina|North Dakota|Ohio|Oklahoma|Oregon|Pennsylvania|Rhode Island|South Carolina|South Dakota|Tennessee|"
    "Texas|Utah|Vermont|Virginia|"
    "Washington|West Virginia|Wisconsin|Wyoming|A[KLRZ]|C[AOT]|D[CE]|FL|GA|HI|I[ADLN]|K[SY]|LA|M[ADEINOST]|N[CDEHJMVY]|"
    "O[HKR]|PA|RI|S[CD]|T[NX]|UT|V[AT]|W[AIVY]"
)
_TWO_CAPITALS: Final = (
    "(?!S[ADS]|AM|PM|US|UK|EU|UN|TV|KM|KG|CM|MM|[KMGT]B|NO|OK|OR|IT|AD|BC|CE|HF|AS|GP|IP|HZ|DK|SE|DE)[A-Z]{2}"
)
POSTCODES: Final = (
    (  # United Kingdom; the letters that each place can have, as in presidio's recognizer; Q2 4th is none
        "postcode",
        r"(?i)\b(?:GIR\s?0AA|[A-PR-UWYZ](?:\d[A-HJKPSTUW]?|\d\d|[A-HK-Y]\d[ABEHMNPRVWXY]?|[A-HK-Y]\d\d)\s?\d"
        r"(?!(?:st|nd|rd|th)\b)[ABD-HJLNP-UW-Z]{2})\b",
        0.7,
    ),
    ("postcode", r"(?i)\b[ABCEGHJ-NPRSTVXY]\d[ABCEGHJ-NPRSTV-Z][ \-]?\d[ABCEGHJ-NPRSTV-Z]\d\b", 0.7),  # Canada
    ("postcode", r"\b(?:[AC-FHKNPRTV-Y]\d\d|D6W)[ \-]?(?=[A-Z]*\d)[\dAC-FHKNPRTV-Y]{4}\b", 0.7),  # Ireland
    ("postcode", rf"(?<![\d.,\-])[1-9]\d{{3}}[ ]?{_TWO_CAPITALS}\b", 0.7),  # the Netherlands
    ("postcode", rf"(?<![\d.,\-]){_NO_YEAR}\d{{4}}{_TOWN}", 0.7),  # Norway, Denmark
    ("postcode", rf"(?<![\d.,\-])(?:\d{{3}}[ ]\d\d|\d{{5}}){_TOWN}", 0.7),  # Sweden, Germany
    ("postcode", r"(?<![\w\-])(?:NO?|DK?|A)-\d{4}\b|(?<![\w\-])(?:SE?-\d{3}[ ]?\d\d|DE?-\d{5})\b", 0.8),
    ("postcode", rf"(?<=\b(?:{_STATES})[ ,]{{1,2}})\d{{5}}(?:-\d{{4}})?(?![\d.,\-]\d|\d)", 0.8),
    ("postcode", r"(?<![\d\-])\d{5}-\d{4}(?![\d\-])", 0.6),  # United States, with four digits more
    (
        "postcode",  # Australia
        r"(?<=\b(?:(?:NSW|ACT)[ ,]{1,2}(?=2)|VIC(?:toria)?[ ,]{1,2}(?=3)|(?:QLD|Queensland)[ ,]{1,2}(?=4)|"
        r"SA[ ,]{1,2}(?=5)|WA[ ,]{1,2}(?=6)|TAS(?:mania)?[ ,]{1,2}(?=7)|(?:NT|ACT)[ ,]{1,2}(?=0)))"
        r"\d{4}(?![\d.,\-]\d|\d)",
        0.8,
    ),
    (
        "postcode",
        rf"(?i){_WORD_BEFORE}(?:\d{{3}}[ ]\d\d|\d{{5}}-\d{{4}}|\d{{3,6}}|{DIGIT_WORD}(?:[\s,\-]+{DIGIT_WORD}){{3,5}})"
        r"(?![\d.,\-]\d|\d|\w)",
        0.9,
    ),
)
NUMBERS: Final = (
    (ELEVEN_DIGITS, ELEVEN, 0.6),
    ("like a personal number", r"(?<![\d.,\-])\d{6}[\-+]\d{4}(?![\d\-])", 0.7),  # Denmark, Sweden
    ("long number", r"(?<![\d.,])(?!(?:19|20)\d\d(?!\d))\d{4,7}(?![\d.,]\d|\d)", 0.6),
    *POSTCODES,
)
