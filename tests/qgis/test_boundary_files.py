"""Boundaries from everything that people have: each right, held to geodesic areas by pyproj, or refused clearly."""

import json
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable

import numpy as np
import pytest
import shapely
from effort import calls
from osgeo import ogr, osr
from pyproj import Geod, Transformer
from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransformContext,
    QgsFeature,
    QgsGeometry,
    QgsPointXY,
    QgsRectangle,
    QgsVectorLayer,
)

from aze_plugin.domain.errors import AzeError
from aze_plugin.services import boundary_places, boundary_sources
from aze_plugin.services.boundary_files import joined, read_boundaries
from aze_plugin.services.boundary_sources import SelectedFeatures, Text
from aze_plugin.services.wording import text

GEOD = Geod(ellps="WGS84")
RNG = np.random.default_rng(3)
CONTEXT = QgsCoordinateTransformContext()


def outline(lon=35.0, lat=-15.0, size=0.05, corners=24):
    """A wavy ring in degrees, closed."""
    angle = np.linspace(0, 2 * np.pi, corners, endpoint=False)
    away = size * (1 + 0.2 * np.sin(3 * angle))
    ring = np.column_stack((lon + away * np.cos(angle), lat + away * np.sin(angle)))
    return np.vstack((ring, ring[:1]))


RING = outline()


def truth(*rings):
    """Geodesic area in m² of lon/lat rings whose edges are straight in degrees, as a map draws them."""
    total = 0.0
    for ring in rings:
        dense = shapely.get_coordinates(shapely.segmentize(shapely.Polygon(ring), 1e-3))
        total += abs(GEOD.polygon_area_perimeter(*dense.T)[0])
    return total


def wkt(ring, extra=""):
    return "POLYGON ((" + ", ".join(f"{x!r} {y!r}{extra}" for x, y in np.asarray(ring).tolist()) + "))"


def to(epsg, ring):
    return np.column_stack(Transformer.from_crs(4326, epsg, always_xy=True).transform(*np.asarray(ring).T))


def written(folder, name, driver, wkts, epsg=4326, layer="sites", kind=ogr.wkbUnknown, names=None):
    """A file written by OGR."""
    path = str(folder / name)
    reference = None
    if epsg:
        reference = osr.SpatialReference()
        reference.ImportFromEPSG(epsg)
        reference.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
    data = ogr.GetDriverByName(driver).CreateDataSource(path)
    made = data.CreateLayer(layer, reference, kind)
    if driver not in ("DXF", "GPX"):
        made.CreateField(ogr.FieldDefn("name", ogr.OFTString))
    for i, shape in enumerate(wkts):
        feature = ogr.Feature(made.GetLayerDefn())
        if driver not in ("DXF", "GPX"):
            feature.SetField("name", names[i] if names else f"Site {i + 1}")
        if shape:
            feature.SetGeometry(ogr.CreateGeometryFromWkt(shape))
        made.CreateFeature(feature)
    del made, data
    return path


def typed(folder, name, content):
    path = folder / name
    path.write_text(content, encoding="utf-8")
    return str(path)


def zipped(folder, name, members):
    path = folder / name
    with zipfile.ZipFile(path, "w") as archive:
        for member in members:
            archive.write(member, "maps/" + Path(member).name if not name.endswith("kmz") else Path(member).name)
    return str(path)


def shapefile(folder, epsg, ring=RING, kind=ogr.wkbPolygon):
    return written(folder, "site.shp", "ESRI Shapefile", [wkt(to(epsg, ring))], epsg, "site", kind)


def without_prj(folder, epsg, ring=RING):
    path = shapefile(folder, epsg, ring)
    Path(path).with_suffix(".prj").unlink()
    return path


def geojson(folder, ring, crs=None, name="site.geojson"):
    document = {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "properties": {"name": "Ridge"},
                "geometry": {"type": "Polygon", "coordinates": [np.asarray(ring).tolist()]},
            }
        ],
    }
    if crs is not False:
        document["crs"] = crs and {"type": "name", "properties": {"name": crs}}
    return typed(folder, name, json.dumps(document))


