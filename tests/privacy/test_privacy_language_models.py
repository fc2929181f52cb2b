import sys
from pathlib import Path

import pytest
import spacy
from privacy_loading import no_network

from facilitator.privacy.language_models import CATEGORIES, LanguageModel, load_pipeline, model_for
from facilitator.privacy.recognizers import Recognizers, search_version

NAMES = {"PER": "Ragnfrid", "GPE_LOC": "Skjoldnes", "ORG": "Fjellheimen", "EVT": "Festspillene"}


def install(folder: Path, name: str, version: str = "1.0.0") -> None:
    """A package as `spacy package` makes it, with a pipeline that knows four names by NorNE's labels."""
    language, _, rest = name.partition("_")
    pipeline = spacy.blank(language)
    rules = pipeline.add_pipe("entity_ruler")
    rules.add_patterns([{"label": label, "pattern": word} for label, word in NAMES.items()])  # type: ignore[attr-defined]
    pipeline.meta |= {"name": rest, "version": version}
    package, about = folder / name, folder / f"{name}-{version}.dist-info"
    package.mkdir()
    pipeline.to_disk(package / f"{name}-{version}")
    (package / "meta.json").write_bytes((package / f"{name}-{version}" / "meta.json").read_bytes())
    (package / "__init__.py").write_text(
        "from pathlib import Path\n"
        "from spacy.util import load_model_from_init_py\n"
        "def load(**overrides):\n"
        "    return load_model_from_init_py(Path(__file__), **overrides)\n",
        encoding="utf-8",
    )
    about.mkdir()
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n", encoding="utf-8")
    (about / "entry_points.txt").write_text(f"[spacy_models]\n{name} = {name}\n", encoding="utf-8")


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


def test_an_installed_pipeline_reads_its_language(packages: Path) -> None:
    before = search_version("no")
    install(packages, "nb_core_tiny")
    try:
        with no_network() as attempts:
            recognizers = Recognizers.load("no")
            text = "Da jeg jobbet i Skjoldnes, sa Ragnfrid fra Fjellheimen, var det under Festspillene."
            findings = recognizers.find(text)
    finally:
        sys.modules.pop("nb_core_tiny", None)
    assert {text[one.span.start : one.span.end]: (one.category.value, one.rule) for one in findings} == {
        "Skjoldnes": ("place", "language model"),
        "Ragnfrid": ("person", "language model"),
        "Fjellheimen": ("organization", "language model"),
    }
    assert attempts == []
    assert "nb_core_tiny 1.0.0, " in recognizers.version
    assert before != search_version("no") == recognizers.version


def test_without_one_the_english_pipeline_serves_and_is_named_so() -> None:
    model = model_for("nb-NO")
    assert model is not None
    assert model.language == "en"
    assert model.described("nb-NO").endswith(" for nb-NO")
    assert model.described("en-GB") == f"{model.name} {model.version}"


@pytest.mark.parametrize(
    ("installed", "chosen"),
    [
        (("de_core_news_sm", "de_core_news_lg", "de_core_news_md"), "de_core_news_lg"),
        (("de_core_news_sm", "de_dep_news_trf"), "de_core_news_sm"),
        (("de_custom", "de_core_news_sm"), "de_core_news_sm"),
        (("sv_core_news_sm",), None),
    ],
)
def test_of_several_the_largest_that_needs_no_torch(
    packages: Path, installed: tuple[str, ...], chosen: str | None
) -> None:
    for name in installed:
        install(packages, name)
    model = model_for("de")
    assert model is not None
    assert model == LanguageModel(chosen, "1.0.0", "de") if chosen else model.language == "en"


def test_a_larger_english_pipeline_does_not_replace_the_one_that_was_measured(packages: Path) -> None:
    before = model_for("en")
    install(packages, "en_core_web_lg")
    assert model_for("en") == before


def test_a_pipeline_is_loaded_with_what_finds_entities_only() -> None:
    model = model_for("en")
    assert model is not None
    assert load_pipeline(model).pipe_names == ["ner"]


def test_labels_of_all_schemes_have_a_category() -> None:
    assert {CATEGORIES[label].value for label in ("PER", "PRS", "PERSON", "persName")} == {"person"}
    assert {CATEGORIES[label].value for label in ("GPE_LOC", "LOC", "GPE", "placeName")} == {"place"}
    assert {CATEGORIES[label].value for label in ("GPE_ORG", "ORG", "orgName")} == {"organization"}
    assert not {"MONEY", "EVT", "PROD", "WRK"} & CATEGORIES.keys()
