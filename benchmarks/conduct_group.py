"""What happens in the groups that are replayed: one of 90 minutes with everything in it, and a short one.

The guide is the shipped `imr-practitioners` (nine questions, 90 minutes); six people and a moderator. All is made up.
"""

from collections.abc import Callable
from functools import cache
from typing import Final

from benchmarks.conduct_script import Script
from facilitator.domain.checklist import checklist
from facilitator.domain.notes import NoteKind
from facilitator.storage.guide_files import shipped_guides
from facilitator.workflows.guides import find_guide

GUIDE: Final = "imr-practitioners"
PEOPLE: Final = ("P1", "P2", "P3", "P4", "P5", "P6")
MINUTE: Final = 60_000
_TALK: Final = {"P1": 22, "P2": 17, "P3": 8, "P4": 14, "P5": 19, "P6": 12, "M": 15, "": 3}
"""How often each has the floor; "" where the facilitator does not know."""
_TEXTS: Final = {
    NoteKind.THEME: (
        "hope comes back when goals are small #hope",
        "the workbook is too long for a bad week #manual",
        "own goals first, the manual second #goals",
        "peers believe each other more than staff #peers",
        "structure gives them something to hold on to #structure",
        "relapse plan: the part that families ask about #family",
    ),
    NoteKind.QUOTE: (
        "we are beside them, not in front of them",
        "I put the book away and we just talked",
        "it is the first time that he set a date himself",
        "nobody trained me for the silence",
        "that module I have never once finished",
    ),
    NoteKind.NONVERBAL: ("nods all around", "arms crossed since the last question", "laughs, then looks at the clock"),
    NoteKind.DYNAMICS: (
        "the two from the clinic answer each other only",
        "waits for the doctor before speaking",
        "group turns to the youngest for an example",
    ),
    NoteKind.QUESTION: (
        "ask what happens between the meetings",
        "does that hold for the outpatients too?",
        "who decides which modules are left out?",
    ),
    NoteKind.THOUGHT: ("close to what Oslo said in spring", "I led them there; ask more openly next time"),
    NoteKind.TECHNICAL: ("ventilation hums, moved the microphone", "door bangs, a sentence may be lost"),
    NoteKind.FOLLOW_UP: ("what she meant by the quiet ones", "the colleague who stopped using it"),
    NoteKind.PARKED: ("pay for the group leaders", "the new computer system"),
}
_ORDER: Final = (
    *(NoteKind.THEME, NoteKind.QUOTE, NoteKind.NONVERBAL, NoteKind.THEME, NoteKind.DYNAMICS),
    *(NoteKind.QUESTION, NoteKind.QUOTE, NoteKind.THEME, NoteKind.THOUGHT, NoteKind.QUOTE, NoteKind.TECHNICAL),
)
WORDING: Final = "What is the core of IMR for you, the part without which it would no longer be IMR?"
Beat = Callable[[int], object]


def whole_group(speed: int, minutes: int = 90) -> Script:
    """The 90-minute group, stopped at `minutes`: about 800 speaker marks and 70 notes."""
    script = Script(speed, PEOPLE)
    beats = [(round(at * MINUTE), beat) for at, beat in _beats(script)]
    notes = [(at, _note(script, number)) for number, at in enumerate(_note_times(script))]
    for at_ms, beat in sorted([*beats, *notes], key=lambda entry: entry[0]):
        if at_ms < minutes * MINUTE:
            _talk(script, at_ms)
            beat(at_ms)
    _talk(script, minutes * MINUTE)
    return script


def short_group(speed: int, turns: int = 10, slow: float = 1.0) -> Script:
    """A minute or two with some of everything; `turns` marks at a time."""
    script = Script(speed, PEOPLE, slow=slow)
    script.free_ms = script.real(800)
    _tick(script, 0, "information")
    script.presence(0, "P3", "h", "here")
    script.ask(0, "round")
    _turns(script, turns)
    script.note(0, NoteKind.THEME, "small #hope")
    script.undo_mark(0)
    script.later(0, "first-meeting")
    script.undo_step(0, "first-meeting")
    script.skip(0, "first-meeting", "came up")
    _turns(script, turns)
    script.first_words(0, "well, I")
    script.ask(0, "your-groups")
    script.show(0, "your-groups")
    script.note(0, NoteKind.QUOTE, "beside #h", complete="ope")
    _turns(script, turns)
    script.go_to(0, "no longer", "core")
    script.note(0, NoteKind.PARKED, "pay")
    script.moment(0)
    script.drop_note(0, "no")
    script.settle(0, 0, "pay")
    script.pause(0, "o", script.free_ms + script.real(1000))
    script.free_ms += script.real(800)
    _turns(script, turns)
    script.edit_newest(0, "!")
    script.ask(0, "your-groups", "b")
    _turns(script, turns)
    return script


