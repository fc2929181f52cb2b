import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np

from .canary_search import Canary, sound_markers
from .canary_study import holds

RATE = 16_000
NOISE = np.random.default_rng(3).integers(-9000, 9000, 2 * RATE).astype("<i2")


def test_the_search_finds_every_spelling_and_every_form_of_sound(tmp_path: Path) -> None:
    floats = (NOISE / 32768).astype("<f4")
    canary = Canary(["Ragnhild Bjørnstadmoen"], sound_markers(NOISE, RATE) | sound_markers(floats, 48_000))
    assert len(canary.words) >= 14 and len(canary.sounds) >= 10
    assert canary.missed_by_search(tmp_path) == []


def test_a_piece_of_sound_is_seen_in_the_memory_of_a_process(tmp_path: Path) -> None:
    data = NOISE[:32].tobytes()
    (tmp_path / "sound").write_bytes(data)
    program = "import pathlib, sys; held = pathlib.Path(sys.argv[1]).read_bytes(); print(flush=True); input()"
    command = [sys.executable, "-c", program, str(tmp_path / "sound")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        assert holds(process.pid, [bytes(range(64)), data])
        assert not holds(process.pid, [data[::-1]])


def test_the_search_looks_into_archives_and_at_names_and_says_where(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "document.docx", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", "<t>ragnhild</t>" * 50)
    (tmp_path / "Ragnhild.txt").touch()
    found = Canary(["Ragnhild"]).in_folders([tmp_path])
    assert any("document.docx" in one for one in found) and any("Ragnhild.txt" in one for one in found)


def test_silence_is_no_marker_and_other_words_are_no_hit(tmp_path: Path) -> None:
    assert sound_markers(np.zeros(RATE, "<i2"), RATE) == {}
    (tmp_path / "log").write_text("a hit would be wrong here")
    assert Canary(["Ragnhild"], sound_markers(NOISE, RATE)).in_folders([tmp_path]) == []


def test_a_plain_sound_file_is_found_whatever_it_holds(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"RIFF....WAVE")
    assert Canary([]).in_folders([tmp_path]) == [f"{tmp_path / 'x'}: a plain sound file"]
