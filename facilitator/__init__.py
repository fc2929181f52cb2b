"""Facilitator carries a focus-group study from the discussion guide to a verified, pseudonymized export."""

from typing import Final

__version__: Final = "0.1.0"
