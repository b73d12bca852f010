"""Picture of the panel in a real QGIS window, with the sample loaded and its main candidate checked.

    python scripts/screenshot.py build/demo/panel.png

Everything but the picture is temporary. Prints what the panel showed.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PLUGINS = Path(os.environ.get("AZE_STAGED", ROOT / "build"))
sys.path.insert(0, str(ROOT / "scripts"))

from in_qgis import QgisFailed, run_in_qgis  # noqa: E402


def main(output: str) -> int:
    """Write the picture; 0 when it is there."""
    target = Path(output).resolve()
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        found = run_in_qgis(ROOT / "scripts" / "screenshot_inside.py", {"output": str(target)}, plugins=PLUGINS)
    except QgisFailed as error:
        print(error, file=sys.stderr)
        return 1
    if "error" in found:
        print(found["error"], file=sys.stderr)
        return 1
    print(f"{found['candidate']}: {found['verdict']}, {found['both_pct']:.0f} % protected → {output}")
    return 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1]))