def kml(folder, name="site.kml"):
    def mark(title, ring):
        places = " ".join(f"{x!r},{y!r},120" for x, y in ring.tolist())
        return (
            f"<Placemark><name>{title}</name><Polygon><outerBoundaryIs><LinearRing><coordinates>{places}</coordinates>"
            "</LinearRing></outerBoundaryIs></Polygon></Placemark>"
        )

    return typed(
        folder,
        name,
        '<?xml version="1.0" encoding="UTF-8"?><kml xmlns="http://www.opengis.net/kml/2.2"><Document><name>All</name>'
        f"<Folder><name>North</name>{mark('Upper', RING)}<Folder><name>Deep</name>{mark('Lower', outline(36))}</Folder>"
        "</Folder><Placemark><name>Hut</name><Point><coordinates>35,-15</coordinates></Point></Placemark>"
        "</Document></kml>",
    )


def gpx(folder, ring, name="walk.gpx", segments=1):
    parts = "".join(
        "<trkseg>"
        + "".join(f'<trkpt lat="{y!r}" lon="{x!r}"><ele>800</ele></trkpt>' for x, y in p.tolist())
        + "</trkseg>"
        for p in np.array_split(np.asarray(ring), segments)
    )
    return typed(
        folder,
        name,
        '<?xml version="1.0"?><gpx version="1.1" creator="gps" xmlns="http://www.topografix.com/GPX/1/1">'
        f'<wpt lat="-15" lon="35"><name>Camp</name></wpt><trk><name>Round the ridge</name>{parts}</trk></gpx>',
    )


def gml(folder, name, srs, ring):
    places = " ".join(f"{a!r} {b!r}" for a, b in np.asarray(ring).tolist())
    return typed(
        folder,
        name,
        '<?xml version="1.0"?><ogr:FeatureCollection xmlns:ogr="http://ogr.maptools.org/" '
        'xmlns:gml="http://www.opengis.net/gml/3.2"><ogr:featureMember><ogr:site gml:id="s.0"><ogr:geometryProperty>'
        f'<gml:Polygon srsName="{srs}" gml:id="g"><gml:exterior><gml:LinearRing><gml:posList>{places}</gml:posList>'
        "</gml:LinearRing></gml:exterior></gml:Polygon></ogr:geometryProperty></ogr:site></ogr:featureMember>"
        "</ogr:FeatureCollection>",
    )


def gpkg(folder, *wkts, epsg=4326, names=None):
    return written(folder, "site.gpkg", "GPKG", wkts, epsg, names=names)


def circle_utm(folder):
    arc = "500000 8340000, 501000 8341000, 502000 8340000, 501000 8339000, 500000 8340000"
    arc = f"CURVEPOLYGON (COMPOUNDCURVE (CIRCULARSTRING ({arc})))"
    return gpkg(folder, arc, epsg=32736)


def true_circle():
    angle = np.linspace(0, 2 * np.pi, 20_001)
    ring = np.column_stack((501_000 + 1000 * np.cos(angle), 8_340_000 + 1000 * np.sin(angle)))
    return np.column_stack(Transformer.from_crs(32736, 4326, always_xy=True).transform(*ring.T))


FAR_NORTH = outline(25, 68, 0.4, 8)
AUSTRALIA = outline(134.0, -12.0)
WRAPPED = outline(180.0, -17.0)
ACROSS = np.column_stack(((WRAPPED[:, 0] + 180) % 360 - 180, WRAPPED[:, 1]))
MANY = outline(corners=100_000)
BOW_TIE = [(35, -15), (35.1, -14.9), (35.1, -15), (35, -14.9), (35, -15)]


@dataclass
class Case:
    """A row of the matrix: a source, the answers to questions, and what has to come of it."""

    source: Callable
    rings: tuple = (RING,)
    notes: tuple = ()
    error: str = ""
    answers: dict = field(default_factory=dict)
    names: tuple = ()
    tolerance: float = 2e-7
    crs: str = "4326"


def utm(zone=32736):
    return {"crs": QgsCoordinateReferenceSystem(f"EPSG:{zone}")}


LONLAT = {"crs": QgsCoordinateReferenceSystem("EPSG:4326")}

