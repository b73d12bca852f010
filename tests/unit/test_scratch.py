"""Folders for a while: gone when nobody holds them, without a word, and never under somebody's hands."""

import gc
import subprocess
import sys
import warnings
from pathlib import Path

from aze_plugin.services.files import Scratch

ROOT = Path(__file__).resolve().parents[2]


def test_it_goes_with_what_is_in_it_when_nobody_holds_it():
    scratch = Scratch()
    path = scratch.path
    (path / "inside").mkdir()
    (path / "inside" / "file.json").write_text("{}")
    also = scratch
    del scratch
    gc.collect()
    assert (path / "inside" / "file.json").exists()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        del also
        gc.collect()
    assert not path.exists()


def test_two_have_folders_of_their_own():
    one, other = Scratch(), Scratch()
    assert one.path != other.path and one.path.is_dir() and other.path.is_dir()


def test_it_goes_with_the_program():
    said = subprocess.run(
        [
            sys.executable,
            "-W",
            "error",
            "-c",
            "from aze_plugin.services.files import Scratch; kept = Scratch(); print(kept.path)",
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert said.stderr == "" and not Path(said.stdout.strip()).exists()
