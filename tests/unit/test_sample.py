"""The bundled sample is what it says: every designed share, measured here in another way than it was made."""

from __future__ import annotations

import csv
import importlib.util
import io
import json
import math
import sys
import zipfile
from pathlib import Path

import geopandas
import numpy as np
import pyproj
import pytest
import shapely
from osgeo import gdal, ogr

gdal.UseExceptions()
ogr.UseExceptions()

SAMPLE = Path(__file__).resolve().parents[2] / "resources" / "sample"

CLOUDTOP, WINDWARD, EMBER = "Cloudtop Ridge", "Windward Terraces", "Ember Crater"
DATELINE, PLUMB, SERRATA, SWELL = "Dateline Wood", "Plumb Line Plateau", "Serrata Highlands", "Lone Swell Bank"

DESIGNED = [
    ("Azea alba", CLOUDTOP, "resident", 0.974),
    ("Nubilana celsa", CLOUDTOP, "all", 1.0),
    ("Limnothea minuta", CLOUDTOP, "all", 1.0),
    ("Procellora nidulans", CLOUDTOP, "breeding", 1.0),
    ("Procellora nidulans", CLOUDTOP, "non_breeding", 0.0),
    ("Obscurana dubia", CLOUDTOP, "all", 1.0),
    ("Squaminella rupestris", CLOUDTOP, "resident", 0.62),
    ("Azea alba montana", CLOUDTOP, "all", 1.0),
    ("Localina regia", CLOUDTOP, "all", 1.0),
    ("Ignotella anonyma", CLOUDTOP, "all", 1.0),
    ("Vulnerella pontica", WINDWARD, "all", 1.0),
    ("Crateralla vacua", EMBER, "all", 1.0),
    ("Cinerana perdita", EMBER, "all", 1.0),
    ("Liminella bifida", DATELINE, "all", 1.0),
    ("Meridianthe orientalis", DATELINE, "all", 1.0),
    ("Azea hiberna", DATELINE, "non_breeding", 0.97),
    ("Azea hiberna", DATELINE, "breeding", 0.0),
    ("Transitora vernalis", DATELINE, "passage", 1.0),
    ("Transitora vernalis", DATELINE, "breeding", 0.0),
    ("Regulella aequa", PLUMB, "resident", 0.95),
    ("Regulella infra", PLUMB, "resident", 0.949),
    ("Bisrelata gemina", SERRATA, "resident", 0.93),
    ("Expulsina vera", SERRATA, "resident", 0.985),
    ("Partitella divisa", SERRATA, "resident", 0.96),
    ("Fractella torta", SERRATA, "resident", 0.975),
    ("Lacustrina caeca", SERRATA, "all", 1.0),
]

EVERYWHERE = {"Vulgarella communis"}
MEETS = {
    CLOUDTOP: EVERYWHERE
    | {"Azea alba", "Azea alba montana", "Nubilana celsa", "Limnothea minuta", "Procellora nidulans", "Obscurana dubia"}
    | {"Propinquella minax", "Latigena vagans", "Localina regia", "Ignotella anonyma", "Squaminella rupestris"}
    | {"Vulnerella nebulosa"},
    WINDWARD: EVERYWHERE | {"Vulnerella pontica", "Propinquella minax"},
    EMBER: EVERYWHERE | {"Crateralla vacua", "Cinerana perdita"},
    DATELINE: EVERYWHERE | {"Liminella bifida", "Meridianthe orientalis", "Azea hiberna", "Transitora vernalis"},
    PLUMB: EVERYWHERE | {"Regulella aequa", "Regulella infra"},
    SERRATA: EVERYWHERE
    | {"Bisrelata gemina", "Expulsina vera", "Partitella divisa", "Fractella torta", "Lacustrina caeca"}
    | {"Latigena vagans"},
    SWELL: set(),
}


