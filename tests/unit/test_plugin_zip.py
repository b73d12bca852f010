"""The zip that users install: what the plugin hub asks for is in it, and nothing that it refuses."""

import configparser
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
STAGED = ROOT / "build" / "aze_plugin"

pytestmark = pytest.mark.skipif(not STAGED.is_dir(), reason="run `make stage` first")


@pytest.fixture(scope="module")
def archive():
    done = subprocess.run(
        [sys.executable, str(ROOT / "scripts" / "stage.py"), "--package"], capture_output=True, text=True, check=True
    )
    with zipfile.ZipFile(ROOT / done.stdout.strip()) as opened:
        yield opened


def metadata(archive):
    parser = configparser.ConfigParser(interpolation=None)
    parser.read_string(archive.read("aze_plugin/metadata.txt").decode())
    return parser["general"]


def test_metadata_has_what_the_hub_asks_for(archive):
    found = metadata(archive)
    for key in ("name", "description", "about", "author", "email", "homepage", "tracker", "repository", "icon"):
        assert found[key].strip(), key
    assert re.fullmatch(r"\d+\.\d+\.\d+", found["version"])
    assert found["qgisMinimumVersion"] == "3.40" and found["qgisMaximumVersion"] == "4.99"
    assert found["hasProcessingProvider"] == "yes" and "supportsQt6" not in found
    assert f"aze_plugin/{found['icon']}" in archive.namelist()


def test_version_is_the_changelogs_newest(archive):
    newest = re.search(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(), re.M).group(1)
    assert metadata(archive)["version"] == newest


def test_everything_lies_in_one_folder_and_the_licence_is_named_exactly(archive):
    assert {name.split("/")[0] for name in archive.namelist()} == {"aze_plugin"}
    assert "aze_plugin/LICENSE" in archive.namelist()


def test_needs_are_bundled_without_compiled_code(archive):
    names = archive.namelist()
    for package in (
        "bagit.py",
        "openpyxl/__init__.py",
        "jsonschema/__init__.py",
        "defusedxml/__init__.py",
        "dwca/descriptors.py",
    ):
        assert f"aze_plugin/_vendor/{package}" in names
    assert not [n for n in names if n.endswith((".so", ".pyd", ".dll", ".dylib", ".pyc", ".exe"))]


def test_own_code_is_free_of_what_scanners_block(archive):
    blocked = re.compile(r"\b(md5|sha1|eval|exec_|os\.system|pickle)\b|shell=True|\b[0-9a-f]{40,}\b")
    for name in archive.namelist():
        if name.endswith((".py", ".json")) and "/_vendor/" not in name:
            found = blocked.search(archive.read(name).decode())
            assert not found, f"{name}: {found.group(0)}"


def test_the_same_sources_give_the_same_zip(archive):
    first = Path(archive.filename).read_bytes()
    subprocess.run([sys.executable, str(ROOT / "scripts" / "stage.py"), "--package"], capture_output=True, check=True)
    assert Path(archive.filename).read_bytes() == first
