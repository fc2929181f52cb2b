"""Whether an approval still stands for what would leave."""

from facilitator.domain.release import ReleaseContent
from facilitator.domain.session_state import Approval


def approval_valid(approval: Approval | None, content: ReleaseContent) -> bool:
    """True when somebody approved exactly this content."""
    return approval is not None and approval.content_sha256 == content.digest


def approval_reason(approval: Approval | None, content: ReleaseContent) -> str:
    """One sentence about the state of the approval: missing, stale, or who gave it and when."""
    if approval is None:
        return "Nobody has approved this session."
    if not approval_valid(approval, content):
        return f"The approval by {approval.approver} is stale: the content changed after {approval.at_utc}."
    return f"Approved by {approval.approver} at {approval.at_utc}."
