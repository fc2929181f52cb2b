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
