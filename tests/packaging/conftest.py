"""The bundled sample's main candidate, packaged once and in every way that a test asks for."""

import copy
import json
import zipfile

import pytest
from package_helpers import FOLDER, SAMPLE, SITE, candidate_layer, execute, packaged


@pytest.fixture(scope="session")
def library(qgis_app, tmp_path_factory):
    """A species library of the sample."""
    from aze_plugin.library.importer import Request, import_species

    path = tmp_path_factory.mktemp("library") / "sample.gpkg"
    ranges = (str(SAMPLE / "ranges.zip"), str(SAMPLE / "ranges_birds.gpkg"))
    import_species(Request(str(path), ranges, str(SAMPLE / "redlist.zip"), "sample-1", "AZE Toolkit sample, invented"))
    return str(path)


@pytest.fixture
def example():
    """The complete nomination that the schema gives as its example, to be changed at will."""
    from aze_plugin.packaging.details import schema

    return copy.deepcopy(schema()["examples"][0])


@pytest.fixture
def package(library, example, tmp_path):
    """``package(details=…, PARAM=…)`` runs aze:packagenomination on the sample and returns its results."""
    from aze_plugin.processing.packagenomination import PackageNomination

    def run(details=None, folder=None, site=SITE, **parameters):
        folder = folder or tmp_path
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / "details.json"
        file.write_text(json.dumps(example if details is None else details), encoding="utf-8")
        chosen = {
            "BOUNDARY": candidate_layer(site),
            "LIBRARY": library,
            "DETAILS": str(file),
            "SITES": str(SAMPLE / "sites.gpkg"),
            "PROTECTED": [str(SAMPLE / "protected_areas.gpkg")],
            "OUTPUT": str(folder / "package.zip"),
            **parameters,
        }
        return execute(PackageNomination, **{k: v for k, v in chosen.items() if v is not None})

    return run


@pytest.fixture(scope="session")
def final_package(library, tmp_path_factory):
    """A final package of the sample, made once; tests work on copies of it."""
    folder = tmp_path_factory.mktemp("final")
    survey = folder / "Zählung März 2024.txt"
    survey.write_text("Nine transects.\n", encoding="utf-8")
    return packaged(library, folder, survey)


@pytest.fixture
def unpacked(final_package, tmp_path):
    """The final package as a folder."""
    with zipfile.ZipFile(final_package) as archive:
        archive.extractall(tmp_path / "bag")
    return tmp_path / "bag" / FOLDER
