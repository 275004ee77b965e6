"""What every command shares: where things are, how to speak, and how to fail."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from muster.errors import MusterError

if TYPE_CHECKING:
    from rich.console import Console

    from muster.config import ConnectionResolver, Settings
    from muster.windows import Window

UNEXPECTED, INTERRUPTED = 70, 130


@dataclass(frozen=True)
class Session:
    """The global options of one call."""

    home: Path | None = None
    config: Path | None = None
    debug: bool = False

    def settings(self) -> Settings:
        """The configuration, checked. Raises ConfigError with every problem of it."""
        from muster.config import load

        return load(self.config_dir(), home=self.home)

    def config_dir(self) -> Path:
        from muster.config import config_folder

        return config_folder(self.config)

    @property
    def resolver(self) -> ConnectionResolver:
        """Connections of the command line come from AIRFLOW_CONN_<ID>."""
        from muster.config import connection_from_environment

        return connection_from_environment


def session(context: typer.Context) -> Session:
    found = context.find_object(Session)
    return found if found is not None else Session()


def interval(settings: Settings, text: str | None) -> Window:
    """The interval asked for, else the latest one that is over."""
    from muster.config import latest_interval, parse_interval

    schedule = settings.platform.schedule
    return parse_interval(schedule, text) if text else latest_interval(schedule, datetime.now(UTC))


def run_id(now: datetime | None = None) -> str:
    """What receipts and manifests of this call are marked with."""
    return f"cli__{(now or datetime.now(UTC)).strftime('%Y%m%dT%H%M%S')}"


def console() -> Console:
    """Standard output. Without a terminal: no colour, no wrapping."""
    from rich.console import Console

    out = Console(highlight=False, soft_wrap=not sys.stdout.isatty())
    if not out.is_terminal:
        out.width = 160
    return out


def say(text: str) -> None:
    """One line of progress or result, as it is: no markup is read in it."""
    console().print(text, markup=False)


def print_json(value: Any) -> None:
    """One JSON document on standard output; times as ISO 8601."""
    import json

    typer.echo(json.dumps(value, indent=2, default=_plain, ensure_ascii=False))


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


@contextmanager
def progress(title: str) -> Iterator[Callable[[object], None]]:
    """Report what a function is doing: a spinner's text on a terminal, plain lines elsewhere."""
    out = console()
    if not out.is_terminal:
        yield lambda event: out.print(f"{title}: {event}", markup=False)
        return
    from rich.markup import escape

    with out.status(escape(title)) as status:
        yield lambda event: status.update(escape(f"{title}: {event}"))


def report_failure(error: BaseException, *, debug: bool) -> int:
    """Tell on standard error what went wrong; the exit code to leave with.

    Our own errors are written for people. Of an unexpected one only its kind and place are shown: its text
    may hold anything, a person's address included.
    """
    if debug:
        traceback.print_exception(error, file=sys.stderr)
    if isinstance(error, MusterError):
        typer.echo(f"muster: {error}", err=True)
        return error.exit_code
    if isinstance(error, KeyboardInterrupt):
        typer.echo("muster: interrupted; what was committed stays, run the command again to go on", err=True)
        return INTERRUPTED
    frame = traceback.extract_tb(error.__traceback__)[-1]
    place = f"{Path(frame.filename).name}:{frame.lineno}"
    typer.echo(
        f"muster: unexpected {type(error).__name__} at {place}; run it with --debug for all of it", err=True
    )
    return UNEXPECTED
