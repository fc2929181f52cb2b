import pytest
from hypothesis import given
from hypothesis import strategies as st

from facilitator.domain.conduct_state import QuestionStep, Step
from facilitator.domain.guide import Guide, Question, QuestionType, Section
from facilitator.domain.stretches import Stretch, total, without
from facilitator.domain.time_plan import LATE_MS, Standing, TimePlan

MINUTE = 60_000
OPENING, KEY, ENDING, TRANSITION = (
    QuestionType.OPENING,
    QuestionType.KEY,
    QuestionType.ENDING,
    QuestionType.TRANSITION,
)


def _question(name: str, kind: QuestionType, minutes: float, *, must_ask: bool = False) -> Question:
    return Question(name, kind, f"What about {name}?", minutes, must_ask=must_ask)


ROUTE = (
    _question("hello", OPENING, 2),
    _question("first", TRANSITION, 4),
    _question("second", TRANSITION, 6),
    _question("core", KEY, 20),
    _question("must", TRANSITION, 3, must_ask=True),
    _question("third", TRANSITION, 10),
    _question("summary", ENDING, 5),
    _question("missed", ENDING, 2.5),
)


def _guide(questions: tuple[Question, ...] = ROUTE, slot: float = 0) -> Guide:
    return Guide(
        "g", "A guide", "en", (Section("One", questions[:3]), Section("Two", questions[3:])), slot_minutes=slot
    )


def _asked(*pairs: tuple[float, str]) -> list[QuestionStep]:
    return [QuestionStep(int(at * MINUTE), name, Step.ASKED) for at, name in pairs]


def _plan(
    course: list[QuestionStep], now: float, breaks: list[Stretch] | None = None, guide: Guide | None = None
) -> TimePlan:
    return TimePlan(guide or _guide(), course, breaks or [], int(now * MINUTE))


def _of(name: str) -> Question:
    return next(one for one in ROUTE if one.id == name)


def _step(at: float, name: str, step: Step, reason: str = "") -> QuestionStep:
    return QuestionStep(int(at * MINUTE), name, step, reason)


# --- time of one question


def test_time_counts_for_the_question_asked_last_and_all_its_askings_add_up() -> None:
    plan = _plan(_asked((1, "hello"), (3, "first"), (4, "hello"), (9, "second")), 11)
    assert [plan.spent_ms(_of(name)) for name in ("hello", "first", "second", "core")] == [
        7 * MINUTE,
        1 * MINUTE,
        2 * MINUTE,
        0,
    ]
    assert plan.current == _of("second")
    assert plan.left_ms(_of("hello")) == 0, "never under 0"
    assert plan.left_ms(_of("first")) == 3 * MINUTE and plan.left_ms(_of("core")) == 20 * MINUTE


def test_breaks_count_for_no_question_and_move_the_end_only_if_they_fall_into_the_group() -> None:
    course = _asked((10, "hello"), (20, "first"))
    breaks = [(5 * MINUTE, 8 * MINUTE), (15 * MINUTE, 22 * MINUTE)]
    plan = _plan(course, 25, breaks)
    assert plan.spent_ms(_of("hello")) == 5 * MINUTE and plan.spent_ms(_of("first")) == 3 * MINUTE
    assert plan.breaks_ms == 7 * MINUTE, "one before the first question takes nothing from the group"
    assert plan.ends_ms == 10 * MINUTE + _guide().planned_ms + 7 * MINUTE


def test_skipping_and_parking_take_no_time_away_from_the_question_under_discussion() -> None:
    course = [*_asked((0, "hello")), _step(1, "second", Step.SKIPPED, "no time"), _step(2, "first", Step.PARKED)]
    plan = _plan(course, 5)
    assert plan.current == _of("hello") and plan.spent_ms(_of("hello")) == 5 * MINUTE
    assert plan.standing(_of("second")) is Standing.SKIPPED and plan.reason(_of("second")) == "no time"
    assert plan.standing(_of("first")) is Standing.PARKED and plan.reason(_of("first")) == ""
    assert plan.standing(_of("core")) is Standing.OPEN and plan.reason(_of("core")) == ""


