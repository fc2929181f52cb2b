import unicodedata
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from facilitator.domain.ids import ResearchNumber
from facilitator.domain.roster import Identity
from facilitator.privacy.folding import folded
from facilitator.privacy.replacement import pseudonymize
from facilitator.privacy.residue import find_residue
from facilitator.privacy.surfaces import SurfaceMatcher, known_from_identities

FIRST = st.sampled_from(["Kristin", "Anne-Lise", "Øyvind", "Åge", "Bo", "José", "Even", "Mary Ann", "Ann", "Annelise"])
LAST = st.sampled_from(["Haugen", "van der Berg", "Ødegård", "O'Brien", "Moe", "Nygård-Hansen", "Lie", "Ann"])
FILLER = st.text(alphabet="abn \n.,'’-[]…øÅ3", max_size=12)


@st.composite
def groups(draw: st.DrawFn) -> list[Identity]:
    names = draw(st.lists(st.tuples(FIRST, LAST), min_size=1, max_size=4))
    return [Identity(ResearchNumber(f"P{index + 1}"), " ".join(name)) for index, name in enumerate(names)]


@st.composite
def spoken(draw: st.DrawFn, forms: list[str]) -> str:
    pieces = [draw(FILLER)]
    for _ in range(draw(st.integers(1, 5))):
        form = draw(st.sampled_from(forms))
        written = draw(st.sampled_from([form, form.upper(), unicodedata.normalize("NFD", form)]))
        joint = draw(st.sampled_from([" ", ", ", "\n", " [", "(", '"']))
        pieces += [joint, written, draw(st.sampled_from(["", "'s", "’s", "s", ".", "]", "!"])), " ", draw(FILLER)]
    return "".join(pieces)


@given(data=st.data(), group=groups())
@settings(max_examples=60, deadline=None)
def test_no_planted_name_survives(data: st.DataObject, group: list[Identity]) -> None:
    known = known_from_identities(group)
    surfaces = [item.surface for item in known]
    text = data.draw(spoken(surfaces))
    matcher = SurfaceMatcher(known)

    result = pseudonymize(text, matcher)

    assert result.replacements
    assert find_residue([("t", result.text)], surfaces) == ()
    assert matcher.find(result.text) == ()


@given(data=st.data(), group=groups())
@settings(max_examples=60, deadline=None)
def test_text_outside_the_spans_is_untouched(data: st.DataObject, group: list[Identity]) -> None:
    known = known_from_identities(group)
    text = data.draw(spoken([item.surface for item in known]))
    result = pseudonymize(text, SurfaceMatcher(known))
    spans = [item.span for item in result.replacements]

    assert all(before.end <= after.start for before, after in pairwise(spans))
    rest, at = result.text, 0
    for item in result.replacements:
        kept = text[at : item.span.start]
        assert rest.startswith(kept + item.text)
        rest, at = rest[len(kept) + len(item.text) :], item.span.end
    assert rest == text[at:]


@given(text=st.text(max_size=60))
@settings(max_examples=60, deadline=None)
def test_folding_maps_back_to_the_original(text: str) -> None:
    result = folded(text)
    assert len(result.text) == len(result.origin)
    assert list(result.origin) == sorted(result.origin)
    for index, origin in enumerate(result.origin):
        span = result.span(index, index + 1)
        assert span.start == origin < span.end <= len(text)
