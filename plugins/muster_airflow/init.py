"""First start of an installation: metadata schema, first administrator, pools. Safe to run at every start.

    python -m muster_airflow.init

Reads MUSTER_ADMIN_USER, MUSTER_ADMIN_EMAIL and MUSTER_ADMIN_PASSWORD; the password reaches Airflow's own
user manager in this process and no command line, log or file.
"""

from __future__ import annotations

import os
import subprocess
import sys


def main() -> int:
    """0 when the database is migrated, the administrator exists and every pool of platform.yml is there."""
    airflow = [sys.executable, "-m", "airflow"]
    subprocess.run([*airflow, "db", "migrate"], check=True)
    _create_administrator()
    from muster_airflow.pools import ensure_pools

    for name, slots in ensure_pools():
        print(f"pool {name}: {slots} slots")
    return 0


def _create_administrator() -> None:
    """Create the first FAB administrator; an existing user of that name is left alone."""
    name = os.environ["MUSTER_ADMIN_USER"]
    from airflow.providers.fab.auth_manager.cli_commands.utils import get_application_builder

    with get_application_builder() as builder:
        security = builder.sm
        if security.find_user(username=name):
            print("administrator: present, left as it is")
            return
        created = security.add_user(
            name,
            "Muster",
            "Administrator",
            os.environ["MUSTER_ADMIN_EMAIL"],
            security.find_role("Admin"),
            password=os.environ["MUSTER_ADMIN_PASSWORD"],
        )
        if not created:
            raise SystemExit("the first administrator could not be created; see the log above")
        print("administrator: created")


if __name__ == "__main__":
    raise SystemExit(main())
