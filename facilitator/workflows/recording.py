"""Headless recording."""

import contextlib
import time
from collections.abc import Sequence

from facilitator.domain import events as ev
from facilitator.domain.errors import Busy, DeviceFailed, StorageFailed, UsageError, WorkerFailed
from facilitator.domain.progress import Progress, Report, silent
from facilitator.workflows.conducting import Conduct, Level, Recorded
from facilitator.workflows.live_draft import LiveDraft
from facilitator.workflows.sessions import Session

POLL_S = 0.1
RETRY_S = (0.0, 0.5, 1.0, 2.0, 4.0)
"""How long to wait before each try at starting a recorder again that died; after the last, the command gives up."""
DRAFT_POLLS = 20
STEADY_MS = 60_000
"""A recorder that ran that long is given all tries anew."""


def record(
    session: Session,
    seconds: float,
    *,
    device: str | None = None,
    backup_device: str | None = None,
    rate: int = 48_000,
    channel: int | None = None,
    checks: Sequence[ev.Precheck] = (),
    draft: LiveDraft | None = None,
    report: Report = silent,
) -> Recorded:
    """Record for `seconds` (0.5 to 43,200), or until Ctrl-C or Cancelled from `report`; then stop and read back.

    A capture process that dies is started again, and `report` says so. `backup_device` records in parallel. `draft`
    is made meanwhile, and waited for; Ctrl-C leaves the rest of it to `transcribe`.

    Raises:
        UsageError: a length out of range.
        DeviceFailed: recording could not be kept up; what was stored is kept.
    """
    check_seconds(seconds)
    conduct = Conduct(session)
    if conduct.find_running():
        raise Busy(
            f"Session {session.id} is being recorded already.",
            safe="That recording goes on.",
            do=f"Take it over with `facilitator conduct {session.id}`, or end it with `facilitator record "
            f"{session.id} --stop`.",
        )
    conduct.start(
        device,
        rate,
        int(seconds * 1000),
        channel=channel,
        backup_device=backup_device,
        checks=checks,
    )
    watch = _Watch(conduct, session.state.takes[-1].at_ms, seconds, report, draft)
    with draft or contextlib.nullcontext():
        try:
            with contextlib.suppress(KeyboardInterrupt):  # Ctrl-C is the stop button of a recording without a screen
                watch.run()
        finally:
            recorded = conduct.stop()
        if draft is not None:
            _wait_for(draft, recorded.length_ms, report)
    return recorded


def _wait_for(draft: LiveDraft, length_ms: int, report: Report) -> None:
    draft.recording_ended()
    with contextlib.suppress(KeyboardInterrupt):
        while not draft.wait(POLL_S):
            report(Progress("Transcribing the rest", draft.standing.heard_ms, length_ms))


class _Watch:
    """Hears a recording without a screen to its end, and keeps it up."""

    def __init__(
        self, conduct: Conduct, start_ms: int, seconds: float, report: Report, draft: LiveDraft | None
    ) -> None:
        self._conduct, self._start_ms, self._seconds, self._report = conduct, start_ms, seconds, report
        self._draft, self._polls = draft, 0
        self._stored_ms = start_ms
        self._began_ms = start_ms
        self._tries = 0

    def run(self) -> None:
        """Return when the time is over. Raises DeviceFailed when it cannot be kept up."""
        while self._conduct.now_ms - self._start_ms < self._seconds * 1000:
            time.sleep(POLL_S)
            for message in self._conduct.poll():
                if isinstance(message, Level):
                    self._stored_ms = message.stored_ms
                    self._say(self._label())
            if self._conduct.interrupted:
                self._restart()
            self._polls += 1
            if self._draft is not None and self._polls % DRAFT_POLLS == 0:
                self._draft.look()

    def _restart(self) -> None:
        if self._conduct.now_ms - self._began_ms > STEADY_MS:
            self._tries = 0
        if self._tries == len(RETRY_S):
            raise DeviceFailed(
                "The recorder died and could not be started again.",
                safe="What was stored is kept.",
                do="Look at the microphone and the disk, then run the command again.",
            )
        self._say("The recorder died; starting it again")
        time.sleep(RETRY_S[self._tries])
        self._tries += 1
        try:
            self._conduct.restart()
        except (DeviceFailed, StorageFailed, WorkerFailed):
            return
        self._began_ms = self._conduct.now_ms
        self._say("Recording again")

    def _label(self) -> str:
        signs = [one.trouble.value for one in self._conduct.troubles]
        signs += [one.detail or f"backup: {one.trouble.value}" for one in self._conduct.backup_troubles]
        if self._conduct.not_saved is not None:
            signs.append("news are not saved yet")
        return " ▲ ".join(["Recording", *signs])

    def _say(self, label: str) -> None:
        done = min(self._seconds, max(0.0, (self._stored_ms - self._start_ms) / 1000))
        self._report(Progress(label, done, self._seconds, max(0.0, self._seconds - done)))


def check_seconds(seconds: float) -> None:
    """Raises UsageError for a length outside half a second to 12 hours."""
    if not 0.5 <= seconds <= 43_200:
        raise UsageError(
            "A recording lasts from half a second to 12 hours.",
            safe="Nothing was recorded.",
            do="Give --seconds a number from 0.5 to 43200.",
        )
