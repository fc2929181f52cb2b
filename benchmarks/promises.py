"""Beside a figure, what was promised of it."""

from collections.abc import Mapping
from typing import Any


def told(name: str, value: Any, least: Mapping[str, float], most: Mapping[str, float]) -> str:
    """The least or the most that is promised of a figure, and whether it is missed; "" where nothing is."""
    if name in least:
        return f"  (at least {least[name]:g}{'' if value >= least[name] else ': MISSED'})"
    if name in most:
        return f"  (at most {most[name]:g}{'' if value <= most[name] else ': MISSED'})"
    return ""
