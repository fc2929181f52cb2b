"""What an empty study needs first, with what is done already."""

from textual.content import Content

from facilitator.domain.consent import missing_consents
from facilitator.domain.study_state import StudyState


def first_steps(state: StudyState) -> Content:
    """The three steps before a first session can be recorded, each with ✓ or –."""
    people = len(state.participants)
    missing = len(missing_consents(state.participants, state.consents))
    steps = (
        (
            people > 0,
            "r",
            "People",
            f"{people} on the roster" if people else "import a CSV file, or add them one by one",
        ),
        (people > 0 and not missing, "r", "Consents", _consents(people, missing)),
        (False, "n", "Session", "choose a guide and who takes part"),
    )
    found = Content("This study has no session yet.\n\n")
    for number, (done, key, name, text) in enumerate(steps, start=1):
        sign = "✓" if done else "–"
        found += Content.assemble(
            f" {sign} {number}  ", (f"{name:<10}", "bold"), f"{text}  ", (f"press {key}", "dim"), "\n"
        )
    return found + Content("\nF1 explains any screen.")


def _consents(people: int, missing: int) -> str:
    if not people:
        return "record them when the forms are signed"
    return f"{missing} of {people} are missing" if missing else f"all {people} recorded"
