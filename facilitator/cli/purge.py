"""`facilitator purge`."""

import click

from facilitator.cli.audio import require_word
from facilitator.cli.output import say
from facilitator.cli.study_option import Opener, study_options
from facilitator.domain.errors import UsageError

STAYS = "The data may still identify people: raw transcripts, voices and rare details do."
COPIES = "Backups made before hold their own copies and keys: destroy them too. A solid-state drive may keep old bytes"


@click.command()
@click.argument("session", required=False)
@click.option("--audio", is_flag=True, help="Destroy all sound of SESSION; transcript and notes stay.")
@click.option("--linkage", is_flag=True, help="Destroy the key between names and numbers, for the whole study.")
@click.option("--word", help="The word `purge`, for scripts; else it is asked for.")
@study_options
def purge(opener: Opener, session: str | None, audio: bool, linkage: bool, word: str | None) -> None:
    """Destroy, for good, the sound of SESSION (--audio) or the key between names and numbers (--linkage).

    The key goes first, then what it opens. Nobody can bring either back.
    """
    if audio == linkage or bool(session) != audio:
        raise UsageError(
            "Say what to destroy.", safe="Nothing was destroyed.", do="Either `purge S --audio` or `purge --linkage`."
        )
    if session:
        _audio(opener, session, word)
    else:
        _linkage(opener, word)


def _audio(opener: Opener, session: str, word: str | None) -> None:
    from facilitator.workflows import retaining

    with opener.session(session) as opened:
        retaining.refuse_purge(opened)
        say(f"All sound of session {opened.id} will be destroyed, with its backup tracks. Nobody can bring it back.")
        for line in retaining.audio_warnings(opened):
            say(f"▲ {line}")
        require_word(retaining.WORD, word)
        gone = retaining.purge_audio(opened, retaining.WORD)
    say(f"Destroyed: the key of the audio, then {gone.records} records. Nothing of it opens here any more.")
    if gone.warning:
        say(f"▲ {gone.warning}", err=True)
    say(f"{COPIES},\nwhich the destroyed key alone could open. {STAYS}")


def _linkage(opener: Opener, word: str | None) -> None:
    from facilitator.workflows import retaining

    with opener.study() as study:
        say("The key between names and numbers will be destroyed, for the whole study. Nobody can bring it back.")
        say("Search for identifiers, the ethics check and exports need names, and end with it.")
        for line in retaining.linkage_warnings(study):
            say(f"▲ {line}")
        require_word(retaining.WORD, word)
        gone = retaining.purge_linkage(study, retaining.WORD)
    say(f"The key between names and numbers is destroyed. {STAYS}")
    if gone.reached:
        say("The linkage file is destroyed too.")
    elif gone.warning:
        say(f"▲ {gone.warning}", err=True)
    else:
        say(f"The linkage file was not at hand: {gone.file}. It cannot be opened any more; delete it when you can.")
    say(f"{COPIES}.")
    say("A copy of the linkage file from before this study had a linkage key still opens with the researcher's own.")
