"""The only place that writes to the terminal: data to stdout, talk to stderr, all of it through the text gate."""

import json
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import click

from facilitator.domain.progress import Progress, Report
from facilitator.domain.text import SafeText


def say(text: str, *, err: bool = False) -> None:
    """Print lines of text; nothing in it can steer the terminal."""
    click.echo(SafeText.of(text, limit=1_000_000), err=err)


def emit(data: Any, as_json: bool, lines: Sequence[str]) -> None:
    """Print `data` as one JSON document, or else `lines`."""
    if as_json:
        click.echo(json.dumps(data, ensure_ascii=True, indent=2))  # ASCII: control characters stay escaped
        return
    for line in lines:
        say(line)


def columns(rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows as aligned lines; the first row is the heading."""
    widths = [max(len(row[index]) for row in rows) for index in range(len(rows[0]))] if rows else []
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


@contextmanager
def progress(place: str = "") -> Iterator[Report]:
    """A report that draws one updating line on a terminal, or a line for each tenth of the work elsewhere.

    `place` stands before each, such as "2 of 5: ".
    """
    drawn = _Line(place)
    try:
        yield drawn.report
    finally:
        drawn.close()


class _Line:
    def __init__(self, place: str) -> None:
        self._place = place
        self._terminal = sys.stderr.isatty()
        self._drawn_at = 0.0
        self._last = ("", -1)
        self._open = False

    def report(self, step: Progress) -> None:
        if self._terminal:
            now = time.monotonic()
            if now - self._drawn_at >= 0.1 or step.fraction >= 1.0:
                bar = "█" * int(step.fraction * 24)
                click.echo(f"\r\x1b[K  {bar:░<24} {SafeText.of(self._place + str(step), 60)}", err=True, nl=False)
                self._drawn_at, self._open = now, True
            return
        tenth = (step.label, int(step.fraction * 10))
        if tenth != self._last:
            self._last = tenth
            say(f"  {self._place}{step}", err=True)

    def close(self) -> None:
        if self._open:
            click.echo("", err=True)
