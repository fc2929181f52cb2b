from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile
import soxr
from cli_runner import files, run
from numpy.typing import NDArray

from facilitator.audio.container import RecordWriter
from facilitator.domain import events as ev
from facilitator.domain.consent import Consent
from facilitator.domain.errors import Cancelled, ConsentMissing, LeakFound, MissingNeed, NotFound, NotVerified
from facilitator.domain.group import Presence
from facilitator.domain.ids import MODERATOR, ResearchNumber, Speaker, session_id
from facilitator.domain.progress import Progress
from facilitator.domain.recording import Pause
from facilitator.domain.roster import RosterRow
from facilitator.domain.stretches import Stretch
from facilitator.domain.transcript import Segment, Word, words_text
from facilitator.export.manifest import verify_manifest
from facilitator.privacy.recognizers import search_version
from facilitator.privacy.surfaces import KnownSurface
from facilitator.storage.keys import PersonalKey
from facilitator.storage.study_folder import read_settings
from facilitator.transcription import offline_packages
from facilitator.workflows.demo import SAMPLE
from facilitator.workflows.exporting import export_session, named_at
from facilitator.workflows.participants import add_participants, record_consent
from facilitator.workflows.redacting import redaction
from facilitator.workflows.release import passages, texts_digest
from facilitator.workflows.sessions import Session
from facilitator.workflows.sound import SessionSound
from facilitator.workflows.study import Study
from facilitator.workflows.verifying import approve, verify

RATE = 16_000
TURN = Segment(1, 1_000, 3_000, Speaker("P1"), "Goals", (Word("Goals", 1_000, 1_400, 0.9),))
HERE = pytest.mark.skipif(offline_packages.parts() is None, reason="the extra `offline` is not installed")


@pytest.fixture
def session(opened: Study) -> Iterator[Session]:
    with Session(opened, session_id("01")) as session:
        yield session


def agreed(session: Session, *numbers: str) -> None:
    for number in map(ResearchNumber, numbers):
        record_consent(session.study, [number], Consent(number, "2021-09-14", audio_sharing=True))


