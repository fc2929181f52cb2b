"""A guide on paper: plain text in pages of 60 lines, with the clock and room for notes."""

from collections.abc import Iterator, Sequence
from typing import Final

from facilitator.cli.guide_columns import reflowed, wrapped
from facilitator.domain.guide import Guide, Question, QuestionType

WIDTH: Final = 78
PAGE_LINES: Final = 60
_INDENT: Final = "    "
_RULE: Final = _INDENT + "_" * (WIDTH - len(_INDENT))
_NOTE_LINES: Final = {QuestionType.KEY: 5}
_OTHER_NOTE_LINES: Final = 3
_Block = list[str]


def handout_pages(guide: Guide) -> list[list[str]]:
    """Pages of at most 60 lines of at most 78 cells. A question is split only where it is longer than a page."""
    blocks = [*_beginning(guide), *_sections(guide)]
    if guide.closing:
        blocks.append(["AFTER THE LAST QUESTION", *wrapped(reflowed(guide.closing), WIDTH, _INDENT, _INDENT)])
    pages = _paginated(blocks)
    for number, page in enumerate(pages[1:], start=2):
        page[:0] = [_page_head(guide, number, len(pages)), ""]
    return pages


def _beginning(guide: Guide) -> Iterator[_Block]:
    planned = f"{len(guide.questions)} questions, {_clock(guide.planned_ms)} planned"
    slot = f"Appointment of {guide.slot_minutes:g} minutes, " if guide.slot_minutes else ""
    times = f"{slot}{planned}. Times count from the first question."
    yield [*wrapped(guide.title, WIDTH), "=" * WIDTH, *wrapped(times, WIDTH)]
    if guide.materials:
        yield ["TO BRING", *_items(guide.materials, f"{_INDENT}[ ] ")]
    if guide.welcome:
        yield ["WELCOME", *wrapped(reflowed(guide.welcome), WIDTH, _INDENT, _INDENT)]
    if guide.ground_rules:
        yield ["GROUND RULES", *_items(guide.ground_rules, f"{_INDENT}[ ] ")]


def _sections(guide: Guide) -> Iterator[_Block]:
    """A block for each question; the first of a section brings the title along."""
    started_ms = 0
    for section in guide.sections:
        title = [*wrapped(section.title.upper(), WIDTH), "-" * WIDTH]
        for question in section.questions:
            ended_ms = started_ms + int(question.minutes * 60_000)
            yield [*title, *_question(question, f"{_clock(started_ms)}–{_clock(ended_ms)}")]
            title, started_ms = [], ended_ms


def _question(question: Question, time: str) -> _Block:
    must = "  ** MUST ASK **" if question.must_ask else ""
    lines = [f"{time}  {question.type.value.upper()}, {question.minutes:g} min{must}"]
    lines += wrapped(question.text, WIDTH, _INDENT, _INDENT)
    lines += _items(question.stimuli, f"{_INDENT}[ ] show: ")
    lines += _items(question.probes, f"{_INDENT}  - ")
    return lines + ["", _RULE] * _NOTE_LINES.get(question.type, _OTHER_NOTE_LINES)


def _items(texts: Sequence[str], sign: str) -> list[str]:
    return [line for text in texts for line in wrapped(text, WIDTH, sign, " " * len(sign))]


def _paginated(blocks: Sequence[_Block]) -> list[list[str]]:
    """Blocks with an empty line between, on pages with room for a heading of two lines."""
    room = PAGE_LINES - 2
    pages: list[list[str]] = [[]]
    for block in blocks:
        if pages[-1] and len(pages[-1]) + 1 + len(block) > room:
            pages.append([])
        rest = ["", *block] if pages[-1] else block
        while len(rest) > room:
            pages[-1] += rest[:room]
            pages.append([])
            rest = rest[room:]
        pages[-1] += rest
    return pages


def _page_head(guide: Guide, number: int, of: int) -> str:
    page = f"page {number} of {of}"
    return f"{guide.id[: WIDTH - len(page) - 2]}  {page}"


def _clock(ms: int) -> str:
    """`1:05`, hours and minutes; with seconds only where there are some."""
    minutes, seconds = divmod(ms // 1000, 60)
    return f"{minutes // 60}:{minutes % 60:02}" + (f":{seconds:02}" if seconds else "")
