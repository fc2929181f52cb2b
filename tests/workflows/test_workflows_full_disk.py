import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import small_disk
import soundfile

from facilitator.domain.ids import session_id
from facilitator.transcription import offline_packages
from facilitator.workflows.demo import SAMPLE
from facilitator.workflows.hearing import Manner
from facilitator.workflows.importing import import_audio
from facilitator.workflows.sessions import Session
from facilitator.workflows.study import Study
from facilitator.workflows.transcribing import transcribe

HERE = pytest.mark.skipif(offline_packages.parts() is None, reason="the extra `offline` is not installed")
SECONDS = 50
"""Three windows."""


@HERE
@pytest.mark.slow
def test_a_disk_that_fills_during_transcription_loses_no_window(opened: Study, planned: Path, tmp_path: Path) -> None:
    if reason := small_disk.absent():
        pytest.skip(reason)
    disk = tmp_path / "disk"
    disk.mkdir()
    samples, rate = soundfile.read(SAMPLE / "focus_group.ogg", stop=SECONDS * 48_000)
    soundfile.write(tmp_path / "excerpt.flac", samples, rate)
    with Session(opened, session_id("01")) as session:
        import_audio(session, tmp_path / "excerpt.flac")
        heard = Path(shutil.copytree(planned, tmp_path / "given"))
        undisturbed = [segment.text for segment in transcribe(session, Manner(beam=1)).transcript]
    program = Path(__file__).with_name("transcribe_on_small_disk.py")
    done = subprocess.run(
        ["unshare", "-Urm", sys.executable, str(program), str(heard), str(disk)],
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    told = json.loads(done.stdout)
    what, safe, do = told["refused"]
    assert "could not be written" in what and "unchanged" in safe and "space" in do
    assert told["kept"] and len(told["kept"]) < 3 and not told["ready_while_full"]
    assert told["same"] and told["texts"] == undisturbed
