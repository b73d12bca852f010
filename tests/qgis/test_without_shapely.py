"""A computer without shapely: the panel has to come up, to say what to install."""

import subprocess
import sys
import textwrap
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

SCRIPT = """
import sys

class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] == "shapely":
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, Missing())
sys.path.insert(0, sys.argv[1])
import aze_plugin.plugin
import aze_plugin.gui.interface
import aze_plugin.gui.panel
import aze_plugin.processing.provider
print("came up")
"""


def test_the_panel_and_the_algorithms_can_be_imported():
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(SCRIPT), str(ROOT)], capture_output=True, text=True, timeout=120
    )
    assert "came up" in done.stdout, done.stderr
