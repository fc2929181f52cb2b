from datetime import UTC, datetime

import pytest

from facilitator.audio.messages import Level
from facilitator.domain.events import Precheck
from facilitator.domain.ids import SessionId
from facilitator.domain.recording import Pause, Trouble
from facilitator.domain.session_state import Troubled
from facilitator.tui.recording_words import (
    SMALL,
    TO_DO,
    RecordingLines,
    RecordingView,
    cells,
    fitted,
    recording_lines,
)
from facilitator.tui.reminders import backup_hint
from facilitator.tui.screens.precheck import check_lines
from facilitator.tui.session_signs import Signs
from facilitator.tui.widgets.meter import Meter, level_text
from facilitator.workflows.sessions import Summary

NOW = 2_860_000  # 47:40
SINCE = 2_829_000  # 47:09


def lines(width: int = 80, **given: object) -> RecordingLines:
    view = RecordingView(NOW, recording=True, level="▁▂▅▇▅▂▁▁ −18 dB", facts=("free 41 GB",))
    from dataclasses import replace

    return recording_lines(replace(view, **given), width - 20, width - 2)  # type: ignore[arg-type]


def troubled(trouble: Trouble, at_ms: int = SINCE, end_ms: int | None = None, track: int = 0) -> Troubled:
    return Troubled(at_ms, trouble, "", end_ms, track)


def test_all_well_is_one_quiet_line() -> None:
    assert lines() == RecordingLines("● REC 47:40  ▁▂▅▇▅▂▁▁ −18 dB  free 41 GB")


def test_every_trouble_has_its_words() -> None:
    assert {*TO_DO, *SMALL} == set(Trouble)
    assert not {*TO_DO} & {*SMALL}


@pytest.mark.parametrize("trouble", list(TO_DO))
@pytest.mark.parametrize("width", [80, 120])
def test_a_serious_trouble_takes_the_first_line_whole(trouble: Trouble, width: int) -> None:
    said = lines(width, troubles=(troubled(trouble, 3_600_000 + SINCE),))
    assert said.alarm
    assert said.first.startswith(trouble.value.upper())
    assert "since 1:47:09" in said.first
    assert said.first.endswith(TO_DO[trouble])
    assert cells(said.first) <= width - 5
    assert said.second.startswith("● REC 47:40  ▁▂▅▇▅▂▁▁ −18 dB · free 41 GB")


def test_the_worst_trouble_comes_first_with_a_count_and_the_others_below() -> None:
    many = (troubled(Trouble.DISK), troubled(Trouble.CLIPPING), troubled(Trouble.NO_SOUND), troubled(Trouble.SILENT))
    said = lines(120, troubles=many)
    assert said.first == "NO SOUND ARRIVES since 47:09 · and 2 more · recording goes on · r other input"
    assert "▲ EXACT SILENCE since 47:09" in said.second
    assert "▲ THE DISK IS NEARLY FULL since 47:09" in said.second
    assert cells(lines(80, troubles=many).second) <= 78


@pytest.mark.parametrize("trouble", list(SMALL))
def test_a_small_trouble_stands_beside_the_level(trouble: Trouble) -> None:
    said = lines(troubles=(troubled(trouble),))
    assert not said.alarm
    assert said.first.startswith(f"● REC 47:40  ▁▂▅▇▅▂▁▁ −18 dB ▲ {SMALL[trouble]}")


def test_a_trouble_of_the_backup_alone_never_takes_the_first_line() -> None:
    said = lines(120, troubles=(troubled(Trouble.NO_SOUND, track=1),))
    assert not said.alarm
    assert "▲ backup: no sound arrives since 47:09" in said.first + said.second


def test_what_is_over_is_mentioned_for_a_while() -> None:
    short = troubled(Trouble.NO_SOUND, SINCE, SINCE + 12_000)
    assert lines(over=(short,)).second == "was: no sound arrives 47:09–47:21"
    assert lines(now_ms=SINCE + 80_000, over=(short,)).second == ""
    died = troubled(Trouble.RECORDER_DIED, SINCE, SINCE + 2_000)
    assert lines(now_ms=NOW + 3_600_000, over=(died,)).second == "recorder started again at 47:11"


@pytest.mark.parametrize(
    ("why", "words"), [(Pause.BREAK, "‖ BREAK since 31:00"), (Pause.OFF_RECORD, "‖ OFF THE RECORD since 31:00")]
)
def test_a_pause_says_that_nothing_is_recorded_and_which_key_ends_it(why: Pause, words: str) -> None:
    said = lines(paused=why, paused_ms=1_860_000)
    key = "p" if why is Pause.BREAK else "o"
    assert said.first == f"{words} · nothing is recorded · {key} goes on"
    assert said.paused and not said.alarm
    alarmed = lines(120, paused=why, paused_ms=1_860_000, troubles=(troubled(Trouble.DEVICE_LOST),))
    assert alarmed.first == "THE DEVICE IS GONE since 47:09 · nothing is recorded · r other input"
    assert words in alarmed.second