# One row a format or variant. Areas are held to a two-ten-millionth, unless the row says otherwise.
MATRIX = {
    "GeoPackage": Case(lambda f: gpkg(f, wkt(RING)), names=("Site 1",)),
    "GeoPackage, Z": Case(
        lambda f: gpkg(f, wkt(RING, " 812.5").replace("POLYGON", "POLYGON Z")), notes=("boundary.z_dropped",)
    ),
    "GeoPackage, M": Case(
        lambda f: gpkg(f, wkt(RING, " 7").replace("POLYGON", "POLYGON M")), notes=("boundary.m_dropped",)
    ),
    "GeoPackage, ZM": Case(
        lambda f: gpkg(f, wkt(RING, " 812.5 7").replace("POLYGON", "POLYGON ZM")),
        notes=("boundary.m_dropped", "boundary.z_dropped"),
    ),
    # Arcs: the true circle lies in the plane of the UTM zone.
    "GeoPackage, curves": Case(
        circle_utm, (true_circle(),), ("boundary.curves_straightened",), tolerance=3e-6, crs="32736"
    ),
    "GeoPackage, EPSG:3857": Case(lambda f: gpkg(f, wkt(to(3857, RING)), epsg=3857), crs="3857"),
    "GeoPackage, two sites": Case(
        lambda f: gpkg(f, wkt(RING), wkt(outline(36)), names=["A", "B"]), (RING, outline(36)), names=("A", "B")
    ),
    "GeoPackage, mixed": Case(
        lambda f: gpkg(f, wkt(RING), "LINESTRING (0 0, 1 1)", "POINT (3 3)", "MULTIPOINT ((1 1), (2 2))", None),
        notes=("boundary.empty_left_out", "boundary.lines_left_out", "boundary.points_left_out"),
    ),
    "GeoPackage, collection": Case(
        lambda f: gpkg(f, f"GEOMETRYCOLLECTION (POINT (1 1), GEOMETRYCOLLECTION ({wkt(RING)}, LINESTRING (0 0, 1 1)))"),
        notes=("boundary.lines_left_out", "boundary.points_left_out"),
    ),
    "GeoPackage, empty": Case(lambda f: gpkg(f), error="boundary.no_features"),
    "GeoPackage, points only": Case(lambda f: gpkg(f, "POINT (35 -15)"), error="boundary.points"),
    "GeoPackage, no area": Case(lambda f: gpkg(f, "POLYGON ((1 1, 2 2, 1 1, 1 1))"), error="boundary.no_area"),
    "GeoPackage, 100,000 vertices": Case(lambda f: gpkg(f, wkt(MANY)), (MANY,)),
    "GeoPackage, bow-tie": Case(
        lambda f: gpkg(f, wkt(BOW_TIE)),
        ([BOW_TIE[0], (35.05, -14.95), BOW_TIE[3]], [BOW_TIE[1], (35.05, -14.95), BOW_TIE[2]]),
        ("boundary.repaired",),
    ),
    "GeoPackage, 0 to 360": Case(
        lambda f: gpkg(f, wkt(outline(190, -17))), (outline(-170, -17),), ("boundary.longitudes_wrapped",)
    ),
    "GeoPackage, across 180, past it": Case(
        lambda f: gpkg(f, wkt(WRAPPED)), (WRAPPED,), ("boundary.crosses_antimeridian",)
    ),
    "GeoPackage, across 180, leaping": Case(
        lambda f: gpkg(f, wkt(ACROSS)), (WRAPPED,), ("boundary.crosses_antimeridian",)
    ),
    "GeoPackage, across 180, UTM 60": Case(
        lambda f: gpkg(f, wkt(to(32760, WRAPPED)), epsg=32760),
        (WRAPPED,),
        ("boundary.crosses_antimeridian",),
        crs="32760",
    ),
    "Shapefile, UTM": Case(lambda f: shapefile(f, 32736), crs="32736"),
    "Shapefile, Z": Case(
        lambda f: shapefile(f, 32736, kind=ogr.wkbPolygon25D), notes=("boundary.z_dropped",), crs="32736"
    ),
    "Shapefile without .prj": Case(lambda f: without_prj(f, 32736), error="boundary.crs_missing"),
    "Shapefile without .prj, answered": Case(
        lambda f: without_prj(f, 32736), notes=("boundary.crs_given",), answers=utm(), crs="32736"
    ),
    "Shapefile without .prj, in degrees": Case(lambda f: without_prj(f, 4326), error="boundary.crs_missing"),
    "Shapefile without .prj, wrong answer": Case(
        lambda f: without_prj(f, 32736), error="boundary.coordinates", answers=LONLAT
    ),
    "Shapefile, .prj of another system": Case(
        lambda f: [shapefile(f, 32736), Path(f / "site.prj").write_text(osr_wkt(4326))] and str(f / "site.shp"),
        error="boundary.crs_doubtful",
    ),
    "Shapefile, .prj of another system, answered": Case(
        lambda f: [shapefile(f, 32736), Path(f / "site.prj").write_text(osr_wkt(4326))] and str(f / "site.shp"),
        notes=("boundary.crs_given",),
        answers=utm(),
        crs="32736",
    ),
    "Zipped shapefile": Case(
        lambda f: [shapefile(f, 32736)] and zipped(f, "site.zip", sorted(map(str, f.glob("site.*")))), crs="32736"
    ),
    "Zip without a map": Case(
        lambda f: zipped(f, "text.zip", [typed(f, "readme.txt", "nothing")]), error="layer.not_vector"
    ),
    "GeoJSON": Case(lambda f: geojson(f, RING, False), names=("Ridge",)),
    "GeoJSON, CRS member of EPSG:3857": Case(
        lambda f: geojson(f, to(3857, RING), "urn:ogc:def:crs:EPSG::3857"), crs="3857"
    ),
    "GeoJSON, CRS member says 3857, degrees": Case(
        lambda f: geojson(f, RING, "urn:ogc:def:crs:EPSG::3857"), error="boundary.crs_doubtful"
    ),
    "GeoJSON, CRS member says 4326, metres": Case(
        lambda f: geojson(f, to(32736, RING), "urn:ogc:def:crs:EPSG::4326"), error="boundary.crs_doubtful"
    ),
    "GeoJSON, CRS member unknown": Case(
        lambda f: geojson(f, RING, "urn:ogc:def:crs:EPSG::999999"), error="boundary.crs_missing"
    ),
    "GeoJSON, CRS member null": Case(lambda f: geojson(f, RING, None), error="boundary.crs_missing"),
    "GeoJSON, CRS member unknown, answered": Case(
        lambda f: geojson(f, RING, "urn:ogc:def:crs:EPSG::999999"), notes=("boundary.crs_given",), answers=LONLAT
    ),
    "GeoJSON, latitude first": Case(lambda f: geojson(f, AUSTRALIA[:, ::-1], False), error="boundary.axes_swapped"),
    "GeoJSON, latitude first, answered": Case(
        lambda f: geojson(f, AUSTRALIA[:, ::-1], False), (AUSTRALIA,), ("boundary.swapped",), answers={"swap": True}
    ),
    "GeoJSON, empty": Case(
        lambda f: typed(f, "e.geojson", '{"type":"FeatureCollection","features":[]}'), error="boundary.no_features"
    ),
    "GML, URN: latitude first by rule": Case(
        lambda f: gml(f, "a.gml", "urn:ogc:def:crs:EPSG::4326", AUSTRALIA[:, ::-1]), (AUSTRALIA,)
    ),
    "GML, latitude first against the rule": Case(
        lambda f: gml(f, "b.gml", "EPSG:4326", AUSTRALIA[:, ::-1]), error="boundary.axes_swapped"
    ),
    "KML with folders": Case(
        lambda f: kml(f),
        (RING, outline(36)),
        ("boundary.points_left_out", "boundary.z_dropped"),
        names=("Upper", "Lower"),
    ),
    "KMZ with folders": Case(
        lambda f: zipped(f, "site.kmz", [kml(f, "doc.kml")]),
        (RING, outline(36)),
        ("boundary.points_left_out", "boundary.z_dropped"),
        names=("Upper", "Lower"),
    ),
    "FlatGeobuf": Case(lambda f: written(f, "s.fgb", "FlatGeobuf", [wkt(to(3857, RING))], 3857), crs="3857"),
    "DXF, asked": Case(
        lambda f: written(f, "s.dxf", "DXF", [wkt(to(32736, RING))], None, "entities"), error="boundary.crs_missing"
    ),
    # DXF files as they are exported keep fifteen digits: nothing is lost.
    "DXF, hatch": Case(
        lambda f: written(f, "s.dxf", "DXF", [wkt(to(32736, RING))], None, "entities"),
        notes=("boundary.crs_given",),
        answers=utm(),
        crs="32736",
    ),
    "DXF, outline in loose lines": Case(
        lambda f: written(f, "l.dxf", "DXF", loose(to(32736, RING)), None, "entities"),
        notes=("boundary.crs_given", "boundary.ring_of_line"),
        answers=utm(),
        crs="32736",
    ),
    "GPX track, closed": Case(
        lambda f: gpx(f, RING),
        notes=("boundary.points_left_out", "boundary.ring_of_line", "boundary.z_dropped"),
        names=("Round the ridge",),
    ),
    # The last edge is missing: 24 of 24 corners are there, and the end is one edge from the start.
    "GPX track, ends one edge apart": Case(
        lambda f: gpx(f, RING[:-1]), notes=("boundary.points_left_out", "boundary.ring_closed", "boundary.z_dropped")
    ),
    "GPX track in two segments": Case(
        lambda f: gpx(f, outline(corners=240), segments=2),
        (outline(corners=240),),
        ("boundary.points_left_out", "boundary.ring_closed", "boundary.z_dropped"),
    ),
    "GPX track, far from closed": Case(lambda f: gpx(f, RING[:18]), error="boundary.gap_large"),
    "GPX track, far from closed, confirmed": Case(
        lambda f: gpx(f, RING[:18]),
        (np.vstack((RING[:18], RING[:1])),),
        ("boundary.gap_large", "boundary.points_left_out", "boundary.z_dropped"),
        answers={"any_gap": True},
    ),
    "Projected, edges of 50 km at 68° N": Case(
        lambda f: gpkg(f, wkt(to(32635, FAR_NORTH)), epsg=32635),
        (
            np.column_stack(
                Transformer.from_crs(32635, 4326, always_xy=True).transform(
                    *shapely.get_coordinates(shapely.segmentize(shapely.Polygon(to(32635, FAR_NORTH)), 20)).T
                )
            ),
        ),
        ("boundary.bent_straightened",),
        tolerance=1e-5,
        crs="32635",
    ),
    "EWKT pasted": Case(lambda f: Text(f"SRID=32736;{wkt(to(32736, RING))}"), crs="32736"),
    "EWKT pasted, Z in one word": Case(
        lambda f: Text("SRID=4326;" + wkt(RING, " 5").replace("POLYGON ", "POLYGONZ")), notes=("boundary.z_dropped",)
    ),
    "EWKT pasted, faces of a surface": Case(
        lambda f: Text("SRID=4326;TIN (((35 -15, 36 -15, 36 -14, 35 -15)), ((35 -15, 36 -14, 35 -14, 35 -15)))"),
        (shapely.box(35, -15, 36, -14).exterior.coords,),
        # Faces that share an edge are no valid multipolygon: they are joined, and that is shown.
        ("boundary.repaired",),
    ),
    "EWKT pasted, beyond the edge of its projection": Case(
        lambda f: Text("SRID=3857;POLYGON ((1e9 0, 1.1e9 1000, 1e9 1000, 1e9 0))"), error="boundary.crs_doubtful"
    ),
    "EWKT pasted, of points at infinity": Case(
        lambda f: Text("SRID=4326;POLYGON ((35 -15, 1e400 -15, 36 -14, 35 -15))"), error="boundary.not_finite"
    ),
    "EWKT pasted, unknown SRID": Case(lambda f: Text(f"SRID=999999;{wkt(RING)}"), error="boundary.crs_missing"),
    "WKT pasted": Case(lambda f: Text(wkt(RING)), error="boundary.crs_missing"),
    "WKT pasted, answered": Case(lambda f: Text(wkt(RING)), notes=("boundary.crs_given",), answers=LONLAT),
    "WKT pasted over several lines": Case(
        lambda f: Text(wkt(RING).replace(", ", ",\n  ")), notes=("boundary.crs_given",), answers=LONLAT
    ),
    "WKT pasted, latitude first": Case(
        lambda f: Text("SRID=4326;" + wkt(AUSTRALIA[:, ::-1])), error="boundary.axes_swapped"
    ),
    "WKT pasted, broken off": Case(lambda f: Text(wkt(RING)[:-30]), error="boundary.bad_text"),
    "Rows copied in QGIS": Case(
        lambda f: Text(f"wkt_geom\tid\tname\n{wkt(RING)}\t1\tA\n{wkt(outline(36))}\t2\tB"),
        (RING, outline(36)),
        ("boundary.crs_given",),
        answers=LONLAT,
        names=("A", "B"),
    ),
    "GeoJSON pasted": Case(
        lambda f: Text(json.dumps({"type": "Polygon", "coordinates": [RING.tolist()]})),
    ),
    "GeoJSON pasted, broken off": Case(
        lambda f: Text('{"type":"Polygon","coordinates":[[[1,2'), error="boundary.bad_text"
    ),
    "Latitudes and longitudes pasted": Case(lambda f: Text(pairs(RING)), error="boundary.axes_unknown"),
    "Latitudes and longitudes pasted, answered": Case(
        lambda f: Text(pairs(RING)),
        notes=("boundary.crs_given", "boundary.swapped"),
        answers={**LONLAT, "swap": True},
    ),
    "A word pasted": Case(lambda f: Text("hello"), error="boundary.not_text"),
    "A file that points elsewhere": Case(
        lambda f: typed(
            f,
            "v.vrt",
            f'<OGRVRTDataSource><OGRVRTLayer name="sites"><SrcDataSource>{gpkg(f, wkt(RING))}</SrcDataSource>'
            "</OGRVRTLayer></OGRVRTDataSource>",
        ),
        error="layer.not_vector",
    ),
    "A file that is not there": Case(lambda f: str(f / "none.gpkg"), error="layer.not_vector"),
    "Half a GeoPackage": Case(lambda f: half(gpkg(f, wkt(MANY))), error="layer.not_vector"),
    "Table": Case(lambda f: typed(f, "t.csv", "a,b\n1,2\n"), error="boundary.table"),
    "Not a map": Case(lambda f: typed(f, "t.txt", "nothing"), error="layer.not_vector"),
}


