"""The part of the conduct screen that records: starting, pausing, striking, stopping, and saying how it goes."""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from textual import on

from facilitator.domain.errors import FacilitatorError
from facilitator.domain.ids import SessionId
from facilitator.domain.recording import Pause
from facilitator.domain.text import one_line
from facilitator.domain.timebase import clock
from facilitator.tui.recording_watch import RecordingWatch, pause_of
from facilitator.tui.recording_words import PAUSED, cells, recording_lines
from facilitator.tui.screens.session_screen import SAVED, SessionScreen
from facilitator.tui.widgets.entry_line import EntryLine
from facilitator.tui.widgets.input_picker import InputPicker
from facilitator.tui.widgets.strike_line import StrikeLine
from facilitator.tui.widgets.watch_line import WatchLine

if TYPE_CHECKING:  # opens databases and audio; not needed for the first paint
    from facilitator.tui.screens.precheck import Choice
    from facilitator.workflows.conducting import Conduct, Recorded, Struck

LOOK_TICKS: Final = 50
RETRY_S: Final = 10.0
"""Between two attempts at starting a dead recorder again."""
TITLE_WIDTH: Final = 20
"""So much of the session's title stays beside the state of the recording; smaller things make room for it."""
AGAIN: Final = "starting again"
NO_DEVICE_NAMES: Final = frozenset({"", "found on disk", "imported file"})


