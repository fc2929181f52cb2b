from collections.abc import Sequence

import pytest
from tui_driver import NARROW, WIDE, Opened

from facilitator.domain import events as ev
from facilitator.domain.entities import Action, Category
from facilitator.domain.ids import ResearchNumber, SessionId, Speaker
from facilitator.domain.roster import RosterRow
from facilitator.domain.transcript import Segment
from facilitator.privacy.recognizers import search_version
from facilitator.tui.keys import shown_bindings
from facilitator.tui.screens.home import HomeScreen
from facilitator.tui.widgets.mosaic_list import SESSIONS, MosaicList
from facilitator.workflows.guides import find_guide
from facilitator.workflows.participants import add_participants
from facilitator.workflows.release import passages, texts_digest
from facilitator.workflows.sessions import Session, plan_session
from facilitator.workflows.study import Study

P1, P4 = ResearchNumber("P1"), ResearchNumber("P4")
ROWS = (
    ("Kristin Haugen", "nurse", "Levanger"),
    ("Anders Berg", "nurse", "Levanger"),
    ("Siri Moe", "nurse", "Levanger"),
    ("Martin Solberg", "[b]doctor[/b]", "Levanger"),
)
TALK = (
    ("P1", "I moved to Ashgrove in 1998 with my twin daughters, Kristin Haugen that is."),
    ("P2", "Fine by me."),
    (None, "Somebody."),
    ("P4", "[/nope] My only son won an award, the paper wrote “a lantern for the harbor” about it."),
)


@pytest.fixture
def searched(study: Study) -> Study:
    """Session 01 was searched, with a place that was kept and a date that is open; 02 is planned only."""
    people = [RosterRow(name, (), {"profession": work, "town": town}) for name, work, town in ROWS]
    numbers = add_participants(study, people).numbers
    guide = find_guide(study.folder.guides, "pilot")
    for title in ("North", "South"):
        plan_session(study, guide, numbers, title=title)
    ids = [
        _entity(study, category, surface)
        for category, surface in ((Category.PLACE, "Ashgrove"), (Category.DATE, "1998"))
    ]
    with Session(study, SessionId("01")) as session:
        _hold(session, TALK, {"Ashgrove": ids[0], "1998": ids[1]})
    study.record(ev.EntityDecided(ids[0], Category.PLACE, Action.KEEP, ""))
    return study


def _entity(study: Study, category: Category, surface: str) -> str:
    study.change_linkage(lambda linkage: linkage.with_entity(category, (surface,))[0])
    return next(one.id for one in study.linkage.register.values() if surface in one.surfaces)


def _hold(session: Session, talk: Sequence[tuple[str | None, str]], known: dict[str, str]) -> None:
    turns = tuple(
        Segment(number, number * 1000, number * 1000 + 900, Speaker(who) if who else None, text)
        for number, (who, text) in enumerate(talk, 1)
    )
    session.record(ev.DraftMade(turns))
    mentions = tuple(
        ev.FoundMention(entity, f"segment:{turn.id}", at, at + len(surface), "test", 1.0)
        for turn in turns
        for surface, entity in known.items()
        if (at := turn.text.find(surface)) >= 0
    )
    session.record(ev.CandidatesSearched(texts_digest(passages(session)), search_version() or "", mentions))


@pytest.mark.parametrize("size", [NARROW, WIDE])
async def test_those_at_risk_come_first_with_why(opened: Opened, searched: Study, size: tuple[int, int]) -> None:
    async with opened(size) as driver:
        assert any("m Mosaic" in line for line in driver.text.splitlines()[-2:])
        await driver.press("m")
        assert "2 of 4 stand out · read-only" in driver.text
        listed = driver.app.screen.query_one(MosaicList)
        assert [one.id for one in listed.options if one.id] == ["P4", "P1", "P2", "P3", SESSIONS]
        assert "▲  P4" in driver.text and "–  P2" in driver.text
        assert "P4 · stands out" in driver.text and "only one: [b]doctor[/b]" in driver.text
        assert "family and event remain in the text" in driver.text
        assert all(len(line) <= size[0] for line in driver.text.splitlines())
        for key, binding in shown_bindings(driver.app.screen):
            assert f"{key} {binding.description}" in driver.text.splitlines()[-1]


async def test_the_chosen_one_is_shown_wholly_and_without_names(opened: Opened, searched: Study) -> None:
    async with opened(WIDE) as driver:
        await driver.press("m", "down")
        for part in (
            "P1 · stands out",
            "Background, how many of 4 share it",
            "profession nurse: 3",
            "town Levanger: 4",
            "= place Ashgrove: kept, once in 01",
            "? date [Date E",
            "my twin daughters",
            "none yet: n writes one",
        ):
            assert part in driver.text, part
        assert "Haugen" not in driver.text and "Kristin" not in driver.text
        await driver.press("up")
        assert "a lantern for the harbor (quoted)" in driver.text
        assert "only one of 4: [b]doctor[/b]" in driver.text


async def test_what_does_not_fit_is_a_page_down(opened: Opened, searched: Study) -> None:
    async with opened(NARROW) as driver:
        await driver.press("m")
        assert "Risk notes" not in driver.text
        await driver.press("pagedown", "pagedown")
        assert "Risk notes" in driver.text


async def test_sessions_that_are_left_out_are_named(opened: Opened, searched: Study) -> None:
    async with opened(WIDE) as driver:
        await driver.press("m")
        assert "▲  1 of 2 sessions" in driver.text
        await driver.press("end")
        assert "▲ 02: not transcribed yet" in driver.text
        assert "▲ 1, which are in nobody's view" in driver.text
        assert "n Risk note" not in driver.text
        await driver.press("n")
        assert "Risk note on" not in driver.text


async def test_a_risk_note_is_stored_and_shown(opened: Opened, searched: Study) -> None:
    async with opened(NARROW) as driver:
        await driver.press("m", "n")
        assert "Risk note on P4" in driver.text
        await driver.write("accepted: [b]the town is large[/b]")
        await driver.press("enter")
        assert "noted ✓" in driver.text
        assert "accepted: [b]the town is" in driver.text
        assert "▲  P4 · 1 noted" in driver.text
        searched.refresh()
        (note,) = searched.state.risk_notes[P4]
        assert note.text == "accepted: [b]the town is large[/b]"


async def test_a_note_with_a_name_is_refused_and_kept_for_changing(opened: Opened, searched: Study) -> None:
    async with opened(WIDE) as driver:
        await driver.press("m", "n")
        await driver.write("Kristin knows them")
        await driver.press("enter")
        assert "The note holds a name or another identifier." in driver.text
        assert "Safe  Nothing was noted." in driver.text
        await driver.press("escape", "n")
        assert "Kristin knows them" in driver.text
        await driver.press("escape")
        searched.refresh()
        assert not searched.state.risk_notes


async def test_without_the_names_nothing_is_shown(opened: Opened, searched: Study) -> None:
    away = searched.folder.root / "linkage.age"
    away.rename(away.with_suffix(".away"))
    async with opened() as driver:
        await driver.press("m", "escape")
        assert "▲ cannot be read" in driver.text
        await driver.press("escape")
        assert isinstance(driver.app.screen, HomeScreen)


async def test_an_empty_roster_says_what_to_do(opened: Opened) -> None:
    async with opened() as driver:
        await driver.press("m")
        assert "Nobody is on the roster yet:" in driver.text
