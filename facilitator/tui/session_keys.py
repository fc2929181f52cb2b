"""Keys of the screens that work on one session: who speaks, and what a note is."""

from typing import Final

from textual.binding import Binding

from facilitator.domain.notes import NoteKind

SPEAKER_KEYS: Final = (*"123456789", *"jkl")
"""For the first participant of a session, the second …; j, k and l are the tenth to twelfth letters."""

NOTE_KEYS: Final = {
    "t": NoteKind.THEME,
    "q": NoteKind.QUESTION,
    "v": NoteKind.QUOTE,
    "n": NoteKind.NONVERBAL,
    "d": NoteKind.DYNAMICS,
    "f": NoteKind.FOLLOW_UP,
    "e": NoteKind.TECHNICAL,
    "h": NoteKind.THOUGHT,
}
"""v for verbatim, e for equipment, h for what you think yourself; the others by their first letter."""
LEGEND: Final = {key: kind.value for key, kind in NOTE_KEYS.items()}
OWN_NOTES: Final = frozenset({NoteKind.THOUGHT, NoteKind.TECHNICAL})
"""These are about nobody in the group, so the current speaker is not attached."""


def speaker_bindings(screen: str, shown: str, speaks: str) -> tuple[Binding, ...]:
    """A key for each participant, the moderator, the assistant and nobody, for `action_speaker` and `action_label`.

    Args:
        screen: first part of the binding ids.
        shown: how the footer writes all of them together.
        speaks: end of the tooltips, such as "speaks here".
    """
    people = (
        Binding(
            key,
            f"speaker({place})",
            "Speaker",
            show=place == 1,
            key_display=shown if place == 1 else None,
            id=f"{screen}.speaker_{place}",
            tooltip=f"Participant {place} of this session {speaks}",
        )
        for place, key in enumerate(SPEAKER_KEYS, start=1)
    )
    others = (
        Binding(key, f"label('{label}')", name, show=False, id=f"{screen}.{name.lower()}", tooltip=f"{who} {speaks}")
        for key, label, name, who in (
            ("m", "M", "Moderator", "The moderator"),
            ("a", "A", "Assistant", "The assistant"),
            ("0", "", "Unknown", "Nobody knows who"),
        )
    )
    return (*people, *others)


def note_bindings() -> tuple[Binding, ...]:
    """A key for each kind of note, for `action_note`."""
    return tuple(
        Binding(
            key,
            f"note('{kind.name}')",
            f"Note: {kind.value}",
            show=False,
            id=f"conduct.note_{kind.name.lower()}",
            tooltip=f"Begin a note on {kind.value}",
        )
        for key, kind in NOTE_KEYS.items()
    )


def recording_bindings() -> tuple[Binding, ...]:
    """The keys of the recording. Of those that share a key, one can run at a time."""
    return (
        Binding("r", "record", "Record", id="conduct.record", tooltip="Check, then record; or go on after a stop"),
        Binding("r", "other_input", "Other input", id="conduct.input", tooltip="Record with another microphone"),
        Binding("c", "check", "Check", id="conduct.check", tooltip="Look at everything once more before recording"),
        Binding("p", "pause('BREAK')", "Break", id="conduct.break", tooltip="Record nothing for a while"),
        Binding(
            "o", "pause('OFF_RECORD')", "Off record", id="conduct.off", tooltip="Record nothing, at somebody's request"
        ),
        Binding("p", "resume('BREAK')", "Go on", id="conduct.break_over", tooltip="End the break: record again"),
        Binding("o", "resume('OFF_RECORD')", "Go on", id="conduct.on", tooltip="Back on the record: record again"),
        Binding("r", "resume('')", "Go on", show=False, id="conduct.resume", tooltip="Record again after a pause"),
        Binding(
            "x", "strike", "Strike", id="conduct.strike", tooltip="Destroy the last minutes at a participant's request"
        ),
        Binding("s", "stop", "Stop", id="conduct.stop", tooltip="Stop recording; asks once more"),
    )
