"""Edits of a transcript and their inverses."""

from dataclasses import replace

from facilitator.domain.events import SegmentChecked, SpeakerCorrected, TextCorrected

Edit = TextCorrected | SpeakerCorrected | SegmentChecked


def inverse(edit: Edit, seq: int) -> Edit:
    """The edit that takes `edit`, stored as number `seq`, back. The inverse of an inverse is the edit again."""
    match edit:
        case TextCorrected():
            return replace(edit, before=edit.after, after=edit.before, undoes=seq)
        case SpeakerCorrected():
            return replace(edit, before=edit.after, after=edit.before, undoes=seq)
        case SegmentChecked():
            return replace(edit, before=edit.after, after=edit.before, undoes=seq)
