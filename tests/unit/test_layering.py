"""The layers hold: what may import what, and what shipped code must not contain."""

import ast
import functools
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "aze_plugin"
FILES = sorted(PACKAGE.rglob("*.py"))
INSIDE = {"domain": {"domain"}, "library": {"library", "domain"}, "services": {"services", "library", "domain"}}


@functools.cache
def parts(path):
    """All nodes of a file."""
    return list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))


def imports(path):
    """(module as written from the package's root, is it an import of the package itself) of every import of a file."""
    here = path.relative_to(PACKAGE).parent.parts
    for node in parts(path):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, False
        elif isinstance(node, ast.ImportFrom):
            if not node.level:
                yield node.module, False
                continue
            base = here[: len(here) - node.level + 1]
            for alias in node.names:
                yield ".".join((*base, *(node.module or alias.name).split("."))), True


@pytest.mark.parametrize("layer", INSIDE)
def test_a_layer_imports_only_what_lies_below(layer):
    for path in FILES:
        if path.relative_to(PACKAGE).parts[0] != layer:
            continue
        for module, own in imports(path):
            if own:
                assert module.split(".")[0] in INSIDE[layer] | {"paths"}, f"{path.name} imports {module}"


def test_domain_knows_neither_qgis_nor_files():
    forbidden = {"qgis", "osgeo", "PyQt5", "PyQt6", "os", "pathlib", "io", "sqlite3", "tempfile", "shutil", "requests"}
    for path in (PACKAGE / "domain").rglob("*.py"):
        for module, _ in imports(path):
            assert module.split(".")[0] not in forbidden, f"{path.name} imports {module}"


def test_library_works_without_qgis():
    for path in (PACKAGE / "library").rglob("*.py"):
        for module, own in imports(path):
            assert own or module.split(".")[0] not in {"qgis", "PyQt5", "PyQt6"}, f"{path.name} imports {module}"


def test_only_geometry_imports_shapely():
    users = {p.parent.name for p in FILES for module, _ in imports(p) if module.split(".")[0] == "shapely"}
    assert users == {"geometry"}


def test_qt_comes_through_qgis_and_enums_are_scoped():
    for path in FILES:
        for module, own in imports(path):
            assert own or not module.startswith(("PyQt5", "PyQt6")), path.name
        assert ".exec_(" not in path.read_text(encoding="utf-8"), path.name


def test_no_assert_and_no_bare_except():
    for path in FILES:
        for node in parts(path):
            assert not isinstance(node, ast.Assert), f"{path.name}:{node.lineno}"
            assert not (isinstance(node, ast.ExceptHandler) and node.type is None), f"{path.name}:{node.lineno}"


def test_algorithms_take_layers_in_the_main_thread_only():
    """What works in another thread gets snapshots: a layer may be removed meanwhile."""
    asking = {"parameterAsSource", "parameterAsLayer", "parameterAsVectorLayer", "parameterAsRasterLayer"}
    asking |= {"parameterAsLayerList", "parameterAsMeshLayer", "parameterAsCompatibleSourceLayerPath"}
    works = 0
    for path in (PACKAGE / "processing").rglob("*.py"):
        used = {node.attr for node in parts(path) if isinstance(node, ast.Attribute)}
        assert path.name == "taking.py" or not used & asking, f"{path.name} asks for layers"
        for work in (node for node in parts(path) if isinstance(node, ast.FunctionDef) and node.name == "work"):
            works += 1
            taken = {
                node.attr
                for node in ast.walk(work)
                if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "taking"
            }
            # It joins what was taken.
            assert taken <= {"site_source"}, f"{path.name} takes {taken} amid its work"
    assert works > 10
