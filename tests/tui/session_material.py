from collections.abc import Sequence
from datetime import date

from facilitator.domain.consent import Consent
from facilitator.domain.events import DraftMade, NoteTaken, QuestionAsked, SpeakerMarked
from facilitator.domain.guide import Guide, Question, QuestionType, Section
from facilitator.domain.ids import MODERATOR, ResearchNumber, SessionId, Speaker
from facilitator.domain.notes import NoteKind
from facilitator.domain.transcript import Segment, Word
from facilitator.workflows.participants import record_consent
from facilitator.workflows.sessions import Session, plan_session
from facilitator.workflows.study import Study

HOSTILE = "[/nope] \x1b[31mred \u202edlrow\u202c [b]bold[/b] \u2066x \U000e0041 ends"
P1, P2, P3, P4 = (ResearchNumber(f"P{number}") for number in range(1, 5))


def guide() -> Guide:
    def ask(key: str, kind: QuestionType, text: str, minutes: float, *probes: str) -> Question:
        return Question(key, kind, text, minutes, probes)

    return Guide(
        "imr",
        "Illness management",
        "en",
        (
            Section("Getting started", (ask("round", QuestionType.OPENING, "Please tell us what your work is.", 5),)),
            Section(
                "The program",
                (
                    ask(
                        "core",
                        QuestionType.KEY,
                        "Where does the program fit, or rub against, the way you understand treatment and your role?",
                        15,
                        "Could you say more about that?",
                        "Has that changed over the years?",
                    ),
                    ask("change", QuestionType.KEY, "What would you change about the program?", 10),
                ),
            ),
            Section("Closing", (ask("end", QuestionType.ENDING, "Is there anything we should have asked?", 5),)),
        ),
    )


CORE = "What is the core of it for you, the part without which it would no longer be the program?"
FIT = "Where does it fit, or rub against, the way you understand treatment, your role, your values and flexibility?"


def whole_guide() -> Guide:
    """One for an appointment of 60 minutes, with every field that a guide may have."""
    return Guide(
        "whole",
        "Illness management",
        "en",
        (
            Section(
                "Getting started",
                (
                    Question("round", QuestionType.OPENING, "Please tell us what your work is.", 5, (), True),
                    Question("first", QuestionType.INTRODUCTORY, "Think back to when you first heard of it.", 6),
                ),
            ),
            Section(
                "From the program to your own practice",
                (
                    Question(
                        "groups",
                        QuestionType.TRANSITION,
                        "How does it look in the place where you work?",
                        7,
                        ("Which modules do you use most, and which least?",),
                        False,
                        ("The card with the eleven modules", "The vignette of Anne"),
                    ),
                ),
            ),
            Section(
                "Working with it",
                (
                    Question("core", QuestionType.KEY, CORE, 13, ("Does anybody see it differently?",)),
                    Question(
                        "fit",
                        QuestionType.KEY,
                        FIT,
                        13,
                        (
                            "Think of a moment when you departed from the manual. What happened?",
                            "What does it ask of you that your training did not?",
                            "How does it sit beside medication and other treatment?",
                        ),
                    ),
                ),
            ),
            Section(
                "Closing",
                (
                    Question("most", QuestionType.ENDING, "Of everything, what matters most to you?", 5),
                    Question("summary", QuestionType.ENDING, "What is missing from this summary?", 5, (), True),
                ),
            ),
        ),
        ground_rules=("One person speaks at a time.", "What is said here stays here; asked of everybody."),
        slot_minutes=60,
    )


def planned(study: Study, title: str = "North hospital") -> SessionId:
    return plan_session(study, guide(), (P1, P2, P3, P4), title=title)


def consented(study: Study) -> None:
    record_consent(study, (P1, P2, P3, P4), Consent(P1, date(2021, 9, 14).isoformat(), True, True, False))


def said(number: int, start_ms: int, speaker: str | None, text: str, doubtful: Sequence[str] = ()) -> Segment:
    words = tuple(
        Word(word, start_ms + 300 * at, start_ms + 300 * at + 280, 0.2 if word in doubtful else 0.95)
        for at, word in enumerate(text.split())
    )
    label = Speaker(speaker) if speaker else None
    return Segment(number, start_ms, start_ms + 300 * max(1, len(words)), label, text, words)


SCRIPT = (
    (MODERATOR, "What do you see as the core of the program?", ()),
    ("P1", "I think the most important thing is to tune in, and be humble and responsive to the patient.", ("tune",)),
    (None, "Mm-hm.", ()),
    ("P2", "It depends on how you use it, the material, says my colleague Berit from Levanger.", ()),
    ("P3", "It is on the table, but maybe we will choose something else next time we meet in Trondheim.", ("table,",)),
    ("P4", "Kristin said that it needs to be revised, does it not?", ()),
)


def drafted(study: Study, script: Sequence[tuple[str | None, str, Sequence[str]]] = SCRIPT) -> SessionId:
    session_id = planned(study)
    segments = tuple(
        said(number, 10_000 * number, who, text, doubtful)
        for number, (who, text, doubtful) in enumerate(script, start=1)
    )
    with Session(study, session_id) as session:
        session.record(SpeakerMarked(MODERATOR), 9_000)
        session.record(QuestionAsked("core"), 9_500)
        session.record(NoteTaken(NoteKind.THEME, "tuning in", Speaker("P1")), 25_000)
        session.record(DraftMade(segments))
    return session_id


def long_draft(study: Study, turns: int) -> SessionId:
    words = SCRIPT[3][1].split()
    script = [
        (f"P{number % 4 + 1}", " ".join(words[at % len(words)] for at in range(5 + number * 7 % 30)), ())
        for number in range(turns)
    ]
    return drafted(study, script)
