from __future__ import annotations

import sys
from pathlib import Path

# tests/fakes.py is for every test folder.
sys.path.insert(0, str(Path(__file__).parent))
