"""Transcribes on a real file system that runs full after the first window: a tmpfs in a mount namespace of its own.

`unshare -Urm python transcribe_on_small_disk.py STUDY DISK` prints what became of it as JSON.
"""

import errno
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

from cli_runner import PASSPHRASE

from facilitator.domain.errors import StorageFailed
from facilitator.domain.ids import session_id
from facilitator.domain.progress import Progress
from facilitator.storage.study_folder import StudyFolder
from facilitator.workflows.hearing import Manner
from facilitator.workflows.sessions import Session
from facilitator.workflows.study import open_study
from facilitator.workflows.transcribing import transcribe

SIZE: Final = 64 << 20
PAGE: Final = 4096


def main() -> None:
    """Session 01 of the study, copied to the small disk."""
    given, disk = map(Path, sys.argv[1:])
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(disk)], check=True)
    root, filler = Path(shutil.copytree(given, disk / "study")), disk / "filler"

    def fill(_: Progress) -> None:
        if session.state.windows and not filler.exists():
            _fill(filler)

    refused: StorageFailed | None = None
    with open_study(StudyFolder(root), PASSPHRASE) as study:
        try:
            with Session(study, session_id("01")) as session:
                transcribe(session, Manner(beam=1), report=fill)
        except StorageFailed as error:
            refused = error
        with Session(study, session_id("01"), write=False) as session:
            kept = sorted(session.state.windows)
            ready_while_full = session.state.transcription_finished
        filler.unlink()
        with Session(study, session_id("01")) as session:
            first = {index: session.state.windows[index] for index in kept}
            state = transcribe(session, Manner(beam=1))
            session.verify_log()
            told = {
                "refused": refused and [refused.what, refused.safe, refused.do],
                "kept": kept,
                "ready_while_full": ready_while_full,
                "same": all(state.windows[index] == window for index, window in first.items()),
                "texts": [segment.text for segment in state.transcript],
            }
    print(json.dumps(told))


def _fill(path: Path) -> None:
    with path.open("wb", buffering=0) as out:
        try:
            while out.write(bytes(PAGE)):
                pass
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise


if __name__ == "__main__":
    main()
