"""Edits of a transcript: what each does to the segments, and its inverse."""

from collections.abc import Mapping
from dataclasses import replace

from facilitator.domain.events import SegmentChecked, SegmentsMerged, SegmentSplit, SpeakerCorrected, TextCorrected
from facilitator.domain.transcript import Segment, merged, split, with_text

Edit = TextCorrected | SpeakerCorrected | SegmentChecked | SegmentSplit | SegmentsMerged


def touched(edit: Edit) -> tuple[int, ...]:
    """Ids of the segments that an edit changes, makes or removes."""
    match edit:
        case SegmentSplit(segment_id, new_id):
            return segment_id, new_id
        case SegmentsMerged(segment_id, merged_id):
            return segment_id, merged_id
        case _:
            return (edit.segment_id,)


def edited(edit: Edit, segments: Mapping[int, Segment]) -> tuple[Segment, ...]:
    """What the touched segments become; empty when one that the edit needs is gone (the draft was made anew)."""
    segment = segments.get(edit.segment_id)
    if segment is None:
        return ()
    match edit:
        case TextCorrected(_, _, after):
            return (with_text(segment, after),)
        case SpeakerCorrected(_, _, speaker):
            return (replace(segment, speaker=speaker),)
        case SegmentChecked(_, _, checked):
            return (replace(segment, checked=checked),)
        case SegmentSplit(_, new_id, at):
            return split(segment, at, new_id) if new_id not in segments else ()
        case SegmentsMerged(_, merged_id):
            return (merged(segment, segments[merged_id]),) if merged_id in segments else ()


def inverse(edit: Edit, seq: int) -> Edit:
    """The edit that takes `edit`, stored as number `seq`, back. The inverse of an inverse is the edit again."""
    match edit:
        case SegmentSplit(segment_id, new_id, at):
            return SegmentsMerged(segment_id, new_id, at, undoes=seq)
        case SegmentsMerged(segment_id, merged_id, at):
            return SegmentSplit(segment_id, merged_id, at, undoes=seq)
        case TextCorrected():
            return replace(edit, before=edit.after, after=edit.before, undoes=seq)
        case SpeakerCorrected():
            return replace(edit, before=edit.after, after=edit.before, undoes=seq)
        case SegmentChecked():
            return replace(edit, before=edit.after, after=edit.before, undoes=seq)
