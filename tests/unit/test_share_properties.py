"""What holds of every share, whatever the range, the records, the habitat and the boundary.

Random worlds of overlapping outlines, records and rasters go through the real import into a library, and come back by
the real queries; nothing is known of the shares but what must be true of all.
"""

from __future__ import annotations

import csv
from dataclasses import replace

import numpy as np
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from osgeo import gdal, osr
from ranges_files import row, write

from aze_plugin import paths
from aze_plugin.domain import geometry
from aze_plugin.domain.criteria.settings import Settings
from aze_plugin.domain.criteria.shares import measure
from aze_plugin.domain.species import Evidence, RangeEvidence, RangeRow, RecordEvidence, Taxon, segments_of
from aze_plugin.library.importer import Request, import_species
from aze_plugin.library.query import Library

RULES = Settings.from_dict(paths.load_json("criteria", "aze.json"))
TAXON = Taxon("1", "Azea probans", "EN")
SEASONS = st.sampled_from([1, 2, 3, 4, 5])

places = st.tuples(st.floats(-40, 40), st.floats(-40, 40))
blobs = st.builds(
    lambda centre, radius, corners, squeeze: shapely.affinity.scale(
        shapely.Point(centre).buffer(radius, quad_segs=corners), 1, squeeze
    ),
    places,
    st.floats(1, 30),
    st.integers(1, 6),
    st.floats(0.2, 3),
)
worlds = st.lists(st.tuples(SEASONS, blobs), min_size=1, max_size=6)
records = st.lists(places, min_size=1, max_size=40)


def km(shape):
    """From units of a kilometre round the origin to EPSG:6933."""
    return shapely.transform(shape, lambda c: c * 1000.0)


def evidence(rows, points=()):
    made = [RangeRow(1, 1, season, km(shape)) for season, shape in rows]
    areas = {
        name: geometry.area(geometry.dissolve(r.geometry for r in made if r.seasonal in codes))
        for name, codes in segments_of({r.seasonal for r in made}).items()
    }
    metres = np.array(points, dtype=float).reshape(-1, 2) * 1000
    cells = len({(int(np.floor(x / 2000)), int(np.floor(y / 2000))) for x, y in metres})
    lonlat = geometry.unproject(metres)
    localities = len({(round(lon, 4), round(lat, 4)) for lon, lat in lonlat})
    kept = RecordEvidence(lonlat, metres, np.zeros(len(metres), dtype=int), cells, localities, len(metres), {})
    return Evidence(TAXON, RangeEvidence(tuple(made), areas), kept if len(metres) else None)


def shares(rows, boundary, points=()):
    found = measure([evidence(rows, points)], km(boundary))
    return {(s.parameter, s.segment): s.best for one in found for s in one.shares}


@given(worlds, records, blobs)
def test_a_share_is_between_nothing_and_all(rows, points, boundary):
    assert all(0 <= share <= 1 for share in shares(rows, boundary, points).values())


@given(worlds, records, blobs, st.floats(1e-6, 20))
def test_a_larger_boundary_never_holds_less(rows, points, boundary, more):
    before, after = shares(rows, boundary, points), shares(rows, boundary.buffer(more), points)
    assert all(after[key] >= share - 1e-9 for key, share in before.items())


