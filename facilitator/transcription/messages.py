"""The lines that the transcription worker and its client exchange, as JSON; nothing here loads a model library."""

import json
from collections.abc import Iterable, Sequence
from typing import IO, TYPE_CHECKING, Any, Final

from facilitator.domain import errors
from facilitator.domain.errors import FacilitatorError, WorkerFailed
from facilitator.domain.stretches import Stretch
from facilitator.domain.transcript import Word
from facilitator.transcription.engines import Heard
from facilitator.transcription.listening import Found, Sound

if TYPE_CHECKING:
    from facilitator.transcription.planning import Samples, Window

Message = dict[str, Any]
_LONGEST_SOUND: Final = 120 * 16_000


def line(message: Message) -> bytes:
    """One message as a line of UTF-8."""
    return json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode("utf-8") + b"\n"


def read(raw: bytes) -> Message:
    """The message in one line.

    Raises:
        WorkerFailed: the line is not a JSON object.
    """
    try:
        message = json.loads(raw)
    except ValueError as error:
        raise WorkerFailed("The transcription helper sent something unreadable.") from error
    if not isinstance(message, dict):
        raise WorkerFailed("The transcription helper sent something unreadable.")
    return message


def batch_out(batch: "Sequence[Window]") -> bytes:
    """Windows to be heard together: a line about them, and their samples."""
    headers = [{"index": one.index, "samples": len(one.samples), "speech": one.window_ms(one.speech)} for one in batch]
    return line({"batch": headers}) + b"".join(one.samples.astype("<f4").tobytes() for one in batch)


def batch_in(message: Message, raw: IO[bytes]) -> tuple[list[Message], list[Sound]]:
    """What the line of a batch says of each window, and the sounds, which follow in `raw`.

    Raises:
        WorkerFailed: they do not.
    """
    headers = list(message["batch"])
    return headers, [Sound(samples_in(raw, int(one["samples"])), stretches(one["speech"])) for one in headers]


def samples_in(raw: IO[bytes], count: int) -> "Samples":
    """The next `count` samples.

    Raises:
        WorkerFailed: there are less, or no window has so many.
    """
    import numpy as np

    if not 0 < count <= _LONGEST_SOUND:
        raise WorkerFailed("The transcription helper was sent sound of impossible length.")
    sound = raw.read(4 * count)
    if len(sound) != 4 * count:
        raise WorkerFailed("The transcription helper was sent half a sound.")
    return np.frombuffer(sound, dtype="<f4").astype(np.float32)


def answer_out(headers: Sequence[Message], found: Sequence[Found]) -> Message:
    """What was heard in the windows of a batch."""
    return {"batch": [found_out(int(one["index"]), part) for one, part in zip(headers, found, strict=True)]}


def found_out(index: int, found: Found) -> Message:
    """What was heard in a window, as JSON values."""
    heard = found.heard
    return {
        "index": index,
        "words": [[word.text, word.start_ms, word.end_ms, round(word.probability, 4)] for word in heard.words],
        "language": heard.language,
        "spoken": heard.spoken,
        "spoken_chance": round(heard.spoken_chance, 4),
        "no_speech": round(heard.no_speech, 4),
        "average": round(heard.average, 4),
        "loops": heard.loops,
        "others": [list(one) for one in heard.others],
        "again": [list(stretch) for stretch in found.again],
    }


def found_in(message: Message) -> Found:
    """What was heard in a window, from JSON values."""
    words = tuple(Word(str(text), int(start), int(end), float(sure)) for text, start, end, sure in message["words"])
    heard = Heard(
        words,
        str(message["language"]),
        str(message["spoken"]),
        float(message["spoken_chance"]),
        float(message["no_speech"]),
        float(message["average"]),
        bool(message["loops"]),
        tuple((int(start), int(end), str(language)) for start, end, language in message["others"]),
    )
    return Found(heard, stretches(message["again"]))


def stretches(pairs: Iterable[Sequence[int]]) -> tuple[Stretch, ...]:
    """Stretches of time from JSON values."""
    return tuple((int(start), int(end)) for start, end in pairs)


def failure_out(error: BaseException) -> Message:
    """An error as JSON values, without anything that a library may have quoted from the recording."""
    if isinstance(error, FacilitatorError):
        return {"failed": type(error).__name__, "what": error.what, "safe": error.safe, "do": error.do}
    if isinstance(error, MemoryError):
        return {
            "failed": "WorkerFailed",
            "what": "There is not enough memory for this speech model.",
            "safe": "What was transcribed so far is stored.",
            "do": "Close other programs, or choose a smaller model.",
        }
    return {
        "failed": "WorkerFailed",
        "what": f"The transcription helper failed: {_place(error)}.",
        "safe": "",
        "do": "",
    }


def failure_in(message: Message) -> FacilitatorError:
    """The error that the other side reported."""
    kind = getattr(errors, str(message["failed"]), WorkerFailed)
    if not (isinstance(kind, type) and issubclass(kind, FacilitatorError)):
        kind = WorkerFailed
    return kind(str(message["what"]), safe=str(message.get("safe", "")), do=str(message.get("do", "")))


def _place(error: BaseException) -> str:
    """Class and place of an error: enough for a report, and never the text of its message."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return type(error).__name__
    frame = trace.tb_frame
    return f"{type(error).__name__} in {frame.f_globals.get('__name__', '?')}, line {trace.tb_lineno}"
