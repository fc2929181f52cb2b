"""What a withdrawal would do, in words: by one rule, or before a rule is chosen."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from textual.content import Content

from facilitator.domain.timebase import clock
from facilitator.domain.withdrawal import Rule

if TYPE_CHECKING:  # opens databases
    from facilitator.workflows.withdrawing import Preview
    from facilitator.workflows.withdrawn_speech import Share

_WILL = {
    Rule.DESTROY: "Destroyed will be what they said, the notes about them, their sound and their name beside the "
    "number. Transcripts then say [withdrawn] where they spoke; others' turns stay.",
    Rule.MASK: "Masked will be what they said and the notes about them: all of it stays, encrypted, inside the study, "
    "and none of it is shown or leaves the study any more. Others' turns stay.",
}
_ENDS = {
    Rule.DESTROY: "Corrections made before can no longer be undone in these sessions. Nobody can bring any of it back.",
    Rule.MASK: "It can be destroyed later; what was masked is not shown again.",
}


def preview_text(found: "Preview", chosen: bool) -> Content:
    """`found` session by session, with what to know before; where no rule is `chosen` yet, only what there is."""
    return Content("\n").join(_lines(found, chosen))


def _lines(found: "Preview", chosen: bool) -> Iterator[Content]:
    before = found.before
    if not found.to_do:
        day = before.finished_utc[:10] if before else ""
        yield Content.styled(f"✓ {found.number} withdrew on {day}, and nothing of theirs is left to do.", "bold")
        yield Content("^s shows the receipt again.")
        return
    if before is not None and not before.finished_utc:
        yield Content.styled("▲ This was ordered before, and broken off: ^s goes on with it.", "bold")
    elif before is not None:
        yield Content(f"{found.number} withdrew on {before.finished_utc[:10]} by the rule “{before.rule}”.")
    yield Content(_WILL[found.rule] if chosen else "There is of theirs, session by session:")
    yield Content()
    for share in found.shares:
        yield from _session(share)
    if not found.shares:
        yield Content("  They took part in no session.")
    yield Content()
    yield Content(_ENDS[found.rule] if chosen else "Choose a rule to see what it does. Nothing is changed by that.")


def _session(share: "Share") -> Iterator[Content]:
    what = ", ".join(_held(share)) if share.to_do else "✓ done already"
    yield Content.assemble((f"  Session {share.session_id}", "bold"), "  ", what)
    if not share.drafted:
        yield Content("  ▲ Not transcribed yet: only what was marked as theirs is known. Transcribe it first.")
    elif share.unknown == 1:
        yield Content("  ▲ 1 turn has no speaker; if it is theirs, it stays. Attribute it first.")
    elif share.unknown:
        yield Content(f"  ▲ {share.unknown} turns have no speaker; what is theirs stays. Attribute them first.")


def _held(share: "Share") -> Iterator[str]:
    if share.turns:
        yield f"{_many(share.turns, 'turn')} ({_many(share.words, 'word')})"
    if share.notes:
        yield f"{_many(share.notes, 'note')} about them"
    if share.sound_ms:
        yield f"{clock(share.sound_ms)} of sound"
    if not (share.turns or share.notes or share.sound_ms):
        yield "they take part; nothing is theirs so far"


def _many(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'s' * (count != 1)}"
