import os
import subprocess
import sys

import pytest

from facilitator.domain.errors import UsageError
from facilitator.transcription.engines import UNSPACED
from facilitator.transcription.languages import AUTO, LANGUAGES, check_language


def test_the_languages_are_those_of_whisper() -> None:
    script = "from faster_whisper.tokenizer import _LANGUAGE_CODES as codes; print(*codes)"  # loads model libraries
    environment = os.environ | {"ORT_DISABLE_TELEMETRY": "1"}
    ended = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True)
    assert set(ended.stdout.split()) == LANGUAGES
    assert UNSPACED < LANGUAGES


@pytest.mark.parametrize(("language", "model"), [("en", "base"), ("nn", "small"), (AUTO, "base"), ("en", "tiny.en")])
def test_known_languages_pass(language: str, model: str) -> None:
    check_language(language, model)


def test_auto_passes_for_a_model_of_one_language_which_then_it_is() -> None:
    check_language(AUTO, "base.en")


@pytest.mark.parametrize("language", ["", "xx", "EN", "english", "en-GB", "nb", "../en"])
def test_an_unknown_language_is_refused_with_examples(language: str) -> None:
    with pytest.raises(UsageError, match="knows no language") as caught:
        check_language(language, "base")
    assert "auto" in caught.value.do


def test_another_language_than_english_needs_a_model_that_knows_it() -> None:
    with pytest.raises(UsageError, match="English only") as caught:
        check_language("no", "small.en")
    assert "Take small for" in caught.value.do
