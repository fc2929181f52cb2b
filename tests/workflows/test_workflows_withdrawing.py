import itertools
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cli_runner import run
from dying import died_at
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sound_room import SoundRoom
from study_sound import RATE, record_sound

from facilitator.audio.record_format import AGE_INTRO, LENGTH, Opener, Record
from facilitator.domain import events as ev
from facilitator.domain.doubts import Doubt
from facilitator.domain.doubts import Rule as DoubtRule
from facilitator.domain.entities import Category
from facilitator.domain.errors import AccessRefused, Busy, NotFound, StorageFailed, UsageError
from facilitator.domain.group import DebriefPart, Presence
from facilitator.domain.ids import ResearchNumber, Speaker, session_id
from facilitator.domain.notes import Note, NoteKind
from facilitator.domain.progress import Progress
from facilitator.domain.session_state import SessionState
from facilitator.domain.transcript import Segment, Word
from facilitator.domain.withdrawal import GAP, REPLACEMENT, TEXT, Rule
from facilitator.storage.keys import PersonalKey
from facilitator.storage.study_folder import StudyFolder, read_settings
from facilitator.workflows import participants, retaining
from facilitator.workflows.conducting import Conduct
from facilitator.workflows.correcting import Correction
from facilitator.workflows.diagnosing import diagnose
from facilitator.workflows.guides import find_guide
from facilitator.workflows.hearing import accounted
from facilitator.workflows.rekeying import rekey_session
from facilitator.workflows.release import known_surfaces, passages, release_content
from facilitator.workflows.sessions import Session, plan_session
from facilitator.workflows.sound import SessionSound, open_track
from facilitator.workflows.striking import order_strike
from facilitator.workflows.study import Study
from facilitator.workflows.verifying import verify
from facilitator.workflows.withdrawing import preview, withdraw, word_for
from facilitator.workflows.withheld import withheld

ONE, TWO = session_id("01"), session_id("02")
P1, P2, P3 = (ResearchNumber(f"P{number}") for number in (1, 2, 3))
M = Speaker("M")
THEIRS = ("zebra", "quagga", "okapi", "tapir", "gnu", "eland", "kudu", "oryx", "bongo", "addax")
"""Words of P2, or about P2, each at another place of the log."""
SECONDS = 12
HEARD = (
    (0, 2900, P1, "We begin"),
    (3000, 5900, P2, "zebra quagga"),
    (6000, 8900, M, "Then what"),
    (9000, 12_000, P2, "okapi"),
)


def _segments() -> tuple[Segment, ...]:
    return tuple(
        Segment(number, start, end, Speaker(who), text, _words(start, end, text))
        for number, (start, end, who, text) in enumerate(HEARD, start=1)
    )


def _words(start: int, end: int, text: str) -> tuple[Word, ...]:
    said = text.split()
    step = (end - start) // len(said)
    return tuple(Word(one, start + n * step, start + (n + 1) * step, 0.9) for n, one in enumerate(said))


def _window(index: int, start_ms: int, end_ms: int, *texts: tuple[int, int, str]) -> ev.WindowTranscribed:
    heard = tuple(ev.HeardSegment(start, end, text, _words(start, end, text)) for start, end, text in texts)
    return ev.WindowTranscribed(index, start_ms, end_ms, heard, tuple((start, end) for start, end, _ in texts))


