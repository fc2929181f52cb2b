"""What keeps an assistant, who writes to a session that another program has open, from harm, and others from theirs."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Final

from facilitator.domain.errors import Busy, UsageError
from facilitator.domain.events import Event, NoteEdited
from facilitator.domain.session_state import SessionState
from facilitator.storage.files import held
from facilitator.storage.study_folder import SessionFolder

_EDGE_MS: Final = 1_000
"""A strike takes whole records, so that it may begin a little before what was ordered."""


@contextmanager
def as_assistant(folder: SessionFolder) -> Iterator[None]:
    """Be the session's one assistant for the duration; nobody replaces its files meanwhile.

    Raises:
        Busy: it has one already, or its files are being replaced.
    """
    refused = Busy(
        f"Session {folder.root.name} has an assistant already, or its files are just being replaced.",
        safe="Nothing was changed here.",
        do="Write on the assistant's screen, or have them leave it first.",
    )
    with _held(folder, refused):
        yield


@contextmanager
def no_assistant(folder: SessionFolder) -> Iterator[None]:
    """Nobody assists in the session for the duration: for whatever replaces or destroys its files.

    Raises:
        Busy: an assistant has it open.
    """
    refused = Busy(
        f"An assistant has session {folder.root.name} open.",
        safe="Nothing was changed.",
        do="Have the assistant leave it, then try again.",
    )
    with _held(folder, refused):
        yield


@contextmanager
def _held(folder: SessionFolder, refused: Busy) -> Iterator[None]:
    with ExitStack() as stack:
        try:
            stack.enter_context(held(folder.assist_lock, f"Session {folder.root.name}"))
        except Busy as error:
            raise refused from error
        yield


def refuse_struck_words(state: SessionState, events: Sequence[tuple[Event, int]]) -> None:
    """Whether an assistant's (event, at_ms) may be stored, as of `state`, which must be what is stored just now.

    The order of a strike is stored before anything is destroyed. Words stored before it are destroyed with the sound,
    but the program that strikes may not know of any that come after it: those are refused if they were written in what
    it names.

    Raises:
        UsageError: they hold words written in a stretch that was struck or is being struck.
    """
    if any(getattr(event, "text", "") and _is_struck(state, event, at_ms) for event, at_ms in events):
        raise UsageError(
            "These words are from minutes that were destroyed at a participant's request.",
            safe="They were not stored; all else is.",
            do="Write down anew what is about the time since.",
        )


def _is_struck(state: SessionState, event: Event, at_ms: int) -> bool:
    begun_ms = at_ms
    if isinstance(event, NoteEdited):
        versions = state.drafts.get(event.note_id)
        if not versions:
            return True  # it was destroyed
        begun_ms = versions[0][1].at_ms
    order = state.strike_ordered
    if order is not None and any(order.from_ms - _EDGE_MS <= at <= order.to_ms for at in (begun_ms, at_ms)):
        return True
    return any(one.from_ms <= at_ms < one.to_ms for one in state.struck)