def osr_wkt(epsg):
    reference = osr.SpatialReference()
    reference.ImportFromEPSG(epsg)
    return reference.MorphToESRI() or reference.ExportToWkt()


def loose(ring):
    """Edges as lines of their own, in no order, some turned round."""
    edges = [f"LINESTRING ({a[0]!r} {a[1]!r}, {b[0]!r} {b[1]!r})" for a, b in zip(ring.tolist(), ring[1:].tolist())]
    turned = [f"LINESTRING ({b[0]!r} {b[1]!r}, {a[0]!r} {a[1]!r})" for a, b in zip(ring.tolist(), ring[1:].tolist())]
    return [turned[i] if i % 3 else edges[i] for i in RNG.permutation(len(edges))]


def half(path):
    Path(path).write_bytes(Path(path).read_bytes()[:20_000])
    return path


def pairs(ring):
    return "Lat, Lon\n" + "\n".join(f"{y!r}, {x!r}" for x, y in ring.tolist())


@pytest.mark.parametrize("row", MATRIX)
def test_import_matrix(row, tmp_path):
    case = MATRIX[row]
    source = case.source(tmp_path)
    if case.error:
        with pytest.raises(AzeError) as refused:
            read_boundaries(source, **case.answers)
        assert refused.value.code == case.error
        sentence = text(refused.value.code, refused.value.params)
        assert sentence.endswith(".") and "{" not in sentence and not sentence.startswith(case.error)
        return
    found = read_boundaries(source, **case.answers)
    assert case.crs in found.crs
    assert sorted(n.code for n in (*found.notes, *(n for b in found.boundaries for n in b.notes))) == sorted(case.notes)
    for note in (*found.notes, *(n for b in found.boundaries for n in b.notes)):
        assert not text(note.code, note.params).startswith("boundary."), note
    if case.names:
        assert tuple(b.name for b in found.boundaries) == case.names
    shapes = [shapely.from_wkb(bytes(b.geometry.asWkb())) for b in found.boundaries]
    assert all(s.is_valid and s.geom_type == "MultiPolygon" and not s.has_z for s in shapes)
    assert all(s.bounds[0] >= -180 and s.bounds[2] <= 180 for s in shapes)
    expected = truth(*case.rings)
    assert sum(truth(*(p.exterior.coords for p in s.geoms)) for s in shapes) == pytest.approx(
        expected, rel=case.tolerance
    )
    assert sum(b.area_m2 for b in found.boundaries) == pytest.approx(expected, rel=max(case.tolerance, 5e-5))


