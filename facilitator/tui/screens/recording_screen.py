"""The part of the conduct screen that records: starting, pausing, striking, stopping, and saying how it goes."""

import contextlib
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, NamedTuple

from textual import on

from facilitator.domain.errors import FacilitatorError
from facilitator.domain.guide import QuestionType
from facilitator.domain.ids import SessionId
from facilitator.domain.recording import Pause
from facilitator.domain.text import one_line
from facilitator.domain.time_plan import Standing
from facilitator.domain.timebase import clock
from facilitator.tui.recording_watch import RecordingWatch, pause_of
from facilitator.tui.recording_words import PAUSED, cells, recording_lines
from facilitator.tui.screens.group_screen import GroupScreen
from facilitator.tui.screens.session_screen import SAVED
from facilitator.tui.widgets.input_picker import InputPicker
from facilitator.tui.widgets.strike_line import StrikeLine
from facilitator.tui.widgets.watch_line import WatchLine

if TYPE_CHECKING:  # opens databases and audio; not needed for the first paint
    from facilitator.tui.screens.precheck import Choice
    from facilitator.workflows.conducting import Conduct, Recorded, StrikePreview, Struck

LOOK_TICKS: Final = 50
RETRY_S: Final = 10.0
"""Between two attempts at starting a dead recorder again."""
TITLE_WIDTH: Final = 20
"""So much of the session's title stays beside the state of the recording; smaller things make room for it."""
AGAIN: Final = "starting again"


class _Job(NamedTuple):
    """A change of the recording, and what the first line says meanwhile."""

    busy_with: str
    work: Callable[[], object]
    done: Callable[..., object]