def test_steps_with_questions_that_the_guide_does_not_hold_are_passed_over() -> None:
    plan = _plan(_asked((0, "hello"), (4, "of another guide")), 6)
    assert plan.current == _of("hello") and plan.spent_ms(_of("hello")) == 6 * MINUTE


def test_without_a_guide_there_is_nothing_to_say() -> None:
    plan = TimePlan(None, _asked((0, "hello")), [(0, 5)], MINUTE)
    assert (plan.next, plan.previous, plan.current, plan.ends_ms, plan.dropping) == (None, None, None, None, None)
    assert (plan.late_ms, plan.to_come_ms, plan.coverage()) == (0, 0, ())


# --- what comes


def test_next_follows_the_guide_whatever_was_passed_over() -> None:
    assert _plan([], 0).next == _of("hello") and _plan([], 0).previous is None
    plan = _plan(_asked((0, "hello"), (1, "second")), 2)
    assert plan.next == _of("core") and plan.previous == _of("hello"), "the one that was asked before"
    assert _plan(_asked((0, "hello")), 1).previous is None
    skipped = [*_asked((0, "hello")), _step(0, "first", Step.SKIPPED)]
    assert _plan(skipped, 1).next == _of("second")
    assert _plan([*skipped, *_asked((1, "first"))], 2).next == _of("second"), "asked after all"


def test_what_was_put_off_comes_before_the_ending_and_what_was_passed_over_at_the_very_end() -> None:
    course = [*_asked((0, "hello")), _step(1, "first", Step.PARKED), *_asked((1, "core"), (20, "must"))]
    assert _plan(course, 21).next == _of("third")
    course += _asked((22, "third"))
    plan = _plan(course, 30)
    assert plan.next == _of("first")
    course += _asked((30, "first"))  # goes back in the guide: the one behind it was passed over
    assert _plan(course, 31).next == _of("second")
    course += _asked((31, "second"))
    assert _plan(course, 32).next == _of("summary")
    course += _asked((32, "summary"), (33, "missed"))
    assert _plan(course, 34).next is None


def test_passed_over_questions_are_offered_when_nothing_else_is_left() -> None:
    course = _asked((0, "third"), (5, "summary"), (6, "missed"))
    assert [one.id for one in (_plan(course, 7).next,) if one] == ["hello"]


def test_the_question_under_discussion_can_itself_be_put_off() -> None:
    course = [*_asked((0, "third")), _step(1, "third", Step.PARKED)]
    plan = _plan(course, 2)
    assert plan.current == _of("third") and plan.next == _of("third")
    assert plan.spent_ms(_of("third")) == 2 * MINUTE


def test_the_ending_is_near_when_the_next_open_question_is_one_even_if_others_follow() -> None:
    route = (_question("a", OPENING, 1), _question("b", ENDING, 1), _question("c", KEY, 1))
    plan = _plan([*_asked((0, "a"))], 1, guide=_guide(route))
    assert plan.next == route[1]


# --- late


def test_without_an_appointment_the_group_ends_its_planned_minutes_after_the_first_question() -> None:
    assert _plan([], 30).ends_ms is None and _plan([], 30).late_ms == 0
    plan = _plan(_asked((10, "hello")), 10)
    assert plan.ends_ms == 10 * MINUTE + _guide().planned_ms and plan.late_ms == 0
    assert _plan(_asked((10, "hello")), 12).late_ms == 0, "within its minutes"
    assert _plan(_asked((10, "hello")), 15).late_ms == 3 * MINUTE
    assert _plan(_asked((10, "hello"), (11, "first")), 11).late_ms == -1 * MINUTE
    assert _plan(_asked((10, "hello")), 32, [(12 * MINUTE, 32 * MINUTE)]).late_ms == 0, "a break makes nobody late"


