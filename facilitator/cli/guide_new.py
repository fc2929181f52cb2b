"""`facilitator guide new`: writes a guide with somebody, question by question."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final

import click

from facilitator.cli.guide_prompts import ask, ask_lines, ask_yes, number, optional, required
from facilitator.cli.guide_text import hint_lines
from facilitator.cli.output import say
from facilitator.domain.errors import Cancelled, InvalidInput, StorageFailed, UsageError
from facilitator.domain.guide import Guide, Question, QuestionType
from facilitator.domain.guide_hints import RESERVE_MINUTES, guide_hints, planned_minutes
from facilitator.storage.guide_files import guide_to_yaml
from facilitator.storage.guide_schema import MAX_MINUTES, MAX_SLOT, MIN_MINUTES, MIN_SLOT
from facilitator.workflows import guide_drafts as drafts

TITLE_LENGTH: Final = 200
_LANGUAGE: Final = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})?")
_HELP: Final = {
    "title": "What the groups are about, as you would tell a participant.",
    "name": "Names the file and the guide in commands: letters a to z, digits, hyphens.",
    "language": "The language of the conversation, as a code: en, nb, nn, de, …",
    "slot": "How long people were asked to come for, in minutes; the questions are held against it. 0: not known yet.",
    "welcome": "What you say at the start: thanks, the topic, why these people, that it is recorded. Empty: none.",
    "rules": "These go into the guide; you can change them in the file. n: type your own.",
    "rule": "One rule a line. An empty line ends.",
    "section": "Questions that belong together have a heading. An empty line ends the guide.",
    "question": "As you will say it: short, open, one thing at a time. An empty line ends the section.",
    "type": "opening: everybody answers in half a minute. introductory: brings up the topic. transition: leads to what "
    "matters. key: what the study wants to know. ending: what matters most, what was missed. A first letter will do.",
    "minutes": f"How long the group may talk about it, {MIN_MINUTES} to {MAX_MINUTES}; 10 to 20 for a key question.",
    "must_ask": "y: never proposed to be dropped when time runs short. Key questions never are.",
    "probe": "What you may ask to hear more: “Can you give an example?” One a line. An empty line ends.",
    "closing": "What you say at the end: thanks, what happens with the recording, how to withdraw. Empty: none.",
}


def write_guide(folder: Path, name: str | None, language: str) -> None:
    """Ask for a guide and store it in `folder`. `name` is asked for when it is None; `language` is what is proposed.

    Raises:
        InvalidInput, UsageError: `name` cannot be one, or is taken; nothing was asked yet.
        Cancelled: Ctrl-C or the end of the input; says what was kept.
        StorageFailed: the disk refused; the guide was printed, so that it is not lost.
    """
    if name is not None:
        drafts.free_name(folder, name)
    dialog = _Dialog(folder)
    say(f"A new guide in {folder.name}. ? explains a question, Ctrl-C stops.", err=True)
    try:
        guide = dialog.run(name, language)
    except (click.Abort, KeyboardInterrupt):
        say("", err=True)
        raise _stopped(folder, dialog) from None
    hints = guide_hints(guide)
    with _or_printed(guide):
        path = drafts.store_guide(folder, guide)
    questions = len(guide.questions)
    say(f"Stored and read back: {folder.name}/{path.name}, {questions} questions, {planned_minutes(guide):g} minutes.")
    for line in hint_lines(hints):
        say(line)
    say("Cards to show, things to bring and a glossary are added in the file.", err=True)


class _Dialog:
    """What was typed so far: `guide` with every complete question, and the text of one that is not complete."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.guide: Guide | None = None
        self.incomplete = ""

    def run(self, name: str | None, language: str) -> Guide:
        """Ask for everything, in the order in which a guide is used."""
        title = ask("Title", _HELP["title"], required(TITLE_LENGTH))
        if name is None:
            name = ask("Name", _HELP["name"], lambda text: drafts.free_name(self.folder, text), self._proposed(title))
        language = ask("Language", _HELP["language"], _language, language)
        slot = ask("Minutes of the appointment", _HELP["slot"], number(MIN_SLOT, MAX_SLOT, or_none=True), "90")
        welcome = ask("Welcome", _HELP["welcome"], optional)
        rules = _ground_rules(language)
        guide = Guide(name, title, language, (), welcome, rules, slot_minutes=slot)
        guide = self._sections(guide)
        self.guide = guide = replace(guide, closing=ask("Closing", _HELP["closing"], optional))
        return drafts.tidied(guide)

    def _proposed(self, title: str) -> str:
        """A name made of the title; none where it cannot be one, or is taken."""
        try:
            return drafts.free_name(self.folder, drafts.suggested_name(title))
        except (InvalidInput, UsageError):
            return ""

    def _sections(self, guide: Guide) -> Guide:
        """Sections until an empty title, but not before there is a key question."""
        while True:
            title = ask(f"Section {len(guide.sections) + 1}", _HELP["section"], _at_most_title)
            if title:
                guide = self._questions(drafts.with_section(guide, title))
            elif any(question.type is QuestionType.KEY for question in guide.questions):
                return guide
            else:
                say("  ▲ A guide needs at least one key question: name a section for it.", err=True)

    def _questions(self, guide: Guide) -> Guide:
        """Questions of the last section until an empty text."""
        while text := ask("  Question", _HELP["question"], optional):
            self.incomplete = text
            guide = drafts.with_question(guide, _question(guide, text))
            self.guide, self.incomplete = guide, ""
            say(f"  {_total(guide)}", err=True)
        return guide