def read(path, layer=0) -> geopandas.GeoDataFrame:
    dataset = ogr.Open(str(path))
    source = dataset.GetLayer(layer)
    rows, shapes = [], []
    for feature in source:
        rows.append(feature.items())
        shapes.append(shapely.from_wkb(bytes(feature.GetGeometryRef().ExportToWkb())))
    assert source.GetSpatialRef().GetAuthorityCode(None) == "4326"
    return geopandas.GeoDataFrame(rows, geometry=shapes, crs="EPSG:4326")


def split(shape):
    """Longitudes past 180 go round to the other side."""
    if shape.bounds[2] <= 180:
        return shape
    near = shape.intersection(shapely.box(-180, -90, 180, 90))
    far = shape.intersection(shapely.box(180, -90, 540, 90))
    return near.union(shapely.transform(far, lambda c: c - [360, 0]))


def equal_area(frame):
    shapes = frame.geometry.apply(split).set_crs("EPSG:4326", allow_override=True)
    return shapes.to_crs("EPSG:6933").make_valid()


@pytest.fixture(scope="module")
def ranges():
    with zipfile.ZipFile(SAMPLE / "ranges.zip") as archive:
        names = sorted(n for n in archive.namelist() if n.endswith(".shp"))
    assert len(names) == 2
    frames = []
    for name in names:
        frame = read(f"/vsizip/{SAMPLE / 'ranges.zip'}/{name}")
        frame.columns = [c.lower() for c in frame.columns]
        frames.append(frame.rename(columns={"binomil": "sci_name", "presenc": "presence", "seasonl": "seasonal"}))
    birds = read(SAMPLE / "ranges_birds.gpkg", "all_species")
    assert "category" not in {c.lower() for c in birds.columns}
    birds.columns = [c.lower() for c in birds.columns]
    frames.append(birds.rename(columns={"sisid": "id_no", "sciname": "sci_name"}))
    both = geopandas.pd.concat(frames, ignore_index=True)
    both["flat"] = equal_area(both)
    return both


@pytest.fixture(scope="module")
def candidates():
    frame = read(SAMPLE / "candidates.gpkg", "candidates")
    assert frame.is_valid.all()
    return dict(zip(frame["name"], equal_area(frame)))


def kept(rows):
    presence = (1, 2, 5) if (rows["sci_name"] == "Crateralla vacua").all() else (1, 2)
    return rows[rows["presence"].isin(presence) & rows["origin"].isin((1, 2, 6))]


def share_of(rows, boundary, segment="all"):
    codes = {
        "all": (1, 2, 3, 4, 5),
        "resident": (1, 5),
        "breeding": (1, 2),
        "non_breeding": (1, 3),
        "passage": (4,),
    }[segment]
    whole = rows[rows["seasonal"].isin(codes)]["flat"].union_all()
    return whole.intersection(boundary).area / whole.area


@pytest.mark.parametrize(("name", "candidate", "segment", "share"), DESIGNED)
def test_designed_share(ranges, candidates, name, candidate, segment, share):
    rows = kept(ranges[ranges["sci_name"] == name])
    assert len(rows)
    assert share_of(rows, candidates[candidate], segment) == pytest.approx(share, abs=1e-9)


@pytest.mark.parametrize("candidate", sorted(MEETS))
def test_candidate_meets_just_these_taxa(ranges, candidates, candidate):
    met = {
        n for n, rows in ranges.groupby("sci_name") if len(kept(rows)) and share_of(kept(rows), candidates[candidate])
    }
    assert met == MEETS[candidate]


def test_threshold_shares_are_exact_in_degrees_too(ranges, candidates):
    frame = read(SAMPLE / "candidates.gpkg", "candidates")
    edge = frame[frame["name"] == PLUMB].geometry.iloc[0].bounds[2]
    for name, share in (("Regulella aequa", 0.95), ("Regulella infra", 0.949)):
        west, _south, east, _north = ranges[ranges["sci_name"] == name].geometry.iloc[0].bounds
        assert (edge - west) / (east - west) == pytest.approx(share, abs=1e-11)