class RecordingScreen(GroupScreen):
    """Holds `conduct` while it is open. Subclasses call `tick` ten times a second."""

    conduct: "Conduct"
    recorder_watch: RecordingWatch

    def __init__(self, session_id: SessionId) -> None:
        super().__init__(session_id)
        self._busy_with = ""
        self._drawn: tuple[object, ...] = ()
        self._offered: tuple[object, ...] = ()
        self._ticks = 0
        self._retry_at = self._mend_at = 0.0
        self._choice: Choice | None = None
        self._later: list[_Job] = []

    def start_watch(self) -> None:
        """Take over a recording that runs, and watch it."""
        from facilitator.workflows.conducting import Conduct

        self.noting = self.conduct = Conduct(self.session)
        running = self.conduct.find_running()
        self.recorder_watch = RecordingWatch(self.conduct, self.voice)
        if running:
            self.recorder_watch.begin()

    def may_record_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Whether an action of the recording can do something now; None for any other action."""
        recording, paused, under_way = self.conduct.recording, self.conduct.paused, self.conduct.under_way
        match action:
            case "record":
                return not recording and not self.conduct.interrupted
            case "check":
                earnest = self.conduct.rehearsal_speed is None
                return earnest and not recording and not self.conduct.interrupted and bool(self.session.state.takes)
            case "other_input":
                return (recording or self.conduct.interrupted) and paused is None and self.recorder_watch.input_troubled
            case "pause":
                return under_way and paused is None
            case "resume":
                return under_way and paused is not None and parameters[0] in ("", paused.name)
            case "stop":
                return under_way
            case "strike":
                state = self.session.state
                return bool(state.takes) and not state.imported and not state.worked_on
        return None

    # --- starting

    def action_record(self) -> None:
        """Go on after a stop with the same input; before the first recording, check everything."""
        if self.conduct.rehearsal_speed:  # there is no microphone to look at
            self._begin_job("… starting the recording", self.conduct.start, self._recording_began)
        elif not self.session.state.takes:
            self.action_check()
        elif self._choice is not None:
            self.record_with(self._choice)
        else:
            self._begin_job("… starting the recording", self.conduct.start_again, self._recording_began)

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
        self.say_saved()
        if not self.typing:
            self.entry.rest()

    # --- another input, and a recorder that died

    def action_other_input(self) -> None:
        """Choose another microphone; the group and the notes go on meanwhile."""
        self.close_panels()
        self.query_one(InputPicker).open()
        self.make_room(True)
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
        self.run_apart(lambda: self.conduct.check_input(device), lambda _: self._switch_to(device))

    def _switch_to(self, device: str) -> None:
        busy_with = f"… changing to {one_line(device, 30)}"
        self._begin_job(busy_with, lambda: self.conduct.switch_device(device), self._switched)

    def close_inputs(self) -> None:
        """Hide the list of inputs."""
        self.query_one(InputPicker).close()
        self.make_room(False)
        self.refresh_bindings()

    def _switched(self, _: object) -> None:
        self.recorder_watch.begin()
        self.say_below(f"Recording with {one_line(self.conduct.device, 50)} now.")

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
        """Record nothing from now on: a break, or off the record. The recorder is told at once, whatever goes on."""
        why, at_ns = Pause[name], self.facilitator.pressed_ns
        if self.working:
            self.conduct.order_pause(why, at_ns)
        self._begin_job(f"… {PAUSED[why][0].lower()}", lambda: self._pause(why, at_ns), self._done_quietly)

    def _pause(self, why: Pause, at_ns: int) -> None:
        if self.conduct.under_way:  # what went on meanwhile may have been a stop
            self.conduct.pause(why, at_ns)

    def action_resume(self, name: str) -> None:
        """Record again. `name` is the pause that ends; "" for any."""
        if pause_of(name) in (None, self.conduct.paused):
            self._begin_job("… recording again", self.conduct.resume, self._done_quietly)

    def _done_quietly(self, _: object) -> None:
        self.say_saved()

    # --- striking

    def action_strike(self) -> None:
        """Ask how much of the last minutes is to be destroyed."""
        self.entry.give_way(True)
        self.query_one(StrikeLine).ask_minutes()
        self.refresh_bindings()

    @on(StrikeLine.Minutes)
    def _minutes_typed(self, message: StrikeLine.Minutes) -> None:
        minutes = message.minutes
        self.run_apart(lambda: self.conduct.strike_preview(minutes), lambda found: self._show_meaning(minutes, found))

    def _show_meaning(self, minutes: int, found: "StrikePreview") -> None:
        meaning = f"Strike the last {minutes} min, from {clock(found.from_ms)}? {found} are destroyed for good."
        self.query_one(StrikeLine).ask_word(found.from_ms, meaning)

    @on(StrikeLine.Confirmed)
    def _strike_confirmed(self, message: StrikeLine.Confirmed) -> None:
        self.close_strike()
        self._begin_job("… destroying", lambda: self.conduct.strike(message.from_ms), self._struck)

    def close_strike(self) -> None:
        """Hide the question about striking."""
        self.query_one(StrikeLine).close()
        self.entry.give_way(False)
        self.refresh_bindings()

    def _struck(self, struck: "Struck") -> None:
        self.say_saved()
        self.say_below(str(struck))
        self.notes_changed()

    # --- stopping

    def action_stop(self) -> None:
        """Ask once more, below; the recording goes on meanwhile."""
        left = self._left_open()
        asked = f"Stop the recording? Still open: {', '.join(left)}." if left else "Stop the recording?"
        self.ask_below(f"{asked}   y stops   Esc goes on", self._stop)

    def _left_open(self) -> list[str]:
        """What a moderator would not want to forget before the group goes home."""
        state, plan, done = self.session.state, self.conduct.plan(), self.conduct.ticked()
        must = sum(
            plan.standing(one) in (Standing.OPEN, Standing.PARKED) and (one.type is QuestionType.KEY or one.must_ask)
            for one in plan.questions
        )
        back = len(state.returning)
        left = [f"{must} key or must-ask {'question' if must == 1 else 'questions'}"] if must else []
        left += [f"{back} to come back to (l)"] if back else []
        return left + ([] if "summary" in done else ["the summary (c)"])

    def _stop(self) -> None:
        self._begin_job("■ stopping, then reading back what was stored", self.conduct.stop, self._stopped)

    def _stopped(self, recorded: "Recorded") -> None:
        silent = f"{recorded.silent_ms / 1000:.1f} s had no sound, dated" if recorded.silent_ms else "nothing lost"
        lost = f"{recorded.lost_ms} ms lost" if recorded.lost_ms else silent
        self.say_saved()
        self.recorder_watch.ended = ""
        many = "1 record" if recorded.records == 1 else f"{recorded.records} records"
        stored = f"Stored {clock(recorded.length_ms)} in {many}, read back: {lost}."
        if self.typing:
            self.tell(stored)
        else:
            self.ask_below(f"{stored}   y writes the debrief now", self.action_debrief)

    def action_debrief(self) -> None:
        """What must not fade: themes, surprises, atmosphere, changes to the guide; and how the guide was covered."""
        from facilitator.tui.screens.debrief import DebriefScreen

        self.app.push_screen(DebriefScreen(self.conduct))

    def _begin_job(self, busy_with: str, job: "Callable[[], object]", done: "Callable[..., None]") -> None:
        """Change the recording: now, or right after what is being done just now."""
        if not self.working:
            self._do(_Job(busy_with, job, done))
        elif busy_with not in (self._busy_with, *(one.busy_with for one in self._later)):
            self._later.append(_Job(busy_with, job, done))
            self.tell("In a moment.")
        self.tick()

    def _do(self, job: "_Job") -> None:
        def settle(result: object) -> None:
            self._busy_with = ""
            job.done(result)
            self.refresh_bindings()

        self._busy_with = job.busy_with
        self.run_apart(job.work, settle)

    def fail(self, error: FacilitatorError) -> None:
        """Show an error; the buttons of the recording follow what is so now."""
        restarting = self.is_open and self.conduct.interrupted and self._busy_with == AGAIN
        self._busy_with = self._said = ""
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
        if self._later and not self.working:
            self._do(self._later.pop(0))
        self._hear()
        if self._ticks % LOOK_TICKS == 0:
            self.recorder_watch.look_around()
        self._ticks += 1
        self.draw_status()
        offered = (
            self.conduct.recording,
            self.conduct.interrupted,
            self.conduct.under_way,
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
        elif not self.working and time.monotonic() >= self._mend_at:
            self._mend()

    def _mend(self) -> None:
        """Try again, quietly, what went wrong beside the recording: a strike that waits, a backup that died."""
        self._mend_at = time.monotonic() + RETRY_S
        if self.conduct.strike_pending and self.conduct.under_way:
            self._do(_Job("… destroying", self._strike_quietly, self._struck_after_all))
        elif self.conduct.recording and self.conduct.backup_died and self.conduct.paused is None:
            self.run_apart(self.conduct.restart_backup, lambda _: None)

    def _strike_quietly(self) -> "Struck | None":
        with contextlib.suppress(FacilitatorError):  # the screen says that it waits
            return self.conduct.finish_strike()
        return None

    def _struck_after_all(self, struck: "Struck | None") -> None:
        if struck is not None:
            self._struck(struck)

    def say_saved(self) -> None:
        """Only what is stored was saved: news of the recording may still wait for a disk."""
        self._say("" if self.conduct.not_saved else SAVED)

    def draw_status(self) -> None:
        """The state of the recording, the worst first, beside the session and what was stored."""
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