def test_an_appointment_counts_from_the_start_of_the_clock_and_breaks_eat_it() -> None:
    guide = _guide(slot=60)
    assert _plan([], 5, guide=guide).ends_ms == 60 * MINUTE and _plan([], 5, guide=guide).late_ms == 0
    assert _plan(_asked((5, "hello")), 5, guide=guide).late_ms == 5 * MINUTE + guide.planned_ms - 60 * MINUTE
    broken = _plan(_asked((5, "hello")), 35, [(5 * MINUTE, 35 * MINUTE)], guide)
    assert broken.late_ms == 35 * MINUTE + guide.planned_ms - 60 * MINUTE


def test_what_is_skipped_is_not_to_come_and_what_is_parked_is() -> None:
    whole = _plan(_asked((0, "hello")), 0).to_come_ms
    assert whole == _guide().planned_ms
    parked = [*_asked((0, "hello")), _step(0, "core", Step.PARKED)]
    assert _plan(parked, 0).to_come_ms == whole
    skipped = [*_asked((0, "hello")), _step(0, "core", Step.SKIPPED)]
    assert _plan(skipped, 0).to_come_ms == whole - 20 * MINUTE
    given_up = [*_asked((0, "hello")), _step(0, "hello", Step.SKIPPED)]
    assert _plan(given_up, 0).to_come_ms == whole - 2 * MINUTE, "nothing of the current one either"


# --- dropping


def _late(minutes: float, route: tuple[Question, ...] = ROUTE) -> TimePlan:
    """The first question took so many minutes too long."""
    return _plan(_asked((0, route[0].id)), route[0].minutes + minutes, guide=_guide(route))


@pytest.mark.parametrize(
    ("late", "dropped"),
    [
        (1, ["first"]),  # 4 minutes are the least that is enough
        (4, ["first"]),
        (4.5, ["second"]),
        (7, ["third"]),
        (10, ["third"]),
        (11, ["second", "third"]),  # the longest first: 10, then 6
        (17, ["first", "second", "third"]),
        (20, ["first", "second", "third"]),
        (21, ["first", "second", "third", "missed"]),  # ending ones only when no others are left, the least of them
        (23, ["first", "second", "third", "summary"]),
        (27, ["first", "second", "third", "summary", "missed"]),
        (60, ["first", "second", "third", "summary", "missed"]),
    ],
)
def test_what_to_drop(late: float, dropped: list[str]) -> None:
    found = _late(late).dropping
    assert found is not None and [one.id for one in found.questions] == dropped
    assert found.late_ms == late * MINUTE and found.saved_ms == sum(_of(name).planned_ms for name in dropped)
    assert found.enough is (late <= 27.5)


def test_less_than_a_minute_is_not_worth_a_word() -> None:
    assert _late(0.9).dropping is None and _late(-1).dropping is None
    assert _late(1).dropping is not None


def test_nothing_to_drop_is_said_as_such() -> None:
    found = _late(5, (_question("a", OPENING, 1), _question("b", KEY, 5), _question("c", ENDING, 1, must_ask=True)))
    assert found.dropping is not None and found.dropping.questions == () and not found.dropping.enough


def test_what_was_asked_skipped_or_is_just_discussed_is_not_dropped_and_what_was_put_off_is() -> None:
    course = [*_asked((0, "first")), _step(1, "second", Step.SKIPPED), _step(1, "hello", Step.PARKED)]
    found = _plan(course, 90).dropping
    assert found is not None and [one.id for one in found.questions] == ["hello", "third", "summary", "missed"]


# --- coverage


def test_coverage_tells_of_every_question_in_order() -> None:
    course = [
        *_asked((1, "hello"), (3, "first"), (5, "hello")),
        _step(6, "second", Step.SKIPPED, "said before"),
        _step(7, "core", Step.PARKED),
    ]
    found = _plan(course, 9).coverage()
    assert [one.question for one in found] == list(ROUTE)
    assert [one.section for one in found] == ["One"] * 3 + ["Two"] * 5
    first = {one.question.id: (one.standing, one.reason, one.at_ms, one.spent_ms) for one in found}
    assert first["hello"] == (Standing.ASKED, "", 1 * MINUTE, 6 * MINUTE), "its first asking, all its time"
    assert first["second"] == (Standing.SKIPPED, "said before", None, 0)
    assert first["core"] == (Standing.PARKED, "", None, 0)
    assert first["third"] == (Standing.OPEN, "", None, 0)
    assert sum(one.planned_ms for one in found) == _guide().planned_ms


