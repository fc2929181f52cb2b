"""`facilitator correct`: opens the editor, or corrects line by line for screen readers and scripts."""

import click

from facilitator.cli.output import say
from facilitator.cli.screens import open_screen
from facilitator.cli.study_option import Opener, study_options
from facilitator.domain.errors import FacilitatorError, UsageError
from facilitator.domain.ids import Speaker, speaker
from facilitator.domain.timebase import stamp
from facilitator.domain.transcript import Segment
from facilitator.workflows.correcting import Correction
from facilitator.workflows.playing import play_clip

PLAIN_HELP = (
    """Enter: correct as it is · text: replace · /s P3: speaker · /s ?: unknown · /p: play · /u: undo · /q: stop"""
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
@click.option("--undo", is_flag=True, help="Take the last correction back.")
@click.option("--list", "listing", is_flag=True, help="Print the turns with their numbers.")
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
    undo: bool,
    listing: bool,
) -> None:
    """Correct SESSION's transcript against the sound. Every change is stored at once."""
    if (text is not None or who or check or words or join) and turn is None:
        raise UsageError("A change needs --turn.", do="See the numbers with --list.")
    if not (plain or undo or listing or turn is not None):
        open_screen(opener, "correct", session)
        return
    with opener.session(session, write=not listing) as opened:
        correction = Correction(opened)
        if listing:
            for segment in correction.segments:
                say(_line(segment))
        elif undo:
            say(f"Taken back: {_line(correction.segment(correction.undo()))}")
        elif turn is not None:
            _correct_one(correction, turn, text, who, check)
            if words is not None:
                _split(correction, turn, words)
            if join:
                correction.merge(turn)
            say(f"Saved: {_line(correction.segment(turn))}")
        else:
            _plain(correction)


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
        say(_line(correction.segment(waiting[0])))
        answer = click.prompt("", default="", show_default=False, prompt_suffix="> ", err=True).strip()
        if answer == "/q":
            break
        try:
            if answer == "/u":
                undone = correction.undo()
                say(f"Taken back: {_line(correction.segment(undone))}")
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
    say(f"{checked} of {total} turns checked. Everything is saved.")


def _answer(correction: Correction, segment_id: int, answer: str) -> bool:
    if answer == "/p":
        segment = correction.segment(segment_id)
        play_clip(correction, segment.start_ms, segment.end_ms)
        return False
    if answer.startswith("/s "):
        correction.set_speaker(segment_id, _speaker(answer.removeprefix("/s ")))
        return False
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


def _line(segment: Segment) -> str:
    sign, who = "✓" if segment.checked else " ", segment.speaker or "?"
    return f"{segment.id:4} {sign} {stamp(segment.start_ms)} {who:3} {segment.text}"
