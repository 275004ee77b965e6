"""A small world behind running simulators, which the kill tests read into homes of their own."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import yaml
from demo.processes import start, stop
from demo.simulators import Simulators, wait_for_simulators

from muster.config import Settings, load

ROOT = Path(__file__).resolve().parents[2]
PEOPLE, SEED = 350, 7
QUIET = "2026-03-05T06:00:00Z"  # by then all of the world has happened: every reading gives the same
WINDOW_DAYS, POLL_SECONDS = 16, 0.05


@dataclass(frozen=True)
class Small:
    """Where it is, and how to name one of its homes."""

    folder: Path
    config: Path
    simulators: Simulators

    def settings(self, home: str) -> Settings:
        return load(self.config, home=self.folder / home)

    def command(self, home: str, *arguments: str) -> list[str]:
        return ["--home", str(self.folder / home), "--config", str(self.config), *arguments]


@contextmanager
def small_world(folder: Path) -> Iterator[Small]:
    ports = folder / "ports.json"
    command = [
        str(Path(sys.executable).with_name("muster-simulators")), "serve", "--people", str(PEOPLE),
        "--seed", str(SEED), "--ports-file", str(ports), "--now", QUIET, "--rate-speed", "100",
    ]  # fmt: skip
    process = start("simulators", command, dict(os.environ), folder / "simulators.log", ROOT)
    try:
        yield Small(folder, many_windows(folder / "config"), wait_for_simulators(process, ports))
    finally:
        stop([process])


def many_windows(config: Path) -> Path:
    """The shipped configuration with short windows, looked at often."""
    shutil.copytree(ROOT / "include" / "config", config)
    platform = config / "platform.yml"
    facts = yaml.safe_load(platform.read_text())
    for source in facts["sources"]:
        source.update(max_window_days=WINDOW_DAYS, poll_seconds=POLL_SECONDS)
    platform.write_text(json.dumps(facts, default=str))  # JSON is YAML
    return config
