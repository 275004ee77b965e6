"""Three nights through every room, without Airflow: simulated sources over real HTTP, then what the DAGs call."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from demo.processes import stop
from demo.show import Screen
from demo.simulators import Simulators, start_simulators, wait_for_simulators
from demo.verify import Verifier

from muster.activation import ActivationResult, activate
from muster.config import Settings, connection_from_environment, load
from muster.sources import extract
from muster.state import Gates
from muster.warehouse import Snapshot, audit, build, publish
from muster.windows import Window

ROOT = Path(__file__).resolve().parents[2]
PEOPLE, SEED = 1500, 7
DAY = timedelta(days=1)
FAST = 50  # times the wall clock, for the calls that go into 20 seconds: at our end and at theirs
LISTED = "programs, program_members]\n"
MORE = "smart_campaigns, named_accounts"
CUSTOM = "    custom_objects: [contract_c]"


@dataclass
class Nights:
    """A sandbox that has lived through three nights, and what each of them gave."""

    settings: Settings
    simulators: Simulators
    verifier: Verifier
    codes: list[int]
    snapshots: list[Snapshot]
    folder: Path

    def interval(self, night: int) -> Window:
        start = self.settings.platform.schedule.start + DAY * (night - 1)
        return Window(start, start + DAY)

    def extract(self, night: int, settings: Settings | None = None) -> int:
        """Rows read from all sources."""
        place = settings or self.settings
        manifests = [
            manifest
            for source in place.platform.sources
            for manifest in extract(
                place,
                source.connection,
                self.interval(night),
                "nightly",
                connection_from_environment,
                run_id=f"night{night}",
                gates=self.in_haste(place),
            )
        ]
        return sum(manifest.rows for manifest in manifests)

    def publish(self, settings: Settings | None = None) -> Snapshot:
        place = settings or self.settings
        built = build(place)
        return publish(place, built, audit(place, built))

    def activate(self, night: int) -> list[ActivationResult]:
        return [
            activate(
                self.settings,
                one.destination,
                one.audience,
                connection_from_environment,
                run_id=f"night{night}",
                attempt=1,
            )
            for one in self.settings.platform.activations
        ]

    def another_home(self, name: str) -> Settings:
        return load(self.settings.config_dir, home=self.folder / name)

    def in_haste(self, settings: Settings) -> Gates:
        """The quota gates of a home whose 20 seconds pass as fast as the simulators count them."""
        return Gates(
            settings.home.quota,
            clock=lambda: datetime.fromtimestamp(time.time() * FAST % 4e9, tz=UTC),
            sleep=lambda seconds: time.sleep(seconds / FAST),
        )

    def shipped(self, name: str) -> Settings:
        """A home of its own with the configuration as it is shipped: fewer objects, fewer calls."""
        return load(ROOT / "include" / "config", home=self.folder / name)


def read_everything(platform: Path) -> None:
    """Every object that the simulated Marketos have, not only those of the demo."""
    emea, amer, rest = platform.read_text().split(LISTED)
    more = f"programs, program_members, {MORE}"
    platform.write_text(f"{emea}{more}]\n{CUSTOM}\n{amer}{more}, sales_persons]\n{CUSTOM}\n{rest}")


@pytest.fixture(scope="session")
def nights(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nights]:
    from muster_simulators.world import build_world

    folder = tmp_path_factory.mktemp("nights")
    config = folder / "config"
    shutil.copytree(ROOT / "include" / "config", config)
    read_everything(config / "platform.yml")
    process, ports = start_simulators(
        folder, dict(os.environ), PEOPLE, SEED, "2026-03-01T12:00:00Z", rate_speed=FAST
    )
    before = dict(os.environ)
    try:
        world: Future[Any] = Future()
        world.set_result(build_world(people=PEOPLE, seed=SEED))
        simulators = wait_for_simulators(process, ports)
        os.environ.update(simulators.connections())
        settings = load(config, home=folder / "home")
        found = Nights(settings, simulators, Verifier(settings, simulators, world, Screen()), [], [], folder)
        for night in (1, 2, 3):
            simulators.set_clock(found.interval(night).end + timedelta(minutes=30))
            found.extract(night)
            found.snapshots.append(found.publish())
            found.activate(night)
            found.codes.append(found.verifier.check_night(night))
        yield found
    finally:
        stop([process])
        for name in set(os.environ) - set(before):
            os.environ.pop(name)
