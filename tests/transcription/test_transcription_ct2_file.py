import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facilitator.domain.errors import Damaged
from facilitator.transcription.ct2_file import variables


def name(text: str) -> bytes:
    raw = text.encode() + b"\0"
    return struct.pack("<H", len(raw)) + raw


def variable(title: str, values: np.ndarray[tuple[int, ...], np.dtype[np.float16]]) -> bytes:
    dims = struct.pack("<B", values.ndim) + b"".join(struct.pack("<I", dim) for dim in values.shape)
    return name(title) + dims + struct.pack("<BI", 4, values.nbytes) + values.tobytes()


MATRIX = np.arange(6, dtype=np.float16).reshape(2, 3)
FILE = (
    struct.pack("<I", 6)
    + name("WhisperSpec")
    + struct.pack("<II", 3, 2)
    + variable("a/weight", MATRIX)
    + variable("scalar", np.array(8, dtype=np.float16))
    + struct.pack("<I", 1)
    + name("alias")
    + name("a/weight")
)


def test_variables_and_aliases_are_read() -> None:
    found = variables(FILE)
    assert set(found) == {"a/weight", "scalar", "alias"}
    assert np.array_equal(found["a/weight"], MATRIX)
    assert np.array_equal(found["alias"], MATRIX)
    assert found["scalar"].shape == ()
    assert int(found["scalar"]) == 8


@pytest.mark.parametrize("cut", range(len(FILE)))
def test_a_file_cut_short_anywhere_is_refused(cut: int) -> None:
    with pytest.raises(Damaged):
        variables(FILE[:cut])


@settings(max_examples=60, deadline=None)
@given(at=st.integers(0, len(FILE) - 1), byte=st.integers(0, 255))
def test_a_changed_byte_is_refused_or_changes_only_values_and_names(at: int, byte: int) -> None:
    try:
        found = variables(FILE[:at] + bytes([byte]) + FILE[at + 1 :])
    except Damaged:
        return
    assert len(found) <= 3
    assert sum(values.nbytes for values in found.values()) <= 2 * len(FILE)


def test_what_follows_the_end_is_refused() -> None:
    with pytest.raises(Damaged):
        variables(FILE + b"\0")


def test_another_model_is_refused() -> None:
    with pytest.raises(Damaged):
        variables(FILE.replace(b"WhisperSpec", b"ChatterSpec"))
