"""Inside QGIS: forget the plugin as QGIS has loaded it, start it again as for the first time, and take the time."""

import builtins
import os
import sys
import time

sys.path.insert(0, os.environ["AZE_SCRIPTS"])

import qgis.utils
from inside import FOUND, pause, run
from qgis.utils import iface

NAME = "aze_plugin"
HEAVY = {"shapely", "requests", "openpyxl"}


def steps():
    qgis.utils.unloadPlugin(NAME)
    pause(0.3)
    for module in [m for m in sys.modules if m == NAME or m.startswith(f"{NAME}.")]:
        del sys.modules[module]
    asked = set()
    original = builtins.__import__

    def watching(name, globals=None, locals=None, fromlist=(), level=0):
        by = (globals or {}).get("__name__", "")
        if level == 0 and name.split(".")[0] in HEAVY and by.startswith(NAME):
            asked.add(f"{name} (by {by})")
        return original(name, globals, locals, fromlist, level)

    builtins.__import__ = watching
    try:
        start = time.perf_counter()
        plugin = original(NAME).classFactory(iface)
        plugin.initGui()
        FOUND["milliseconds"] = (time.perf_counter() - start) * 1000
    finally:
        builtins.__import__ = original
    FOUND["imported"] = sorted(asked)
    plugin.unload()


run(steps)
