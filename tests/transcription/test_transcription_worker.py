import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from difflib import SequenceMatcher
from pathlib import Path

import numpy as np
import pytest
from transcription_support import guarded_children, sample_windows, silence

from facilitator.domain.errors import Cancelled, Damaged, UsageError, WorkerFailed
from facilitator.domain.events import WindowTranscribed
from facilitator.domain.progress import Progress, silent
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
    return sample_windows(60)


@pytest.fixture(scope="module")
def undisturbed(weights: Weights, windows: list[Window]) -> list[WindowTranscribed]:
    with Transcriber(weights, beam=1) as transcriber:
        return list(transcriber.run(iter(windows), [], silent, windows[-1].end_ms))


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


def plain_words(found: WindowTranscribed) -> list[str]:
    text = " ".join(segment.text for segment in found.segments).lower()
    return "".join(char if char.isalnum() else " " for char in text.replace("'", "")).split()


def silent_window(index: int = 0, start_ms: int = 0) -> Window:
    return Window(index, start_ms, start_ms + 5_000, silence(5))


def test_the_sample_is_heard_with_word_times_on_the_session_clock(
    windows: list[Window], undisturbed: list[WindowTranscribed]
) -> None:
    assert [(found.index, found.start_ms, found.end_ms) for found in undisturbed] == [
        (window.index, window.start_ms, window.end_ms) for window in windows
    ]
    assert len(undisturbed) == 3
    heard = " ".join(plain_words(undisturbed[0]))
    assert heard.startswith("thanks for coming everyone were recording now and your names will be replaced by numbers")
    for found in undisturbed:
        words = [word for segment in found.segments for word in segment.words]
        assert len(words) > 10
        assert all(0.0 <= word.probability <= 1.0 and word.text == word.text.strip() != "" for word in words)
        times = [at for word in words for at in (word.start_ms, word.end_ms)]
        assert times == sorted(times)
        assert found.start_ms <= times[0]
        assert times[-1] <= found.end_ms
        for segment in found.segments:
            assert segment.start_ms <= segment.words[0].start_ms <= segment.words[-1].end_ms <= segment.end_ms
            assert segment.text == " ".join(word.text for word in segment.words)
            assert 0.0 <= segment.no_speech <= 1.0


def test_a_killed_worker_is_reported_and_only_missing_windows_are_done_again(
    weights: Weights, windows: list[Window], undisturbed: list[WindowTranscribed]
) -> None:
    stored: list[WindowTranscribed] = []

    def kill_in_the_second_window(_: Progress) -> None:
        if stored and transcriber.pid is not None:
            os.kill(transcriber.pid, signal.SIGKILL)

    with Transcriber(weights, beam=1) as transcriber, pytest.raises(WorkerFailed) as caught:
        for found in transcriber.run(iter(windows), [], kill_in_the_second_window, windows[-1].end_ms):
            stored.append(found)  # noqa: PERF402 - the hook looks at it meanwhile
    assert "again" in caught.value.do
    assert [found.index for found in stored] == [0]
    with Transcriber(weights, beam=1) as transcriber:
        again = list(transcriber.run(iter(windows), {0}, silent, windows[-1].end_ms))
    assert [found.index for found in again] == [1, 2]
    assert stored + again == undisturbed


def test_a_worker_that_dies_while_it_works_is_noticed(weights: Weights) -> None:
    with Transcriber(weights) as transcriber:
        assert transcriber.transcribe(silent_window()).segments == ()
        worker = transcriber.pid
        assert worker is not None
        os.kill(worker, signal.SIGSTOP)  # it can neither read nor answer
        with pytest.raises(WorkerFailed):
            transcriber.transcribe(silent_window(1), waiting=lambda: os.kill(worker, signal.SIGKILL))
        with pytest.raises(Cancelled):  # it is closed for good: a late answer must not be taken for another window's
            transcriber.transcribe(silent_window(2))
    with pytest.raises(ProcessLookupError):
        os.kill(worker, 0)


