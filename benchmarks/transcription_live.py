"""A recording in real time through the virtual microphone, and the draft that grows beside it.

The room plays a conversation again and again; the program records it as `facilitator record` does, with a live draft.
What counts is how long after the stop the whole draft is stored and read back, and whether the recording suffered.
"""

import os
import sys
import time
import wave
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))  # sound_room is there

from sound_room import SoundRoom

from benchmarks.transcription_sound import RATE, Samples, sound
from facilitator.domain import events as ev
from facilitator.domain.accounting import Fate, sums
from facilitator.domain.consent import Consent
from facilitator.domain.ids import SessionId, Speaker
from facilitator.domain.recording import Trouble
from facilitator.domain.roster import RosterRow
from facilitator.storage.study_folder import StudyFolder
from facilitator.workflows.conducting import Conduct
from facilitator.workflows.guides import find_guide
from facilitator.workflows.hearing import accounted
from facilitator.workflows.live_draft import LiveDraft
from facilitator.workflows.participants import add_participants, record_consent
from facilitator.workflows.sessions import Session, plan_session
from facilitator.workflows.study import init_study, open_study

MINUTES = 20.0
TURN_MS = 5_000
PASSPHRASE = "four unrelated words"  # noqa: S105 - of a study that is gone a moment later


def live(folder: Path) -> dict[str, Any]:
    """`draft_after_stop_s`: from the stop until the draft was read back; `live_overflows`: when sound was lost."""
    if why := SoundRoom.absent():
        return {"live_left_out": why}
    played = folder / "room.wav"
    _write(played, sound("podcast3.mp3"), MINUTES)
    root = init_study(folder / "live", title="Live", passphrase=PASSPHRASE)
    before = dict(os.environ)
    with SoundRoom() as room:
        os.environ.update(room.settings)
        try:
            with open_study(StudyFolder(root), PASSPHRASE) as study:
                numbers = add_participants(study, [RosterRow(f"Person {at}", (), {}) for at in range(3)]).numbers
                record_consent(study, numbers, Consent(numbers[0], "2030-01-01"))
                plan_session(study, find_guide(study.folder.guides, "pilot"), numbers)
                with Session(study, SessionId("01")) as session:
                    return _record(session, room, played, MINUTES)
        finally:
            os.environ.clear()
            os.environ.update(before)


def _record(session: Session, room: SoundRoom, played: Path, minutes: float) -> dict[str, Any]:
    conduct = Conduct(session)
    with LiveDraft(session) as draft:
        conduct.start("default", rate=RATE)
        playing = room.play(played)
        turn = 0
        while conduct.now_ms < minutes * 60_000:
            conduct.poll()
            draft.look()
            if conduct.now_ms >= turn * TURN_MS:
                session.record(ev.SpeakerMarked(Speaker(session.state.participants[turn % 3])), conduct.now_ms)
                turn += 1
            time.sleep(0.1)
        heard_ms = draft.standing.heard_ms
        recorded = conduct.stop()
        stopped = time.monotonic()
        draft.recording_ended()
        draft.wait(600.0)
        after_s = time.monotonic() - stopped
        playing.terminate()
        playing.wait()
    state = session.reread()
    busy = [one for one in state.troubles if one.trouble is Trouble.OVERFLOW]
    parts = sums(accounted(state))
    figures = {
        "live_minutes": minutes,
        "live_done": draft.standing.done,
        "live_behind_s": round((recorded.length_ms - heard_ms) / 1000, 1),
        "draft_after_stop_s": round(after_s, 1),
        "live_overflows": len(busy),
        "live_lost_ms": recorded.lost_ms,
        "live_gaps": len(state.gaps),
        "live_turns": len(state.segments),
        "live_unresolved_s": round(parts[Fate.UNRESOLVED] / 1000, 1),
    }
    print(f"\nLive: {minutes:g} min recorded in real time with a draft beside it")
    for name, value in figures.items():
        print(f"  {name:24} {value}")
    return figures


def _write(path: Path, spoken: Samples, minutes: float) -> None:
    """The same sound again and again, for so many minutes."""
    left = int(minutes * 60 * RATE)
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, RATE, 0, "NONE", "not compressed"))
        while left > 0:
            file.writeframes(spoken[:left].tobytes())
            left -= len(spoken)
