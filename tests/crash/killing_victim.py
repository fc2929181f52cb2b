"""The program that is killed: conducts a session as the screens do, and says what it stored, after it was stored.

`python -m tests.crash.killing_victim STUDY`, with the researcher's secret key on the first line of standard input. Each
line that it writes is one JSON object with `said` and the monotonic time `at` in ms. A line `stop` ends it in order.
"""

import json
import select
import sys
import threading
import time
from pathlib import Path

import pyrage

from facilitator.audio.status_file import read_status
from facilitator.domain.errors import FacilitatorError
from facilitator.domain.ids import SessionId, Speaker
from facilitator.domain.notes import NoteKind
from facilitator.storage.keys import PersonalKey
from facilitator.storage.study_folder import StudyFolder, read_settings
from facilitator.workflows.conducting import Conduct
from facilitator.workflows.correcting import Correction
from facilitator.workflows.sessions import Session
from facilitator.workflows.study import Study

RATE = 16_000
PAUSE_S = 0.015
SEGMENTS = 5
PEOPLE = ("P1", "P2")
_SPEAKING = threading.Lock()


def personal_key(secret: str) -> PersonalKey:
    """The researcher's key without the passphrase, which takes a second and a half to open."""
    return PersonalKey(secret, str(pyrage.x25519.Identity.from_str(secret).to_public()))


def say(said: str, **more: object) -> None:
    with _SPEAKING:
        sys.stdout.write(json.dumps({"said": said, "at": time.monotonic() * 1000} | more) + "\n")
        sys.stdout.flush()


def origin_ms(audio: Path) -> float:
    """The monotonic time in ms at which the session clock began, by the recorder that runs in the folder `audio`."""
    status = read_status(audio)
    if status is None:
        raise RuntimeError("nothing records there")
    return status.started_monotonic_ns / 1e6 - status.start_ms


class Facilitating:
    """Takes notes, marks speakers and corrects the draft in turn, and restarts a recorder that died."""

    def __init__(self, session: Session) -> None:
        self.session, self.conduct, self.correction = session, Conduct(session), Correction(session)
        self.number = 0
        self.restarting: threading.Thread | None = None

    def start(self) -> None:
        self.conduct.start(rate=RATE)
        say("recording", origin=origin_ms(self.session.folder.audio))

    def act(self) -> None:
        """One thing that a person does; said once it is stored."""
        self.number += 1
        text = f"remark {self.number} " + "x" * (self.number * 37 % 400)
        match self.number % 3:
            case 0:
                seq = self.conduct.note(NoteKind.THEME, text)
                say("note", seq=seq, text=text)
            case 1:
                who = PEOPLE[self.number // 3 % 2]
                self.conduct.mark(Speaker(who))
                say("mark", seq=self.session.state.last_seq, text=who)
            case _:
                segment = 1 + self.number % SEGMENTS
                self.correction.set_text(segment, text)
                say("edit", seq=self.session.state.last_seq, segment=segment, text=text.strip())

    def look_after(self) -> None:
        """Hear the recorder, and start it again where it died; notes go on meanwhile."""
        if self.restarting is not None and self.restarting.is_alive():
            return
        self.conduct.poll()
        if self.conduct.interrupted:
            say("interrupted")
            self.restarting = threading.Thread(target=self._restart)
            self.restarting.start()

    def _restart(self) -> None:
        try:
            say("restarted", again=self.conduct.restart())
        except FacilitatorError as error:
            say("refused", why=error.what)


def told_to_stop() -> bool:
    return bool(select.select([sys.stdin], [], [], 0)[0])


def main() -> None:
    key = personal_key(sys.stdin.readline().strip())
    folder = StudyFolder(Path(sys.argv[1]))
    with Study(folder, read_settings(folder), key) as study, Session(study, SessionId("01")) as session:
        work = Facilitating(session)
        work.start()
        looked = 0.0
        while not told_to_stop():
            work.act()
            if time.monotonic() - looked > 0.1:
                looked = time.monotonic()
                work.look_after()
            time.sleep(PAUSE_S)
        if work.restarting is not None:
            work.restarting.join()
        recorded = work.conduct.stop()
        say("stopped", length_ms=recorded.length_ms, lost_ms=recorded.lost_ms)


if __name__ == "__main__":
    main()
