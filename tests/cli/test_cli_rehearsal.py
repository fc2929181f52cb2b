"""What `conduct --rehearse` refuses before anything is opened."""

from pathlib import Path

import pytest
from cli_runner import files, run


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--speed", "5"), "--speed is for a rehearsal"),
        (("--keep", "kept"), "--keep is for a rehearsal"),
        (("--rehearse", "--speed", "0"), "1 to 60 times"),
        (("--rehearse", "--speed", "61"), "1 to 60 times"),
        (("--rehearse",), "need a terminal"),
        (("--rehearse", "--speed", "fast"), "--speed"),
    ],
)
def test_what_makes_no_sense_is_refused(planned: Path, options: tuple[str, ...], said: str) -> None:
    before = files(planned)
    done = run("conduct", "01", *options, study=planned)
    assert done.code == 2 and said in done.err
    assert files(planned) == before
