"""`facilitator verify` and `export`."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from facilitator.cli.output import emit, progress, say
from facilitator.cli.study_option import Opener, json_option, study_options
from facilitator.domain.detail import ExportProfile
from facilitator.domain.errors import NotVerified
from facilitator.domain.timebase import stamp
from facilitator.ethics.checks import Verdict
from facilitator.workflows.verifying import Verification

if TYPE_CHECKING:
    from facilitator.workflows.redacting import Redacted

profile_option = click.option(
    "--profile",
    type=click.Choice([one.value for one in ExportProfile]),
    default=ExportProfile.TEAM.value,
    show_default=True,
    help="For whom: how much detail of places, dates and other identifiers stays.",
)
SIGNS = {Verdict.PASS: "✓", Verdict.FAIL: "✗", Verdict.JUDGE: "?", Verdict.NOT_APPLICABLE: "–"}


@click.command()
@click.argument("session")
@click.option("--approve", metavar="DIGEST", help="Approve the content of this digest, as shown; 8 digits are enough.")
@click.option("--by", "approver", default="", help="Who approves: a role or initials.")
@click.option("--text", is_flag=True, help="Print all of it as it would be exported.")
@profile_option
@study_options
@json_option
def verify(
    opener: Opener, session: str, approve: str | None, approver: str, text: bool, profile: str, as_json: bool
) -> None:
    """Check SESSION as it would be exported. Exits with 13 while a check fails."""
    from facilitator.workflows import verifying

    with opener.session(session, write=approve is not None) as opened:
        if approve is not None:
            found = verifying.approve(opened, approver, approve, ExportProfile(profile))
        else:
            found = verifying.verify(opened, ExportProfile(profile))
    data = {
        "profile": profile,
        "content_sha256": found.content.digest,
        "ready": found.ready,
        "approved": found.approved,
        "checks": [
            {"id": c.id, "title": c.title, "verdict": c.verdict.value, "detail": c.detail} for c in found.checks
        ],
    }
    emit(data, as_json, _lines(found, text))
    if not found.ready:
        raise NotVerified("Not ready for approval.", safe="Nothing left the study.", do="Mend what is marked ✗.")


def _lines(found: Verification, text: bool) -> list[str]:
    from facilitator.export.txt import render_txt

    lines = [
        f"{SIGNS[check.verdict]} {check.title}{f' · {check.detail}' if check.detail else ''}" for check in found.checks
    ]
    verdict = "approved as it is now" if found.approved else ("ready for approval" if found.ready else "not yet")
    lines += ["", f"Verdict: {verdict}.", f"Profile: {found.profile}", f"Content: {found.content.digest}"]
    if text:
        lines += ["", *render_txt(found.content).rstrip().split("\n")]
    return lines


@click.command()
@click.argument("session")
@click.option("--format", "formats", default="docx,txt", show_default=True, help="Formats, separated by commas.")
@click.option(
    "--out", type=click.Path(path_type=Path), help="Folder to write into; the session's exports if not given."
)
@click.option(
    "--audio", is_flag=True, help="Add the sound with a tone over every identifier; only if everybody agreed."
)
@profile_option
@study_options
def export(opener: Opener, session: str, formats: str, out: Path | None, audio: bool, profile: str) -> None:
    """Write SESSION's approved transcript with a manifest. Refused while the approval is missing or stale."""
    from facilitator.export.formats import parse_formats
    from facilitator.workflows.exporting import export_session

    parse_formats(formats)  # refused before a passphrase is asked for
    with opener.session(session) as opened, progress() as report:
        result = export_session(opened, formats, out, report, audio=audio, profile=ExportProfile(profile))
    say(f"Exported to {result.folder}:")
    for file in result.files:
        say(f"  {file.name}  {file.bytes:,} bytes  sha256 {file.sha256}")
    if result.redacted:
        for line in _sound_lines(result.redacted):
            say(line)
    say("Pseudonymized; it may still identify people. The key stays in the linkage file.")


def _sound_lines(redacted: "Redacted") -> list[str]:
    seconds = sum(end - start for start, end in redacted.toned) / 1000
    lines = [f"Sound: {seconds:.1f} s in {len(redacted.toned)} places are under a tone. Still identifiable by voice."]
    if redacted.whole_turns:
        lines.append(f"Wholly under a tone, since their words have no times: {redacted.whole_turns} turns.")
    if redacted.listen_to:
        places = ", ".join(dict.fromkeys(stamp(at_ms) for at_ms in redacted.listen_to))
        lines.append(f"Listen before you pass it on, for words there sound like a known name: {places}.")
    return lines