def test_nothing_is_called_for_each_of_a_hundred_thousand_vertices(tmp_path):
    path, found = gpkg(tmp_path, wkt(to(32736, MANY)), epsg=32736), []
    assert calls(lambda: found.append(read_boundaries(path))) < 20_000
    assert found[0].boundaries[0].geometry.constGet().nCoordinates() == 100_001


def test_what_was_mended_comes_with_what_it_was():
    found = read_boundaries(Text("SRID=4326;" + wkt(BOW_TIE)))
    (boundary,) = found.boundaries
    assert boundary.needs_look
    assert not boundary.before.isGeosValid() and boundary.geometry.isGeosValid()
    assert boundary.before.constGet().nCoordinates() == 5


def test_gaps_are_told_with_their_places(tmp_path):
    (boundary,) = read_boundaries(gpx(tmp_path, RING[:-1])).boundaries
    assert not boundary.needs_look
    assert np.allclose(boundary.gaps, [[RING[-2], RING[0]]])
    note = boundary.notes[0]
    apart = GEOD.inv(*RING[-2], *RING[0])[2]
    assert note.params["largest_m"] == pytest.approx(apart, rel=1e-3)
    length = GEOD.line_length(*RING[:-1].T)
    assert note.params["gap_share"] == pytest.approx(apart / length, rel=1e-3)
    (boundary,) = read_boundaries(gpx(tmp_path, RING[:18]), any_gap=True).boundaries
    assert boundary.needs_look


