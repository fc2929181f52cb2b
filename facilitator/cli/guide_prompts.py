"""Plain questions in the terminal, each with help at `?`; talk goes to standard error."""

from collections.abc import Callable, Iterator
from typing import TypeVar

import click

from facilitator.cli.output import say
from facilitator.domain.errors import FacilitatorError, InvalidInput
from facilitator.domain.text import MAX_LINE, one_line

T = TypeVar("T")
_NONCHARACTERS = {0xFFFE: "�", 0xFFFF: "�"}  # no YAML file can hold them


def ask(label: str, help_text: str, check: Callable[[str], T], default: str = "") -> T:
    """Ask until `check` accepts the answer; what it raises is shown. An empty answer is `default`.

    Raises:
        click.Abort: Ctrl-C, or the end of the input.
    """
    while True:
        raw = click.prompt(label, default=default, show_default=bool(default), err=True)
        answer = str(one_line(raw, MAX_LINE + 1)).translate(_NONCHARACTERS)
        if answer == "?":
            say(f"  {help_text}", err=True)
            continue
        try:
            return check(answer)
        except FacilitatorError as refused:
            say(f"  ▲ {' '.join(part for part in (refused.what, refused.do) if part)}", err=True)


def ask_lines(label: str, help_text: str) -> tuple[str, ...]:
    """Ask for texts, one a line; an empty line ends."""
    return tuple(_until_empty(label, help_text))


def ask_yes(label: str, help_text: str, *, default: bool) -> bool:
    """Ask for yes or no."""
    return ask(f"{label} (y/n)", help_text, _yes, "y" if default else "n")


def optional(answer: str) -> str:
    """Any text of at most 4,000 characters, also none. Raises InvalidInput."""
    if len(answer) > MAX_LINE:
        raise InvalidInput(f"This has more than {MAX_LINE} characters.", do="Shorten it.")
    return answer


def required(limit: int = MAX_LINE) -> Callable[[str], str]:
    """A check for a text of 1 to `limit` characters. It raises InvalidInput."""

    def check(answer: str) -> str:
        if not answer:
            raise InvalidInput("Something must stand here.", do="? explains it.")
        if len(answer) > limit:
            raise InvalidInput(f"This has more than {limit} characters.", do="Shorten it.")
        return answer

    return check


def number(least: float, most: float, *, or_none: bool = False) -> Callable[[str], float]:
    """A check for a number from `least` to `most`, or also 0. It raises InvalidInput."""

    def check(answer: str) -> float:
        try:
            value = float(answer.replace(",", "."))
        except ValueError:
            value = -1.0
        if not (least <= value <= most or (or_none and value == 0)):
            raise InvalidInput(f"Write a number from {least:g} to {most:g}{', or 0' if or_none else ''}.")
        return value

    return check


def _yes(answer: str) -> bool:
    if answer.lower() not in ("y", "yes", "n", "no"):
        raise InvalidInput("Answer y or n.")
    return answer.lower().startswith("y")


def _until_empty(label: str, help_text: str) -> Iterator[str]:
    while answer := ask(label, help_text, optional):
        yield answer