# --- properties

NAMES = st.sampled_from([f"q{index}" for index in range(8)])


@st.composite
def routes(draw: st.DrawFn) -> tuple[Question, ...]:
    kinds = draw(st.lists(st.sampled_from(QuestionType), min_size=2, max_size=8))
    halves, flags = st.integers(1, 40), st.booleans()
    return tuple(
        _question(f"q{index}", kind, draw(halves) / 2, must_ask=draw(flags)) for index, kind in enumerate(kinds)
    )


@st.composite
def plans(draw: st.DrawFn) -> tuple[Guide, list[QuestionStep], list[Stretch], int]:
    guide = _guide(draw(routes()), slot=draw(st.sampled_from([0, 10, 45, 90])))
    times = sorted(draw(st.lists(st.integers(0, 90 * MINUTE), max_size=12)))
    course = [QuestionStep(at, draw(NAMES), draw(st.sampled_from(Step))) for at in times]
    moments = st.integers(0, 100 * MINUTE)
    pairs = draw(st.lists(st.tuples(moments, moments), max_size=4))
    now_ms = (times[-1] if times else 0) + draw(st.integers(0, 40 * MINUTE))
    breaks = [(min(a, b), min(max(a, b), now_ms)) for a, b in pairs if min(a, b) < now_ms]
    return guide, course, breaks, now_ms


@given(plans())
def test_all_time_since_the_first_question_less_breaks_is_somewhere(
    case: tuple[Guide, list[QuestionStep], list[Stretch], int],
) -> None:
    guide, course, breaks, now_ms = case
    plan = TimePlan(guide, course, breaks, now_ms)
    known = {one.id for one in guide.questions}
    asked = [step.at_ms for step in course if step.step is Step.ASKED and step.question_id in known]
    since = total(without([(asked[0], now_ms)], breaks)) if asked else 0
    assert sum(plan.spent_ms(one) for one in guide.questions) == since
    if asked:
        assert since + plan.breaks_ms == now_ms - asked[0]
    for one in guide.questions:
        assert 0 <= plan.left_ms(one) <= one.planned_ms


@given(plans())
def test_dropping_spares_what_is_protected_and_makes_up_for_the_delay(
    case: tuple[Guide, list[QuestionStep], list[Stretch], int],
) -> None:
    guide, course, breaks, now_ms = case
    plan = TimePlan(guide, course, breaks, now_ms)
    found = plan.dropping
    assert (found is None) == (plan.late_ms < LATE_MS)
    if found is None:
        return
    assert all(one.type is not KEY and not one.must_ask for one in found.questions)
    assert all(plan.standing(one) in (Standing.OPEN, Standing.PARKED) for one in found.questions)
    after = [*course, *(QuestionStep(now_ms, one.id, Step.SKIPPED) for one in found.questions)]
    then = TimePlan(guide, after, breaks, now_ms)
    assert then.late_ms == plan.late_ms - found.saved_ms
    assert found.enough == (then.late_ms <= 0)
    left = [one for one in guide.questions if one.type is not KEY and not one.must_ask]
    open_still = [one for one in left if then.standing(one) in (Standing.OPEN, Standing.PARKED)]
    if not found.enough:
        assert open_still == [], "all that can be dropped is"
    endings = [one for one in found.questions if one.type is ENDING]
    if endings:
        assert all(one.type is ENDING for one in open_still), "ending ones last"
    for one in endings or found.questions:
        assert found.saved_ms - one.planned_ms < found.late_ms, "none for nothing"


@given(plans())
def test_the_next_question_is_one_that_waits(case: tuple[Guide, list[QuestionStep], list[Stretch], int]) -> None:
    guide, course, breaks, now_ms = case
    plan = TimePlan(guide, course, breaks, now_ms)
    waiting = [one for one in guide.questions if plan.standing(one) in (Standing.OPEN, Standing.PARKED)]
    assert (plan.next in waiting) if waiting else plan.next is None