def _talk(session: Session) -> None:
    """A group in which P2 speaks twice, with a note about each, a draft, something heard beside it, and corrections."""
    record_sound(session, SECONDS)
    record_sound(session, SECONDS, track=1)
    for at_ms, who in ((0, P1), (3000, P2), (6000, M), (9000, P2)):
        seq = session.record(ev.SpeakerMarked(Speaker(who)), at_ms).seq
        session.record(ev.FirstWordsNoted(seq, "tapir" if who == P2 else "we"), at_ms)
    note = session.record(ev.NoteTaken(NoteKind.QUOTE, "gnu", Speaker(P2)), 3500).seq
    session.record(ev.NoteEdited(note, NoteKind.QUOTE, "eland", Speaker(P2)), 3600)
    removed = session.record(ev.NoteTaken(NoteKind.THEME, "kudu", Speaker(P2)), 3700).seq
    session.record(ev.NoteEdited(removed, NoteKind.THEME, "", Speaker(P2)), 3800)
    session.record(ev.NoteTaken(NoteKind.THEME, "quiet wards", Speaker(P1)), 1000)
    session.record(ev.NoteTaken(NoteKind.THEME, "tired"), 2000)
    session.record(ev.DebriefWritten(DebriefPart.THEMES, "nights"), 0)
    how = ev.TranscriptionStarted("faster-whisper", "base", "0" * 64, "en", SECONDS * 1000)
    session.record(how)
    session.record(_window(0, 0, 6000, (0, 2900, "We begin"), (3000, 5900, "zebra quagga")))
    session.record(_window(1, 6000, 12_000, (6000, 8900, "Then what"), (9000, 12_000, "okapi")))
    session.record_all([(ev.TranscriptionFinished(2), 0), (ev.DraftMade(_segments(), (DOUBT,)), 0)])
    session.record(ev.TranscriptionStarted("faster-whisper", "small", "1" * 64, "en", SECONDS * 1000, beside=True))
    session.record(_window(0, 0, 12_000, (0, 2900, "We began"), (3000, 5900, "oryx"), (6000, 8900, "Than what")))
    session.record(ev.TranscriptionFinished(1))
    correction = Correction(session)
    correction.set_text(1, "We begin with Anders")
    correction.set_text(4, "okapi bongo")
    correction.set_text(4, "okapi addax")
    correction.set_checked(1)
    correction.split(1, 9)
    correction.set_speaker(3, None)
    correction.undo()


DOUBT = Doubt(DoubtRule.UNSURE, 6000, 8900, "31% sure")


@pytest.fixture
def talked(opened: Study) -> Study:
    """Session 01 was held; in 02, which was not yet, P2 is expected as well."""
    with Session(opened, ONE) as session:
        _talk(session)
    return opened


def _open(root: Path, key: PersonalKey) -> Study:
    folder = StudyFolder(root)
    return Study(folder, read_settings(folder), key)


def _withdraw(study: Study, number: ResearchNumber = P2, rule: Rule = Rule.DESTROY) -> Any:
    return withdraw(study, number, rule, word_for(number))


def _payloads(session: Session) -> str:
    rows: Any = session._connection.execute("SELECT body FROM payload")
    return "\n".join(str(body) for (body,) in rows)


def _is_others(drafts: list[tuple[int, Note]], who: Speaker) -> bool:
    return bool(drafts[-1][1].text) and not any(note.speaker == who for _, note in drafts)


def _others(state: SessionState, number: ResearchNumber = P2) -> Any:
    """All of a session that belongs to others."""
    who = Speaker(number)
    return (
        {one.id: one for one in state.segments.values() if one.speaker != who},
        sorted(str(replace(one, id=0)) for one in state.notes.values() if one.speaker != who),
        {seq: drafts for seq, drafts in state.drafts.items() if _is_others(drafts, who) and len(drafts) > 1},
        state.speaker_marks[::1] and [(mark.at_ms, mark.speaker) for mark in state.speaker_marks],
        [mark for mark in state.speaker_marks if mark.speaker != who],
        (state.doubts, state.debrief, state.takes, state.backups, state.steps, state.course, state.searched),
        (state.transcription, state.transcription_finished, state.length_ms, state.seats),
    )


def _blobs_that_open(session: Session) -> list[Record]:
    """Every record that the session's key opens, wherever in the session's folder it lies."""
    opener, found = Opener(session.key.audio_secret, None), list[Record]()
    for path in sorted(session.folder.root.rglob("*")):
        data = path.read_bytes() if path.is_file() else b""
        at = data.find(AGE_INTRO)
        while at >= 0:
            end = at + int.from_bytes(data[at - LENGTH.size : at], "big")
            opened = opener.open(data[at:end])
            found += [opened] if isinstance(opened, Record) else []
            at = data.find(AGE_INTRO, at + 1)
    return found


