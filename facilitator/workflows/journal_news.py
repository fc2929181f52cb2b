"""What the recorder wrote into its journal and no program was there to log."""

from typing import Final

from facilitator.audio.journal import read_journal
from facilitator.audio.messages import Alarm, Gap, Message, Paused, Reached, Resumed
from facilitator.domain import events as ev
from facilitator.domain.recording import Pause, Trouble
from facilitator.workflows.sessions import Session

NOT_LOGGED_TWICE: Final = (
    ev.AudioGap,
    ev.TroubleBegan,
    ev.TroubleEnded,
    ev.RecordingPaused,
    ev.RecordingResumed,
    ev.RecordingReached,
)
_TROUBLES: Final = frozenset(one.value for one in Trouble)
_PAUSES: Final = frozenset(one.value for one in Pause)


def event_of(message: Message, track: int = 0) -> tuple[ev.Event, int] | None:
    """The event that a message of the recorder becomes, and its time; None for one that is no event.

    Of a backup track (1 or more) only troubles are; a trouble that this version does not know is none.
    """
    if isinstance(message, Alarm):
        if message.trouble not in _TROUBLES:
            return None
        known = Trouble(message.trouble)
        detail = f"backup: {message.detail or known.value}" if track else message.detail
        began = ev.TroubleBegan(known, detail, track)
        return (ev.TroubleEnded(known, track) if message.over else began), message.at_ms
    return None if track else _event_of_recording(message)


def _event_of_recording(message: Message) -> tuple[ev.Event, int] | None:
    match message:
        case Gap(at_ms, length_ms, reason):
            return ev.AudioGap(length_ms, reason), at_ms
        case Paused(at_ms, why):
            return ev.RecordingPaused(Pause(why) if why in _PAUSES else Pause.OFF_RECORD), at_ms
        case Resumed(at_ms):
            return ev.RecordingResumed(), at_ms
        case Reached(at_ms, seq, head):
            return ev.RecordingReached(seq, head), at_ms
        case _:
            return None


def journal_news(session: Session) -> list[tuple[ev.Event, int]]:
    """Events of the recorder's journals that the log lacks, in order. The log may know a device's name; a journal
    never does, so two troubles of one kind at one time are the same."""
    logged = {key(item.event, item.at_ms) for item in session.history() if isinstance(item.event, NOT_LOGGED_TWICE)}
    begins_ms = session.state.takes[-1].at_ms if session.state.takes else 0
    news: list[tuple[ev.Event, int]] = []
    for track in (0, *sorted(session.state.backups)):
        said = (event_of(message, track) for message in read_journal(session.folder.track(track)))
        news += [one for one in said if one is not None and one[1] >= begins_ms and key(*one) not in logged]
    return latest_reached(news, session.state.reached)


def latest_reached(
    events: list[tuple[ev.Event, int]], known: ev.RecordingReached | None = None
) -> list[tuple[ev.Event, int]]:
    """Without all but the last of what was reached, and without that where more is `known` already."""
    reached = [item for item in events if isinstance(item[0], ev.RecordingReached)]
    last = next((event.seq for event, _ in reversed(reached) if isinstance(event, ev.RecordingReached)), -1)
    dropped = reached if known is not None and last <= known.seq else reached[:-1]
    return [item for item in events if item not in dropped]


def key(event: ev.Event, at_ms: int) -> tuple[object, ...]:
    """What makes an event of a journal the same as one of the log."""
    match event:
        case ev.AudioGap(length_ms):
            return event.kind, at_ms, length_ms
        case ev.TroubleBegan() | ev.TroubleEnded():
            return event.kind, at_ms, event.trouble, event.track
        case ev.RecordingReached(seq):
            return event.kind, seq
        case _:
            return event.kind, at_ms
