"""Runs every ``bench_*.py`` beside this file and prints one table; ends with 1 when a target is missed."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.table import render  # noqa: E402


def main() -> int:
    """Run all benchmarks, or those whose names are given."""
    names = sys.argv[1:] or [path.stem[6:] for path in sorted(Path(__file__).parent.glob("bench_*.py"))]
    rows = []
    for name in names:
        rows.extend(importlib.import_module(f"benchmarks.bench_{name}").run())
    print(render(rows))
    return 0 if all(row.passed for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
