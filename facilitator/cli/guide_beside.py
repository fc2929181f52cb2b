"""A guide and its translation in two columns, question by question."""

from collections.abc import Iterator, Sequence

from facilitator.cli.guide_columns import padded, reflowed, wrapped
from facilitator.domain.guide import Guide, Question
from facilitator.domain.guide_pairing import paired

MIN_WIDTH = 60
_LINE = " │ "
_Row = tuple[list[str], list[str]]


def beside_lines(guide: Guide, other: Guide, width: int) -> list[str]:
    """Both guides in columns of equal width; `width` in terminal cells, of which at least 60 are used."""
    column = (max(width, MIN_WIDTH) - len(_LINE)) // 2
    rows = [
        (_head(guide, column), _head(other, column)),
        (_bullets(guide.materials, column), _bullets(other.materials, column)),
        (_said(guide.welcome, column), _said(other.welcome, column)),
        (_bullets(guide.ground_rules, column), _bullets(other.ground_rules, column)),
        *_questions(guide, other, column),
        (_said(guide.closing, column), _said(other.closing, column)),
    ]
    lines: list[str] = []
    for left, right in rows:
        if any(left + right):
            lines += [*([f"{' ' * column}{_LINE}".rstrip()] if lines else []), *_joined(left, right, column)]
    return lines


def _questions(guide: Guide, other: Guide, column: int) -> Iterator[_Row]:
    shown: list[str | None] = [None, None]
    for pair in paired(guide, other):
        titles: list[list[str]] = [[], []]
        for side, title in enumerate(pair.sections):
            if title is not None and title != shown[side]:
                shown[side] = title
                titles[side] = [*wrapped(title, column), "─" * column]
        if any(titles):
            yield titles[0], titles[1]
        yield _question(pair.id, pair.questions[0], column), _question(pair.id, pair.questions[1], column)


def _question(name: str, question: Question | None, column: int) -> list[str]:
    if question is None:
        return wrapped(f"▲ {name}: missing here", column)
    must = " · must ask" if question.must_ask else ""
    lines = wrapped(f"{name} · {question.type.value.upper()} · {question.minutes:g} min{must}", column)
    lines += wrapped(question.text, column)
    for thing in question.stimuli:
        lines += wrapped(f"show: {thing}", column, "  ◆ ", "    ")
    for probe in question.probes:
        lines += wrapped(probe, column, "  ▸ ", "    ")
    return lines


def _head(guide: Guide, column: int) -> list[str]:
    slot = f" · {guide.slot_minutes:g} min" if guide.slot_minutes else ""
    return [*wrapped(guide.title, column), *wrapped(f"{guide.id} · {guide.language}{slot}", column)]


def _said(text: str, column: int) -> list[str]:
    return wrapped(reflowed(text), column)


def _bullets(texts: Sequence[str], column: int) -> list[str]:
    return [line for text in texts for line in wrapped(text, column, "· ", "  ")]


def _joined(left: list[str], right: list[str], column: int) -> Iterator[str]:
    for index in range(max(len(left), len(right))):
        mine = left[index] if index < len(left) else ""
        theirs = right[index] if index < len(right) else ""
        yield f"{padded(mine, column)}{_LINE}{theirs}".rstrip()
