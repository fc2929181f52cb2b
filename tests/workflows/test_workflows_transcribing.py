import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile
from cli_runner import PASSPHRASE, files, run

from facilitator.domain import events as ev
from facilitator.domain.errors import NotFound, UsageError
from facilitator.domain.ids import session_id
from facilitator.domain.transcript import words_text
from facilitator.storage.study_folder import StudyFolder
from facilitator.workflows.correcting import Correction
from facilitator.workflows.demo import SAMPLE
from facilitator.workflows.importing import import_audio
from facilitator.workflows.measuring import read_stm, word_error_rate
from facilitator.workflows.sessions import Session
from facilitator.workflows.study import Study, open_study
from facilitator.workflows.transcribing import fill_speakers, transcribe

SECONDS = 62
"""Enough of the sample for three windows, to be killed in the middle."""
FEWER_SECONDS = 44.35
"""Enough for two, for the slow engine; a turn ends there."""


@pytest.fixture(scope="module")
def excerpt(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _excerpt(tmp_path_factory.mktemp("excerpt"), SECONDS)


def _excerpt(folder: Path, seconds: float) -> Path:
    path = folder / "excerpt.flac"
    samples, rate = soundfile.read(SAMPLE / "focus_group.ogg", stop=int(seconds * 48_000))
    soundfile.write(path, samples, rate)
    return path


def _reference(length_ms: int) -> list[str]:
    return [turn.text for turn in read_stm(SAMPLE / "focus_group.stm") if turn.end_ms <= length_ms]


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("engine", ["faster-whisper", "openai-whisper"])
def test_both_engines_transcribe_the_sample_on_the_same_weights(opened: Study, tmp_path: Path, engine: str) -> None:
    with Session(opened, session_id("01")) as session:
        whole = engine == "faster-whisper"
        length_ms = import_audio(session, SAMPLE / "focus_group.ogg" if whole else _excerpt(tmp_path, FEWER_SECONDS))
        state = transcribe(session, engine=engine)
        assert state.transcription is not None and state.transcription.engine == engine
        assert state.transcription.weights_sha256.startswith("d01c3014881c9c6f")
        assert word_error_rate(_reference(length_ms), [segment.text for segment in state.transcript]) < 0.15
        words = [word for segment in state.transcript for word in segment.words]
        assert all(0 <= word.start_ms <= word.end_ms <= state.length_ms for word in words)
        assert all(0.0 <= word.probability <= 1.0 for word in words) and len({word.probability for word in words}) > 20
        assert all(segment.speaker is None for segment in state.transcript)
        assert all(segment.text.split() == words_text(segment.words).split() for segment in state.transcript)
        seq = session.state.last_seq
        transcribe(session, engine=engine)
        assert session.state.last_seq == seq, "a finished transcription is left alone"


@pytest.mark.slow
def test_a_killed_transcription_goes_on_where_it_was(planned: Path, excerpt: Path) -> None:
    assert run("import-audio", "01", excerpt, study=planned).code == 0
    command = [sys.executable, "-m", "facilitator.cli.main", "transcribe", "01", "--study", str(planned)]
    environment = os.environ | {"FACILITATOR_PASSPHRASE": PASSPHRASE}
    process = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL, start_new_session=True)
    stored = 0
    with open_study(StudyFolder(planned), PASSPHRASE) as study:
        while stored == 0 and process.poll() is None:
            time.sleep(0.1)
            with Session(study, session_id("01"), write=False) as session:
                stored = len(session.state.windows)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        with Session(study, session_id("01")) as session:
            before = dict(session.state.windows)
            assert 0 < len(before) < 3 and not session.state.transcription_finished
            transcribe(session)
            kept = {index: session.state.windows[index] for index in before}
            assert kept == before
            assert _windows_stored(session) == sorted(session.state.windows)
            assert session.state.transcription_finished and session.state.segments


def _windows_stored(session: Session) -> list[int]:
    events = [stored.event for stored in session._log.read()]
    return [event.index for event in events if isinstance(event, ev.WindowTranscribed)]


def test_corrections_are_not_lost_by_transcribing_anew(opened: Study) -> None:
    from facilitator.domain.transcript import Segment

    with Session(opened, session_id("01")) as session:
        with pytest.raises(NotFound):
            transcribe(session)
        session.record_all(
            [
                (ev.RecordingStarted(16_000, "test"), 0),
                (ev.RecordingStopped(16_000, 1000, "0" * 64), 1000),
                (ev.TranscriptionStarted("faster-whisper", "tiny", "0" * 64, "en", 1000), 0),
                (ev.TranscriptionFinished(1), 0),
                (ev.DraftMade((Segment(1, 0, 900, None, "Hello"),)), 0),
            ]
        )
        Correction(session).set_text(1, "Hello there")
        with pytest.raises(UsageError, match="corrected"):
            transcribe(session, engine="openai-whisper")
        session.record(ev.SpeakerMarked(None), 0)
        assert fill_speakers(session) == 0


@pytest.mark.parametrize("suffix", ["wav", "flac", "ogg", "mp3"])
def test_formats_arrive_whole_and_encrypted(opened: Study, planned: Path, tmp_path: Path, suffix: str) -> None:
    rate = 16_000
    tone = (0.3 * np.sin(2 * np.pi * 440 * np.arange(rate * 3) / rate)).astype(np.float32)
    path = tmp_path / f"tone.{suffix}"
    soundfile.write(path, tone, rate, format=suffix.upper())
    with Session(opened, session_id("01")) as session:
        length = import_audio(session, path)
        assert abs(length - 3000) <= 60
        samples, rate = Correction.clip(_silent_correction(session), 500, 2500)
        peak = np.argmax(np.abs(np.fft.rfft(samples.astype(float)))) * rate / len(samples)
        assert abs(peak - 440) < 5
        with pytest.raises(UsageError):
            import_audio(session, path)
    stored = files(planned / "sessions" / "01" / "audio")
    assert stored and all(data.startswith(b"FACREC01") for data in stored.values())


def _silent_correction(session: Session) -> Correction:
    from facilitator.domain.transcript import Segment

    session.record(ev.DraftMade((Segment(1, 0, 900, None, "tone"),)))
    return Correction(session)
