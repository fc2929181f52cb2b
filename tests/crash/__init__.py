"""Counted trials: cut, kill, fill and flip, then look whether the promise held. `python -m tests.crash --help`."""
