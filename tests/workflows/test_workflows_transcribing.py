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
from study_sound import record_sound

from facilitator.domain import events as ev
from facilitator.domain.accounting import Fate, is_whole, sums
from facilitator.domain.doubts import Doubt, Rule
from facilitator.domain.errors import Cancelled, NotFound, UsageError, WorkerFailed
from facilitator.domain.ids import Speaker, session_id
from facilitator.domain.progress import Progress
from facilitator.domain.session_state import SessionState
from facilitator.domain.transcript import Segment, Word, words_text
from facilitator.storage.study_folder import StudyFolder
from facilitator.transcription import offline_packages
from facilitator.workflows.correcting import Correction
from facilitator.workflows.demo import SAMPLE
from facilitator.workflows.hearing import Manner, accounted
from facilitator.workflows.importing import import_audio
from facilitator.workflows.measuring import read_stm, word_error_rate
from facilitator.workflows.sessions import Session
from facilitator.workflows.study import Study, open_study
from facilitator.workflows.transcribing import fill_speakers, finish, transcribe, with_unresolved

SECONDS = 50
"""Enough of the sample for three windows, to be killed in the middle."""
FEWER_SECONDS = 29.2
"""Enough for two, for the slow engine; a turn ends there."""
HERE = pytest.mark.skipif(offline_packages.parts() is None, reason="the extra `offline` is not installed")
QUICK = Manner(beam=1)


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


@HERE
@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("engine", ["faster-whisper", "openai-whisper"])
def test_both_engines_transcribe_the_sample_on_the_same_weights(opened: Study, tmp_path: Path, engine: str) -> None:
    with Session(opened, session_id("01")) as session:
        whole = engine == "faster-whisper"
        length_ms = import_audio(session, SAMPLE / "focus_group.ogg" if whole else _excerpt(tmp_path, FEWER_SECONDS))
        manner = Manner(engine, beam=5 if whole else 2)
        state = transcribe(session, manner)
        assert state.transcription is not None and state.transcription.engine == engine
        assert state.transcription.weights_sha256.startswith("d01c3014881c9c6f")
        assert word_error_rate(_reference(length_ms), [segment.text for segment in state.transcript]) < 0.15
        words = [word for segment in state.transcript for word in segment.words]
        assert all(0 <= word.start_ms <= word.end_ms <= state.length_ms for word in words)
        assert all(0.0 <= word.probability <= 1.0 for word in words) and len({word.probability for word in words}) > 20
        assert all(segment.speaker is None for segment in state.transcript)
        assert all(segment.text.split() == words_text(segment.words).split() for segment in state.transcript)
        lasting = sums(accounted(state))
        assert sum(lasting.values()) == state.length_ms
        assert lasting[Fate.TEXT] > 0.7 * state.length_ms
        assert lasting[Fate.UNRESOLVED] + lasting[Fate.MISSING] == 0
        assert len(state.open_doubts) <= len(state.transcript) / 4
        seq = session.state.last_seq
        transcribe(session, manner)
        assert session.state.last_seq == seq, "a finished transcription is left alone"


@HERE
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
            assert _stored(session, ev.WindowTranscribed) == 3, "no window was heard twice"
            assert _stored(session, ev.TranscriptionStarted) == 1
            assert session.state.transcription_finished and session.state.segments
            assert is_whole(accounted(session.state), session.state.length_ms)


@HERE
@pytest.mark.slow
def test_a_stopped_transcription_goes_on_in_the_same_manner_and_starts_over_in_another(
    opened: Study, excerpt: Path
) -> None:
    def stop(_: Progress) -> None:
        if session.state.windows:
            raise Cancelled("Stopped.")

    with Session(opened, session_id("01")) as session:
        import_audio(session, excerpt)
        with pytest.raises(Cancelled):
            transcribe(session, QUICK, report=stop)
        before = dict(session.state.windows)
        assert 0 < len(before) < 3
        reports: list[Progress] = []
        state = transcribe(session, QUICK, report=reports.append)
        assert {index: state.windows[index] for index in before} == before
        assert _stored(session, ev.WindowTranscribed) == 3
        told = [report for report in reports if report.label == "Transcribing"]
        assert (told[-1].done, told[-1].total) == (state.length_ms, state.length_ms)
        assert max(report.done for report in told) == state.length_ms
        Correction(session).set_text(1, "Something else")
        with pytest.raises(UsageError, match="corrected"):
            transcribe(session, Manner(beam=2))
        with pytest.raises(Cancelled):
            transcribe(session, Manner(beam=2), again=True, report=stop)
        assert session.state.segments[1].text == "Something else", "the draft stays until there is another"
        again = transcribe(session, Manner(beam=2), again=True)
        assert again.transcription is not None and again.transcription.beam == 2
        assert again.segments[1].text != "Something else"
        assert _stored(session, ev.TranscriptionStarted) == 2


def _stored(session: Session, kind: type[ev.Event]) -> int:
    return sum(isinstance(stored.event, kind) for stored in session.history())


@HERE
@pytest.mark.parametrize(
    "manner",
    [Manner(language="klingon"), Manner(engine="siri"), Manner(beam=0), Manner(beam=11), Manner(model="../base")],
)
def test_what_cannot_be_is_refused_before_anything_is_stored(opened: Study, manner: Manner) -> None:
    with Session(opened, session_id("01")) as session:
        record_sound(session)
        seq = session.state.last_seq
        with pytest.raises(UsageError):
            transcribe(session, manner)
        assert session.state.last_seq == seq


@HERE
def test_a_study_in_a_language_that_whisper_does_not_know_says_so(opened: Study) -> None:
    opened.settings = opened.settings.model_copy(update={"language": "tlh"})
    with Session(opened, session_id("01")) as session:
        record_sound(session)
        seq = session.state.last_seq
        with pytest.raises(UsageError, match="tlh"):
            transcribe(session)
        assert session.state.last_seq == seq