def test_two_releases_are_right_only_when_dissolved(ranges, candidates):
    rows = ranges[ranges["sci_name"] == "Bisrelata gemina"]
    assert len(rows) == 2
    added = sum(s.intersection(candidates[SERRATA]).area for s in rows["flat"]) / rows["flat"].area.sum()
    assert added > 0.95
    assert rows["flat"].iloc[0].intersection(rows["flat"].iloc[1]).area > 0.2 * rows["flat"].iloc[0].area


def test_other_presence_and_origin_must_be_dropped(ranges, candidates):
    rows = ranges[ranges["sci_name"] == "Expulsina vera"]
    assert {3, 4, 6} <= set(rows["presence"])
    assert {3, 4} <= set(rows["origin"])
    assert share_of(rows, candidates[SERRATA]) < 0.95
    dead = ranges[ranges["sci_name"] == "Crateralla vacua"]
    assert set(dead["presence"]) == {5}


def test_subpopulation_belongs_to_its_species_and_subspecies_does_not(ranges, candidates):
    rows = ranges[ranges["sci_name"] == "Partitella divisa"]
    assert rows["id_no"].nunique() == 1
    assert rows["subpop"].notna().sum() == 1
    without = rows[rows["subpop"].isna()]
    assert share_of(without, candidates[SERRATA]) == pytest.approx(30 / 34, abs=1e-9)
    sub = ranges[ranges["subspecies"] == "montana"]
    assert len(sub) == 1
    assert sub["id_no"].iloc[0] not in set(ranges[ranges["sci_name"] == "Azea alba"]["id_no"])


def test_only_the_broken_rings_are_broken(ranges):
    broken = ranges[~ranges.geometry.is_valid]
    assert list(broken["sci_name"]) == ["Fractella torta"]
    assert broken.geometry.iloc[0].area < 1e-12
    assert broken["flat"].iloc[0].area == pytest.approx(2 * 1600**2, rel=1e-9)


def test_antimeridian(ranges, candidates):
    split_row = ranges[ranges["sci_name"] == "Liminella bifida"]
    assert len(split_row) == 1
    assert split_row.geometry.iloc[0].bounds[::2] == (-180.0, 180.0)
    beyond = ranges[ranges["sci_name"] == "Meridianthe orientalis"].geometry.iloc[0].bounds
    assert 179 < beyond[0] < 180 < beyond[2] < 181
    wood = read(SAMPLE / "candidates.gpkg", "candidates").set_index("name").geometry[DATELINE]
    assert wood.bounds[::2] == (-180.0, 180.0)
    assert 30e6 < candidates[DATELINE].area < 100e6
    islands = read(SAMPLE / "islands.gpkg", "islands").set_index("name")
    assert islands.geometry["Liminalis"].bounds[::2] == (-180.0, 180.0)
    assert islands.is_valid.all()


def test_cloudtop_has_its_size(candidates):
    assert candidates[CLOUDTOP].area == pytest.approx(43.12e6, abs=1)
    frame = read(SAMPLE / "candidates.gpkg", "candidates").set_index("name")
    area, _length = pyproj.Geod(ellps="WGS84").geometry_area_perimeter(frame.geometry[CLOUDTOP].geoms[0])
    assert abs(area) == pytest.approx(43.12e6, rel=1e-4)


def test_existing_sites(candidates):
    sites = read(SAMPLE / "sites.gpkg", "sites")
    head = ["SitRecID", "NatName", "IntName", "Country", "ISO3", "Region", "SitLat", "SitLong", "SitAreaKM2", "Source"]
    tail = ["LastUpdate", "LegacyKba", "AzeStatus", "IbaStatus", "KbaStatus", "KbaClass"]
    assert list(sites.columns[:-1]) == head + tail
    sites = sites.assign(flat=equal_area(sites)).set_index("SitRecID")
    assert len(sites) == 4
    ridge = candidates[CLOUDTOP]
    assert sites["flat"][98003].intersection(ridge).area / ridge.area == pytest.approx(0.012, abs=1e-9)
    assert sites["flat"].intersects(ridge).sum() == 1
    circle = sites["flat"][98002]
    assert circle.area == pytest.approx(math.pi * 1e6, rel=0.01)
    assert 4 * math.pi * circle.area / circle.length**2 > 0.99
    assert sites["flat"].area.to_numpy() == pytest.approx(sites["SitAreaKM2"].to_numpy() * 1e6, abs=501)
    for site in sites.geometry:
        assert site.is_valid
    with (SAMPLE / "site_triggers.csv").open(encoding="utf-8") as handle:
        triggers = list(csv.DictReader(handle))
    assert {int(t["SitRecID"]) for t in triggers} == {98001, 98002, 98004}


