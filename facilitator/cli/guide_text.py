"""A guide as lines of text, and what the hints say of it."""

from collections.abc import Sequence

from facilitator.domain.guide import Guide
from facilitator.domain.guide_wording import Hint


def guide_lines(guide: Guide) -> list[str]:
    """The guide as plain lines, not wrapped."""
    lines = [guide.title, "═" * len(guide.title)]
    if guide.slot_minutes:
        lines.append(f"Appointment of {guide.slot_minutes:g} minutes")
    if guide.materials:
        lines += ["", "To bring", *(f"  · {thing}" for thing in guide.materials)]
    if guide.welcome:
        lines += ["", guide.welcome]
    if guide.ground_rules:
        lines += ["", "Ground rules", *(f"  · {rule}" for rule in guide.ground_rules)]
    for section in guide.sections:
        lines += ["", section.title, "─" * len(section.title)]
        for question in section.questions:
            must = "[must ask] " if question.must_ask else ""
            lines.append(f"{question.type.value.upper():13} {question.minutes:g} min  {must}{question.text}")
            lines += [f"{'':22}◆ show: {thing}" for thing in question.stimuli]
            lines += [f"{'':22}▸ {probe}" for probe in question.probes]
    return [*lines, "", guide.closing] if guide.closing else lines


def hint_lines(hints: Sequence[Hint]) -> list[str]:
    """One line a hint: where, what, and the source of the rule; no line where there are none."""
    if not hints:
        return []
    lines = [f"  {hint.where or 'guide'}: {hint.what}{f' ({hint.source})' if hint.source else ''}" for hint in hints]
    return [f"{len(hints)} hint{'s' * (len(hints) > 1)} from simple rules; you know better:", *lines]
