"""Every way in which a package can do harm, as one table: a clean verdict in little time and memory, nothing written
outside. Each is verified in a process of its own that may take no more."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from hostile_packages import ARCHIVES, BAGS, make_bag
from package_helpers import FOLDER

# How many times what the sound package takes of the processor, in the same run and on the same machine.
TIMES, MEGABYTES = 200, 500


def _digests(folder):
    return {p: hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted(folder.rglob("*")) if p.is_file()}


@pytest.fixture(scope="module")
def verdicts(final_package, tmp_path_factory):
    """By name, what came of each package of the table, and of the sound one."""
    base = tmp_path_factory.mktemp("hostile")
    packages, canary, scratch = base / "packages", base / "canary", base / "scratch"
    for folder in (packages, canary, scratch):
        folder.mkdir()
    (canary / "evil.txt").write_text("untouched")
    sound = base / "sound"
    with zipfile.ZipFile(final_package) as archive:
        archive.extractall(sound)
    paths = {"the sound one": final_package}
    for n, name in enumerate(ARCHIVES):
        paths[name] = packages / f"{n}.zip"
        with pytest.warns(UserWarning) if name in ("a name twice",) else _quiet():
            ARCHIVES[name][0](paths[name])
    for n, name in enumerate(BAGS):
        paths[name] = packages / f"bag{n}" / FOLDER
        shutil.copytree(sound / FOLDER, paths[name])
        make_bag(paths[name], name)
    before = {**_digests(packages), **_digests(canary)}
    results = base / "results.json"
    worker = Path(__file__).with_name("hostile_worker.py")
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "TMPDIR": str(scratch), "XDG_RUNTIME_DIR": str(base)}
    # As few threads as there can be: each would take its share of the address space.
    environment.update(OPENBLAS_NUM_THREADS="1", OMP_NUM_THREADS="1", GDAL_NUM_THREADS="1", MALLOC_ARENA_MAX="2")
    subprocess.run(
        [sys.executable, str(worker), str(results), *map(str, paths.values())],
        check=True, env=environment, cwd=canary, timeout=580,
    )  # fmt: skip
    found = dict(zip(paths, json.loads(results.read_text(encoding="utf-8"))))
    after = {**_digests(packages), **_digests(canary)}
    found["changed"] = sorted(str(p) for p in {*before, *after} if before.get(p) != after.get(p))
    found["scratch"] = [str(p.relative_to(scratch)) for p in scratch.rglob("*")]
    return found


def _quiet():
    import contextlib

    return contextlib.nullcontext()


def test_the_sound_package_passes_within_the_same_limits(verdicts):
    assert verdicts["the sound one"]["valid"] and verdicts["the sound one"]["ended"] == 0


@pytest.mark.parametrize("name", [*ARCHIVES, *BAGS])
def test_a_clean_verdict(name, verdicts):
    found = verdicts[name]
    assert found["ended"] == 0, "the verification died"
    assert not found["valid"]
    code = (ARCHIVES.get(name) or BAGS[name])[1]
    assert code is None or f"package.{code}" in found["codes"], found["codes"]
    assert len(found["said"]) <= 501
    sound = verdicts["the sound one"]
    assert found["seconds"] <= TIMES * sound["seconds"] and found["megabytes"] <= MEGABYTES
    # A review verifies again, and a comparison twice.
    assert found["others"] <= TIMES * sound["others"]
    # Every problem is a sentence that does not carry the package's own rubbish along.
    for said in found["said"]:
        assert not said.startswith(("package.", "nomination.")) and len(said) < 2000


def test_the_table_is_long_enough():
    assert len(ARCHIVES) + len(BAGS) >= 25


def test_nothing_was_written_where_names_led():
    for path in ("/tmp/aze-evil.txt", "/tmp/evil.txt", "/evil.txt"):
        assert not Path(path).exists()


def test_nothing_was_changed_and_nothing_is_left(verdicts):
    assert verdicts["changed"] == [] and verdicts["scratch"] == []
