"""Files that leave the study, and the gate they pass."""
