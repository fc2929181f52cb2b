import re
from collections.abc import Sequence
from datetime import UTC, datetime

from facilitator.domain.ids import Speaker
from facilitator.domain.release import ReleaseContent, ReleaseNote, ReleaseQuestion, ReleaseTurn
from facilitator.domain.session_state import Approval
from facilitator.domain.text import SafeText

AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
HOSTILE = SafeText.of("[/nope] =cmd|' /C calc'!A0 😀 <b>&amp; \u202eevil \x1b[31m ]]> ＝1+1 {{x}} %s")


def contains(text: str, surfaces: Sequence[str]) -> bool:
    return any(re.search(rf"\b{re.escape(surface)}\b", text, re.IGNORECASE) for surface in surfaces)


def approval_of(digest: str | None) -> Approval | None:
    return Approval(digest, "officer", "2026-01-01T00:00:00.000+00:00", 9) if digest else None


def turn(start_ms: int, speaker: str | None, text: str) -> ReleaseTurn:
    return ReleaseTurn(start_ms, start_ms + 5000, Speaker(speaker) if speaker else None, text)


def sample() -> ReleaseContent:
    return ReleaseContent(
        study_title="IMR practitioners",
        approval_reference="2021/200019",
        session_id="01",
        title="North [Place 1]",
        length_ms=5_464_999,
        language="en",
        participants=(Speaker("P1"), Speaker("P3")),
        turns=(
            turn(1_999, "M", "Welcome, [P1] and all of you."),
            turn(758_000, "P3", f"It depends (.) {HOSTILE}"),
            turn(785_000, None, "(mm-hm)"),
            turn(790_000, "P1", "First line\n[00:00:01] P9: no turn of anybody"),
        ),
        questions=(
            ReleaseQuestion(0, "opening", "Who are you?"),
            ReleaseQuestion(758_000, "key", "What is the core?"),
        ),
        notes=(
            ReleaseNote(760_000, "theme", Speaker("P3"), "tuning in [sic]"),
            ReleaseNote(5_000, "nonverbal", None, "all nod"),
        ),
        gaps=((720_000, 65_000, "device lost"),),
    )
