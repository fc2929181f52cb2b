"""The lines that the transcription worker and its client exchange, as JSON; nothing here loads a model library."""

import json
from typing import Any

from facilitator.domain import errors
from facilitator.domain.errors import FacilitatorError, WorkerFailed
from facilitator.domain.events import HeardSegment
from facilitator.domain.transcript import Word

Message = dict[str, Any]


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


def segment_out(segment: HeardSegment) -> Message:
    """A heard segment as JSON values."""
    words = [[word.text, word.start_ms, word.end_ms, round(word.probability, 4)] for word in segment.words]
    return {
        "start_ms": segment.start_ms,
        "end_ms": segment.end_ms,
        "text": segment.text,
        "no_speech": round(segment.no_speech, 4),
        "words": words,
    }


def segment_in(message: Message, offset_ms: int) -> HeardSegment:
    """A heard segment from JSON values, moved from the window's clock to the session clock."""
    words = tuple(Word(text, start + offset_ms, end + offset_ms, p) for text, start, end, p in message["words"])
    start, end = int(message["start_ms"]) + offset_ms, int(message["end_ms"]) + offset_ms
    return HeardSegment(start, end, str(message["text"]), words, float(message["no_speech"]))


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