def test_cancelling_while_a_window_takes_ends_the_worker(weights: Weights) -> None:
    def stop() -> None:
        raise Cancelled("Stopped.")

    with Transcriber(weights) as transcriber:
        transcriber.transcribe(silent_window())
        worker = transcriber.pid
        assert worker is not None
        os.kill(worker, signal.SIGSTOP)
        with pytest.raises(Cancelled):
            transcriber.transcribe(silent_window(1), waiting=stop)
        with pytest.raises(ProcessLookupError):
            os.kill(worker, 0)


def test_closing_from_another_thread_cancels(weights: Weights) -> None:
    with Transcriber(weights) as transcriber:
        transcriber.transcribe(silent_window())
        assert transcriber.pid is not None
        os.kill(transcriber.pid, signal.SIGSTOP)
        closing = threading.Timer(0.2, transcriber.close)
        closing.start()
        with pytest.raises(Cancelled):
            transcriber.transcribe(silent_window(1))
        closing.join()


def test_run_reports_what_is_stored_and_skips_what_is_done(weights: Weights) -> None:
    reports: list[Progress] = []
    windows = [silent_window(index, 5_000 * index) for index in range(4)]
    with Transcriber(weights) as transcriber:
        found = list(transcriber.run(iter(windows), {0, 2}, reports.append, 20_000))
    assert [(window.index, window.segments) for window in found] == [(1, ()), (3, ())]
    done = [report.done for report in reports]
    assert done == sorted(done)
    assert (done[0], done[-1], reports[-1].total) == (5_000, 20_000, 20_000)
    assert {report.label for report in reports} == {"Transcribing"}
    assert reports[-1].seconds_left == 0.0


def test_nothing_to_do_starts_no_worker(weights: Weights) -> None:
    with Transcriber(weights) as transcriber:
        assert list(transcriber.run(iter([silent_window()]), {0}, silent, 5_000)) == []
        assert transcriber.pid is None


def test_noise_and_silence_give_no_words(weights: Weights) -> None:
    noise = np.random.default_rng(1).normal(0, 0.003, 16_000 * 6).astype(np.float32)
    with Transcriber(weights, beam=1) as transcriber:
        for index, sound in enumerate((silence(6), noise)):
            assert transcriber.transcribe(Window(index, 0, 6_000, sound)).segments == ()


def test_no_library_leaves_anything_in_the_users_folders(
    weights: Weights, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Native code is out of reach of the audit hook: onnxruntime keeps telemetry in the user's cache by default."""
    for name in ("HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "TMPDIR"):
        monkeypatch.setenv(name, str(tmp_path))
    with Transcriber(weights, beam=1) as transcriber:
        transcriber.transcribe(silent_window())
    assert list(tmp_path.rglob("*")) == []


def test_weights_that_changed_after_they_were_found_are_not_loaded(weights: Weights, tmp_path: Path) -> None:
    copy = tmp_path / "base"
    shutil.copytree(weights.folder, copy)
    (copy / "config.json").write_text("{}", encoding="utf-8")
    changed = Weights(weights.model, copy, weights.sha256, weights.file, weights.form, weights.source, weights.files)
    with Transcriber(changed) as transcriber, pytest.raises(Damaged):
        transcriber.transcribe(silent_window())
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
    assert SequenceMatcher(None, plain_words(ours), plain_words(theirs), autojunk=False).ratio() >= 0.95
    starts = [{word.text: word.start_ms for said in found.segments for word in said.words} for found in (ours, theirs)]
    apart = sorted(abs(starts[0][text] - starts[1][text]) for text in starts[0].keys() & starts[1].keys())
    assert apart[len(apart) // 2] <= 100


def test_the_caller_never_loads_a_model_library(weights: Weights) -> None:
    script = """
import sys
import numpy as np
from facilitator.transcription.client import Transcriber
from facilitator.transcription.planning import Window
from facilitator.transcription.weights import find_weights, installed
installed()
with Transcriber(find_weights()) as transcriber:
    transcriber.transcribe(Window(0, 0, 1000, np.zeros(16000, dtype=np.float32)))
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