class RecordingScreen(SessionScreen):
    """Holds `conduct` while it is open. Subclasses call `tick` ten times a second."""

    conduct: "Conduct"
    recorder_watch: RecordingWatch

    def __init__(self, session_id: SessionId) -> None:
        super().__init__(session_id)
        self._answer: Callable[[], None] | None = None
        self._busy_with = ""
        self._said = ""
        self._drawn: tuple[object, ...] = ()
        self._offered: tuple[object, ...] = ()
        self._ticks = 0
        self._retry_at = 0.0
        self._choice: Choice | None = None
        self._wished: tuple[Pause, int] | None = None

    def start_watch(self) -> None:
        """Take over a recording that runs, and watch it."""
        from facilitator.workflows.conducting import Conduct

        self.conduct = Conduct(self.session)
        running = self.conduct.find_running()
        self.recorder_watch = RecordingWatch(self.conduct)
        if running:
            self.recorder_watch.begin()

    @property
    def entry(self) -> EntryLine:
        """The line at the bottom."""
        return self.query_one(EntryLine)

    def may_record_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Whether an action of the recording can do something now; None for any other action."""
        recording, paused = self.conduct.recording, self.conduct.paused
        match action:
            case "record":
                return not recording and not self.conduct.interrupted
            case "check":
                return not recording and not self.conduct.interrupted and bool(self.session.state.takes)
            case "other_input":
                return (recording or self.conduct.interrupted) and paused is None and self.recorder_watch.input_troubled
            case "pause":
                return recording and paused is None
            case "resume":
                running = recording or self.conduct.interrupted
                return running and paused is not None and parameters[0] in ("", paused.name)
            case "stop":
                return recording or self.conduct.interrupted
            case "strike":
                state = self.session.state
                return bool(state.takes) and not state.imported and state.transcription is None
        return None

    # --- starting

    def action_record(self) -> None:
        """Go on after a stop with the same input; before the first recording, check everything."""
        takes = self.session.state.takes
        if not takes:
            self.action_check()
            return
        choice, device = self._choice, takes[-1].device
        if choice is None:
            named = None if device in NO_DEVICE_NAMES else device
            self._begin_job("… starting the recording", lambda: self.conduct.start(device=named), self._recording_began)
        else:
            self.record_with(choice)

    def action_check(self) -> None:
        """The checklist, from which a recording is started."""
        from facilitator.tui.screens.precheck import PrecheckScreen

        self.app.push_screen(PrecheckScreen(self.session, self._choice, self.record_with))

    def record_with(self, choice: "Choice") -> None:
        """Record with what was chosen."""
        self._choice = choice

        def start() -> None:
            self.conduct.start(
                device=choice.device,
                rate=choice.rate,
                channel=choice.channel,
                backup_device=choice.backup_device,
                checks=choice.checks,
            )

        self._begin_job("… starting the recording", start, self._recording_began)

    def _recording_began(self, _: object) -> None:
        self.recorder_watch.begin()
        self._say(SAVED)
        self.entry.rest()

    # --- another input, and a recorder that died

    def action_other_input(self) -> None:
        """Choose another microphone; the group and the notes go on meanwhile."""
        self.query_one(InputPicker).open()
        self.add_class("-picking")
        self.action_list_inputs()

    def action_list_inputs(self) -> None:
        """Look for inputs afresh."""
        from facilitator.workflows.prechecking import inputs

        picker = self.query_one(InputPicker)
        self.run_apart(inputs, lambda found: picker.fill([one.name for one in found], self.conduct.device))

    @on(InputPicker.Chosen)
    def _input_chosen(self, message: InputPicker.Chosen) -> None:
        device = message.device
        self.close_inputs()
        self._begin_job(
            f"… changing to {one_line(device, 30)}", lambda: self.conduct.switch_device(device), self._switched
        )

    def close_inputs(self) -> None:
        """Hide the list of inputs."""
        self.query_one(InputPicker).close()
        self.remove_class("-picking")
        self.refresh_bindings()

    def _switched(self, _: object) -> None:
        self.recorder_watch.begin()
        self.entry.done(f"Recording with {one_line(self.conduct.device, 50)} now.")

    def _start_again(self) -> None:
        """The capture process died, which nobody asked for: start it again without being told."""
        self._retry_at = time.monotonic() + RETRY_S
        self._busy_with = AGAIN
        self.run_apart(self.conduct.restart, self._started_again)

    def _started_again(self, _: object) -> None:
        self._busy_with = ""
        self.recorder_watch.begin()
        self.refresh_bindings()

    # --- pausing

    def action_pause(self, name: str) -> None:
        """Record nothing from now on: a break, or off the record. While something else goes on, right after that."""
        if self.working:
            self._wished = (Pause[name], time.monotonic_ns())
            self.tell(f"{PAUSED[Pause[name]][0].capitalize()} in a moment.")
        else:
            self._pause(Pause[name], time.monotonic_ns())

    def _pause(self, why: Pause, at_ns: int) -> None:
        self._begin_job(f"… {PAUSED[why][0].lower()}", lambda: self.conduct.pause(why, at_ns), self._done_quietly)

    def _fulfil_wish(self) -> None:
        """Pause as of when the key was pressed, now that nothing stands in the way."""
        if self._wished is not None and not self.working:
            (why, at_ns), self._wished = self._wished, None
            if self.conduct.recording and self.conduct.paused is None:
                self._pause(why, at_ns)

    def action_resume(self, name: str) -> None:
        """Record again. `name` is the pause that ends; "" for any."""
        if pause_of(name) in (None, self.conduct.paused):
            self._begin_job("… recording again", self.conduct.resume, self._done_quietly)

    def _done_quietly(self, _: object) -> None:
        self._say(SAVED)

    # --- striking

    def action_strike(self) -> None:
        """Ask how much of the last minutes is to be destroyed."""
        self.entry.display = False
        self.query_one(StrikeLine).ask_minutes()
        self.refresh_bindings()

    @on(StrikeLine.Minutes)
    def _minutes_typed(self, message: StrikeLine.Minutes) -> None:
        minutes = message.minutes
        self.run_apart(lambda: self.conduct.strike_preview(minutes), lambda found: self._show_meaning(minutes, *found))

    def _show_meaning(self, minutes: int, from_ms: int, sound_ms: int, notes: int) -> None:
        noted = {0: "no note", 1: "1 note"}.get(notes, f"{notes} notes")
        meaning = (
            f"Strike the last {minutes} min, from {clock(from_ms)}? {clock(sound_ms)} of sound and {noted} "
            "are destroyed for good."
        )
        self.query_one(StrikeLine).ask_word(minutes, meaning)

    @on(StrikeLine.Confirmed)
    def _strike_confirmed(self, message: StrikeLine.Confirmed) -> None:
        self.close_strike()
        self._begin_job("… destroying", lambda: self.conduct.strike(message.minutes), self._struck)

    def close_strike(self) -> None:
        """Hide the question about striking."""
        self.query_one(StrikeLine).close()
        self.entry.display = True
        self.refresh_bindings()

    def _struck(self, struck: "Struck") -> None:
        self._say(SAVED)
        self.entry.done(str(struck))
        self.notes_changed()

    def notes_changed(self) -> None:
        """Notes were destroyed with the sound they stood beside."""

    # --- stopping

    def action_stop(self) -> None:
        """Ask once more, below; the recording goes on meanwhile."""
        self.ask_below("Stop the recording?   y stops   Esc goes on", self._stop)

    def _stop(self) -> None:
        self._begin_job("■ stopping, then reading back what was stored", self.conduct.stop, self._stopped)

    def _stopped(self, recorded: "Recorded") -> None:
        lost = f"{recorded.lost_ms} ms lost" if recorded.lost_ms else "nothing lost"
        self._say(SAVED)
        self.recorder_watch.ended = ""
        many = "1 record" if recorded.records == 1 else f"{recorded.records} records"
        self.entry.done(f"Stored {clock(recorded.length_ms)} in {many}, read back: {lost}.")

    def ask_below(self, question: str, answer: Callable[[], None]) -> None:
        """Put a question in the bottom line; y is yes."""
        self._answer = answer
        self.entry.ask(question)
        self.refresh_bindings()

    def _begin_job(self, busy_with: str, job: "Callable[[], object]", done: "Callable[..., None]") -> None:
        def settle(result: object) -> None:
            self._busy_with = ""
            done(result)
            self.refresh_bindings()

        if not self.working:
            self._busy_with = busy_with
        self.run_apart(job, settle)
        self.tick()

    def fail(self, error: FacilitatorError) -> None:
        """Show an error; the buttons of the recording follow what is so now."""
        restarting = self.is_open and self.conduct.interrupted and self._busy_with == AGAIN
        self._busy_with = ""
        if restarting:
            self.recorder_watch.ended = error.what.rstrip(".")
            self._retry_at = time.monotonic() + RETRY_S
        else:
            super().fail(error)
        self.refresh_bindings()

    # --- the watch

    def tick(self) -> None:
        """Hear the recorder and draw what it says; quick."""
        if not self.is_open:
            return
        self._fulfil_wish()
        self._hear()
        if self._ticks % LOOK_TICKS == 0:
            self.recorder_watch.look_around()
        self._ticks += 1
        self._draw_status()
        offered = (
            self.conduct.recording,
            self.conduct.interrupted,
            self.conduct.paused,
            self.recorder_watch.input_troubled,
        )
        if offered != self._offered:
            self._offered = offered
            self.refresh_bindings()

    def _hear(self) -> None:
        """Take in what the recorder says, and notice its death. A job that changes it hears it by itself."""
        if self.working and self._busy_with:
            return
        if (error := self.recorder_watch.listen()) is not None:
            self.fail(error)
        dead = self.conduct.interrupted and self.conduct.paused is None
        if dead and not self.working and time.monotonic() >= self._retry_at:
            self._start_again()

    def _say(self, text: str) -> None:
        self._said = text
        self._draw_status()

    def _draw_status(self) -> None:
        if not self.is_open:
            return
        width = self.app.size.width
        least = cells(self._beside(TITLE_WIDTH + cells(self._said)))
        lines = recording_lines(
            self.recorder_watch.view(self._busy_with if self.working else ""), width - least - 6, width - 2
        )
        right = self._beside_alarm(lines.first) if lines.alarm else self._beside(width - cells(lines.first) - 8)
        drawn = (lines, right)
        if drawn != self._drawn:
            self._drawn = drawn
            self.bar.show(lines.first, right, alarm=lines.alarm)
            self.bar.set_class(lines.paused, "-paused")
            self.query_one(WatchLine).show(lines.second)

    def _beside(self, room: int) -> str:
        """The session and what was stored; a narrow line cuts the title, never the state of the recording."""
        name = one_line(self.session_name, max(len(self.session_id) + 2, room - cells(self._said)))
        return " · ".join(part for part in (name, self._said) if part)

    def _beside_alarm(self, first: str) -> str:
        """What was stored, where an alarm leaves room for it."""
        return self._said if cells(first) + cells(self._said) + 6 <= self.app.size.width else ""