def _judge_destroyed(study: Study, sound: dict[int, "np.ndarray[Any, Any]"], before: SessionState) -> None:
    with Session(study, ONE, write=False) as session:
        state = session.reread()
        assert state == session.state
        assert _others(state) == _others(before)
        assert [one.text for one in state.transcript if one.speaker == Speaker(P2)] == [TEXT, TEXT]
        assert not [one for one in state.notes.values() if one.speaker == Speaker(P2)]
        assert not any(word in _payloads(session) for word in THEIRS)
        assert session.verify_log() == session.state.last_seq
        for track in (0, 1):
            reader = open_track(session, track)
            assert reader.check().damage == ()
            now = reader.read(0, SECONDS * 1000)
            lasts = np.concatenate([now, np.zeros(SECONDS * RATE - len(now), "<i2")])
            for start, end in ((0, 2750), (6000, 8750)):
                low, high = start * RATE // 1000, end * RATE // 1000
                assert np.array_equal(lasts[low:high], sound[track][low:high]), "others' sound"
            for start, end in ((3000, 5900), (9000, 12_000)):
                assert not lasts[start * RATE // 1000 : end * RATE // 1000].any()
        for one in _blobs_that_open(session):
            middle = (one.first_sample + one.end_sample) * 500 // RATE
            assert not 2900 < middle < 6000 and not 8900 < middle < 12_000, "a record of theirs opens"
        assert not SessionSound(session).read(3000, 5900).any(), "nor is it filled from a backup"
        assert {reason for *_, reason in state.gaps} == {GAP}
        assert not diagnose(session, thorough=True).needs_recovery
        assert not diagnose(session, thorough=True).needs_restoring


def _sound(study: Study) -> tuple[dict[int, "np.ndarray[Any, Any]"], SessionState]:
    with Session(study, ONE, write=False) as session:
        return {track: open_track(session, track).read(0, SECONDS * 1000) for track in (0, 1)}, session.reread()


def test_what_they_contributed_is_destroyed_and_nothing_else(talked: Study) -> None:
    sound, before = _sound(talked)
    told = preview(talked, P2, Rule.DESTROY)
    assert [(one.session_id, one.turns, one.words, one.notes) for one in told.shares] == [
        ("01", 2, 4, 1),
        ("02", 0, 0, 0),
    ]
    assert 5900 <= told.shares[0].sound_ms <= 6500 and told.to_do
    done = _withdraw(talked)
    _judge_destroyed(talked, sound, before)
    (first, second) = done.sessions
    assert (first.turns, first.words, first.notes, first.tracks) == (2, 4, 1, 1)
    assert 5750 <= first.sound_ms <= 6250 and second.sound_ms == 0
    assert first.head_before != first.head_after
    state = talked.state
    assert P2 not in state.participants and state.withdrawals[P2].finished_utc
    assert state.withdrawals[P2].participant.background == {"profession": "nurse"} and P2 in state.consents
    assert not any(row.value == "nurse" and row.count for row in participants.table(talked, 1) if row.count == 2)
    with Session(talked, TWO, write=False) as session:
        assert session.state.presence[P2] is Presence.ABSENT and P2 not in session.state.expected
    assert not preview(talked, P2, Rule.DESTROY).to_do
    assert _withdraw(talked) == done, "the receipt can be had again"


def test_it_says_session_by_session_where_it_is(talked: Study) -> None:
    told: list[Progress] = []
    withdraw(talked, P2, Rule.DESTROY, word_for(P2), told.append)
    assert {one.label for one in told} == {f"Withdrawing {P2}"}
    shares = [one.fraction for one in told]
    assert shares == sorted(shares) and len(set(shares)) >= 4 and shares[-1] == 1.0


def test_the_accounts_of_the_recording_stay_whole(talked: Study) -> None:
    with Session(talked, ONE, write=False) as session:
        before = [part for part in accounted(session.state) if part.fate == "text"]
    _withdraw(talked)
    with Session(talked, ONE, write=False) as session:
        after = accounted(session.state)
        assert [part for part in after if part.fate == "text"] == [
            part for part in before if not 3000 <= part.start_ms < 6000 and not part.start_ms >= 9000
        ]
        assert not [part for part in after if part.fate == "unresolved"]
        assert session.state.worked_on and not session.state.edits and not session.state.beside


def test_a_name_stays_replaced_and_has_no_number_any_more(talked: Study) -> None:
    with Session(talked, ONE) as session:
        assert "[P2]" in release_content(session).turns[0].text
        _withdraw_elsewhere = {known.surface for known in known_surfaces(talked) if known.owner == P2}
    _withdraw(talked)
    assert P2 not in talked.linkage.identities and P1 in talked.linkage.identities
    with Session(talked, ONE) as session:
        content = release_content(session)
        text = " ".join(turn.text for turn in content.turns)
        assert f"with {REPLACEMENT}" in text and "Anders" not in text and "[P2]" not in text
        assert not any(note.speaker == Speaker(P2) for note in content.notes)
    known = {known.surface: known.replacement for known in known_surfaces(talked)}
    assert all(known[surface] == REPLACEMENT for surface in _withdraw_elsewhere)
    entry = next(one for one in talked.linkage.register.values() if one.category is Category.PERSON)
    assert {"Anders", "Berg", "Anders Berg"} <= set(entry.surfaces)


def test_what_is_masked_stays_inside_and_leaves_no_more(talked: Study) -> None:
    sound, before = _sound(talked)
    done = _withdraw(talked, rule=Rule.MASK)
    assert done.sessions[0].turns == 2 and done.sessions[0].sound_ms == 0
    with Session(talked, ONE) as session:
        state = session.reread()
        assert state == session.state and _others(state) == _others(before)
        assert "okapi addax" in _payloads(session) and session.verify_log()
        assert all(one.text == TEXT for one in state.transcript if one.speaker == Speaker(P2))
        found = " ".join(one.text for one in passages(session))
        content = release_content(session)
        found += " ".join((*(turn.text for turn in content.turns), *(note.text for note in content.notes)))
        assert not any(word in found for word in THEIRS)
        assert "[P2]" in content.turns[0].text
        assert np.array_equal(open_track(session).read(0, SECONDS * 1000), sound[0])
        assert any(start <= 3000 and end >= 5900 for start, end in withheld(session))
        correction = Correction(session)
        while state.edits and session.state.edits:
            correction.undo()
        assert all(one.text == TEXT for one in session.state.transcript if one.speaker == Speaker(P2)), "nor by an undo"
    with pytest.raises(UsageError, match="destroyed"):
        _withdraw(talked, P1)
        _withdraw(talked, P1, Rule.MASK)
    assert talked.linkage.identities[P2].name == "Anders Berg"


def test_what_was_masked_can_be_destroyed_later(talked: Study) -> None:
    sound, before = _sound(talked)
    _withdraw(talked, rule=Rule.MASK)
    told = preview(talked, P2, Rule.DESTROY)
    assert told.to_do and (told.shares[0].turns, told.shares[0].words) == (2, 4)
    _withdraw(talked)
    _judge_destroyed(talked, sound, before)


def test_two_who_withdraw_one_after_the_other(talked: Study) -> None:
    sound, _ = _sound(talked)
    _withdraw(talked, P1, Rule.MASK)
    _withdraw(talked)
    with Session(talked, ONE, write=False) as session:
        state = session.reread()
        assert state == session.state and session.verify_log()
        assert {one.text for one in state.transcript} == {TEXT, "Then what"}
        assert "We begin" in _payloads(session) and not any(word in _payloads(session) for word in THEIRS)
    _withdraw(talked, P1)
    with Session(talked, ONE, write=False) as session:
        assert session.reread() == session.state and session.verify_log()
        assert not any(word in _payloads(session) for word in (*THEIRS, "We begin", "with Anders", "quiet wards"))
        assert np.array_equal(open_track(session).read(6000, 8750), sound[0][6 * RATE : 6 * RATE + 2750 * RATE // 1000])
    assert not talked.linkage.identities.keys() & {P1, P2}


def test_a_turn_that_is_attributed_to_them_later_is_hidden_and_destroyed_by_the_same_command(talked: Study) -> None:
    with Session(talked, ONE) as session:
        Correction(session).set_speaker(4, None)
    assert preview(talked, P2, Rule.DESTROY).shares[0].unknown == 1
    _withdraw(talked)
    with Session(talked, ONE) as session:
        assert session.state.segments[4].text == "okapi addax"
        Correction(session).set_speaker(4, Speaker(P2))
        assert session.state.segments[4].text == TEXT and "okapi" in _payloads(session)
    told = preview(talked, P2, Rule.DESTROY)
    assert told.to_do and told.shares[0].turns == 1
    done = _withdraw(talked)
    assert done.sessions[0].turns == 2
    with Session(talked, ONE, write=False) as session:
        assert not any(word in _payloads(session) for word in THEIRS)
        assert session.reread() == session.state and open_track(session).check().damage == ()


def test_without_a_transcript_what_was_marked_is_destroyed(opened: Study) -> None:
    with Session(opened, ONE) as session:
        record_sound(session, SECONDS)
        for at_ms, who in ((0, P1), (3000, P2), (6000, P1)):
            session.record(ev.SpeakerMarked(Speaker(who)), at_ms)
        how = ev.TranscriptionStarted("faster-whisper", "base", "0" * 64, "en", SECONDS * 1000)
        session.record_all([(how, 0), (_window(0, 0, 6000, (0, 2900, "We begin"), (3000, 5900, "zebra")), 0)])
        sound = open_track(session).read(0, SECONDS * 1000)
    assert not preview(opened, P2, Rule.DESTROY).shares[0].drafted
    _withdraw(opened)
    with Session(opened, ONE, write=False) as session:
        assert session.reread() == session.state and not session.state.windows
        assert "zebra" not in _payloads(session)
        now = open_track(session).read(0, SECONDS * 1000)
        assert not now[3 * RATE : 6 * RATE].any()
        assert np.array_equal(now[: 2750 * RATE // 1000], sound[: 2750 * RATE // 1000])
        assert np.array_equal(now[6250 * RATE // 1000 :], sound[6250 * RATE // 1000 :])


def test_a_recording_that_is_all_theirs_goes_wholly(opened: Study) -> None:
    with Session(opened, ONE) as session:
        record_sound(session, 3)
        session.record(ev.SpeakerMarked(Speaker(P2)), 0)
    _withdraw(opened)
    with Session(opened, ONE) as session:
        assert not _blobs_that_open(session) and not list(session.folder.audio.glob("*.rec"))
        assert session.state.recorded and session.verify_log() and not diagnose(session).needs_recovery


def test_new_keys_and_a_strike_come_after_it_as_before(talked: Study) -> None:
    sound, before = _sound(talked)
    _withdraw(talked)
    rekey_session(talked, ONE, (talked.key.recipient,))
    _judge_destroyed(talked, sound, before)
    with Session(talked, ONE) as session, pytest.raises(UsageError, match="corrected already"):
        order_strike(session, 10_000, 12_000)


def test_an_approval_is_void_and_exports_are_named(talked: Study) -> None:
    with Session(talked, ONE) as session:
        session.record(ev.Approved(release_content(session).digest, "officer"))
        session.record(ev.Exported("0" * 64, (ev.ExportedFile("transcript.docx", "0" * 64, 1),)))
        (session.folder.exports / "session-01-20210914T101500Z").mkdir(parents=True)
    done = _withdraw(talked)
    assert done.sessions[0].approval_void and done.sessions[0].exported
    assert done.sessions[0].export_folders == ("sessions/01/exports/session-01-20210914T101500Z",)
    text = "\n".join(done.lines)
    assert "is void" in text and "session-01-20210914T101500Z was written before: delete it" in text
    assert not any(name in text for name in ("Anders", "Berg", "Kristin", *THEIRS))
    with Session(talked, ONE) as session:
        assert not verify(session).approved


@pytest.mark.parametrize("rule", list(Rule))
def test_nothing_is_changed_before_every_session_is_at_hand(talked: Study, rule: Rule) -> None:
    with Session(talked, TWO), pytest.raises(Busy):
        _withdraw(talked, rule=rule)
    with Session(talked, ONE, beside=True), pytest.raises(Busy, match="assistant"):
        _withdraw(talked, rule=rule)
    for word in ("withdraw", "withdraw P1", "Withdraw P2", ""):
        with pytest.raises(UsageError):
            withdraw(talked, P2, rule, word)
    with pytest.raises(NotFound):
        _withdraw(talked, ResearchNumber("P9"), rule)
    with Session(talked, ONE) as session:
        session.record(ev.StrikeOrdered(11_000, 12_000), 12_000)
    with pytest.raises(UsageError, match="recover"):
        _withdraw(talked, rule=rule)
    talked.refresh()
    assert P2 in talked.state.participants and not talked.state.withdrawals


def test_without_the_file_of_names_nothing_is_destroyed(talked: Study, planned: Path) -> None:
    (planned / "linkage.age").rename(planned / "elsewhere.age")
    with pytest.raises((NotFound, AccessRefused)):
        _withdraw(talked)
    assert not talked.state.withdrawals
    _withdraw(talked, rule=Rule.MASK)


def test_until_all_of_it_is_done_nothing_can_be_approved(talked: Study) -> None:
    talked.record(ev.WithdrawalOrdered(P2, Rule.DESTROY))
    with Session(talked, ONE) as session:
        assert next(one for one in verify(session).checks if one.id == "consent").verdict == "fail"
    assert preview(talked, P2, Rule.DESTROY).to_do
    _withdraw(talked)
    with Session(talked, ONE) as session:
        assert next(one for one in verify(session).checks if one.id == "consent").verdict == "pass"


def test_broken_off_anywhere_the_same_command_ends_it(
    talked: Study, planned: Path, planned_key: PersonalKey, tmp_path: Path
) -> None:
    sound, before = _sound(talked)
    talked.close()

    def begin(root: Path) -> None:
        with _open(root, planned_key) as study:
            _withdraw(study)

    unfinished = 0
    for step in itertools.count(0, 11):
        copy = shutil.copytree(planned, tmp_path / "copy")
        died = died_at(step, partial(begin, copy))
        with _open(copy, planned_key) as study:
            unfinished += P2 not in study.state.participants and not study.state.withdrawals[P2].finished_utc
            _withdraw(study)
            _judge_destroyed(study, sound, before)
            assert P2 not in study.linkage.identities and study.verify_log()
        shutil.rmtree(copy)
        if not died:
            break
    assert unfinished > 1


def test_sound_that_is_still_there_is_told(talked: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr("facilitator.audio.striking.destroy_inside", lambda *_: None)
        with pytest.raises(StorageFailed, match="still on the disk"):
            _withdraw(talked)
    assert not talked.state.withdrawals[P2].finished_utc
    sound, _ = _sound(talked)
    assert sound[0][3 * RATE : 4 * RATE].any()
    _withdraw(talked)
    assert not _sound(talked)[0][0][3 * RATE : 4 * RATE].any()


# --- whatever happened in a group, all that is others' stays

SPEAKERS = st.sampled_from([None, *map(Speaker, ("P1", "P2", "P3", "M"))])


@st.composite
def groups(draw: st.DrawFn) -> Iterator[tuple[ev.Event, int]]:
    """A short group with a draft that is corrected at random; each word of it is like no other."""
    words = (f"w{number}x" for number in itertools.count())
    ids, at = st.integers(1, 7), st.integers(0, 11).map(lambda second: second * 1000)
    told: list[tuple[ev.Event, int]] = [(ev.RecordingStarted(RATE, "none"), 0), (ev.RecordingStopped(0, 12_000, ""), 0)]
    told += [(ev.SpeakerMarked(draw(SPEAKERS)), draw(at)) for _ in range(draw(st.integers(0, 4)))]
    segments = tuple(
        Segment(n, n * 1500, n * 1500 + draw(st.integers(1, 1500)), draw(SPEAKERS), f"{next(words)} {next(words)}")
        for n in range(1, 6)
    )
    told.append((ev.DraftMade(segments), 0))
    notes: list[int] = []
    for _ in range(draw(st.integers(0, 14))):
        match draw(st.integers(0, 7)):
            case 0:
                told.append((ev.NoteTaken(NoteKind.THEME, next(words), draw(SPEAKERS)), draw(at)))
                notes.append(len(told))
            case 1 if notes:
                edit = ev.NoteEdited(
                    notes[-1] + 1, NoteKind.QUOTE, draw(st.sampled_from(["", next(words)])), draw(SPEAKERS)
                )
                told.append((edit, 0))
            case 2:
                told.append((ev.TextCorrected(draw(ids), "", next(words)), 0))
            case 3:
                told.append((ev.SpeakerCorrected(draw(ids), None, draw(SPEAKERS)), 0))
            case 4:
                told.append((ev.SegmentChecked(draw(ids), False, True), 0))
            case 5:
                told.append((ev.SegmentSplit(draw(ids), draw(st.integers(6, 7)), draw(st.integers(1, 6))), 0))
            case 6:
                told.append((ev.SegmentsMerged(draw(ids), draw(ids), 3), 0))
            case _:
                told.append((ev.Approved("0" * 64, "officer"), 0))
    return told  # type: ignore[return-value]


def _about(state: SessionState, rule: Rule) -> list[Note]:
    """The notes as they read, of what is destroyed in all versions."""
    return (
        [note for drafts in state.drafts.values() for _, note in drafts]
        if rule is Rule.DESTROY
        else [*state.notes.values()]
    )


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(groups(), st.sampled_from(list(Rule)))
def test_all_that_is_others_stays_whatever_happened(
    planned_template: Path,
    planned_key: PersonalKey,
    tmp_path_factory: pytest.TempPathFactory,
    told: list[tuple[ev.Event, int]],
    rule: Rule,
) -> None:
    root = Path(shutil.copytree(planned_template, tmp_path_factory.mktemp("group") / "study"))
    with _open(root, planned_key) as study:
        made = plan_session(study, find_guide(root / "guides", "pilot"), [P1, P2, P3])
        with Session(study, made) as session:
            session.record_all(told)
            before = session.reread()
        _withdraw(study, P2, rule)
        with Session(study, made, write=False) as session:
            after = session.reread()
            assert after == session.state and session.verify_log() == after.last_seq
            assert _others(after) == _others(before)
            theirs = {word for one in before.transcript if one.speaker == Speaker(P2) for word in one.text.split()}
            others = {word for one in before.transcript if one.speaker != Speaker(P2) for word in one.text.split()}
            theirs |= {note.text for note in _about(before, rule) if note.speaker == Speaker(P2)}
            others |= {note.text for note in before.notes.values() if note.speaker != Speaker(P2)}
            shown = str(after.segments) + str(after.notes) + (_payloads(session) if rule is Rule.DESTROY else "")
            assert not [word for word in theirs - others if re.fullmatch(r"w\d+x", word) and word in shown]
    shutil.rmtree(root)


def test_the_command_shows_asks_and_writes_a_receipt(talked: Study, planned: Path, tmp_path: Path) -> None:
    talked.close()
    file = tmp_path / "receipt.txt"
    assert run("withdraw", "P2", study=planned).code == 2, "one of the rules has to be chosen"
    asked = run("withdraw", "P2", "--destroy", "--word", "yes", "--receipt", file, study=planned)
    assert asked.code == 2 and "Session 01: 2 turns (4 words), 1 notes" in asked.err and not file.exists()
    done = run("withdraw", "p2", "--destroy", "--word", "withdraw P2", "--receipt", file, "--json", study=planned)
    assert done.code == 0, done.err
    assert done.json["sessions"][0]["turns"] == 2 and done.json["name_destroyed"]
    text = file.read_text()
    assert text.startswith("Receipt of a withdrawal\n") and "The chain verifies" in text and "Anders" not in text
    assert run("withdraw", "P2", "--destroy", "--receipt", file, study=planned).code == 2
    again = run("withdraw", "P2", "--destroy", study=planned)
    assert again.code == 0 and again.out == text
    assert run("study", "check", study=planned).code == 0
    listed = run("participants", "list", study=planned).out.splitlines()
    assert not any(line.startswith("P2") and "recording" in line for line in listed)


def test_what_is_destroyed_already_is_no_hindrance(talked: Study) -> None:
    with Session(talked, ONE) as session:
        retaining.purge_audio(session, "purge")
    assert preview(talked, P2, Rule.DESTROY).shares[0].sound_ms == 0
    retaining.purge_linkage(talked, "purge")
    done = _withdraw(talked)
    assert done.name_destroyed and done.sessions[0].turns == 2 and done.sessions[0].sound_ms == 0
    with Session(talked, ONE, write=False) as session:
        assert session.reread() == session.state and not any(word in _payloads(session) for word in THEIRS)


def test_nothing_is_changed_while_a_session_is_recorded(
    opened: Study, sound_room: SoundRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in sound_room.settings.items():
        monkeypatch.setenv(name, value)
    with Session(opened, ONE) as session:
        conduct = Conduct(session)
        conduct.start("default")
        conduct.detach()
    with pytest.raises(Busy, match="is being recorded"):
        _withdraw(opened)
    assert not opened.state.withdrawals
    with Session(opened, ONE) as session:
        conduct = Conduct(session)
        assert conduct.find_running() and conduct.stop().lost_ms == 0
