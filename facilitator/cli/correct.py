"""`facilitator correct`: opens the editor, or corrects line by line for screen readers and scripts."""

from collections.abc import Callable, Iterator

import click

from facilitator.cli.output import say
from facilitator.cli.screens import open_screen
from facilitator.cli.study_option import Opener, study_options
from facilitator.domain.doubts import Doubt
from facilitator.domain.errors import FacilitatorError, UsageError
from facilitator.domain.ids import Speaker, speaker
from facilitator.domain.text import MAX_TURN, one_line
from facilitator.domain.timebase import stamp
from facilitator.domain.turn_words import NOTHING_SAID, in_detail, in_place_of_text, rule_names, tally
from facilitator.workflows.correcting import Correction
from facilitator.workflows.playing import play_clip

PLAIN_HELP = (
    "Enter: correct as it is · text: replace · /s P3: speaker · /s ?: unknown · /n: nothing said · "
    "/b: take what was heard beside it · /p: play · /u: undo · /q: stop"
)


@click.command()
@click.argument("session")
@click.option("--plain", is_flag=True, help="Line by line, for screen readers; goes through what is unchecked.")
@click.option("--turn", type=int, help="Correct this turn and stop; see the numbers with --list.")
@click.option("--text", help="New text of --turn.")
@click.option("--speaker", "who", help="New speaker of --turn: P1…, M, A or ?.")
@click.option("--check", is_flag=True, help="Mark --turn as checked.")
@click.option("--split", "words", type=int, metavar="WORDS", help="Split --turn after so many words.")
@click.option("--join", is_flag=True, help="Join --turn with the one after it.")
@click.option("--take", is_flag=True, help="Take what was heard beside --turn (transcribe --beside) as its text.")
@click.option("--nothing", is_flag=True, help="Nothing was said in --turn: take its text out and mark it as checked.")
@click.option("--undo", is_flag=True, help="Take the last correction back.")
@click.option("--list", "listing", is_flag=True, help="Print the turns with their numbers, and why one is doubted.")
@click.option("--doubts", "doubted", is_flag=True, help="Print the turns with open doubts, and the figures behind.")
@click.option("--beside", "differing", is_flag=True, help="Print the turns that were heard otherwise, both texts.")
@study_options
def correct(
    opener: Opener,
    session: str,
    plain: bool,
    turn: int | None,
    text: str | None,
    who: str | None,
    check: bool,
    words: int | None,
    join: bool,
    take: bool,
    nothing: bool,
    undo: bool,
    listing: bool,
    doubted: bool,
    differing: bool,
) -> None:
    """Correct SESSION's transcript against the sound. Every change is stored at once."""
    changes = text is not None or who or check or words or join or take or nothing
    if changes and turn is None:
        raise UsageError("A change needs --turn.", do="See the numbers with --list.")
    if (text is not None) + take + nothing > 1:
        raise UsageError("Give one of --text, --take and --nothing.", safe="Nothing was changed.")
    printing = listing or doubted or differing
    if not (plain or undo or printing or turn is not None):
        open_screen(opener, "correct", session)
        return
    with opener.session(session, write=not printing) as opened:
        correction = Correction(opened)
        if printing:
            lines = _doubted(correction) if doubted else _differing(correction) if differing else _all(correction)
            for line in lines:
                say(line)
        elif undo:
            say(f"Taken back: {_line(correction, correction.undo())}")
        elif turn is not None:
            _correct_one(correction, turn, text, who, check)
            for wanted, change in ((take, correction.take_other), (nothing, correction.nothing_said)):
                if wanted:
                    change(turn)
            if words is not None:
                _split(correction, turn, words)
            if join:
                correction.merge(turn)
            say(f"Saved: {_line(correction, turn)}")
        else:
            _plain(correction)


def _all(correction: Correction) -> Iterator[str]:
    for segment in correction.segments:
        yield _line(correction, segment.id, rule_names)


def _doubted(correction: Correction) -> Iterator[str]:
    for segment in correction.segments:
        if correction.session.state.doubts_about(segment):
            yield _line(correction, segment.id, in_detail)


