"""Unloaded in the midst of its work and loaded again, ten times in one QGIS: nothing stays, and nothing grows."""

import os
import shutil
import socket
import sys
import threading
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

from in_qgis import run_in_qgis  # noqa: E402

PLUGINS = Path(os.environ.get("AZE_STAGED", ROOT / "build"))

pytestmark = [
    pytest.mark.skipif(not (PLUGINS / "aze_plugin" / "metadata.txt").exists(), reason="not staged: run `make stage`"),
    pytest.mark.skipif(not shutil.which("qgis"), reason="no QGIS application here"),
]


@pytest.fixture(scope="module")
def silent():
    """The address of a server that takes calls and never answers."""
    held = []

    def serve():
        while True:
            try:
                held.append(listening.accept()[0])
            except OSError:
                return

    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(64)
        serving = threading.Thread(target=serve, daemon=True)
        serving.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/"
        listening.shutdown(socket.SHUT_RDWR)
    serving.join(10)
    for taken in held:
        taken.close()


@pytest.fixture(scope="module")
def walk(tmp_path_factory, silent):
    folder = tmp_path_factory.mktemp("reload")
    for name in ("project", "temporary"):
        (folder / name).mkdir()
    arguments = {
        "package": str(folder / "package.zip"),
        "project": str(folder / "project" / "p.qgz"),
        "server": silent,
        "temporary": str(folder / "temporary"),
    }
    found = run_in_qgis(Path(__file__).with_name("reload_walk.py"), arguments, 280, plugins=PLUGINS)
    assert "error" not in found, found["error"]
    return found


def test_it_was_at_work_each_time(walk):
    assert len(walk["busy"]) == 10
    for turn in walk["busy"]:
        assert turn["algorithm"] and turn["sending"] and turn["meter"] and turn["tasks"] >= 2


def test_nothing_of_it_is_left(walk):
    """Neither in the window nor threads, tasks, temporary files, modules, nor a single object of its classes."""
    for left in walk["left"]:
        assert left == {
            "docks": [],
            "toolbars": [],
            "menu": [],
            "provider": False,
            "tasks": 0,
            "threads": [],
            "files": [],
            "path": [],
            "modules": [],
            "living": {},
        }


def test_what_outlives_it_is_as_it_was(walk):
    """Signals of project, layers, map and window, actions, windows, and what is drawn on the map."""
    assert [{k: v for k, v in changed.items() if k != "children"} for changed in walk["changed"]] == [{}] * 10
    # Messages and menus of QGIS's own come and go meanwhile; one object a time would make nine.
    children = walk["changed"][-1].get("children", {})
    assert sum(after - before for before, after in children.values()) < 5


def test_the_options_have_its_page_only_while_it_is_there(walk):
    assert "AZE" in walk["options_loaded"] and "AZE" not in walk["options_unloaded"]


def test_memory_does_not_grow(walk):
    """The first times fill caches of QGIS; a single panel with its results takes some 8 MiB."""
    assert max(walk["memory_mib"][-3:]) - min(walk["memory_mib"][3:6]) < 16


def test_nobody_complains(walk):
    assert walk["said"] == []
    assert "Traceback" not in walk["log"]
    assert walk["ended"] == "QGIS ended with 0", walk["log"]
