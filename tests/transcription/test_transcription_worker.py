import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from difflib import SequenceMatcher
from pathlib import Path

import numpy as np
import pytest
from transcription_support import guarded_children, sample_windows, silence, silent_window, spoken_window

from facilitator.domain.errors import Cancelled, Damaged, UsageError, WorkerFailed
from facilitator.domain.events import WindowTranscribed
from facilitator.domain.progress import Progress, silent
from facilitator.domain.stretches import merged, total, without
from facilitator.domain.suspicion import doubts
from facilitator.transcription import offline_packages
from facilitator.transcription.client import Transcriber
from facilitator.transcription.planning import Window
from facilitator.transcription.store import Weights
from facilitator.transcription.weights import find_weights

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(offline_packages.parts() is None, reason="the extra `offline` is not installed"),
]

Guarded = tuple[WindowTranscribed, list[str]]
"""What an engine heard, and what the guard saw it do."""


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Weights]:
    cache = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FACILITATOR_CACHE", str(cache))
        yield find_weights()
    shutil.rmtree(cache)  # 145 MB


@pytest.fixture(scope="module")
def windows() -> list[Window]:
    return sample_windows(50)


@pytest.fixture(scope="module")
def undisturbed(weights: Weights, windows: list[Window]) -> list[WindowTranscribed]:
    with Transcriber(weights, beam=1) as transcriber:
        batches = list(transcriber.run(iter(windows), [], silent, windows[-1].end_ms))
    return in_order(batches)


@pytest.fixture(scope="module")
def guarded_runs(weights: Weights, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Guarded]:
    (window,) = sample_windows(12)
    runs: dict[str, Guarded] = {}
    for engine in ("faster-whisper", "openai-whisper"):
        with guarded_children(tmp_path_factory.mktemp(engine)) as log:
            with Transcriber(weights, engine=engine, beam=1) as transcriber:
                found = transcriber.transcribe(window)
            runs[engine] = found, log.read_text(encoding="utf-8").splitlines()
    return runs


def in_order(batches: list[list[WindowTranscribed]]) -> list[WindowTranscribed]:
    return sorted((found for batch in batches for found in batch), key=lambda found: found.index)


def plain_words(found: WindowTranscribed) -> list[str]:
    text = " ".join(segment.text for segment in found.segments).lower()
    return "".join(char if char.isalnum() else " " for char in text.replace("'", "")).split()


def still_window(index: int = 0) -> Window:
    """A short sound that the planner took for speech, and in which nobody speaks."""
    return spoken_window(silence(1), index, 1_000 * index)


def test_the_sample_is_heard_with_word_times_on_the_session_clock(
    windows: list[Window], undisturbed: list[WindowTranscribed]
) -> None:
    assert [(found.index, found.start_ms, found.end_ms, found.speech) for found in undisturbed] == [
        (window.index, window.start_ms, window.end_ms, window.speech) for window in windows
    ]
    assert len(undisturbed) == 3
    heard = " ".join(plain_words(undisturbed[0]))
    assert heard.startswith("thanks for coming everyone were recording now and your names will be replaced by numbers")
    for window, found in zip(windows, undisturbed, strict=True):
        words = [word for segment in found.segments for word in segment.words]
        assert len(words) > 5
        assert all(0.0 <= word.probability <= 1.0 and word.text == word.text.strip() != "" for word in words)
        times = [at for word in words for at in (word.start_ms, word.end_ms)]
        assert times == sorted(times)
        assert found.start_ms <= times[0]
        assert times[-1] <= found.end_ms
        assert not without([(word.start_ms, word.end_ms) for word in words], [(window.start_ms, window.end_ms)])
        said = [(word.start_ms, word.end_ms) for word in words]
        assert total(without(said, window.pieces)) < total(said) // 20, "words lie where somebody speaks"
        assert (found.language, found.spoken, found.loops) == ("en", "en", False)
        assert found.spoken_chance > 0.8
        assert -1.0 < found.average < 0.0
        for segment in found.segments:
            assert segment.start_ms == segment.words[0].start_ms <= segment.words[-1].end_ms == segment.end_ms
            assert segment.text == " ".join(word.text for word in segment.words)
            assert 0.0 <= segment.no_speech <= 1.0


def test_words_are_timed_as_the_sample_says(undisturbed: list[WindowTranscribed]) -> None:
    words = [word for found in undisturbed for segment in found.segments for word in segment.words]
    said = {word.text.strip(".,?").lower(): word for word in reversed(words)}
    assert abs(said["thanks"].start_ms - 500) < 300
    assert abs(said["agree"].start_ms - 20_450) < 400, "I agree with Kristin"
    assert abs(said["helen"].end_ms - 44_107) < 400


