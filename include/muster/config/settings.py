"""Settings: the platform of one sandbox together with the places it reads from and writes to."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from muster.config.models import Platform
from muster.naming import Home

HOME_VARIABLE = "MUSTER_HOME"
CONFIG_VARIABLE = "MUSTER_CONFIG"
DBT_VARIABLE = "MUSTER_DBT_PROJECT"
DEFAULT_HOME = Path(".muster")
DEFAULT_CONFIG = Path("include/config")
REPOSITORY = Path(__file__).resolve().parents[3]


@dataclass(frozen=True)
class Settings:
    """What every function of Muster is given. Paths are absolute."""

    platform: Platform
    home: Home
    config_dir: Path

    @property
    def platform_file(self) -> Path:
        return self.config_dir / "platform.yml"

    @property
    def guardrails_file(self) -> Path:
        return self.config_dir / "guardrails.yml"

    @property
    def audiences_dir(self) -> Path:
        return self.config_dir / "audiences"

    @property
    def mappings_dir(self) -> Path:
        """`<connection>.yml`: what a source's objects and fields become, over the shipped defaults."""
        return self.config_dir / "sources"

    @property
    def dbt_project(self) -> Path:
        """$MUSTER_DBT_PROJECT, else the dbt_project folder of this checkout."""
        return Path(os.environ.get(DBT_VARIABLE) or REPOSITORY / "dbt_project").resolve()


def home_root(given: Path | None = None) -> Path:
    """The folder given, else $MUSTER_HOME, else ./.muster; absolute."""
    return Path(given or os.environ.get(HOME_VARIABLE) or DEFAULT_HOME).expanduser().resolve()


def config_folder(given: Path | None = None) -> Path:
    """The folder given, else $MUSTER_CONFIG, else ./include/config, else the checkout's own; absolute."""
    chosen = given or os.environ.get(CONFIG_VARIABLE)
    if chosen:
        return Path(chosen).expanduser().resolve()
    local = DEFAULT_CONFIG.resolve()
    return local if local.is_dir() else REPOSITORY / DEFAULT_CONFIG
