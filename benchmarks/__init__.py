"""Programs that measure what the documentation quotes. Each prints one JSON object as its last line."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))  # sound_room, terminal and known_sound are there