def test_trigger_species_of_existing_sites_are_there(ranges):
    sites = read(SAMPLE / "sites.gpkg", "sites")
    sites = dict(zip(sites["SitRecID"], equal_area(sites)))
    with (SAMPLE / "site_triggers.csv").open(encoding="utf-8") as handle:
        for row in csv.DictReader(handle):
            rows = kept(ranges[ranges["sci_name"] == row["scientific_name"]])
            assert share_of(rows, sites[int(row["SitRecID"])]) > 0.95, row
    lonely = ranges[ranges["sci_name"] == "Desertula sola"]["flat"].union_all()
    assert not any(lonely.intersects(s) for s in sites.values())


def test_protected_areas(candidates):
    polygons = read(SAMPLE / "protected_areas.gpkg", "polygons")
    points = read(SAMPLE / "protected_areas.gpkg", "points")
    for frame in (polygons, points):
        assert {"SITE_ID", "SITE_PID", "SITE_TYPE", "NAME_ENG", "NAME", "REALM", "PRNT_ISO3", "OECM_ASMT"} <= set(frame)
        assert "WDPAID" not in frame
    assert len(set(polygons["SITE_ID"]) | set(points["SITE_ID"])) == 9
    assert list(polygons[~polygons.geometry.is_valid]["NAME_ENG"]) == ["Serrata Strict Reserve"]
    polygons["flat"] = equal_area(polygons)
    ridge = candidates[CLOUDTOP]
    counted = polygons[polygons["STATUS"].isin(("Designated", "Inscribed", "Established", "Adopted"))]
    counted = counted[counted["DESIG_ENG"] != "UNESCO-MAB Biosphere Reserve"]
    areas = counted[counted["SITE_TYPE"] == "PA"]["flat"].union_all()
    oecms = counted[counted["SITE_TYPE"] == "OECM"]["flat"].union_all()
    assert areas.intersection(ridge).area / ridge.area == pytest.approx(0.33, abs=1e-9)
    assert oecms.difference(areas).intersection(ridge).area / ridge.area == pytest.approx(0.05, abs=1e-9)
    assert oecms.intersection(areas).area > 1e4
    left_out = polygons[~polygons.index.isin(counted.index)]
    assert sorted(left_out["STATUS"]) == ["Designated", "Not Reported", "Proposed"]
    assert left_out[left_out["STATUS"] == "Proposed"]["flat"].iloc[0].intersection(ridge).area > 0.05 * ridge.area
    sites = read(SAMPLE / "sites.gpkg", "sites").assign(flat=lambda f: equal_area(f)).set_index("SitRecID")
    cover = sites["flat"].intersection(areas).area / sites["flat"].area
    assert cover[98004] == pytest.approx(1, abs=1e-9)
    assert 0.05 < cover[98001] < 0.9
    assert cover[98002] == 0
    assert sorted(points["REP_AREA"]) == [0.0, 4.0]
    assert sorted(len(g.geoms) for g in points.geometry) == [1, 2]
    assert 0 in set(polygons["STATUS_YR"])
    assert "XAZ;XLM" in set(polygons["ISO3"])


def tables() -> dict[str, list[dict]]:
    with zipfile.ZipFile(SAMPLE / "redlist.zip") as archive:
        return {n: list(csv.DictReader(io.TextIOWrapper(archive.open(n), "utf-8"))) for n in archive.namelist()}


