"""Makes the fixtures of `tui_driver` known here; the tests take everything else from there."""

from tui_driver import made_study, opened, peopled, study, study_root, unlocked_key

__all__ = ["made_study", "opened", "peopled", "study", "study_root", "unlocked_key"]
