"""Patterns of identifiers that a language model does not see, or sees by half.

Each is one rule of the recognizers. A pattern matches exactly what would be replaced. It is read by the `regex`
library, which knows \\p{Lu} and lookbehinds of any length.
"""

from dataclasses import dataclass
from typing import Final

from facilitator.domain.entities import Category
from facilitator.privacy.number_patterns import NUMBERS, PHONES


@dataclass(frozen=True, slots=True)
class PatternRule:
    """`name` is the rule as shown to people; `score` is 0.0 to 1.0."""

    name: str
    category: Category
    pattern: str
    score: float


_TENS: Final = "(?:twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)"
_UNITS: Final = "(?:one|two|three|four|five|six|seven|eight|nine)"
_TEENS: Final = "(?:ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen)"
_HUNDRED: Final = rf"(?:(?:a|one)\s+hundred(?:\s+(?:and\s+)?(?:{_TENS}(?:[\s-]{_UNITS})?|{_TEENS}|{_UNITS}))?)"
_NUMBER: Final = rf"(?:{_HUNDRED}|\d{{1,3}}|{_TENS}(?:[\s-]{_UNITS})?|{_TEENS}|{_UNITS})"
_ADULT: Final = rf"(?:\d{{2}}|{_TENS}(?:[\s-]{_UNITS})?|eighteen|nineteen)"
_AFTER_AGE: Final = r"(?=\s*(?:[.,;!?]|$|(?:and|now|when|then|years\s+of\s+age|this\s+year|so|but)\b))"
_SPOKEN_NUMBER: Final = rf"(?:{_TENS}(?:[\s-]{_UNITS})?|{_TEENS}|{_UNITS}|oh|zero|\d\d)"
_AFTER_AGE_OF: Final = r"\b(?!\s*(?:%|percent|of\b|years?\s+ago|people|patients|sessions|weeks|months|days|hours))"
_CAP: Final = r"(?<![\p{L}'’.\-])\p{Lu}[\p{L}'’.\-]*+"
"""Never entered in the middle of a word nor taken back from: else long words take ages."""
_NAME: Final = r"\p{Lu}[\p{L}\-]+(?:\s\p{Lu}[\p{L}\-]+)?"
_GENERIC: Final = (
    r"(?!(?:The|An?|Our|My|Your|Their|His|Her|This|That|These|Those|Every|Each|Some|Any|No|One|Both|In|At|On|Of|And|But|"
    r"Or|So|Then|From|To|For|With|When|If|Is|Was|I|We|He|She|They|It|Here|There|Local|Public|Mental|Psychiatric|General|"
    r"Regional|District|Community|Outpatient|Inpatient|Day|High|Primary|Old|New|Other|Yeah|Yes|Um|Uh|Well|Det|Den|En|Et|"
    r"Vi|På|Ved|Og|Men|Fra|Til|Som)\b)"
)
_HEADS: Final = (
    r"(?:University\s+Hospital|Hospital|Clinic|University|College|School|Church|Municipality|County|Foundation|"
    r"(?:Psychiatric|Health|Medical)\s+Cent(?:er|re)|Nursing\s+Home|Kindergarten)"
)
_OF_A_KIND: Final = (
    "(?:outpatient|inpatient|psychiatric|mental|health|medical|housing|community|district|day|nursing|primary|secondary|"
    "high|middle|upper|youth|family|child|children's|general|regional|university|care|crisis|addiction|rehabilitation|"
    "treatment|respite|activity)"
)
_LOWER_HEADS: Final = (
    r"(?:hospital|clinic|school|university|college|municipality|church|kindergarten|nursing\s+home|home|trust|foundation|"
    r"cent(?:er|re)|agency|company|bakery|factory|shipyard|farm|brewery|institute|academy|hotel|hostel|library|parish|"
    r"prison|shelter|surgery|transport|logistics|services|solutions|systems|consulting|industries|shipping|foods|seafood|"
    r"energy|insurance|media|construction|cleaning|security)"
)
_NORWEGIAN_HEADS: Final = (
    r"(?i:universitetss(?:y|ju)kehus|s(?:y|ju)kehus|kommune|fylkeskommune|DPS|helseforetak|legesenter|legevakt|"
    r"videregående(?:\s+skole)?|ungdomsskole|sykehjem|bydel)"
)
_TITLES: Final = r"(?:Dr\.?|[Dd]octor|[Pp]rofessor|Prof\.?|Mr\.?|Mrs\.?|Ms\.?|Nurse|Sister|[Oo]verlege)"
_RELATIONS: Final = (
    r"(?:colleague|boss|manager|leader|husband|wife|partner|son|daughter|brother|sister|mother|father|friend|patient|"
    r"client|neighbou?r|boyfriend|girlfriend)"
)