def test_assessments(ranges):
    found = tables()
    assert {"assessments.csv", "taxonomy.csv", "simple_summary.csv"} <= set(found)
    rows = found["assessments.csv"]
    assert any("<em>" in r["rationale"] and "&lt;" in r["rationale"] for r in rows)
    words = {"Extinct in the Wild", "Critically Endangered", "Endangered", "Vulnerable", "Near Threatened"}
    assert {r["redlistCategory"] for r in rows} == words | {"Least Concern", "Data Deficient"}
    assert {r["scientificName"] for r in rows if r["scopes"] != "Global"} == {"Localina regia", "Vulgarella communis"}
    assert [r["scientificName"] for r in rows if r["possiblyExtinct"] == "true"] == ["Cinerana perdita"]
    assert {r["scientificName"] for r in rows if int(r["yearPublished"]) < 2014} == {"Nubilana celsa"}
    ids = dict(zip(ranges["sci_name"], ranges["id_no"].astype(int)))
    assert len(ids) == len(set(ids.values())) == 30
    named = {r["scientificName"]: int(r["internalTaxonId"]) for r in rows}
    assert all(ids[name] == number for name, number in named.items())
    assert set(ids) - set(named) == {"Ignotella anonyma"}
    assert [r["infraName"] for r in found["taxonomy.csv"] if r["infraName"]] == ["montana"]
    assert len({r["className"] for r in found["taxonomy.csv"]}) == 5


def test_map_categories(ranges):
    # Readers differ in what an empty text becomes: "", None or not-a-number.
    mapped = ranges["category"].where(ranges["category"].notna(), "").groupby(ranges["sci_name"]).first()
    assert mapped["Cinerana perdita"] == "CR"
    assert mapped["Vulnerella pontica"] == "EN"
    assert mapped["Ignotella anonyma"] == ""
    assert mapped["Localina regia"] == ""


def records() -> list[dict]:
    with (SAMPLE / "occurrences.csv").open(encoding="utf-8") as handle:
        return list(csv.DictReader(handle))


def is_usable(row) -> bool:
    if row["occurrenceStatus"].upper() == "ABSENT" or not row["decimalLatitude"] or not row["decimalLongitude"]:
        return False
    return abs(float(row["decimalLatitude"])) <= 90


def test_records(candidates):
    rows = records()
    assert 280 <= len(rows) <= 320
    assert sum(r["occurrenceStatus"].upper() == "ABSENT" for r in rows) == 10
    assert sum(not (r["decimalLatitude"] and r["decimalLongitude"]) for r in rows) == 4
    assert sum(r["coordinateUncertaintyInMeters"] == "50000" for r in rows) == 2
    usable = [r for r in rows if is_usable(r)]
    points = geopandas.GeoSeries(
        geopandas.points_from_xy(
            [float(r["decimalLongitude"]) for r in usable], [float(r["decimalLatitude"]) for r in usable]
        ),
        crs="EPSG:4326",
    ).to_crs("EPSG:6933")
    names = np.array([" ".join(r["scientificName"].split()[:2]) for r in usable])

    def within(name, candidate):
        mine = points[names == name]
        inside = mine.within(candidates[candidate])
        cells = {(math.floor(p.x / 2000), math.floor(p.y / 2000)) for p in mine}
        held = {(math.floor(p.x / 2000), math.floor(p.y / 2000)) for p in mine[inside]}
        return int(inside.sum()), len(mine), len(held) / len(cells)

    for name, candidate in (
        ("Nubilana celsa", CLOUDTOP),
        ("Limnothea minuta", CLOUDTOP),
        ("Lacustrina caeca", SERRATA),
        ("Liminella bifida", DATELINE),
        ("Crateralla vacua", EMBER),
    ):
        inside, all_of_them, _cells = within(name, candidate)
        assert inside == all_of_them > 2, name
    inside, all_of_them, cells = within("Azea alba", CLOUDTOP)
    assert (inside, all_of_them) == (58, 60)
    assert 0.85 < cells < 0.95
    assert not {"Regulella aequa", "Regulella infra"} & set(names)