@HERE
def test_corrections_are_not_lost_by_transcribing_anew(opened: Study) -> None:
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
            transcribe(session, Manner("openai-whisper"))
        session.record(ev.SpeakerMarked(None), 0)
        assert fill_speakers(session) == 0


# --- from stored windows to the draft


def _said(text: str, start_ms: int) -> ev.HeardSegment:
    words = [Word(one, start_ms + 400 * at, start_ms + 400 * at + 400, 0.9) for at, one in enumerate(text.split())]
    return ev.HeardSegment(start_ms, words[-1].end_ms, text, tuple(words))


def _heard(index: int, start_ms: int, end_ms: int, *said: ev.HeardSegment) -> ev.WindowTranscribed:
    """Somebody speaks throughout."""
    return ev.WindowTranscribed(index, start_ms, end_ms, said, ((start_ms, end_ms),), (), "en", "en", 0.9, -0.2)


def _until_draft(session: Session, *windows: ev.WindowTranscribed) -> None:
    session.record_all(
        [
            (ev.RecordingStarted(16_000, "test"), 0),
            (ev.SpeakerMarked(Speaker("P1")), 400),
            (ev.SpeakerMarked(Speaker("P2")), 1_400),
            (ev.RecordingStopped(16_000, 20_000, "0" * 64), 20_000),
            (ev.TranscriptionStarted("faster-whisper", "base", "0" * 64, "en", 20_000), 0),
            *((window, window.start_ms) for window in windows),
        ]
    )


def test_speech_that_was_not_understood_is_an_empty_turn_with_a_doubt(opened: Study) -> None:
    with Session(opened, session_id("01")) as session:
        first = _heard(0, 0, 9_000, _said("We set a goal", 0), _said("and stay with it", 6_800))
        _until_draft(session, first, _heard(1, 9_000, 20_000, _said("Yes indeed", 9_000)))
        finish(session)
        turns = [(turn.id, turn.start_ms, turn.end_ms, turn.speaker, turn.text) for turn in session.state.transcript]
        assert turns == [
            (1, 0, 1_600, "P1", "We set a goal"),
            (2, 2_000, 6_400, None, ""),
            (3, 6_800, 8_400, "P2", "and stay with it"),
            (4, 9_000, 9_800, "P2", "Yes indeed"),
            (5, 10_200, 20_000, None, ""),
        ]
        raised = [(doubt.rule, doubt.start_ms, doubt.end_ms) for doubt in session.state.open_doubts]
        assert sorted(raised, key=lambda doubt: doubt[1]) == [
            (Rule.OVERLAP, 0, 1_400),
            (Rule.UNRESOLVED, 2_000, 6_400),
            (Rule.UNRESOLVED, 10_200, 20_000),
        ]
        assert session.state.transcription_finished
        assert sums(accounted(session.state))[Fate.UNRESOLVED] == 14_200
        Correction(session).set_checked(2)
        assert (Rule.UNRESOLVED, 2_000, 6_400) not in [
            (doubt.rule, doubt.start_ms, doubt.end_ms) for doubt in session.state.open_doubts
        ]


def test_doubts_stand_in_order_of_time_whatever_raised_them(opened: Study) -> None:
    with Session(opened, session_id("01")) as session:
        _until_draft(session, _heard(0, 0, 20_000, _said("We set a goal", 0)))
        finish(session)
        raised = [doubt.start_ms for doubt in session.state.open_doubts]
        assert raised == sorted(raised) and len(raised) == 2


@pytest.mark.parametrize(
    "windows",
    [
        (),
        (_heard(0, 0, 9_000),),
        (_heard(1, 9_000, 20_000),),
        (_heard(0, 0, 9_000), _heard(2, 9_000, 20_000)),
        (_heard(0, 0, 9_000), _heard(1, 9_500, 20_000)),
        (_heard(0, 0, 9_000), _heard(1, 9_000, 20_500)),
    ],
)
def test_no_draft_is_made_of_windows_that_are_not_the_whole_recording(
    opened: Study, windows: tuple[ev.WindowTranscribed, ...]
) -> None:
    with Session(opened, session_id("01")) as session:
        _until_draft(session, *windows)
        with pytest.raises(WorkerFailed, match="not the whole recording"):
            finish(session)
        assert not session.state.transcription_finished
        assert session.state.segments == {}


def test_the_draft_is_read_back_from_what_is_stored(opened: Study) -> None:
    class Forgetful(Session):
        """As if the drive had lost what was written last."""

        def reread(self) -> SessionState:
            state = super().reread()
            state.segments.clear()
            return state

    with Forgetful(opened, session_id("01")) as session:
        _until_draft(session, _heard(0, 0, 20_000, _said("We set a goal", 0)))
        with pytest.raises(WorkerFailed):
            finish(session)


def test_turns_are_numbered_in_order_of_time_with_those_that_are_empty() -> None:
    draft = [Segment(1, 0, 900, None, "One"), Segment(2, 5_000, 6_000, None, "Two")]
    raised = [Doubt(Rule.UNRESOLVED, 2_000, 4_000), Doubt(Rule.UNSURE, 0, 900), Doubt(Rule.UNRESOLVED, 7_000, 9_000)]
    made = with_unresolved(draft, raised)
    assert [(turn.id, turn.start_ms, turn.text) for turn in made] == [
        (1, 0, "One"),
        (2, 2_000, ""),
        (3, 5_000, "Two"),
        (4, 7_000, ""),
    ]
    assert with_unresolved([], []) == ()


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
    session.record(ev.DraftMade((Segment(1, 0, 900, None, "tone"),)))
    return Correction(session)