def _beats(script: Script) -> list[tuple[float, Beat]]:
    """What happens once, by minute."""
    arrive = {0.6: "P1", 0.9: "P2", 1.2: "P3", 1.5: "P4", 1.8: "P5"}
    rules = {2.1 + 0.25 * row: row for row in range(1, 7)}
    return [
        (0.3, lambda at: _tick(script, at, "information")),
        *((at, _here(script, label)) for at, label in arrive.items()),
        *((at, _rule(script, row)) for at, row in rules.items()),
        (4.0, lambda at: script.ask(at, "round")),
        (6.5, lambda at: script.presence(at, "P6", "h", "here")),
        (7.5, lambda at: script.first_words(at, "yes, I am the late one")),
        (10, lambda at: script.later(at, "first-meeting")),
        (10.2, lambda at: script.undo_step(at, "first-meeting")),
        (10.4, lambda at: script.ask(at, "first-meeting")),
        (13, lambda at: script.drop_note(at, "not worth it")),
        (16, lambda at: script.ask(at, "your-groups")),
        (16.5, lambda at: script.show(at, "your-groups")),
        (19, lambda at: script.first_words(at, "with us it is the other way round")),
        (22, lambda at: script.moment(at)),
        (23, lambda at: script.ask(at, "what-imr-is")),
        (27, lambda at: script.ask(at, "your-groups", "b")),
        (29, lambda at: script.go_to(at, "new colleague", "what-imr-is")),
        (33, lambda at: script.edit_newest(at, ", said twice")),
        (36, lambda at: script.skip(at, "core", "came up by itself")),
        (37.5, lambda at: script.undo_step(at, "core")),
        (38, lambda at: script.ask(at, "core")),
        (38.5, lambda at: script.reword(at, " In one word first.", WORDING)),
        (45, lambda at: script.pause(at, "p", at + 4 * MINUTE)),
        (49.2, lambda at: script.mark(at, "M")),
        (50, lambda at: script.later(at, "as-staff")),
        (51, lambda at: script.ask(at, "fit-and-conflict")),
        (52, lambda at: script.first_words(at, "can I say something off topic")),
        (53, lambda at: script.note(at, NoteKind.PARKED, "rooms on the ward")),
        (57, lambda at: script.note(at, NoteKind.FOLLOW_UP, "what the new manual leaves out")),
        (60, lambda at: script.pause(at, "o", at + MINUTE)),
        (61.5, lambda at: script.mark(at, "P5")),
        (64, lambda at: script.ask(at, "as-staff")),
        (70, lambda at: script.moment(at)),
        (75, lambda at: _come_back(script, at)),
        (77, lambda at: script.ask(at, "most-important")),
        (80, lambda at: script.presence(at, "P2", "l", "left")),
        (82, lambda at: script.ask(at, "summary")),
        (86, lambda at: _tick(script, at, "summary")),
        (87, lambda at: _tick(script, at, "missed")),
        (89, lambda at: _tick(script, at, "thanks")),
    ]


def _here(script: Script, label: str) -> Beat:
    return lambda at: script.presence(at, label, "h", "here")


def _rule(script: Script, number: int) -> Beat:
    return lambda at: _tick(script, at, f"rule-{number}")


def _come_back(script: Script, at_ms: int) -> None:
    """Space before the ending opens the list of what was to come back to: the oldest of it is taken up."""
    returning = ("follow-up", "parked")
    script.press(at_ms, "Space", then_ms=300)
    script.press(0, "Escape", then_ms=300)
    waiting = [item.content[3] for item in script.items if item.what == "note" and item.content[0] in returning]
    for text in waiting[:3]:
        script.settle(0, 0, text)


def _note_times(script: Script) -> list[int]:
    """Every 75 to 95 s from the first question on, but not in pauses or in the last minute."""
    times, at_ms = [], 4.5 * MINUTE
    while at_ms < 88.5 * MINUTE:
        if not any(begin * MINUTE <= at_ms < end * MINUTE for begin, end in ((44, 49.5), (59.5, 61.5), (75, 77))):
            times.append(round(at_ms))
        at_ms += script.random.randint(75_000, 95_000)
    return times


def _note(script: Script, number: int) -> Beat:
    kind = _ORDER[number % len(_ORDER)]
    text = _TEXTS[kind][number // len(_ORDER) % len(_TEXTS[kind])]
    return lambda at: script.note(at, kind, text)


def _talk(script: Script, until_ms: int) -> None:
    """Marks until then, a turn of 1 to 20 s each; nobody speaks on after a turn of their own."""
    begun = any(item.what == "asked" for item in script.items)
    paused = script.items and script.items[-1].what == "resumed"
    while begun and not paused:
        at_ms = script.free_ms + round(1000 * min(20.0, max(1.0, script.random.lognormvariate(1.4, 0.8))))
        if at_ms >= until_ms:
            return
        script.mark(at_ms, _next_speaker(script))


def _turns(script: Script, count: int) -> None:
    """So many marks, a fifth of a second of real time apart."""
    for _ in range(count):
        script.mark(script.free_ms + script.real(150), _next_speaker(script))


def _next_speaker(script: Script) -> str:
    others = [who for who in _TALK if who != script.floor]
    return script.random.choices(others, [_TALK[who] for who in others])[0]


def _tick(script: Script, at_ms: int, item: str) -> None:
    script.tick(at_ms, _checklist().index(item), item)


@cache
def _checklist() -> list[str]:
    return [one.id for one in checklist(find_guide(shipped_guides(), GUIDE))]
