"""A group as keys to press at times of the session clock, and what the event log has to hold afterwards.

`Script` is written as the group goes on: each method presses what a facilitator would press, and puts down what that
stores. Keys are named as tmux names them.
"""

import random
from dataclasses import dataclass, replace
from typing import Final

from facilitator.domain.ids import Speaker
from facilitator.domain.notes import NoteKind
from facilitator.tui.session_keys import NOTE_KEYS, OWN_NOTES, SPEAKER_KEYS

KEY_MS, SETTLE_MS, ESCAPE_MS = 40, 150, 300
"""Real time after a key, after one that opens or closes something, and after Escape, which a terminal is not sure of
for a tenth of a second."""
TYPING_MS: Final = (160, 330)
"""Session time from one typed character to the next, where the speed allows it."""
Content = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Stroke:
    """A key to press when the session clock shows `at_ms`."""

    at_ms: int
    key: str


@dataclass(frozen=True, slots=True)
class Item:
    """Something that is stored, such as (61000, "mark", ("P2",)); see `conduct_compare.stored_items`."""

    at_ms: int
    what: str
    content: Content


class Script:
    """Strokes and items in order. Times given are the earliest; a key that is still busy delays the next.

    Args:
        speed: of the rehearsal's clock.
        people: labels by seat.
        seed: of the typing rhythm.
        slow: how many times as long a computer that is busy with other things is given for each key.
    """

    def __init__(self, speed: int, people: tuple[str, ...], seed: int = 1, slow: float = 1.0) -> None:
        self.speed, self.people, self.slow = speed, people, slow
        self.strokes: list[Stroke] = []
        self.items: list[Item] = []
        self.free_ms = 0
        self.random = random.Random(seed)  # noqa: S311 -- a rhythm, no secret
        self._marks: list[tuple[int, str]] = []
        self._asked: list[str | None] = [None]
        self._tags: list[str] = []

    @property
    def floor(self) -> str:
        """Who speaks, "" for unknown or nobody yet."""
        return self._marks[-1][1] if self._marks else ""

    def press(self, at_ms: int, *keys: str, then_ms: int = KEY_MS) -> int:
        """Press keys one after the other and return when the first is pressed; `then_ms` is real time after each."""
        first = max(at_ms, self.free_ms)
        for key in keys:
            self.strokes.append(Stroke(max(at_ms, self.free_ms), key))
            self.free_ms = self.strokes[-1].at_ms + self.real(then_ms)
        return first

    def real(self, ms: float) -> int:
        """Session time that passes in `ms` of real time."""
        return round(ms * self.slow * self.speed)

    def type(self, text: str) -> int:
        """Type and return when the first character is typed."""
        first = self.free_ms
        for character in text:
            at_ms = self.press(0, character)
            self.free_ms = max(self.free_ms, at_ms + self.random.randint(*TYPING_MS))
        return first

    def store(self, at_ms: int, what: str, *content: str) -> None:
        """This is stored."""
        self.items.append(Item(at_ms, what, content))

    # --- who speaks

    def mark(self, at_ms: int, label: str) -> None:
        """`label` speaks; "" is unknown."""
        key = {"M": "m", "A": "a", "": "0"}.get(label) or SPEAKER_KEYS[self.people.index(label)]
        at_ms = self.press(at_ms, key)
        self._marks.append((at_ms, label))
        self.store(at_ms, "mark", label)

    def undo_mark(self, at_ms: int) -> None:
        """Take the last one back; the undoing bears the time of the mark."""
        self.press(at_ms, "u")
        marked_ms, label = self._marks.pop()
        self.store(marked_ms, "mark undone", label)

    def first_words(self, at_ms: int, text: str) -> None:
        """Write how the turn begins; stamped when it is stored."""
        self.press(at_ms, "w", then_ms=SETTLE_MS)
        self.type(text)
        self.store(self.press(0, "Enter", then_ms=SETTLE_MS), "first words", self.floor, text)

    # --- notes

    def note(self, at_ms: int, kind: NoteKind, text: str, *, complete: str = "") -> None:
        """Take a note. `complete` is the rest of a tag that `text` ends in, which Tab writes out."""
        key = next(key for key, one in NOTE_KEYS.items() if one is kind)
        self.press(at_ms, key, then_ms=SETTLE_MS)
        at_ms = self.type(text)
        if complete:
            self.press(0, "Tab")
        self.press(0, "Enter", then_ms=SETTLE_MS)
        about = "" if kind in OWN_NOTES else self.floor
        self.store(at_ms, "note", kind.value, about, self._asked[-1] or "", text + complete)

    def moment(self, at_ms: int) -> None:
        """Mark a moment without words."""
        at_ms = self.press(at_ms, "!")
        self.store(at_ms, "note", NoteKind.MOMENT.value, self.floor, self._asked[-1] or "", "(here)")

    def drop_note(self, at_ms: int, text: str) -> None:
        """Begin a note and drop it: nothing is stored."""
        self.press(at_ms, "t", then_ms=SETTLE_MS)
        self.type(text)
        self.press(0, "Escape", then_ms=ESCAPE_MS)

    def edit_newest(self, at_ms: int, more: str) -> None:
        """Write more at the end of the newest note; its time stays."""
        self.press(at_ms, "Enter", "End", then_ms=SETTLE_MS)
        self.type(more)
        self.press(0, "Enter", then_ms=SETTLE_MS)
        place = max(place for place, item in enumerate(self.items) if item.what == "note")
        *rest, text = self.items[place].content
        self.items[place] = replace(self.items[place], content=(*rest, text + more))

    # --- the guide

    def ask(self, at_ms: int, question: str, key: str = "Space") -> None:
        """Space puts `question`, or `b` goes back to it."""
        self._put(self.press(at_ms, key, then_ms=SETTLE_MS), question)

    def go_to(self, at_ms: int, letters: str, question: str) -> None:
        """Find `question` by typing letters; stamped when it is chosen."""
        self.press(at_ms, "g", then_ms=SETTLE_MS)
        self.type(letters)
        self._put(self.press(self.free_ms + self.real(SETTLE_MS), "Enter", then_ms=SETTLE_MS), question)

    def skip(self, at_ms: int, question: str, reason: str) -> None:
        """Leave `question` out; stamped when that was wished, not when the reason was written."""
        at_ms = self.press(at_ms, "-", then_ms=SETTLE_MS)
        self.type(reason)
        self.press(0, "Enter", then_ms=SETTLE_MS)
        self.store(at_ms, "skipped", question, reason)

    def later(self, at_ms: int, question: str) -> None:
        """Put `question` off."""
        self.store(self.press(at_ms, "+", then_ms=SETTLE_MS), "parked", question)

    def undo_step(self, at_ms: int, question: str, *, asked: bool = False) -> None:
        """Take the last step back, which concerned `question`."""
        self.store(self.press(at_ms, "U", then_ms=SETTLE_MS), "step undone", question)
        if asked:
            self._asked.pop()

    def reword(self, at_ms: int, more: str, wording: str) -> None:
        """Write more at the end of the current question, which reads `wording`; stamped when it is stored."""
        self.press(at_ms, "W", "End", then_ms=SETTLE_MS)
        self.type(more)
        at_ms = self.press(0, "Enter", then_ms=SETTLE_MS)
        self.store(at_ms, "reworded", self._asked[-1] or "", wording + more)

    def _put(self, at_ms: int, question: str) -> None:
        self._asked.append(question)
        self.store(at_ms, "asked", question)

    # --- lists

    def in_list(self, at_ms: int, name: str, row: int, key: str) -> int:
        """Open the list of key `name`, press `key` on a row (from 0), close it; returns when it was pressed."""
        self.press(at_ms, name, then_ms=SETTLE_MS)
        self.press(0, "Home", *["Down"] * row)
        at_ms = self.press(0, key, then_ms=SETTLE_MS)
        self.press(0, "Escape", then_ms=ESCAPE_MS)
        return at_ms

    def presence(self, at_ms: int, label: str, key: str, what: str) -> None:
        """Somebody is here (h), left (l) or does not come (n)."""
        at_ms = self.in_list(at_ms, "j", self.people.index(label), key)
        self.store(at_ms, "presence", label, what)

    def tick(self, at_ms: int, row: int, item: str) -> None:
        """Tick a line of the checklist."""
        self.store(self.in_list(at_ms, "c", row, "Enter"), "ticked", item, "True")

    def settle(self, at_ms: int, row: int, text: str) -> None:
        """Something was come back to."""
        self.store(self.in_list(at_ms, "l", row, "Enter"), "settled", text, "True")

    def show(self, at_ms: int, question: str) -> None:
        """The first thing of the list of stimuli is shown."""
        self.store(self.in_list(at_ms, "z", 0, "Enter"), "stimulus", question, "0")

    def pause(self, at_ms: int, key: str, until_ms: int) -> None:
        """Record nothing from `at_ms` to `until_ms`: a break (p) or off the record (o)."""
        why = {"p": "break", "o": "off the record"}[key]
        self.store(self.press(at_ms, key, then_ms=SETTLE_MS), "paused", why)
        self.store(self.press(max(until_ms, self.free_ms), key, then_ms=SETTLE_MS), "resumed")


def label_of(speaker: Speaker | None) -> str:
    """As a script names them."""
    return speaker or ""
