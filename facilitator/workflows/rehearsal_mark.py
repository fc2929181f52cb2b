"""How a rehearsal is known: by a file in its study, so that whatever opens that study hears the sample, no microphone.

The file names the study's public key: copied into another study, it means nothing there.
"""

import json
from pathlib import Path
from typing import Final

from facilitator.audio.messages import Rehearsal
from facilitator.storage.files import write_atomically
from facilitator.workflows.study import Study

SAMPLE: Final = Path(__file__).resolve().parents[1] / "sample" / "focus_group.ogg"
RATE: Final = 16_000
"""Hz; speech needs no more, and a fast rehearsal stores less."""
_NAME: Final = "rehearsal.json"


def mark(study: Study, speed: int, *, lasting: bool) -> None:
    """Make `study` a rehearsal's: see `audio.messages.Rehearsal`. Raises StorageFailed."""
    text = json.dumps({"recipient": study.settings.recipient, "speed": speed, "lasting": lasting})
    write_atomically(study.folder.root / _NAME, text.encode())


def rehearsal_of(study: Study) -> Rehearsal | None:
    """What is heard in the rehearsal whose study this is; None for a study in earnest."""
    try:
        found = json.loads((study.folder.root / _NAME).read_bytes())
        if found["recipient"] == study.settings.recipient:
            return Rehearsal(str(SAMPLE), int(found["speed"]), bool(found["lasting"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return None
