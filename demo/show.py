"""What the demo prints: one line for each thing that happens, with the time since the start; tables at the end."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

OK, BAD = "green", "bold red"


class Screen:
    """Plain lines where there is no terminal, colours where there is one."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._console = Console(highlight=False, soft_wrap=not sys.stdout.isatty())
        if not self._console.is_terminal:
            self._console.width = 132

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._began

    def say(self, text: str, style: str = "") -> None:
        minutes, seconds = divmod(int(self.seconds), 60)
        self._console.print(Text(f"{minutes:02d}:{seconds:02d}  ", "dim") + Text(text, style))

    def head(self, text: str) -> None:
        self._console.print()
        self.say(text, "bold")

    def fail(self, text: str) -> None:
        self._console.print()
        self.say(text, BAD)

    def table(self, title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
        """Texts to the left, numbers to the right; `ok` green, anything in capitals red."""
        table = Table(title=title, title_justify="left", title_style="bold", header_style="dim")
        for index, name in enumerate(columns):
            numeric = bool(rows) and all(isinstance(row[index], int | float) for row in rows)
            table.add_column(name, justify="right" if numeric else "left")
        for row in rows:
            table.add_row(*(_cell(value) for value in row))
        self._console.print()
        self._console.print(table)


def _cell(value: object) -> Text:
    if isinstance(value, bool) or value is None:
        return Text(str(value))
    if isinstance(value, int):
        return Text(f"{value:,}")
    if isinstance(value, float):
        return Text(f"{value:.3f}")
    text = str(value)
    return Text(text, OK if text == "ok" else BAD if text.isupper() and len(text) > 1 else "")
