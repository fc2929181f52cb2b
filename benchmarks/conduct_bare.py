"""The yardstick of `benchmarks.conduct`: a Textual program that shows the last key, and nothing else."""

from textual import events
from textual.app import App, ComposeResult
from textual.widgets import Static


class Bare(App[None]):
    """One line."""

    def compose(self) -> ComposeResult:
        """It."""
        yield Static("key: none")

    def on_key(self, event: events.Key) -> None:
        """Show it."""
        self.query_one(Static).update(f"key: {event.key}.")


if __name__ == "__main__":
    Bare().run()
