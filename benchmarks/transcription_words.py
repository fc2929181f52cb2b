"""How many words each system gets wrong, counted as others count them: Whisper's own normalizer, then jiwer."""

from pathlib import Path
from typing import Any, Final

import jiwer
from whisper.normalizers import EnglishTextNormalizer

from benchmarks.transcription_sound import Recording, for_words
from benchmarks.transcription_systems import Setting, Systems

SYSTEMS: Final = ("ours", "openai-whisper", "faster-whisper", "faster-whisper one by one")
_QUICK: Final = ("ours", "faster-whisper")


def words(systems: Systems, folder: Path, quick: bool, show: bool = False) -> dict[str, Any]:
    """Word error rates over all recordings together, 0.1 being one word of ten; with `show` also what went wrong."""
    recordings = for_words(folder, quick)
    rates = {}
    for beam in (5,) if quick else (5, 1):
        for name in _QUICK if quick else SYSTEMS:
            rates[name, beam] = _rate(systems, Setting(name, beam), recordings, show)
    return _figures({name: rate for (name, beam), rate in rates.items() if beam == 5})


def _figures(rates: dict[str, float]) -> dict[str, Any]:
    figures: dict[str, Any] = {f"wer_{name.replace('-', '_').replace(' ', '_')}": rate for name, rate in rates.items()}
    figures["wer_best_peer"] = min(rate for name, rate in rates.items() if name != "ours")
    figures["wer_above_best_peer_points"] = 100 * (figures["wer_ours"] - figures["wer_best_peer"])
    return figures


def _rate(systems: Systems, setting: Setting, recordings: list[Recording], show: bool) -> float:
    plain = EnglishTextNormalizer()
    wanted = [plain(recording.words) for recording in recordings]
    heard = [plain(systems.text(setting, recording)) for recording in recordings]
    whole = jiwer.process_words(wanted, heard)
    kinds = f"{whole.substitutions} other, {whole.deletions} missing, {whole.insertions} more"
    print(f"{setting!s:<36} {whole.wer:6.1%}  ({kinds})")
    for recording, one, other in zip(recordings, wanted, heard, strict=True):
        part = jiwer.process_words(one, other)
        kinds = f"{part.substitutions} other, {part.deletions} missing, {part.insertions} more"
        print(f"  {recording.name:<34} {part.wer:6.1%}  ({kinds})")
        if show:
            print(jiwer.visualize_alignment(part, show_measures=False))
    return float(whole.wer)