def test_a_recorder_that_died_or_is_dumb_is_an_alarm() -> None:
    trouble = troubled(Trouble.RECORDER_DIED)
    died = lines(recording=False, died="notes go on", busy="starting again", troubles=(trouble,))
    assert died.alarm and died.first == "RECORDER DIED at 47:09 · notes go on · starting again"
    assert "notes go on" in died.second
    alone = lines(recording=False, backup_only=True)
    assert alone.alarm and alone.first == "ONLY THE BACKUP RECORDS · r records with both again"
    dumb = lines(speechless_ms=SINCE)
    assert dumb.alarm and dumb.first.startswith("THE RECORDER SAYS NOTHING since 47:09")
    assert lines(speechless_ms=SINCE, troubles=(troubled(Trouble.NO_SOUND),)).first.startswith("NO SOUND")


@pytest.mark.parametrize("width", [80, 120])
def test_a_rehearsal_says_so_first_whatever_else_there_is_to_say(width: int) -> None:
    assert lines(width, rehearsal=10).first.startswith("● REHEARSAL 10× 47:40  ▁▂▅▇")
    idle = lines(width, rehearsal=1, recording=False, level="")
    assert idle.first.startswith("■ REHEARSAL 1× · not recording  47:40")
    assert lines(width, rehearsal=5, recording=False, busy="… starting").first.startswith("REHEARSAL 5× · … starting")
    assert lines(width, rehearsal=5, busy="■ stopping").first.startswith("● REHEARSAL 5× 47:40  ■ stopping")
    paused = lines(width, rehearsal=60, paused=Pause.BREAK, paused_ms=1_860_000)
    assert paused.first.startswith("‖ REHEARSAL 60× · BREAK since 31:00 · p goes on")
    alarmed = lines(width, rehearsal=60, troubles=(troubled(Trouble.STORING),))
    assert alarmed.first.startswith(f"REHEARSAL 60× · {Trouble.STORING.value.upper()} since 47:09")
    assert cells(alarmed.first) <= width - 5 and alarmed.second.startswith("● REHEARSAL 60× 47:40")
    assert "REHEARSAL" not in lines(width).first


def test_what_has_no_room_moves_to_the_second_line_whole() -> None:
    said = lines(80, facts=("+backup ▁▂▃▃", "disk lasts 1 h 12 min", "battery 83 %"))
    assert said.first.endswith("−18 dB  +backup ▁▂▃▃")
    assert said.second == "disk lasts 1 h 12 min · battery 83 %"
    assert fitted(["a" * 30, "b" * 30, "▲" * 30, "was"], 78) == f"{'a' * 30} · {'b' * 30} · +1 more ▲"
    assert fitted(["a" * 30, "b" * 30, "c" * 30, "was"], 90) == f"{'a' * 30} · {'b' * 30} · was"


def test_the_meter_watches_that_the_recorder_speaks() -> None:
    now_s = 0.0
    meter = Meter(lambda: now_s)
    meter.begin(1_000)
    now_s = 1.4
    assert meter.speechless_ms() is None
    now_s = 1.6
    assert meter.speechless_ms() == 1_000
    meter.take(Level(62_500, -20.0, -14.0, 62_000), 62_700)
    now_s = 3.0
    assert meter.speechless_ms() is None, "whatever the session clock shows"
    assert meter.text().endswith("▆ −20 dB")
    now_s = 3.2
    assert meter.speechless_ms() == 62_700 and meter.text() == "········"
    assert level_text((-96.0,)).endswith("· silence")
    assert level_text(()) == "········"


def row(length_ms: int) -> Summary:
    return Summary(SessionId("01"), "North", "", "P1", length_ms, (("recorded", "unfinished"),), "conduct")


def test_a_backup_is_asked_for_only_where_there_is_sound() -> None:
    now = datetime(2026, 11, 23, 12, tzinfo=UTC)
    assert backup_hint("", [row(0)], now) == ()
    assert backup_hint("", [row(5_000)], now) == ("This study was never backed up: ^p, then Back up",)
    assert backup_hint("2026-11-20T12:00:00+00:00", [row(5_000)], now) == ()
    (old,) = backup_hint("2026-11-11T11:00:00+00:00", [row(5_000)], now)
    assert old.startswith("The last backup was 12 days ago")


def test_the_list_says_what_is_recorded_and_what_was_interrupted() -> None:
    recording = Signs(recording=(SessionId("01"),)).shown([row(0)])
    interrupted = Signs(interrupted=(SessionId("01"),)).shown([row(0)])
    assert [one.stages[-1] for one in (*recording, *interrupted)] == [("● recording", "now"), ("▲ interrupted", "")]
    assert interrupted[0].next == "recover"
    paused = Signs(recording=(SessionId("01"), SessionId("02")), paused=(SessionId("01"),))
    assert paused.shown([row(0)])[0].stages == (("‖ paused", "now"),)
    assert str(paused) == "● REC 02 · ‖ paused 01"
    assert str(Signs()) == ""


def test_checks_say_their_state_by_sign_and_words() -> None:
    checks = (
        Precheck("Disk", True, "41 GB free"),
        Precheck("Consent", False, "P3 " * 40),
        Precheck("Sleep", None, "?"),
    )
    shown = check_lines(checks, 60).plain.splitlines()
    assert shown[0] == "✓ Disk        41 GB free"
    assert shown[1].startswith("✗ Consent     P3 P3")
    assert shown[2].startswith(" " * 14 + "P3")
    assert shown[-1].startswith("? Sleep")
    assert max(len(line.rstrip()) for line in shown) <= 60