def test_a_killed_worker_is_reported_and_only_missing_windows_are_done_again(
    weights: Weights, windows: list[Window], undisturbed: list[WindowTranscribed]
) -> None:
    stored: list[list[WindowTranscribed]] = []

    def kill_after_the_first(_: Progress) -> None:
        if stored and transcriber.pid is not None:
            os.kill(transcriber.pid, signal.SIGKILL)

    with Transcriber(weights, beam=1) as transcriber, pytest.raises(WorkerFailed) as caught:
        for batch in transcriber.run(iter(windows), [], kill_after_the_first, windows[-1].end_ms):
            stored.append(batch)  # noqa: PERF402 - the hook looks at it meanwhile
    assert "again" in caught.value.do
    assert len(stored) == 1
    done = {found.index for found in stored[0]}
    with Transcriber(weights, beam=1) as transcriber:
        again = list(transcriber.run(iter(windows), done, silent, windows[-1].end_ms))
    assert done.isdisjoint(found.index for batch in again for found in batch)
    whole = in_order([*stored, *again])
    assert [plain_words(found) for found in whole] == [plain_words(found) for found in undisturbed]
    assert [found.segments for found in whole] == [found.segments for found in undisturbed]


def test_windows_come_back_as_their_own_whatever_they_were_heard_with(
    weights: Weights, windows: list[Window], undisturbed: list[WindowTranscribed]
) -> None:
    mixed = [windows[2], replace(windows[0], index=7), silent_window(8), windows[1]]
    with Transcriber(weights, beam=1, threads=1) as transcriber:
        batches = list(transcriber.run(iter(mixed), [], silent, 120_000))
    assert [8] in [[found.index for found in batch] for batch in batches]
    assert all(len({found.index for found in batch}) == len(batch) for batch in batches)
    words = {found.index: plain_words(found) for found in in_order(batches)}
    heard = [plain_words(found) for found in undisturbed]
    assert words == {1: heard[1], 2: heard[2], 7: heard[0], 8: []}


def test_a_worker_that_dies_while_it_works_is_noticed(weights: Weights) -> None:
    with Transcriber(weights, beam=1) as transcriber:
        transcriber.start()
        worker = transcriber.pid
        assert worker is not None
        os.kill(worker, signal.SIGSTOP)  # it can neither read nor answer
        with pytest.raises(WorkerFailed):
            transcriber.transcribe(still_window(1), waiting=lambda: os.kill(worker, signal.SIGKILL))
        with pytest.raises(Cancelled):  # it is closed for good: a late answer must not be taken for another window's
            transcriber.transcribe(still_window(2))
    with pytest.raises(ProcessLookupError):
        os.kill(worker, 0)


def test_cancelling_while_a_window_takes_ends_the_worker(weights: Weights) -> None:
    def stop() -> None:
        raise Cancelled("Stopped.")

    with Transcriber(weights) as transcriber:
        transcriber.start()
        worker = transcriber.pid
        assert worker is not None
        os.kill(worker, signal.SIGSTOP)
        with pytest.raises(Cancelled):
            transcriber.transcribe(still_window(1), waiting=stop)
        with pytest.raises(ProcessLookupError):
            os.kill(worker, 0)


def test_closing_from_another_thread_cancels(weights: Weights) -> None:
    with Transcriber(weights) as transcriber:
        transcriber.start()
        assert transcriber.pid is not None
        os.kill(transcriber.pid, signal.SIGSTOP)
        closing = threading.Timer(0.2, transcriber.close)
        closing.start()
        with pytest.raises(Cancelled):
            list(transcriber.run(iter([still_window(1)]), [], silent, 2_000))
        closing.join()


def test_windows_without_speech_and_those_that_are_done_cost_no_worker(weights: Weights) -> None:
    reports: list[Progress] = []
    windows = [silent_window(index, 5_000 * index) for index in range(4)]
    with Transcriber(weights) as transcriber:
        batches = list(transcriber.run(iter(windows), {0, 2}, reports.append, 20_000))
        assert transcriber.transcribe(silent_window(9)).segments == ()
        assert list(transcriber.run(iter([still_window()]), {0}, silent, 5_000)) == []
        assert transcriber.pid is None
    assert [[(found.index, found.segments) for found in batch] for batch in batches] == [[(1, ())], [(3, ())]]
    assert (reports[0].done, reports[-1].done, reports[-1].total) == (0, 20_000, 20_000)


def test_what_is_heard_in_noise_and_silence_that_were_taken_for_speech_is_doubted(weights: Weights) -> None:
    noise = np.random.default_rng(1).normal(0, 0.003, 16_000 * 6).astype(np.float32)
    windows = [spoken_window(sound, index, 6_000 * index) for index, sound in enumerate((silence(6), noise))]
    with Transcriber(weights, beam=1) as transcriber:
        found = [transcriber.transcribe(window) for window in windows]
    for one in found:
        assert len(plain_words(one)) <= 3
        about = merged((doubt.start_ms, doubt.end_ms) for doubt in doubts([one]))
        assert not without([(segment.start_ms, segment.end_ms) for segment in one.segments], about)


