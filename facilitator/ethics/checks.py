"""The checks between a session and its export. They judge plain values and quote no text.

A FAIL blocks approval. A JUDGE is for the person who approves: the program cannot know whether it matters.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from facilitator.domain.ids import ASSISTANT, MODERATOR, Speaker
from facilitator.domain.release import ReleaseContent
from facilitator.domain.session_state import Approval
from facilitator.ethics.approval import approval_reason, approval_valid


class Verdict(StrEnum):
    """What a check says."""

    PASS = "pass"  # noqa: S105 - a verdict, not a password
    FAIL = "fail"
    JUDGE = "judge"
    NOT_APPLICABLE = "not applicable"


@dataclass(frozen=True, slots=True)
class Check:
    """One check. `detail` is a sentence without names or quotations; `refs` say where to look."""

    id: str
    title: str
    verdict: Verdict
    detail: str
    refs: tuple[str, ...] = ()


def run_checks(
    content: ReleaseContent,
    *,
    residue_refs: Sequence[str],
    search_current: bool,
    undecided: int,
    unknown_identifiers: int,
    transcription_finished: bool,
    unknown_speaker_turns: int,
    unchecked_segments: int,
    total_segments: int,
    open_doubts: int,
    missing_recording_consent: Sequence[str],
    refused_quotation: Sequence[str],
    approval: Approval | None = None,
) -> tuple[Check, ...]:
    """Run all checks, always the same ones in the same order.

    Args:
        content: what would be exported now.
        residue_refs: where the residue search found a known name or identifier in `content`.
        search_current: the search for identifiers read the texts as they are now.
        undecided: identifiers that wait for a decision.
        unknown_identifiers: identifiers of this session that the linkage file does not know (any more).
        transcription_finished: every window of the recording was transcribed.
        unknown_speaker_turns: turns of `content` without a speaker.
        unchecked_segments: segments, of `total_segments`, that nobody marked as checked.
        total_segments: segments of the transcript.
        open_doubts: passages that the speech model may have made up or left out, and nobody has heard.
        missing_recording_consent: research numbers of those present without consent to be recorded.
        refused_quotation: research numbers of those present who do not want to be quoted.
        approval: the last approval, if any.
    """
    return (
        _transcript(transcription_finished, len(content.turns)),
        _speakers(content),
        _unknown_speakers(unknown_speaker_turns, len(content.turns)),
        _consent(missing_recording_consent),
        _quotation(refused_quotation),
        _search(search_current),
        _undecided(undecided),
        _known(unknown_identifiers),
        _residue(residue_refs),
        _corrected(unchecked_segments, total_segments),
        _doubts(open_doubts, total_segments),
        _brackets(content),
        _approval(approval, content),
    )


def ready(checks: Iterable[Check]) -> bool:
    """True when no check fails, so that a person may approve."""
    return all(check.verdict is not Verdict.FAIL for check in checks)


def _transcript(finished: bool, turns: int) -> Check:
    title = "The transcript is complete"
    if not turns:
        return Check("transcript", title, Verdict.FAIL, "There are no turns.")
    if not finished:
        return Check("transcript", title, Verdict.FAIL, "The transcription has not reached the end of the recording.")
    return Check("transcript", title, Verdict.PASS, f"{_count(turns, 'turn')}.")


def _speakers(content: ReleaseContent) -> Check:
    title = "Every speaker label belongs to the session"
    allowed = {*content.participants, MODERATOR, ASSISTANT}
    labeled = [*_speaker_labels(content)]
    foreign = tuple(ref for ref, speaker in labeled if speaker is not None and speaker not in allowed)
    if foreign:
        detail = f"{_count(len(foreign), 'label')} of somebody who is not in this session."
        return Check("speakers", title, Verdict.FAIL, detail, foreign)
    return Check("speakers", title, Verdict.PASS, "All labels are the session's participants, M or A.")


def _speaker_labels(content: ReleaseContent) -> list[tuple[str, Speaker | None]]:
    turns = [(_turn_ref(turn.start_ms), turn.speaker) for turn in content.turns]
    return turns + [(f"note at {note.at_ms}", note.speaker) for note in content.notes]


def _unknown_speakers(unknown: int, turns: int) -> Check:
    title = "Every turn has a speaker"
    if unknown:
        detail = f"{unknown} of {_count(turns, 'turn')} have no known speaker and are exported as unknown."
        return Check("unknown-speakers", title, Verdict.JUDGE, detail)
    return Check("unknown-speakers", title, Verdict.PASS, "No turn is without a speaker.")


def _consent(missing: Sequence[str]) -> Check:
    title = "Everybody present consented to the recording"
    if missing:
        detail = f"No consent to be recorded: {', '.join(missing)}."
        return Check("consent", title, Verdict.FAIL, detail, tuple(missing))
    return Check("consent", title, Verdict.PASS, "A consent is on record for each participant.")


def _quotation(refused: Sequence[str]) -> Check:
    title = "Everybody present may be quoted"
    if refused:
        detail = f"Not to be quoted: {', '.join(refused)}. The full transcript holds their turns."
        return Check("quotation", title, Verdict.JUDGE, detail, tuple(refused))
    return Check("quotation", title, Verdict.PASS, "Nobody refused to be quoted.")


def _search(current: bool) -> Check:
    title = "The search for identifiers is current"
    if not current:
        return Check(
            "search",
            title,
            Verdict.FAIL,
            "The texts were not searched, or they, the rules or the language model changed since.",
        )
    return Check("search", title, Verdict.PASS, "The texts are those that were searched.")


def _undecided(count: int) -> Check:
    title = "Every identifier found is decided"
    if count:
        return Check("undecided", title, Verdict.FAIL, f"{_count(count, 'identifier')} to decide.")
    return Check("undecided", title, Verdict.PASS, "None waits for a decision.")


def _known(unknown: int) -> Check:
    title = "The linkage file knows every identifier"
    if unknown:
        detail = f"{_count(unknown, 'identifier')} missing in it: is it an older copy? Restore it, or search again."
        return Check("linkage", title, Verdict.FAIL, detail)
    return Check("linkage", title, Verdict.PASS, "")


def _residue(refs: Sequence[str]) -> Check:
    title = "No known name or identifier is left"
    if refs:
        return Check("residue", title, Verdict.FAIL, f"Left in {_count(len(refs), 'place')}.", tuple(refs))
    return Check("residue", title, Verdict.PASS, "A second search, independent of the first, found none.")


def _corrected(unchecked: int, total: int) -> Check:
    title = "The transcript was checked against the sound"
    if not total:
        return Check("corrected", title, Verdict.NOT_APPLICABLE, "There is no draft.")
    if unchecked:
        return Check(
            "corrected", title, Verdict.JUDGE, f"{unchecked} of {_count(total, 'turn')} of the draft are not checked."
        )
    return Check("corrected", title, Verdict.PASS, f"All {_count(total, 'turn')} of the draft are checked.")


def _doubts(open_doubts: int, total: int) -> Check:
    title = "Doubtful passages were heard by a person"
    if not total:
        return Check("doubts", title, Verdict.NOT_APPLICABLE, "There is no draft.")
    if open_doubts:
        many = _count(open_doubts, "passage")
        return Check("doubts", title, Verdict.JUDGE, f"The speech model may have made up or left out {many}.")
    return Check("doubts", title, Verdict.PASS, "None is left.")


def _brackets(content: ReleaseContent) -> Check:
    title = "Square brackets come in pairs"
    texts = [(_turn_ref(turn.start_ms), turn.text) for turn in content.turns]
    texts += [(f"note at {note.at_ms}", note.text) for note in content.notes]
    odd = tuple(ref for ref, text in texts if not _balanced(text))
    if odd:
        return Check("brackets", title, Verdict.JUDGE, f"Open or stray in {_count(len(odd), 'place')}.", odd)
    return Check("brackets", title, Verdict.PASS, "All are closed.")


def _approval(approval: Approval | None, content: ReleaseContent) -> Check:
    title, reason = "The approval covers this content", approval_reason(approval, content)
    if approval is None:
        return Check("approval", title, Verdict.NOT_APPLICABLE, reason)
    return Check("approval", title, Verdict.PASS if approval_valid(approval, content) else Verdict.JUDGE, reason)


def _balanced(text: str) -> bool:
    depth = 0
    for char in text:
        depth += (char == "[") - (char == "]")
        if depth < 0:
            return False
    return depth == 0


def _turn_ref(start_ms: int) -> str:
    return f"turn at {start_ms}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
