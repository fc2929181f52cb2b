"""The two themes: quiet paper and quiet slate; red belongs to recording and faults alone."""

from textual.theme import Theme

DARK = Theme(
    name="facilitator-dark",
    primary="#8ab8a8",
    secondary="#7a93a8",
    accent="#e0b878",
    foreground="#d8dcd8",
    background="#15191b",
    surface="#1b2022",
    panel="#252c2f",
    success="#8fc08a",
    warning="#e0b060",
    error="#f08a80",
    dark=True,
    variables={"block-cursor-text-style": "bold", "input-selection-background": "#8ab8a8 35%"},
)
LIGHT = Theme(
    name="facilitator-light",
    primary="#256053",
    secondary="#3f566b",
    accent="#7d4f0c",
    foreground="#20282a",
    background="#faf9f5",
    surface="#f2f0ea",
    panel="#e4e1d8",
    success="#2c6428",
    warning="#7a4d00",
    error="#a3261c",
    dark=False,
    variables={"block-cursor-text-style": "bold", "input-selection-background": "#256053 30%"},
)