_CONTACTS: Final = (
    ("e-mail", r"(?i)[\w.+%\-]+@\w[\w\-]*(?:\.[\w\-]+)*\.\w{2,}", 1.0),
    (
        "spoken e-mail",
        r"(?i)(?<![\w\-])(?!(?:look|up|go|is|was|found|find|site|page|online)\s)[\w\-]++(?:\s+(?:dot|punktum|underscore|dash)\s+"
        r"[\w\-]++){0,8}\s+(?:at|alfa|krøllalfa)\s+(?!www\b)[\w\-]++(?:\s+(?:dot|punktum|dash|hyphen|bindestrek)\s+[\w\-]++){0,8}\s+(?:dot|punktum)\s+[a-z]{2,6}\b",
        0.9,
    ),
    ("web address", r"(?i)\b(?:https?://|www\.)[^\s<>\"'\]]+[\w/]", 1.0),
    (
        "web address",
        r"(?i)(?<![@\w.\-])[a-z0-9][\w\-]{0,62}(?:\.[\w\-]{1,63}){0,6}\.(?:no|com|org|net|edu|se|dk|uk|eu|info|io)\b(?:/[\w./\-]*)?",
        0.7,
    ),
    (
        "spoken web address",
        r"(?i)(?<![\w\-])(?:www\s+(?:dot|punktum)\s+)?[\w\-]++(?:\s+(?:dot|punktum|dash|hyphen|bindestrek)\s+[\w\-]++){0,8}"
        r"\s+(?:dot|punktum)\s+(?:com|no|org|net|edu|uk|se|dk|eu|info|io|me)\b(?:\s+slash\s+[\w\-]++){0,8}",
        0.8,
    ),
    ("phone number in words", rf"(?i)\b{_SPOKEN_NUMBER}(?:[\s,]+{_SPOKEN_NUMBER}){{3,}}\b", 0.7),
    *PHONES,
)
_MONTH: Final = (
    "(?:January|February|March|April|May|June|July|August|September|October|November|December|"
    "januar|februar|mars|april|mai|juni|juli|august|september|oktober|november|desember)"
)
_DAY: Final = (
    r"(?:\d{1,2}(?:st|nd|rd|th|\.)?|(?:twenty[\s-]|thirty[\s-])?(?:first|second|third|fourth|fifth|sixth|seventh|eighth|ninth)|"
    r"tenth|eleventh|twelfth|thirteenth|fourteenth|fifteenth|sixteenth|seventeenth|eighteenth|nineteenth|twentieth|thirtieth)"
)
_YEAR_WORDS: Final = (
    rf"(?:two\s+thousand(?:\s+and\s+(?:{_UNITS}|{_TEENS}|{_TENS}(?:[\s-]{_UNITS})?))?|"
    rf"(?:nineteen|twenty)[\s-](?:oh[\s-]{_UNITS}|{_TEENS}|{_TENS}(?:[\s-]{_UNITS})?))"
)
_YEAR: Final = rf"(?:,?\s+(?:in\s+)?(?:(?:19|20)\d\d|{_YEAR_WORDS})\b)"
_DATES: Final = (
    (
        "year in words",
        r"(?i)(?<=\b(?:in|since|from|until|till|by|of|around|year|summer|autumn|spring|winter)\s)"
        rf"{_YEAR_WORDS}\b",
        0.7,
    ),
    (
        "year",
        r"(?<![\d.,/\-])(?:19[2-9]\d|20[0-3]\d)(?!\d|[.,/\-]\d|\s*%|\s+(?:people|patients|kroner|euros?|dollars)\b)",
        0.6,
    ),
    ("date", rf"(?i)\b{_DAY}\s+(?:day\s+)?(?:of\s+)?{_MONTH}\b{_YEAR}?", 0.8),
    ("date", rf"(?i)\b{_MONTH}\s+(?:the\s+)?{_DAY}\b(?!\s*(?:of|percent|%|people|patients)){_YEAR}?", 0.7),
    ("date", rf"\b{_MONTH}{_YEAR}", 0.8),
    ("date", r"(?<![\d.])\d{1,2}[./\-]\d{1,2}[./\-](?:19|20)?\d\d(?!\d)", 0.9),
)
_AGES: Final = (
    ("age", rf"(?i)\b{_NUMBER}[\s\-]years?[\s\-]olds?\b", 0.9),
    ("age", rf"(?i)\b{_NUMBER}\s+(?:år\s+gammel|år\s+gamle|åringe?n?)\b", 0.9),
    ("age", rf"(?i)\b(?:aged|age|age\s+of|turned|turning)\s+{_NUMBER}\b(?!\s*%)", 0.8),
    (
        # the words before it stay part of the surface: a bare 52 would be replaced in every count too
        "age",
        r"(?i)\b(?:I\s?['’]?m|I\s+am|s?he\s?['’]s|s?he\s+(?:is|was)|I\s+was)\s+(?:about\s+|almost\s+|nearly\s+|now\s+)?"
        rf"{_ADULT}(?![\s-]{_UNITS}){_AFTER_AGE}",
        0.7,
    ),
)
_AGED: Final = (
    "(?:man|woman|boy|girl|lady|guy|fellow|person|patient|client|(?:grand)?(?:mother|father)|somebody|someone|one|"
    "son|daughter|brother|sister)"
)
_AGES_OF_OTHERS: Final = (
    (
        "age",
        rf"(?i)\b(?:s?he|who|they|we|you|mother|father|son|daughter|brother|sister|wife|husband|patient|client)"
        rf"(?:\s+(?:is|was|were|are|just|has|had|only|now|about|almost|nearly|already|then|still|must\s+be|turned|turns|"
        rf"turning|hit|reached)|['’]s|['’]re)+\s+{_ADULT}{_AFTER_AGE_OF}",
        0.7,
    ),
    ("age", rf"(?i)\b(?:turned|turning|turns|hit|reached|age|aged|past)\s+{_NUMBER}{_AFTER_AGE_OF}", 0.7),
    (
        "age",
        rf"(?i)\b(?:when|since|until|before|after)\s+(?:I|s?he|they|we)\s+(?:was|were)\s+{_NUMBER}{_AFTER_AGE_OF}",
        0.7,
    ),
    ("age", rf"(?i)\bat\s+{_ADULT}(?=\s+(?:I|s?he|you|they|we|and|years)\b|[,.;]\s*(?:I|s?he|you|they|we)\b)", 0.6),
    ("age", rf"(?i)\b{_ADULT}\s+(?:now|this\s+(?:year|spring|summer|autumn|winter)|next\s+\w+)\b", 0.5),
    (
        "age",
        r"(?i)\b(?:in|into)\s+(?:my|his|her)\s+(?:early\s+|mid\s+|late\s+)?(?:twenties|thirties|forties|fifties|"
        r"sixties|seventies|eighties|nineties)\b",
        0.6,
    ),
    ("age", rf"(?i)\b(?:youngest|oldest|eldest)\s+(?:one\s+)?(?:was|is|of\s+us\s+(?:was|is))\s+{_NUMBER}\b", 0.8),
    (
        "age",
        rf"(?i)\b{_AGED}\s+(?:like\s+|kind\s+of\s+|u[hm]\s+|er\s+)?(?:of|aged|who\s+(?:was|is))\s+(?:about\s+|almost\s+)?{_ADULT}{_AFTER_AGE_OF}",
        0.7,
    ),
)
_OFFICES: Final = (
    "(?:head|leader|director|manager|chief|captain|chair(?:man|woman|person)?|principal|founder|owner|secretary|"
    "president|coach|conductor|editor|goalkeeper|headmaster)"
)
_PROFESSIONS: Final = (
    "(?:nurse|therapist|doctor|physician|psychologist|psychiatrist|social\\s+worker|teacher|midwife|dentist|vet|"
    "pharmacist|priest|imam|vicar|farmer|fisherman|lawyer|judge|policeman|policewoman|officer|mayor|engineer|pilot|"
    "manager|worker|interpreter|educator|leader|practitioner|counsellor|counselor|specialist|technician|surgeon|"
    "physiotherapist|dietitian|artist|musician|actor|actress|author|player|baker|butcher|carpenter|driver)"
)
_ROLES: Final = (
    (
        "rare role",
        r"(?i)\b(?:only|first)\s+(?:(?:openly\s+)?(?:fe)?male|woman|man|deaf|blind|black|gay|lesbian|disabled|foreign|muslim|"
        r"jewish|sami|[\w]+-speaking)\s+[\w\-]+(?:\s+(?:chief|worker|officer|therapist|driver|leader|teacher|player))?\b",
        0.6,
    ),
    (
        "rare role",
        r"(?i)\b(?:only|first|former)\s+(?:[\w'’\-]+\s+){1,3}?(?=(?:in|at|on|of|from)\s+(?:the|our|this|that)\s+(?:whole\s+)?(?:"
        r"county|region|village|town|municipality|city|country|island|valley|district|parish|service|north|south|east|west)\b)",
        0.5,
    ),
    ("rare role", rf"(?i)\bonly\s+(?:[\w'’\-]+\s+){{0,4}}?{_PROFESSIONS}\b", 0.6),
    (
        "rare role",
        rf"(?i)\b(?:former\s+|deputy\s+|acting\s+|vice[\s-])*{_OFFICES}\s+of\s+(?:the|our|a)\s+[\w'’\-]+"
        r"(?:\s+(?:national\s+)?(?:team|department|unit|ward|clinic|school|hospital|association|council|union|church|"
        r"choir|band|party|committee))*\b",
        0.5,
    ),
    (
        "rare role",
        r"(?i)\b(?:union|shop|employee|staff|patient|user|safety|personnel|trade\s+union)\s+"
        r"(?:representative|steward|delegate|ombud(?:sman)?|leader|secretary)\b",
        0.5,
    ),
    ("rare role", rf"(?i)\b(?:former|deputy|acting)\s+(?:{_OFFICES}|{_PROFESSIONS}|minister|bishop)\b", 0.6),
)
"""Of indirect identifiers those that a pattern can know: what only one person or few can be."""
_INSTITUTIONS: Final = (
    ("institution", rf"\b{_GENERIC}{_CAP}(?:\s+{_CAP}){{0,3}}?\s+{_HEADS}\b", 0.8),
    (
        # a lower-case head counts after a word with a capital that starts no sentence
        "institution",
        rf"(?<=[\p{{Ll}},]\s){_GENERIC}{_CAP}(?:\s+{_CAP}){{0,2}}(?:\s+{_OF_A_KIND}){{0,2}}\s+{_LOWER_HEADS}\b",
        0.7,
    ),
    (
        "institution",
        rf"\b(?:University|Hospital|College|Municipality|Clinic|Church)\s+of\s+(?:the\s+)?{_CAP}(?:\s+{_CAP})?",
        0.8,
    ),
    ("institution", rf"\b{_GENERIC}{_CAP}(?:\s+{_CAP}){{0,3}}?\s+{_NORWEGIAN_HEADS}\b(?:\s+HF\b)?", 0.9),
    ("institution", r"\bDPS\s+(?:in\s+|i\s+|at\s+)?\p{Lu}[\p{L}'’\-]*", 0.8),
    ("institution", r"(?i)\b\p{L}{3,}\s?(?:universitets|barne)s(?:y|ju)kehus(?:et)?\b", 0.8),
)
SPELLED_OUT: Final = "spelled out"
THE_US: Final = "the United States"
_TOWARDS: Final = (
    r"(?:(?:north|south|east|west|northeast|northwest|southeast|southwest|midwest|mid|central|upper|lower|inner|outer)"
    r"(?:ern)?|continental|greater|latin)"
)
_REGIONS: Final = (
    (
        "region",
        r"(?i)\b(?:(?:north|south|latin|central)\s+america|(?:southeast|central|east|south)\s+asia|asia[\s-]pacific(?:\s+region)?|"
        r"european\s+union|mid(?:dle)?[\s-]east|bay\s+area|north\s+sea|hong\s+kong|new\s+zealand|ivory\s+coast|cape\s+verde|"
        r"(?:north|south)\s+(?:korea|africa|sudan)|(?:dominican|czech|slovak|central\s+african)\s+republic|china|japan|scandinavia|the\s+nordics?|united\s+(?:states|kingdom)|emea|apac|"
        r"(?:the\s+)?(?:north|south|east|west|gulf)\s+coast|mid[\s-]?(?:atlantic|west))\b",
        0.9,
    ),
    ("region", rf"(?i:\b{_TOWARDS})(?:[\s-]+\p{{Lu}}[\p{{L}}'’\-]*){{1,2}}(?:\s+region\b)?", 0.7),
    ("region", r"\b(?:u\.\s?s\.(?:\s?a\.)?|u\.\s?k\.|U\.\s?[SK]\.(?:\s?A\.)?|USA?|UK|EU|usa|uk|Usa|Uk)(?!\w)", 0.8),
    ("region", r"(?i)\b(?:(?:north|south)[\s-]?(?:east|west)|mid[\s-]?west)(?:ern)?\b", 0.6),
    (
        "landscape",
        rf"\b{_GENERIC}{_CAP}(?:\s{_CAP})?\s+(?i:basin|coast|valley|county|bay|islands?|river|lake|mountains?|sea|"
        r"fjord|peninsula|village)\b",
        0.6,
    ),
    (THE_US, r"\b(?:the|our)\s+us\b(?!\s+(?:all|to))", 0.6),
    (
        THE_US,
        r"\bus\s+(?:citizens?|government|army|military|dollars?|markets?|customers?|sales|economy|customs|states?)\b",
        0.6,
    ),
    (
        "region",
        r"(?i)\b(?:the|out|up|down)\s+(?:north|south|east|west|midwest)(?:ern|east|west)?(?!\s+(?:of|end|side|wing|part|wall|window)\b)(?=\W|$)",
        0.4,
    ),
)
"""“In us” is left alone: it nearly always means people; “the us” stays whole, lest every “us” be asked about."""
_STREETS: Final = (
    (
        "street",
        r"(?<![\p{L}\-])\p{Lu}[\p{L}\-]{1,40}(?:gata|gaten|veien|vegen|alléen|bakken|svingen|stien)(?:\s+\d{1,4}\s?\p{L}?\b)?",
        0.8,
    ),
    (
        "street",
        r"(?<![\p{L}\-.])\p{Lu}[\p{L}\-.]{0,40}(?:\s\p{Lu}?[\p{L}\-.]{1,40})?\s?(?:gate|vei|veg|allé|plass)\s+\d{1,4}(?:\s?\p{L})?\b",
        0.8,
    ),
    (
        "street",
        rf"\b(?:\d{{1,4}}\s+)?{_GENERIC}{_CAP}(?:\s+{_CAP})?\s+(?:Street|Road|Avenue|Lane)\b(?:\s+\d{{1,4}})?",
        0.8,
    ),
)
_PEOPLE: Final = (
    (
        SPELLED_OUT,
        r"(?<![\w'’])(?!(?:[aioAIO][\s.\-]{1,2}){1,9}[aioAIO](?![\w'’]))\p{L}(?:(?:[\s.\-/]{1,2}|\s[.\-/–]\s)\p{L}){2,40}(?![\w'’])",
        0.6,
    ),
    ("named with a title", rf"(?<=\b{_TITLES}\s){_GENERIC}{_NAME}", 0.8),
    (
        "introduced by name",
        r"(?i)(?<=\b(?:my\s+name\s+is|my\s+name['’]s|(?:his|her)\s+name\s+(?:is|was)|"
        r"(?:guy|woman|man|patient|colleague)\s+(?:called|named))\s)"
        r"(?!(?:the|an?|it|that|this|not|so|in|on|by|off|for|what|to|then|back|up|me|him|her|them|us)\b)"
        r"\p{L}[\p{L}\-]+(?-i:(?:\s\p{Lu}[\p{L}\-]+)?)",
        0.6,
    ),
    (
        "relation and name",
        rf"(?<=\b(?:[Mm]y|[Oo]ur|[Hh]is|[Hh]er|[Tt]heir)\s(?:\p{{Ll}}+\s)?{_RELATIONS},?\s){_GENERIC}{_NAME}",
        0.7,
    ),
)

RULES: Final = tuple(
    PatternRule(name, category, pattern, score)
    for category, rules in (
        (Category.CONTACT, _CONTACTS),
        (Category.NUMBER, NUMBERS),
        (Category.AGE, (*_AGES, *_AGES_OF_OTHERS)),
        (Category.OTHER, _ROLES),
        (Category.DATE, _DATES),
        (Category.ORGANIZATION, _INSTITUTIONS),
        (Category.PLACE, (*_REGIONS, *_STREETS)),
        (Category.PERSON, _PEOPLE),
    )
    for name, pattern, score in rules
)
"""Spoken English and Norwegian. Institutions need a head word, so that only named ones are proposed."""
