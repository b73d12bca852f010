"""What is left of a library when an import is killed, locked out, or runs out of disk."""

import os
import resource
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from osgeo import ogr
from ranges_files import row, square, write

from aze_plugin.domain.errors import AzeError
from aze_plugin.library.importer import Request, import_species
from aze_plugin.library.query import Library

ROOT = Path(__file__).resolve().parents[2]

# Imports for real, but stops for long when it has stored some rows, so that it can be killed in the midst.
_SLOW_IMPORT = """
import sys, time
sys.path.insert(0, sys.argv[1])
from aze_plugin.domain.progress import Progress
from aze_plugin.library import ranges
from aze_plugin.library.importer import Request, import_species
ranges._BATCH_ROWS = 20
def halt(fraction):
    if fraction > 0.7:
        print("midway", flush=True)
        time.sleep(600)
import_species(Request(sys.argv[2], (sys.argv[3],)), Progress(on_progress=halt))
"""

_IMPORT = """
import sys
sys.path.insert(0, sys.argv[1])
from aze_plugin.domain.errors import AzeError
from aze_plugin.library.importer import Request, import_species
try:
    import_species(Request(sys.argv[2], (sys.argv[3],)))
except AzeError as error:
    print(error.code)
"""


@pytest.fixture
def library(tmp_path):
    path = tmp_path / "out" / "library.gpkg"
    first = write(tmp_path / "first.gpkg", [row()])
    import_species(Request(str(path), (str(first),)))
    return path


@pytest.fixture
def large(tmp_path):
    """Ranges with 400 × 2,000 vertices, which do not fit into SQLite's cache."""
    shapes = []
    for i in range(400):
        shape = ogr.CreateGeometryFromWkt(square(i % 100, i % 50))
        shape.Segmentize(0.002)
        shapes.append(row(f"Magna n{i}", shape.ExportToWkt(), taxon_id=1000 + i))
    return write(tmp_path / "large.gpkg", shapes)


def script(code, *arguments, **options):
    command = [sys.executable, "-c", code, str(ROOT), *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)


def kill_midway(target, source):
    process = script(_SLOW_IMPORT, target, source)
    assert process.stdout.readline().strip() == "midway", process.stderr.read()
    process.send_signal(signal.SIGKILL)
    process.communicate()


def test_killed_in_an_existing_library(library, large):
    kill_midway(library, large)
    with Library.open(str(library)) as opened:
        assert [t.scientific_name for t in opened.taxa()] == ["Alba alba"]
        assert len(opened.sources()) == 1
    assert sqlite3.connect(library).execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert import_species(Request(str(library), (str(large),))).taxa == 401


def test_killed_in_a_new_library(tmp_path, large):
    target = tmp_path / "new.gpkg"
    kill_midway(target, large)
    assert not target.exists()
    assert import_species(Request(str(target), (str(large),))).taxa == 400
    assert sorted(p.name for p in tmp_path.glob("new*")) == ["new.gpkg"]


@pytest.mark.parametrize("fresh", [False, True])
def test_a_full_disk(tmp_path, library, large, fresh):
    target = tmp_path / "fresh.gpkg" if fresh else library
    before = None if fresh else library.read_bytes()
    limit = 3_000_000
    process = script(
        _IMPORT, target, large, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    )
    out, err = process.communicate(timeout=240)
    assert out.strip() in ("library.disk_full", "library.disk_error"), err
    assert not list(tmp_path.glob("fresh*"))
    if not fresh:
        with Library.open(str(library)) as opened:
            assert opened.taxon_count() == 1
        assert library.read_bytes() == before


@pytest.mark.parametrize("mode", ["IMMEDIATE", "EXCLUSIVE"])
def test_locked_by_another_program(tmp_path, library, large, mode):
    other = sqlite3.connect(library, isolation_level=None)
    other.execute(f"BEGIN {mode}")
    with pytest.raises(AzeError) as caught:
        import_species(Request(str(library), (str(large),)))
    assert (caught.value.code, caught.value.params) == ("library.locked", {"file": str(library)})
    if mode == "EXCLUSIVE":
        with pytest.raises(AzeError, match="library.locked"), Library.open(str(library)):
            pass
    other.execute("ROLLBACK")
    assert import_species(Request(str(library), (str(large),))).taxa == 401


def test_what_is_no_library_is_neither_read_nor_written(tmp_path, large):
    other = write(tmp_path / "sites.gpkg", [row()])
    text = tmp_path / "notes.gpkg"
    text.write_text("a note, and no database at all")
    for path in (other, text):
        before = path.read_bytes()
        with pytest.raises(AzeError, match="library.not_a_library"):
            import_species(Request(str(path), (str(large),)))
        with pytest.raises(AzeError, match="library.not_a_library"):
            Library.open(str(path))
        assert path.read_bytes() == before
    with pytest.raises(AzeError, match="library.missing"):
        Library.open(str(tmp_path / "nowhere.gpkg"))
    with pytest.raises(AzeError, match="library.postgres_not_yet"):
        Library.open("postgresql://host/db")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_may_not_be_written(tmp_path, large):
    folder = tmp_path / "closed"
    folder.mkdir(mode=0o500)
    with pytest.raises(AzeError, match="library.not_writable"):
        import_species(Request(str(folder / "x.gpkg"), (str(large),)))
