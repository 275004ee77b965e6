from __future__ import annotations

import sys
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
for folder in ("unit/activation", "contracts/destinations"):
    sys.path.insert(0, str(TESTS / folder))
