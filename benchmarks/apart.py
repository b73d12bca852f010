"""Measurements in a process of their own, for what needs an application with windows."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path


def measured(name: str) -> dict:
    """What a script beside this file prints as its last line of JSON. Raises RuntimeError where it printed none."""
    script = Path(__file__).with_name(name)
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, timeout=300)
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    if not lines:
        raise RuntimeError(f"{name} measured nothing ({done.returncode}): {done.stderr[-2000:]}")
    return json.loads(lines[-1])
