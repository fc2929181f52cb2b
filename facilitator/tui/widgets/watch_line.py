"""A second line below the status bar, there only while it has something to say."""

from textual.widgets import Static

from facilitator.tui.widgets.text import plain


class WatchLine(Static):
    """Small signs on the recording: each begins with a ▲ or says in words what it is, so that it needs no color."""

    DEFAULT_CSS = """
    WatchLine {
        display: none;
        height: 1;
        width: 1fr;
        padding: 0 1;
        background: $panel;
        color: $foreground 85%;
    }
    WatchLine.-says { display: block; }
    """

    def show(self, text: str) -> None:
        """Say `text`; "" hides the line."""
        self.set_class(bool(text), "-says")
        self.update(plain(text))
