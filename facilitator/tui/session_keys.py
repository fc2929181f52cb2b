"""Keys of the screens that work on one session: who speaks, and what a note is."""

from typing import Final

from textual.binding import Binding

from facilitator.domain.notes import NoteKind

SPEAKER_KEYS: Final = (*"123456789", *"JKL")
"""For whoever has the first seat, the second …; J, K and L are the tenth to twelfth letters."""

NOTE_KEYS: Final = {
    "t": NoteKind.THEME,
    "q": NoteKind.QUESTION,
    "v": NoteKind.QUOTE,
    "n": NoteKind.NONVERBAL,
    "d": NoteKind.DYNAMICS,
    "f": NoteKind.FOLLOW_UP,
    "e": NoteKind.TECHNICAL,
    "h": NoteKind.THOUGHT,
    "k": NoteKind.PARKED,
}
"""v for verbatim, e for equipment, h for what you think yourself, k to park; the others by their first letter."""
LEGEND: Final = {key: kind.value for key, kind in NOTE_KEYS.items()} | {"!": NoteKind.MOMENT.value}
OWN_NOTES: Final = frozenset({NoteKind.THOUGHT, NoteKind.TECHNICAL, NoteKind.PARKED})
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
    """A key for each kind of note, for `action_note`, and those that choose and change one."""
    kinds = (
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
    return (
        *kinds,
        Binding(
            "exclamation_mark",
            "moment",
            "Moment",
            show=False,
            id="conduct.moment",
            tooltip="Mark this moment, no words",
        ),
        Binding("enter", "edit_note", "Edit note", show=False, id="conduct.edit", tooltip="Change the chosen note"),
        Binding("down", "select_note(1)", "Older note", show=False, id="conduct.note_down"),
        Binding("up", "select_note(-1)", "Newer note", show=False, id="conduct.note_up"),
        Binding("pageup", "scroll_notes(-1)", "Newer notes", show=False, id="conduct.newer"),
        Binding("pagedown", "scroll_notes(1)", "Older notes", show=False, id="conduct.older"),
    )


def group_bindings() -> tuple[Binding, ...]:
    """Questions, people and lists."""
    return (
        Binding("u", "undo_mark", "Undo", id="conduct.undo", tooltip="Take the last speaker mark back"),
        Binding("w", "first_words", "First words", show=False, id="conduct.words", tooltip="How the turn begins"),
        Binding("space", "question(1)", "Next", id="conduct.next", tooltip="Put the next question"),
        Binding(
            "b",
            "question(-1)",
            "Previous",
            show=False,
            id="conduct.previous",
            tooltip="Back to the one before, and forth again",
        ),
        Binding("g", "pick", "Go to", id="conduct.pick", tooltip="Put any question of the guide"),
        Binding("minus", "skip", "Skip", id="conduct.skip", tooltip="Leave the next question out; asks why"),
        Binding("plus", "later", "Later", id="conduct.later", tooltip="Put the next question off until before the end"),
        Binding(
            "U",
            "undo_step",
            "Undo step",
            show=False,
            id="conduct.undo_step",
            tooltip="Take the last question step back",
        ),
        Binding(
            "W", "reword", "Reword", show=False, id="conduct.reword", tooltip="Word the question anew for this group"
        ),
        Binding(
            "full_stop", "probes", "Probes", show=False, id="conduct.probes", tooltip="Hide the probes or show them"
        ),
        Binding(
            "z", "panel('stimuli')", "Show", show=False, id="conduct.stimuli", tooltip="Show a card or another stimulus"
        ),
        Binding("l", "panel('returning')", "List", id="conduct.returning", tooltip="What you wanted to come back to"),
        Binding("j", "panel('coming')", "People", id="conduct.people", tooltip="Who is here, came late, left; seats"),
        Binding(
            "c", "panel('checklist')", "Checklist", id="conduct.checklist", tooltip="What is due before and at the end"
        ),
        Binding(
            "tab",
            "other_form",
            "Table",
            show=False,
            id="conduct.table",
            tooltip="The round table, or the list of people",
        ),
        Binding(
            "i",
            "hints",
            "Hints",
            show=False,
            id="conduct.hints",
            tooltip="Hints on who is silent or dominates, on or off",
        ),
    )


def recording_bindings() -> tuple[Binding, ...]:
    """The keys of the recording. Of those that share a key, one can run at a time."""
    return (
        Binding("r", "record", "Record", id="conduct.record", tooltip="Check, then record; or go on after a stop"),
        Binding("r", "other_input", "Other input", id="conduct.input", tooltip="Record with another microphone"),
        Binding("C", "check", "Check", id="conduct.check", tooltip="Look at everything once more before recording"),
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
