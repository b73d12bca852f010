"""Files dropped in a heap go where they belong."""

import zipfile
from pathlib import Path

import pytest
from osgeo import ogr, osr

from aze_plugin.library import kinds

SAMPLE = Path(__file__).resolve().parents[2] / "resources" / "sample"


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("ranges.zip", "ranges"),
        ("ranges_birds.gpkg", "ranges"),
        ("redlist.zip", "assessments"),
        ("occurrences.csv", "occurrences"),
        ("populations.csv", "populations"),
        ("habitat", "habitats"),
        ("habitat/Azea_alba.tif", "habitats"),
        ("README.md", "ranges"),
    ],
)
def test_the_sample(name, kind):
    assert kinds.kind_of(str(SAMPLE / name)) == kind


def test_archives_by_what_is_in_them(tmp_path):
    for name, member, content, kind in (
        ("gbif.zip", "meta.xml", "<archive/>", "occurrences"),
        ("deep.zip", "dwca/META.XML", "<archive/>", "occurrences"),
        ("simple.zip", "0001.csv", "gbifID\tspecies\tdecimalLatitude\tdecimalLongitude\n1\tA b\t1\t2\n", "occurrences"),
        ("aoh.zip", "Azea_alba.tif", "", "habitats"),
        ("list.zip", "x/simple_summary.csv", "", "assessments"),
    ):
        with zipfile.ZipFile(tmp_path / name, "w") as archive:
            archive.writestr(member, content)
        assert kinds.kind_of(str(tmp_path / name)) == kind, name
    (tmp_path / "cut.zip").write_bytes(b"PK\x03\x04half")
    assert kinds.kind_of(str(tmp_path / "cut.zip")) == "ranges"


@pytest.mark.parametrize(
    ("header", "kind"),
    [
        ("espécie;categoria;ano", "assessments"),
        ('"scientificName";"latitude";"longitude"', "occurrences"),
        ("\ufefftaxon,parameter,best", "populations"),
        ("a,b,c", ""),
    ],
)
def test_tables_by_their_header(tmp_path, header, kind):
    path = tmp_path / "table.csv"
    path.write_text(header + "\n1,2,3\n", encoding="utf-8")
    assert kinds.kind_of(str(path)) == kind


@pytest.mark.parametrize(("shape", "kind"), [(ogr.wkbPoint, "occurrences"), (ogr.wkbMultiPolygon, "ranges")])
def test_layers_by_their_geometry(tmp_path, shape, kind):
    lonlat = osr.SpatialReference()
    lonlat.ImportFromEPSG(4326)
    path = str(tmp_path / "layer.gpkg")
    dataset = ogr.GetDriverByName("GPKG").CreateDataSource(path)
    dataset.CreateLayer("layer", lonlat, shape)
    del dataset
    assert kinds.kind_of(path) == kind
    assert kinds.kind_of(str(tmp_path)) == kind


def test_a_heap(tmp_path):
    rasters = [tmp_path / name for name in ("Azea_alba.tif", "Azea_nigra.tif")]
    for path in rasters:
        path.write_bytes(b"")
    (tmp_path / "notes.txt").write_text("read me\n")
    heap = [SAMPLE / "occurrences.csv", SAMPLE / "populations.csv", SAMPLE / "redlist.zip", SAMPLE / "ranges.zip"]
    other = tmp_path / "populations.csv"
    other.write_bytes((SAMPLE / "populations.csv").read_bytes())
    found = kinds.sort(map(str, [*heap, *rasters, tmp_path / "notes.txt", other]))
    assert found.ranges == (str(SAMPLE / "ranges.zip"),)
    assert found.occurrences == (str(SAMPLE / "occurrences.csv"),)
    assert found.assessments == str(SAMPLE / "redlist.zip")
    assert found.populations == str(SAMPLE / "populations.csv")
    assert found.habitats == str(tmp_path)
    assert found.unplaced == (str(tmp_path / "notes.txt"), str(other))