def test_populations():
    with (SAMPLE / "populations.csv").open(encoding="utf-8") as handle:
        rows = list(csv.DictReader(handle))
    columns = ["scope", "site", "parameter", "segment", "min", "best", "max", "year", "source"]
    assert list(rows[0]) == ["scientific_name", "taxon_id", *columns]
    assert all(bool(r["scientific_name"]) != bool(r["taxon_id"]) for r in rows)
    assert all(float(r["min"]) <= float(r["best"]) <= float(r["max"]) for r in rows)
    assert {r["site"] for r in rows if r["scope"] == "site"} <= set(MEETS)
    assert all((r["scope"] == "site") == bool(r["site"]) for r in rows)


def test_habitat(candidates):
    for name, share in (("Azea_alba", 0.965), ("Limnothea_minuta", 1.0)):
        dataset = gdal.Open(str(SAMPLE / "habitat" / f"{name}.tif"))
        value = dataset.ReadAsArray().astype(float)
        assert 0 <= value.min() < value.max() <= 1
        west, cell, _, north, _, _ = dataset.GetGeoTransform()
        rows, cols = value.shape
        lon, lat = west + cell * np.arange(cols + 1), north - cell * np.arange(rows + 1)
        cells = shapely.box(lon[None, :-1], lat[1:, None], lon[None, 1:], lat[:-1, None])
        flat = np.array(geopandas.GeoSeries(cells.ravel(), crs="EPSG:4326").to_crs("EPSG:6933")).reshape(cells.shape)
        size = shapely.area(flat)
        inside = shapely.area(shapely.intersection(flat, candidates[CLOUDTOP]))
        assert (inside * value).sum() / (size * value).sum() == pytest.approx(share, abs=1e-6)


def test_landcover():
    dataset = gdal.Open(str(SAMPLE / "landcover.tif"))
    band = dataset.GetRasterBand(1)
    with (SAMPLE / "landcover_classes.csv").open(encoding="utf-8") as handle:
        classes = {int(r["value"]): r for r in csv.DictReader(handle)}
    assert set(np.unique(band.ReadAsArray())) == set(classes) == {1, 2, 3, 4, 5, 6}
    for value, row in classes.items():
        assert band.GetColorTable().GetColorEntry(value)[:3] == tuple(int(row[c]) for c in ("red", "green", "blue"))


def test_statements():
    document = json.loads((SAMPLE / "statements.json").read_text(encoding="utf-8"))
    assert document["schema"] == "aze-statements/1"
    assert set(document["candidates"]) == {CLOUDTOP, SERRATA, EMBER, PLUMB}
    assert not document["candidates"][EMBER]["species"]
    for name, candidate in document["candidates"].items():
        assert candidate["delineation_rationale"]
        assert set(candidate["species"]) <= MEETS[name]


def test_readme_and_size(ranges):
    text = (SAMPLE / "README.md").read_text(encoding="utf-8")
    assert "CC0-1.0" in text
    assert all(name in text for name in set(ranges["sci_name"]) | set(MEETS))
    files = [p for p in SAMPLE.rglob("*") if p.is_file()]
    assert sum(p.stat().st_size for p in files) <= 2_000_000
    assert all(p.name in text or p.parent.name == "habitat" for p in files if p.name != "README.md")


def test_making_it_twice_gives_the_same_bytes(tmp_path, capsys):
    script = SAMPLE.parents[1] / "scripts" / "make_sample.py"
    spec = importlib.util.spec_from_file_location("make_sample_twice", script)
    made = []
    for run in ("one", "two"):
        module = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = module
        try:
            spec.loader.exec_module(module)
            module.TARGET = tmp_path / run
            assert module.main() == 0
        finally:
            del sys.modules[spec.name]
        files = sorted(p for p in module.TARGET.rglob("*") if p.is_file())
        made.append({str(p.relative_to(module.TARGET)): p.read_bytes() for p in files})
    assert made[0] == made[1]
    assert set(made[0]) == {str(p.relative_to(SAMPLE)) for p in SAMPLE.rglob("*") if p.is_file()}
    assert "Azea alba" in capsys.readouterr().out
