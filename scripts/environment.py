"""The environment under which a bare ``qgis_process`` or ``qgis`` finds the plugin and its needs.

Without arguments it prints KEY=value lines, unquoted; with ``--run COMMAND…`` it runs a command under them. QGIS gets a
profile of its own in ``build/profile``, in which the plugin is enabled, so the user's own profile is not touched.
"""

from __future__ import annotations

import os
import sys
import sysconfig
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PROFILE = ROOT / "build" / "profile"

_SETTINGS = """[PythonPlugins]
aze_plugin=true
processing=true

[app]
checkVersion=false

[qgis]
askToSaveMemoryLayers=false
checkVersion=false
news-feed-shown=true
showTips=false
"""


def environment(screen: bool = False, profile: Path = PROFILE) -> dict[str, str]:
    """The variables; with ``screen`` for a QGIS that opens a window. ``profile``: folder of the profiles to use."""
    settings = profile / "profiles" / "default" / "QGIS" / "QGIS3.ini"
    if not settings.exists():
        settings.parent.mkdir(parents=True, exist_ok=True)
        settings.write_text(_SETTINGS)
    values = {
        "PATH": "/usr/bin:" + os.environ.get("PATH", "/bin").replace("/usr/bin:", ""),
        "PYTHONPATH": sysconfig.get_paths()["purelib"],
        "QGIS_PLUGINPATH": str(ROOT / "build"),
        "QGIS_CUSTOM_CONFIG_PATH": str(profile),
    }
    if not screen:
        values["QT_QPA_PLATFORM"] = "offscreen"
    return values


if __name__ == "__main__":
    arguments = sys.argv[1:]
    if arguments[:1] == ["--run"]:
        on_screen = arguments[1:2] == ["--screen"]
        command = arguments[2:] if on_screen else arguments[1:]
        os.environ.update(environment(on_screen))
        os.execvp(command[0], command)
    for key, value in environment().items():
        print(f"{key}={value}")