def test_a_track_across_180_degrees(tmp_path):
    (boundary,) = read_boundaries(gpx(tmp_path, ACROSS)).boundaries
    assert boundary.area_m2 == pytest.approx(truth(WRAPPED), rel=1e-5)
    assert boundary.geometry.constGet().numGeometries() == 2


def test_two_tracks_that_close_are_two_boundaries(tmp_path):
    lines = ["LINESTRING" + wkt(r)[len("POLYGON (") : -1] for r in (RING, outline(36), outline(37)[:12])]
    found = read_boundaries(gpkg(tmp_path, *lines))
    assert [b.name for b in found.boundaries] == ["Site 1", "Site 2"]
    assert [n.code for n in found.notes] == ["boundary.open_left_out"]


def test_selected_features_of_a_layer():
    layer = QgsVectorLayer("LineString?crs=EPSG:4326&field=name:string", "walk", "memory")
    features = []
    for part in (RING[:13], RING[12:]):
        feature = QgsFeature(layer.fields())
        feature.setAttributes(["East"])
        feature.setGeometry(QgsGeometry.fromPolylineXY([QgsPointXY(x, y) for x, y in part.tolist()]))
        features.append(feature)
    layer.dataProvider().addFeatures(features)
    (boundary,) = read_boundaries(SelectedFeatures(layer)).boundaries
    assert boundary.name == "walk" and boundary.area_m2 == pytest.approx(truth(RING), rel=1e-5)
    layer.selectByIds([1])
    with pytest.raises(AzeError, match="gap_large"):
        read_boundaries(SelectedFeatures(layer))


