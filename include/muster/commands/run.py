"""muster run: one whole night without Airflow."""

from __future__ import annotations

import typer

from muster.commands.activate import activate_one
from muster.commands.build import audit_one, build_one, publish_one
from muster.commands.extract import IntervalOption, extract_one
from muster.commands.session import interval, say, session


def run(context: typer.Context, interval_text: IntervalOption = None) -> None:
    """A whole night: extract every source, build, audit, publish, activate every audience.

    Safe to run again: what is committed isn't read again, what is acknowledged isn't sent again.
    """
    current = session(context)
    settings = current.settings()
    window = interval(settings, interval_text)
    say(f"run [{window.start.isoformat()}, {window.end.isoformat()})")
    for source in settings.platform.sources:
        extract_one(current, settings, source.connection, window, "nightly")
    built = build_one(settings)
    publish_one(settings, built, audit_one(settings, built))
    for activation in settings.platform.activations:
        activate_one(current, settings, activation.destination, activation.audience)