def test_no_library_leaves_anything_in_the_users_folders(
    weights: Weights, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Native code is out of reach of the audit hook: onnxruntime keeps telemetry in the user's cache by default."""
    for name in ("HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "TMPDIR"):
        monkeypatch.setenv(name, str(tmp_path))
    with Transcriber(weights, beam=1) as transcriber:
        transcriber.transcribe(still_window())
    assert list(tmp_path.rglob("*")) == []


def test_weights_that_changed_after_they_were_found_are_not_loaded(weights: Weights, tmp_path: Path) -> None:
    copy = tmp_path / "base"
    shutil.copytree(weights.folder, copy)
    (copy / "config.json").write_text("{}", encoding="utf-8")
    changed = Weights(weights.model, copy, weights.sha256, weights.file, weights.form, weights.source, weights.files)
    with Transcriber(changed) as transcriber, pytest.raises(Damaged):
        transcriber.transcribe(still_window())
    shutil.rmtree(copy)


def test_an_unknown_engine_is_refused_before_anything_starts(weights: Weights) -> None:
    with pytest.raises(UsageError):
        Transcriber(weights, engine="siri")
    assert Transcriber(weights).engine == "faster-whisper"


def test_an_engine_error_names_no_content(weights: Weights) -> None:
    (window,) = sample_windows(3)
    transcriber = Transcriber(weights, language="not a language", prompt="Kristin Solberg")
    with transcriber, pytest.raises(WorkerFailed) as caught:
        transcriber.transcribe(window)
    assert "ValueError" in str(caught.value)
    assert "Solberg" not in str(caught.value)
    assert "not a language" not in str(caught.value)


@pytest.fixture(scope="module", params=["faster-whisper", "openai-whisper"])
def guarded(request: pytest.FixtureRequest, guarded_runs: dict[str, Guarded]) -> Guarded:
    return guarded_runs[request.param]


def test_an_engine_needs_no_network_and_writes_no_file(guarded: Guarded) -> None:
    found, lines = guarded
    assert plain_words(found)[:4] == ["thanks", "for", "coming", "everyone"]
    assert lines[0] == "started"
    assert set(lines[1:]) <= {f"write {number}" for number in range(3, 10)}  # its answers, by number of the pipe


def test_both_engines_hear_the_same_with_the_same_weights(guarded_runs: dict[str, Guarded]) -> None:
    ours, theirs = (guarded_runs[engine][0] for engine in ("faster-whisper", "openai-whisper"))
    assert len(plain_words(theirs)) >= 30
    assert SequenceMatcher(None, plain_words(ours), plain_words(theirs), autojunk=False).ratio() >= 0.9
    starts = [{word.text: word.start_ms for said in found.segments for word in said.words} for found in (ours, theirs)]
    apart = sorted(abs(starts[0][text] - starts[1][text]) for text in starts[0].keys() & starts[1].keys())
    assert apart[len(apart) // 2] <= 100


def test_the_caller_never_loads_a_model_library(weights: Weights) -> None:
    script = """
import sys
import numpy as np
from facilitator.domain.progress import silent
from facilitator.transcription.client import SpeechDetector, Transcriber
from facilitator.transcription.planning import at_model_rate, plan
from facilitator.transcription.weights import find_weights, installed
installed()
noise = np.random.default_rng(1).integers(-9000, 9000, 44100).astype(np.int16)
with SpeechDetector() as detector, Transcriber(find_weights(), beam=1) as transcriber:
    blocks = at_model_rate(lambda start, end: noise[start * 441 // 10 : end * 441 // 10], 44100, 1000)
    found = lambda samples, fresh: np.maximum(detector.find(samples, fresh), 0.9)
    assert transcriber.pid is None
    list(transcriber.run(plan(blocks, found), [], silent, 1000))
    assert transcriber.pid is not None
heavy = {"torch", "ctranslate2", "faster_whisper", "whisper", "onnxruntime", "numba", "av", "huggingface_hub"}
sys.exit(" ".join(sorted(heavy & set(sys.modules))) or 0)
"""
    root = Path(__file__).resolve().parents[2]
    env = {**os.environ, "FACILITATOR_CACHE": str(weights.folder.parents[1])}
    ended = subprocess.run([sys.executable, "-c", script], cwd=root, env=env, capture_output=True, text=True)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")


def test_importing_the_client_loads_not_even_numpy() -> None:
    script = "import sys; from facilitator.transcription import client, weights; sys.exit('numpy' in sys.modules)"
    root = Path(__file__).resolve().parents[2]
    assert subprocess.run([sys.executable, "-c", script], cwd=root).returncode == 0
