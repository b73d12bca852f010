"""Bring ``i18n/*.ts`` up to date with the sentences in the code; with a language as argument, begin a new one."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def main() -> None:
    """Collect the sentences of every module into every language file."""
    languages = {path.stem.rpartition("_")[2] for path in (ROOT / "i18n").glob("*.ts")} | set(sys.argv[1:])
    sources = sorted(str(p.relative_to(ROOT)) for p in (ROOT / "aze_plugin").rglob("*.py"))
    for language in sorted(languages):
        target = f"i18n/aze_plugin_{language}.ts"
        subprocess.run(["pylupdate5", "-noobsolete", *sources, "-ts", target], cwd=ROOT, check=True)


if __name__ == "__main__":
    main()
