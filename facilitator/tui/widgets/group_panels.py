"""The lists that a moderator opens for a moment: checklist, people, what is to come back, what can be shown."""

from collections.abc import Mapping
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content

from facilitator.domain.checklist import Item, Phase, checklist
from facilitator.domain.group import Presence
from facilitator.domain.ids import ResearchNumber
from facilitator.domain.text import one_line
from facilitator.domain.timebase import clock
from facilitator.tui.widgets.panel import Panel
from facilitator.tui.widgets.text import plain

BOX = {True: "[✓]", False: "[ ]"}
OWN_BOX = {True: "(✓)", False: "( )"}
PRESENCE_SIGNS = {Presence.EXPECTED: "?", Presence.HERE: "✓", Presence.ABSENT: "–", Presence.LEFT: "←"}


class ChecklistPanel(Panel):
    """What is due before and at the end; Enter or space ticks a line."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,space", "tick", "Tick", id="checklist.tick", tooltip="Done, or not done after all"),
    ]

    def heading(self) -> str:
        """How many are done."""
        items, done = self._items(), self.noting.ticked()
        return f"Checklist · {sum(one.id in done for one in items)} of {len(items)} · those in ( ) tick by themselves"

    def rows(self) -> list[tuple[str, Content]]:
        """A box for each item, and when it was ticked."""
        done, when = self.noting.ticked(), self.noting.session.state.ticked
        rows = []
        for one in self._items():
            at = f"  {clock(when[one.id])}" if one.id in when else ""
            phase = "closing · " if one.phase is Phase.CLOSING else ""
            box = (OWN_BOX if one.told else BOX)[one.id in done]
            rows.append((one.id, plain(f"{box} {phase}{one_line(one.text, 200)}{at}")))
        return rows

    def chosen(self, row: str) -> None:
        """Tick it, or take the tick back."""
        done = row in self.noting.session.state.ticked
        self.do(lambda at_ms: self.noting.tick(row, done=not done, at_ms=at_ms))

    def action_tick(self) -> None:
        """The line under the cursor."""
        if self.current:
            self.chosen(self.current)

    def _items(self) -> tuple[Item, ...]:
        return checklist(self.noting.session.state.guide)


class PeoplePanel(Panel):
    """Who is here, who came late, who left; and in which order they sit."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,space,h", "presence('HERE')", "Here", id="people.here", tooltip="Is here, or came just now"),
        Binding("l", "presence('LEFT')", "Left", id="people.left", tooltip="Left the group just now"),
        Binding("n", "presence('ABSENT')", "Absent", id="people.absent", tooltip="Did not come"),
        Binding("H", "all_here", "All here", id="people.all", tooltip="Everybody who is expected is here"),
        Binding("left_square_bracket", "move(-1)", "Seat up", key_display="[", id="people.up"),
        Binding("right_square_bracket", "move(1)", "Seat down", key_display="]", id="people.down"),
    ]
    names: Mapping[ResearchNumber, str] = {}

    def heading(self) -> str:
        """How many are here."""
        presence = self.noting.session.state.presence
        here = sum(one is Presence.HERE for one in presence.values())
        return f"People · {here} of {len(presence)} noted as here · in the order of seats, clockwise"

    def rows(self) -> list[tuple[str, Content]]:
        """Those of the session by seat, then the others of the roster, who may join."""
        state, study = self.noting.session.state, self.noting.session.study.state
        came = {coming.number: coming for coming in state.comings}
        rows: list[tuple[str, Content]] = []
        for seat, number in enumerate(state.seats, start=1):
            presence = state.presence[number]
            moved = number in came and presence is not Presence.ABSENT
            when = f"  {'since' if presence is Presence.HERE else 'at'} {clock(came[number].at_ms)}" if moved else ""
            consent = study.consents.get(number)
            missing = "" if consent and consent.recording else "   ▲ no consent to recording"
            name = one_line(self.names.get(number, ""), 20)
            words = f"{PRESENCE_SIGNS[presence]} {seat:>2}  {number:<5} {name:<12} {presence.value}{when}{missing}"
            rows.append((number, plain(words)))
        others = [number for number in study.participants if number not in state.participants]
        return rows + [(one, plain(f"+     {one:<5} {'':12} of the study, not planned for today")) for one in others]

    def chosen(self, row: str) -> None:
        """They are here."""
        self.action_presence("HERE")

    def action_presence(self, name: str) -> None:
        """Whoever is under the cursor came, left or will not come."""
        if self.current:
            number = ResearchNumber(self.current)
            self.do(lambda at_ms: self.noting.set_presence(number, Presence[name], at_ms))

    def action_all_here(self) -> None:
        """Everybody of whom nothing was noted yet."""
        waiting = [one for one, now in self.noting.session.state.presence.items() if now is Presence.EXPECTED]

        def all_here(at_ms: int) -> None:
            for number in waiting:
                self.noting.set_presence(number, Presence.HERE, at_ms)

        self.do(all_here)

    def action_move(self, direction: int) -> None:
        """One seat further."""
        seats = list(self.noting.session.state.seats)
        if self.current not in seats:
            return
        place = seats.index(ResearchNumber(self.current))
        other = place + direction
        if 0 <= other < len(seats):
            seats[place], seats[other] = seats[other], seats[place]
            self.do(lambda at_ms: self.noting.arrange(seats, at_ms))