def test_a_layer_whose_reference_system_lies_nowhere_is_asked_for_it():
    layer = QgsVectorLayer("Polygon?crs=EPSG:32736&field=name:string", "plots", "memory")
    feature = QgsFeature(layer.fields())
    feature.setGeometry(QgsGeometry.fromWkt(wkt(to(32736, RING))))
    layer.dataProvider().addFeature(feature)
    layer.setCrs(QgsCoordinateReferenceSystem.fromWkt('LOCAL_CS["Undefined Cartesian SRS",UNIT["Meter",1]]'))
    assert layer.crs().isValid()
    with pytest.raises(AzeError, match="boundary.crs_missing"):
        read_boundaries(SelectedFeatures(layer))


def test_a_file_of_thousands_is_not_offered_for_choice(tmp_path, monkeypatch):
    rules = json.loads(json.dumps(boundary_sources.paths.load_json("criteria", "boundary.json")))
    rules["import"]["most_features"] = 1
    monkeypatch.setattr(boundary_sources.paths, "load_json", lambda *parts: rules)
    with pytest.raises(AzeError, match="too_many"):
        read_boundaries(gpkg(tmp_path, wkt(RING), wkt(RING)))


def test_joining_counts_an_overlap_once():
    one, other = shapely.box(35, -15, 35.2, -14.9), shapely.box(35.1, -15, 35.3, -14.9)
    found = read_boundaries(Text("\n".join(f"SRID=4326;{shape.wkt}" for shape in (one, other))))
    together = joined(found.boundaries, "Both")
    assert together.name == "Both"
    assert together.area_m2 == pytest.approx(truth(shapely.box(35, -15, 35.3, -14.9).exterior.coords), rel=1e-5)


