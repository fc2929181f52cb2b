"""The people of a group as the conduct screen shows them: who sits where, who talks, whom to look at."""

from collections.abc import Mapping, Sequence

from facilitator.domain.group import Presence
from facilitator.domain.ids import ASSISTANT, MODERATOR, ResearchNumber, Speaker
from facilitator.domain.participation import SILENT_MS, TalkShares, hints
from facilitator.domain.roster import Identity
from facilitator.domain.session_state import SessionState
from facilitator.tui.session_keys import SPEAKER_KEYS
from facilitator.tui.widgets.participant_marks import Floor, Person


def people_of(state: SessionState, identities: Mapping[ResearchNumber, Identity]) -> tuple[Person, ...]:
    """Everybody by seat with a first name where `identities` has one, then moderator and assistant."""
    people = []
    for index, number in enumerate(state.seats):
        names = identities[number].name.split() if number in identities else []
        key = SPEAKER_KEYS[index] if index < len(SPEAKER_KEYS) else "–"
        people.append(Person(key, Speaker(number), names[0] if names else "", state.presence[number]))
    return (*people, Person("m", MODERATOR, "moderator"), Person("a", ASSISTANT, "assistant"))


def floor_of(state: SessionState, people: Sequence[Person], now_ms: int, talk: TalkShares, *, hinting: bool) -> Floor:
    """Who talks at `now_ms`, and, when `hinting`, whom to look at.

    Once somebody was noted as here, hints are about those who were, and about whoever was marked. While nobody has
    been marked for long, the marks say nothing of who is silent.
    """
    marks = state.speaker_marks
    came = {Speaker(one.number): one.at_ms for one in state.comings if one.presence is Presence.HERE}
    found = talk.at(marks, [person.label for person in people], now_ms, came, state.breaks(now_ms))
    said = []
    if marks and hinting and now_ms - marks[-1].at_ms < SILENT_MS:
        there = {one.label: found[one.label] for one in _there(people, {mark.speaker for mark in marks})}
        said = hints(there, marks[0].at_ms, now_ms)
    return Floor(found, tuple(said), bool(marks) and marks[-1].speaker is None)


def _there(people: Sequence[Person], spoke: set[Speaker | None]) -> list[Person]:
    noted = any(one.presence is Presence.HERE for one in people)
    return [
        one
        for one in people
        if one.presence is Presence.HERE or (one.presence is Presence.EXPECTED and (not noted or one.label in spoke))
    ]