class ReturningPanel(Panel):
    """Follow-ups and parked topics; Enter says that the group has taken one up. Space goes on, as everywhere."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "settle", "Taken up", id="returning.settle", tooltip="Taken up, or not after all"),
    ]

    def heading(self) -> str:
        """How many wait."""
        waiting = len(self.noting.session.state.returning)
        return (
            f"To come back to before the end · {waiting} open · Enter taken up · space goes on"
            if self._any
            else "Nothing was noted to come back to."
        )

    def rows(self) -> list[tuple[str, Content]]:
        """Kind, person and text; those taken up last."""
        state = self.noting.session.state
        settled = [note for note in state.notes.values() if note.settled]
        return [
            (
                str(note.id),
                plain(
                    f"{BOX[note.settled]} {clock(note.at_ms):>7}  {note.kind.value:<10} {note.speaker or '':<5}"
                    f"{one_line(note.text, 200)}"
                ),
            )
            for note in (*state.returning, *settled)
        ]

    def chosen(self, row: str) -> None:
        """Taken up, or not after all."""
        note = self.noting.session.state.notes.get(int(row))
        if note is None:
            self.draw()  # somebody else removed it
            return
        self.do(lambda at_ms: self.noting.settle(note.id, done=not note.settled, at_ms=at_ms))

    def action_settle(self) -> None:
        """The line under the cursor."""
        if self.current:
            self.chosen(self.current)

    @property
    def _any(self) -> bool:
        state = self.noting.session.state
        return bool(state.returning) or any(note.settled for note in state.notes.values())


class StimulusPanel(Panel):
    """What the guide has to show with its questions; Enter or space says that one is shown now."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,space", "shown", "Shown", id="stimuli.shown", tooltip="Is shown now"),
    ]

    def heading(self) -> str:
        """What to do."""
        return "To show with the questions · Enter: shown now" if self.rows() else "The guide has nothing to show."

    def rows(self) -> list[tuple[str, Content]]:
        """Those of the current question first."""
        plan = self.noting.plan()
        questions = sorted(plan.questions, key=lambda one: one is not plan.current)
        shown = {(question_id, index): at_ms for at_ms, question_id, index in self.noting.session.state.stimuli}
        rows = []
        for question in questions:
            for index, name in enumerate(question.stimuli):
                at_ms = shown.get((question.id, index))
                said = f"shown {clock(at_ms)}" if at_ms is not None else "not shown yet"
                rows.append((f"{index} {question.id}", plain(f"{one_line(name, 120)}  · {said}")))
        return rows

    def chosen(self, row: str) -> None:
        """Shown now."""
        index, _, question_id = row.partition(" ")
        question = next(one for one in self.noting.plan().questions if one.id == question_id)
        self.do(lambda at_ms: self.noting.show_stimulus(question, int(index), at_ms))

    def action_shown(self) -> None:
        """The line under the cursor."""
        if self.current:
            self.chosen(self.current)
