"""Fetch a speech model over the network, in a process of its own: `python -m facilitator.transcription.fetch`.

Reads one line, `{"model", "engine", "folder"}`, and answers one: `{"fetched": folder}` or `{"failed": …}`. This is the
only part of the program that opens a network connection.
"""

import errno
import os
import sys
from pathlib import Path

from facilitator.domain.errors import MissingNeed, StorageFailed, UsageError
from facilitator.transcription import messages


def main() -> None:
    """Do the one job on stdin."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # libraries that write to stdout must not break into the answer
    job = messages.read(sys.stdin.buffer.readline())
    try:
        answer: messages.Message = {"fetched": str(fetch(job["model"], job["engine"], Path(job["folder"])))}
    except BaseException as error:  # the caller raises it again
        answer = messages.failure_out(error)
    answers.write(messages.line(answer))
    answers.flush()


def fetch(model: str, engine: str, folder: Path) -> Path:
    """Fetch with the loader of `engine` below `folder`, and return where the files are.

    Raises:
        UsageError: the loader knows no such model.
        MissingNeed: it could not be fetched.
        StorageFailed: the disk is full.
    """
    try:
        return _with_faster_whisper(model, folder) if engine == "faster-whisper" else _with_whisper(model, folder)
    except UsageError:
        raise
    except Exception as error:
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise StorageFailed("The disk is full.", do="Free some space and try again.") from error
        offline = 'install it offline with `pip install "facilitator[offline]"`'
        other = offline if model == "base" else "run `facilitator models import DIR NAME`"
        raise MissingNeed(
            f"The speech model “{model}” could not be fetched ({type(error).__name__}).",
            safe="Models that are here already still work.",
            do=f"Check the network connection and try again, or {other}.",
        ) from error


def _with_faster_whisper(model: str, folder: Path) -> Path:
    os.environ["HF_HOME"] = str(folder / "home")  # no access token of the user's, and nothing left behind elsewhere
    from faster_whisper.utils import available_models, download_model

    if model not in available_models():
        raise _unknown(model, available_models())
    return Path(download_model(model, cache_dir=str(folder)))


def _with_whisper(model: str, folder: Path) -> Path:
    import whisper

    if model not in whisper.available_models():
        raise _unknown(model, whisper.available_models())
    whisper._download(whisper._MODELS[model], str(folder), False)
    return folder


def _unknown(model: str, known: list[str]) -> UsageError:
    return UsageError(f"There is no speech model {model!r}.", do=f"Choose one of {', '.join(known)}.")


if __name__ == "__main__":
    main()