def record(session: Session, pcm: NDArray[np.int16], rate: int = RATE, *parts: Stretch) -> None:
    """Store `parts` (ms) of some sound, or all, as the session's recording."""
    length_ms = len(pcm) * 1000 // rate
    with RecordWriter(
        session.folder.audio, session_id=session.id, recipient=session.key.audio_recipient, rate=rate, ballast_bytes=0
    ) as writer:
        for start, end in parts or [(0, length_ms)]:
            writer.append(pcm[start * rate // 1000 : end * rate // 1000].astype("<i2").tobytes(), start * rate // 1000)
    session.record(ev.RecordingStarted(rate, "test"), 0)
    session.record(ev.RecordingStopped(len(pcm), length_ms, "0" * 64), length_ms)


def draft(session: Session, *turns: Segment) -> None:
    """Make the turns the whole transcript, and have it searched for identifiers without finding any."""
    length_ms = session.state.length_ms
    session.record_all(
        [
            (ev.TranscriptionStarted("faster-whisper", "base", "0" * 64, "en", length_ms), 0),
            (ev.TranscriptionFinished(0), 0),
            (ev.DraftMade(turns), 0),
        ]
    )
    session.record(ev.CandidatesSearched(texts_digest(passages(session)), search_version() or "", ()))


def approved(session: Session) -> None:
    approve(session, "officer", verify(session).content.digest)


def noise(ms: int) -> NDArray[np.int16]:
    return np.random.default_rng(5).integers(1, 30_000, ms * RATE // 1000).astype("<i2")


def test_silence_stays_silence_and_all_else_is_source_or_tone(session: Session) -> None:
    pcm = noise(12_000)
    session.record(ev.RecordingPaused(Pause.OFF_RECORD), 4_000)
    record(session, pcm, RATE, (0, 4_000), (7_000, 12_000))
    session.record(ev.RecordingResumed(), 7_000)
    draft(session, Segment(1, 3_500, 9_000, Speaker("P1"), "", ()))
    made, told = redaction(session, SessionSound(session))
    assert made.toned == ((3_250 * 16, 4_000 * 16), (7_000 * 16, 9_250 * 16 + 1))
    assert (told.toned, told.whole_turns) == (((3_250, 4_000), (7_000, 9_250)), 0)
    heard = made.read(0, 12_000)
    assert not heard[4_000 * 16 : 7_000 * 16].any()
    assert (heard[: 3_250 * 16] == pcm[: 3_250 * 16]).all()
    assert (heard[9_250 * 16 + 1 :] == pcm[9_250 * 16 + 1 :]).all()


def refused(session: Session, error: type[Exception], match: str, tmp_path: Path) -> None:
    before, seq = files(session.study.folder.root), session.state.last_seq
    with pytest.raises(error, match=match):
        export_session(session, out=tmp_path / "out", audio=True)
    assert not (tmp_path / "out").exists()
    assert (session.state.last_seq, files(session.study.folder.root)) == (seq, before)


def test_sound_needs_the_consent_of_everybody_in_it(session: Session, tmp_path: Path) -> None:
    record(session, noise(3_000))
    draft(session, TURN)
    refused(session, NotVerified, "not approved", tmp_path)
    approved(session)
    refused(session, ConsentMissing, "P1, P2", tmp_path)
    agreed(session, "P2")
    refused(session, ConsentMissing, r": P1\.", tmp_path)
    agreed(session, "P1")
    session.record(ev.SpeakerMarked(Speaker("P3")), 500)
    approved(session)
    refused(session, ConsentMissing, r": P3\.", tmp_path)


def test_sound_is_not_exported_while_nobody_knows_who_speaks(session: Session, tmp_path: Path) -> None:
    record(session, noise(5_000))
    unknown = replace(TURN, speaker=None)
    draft(session, unknown, Segment(2, 4_000, 4_500, None, ""), replace(unknown, id=3, speaker=MODERATOR))
    agreed(session, "P1", "P2")
    approved(session)
    refused(session, ConsentMissing, "in 1 turn,", tmp_path)


def test_whoever_did_not_come_need_not_agree(session: Session, tmp_path: Path) -> None:
    record(session, noise(3_000))
    session.record(ev.PresenceChanged(ResearchNumber("P2"), Presence.ABSENT), 0)
    draft(session, TURN)
    approved(session)
    refused(session, ConsentMissing, r": P1\.", tmp_path)


def test_without_a_speech_model_nothing_is_begun(
    session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FACILITATOR_CACHE", str(tmp_path / "empty"))
    monkeypatch.setattr(offline_packages, "parts", lambda: None)
    record(session, noise(3_000))
    draft(session, TURN)
    agreed(session, "P1", "P2")
    approved(session)
    refused(session, MissingNeed, "base", tmp_path)


def test_without_sound_there_is_none_to_export(session: Session, tmp_path: Path) -> None:
    session.record_all([(ev.RecordingStarted(RATE, "test"), 0), (ev.RecordingStopped(RATE, 1_000, "0" * 64), 1_000)])
    draft(session, TURN)
    agreed(session, "P1", "P2")
    approved(session)
    refused(session, NotFound, "audio|recording", tmp_path)


def test_the_command_line_refuses_in_the_same_way(session: Session, planned: Path, tmp_path: Path) -> None:
    record(session, noise(3_000))
    draft(session, TURN)
    session.close()
    assert run("export", "01", "--audio", study=planned).code == 13
    digest = run("verify", "01", "--json", study=planned).json["content_sha256"]
    assert run("verify", "01", "--approve", digest, "--by", "officer", study=planned).code == 0
    before = files(planned)
    done = run("export", "01", "--audio", study=planned)
    assert done.code == 12 and "P1, P2" in done.err and "--audio-sharing" in done.err and done.out == ""
    assert files(planned) == before


def test_a_cancelled_export_leaves_nothing(session: Session, tmp_path: Path) -> None:
    def stop(step: Progress) -> None:
        if step.label == "Reading the sound":
            raise Cancelled("Stopped.")

    record(session, noise(3_000))
    draft(session, TURN)
    agreed(session, "P1", "P2")
    approved(session)
    with pytest.raises(Cancelled):
        export_session(session, "txt", tmp_path / "out", stop, audio=True)
    assert not (tmp_path / "out").exists() and session.state.exports == []


def test_the_second_hearing_says_when_it_has_a_name() -> None:
    known = [KnownSurface("Kristin", "[P1]", "P1"), KnownSurface("Ashgrove Hospital", "[Hospital 1]", "E1")]
    text = "I agree with Kristin at Ashgrove Hospital"
    said = [Word(word, 600 * at, 600 * at + 400, 0.9) for at, word in enumerate(text.split())]
    halves = (tuple(said[:5]), tuple(said[5:]))
    segments = tuple(ev.HeardSegment(half[0].start_ms, half[-1].end_ms, words_text(half), half) for half in halves)
    window = ev.WindowTranscribed(0, 0, 9_000, segments)
    assert sorted(named_at(window, known)) == [1_800, 3_000]
    assert named_at(ev.WindowTranscribed(0, 700, 9_000, (ev.HeardSegment(0, 1, "Kristin", ()),)), known) == [700]
    assert named_at(replace(window, segments=()), known) == []


# --- with a speech model


def excerpt() -> NDArray[np.int16]:
    """“I agree with Kristin. When I started at Ashgrove Hospital,” at 16 kHz."""
    sound, rate = soundfile.read(SAMPLE / "focus_group.ogg", start=int(20.2 * 48_000), stop=int(23.4 * 48_000))
    return np.asarray(soxr.resample(sound, rate, RATE) * 32_767, dtype="<i2")


def as_heard(text: str) -> Segment:
    """A turn of ten words at the times at which those of the excerpt are spoken."""
    ends = (320, 580, 820, 1_180, 1_580, 1_700, 2_000, 2_220, 2_640, 3_100)
    starts = (0, *ends[:3], 1_540, *ends[4:-1])
    said = [Word(*one, 0.9) for one in zip(text.split(), starts, ends, strict=True)]
    return Segment(1, 0, 3_100, Speaker("P2"), text, tuple(said))


def spoken(session: Session, text: str) -> NDArray[np.int16]:
    """The excerpt as an approved session whose transcript is `text`; P4 is called Ashgrove."""
    add_participants(session.study, [RosterRow("Tove Ashgrove")])
    pcm = excerpt()
    record(session, pcm)
    draft(session, as_heard(text))
    agreed(session, "P1", "P2")
    approved(session)
    return pcm


@HERE
@pytest.mark.slow
def test_the_sound_is_exported_without_names_and_says_what_sounds_like_one(session: Session, tmp_path: Path) -> None:
    pcm = spoken(session, "I agree with them. When I started at Ashgrove Hospital,")
    told: list[Progress] = []
    result = export_session(session, "txt", tmp_path / "out", told.append, audio=True)
    assert [file.name for file in result.files] == ["session-01.txt", "session-01.redacted.flac"]
    assert verify_manifest(result.folder) == [] and session.state.exports[-1].files == result.files
    assert "still identifiable by voice" in (result.folder / "manifest.json").read_text()
    assert result.redacted is not None and result.redacted.toned == ((1_970, 2_890),)
    (at_ms,) = result.redacted.listen_to  # the model hears Kristen; the transcript has another word there
    assert 400 < at_ms < 1_200
    with av.open(str(result.folder / "session-01.redacted.flac")) as container:
        again = np.concatenate([frame.to_ndarray()[0] for frame in container.decode(audio=0)])
        assert container.metadata == {} and container.streams[0].metadata == {}
    first, end = 1_970 * 16, 2_890 * 16 + 1
    assert len(again) == len(pcm)
    assert (again[:first] == pcm[:first]).all() and (again[end:] == pcm[end:]).all()
    spectrum = np.abs(np.fft.rfft(again[first:end].astype(float)))
    assert np.sum(np.sort(spectrum**2)[-20:]) > 0.98 * np.sum(spectrum**2), "one tone and nothing else"
    labels = [step.label for step in told]
    for label in ("Reading the sound", "Listening for names", "Writing the redacted sound"):
        assert label in labels
    everything = b"".join(path.read_bytes() for path in result.folder.iterdir()).lower()
    assert not any(name in everything for name in (b"kristin", b"ashgrove", b"haugen"))


@HERE
@pytest.mark.slow
def test_a_name_that_can_be_heard_stops_the_export(session: Session, tmp_path: Path) -> None:
    spoken(session, "I agree with Kristin. When I started at that hospital,")
    with pytest.raises(LeakFound, match=r"heard in the redacted sound, at 00:00:0[12]\.") as caught:
        export_session(session, "txt", tmp_path / "out", audio=True)
    assert "ashgrove" not in str(caught.value).lower()
    assert not (tmp_path / "out").exists() and session.state.exports == []


@HERE
@pytest.mark.slow
def test_sound_of_which_consent_is_revoked_while_it_is_heard_is_not_exported(
    session: Session, planned_key: PersonalKey, tmp_path: Path
) -> None:
    def revoke(step: Progress) -> None:
        if step.label == "Listening for names" and not revoked:
            with Study(folder, read_settings(folder), planned_key) as elsewhere:
                revoked.extend(
                    record_consent(elsewhere, [ResearchNumber("P2")], Consent(ResearchNumber("P2"), "2021-09-15"))
                )

    folder, revoked = session.study.folder, list[ResearchNumber]()
    record(session, noise(3_000))
    draft(session, TURN)
    agreed(session, "P1", "P2")
    approved(session)
    with pytest.raises(ConsentMissing, match=r": P2\."):
        export_session(session, "txt", tmp_path / "out", revoke, audio=True)
    assert revoked and not (tmp_path / "out").exists() and session.state.exports == []
