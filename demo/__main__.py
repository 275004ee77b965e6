"""`make demo`, `make up`, `make down`: run `python -m demo --help`."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from demo.show import Screen
from demo.stack import ROOT, StackError, lock, stop_recorded

FOLDER = ROOT / ".muster"
PORT = 8080


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m demo", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, text in (
        ("run", "three simulated nights in a real Airflow, checked, then everything is stopped"),
        ("up", "the same, and Airflow's UI stays until `make down`"),
        ("backfill", "airflow backfill over 60 days beside a nightly run, compared with one big extract"),
    ):
        command = commands.add_parser(name, help=text)
        command.add_argument("--people", type=int, default=20_000, help="size of the simulated world")
        command.add_argument("--seed", type=int, default=7)
        command.add_argument(
            "--folder", type=Path, default=FOLDER if name != "backfill" else FOLDER / "backfill"
        )
        command.add_argument("--port", type=int, default=PORT, help="of Airflow's UI, if it is free")
    commands.add_parser("down", help="stop what `make up` started").add_argument(
        "--folder", type=Path, default=FOLDER
    )
    arguments = parser.parse_args()
    arguments.folder = arguments.folder.resolve()
    arguments.stack = arguments.folder / "airflow"
    screen = Screen()
    try:
        with _interruptible():
            return _COMMANDS[arguments.command](arguments, screen)
    except StackError as error:
        screen.fail(str(error))
        return 1
    except KeyboardInterrupt:
        screen.fail("interrupted; run the same command again to go on")
        return 130


def _run(arguments: argparse.Namespace, screen: Screen) -> int:
    from demo.session import Session

    with lock(arguments.stack):
        session = Session(arguments.folder, arguments.people, arguments.seed, arguments.port, screen)
        try:
            return session.run()
        finally:
            session.stop()


def _up(arguments: argparse.Namespace, screen: Screen) -> int:
    from demo.session import Session

    with lock(arguments.stack):
        session = Session(arguments.folder, arguments.people, arguments.seed, arguments.port, screen)
        try:
            code = session.run(again=False)
        except BaseException:
            session.stop()
            raise
        session.welcome()
        return code


def _down(arguments: argparse.Namespace, screen: Screen) -> int:
    began = time.monotonic()
    stopped = stop_recorded(arguments.stack)
    screen.say(
        f"stopped {', '.join(stopped)} in {time.monotonic() - began:.1f} s"
        if stopped
        else "nothing was running"
    )
    return 0


def _backfill(arguments: argparse.Namespace, screen: Screen) -> int:
    from demo.backfill import run

    with lock(arguments.stack):
        return run(arguments.folder, arguments.people, arguments.seed, arguments.port, screen)


@contextmanager
def _interruptible() -> Iterator[None]:
    """SIGTERM ends the demo as Ctrl-C does: everything it started is stopped."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, interrupt)
    yield


_COMMANDS = {"run": _run, "up": _up, "down": _down, "backfill": _backfill}

if __name__ == "__main__":
    os.chdir(ROOT)
    sys.exit(main())