def _question(guide: Guide, text: str) -> Question:
    kind = ask("    Type", _HELP["type"], _type, drafts.usual_type(guide).value)
    minutes = number(MIN_MINUTES, MAX_MINUTES)
    planned = ask("    Minutes", _HELP["minutes"], minutes, f"{drafts.USUAL_MINUTES[kind]:g}")
    must_ask = kind is not QuestionType.KEY and ask_yes("    Must be asked", _HELP["must_ask"], default=False)
    return Question("", kind, text, planned, ask_lines("    Probe", _HELP["probe"]), must_ask)


def _ground_rules(language: str) -> tuple[str, ...]:
    usual = drafts.usual_rules(language)
    if usual:
        say("Ground rules that most studies use:", err=True)
        for rule in usual:
            say(f"  · {rule}", err=True)
        if ask_yes("Take these", _HELP["rules"], default=True):
            return usual
    return ask_lines("Ground rule", _HELP["rule"])


def _total(guide: Guide) -> str:
    planned = planned_minutes(guide)
    if not guide.slot_minutes:
        return f"{planned:g} minutes planned."
    left = guide.slot_minutes - RESERVE_MINUTES - planned
    room = f"{left:g} left" if left >= 0 else f"▲ {-left:g} too many"
    return f"{planned:g} of {guide.slot_minutes:g} minutes planned, {RESERVE_MINUTES} for welcome and closing, {room}."


def _language(answer: str) -> str:
    if not _LANGUAGE.fullmatch(answer):
        raise InvalidInput(f"“{answer}” is no code of a language.", do="Write a code such as en, nb or de.")
    return answer


def _type(answer: str) -> QuestionType:
    found = [kind for kind in QuestionType if answer and kind.value.startswith(answer.lower())]
    if not found:
        raise InvalidInput(f"“{answer}” is not a type.", do=f"The five are {', '.join(QuestionType)}.")
    return found[0]


def _at_most_title(answer: str) -> str:
    return required(TITLE_LENGTH)(answer) if answer else ""


@contextmanager
def _or_printed(guide: Guide) -> Iterator[None]:
    """Where the disk refuses a guide, it is printed: nobody types it twice."""
    try:
        yield
    except StorageFailed:
        say(guide_to_yaml(drafts.tidied(guide)))
        raise


def _stopped(folder: Path, dialog: _Dialog) -> Cancelled:
    """Keep what was typed as far as it can be kept, and say so."""
    lost = f" The question “{dialog.incomplete[:60]}” was not complete and is lost." if dialog.incomplete else ""
    if dialog.guide is None:
        return Cancelled("No guide was made.", safe=f"Nothing was stored: no question was complete.{lost}")
    with _or_printed(dialog.guide):
        path = drafts.store_unfinished(folder, dialog.guide)
    if path:
        shown = f"{folder.name}/{path.name}"
        return Cancelled(
            "The guide is not finished.",
            safe=f"What was typed is stored as {shown}.{lost}",
            do=f"Go on in that file; `facilitator guide check {shown}` looks at it.",
        )
    say(guide_to_yaml(drafts.tidied(dialog.guide)))
    return Cancelled(
        "The guide is not finished, and without a key question it is none yet.",
        safe=f"Nothing was stored; what was typed is printed above, to be copied into a file.{lost}",
    )