def _differing(correction: Correction) -> Iterator[str]:
    for segment_id in (one.id for one in correction.segments):
        if (other := _other(correction, segment_id)) is not None:
            yield _line(correction, segment_id)
            yield other


def _correct_one(correction: Correction, turn: int, text: str | None, who: str | None, check: bool) -> None:
    correction.segment(turn)
    if who is not None:
        correction.set_speaker(turn, _speaker(who))
    if text is not None:
        correction.set_text(turn, text)
    if check:
        correction.set_checked(turn)


def _split(correction: Correction, segment_id: int, words: int) -> int:
    parts = correction.segment(segment_id).text.split()
    return correction.split(segment_id, len(" ".join(parts[:words])))


def _plain(correction: Correction) -> None:
    say(PLAIN_HELP)
    waiting = [segment.id for segment in correction.segments if not segment.checked]
    while waiting:
        say(_line(correction, waiting[0], in_detail))
        if (other := _other(correction, waiting[0])) is not None:
            say(other)
        answer = click.prompt("", default="", show_default=False, prompt_suffix="> ", err=True).strip()
        if answer == "/q":
            break
        try:
            if answer == "/u":
                undone = correction.undo()
                say(f"Taken back: {_line(correction, undone)}")
                left = correction.session.state.segments.keys() - {undone}
                waiting = [undone, *(one for one in waiting if one in left)]
            elif answer.startswith("/x "):
                waiting.insert(1, _split(correction, waiting[0], _count(answer.removeprefix("/x "))))
            elif answer == "/j":
                gone = correction.merge(waiting[0])
                waiting = [one for one in waiting if one != gone]
            elif _answer(correction, waiting[0], answer):
                waiting.pop(0)
        except FacilitatorError as error:
            say(str(error), err=True)
    checked, total = correction.checked
    doubted = f", {tally(len(correction.session.state.open_doubts))}" if correction.session.state.doubts else ""
    say(f"{checked} of {total} turns checked{doubted}. Everything is saved.")


def _answer(correction: Correction, segment_id: int, answer: str) -> bool:
    if answer == "/p":
        segment = correction.segment(segment_id)
        play_clip(correction, segment.start_ms, segment.end_ms)
        return False
    if answer.startswith("/s "):
        correction.set_speaker(segment_id, _speaker(answer.removeprefix("/s ")))
        return False
    if answer == "/b":
        correction.take_other(segment_id)
        return False
    if answer == "/n":
        correction.nothing_said(segment_id)
        return True
    if answer.startswith("/"):
        say(PLAIN_HELP)
        return False
    if answer:
        correction.set_text(segment_id, answer)
    correction.set_checked(segment_id)
    return True


def _count(text: str) -> int:
    if not text.strip().isdecimal():
        raise UsageError("Say after how many words, such as /x 4.")
    return int(text)


def _speaker(text: str) -> Speaker | None:
    return None if text.strip() == "?" else speaker(text)


def _line(correction: Correction, segment_id: int, about: Callable[[tuple[Doubt, ...]], str] = rule_names) -> str:
    """A turn on one line, what doubts it at the end; without a text, what stands there in parentheses."""
    segment = correction.segment(segment_id)
    doubts = correction.session.state.doubts_about(segment)
    blank = in_place_of_text(segment, doubts)
    sign, who = "✓" if segment.checked else " ", segment.speaker or ("–" if blank == NOTHING_SAID else "?")
    flag = f"  ⚑ {about(doubts)}" if doubts else ""
    text = f"({blank})" if blank else one_line(segment.text, MAX_TURN)
    return f"{segment.id:4} {sign} {stamp(segment.start_ms)} {who:3} {text}{flag}"


def _other(correction: Correction, segment_id: int) -> str | None:
    other = correction.other(segment_id)
    return (
        None
        if other is None
        else f"     ≠ {one_line(other.model)} says: {one_line(other.text, MAX_TURN) or '(nothing)'}"
    )
