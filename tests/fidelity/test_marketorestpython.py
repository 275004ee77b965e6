"""An independent client, unmodified, makes every call that it has and our Marketo simulator serves."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

CHECK = Path(__file__).with_name("marketorestpython_check.py")
SIMULATORS = Path(sys.executable).with_name("muster-simulators")


def test_every_call_that_marketorestpython_has_and_the_simulator_serves_is_understood() -> None:
    done = subprocess.run(
        [sys.executable, str(CHECK), str(SIMULATORS)], capture_output=True, text=True, timeout=600
    )
    assert done.returncode == 0, done.stdout + done.stderr
    print(done.stdout)