def test_several_wkt_are_all_read_or_none():
    box = shapely.box(35, -15, 36, -14).wkt
    with pytest.raises(AzeError, match="bad_text"):
        read_boundaries(Text(f"SRID=4326;{box} {box}"))
    assert len(read_boundaries(Text(f"SRID=4326;{box}\r\n\r\nSRID=4326;{box};")).boundaries) == 2


# ------------------------------------------------------------------------------------------------------ suggestions


def suggested(ring, **hints):
    low, high = np.min(ring, axis=0), np.max(ring, axis=0)
    found = boundary_places.suggestions(QgsRectangle(*low, *high), CONTEXT, **hints)
    return [(s.crs.authid(), s.swap) for s in found]


def test_degrees_are_suggested_as_degrees_and_metres_as_what_is_near():
    assert suggested(RING) == [("EPSG:4326", False), ("EPSG:4326", True)]
    assert suggested(AUSTRALIA[:, ::-1]) == [("EPSG:4326", True)]
    near = suggested(to(32736, RING), near=QgsPointXY(35, -14))
    assert near[0] == ("EPSG:32736", False)
    known = suggested(to(2193, outline(175, -40)), known=[QgsCoordinateReferenceSystem("EPSG:2193")])
    assert known[0] == ("EPSG:2193", False)
    assert ("EPSG:32633", False) not in suggested(to(32736, RING))


def test_degrees_come_last_where_they_would_lie_on_another_continent():
    # Latitude first: as longitude and latitude they lie in the sea off Africa, but the user looks at Malawi.
    assert suggested(RING[:, ::-1], near=QgsPointXY(34, -13))[0] == ("EPSG:4326", True)


def test_where_coordinates_would_lie():
    ring = to(32736, RING)
    extent = QgsRectangle(*ring.min(axis=0), *ring.max(axis=0))
    place = boundary_places.lies_at(extent, QgsCoordinateReferenceSystem("EPSG:32736"), CONTEXT)
    assert (place.center().x(), place.center().y()) == pytest.approx((35, -15), abs=0.01)
    assert boundary_places.lies_at(extent, QgsCoordinateReferenceSystem("EPSG:4326"), CONTEXT) is None
    assert boundary_places.lies_at(extent, QgsCoordinateReferenceSystem("EPSG:2193"), CONTEXT) is None
    assert (
        boundary_places.lies_at(QgsRectangle(34, -16, 36, -14), QgsCoordinateReferenceSystem("EPSG:3857"), CONTEXT)
        is None
    )
