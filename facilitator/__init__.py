"""Facilitator carries a focus-group study from the discussion guide to a verified, pseudonymized export."""

__version__ = "0.1.0"
