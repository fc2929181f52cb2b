"""What the footer and the help say about a screen's keys, both read from its bindings."""

from typing import Any

from textual.binding import Binding
from textual.screen import Screen
from textual.widgets import Input, TextArea

SHOWN = {
    "escape": "Esc",
    "enter": "Enter",
    "space": "space",
    "tab": "Tab",
    "up": "↑",
    "down": "↓",
    "left": "←",
    "right": "→",
    "exclamation_mark": "!",
    "question_mark": "?",
    "slash": "/",
    "delete": "Del",
    "home": "Home",
    "end": "End",
    "pageup": "PgUp",
    "pagedown": "PgDn",
    "full_stop": ".",
    "comma": ",",
    "plus": "+",
    "minus": "-",
}

EVERYWHERE = ("help", "back", "leave", "app.quit", "quit", "command_palette")


def key_name(binding: Binding) -> str:
    """How a key is written on screen: `^p`, `F1`, `Esc`, `n`."""
    *modifiers, key = binding.key.split("+") if len(binding.key) > 1 else [binding.key]
    signs = {"ctrl": "^", "shift": "⇧", "alt": "Alt-"}
    name = SHOWN.get(key) or (key.upper() if key[0] == "f" and key[1:].isdecimal() else key)
    return "".join(signs.get(modifier, modifier) for modifier in modifiers) + name


def all_bindings(screen: Screen[Any]) -> list[tuple[str, Binding]]:
    """(keys, binding) of every action that can run now, keys of one action joined with `/`.

    The screen's own come first, then those that every screen has, then moving about in the focused widget. What a
    field does with its text is as in any program, and is left out.
    """
    found: dict[str, tuple[list[str], Binding, int]] = {}
    for active in screen.active_bindings.values():
        binding = active.binding
        if not active.enabled or not binding.description or binding.system:
            continue
        if isinstance(active.node, Input | TextArea) and not binding.id:
            continue
        rank = 1 if binding.action in EVERYWHERE else 0 if binding.id else 2
        keys, _, _ = found.setdefault(binding.action, ([], binding, rank))
        if (name := key_name(binding)) not in keys:
            keys.append(name)
    return [("/".join(keys), binding) for keys, binding, _ in sorted(found.values(), key=lambda entry: entry[2])]


def shown_bindings(screen: Screen[Any]) -> list[tuple[str, Binding]]:
    """(key, binding) of the footer: only shown bindings, those that every screen has last."""
    found: dict[str, tuple[str, Binding]] = {}
    for active in screen.active_bindings.values():
        if active.enabled and active.binding.show and active.binding.description:
            keys = active.binding.key_display or key_name(active.binding)
            found.setdefault(active.binding.action, (keys, active.binding))
    return sorted(found.values(), key=lambda entry: entry[1].action in EVERYWHERE)
