from datetime import date
from pathlib import Path

import pytest
from tui_driver import NAMES, NARROW, WIDE, Opened

from facilitator.domain.ids import ResearchNumber, SessionId
from facilitator.tui.screens.home import HomeScreen
from facilitator.tui.screens.new_session import NewSessionScreen
from facilitator.tui.screens.roster import RosterScreen
from facilitator.tui.widgets.check_list import CheckList
from facilitator.workflows.sessions import Session
from facilitator.workflows.study import Study

P1 = ResearchNumber("P1")


async def test_a_session_is_planned(opened: Opened, peopled: Study) -> None:
    async with opened() as driver:
        await driver.press("n")
        await driver.write("North hospital")
        driver.app.screen.query_one("#people").focus()
        await driver.press("space", "down", "enter", "ctrl+s")
        assert isinstance(driver.app.screen, HomeScreen)
        assert "▸ 01 North hospital" in driver.text
        peopled.refresh()
        with Session(peopled, SessionId("01"), write=False) as session:
            assert len(session.state.participants) == 2
            assert session.state.planned_for == date.today().isoformat()
            assert session.state.guide is not None


async def test_first_names_stand_beside_the_numbers(opened: Opened, peopled: Study) -> None:
    async with opened() as driver:
        await driver.press("n")
        assert "[ ] P1   Mona · no consent yet" in driver.text
        assert "Vik" not in driver.text


async def test_everybody_is_ticked_with_one_key(opened: Opened, peopled: Study) -> None:
    async with opened() as driver:
        await driver.press("n")
        people = driver.app.screen.query_one("#people", CheckList)
        people.focus()
        await driver.press("a")
        assert people.ticked == ("P1", "P2", "P3", "P4")
        assert driver.text.count("[✓]") == 4
        await driver.press("a")
        assert not people.ticked


async def test_a_session_without_people_or_date_is_refused(opened: Opened, peopled: Study) -> None:
    async with opened() as driver:
        await driver.press("n", "ctrl+s")
        assert "A session needs participants." in driver.text
        await driver.press("escape")
        driver.app.screen.query_one("#people", CheckList).tick_all(True)
        driver.app.screen.query_one("#date").focus()
        await driver.press("home", "delete", "ctrl+s")
        assert "is not a date" in driver.text
        peopled.refresh()
        assert peopled.state.sessions == []


async def test_one_guide_is_chosen_at_a_time(opened: Opened, peopled: Study) -> None:
    async with opened() as driver:
        await driver.press("n")
        guides = driver.app.screen.query_one("#guides", CheckList)
        first = guides.ticked
        guides.focus()
        await driver.press("down", "down", "space")
        assert len(guides.ticked) == 1
        assert guides.ticked != first


async def test_an_empty_roster_says_how_to_fill_it(opened: Opened) -> None:
    async with opened() as driver:
        await driver.press("r")
        assert "Nobody is on the roster yet." in driver.text
        assert "i imports a CSV file" in driver.text


async def test_a_csv_file_is_imported(opened: Opened, study: Study, tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    file.write_text("name,aliases,profession\n" + "".join(f"{name},,nurse\n" for name in reversed(NAMES)))
    async with opened() as driver:
        await driver.press("r", "i")
        await driver.write(str(file))
        await driver.press("enter")
        assert "▸ P1     Mona Vik" in driver.text
        assert "profession" in driver.text
        assert "4 participants · 4 consents missing" in driver.text
        assert driver.notices[-1].startswith("Added P1, P2, P3, P4.")


async def test_a_faulty_file_is_refused_with_its_faults(opened: Opened, study: Study, tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    file.write_text("profession\nnurse\n")
    async with opened() as driver:
        await driver.press("r", "i")
        await driver.write(str(file))
        await driver.press("enter")
        assert "▲ Roster refused" in driver.text
        study.refresh()
        assert study.state.participants == {}


async def test_one_person_is_added_with_background(opened: Opened, peopled: Study) -> None:
    async with opened() as driver:
        await driver.press("r", "a")
        for value in ("Erik Moe", "Eric, Rikke", "psychologist"):
            await driver.write(value)
            await driver.press("enter")
        peopled.refresh()
        number = ResearchNumber("P5")
        assert peopled.linkage.identities[number].aliases == ("Eric", "Rikke")
        assert peopled.state.participants[number].background == {"profession": "psychologist"}
        assert "P5     Erik Moe" in driver.text


async def test_a_consent_is_recorded_for_the_selected_person(opened: Opened, peopled: Study) -> None:
    async with opened() as driver:
        await driver.press("r", "c", "tab", "down", "space", "ctrl+s")
        peopled.refresh()
        consent = peopled.state.consents[P1]
        assert consent.recorded_on == date.today().isoformat()
        assert (consent.recording, consent.quotation, consent.audio_sharing) == (True, False, False)
        assert list(peopled.state.consents) == [P1]
        assert "no quotes" in driver.text


async def test_consents_of_all_who_have_none_are_recorded_at_once(opened: Opened, peopled: Study) -> None:
    async with opened() as driver:
        await driver.press("r", "C", "ctrl+s")
        peopled.refresh()
        assert len(peopled.state.consents) == 4
        assert "all consented ✓" in driver.text
        await driver.press("C")
        assert isinstance(driver.app.screen, RosterScreen)


async def test_a_consent_without_a_date_is_refused(opened: Opened, peopled: Study) -> None:
    async with opened() as driver:
        await driver.press("r", "c", "delete", "ctrl+s")
        assert "is not a date" in driver.text
        peopled.refresh()
        assert peopled.state.consents == {}


async def test_a_moderator_is_named(opened: Opened, study: Study) -> None:
    async with opened() as driver:
        await driver.press("r", "m")
        await driver.write("Siri Hansen")
        await driver.press("enter")
        study.refresh()
        assert study.linkage.moderators == ("Siri Hansen",)
        assert "Moderators: Siri Hansen" in driver.text


@pytest.mark.parametrize("size", [NARROW, WIDE])
@pytest.mark.parametrize("key", ["n", "r"])
async def test_help_names_every_key_of_the_footer(
    opened: Opened, peopled: Study, size: tuple[int, int], key: str
) -> None:
    from facilitator.tui.keys import shown_bindings

    async with opened(size) as driver:
        await driver.press(key)
        screen = driver.app.screen
        assert isinstance(screen, NewSessionScreen | RosterScreen)
        keys = [name for name, _ in shown_bindings(screen)]
        await driver.press("f1")
        assert f"Help · {screen.NAME}" in driver.text
        listed = driver.app.screen._key_table().plain  # type: ignore[attr-defined]
        assert all(name in listed for name in keys)
        await driver.press("f1")
        assert driver.app.screen is screen


async def test_without_the_linkage_file_a_group_can_still_be_led(peopled: Study, opened: Opened) -> None:
    away = peopled.folder.root / "linkage.age"
    away.rename(away.with_suffix(".away"))
    peopled.refresh()
    async with opened(WIDE) as driver:
        await driver.press("r")
        assert "linkage file is not here" in driver.text and "P1" in driver.text
        assert not any(name in driver.text for name in NAMES)
        await driver.press("escape", "n")
        assert "P4" in driver.text