@given(worlds, records, blobs, st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(rows, points, boundary, random):
    turned, moved = rows[:], points[:]
    random.shuffle(turned)
    random.shuffle(moved)
    assert shares(turned, boundary, moved) == pytest.approx(shares(rows, boundary, points), abs=1e-9)


@given(worlds, records, blobs, st.data())
def test_rows_that_come_twice_count_once(rows, points, boundary, data):
    again = data.draw(st.lists(st.sampled_from(rows), min_size=1, max_size=3))
    repeated = data.draw(st.lists(st.sampled_from(points), min_size=1, max_size=5))
    twice = shares(rows + again, boundary, points + repeated)
    assert twice == pytest.approx(shares(rows, boundary, points), abs=1e-9)


@given(worlds, blobs, st.floats(-20, 20))
def test_a_row_cut_in_two_is_the_same_row(rows, boundary, cut):
    halves = [
        (season, part)
        for season, shape in rows
        for side in (shapely.box(-200, -200, cut, 200), shapely.box(cut, -200, 200, 200))
        for part in [shape.intersection(side)]
        if part.area > 0
    ]
    assert shares(halves, boundary) == pytest.approx(shares(rows, boundary), abs=1e-7)


@given(worlds, records)
def test_a_boundary_round_everything_holds_everything(rows, points):
    whole = shares(rows, shapely.box(-200, -200, 200, 200), points)
    assert all(share == pytest.approx(1) for share in whole.values())


@given(worlds, records, blobs)
def test_two_halves_of_a_boundary_hold_of_the_range_what_the_whole_does(rows, points, boundary):
    west, south, east, north = boundary.bounds
    middle = (west + east) / 2
    sides = [
        boundary.intersection(shapely.box(*b)) for b in ((west, south, middle, north), (middle, south, east, north))
    ]
    halves = [shares(rows, side, points) for side in sides]
    for key, share in shares(rows, boundary, points).items():
        parts = sum(half.get(key, 0) for half in halves)
        # A cell or a place on the line is counted on both sides; areas are not.
        assert parts >= share - 1e-9 if key[0] in ("aoo", "localities") else parts == pytest.approx(share, abs=1e-9)


# ------------------------------------------------------------------------- through files, in other reference systems

EPSGS = {"lon/lat": 4326, "equal area": 6933, "UTM": 32733, "web": 3857, "Equal Earth": 8857}


@pytest.fixture(scope="module")
def land():
    """A range, records and habitat in the highlands at 15° E, 10° S, with outlines of many vertices."""
    rng = np.random.default_rng(11)
    shape = shapely.union_all(
        [shapely.Point(15 + dx, -10 + dy).buffer(r, quad_segs=32) for dx, dy, r in rng.uniform(0.02, 0.12, (6, 3))]
    )
    points = rng.uniform((15, -10), (15.25, -9.75), (300, 2))
    return shapely.segmentize(shape, 0.002), points


def crs_of(code):
    crs = osr.SpatialReference()
    crs.ImportFromEPSG(code)
    crs.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
    return crs


def moved(shape, code):
    change = osr.CoordinateTransformation(crs_of(4326), crs_of(code))
    return shapely.transform(shape, lambda c: np.array(change.TransformPoints(c))[:, :2])


def library(tmp_path, land, code, name):
    shape, points = land
    ranges = write(tmp_path / f"{name}.gpkg", [row("Azea probans", moved(shape, code).wkt)], epsg=code)
    folder = tmp_path / name
    folder.mkdir()
    west, south, east, north = moved(shape, code).bounds
    cells = 400
    raster = gdal.GetDriverByName("GTiff").Create(str(folder / "Azea_probans.tif"), cells, cells, 1, gdal.GDT_Byte)
    raster.SetSpatialRef(crs_of(code))
    raster.SetGeoTransform((west, (east - west) / cells, 0, north, 0, (south - north) / cells))
    raster.GetRasterBand(1).Fill(1)
    raster = None
    table = tmp_path / f"{name}.csv"
    with open(table, "w", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(["scientificName", "decimalLatitude", "decimalLongitude"])
        writer.writerows(["Azea probans", f"{lat:.9f}", f"{lon:.9f}"] for lon, lat in points)
    path = tmp_path / f"{name}.library.gpkg"
    import_species(Request(str(path), (str(ranges),), occurrences=(str(table),), habitats=str(folder)))
    return path


def library_shares(path, boundary):
    with Library.open(str(path)) as opened:
        found = measure(opened.evidence(geometry.rectangles(boundary), RULES), boundary)
    (only,) = found
    return {(s.parameter, s.segment): s.best for s in only.shares}


def test_the_reference_system_of_the_data_does_not_matter(tmp_path, land):
    shape, _ = land
    middle = shapely.segmentize(shapely.box(15.03, -9.99, 15.11, -9.9), 0.002)
    boundary = geometry.prepare(np.array([middle], dtype=object)).geometries[0]
    expected = library_shares(library(tmp_path, land, 4326, "lonlat"), boundary)
    assert {key[0] for key in expected} == {"range", "aoo", "localities", "esh"}
    assert 0.1 < expected["range", "resident"] < 0.9
    for name, code in EPSGS.items():
        found = library_shares(library(tmp_path, land, code, name.replace("/", "-").replace(" ", "-")), boundary)
        for key, share in expected.items():
            # The rasters are of other cells in each system, so only their files' own extent can be compared with.
            if key[0] != "esh":
                assert found[key] == pytest.approx(share, abs=1e-5), (name, key)


@settings(suppress_health_check=list(HealthCheck), max_examples=5, deadline=None)
@given(order=st.permutations(range(3)))
def test_the_order_of_imports_does_not_matter(tmp_path_factory, land, order):
    shape, points = land
    folder = tmp_path_factory.mktemp("order")
    parts = np.array_split(np.arange(len(points)), 3)
    files = []
    for n, part in enumerate(parts):
        table = folder / f"{n}.csv"
        rows = [f"Azea probans,{lat:.9f},{lon:.9f}" for lon, lat in points[part]]
        table.write_text("\n".join(["scientificName,decimalLatitude,decimalLongitude", *rows]), encoding="utf-8")
        files.append(str(table))
    boundary = geometry.prepare(np.array([shapely.box(15.03, -9.99, 15.11, -9.9)], dtype=object)).geometries[0]
    whole, stepwise = folder / "whole.gpkg", folder / "stepwise.gpkg"
    import_species(Request(str(whole), occurrences=tuple(files)))
    for n in (*order, order[0]):
        import_species(Request(str(stepwise), occurrences=(files[n],)))
    assert library_shares(stepwise, boundary) == library_shares(whole, boundary)


def test_filters_of_records_only_ever_take_away(tmp_path, land):
    _, points = land
    rng = np.random.default_rng(3)
    table = tmp_path / "records.csv"
    rows = [
        f"Azea probans,{lat:.6f},{lon:.6f},{rng.integers(0, 20000)},{rng.integers(1900, 2025)}" for lon, lat in points
    ]
    header = "scientificName,decimalLatitude,decimalLongitude,coordinateUncertaintyInMeters,year"
    table.write_text("\n".join([header, *rows]), encoding="utf-8")
    path = tmp_path / "library.gpkg"
    import_species(Request(str(path), occurrences=(str(table),)))
    counts = []
    with Library.open(str(path)) as opened:
        for limit in (None, 15000, 10000, 1000, 10):
            rules = replace(RULES, records=replace(RULES.records, max_uncertainty_m=limit))
            found = opened.evidence_for("Azea probans", rules).records
            assert found.kept + sum(found.dropped.values()) == len(points)
            assert found.kept == len(found.lonlat) == sum(int(r.split(",")[3]) <= (limit or 1e9) for r in rows)
            counts.append((found.kept, found.cells, found.localities))
    assert counts == sorted(counts, reverse=True)
