"""The languages that Whisper knows, by ISO 639 code; known without loading a model library."""

from typing import Final

from facilitator.domain.errors import UsageError

AUTO: Final = "auto"
"""Each window in the language that it sounds like."""
LANGUAGES: Final = frozenset(
    """
    af am ar as az ba be bg bn bo br bs ca cs cy da de el en es et eu fa fi fo fr gl gu ha haw he hi hr
    ht hu hy id is it ja jw ka kk km kn ko la lb ln lo lt lv mg mi mk ml mn mr ms mt my ne nl nn no oc
    pa pl ps pt ro ru sa sd si sk sl sn so sq sr su sv sw ta te tg th tk tl tr tt uk ur uz vi yi yo zh
    yue
    """.split()  # noqa: SIM905 - a hundred quoted strings read worse
)


def check_language(language: str, model: str) -> None:
    """Raises UsageError for a language that Whisper, or this model of it, does not know."""
    if language != AUTO and language not in LANGUAGES:
        raise UsageError(
            f"Whisper knows no language {language!r}.",
            safe="Nothing was changed.",
            do="Give a code such as en, no, nn, sv, da, de or fr; or auto for whatever is spoken.",
        )
    if model.endswith(".en") and language not in ("en", AUTO):
        raise UsageError(
            f"The model {model} knows English only.",
            safe="Nothing was changed.",
            do=f"Take {model.removesuffix('.en')} for {language!r}.",
        )
