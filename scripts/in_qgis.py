"""Run a Python script inside a real QGIS window on a virtual screen, with the staged plugin and a fresh profile.

The script finds ``iface`` as in the Python console, the folder of ``inside.py`` in ``AZE_SCRIPTS``, its arguments in
``AZE_ARGUMENTS`` (JSON), and writes what it found out to the path in ``AZE_RESULT`` (JSON). It has to end QGIS itself;
one that does not is ended after the time limit.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "scripts"))

from environment import environment  # noqa: E402


class QgisFailed(RuntimeError):
    """QGIS ended without a result, or not in time; the message holds the end of what it printed."""


def run_in_qgis(
    script: Path, arguments: dict, limit_s: float = 280, plugins: Path = ROOT / "build", profile: Path | None = None
) -> dict:
    """What the script found out. QGIS runs in a session of its own, and only that is ended after ``limit_s`` seconds.

    ``profile``: a folder that keeps the profile for another start; a fresh one by default. Raises QgisFailed.
    """
    with tempfile.TemporaryDirectory(prefix="aze-qgis-") as scratch:
        result = Path(scratch) / "result.json"
        values = {**os.environ, **environment(screen=True, profile=profile or Path(scratch) / "profile")}
        # A window needs a screen: what `make test` sets for the other tests does not hold here.
        values.pop("QT_QPA_PLATFORM", None)
        values.pop("DISPLAY", None)
        values.update(
            QGIS_PLUGINPATH=str(plugins),
            AZE_ARGUMENTS=json.dumps(arguments),
            AZE_RESULT=str(result),
            AZE_SCRIPTS=str(ROOT / "scripts"),
            XDG_RUNTIME_DIR=scratch,
            LC_ALL="en_US.UTF-8",
        )
        command = ["xvfb-run", "-a", "-s", "-screen 0 1600x1000x24"]
        command += [shutil.which("qgis") or "qgis", "--nologo", "--noversioncheck", "--code", str(script)]
        log = Path(scratch) / "log.txt"
        with log.open("wb") as output:
            process = subprocess.Popen(
                command, env=values, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
            )
            try:
                process.wait(limit_s)
                ended = f"QGIS ended with {process.returncode}"
            except subprocess.TimeoutExpired:
                ended = f"QGIS was ended after {limit_s:.0f} s"
            finally:
                if process.poll() is None:
                    os.killpg(process.pid, signal.SIGTERM)
                    try:
                        process.wait(10)
                    except subprocess.TimeoutExpired:
                        os.killpg(process.pid, signal.SIGKILL)
                        process.wait(10)
        if not result.exists():
            raise QgisFailed(f"{ended} and left no result.\n{log.read_text(errors='replace')[-60000:]}")
        found = json.loads(result.read_text(encoding="utf-8"))
        found["ended"] = ended
        found["log"] = log.read_text(errors="replace")[-20000:]
        return found
