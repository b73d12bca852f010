"""Make the invented sample in ``resources/sample``: an archipelago that does not exist, and everything known of it.

Every share is designed: geometry is built in the metres of EPSG:6933, where areas are plain, and then written in
degrees. Seeded, so a second run gives the same files. Prints which taxon meets which candidate, with which share.
"""

from __future__ import annotations

import csv
import io
import json
import math
import shutil
import sys
import tempfile
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import shapely
from osgeo import gdal, ogr, osr
from shapely import affinity
from shapely.geometry import MultiPoint, MultiPolygon, Point, Polygon, box

gdal.UseExceptions()
ogr.UseExceptions()
osr.UseExceptions()

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "resources" / "sample"
DAY = "2025-01-01"
KM = 1000.0

# ------------------------------------------------------------------------------------------------ EPSG:6933, by hand

A = 6378137.0
F = 1 / 298.257223563
E2 = F * (2 - F)
ECC = math.sqrt(E2)
K0 = math.cos(math.radians(30)) / math.sqrt(1 - E2 * math.sin(math.radians(30)) ** 2)
X_PER_DEGREE = A * K0 * math.pi / 180
HALF_WORLD = 180 * X_PER_DEGREE


def authalic_q(sin_lat):
    """The function q of equal-area projections."""
    es = ECC * sin_lat
    return (1 - E2) * (sin_lat / (1 - es * es) + np.arctanh(es) / ECC)


def forward(lon, lat):
    """Degrees to EPSG:6933 metres."""
    return np.asarray(lon) * X_PER_DEGREE, authalic_q(np.sin(np.radians(lat))) * A / (2 * K0)


def inverse(xy: np.ndarray) -> np.ndarray:
    """EPSG:6933 metres to degrees, by Newton's method: the usual series is good to a centimetre only."""
    q = xy[:, 1] * (2 * K0 / A)
    lat = np.arcsin(q / float(authalic_q(np.float64(1))))
    for _ in range(8):
        s = np.sin(lat)
        lat -= (authalic_q(s) - q) * (1 - E2 * s * s) ** 2 / (2 * (1 - E2) * np.cos(lat))
    lon = xy[:, 0] / X_PER_DEGREE
    lon = np.where(np.abs(np.abs(lon) - 180) < 1e-11, np.sign(lon) * 180.0, lon)
    return np.column_stack((lon, np.degrees(lat)))


X0, Y0 = (float(v) for v in forward(-178.6, -26.6))
DATELINE = -HALF_WORLD


def degrees(geometry):
    """A shape in metres to lon/lat; what lies beyond 180° comes back on the other side, cut along it."""
    if geometry.bounds[0] < DATELINE:
        west = geometry.intersection(box(DATELINE - 1e6, -1e8, DATELINE, 1e8))
        east = geometry.intersection(box(DATELINE, -1e8, 0, 1e8))
        parts = [shapely.transform(east, inverse)] if not east.is_empty else []
        parts.append(shapely.transform(affinity.translate(west, 2 * HALF_WORLD), inverse))
        return MultiPolygon([p for part in parts for p in polygons(part)])
    return shapely.transform(geometry, inverse)


def degrees_beyond(geometry):
    """A shape in metres to longitudes that run on past 180, as some files have them: 179.9, 180.1."""
    return shapely.transform(affinity.translate(geometry, 2 * HALF_WORLD), inverse)


def polygons(geometry) -> list:
    """The polygons of a shape."""
    return [p for p in shapely.get_parts(geometry) if p.geom_type == "Polygon" and p.area > 1e-12]


# ------------------------------------------------------------------------------------------------ grown shapes


def at(x_km: float, y_km: float) -> tuple[float, float]:
    """Kilometres from the middle of the archipelago to EPSG:6933 metres."""
    return X0 + x_km * KM, Y0 + y_km * KM


def blob(x_km, y_km, rx_km, ry_km, tilt=0.0, seed=1, n=180, rough=0.16) -> Polygon:
    """A rough-edged ellipse."""
    rng = np.random.default_rng(seed)
    theta = np.linspace(0, 2 * math.pi, n, endpoint=False)
    edge = np.ones(n)
    for k in range(2, 40):
        edge += rough * rng.normal() / k**1.15 * np.cos(k * theta + rng.uniform(0, 2 * math.pi))
    edge = np.clip(edge, 0.45, 1.6)
    shape = Polygon(np.column_stack((edge * np.cos(theta) * rx_km * KM, edge * np.sin(theta) * ry_km * KM)))
    shape = affinity.rotate(shape, tilt, origin=(0, 0))
    return affinity.translate(shape, *at(x_km, y_km))


def to_area(shape, square_metres: float):
    """The shape, grown or shrunk about its centre to an area."""
    factor = math.sqrt(square_metres / shape.area)
    return affinity.scale(shape, factor, factor, origin=tuple(shape.centroid.coords[0]))


def outside_for(inside_area: float, share: float, *shapes):
    """Shapes resized so that an inside area makes up this share of everything; the first gets the larger piece."""
    total = inside_area * (1 - share) / share
    weights = [0.62, 0.38] if len(shapes) == 2 else [1.0]
    return [to_area(shape, total * weight) for shape, weight in zip(shapes, weights)]


def bisect(function, low: float, high: float) -> float:
    """Where a rising function crosses zero."""
    for _ in range(90):
        middle = (low + high) / 2
        low, high = (middle, high) if function(middle) < 0 else (low, middle)
    return (low + high) / 2


def must(condition: bool, what: str) -> None:
    """Stop when a design rule does not hold."""
    if not condition:
        raise SystemExit(f"make_sample: {what}")


# ------------------------------------------------------------------------------------------------ the land

STEP = 250.0
WEST, EAST, SOUTH, NORTH = -160.0, 125.0, -52.0, 56.0

# name: x, y, long and short half axis (km), tilt, and peaks as (x, y, rx, ry, height)
ISLANDS = {
    "Nubila": (0, 0, 25, 13.5, 24, [(1.5, 2.0, 9, 4.5, 0.9), (-13, -6, 5, 4, 0.45), (13, 7.5, 3.5, 3.0, 0.4)]),
    "Serrata": (52, -22, 15, 10.5, -38, [(48, -17.5, 5.5, 4.2, 0.7), (58.5, -29.5, 3.0, 3.0, 0.8)]),
    "Liminalis": (DATELINE / KM - X0 / KM + 0.4, 18, 9.5, 6, 12, [(DATELINE / KM - X0 / KM, 18, 4, 3, 0.6)]),
    "Gemina Maior": (-52, 26, 10.5, 6.5, -20, [(-52, 26, 4, 3, 0.6)]),
    "Gemina Minor": (-36, 33, 4.2, 2.8, 30, []),
    "Regula": (-64, -29, 14, 7, 4, [(-66, -29, 7, 4, 0.35)]),
    "Parva": (24, 35, 1.5, 1.1, 10, []),
    "Solitudo": (104, 31, 5.5, 3.8, 50, [(104, 31, 2, 2, 0.5)]),
}


def fractal(rng, shape, slope, low_cut=0.0) -> np.ndarray:
    """Noise with a power-law spectrum, mean 0, deviation 1."""
    ky = np.fft.fftfreq(shape[0])[:, None]
    kx = np.fft.rfftfreq(shape[1])[None, :]
    k = np.hypot(kx, ky)
    k[0, 0] = 1
    spectrum = (rng.normal(size=k.shape) + 1j * rng.normal(size=k.shape)) * k**-slope
    spectrum[k < low_cut] = 0
    spectrum[0, 0] = 0
    noise = np.fft.irfft2(spectrum, s=shape)
    return noise / noise.std()


@dataclass
class Land:
    """Heights on a grid (0 = sea level, about 1.5 the highest peak), a second noise, and the islands."""

    height: np.ndarray
    noise: np.ndarray
    islands: dict

    def sample(self, x, y, which="height"):
        """Bilinear value at metres."""
        grid = getattr(self, which)
        col = np.clip((x - X0 - WEST * KM) / STEP - 0.5, 0, grid.shape[1] - 1.001)
        row = np.clip((Y0 + NORTH * KM - y) / STEP - 0.5, 0, grid.shape[0] - 1.001)
        c, r = col.astype(int), row.astype(int)
        fc, fr = col - c, row - r
        top = grid[r, c] * (1 - fc) + grid[r, c + 1] * fc
        return top * (1 - fr) + (grid[r + 1, c] * (1 - fc) + grid[r + 1, c + 1] * fc) * fr


def make_land() -> Land:
    """Heights from tilted cones, peaks and noise; the coast is their contour at 0."""
    rng = np.random.default_rng(20250101)
    rows, cols = int((NORTH - SOUTH) * KM / STEP), int((EAST - WEST) * KM / STEP)
    x = WEST + (np.arange(cols) + 0.5) * STEP / KM
    y = NORTH - (np.arange(rows) + 0.5) * STEP / KM
    gx, gy = np.meshgrid(x, y)
    coast = fractal(rng, (rows, cols), 1.5, 0.006)
    fine = fractal(rng, (rows, cols), 1.2, 0.01)
    height = np.full((rows, cols), -9.0)
    for cx, cy, rx, ry, tilt, peaks in ISLANDS.values():
        t = math.radians(tilt)
        u = (gx - cx) * math.cos(t) + (gy - cy) * math.sin(t)
        v = -(gx - cx) * math.sin(t) + (gy - cy) * math.cos(t)
        d = np.hypot(u / rx, v / ry)
        cone = 0.55 * (1 - d**1.4) + 0.15 * coast * min(1.0, ry / 4) * np.clip(2.2 - d, 0, 1)
        for px, py, prx, pry, high in peaks:
            up = (gx - px) * math.cos(t) + (gy - py) * math.sin(t)
            vp = -(gx - px) * math.sin(t) + (gy - py) * math.cos(t)
            cone = cone + high * np.exp(-((up / prx) ** 2) - (vp / pry) ** 2)
        cone = np.where(d < 2.2, cone, -9.0)
        height = np.maximum(height, cone)
    driver = gdal.GetDriverByName("MEM").Create("", cols, rows, 1, gdal.GDT_Float64)
    driver.SetGeoTransform((X0 + WEST * KM, STEP, 0, Y0 + NORTH * KM, 0, -STEP))
    driver.GetRasterBand(1).WriteArray(np.clip(height, -1, None))
    memory = ogr.GetDriverByName("Memory").CreateDataSource("")
    layer = memory.CreateLayer("c", geom_type=ogr.wkbMultiPolygon)
    layer.CreateField(ogr.FieldDefn("low", ogr.OFTReal))
    layer.CreateField(ogr.FieldDefn("high", ogr.OFTReal))
    options = ["POLYGONIZE=TRUE", "FIXED_LEVELS=0", "ELEV_FIELD_MIN=0", "ELEV_FIELD_MAX=1"]
    gdal.ContourGenerateEx(driver.GetRasterBand(1), layer, options=options)
    pieces = []
    for feature in layer:
        if feature["high"] > 0.001:
            for part in shapely.get_parts(shapely.from_wkb(bytes(feature.GetGeometryRef().ExportToWkb()))):
                ring = Polygon(part.exterior).simplify(30)
                if ring.area > 0.12e6:
                    pieces.append(ring)
    islands = {}
    for name, (cx, cy, rx, ry, *_rest) in ISLANDS.items():
        reach = Point(*at(cx, cy)).buffer(1.7 * max(rx, ry) * KM)
        mine = [p for p in pieces if reach.contains(p.centroid)]
        must(bool(mine), f"{name} sank")
        islands[name] = MultiPolygon(sorted(mine, key=lambda p: -p.area))
    return Land(height, fine, islands)


# ------------------------------------------------------------------------------------------------ taxa

GROUPS = {
    "bird": ("ANIMALIA", "CHORDATA", "AVES", "PASSERIFORMES"),
    "seabird": ("ANIMALIA", "CHORDATA", "AVES", "PROCELLARIIFORMES"),
    "rail": ("ANIMALIA", "CHORDATA", "AVES", "GRUIFORMES"),
    "amphibian": ("ANIMALIA", "CHORDATA", "AMPHIBIA", "ANURA"),
    "reptile": ("ANIMALIA", "CHORDATA", "REPTILIA", "SQUAMATA"),
    "fish": ("ANIMALIA", "CHORDATA", "ACTINOPTERYGII", "CYPRINODONTIFORMES"),
    "plant": ("PLANTAE", "TRACHEOPHYTA", "MAGNOLIOPSIDA", "MYRTALES"),
}
WORDS = {
    "EW": "Extinct in the Wild",
    "CR": "Critically Endangered",
    "EN": "Endangered",
    "VU": "Vulnerable",
    "NT": "Near Threatened",
    "LC": "Least Concern",
    "DD": "Data Deficient",
}


@dataclass
class Taxon:
    """An invented taxon: what the assessment says, what the map says, and what it is here to show."""

    number: int
    name: str
    group: str
    category: str
    common: str
    shows: str
    criteria: str = "B1ab(iii)"
    year: int = 2021
    map_category: str | None = None
    scope: str = "Global"
    assessed: bool = True
    possibly_extinct: bool = False
    infra: str = ""
    trend: str = "Decreasing"
    rows: list = field(default_factory=list)

    @property
    def taxon_id(self) -> int:
        return 99000100 + self.number

    @property
    def is_bird(self) -> bool:
        return self.group in ("bird", "seabird", "rail")


@dataclass
class Row:
    """A row of a range map, in metres; ``lonlat`` where it must be written in another way than usual."""

    shape: object
    presence: int = 1
    origin: int = 1
    seasonal: int = 1
    file: str = ""
    subspecies: str = ""
    subpop: str = ""
    island: str = ""
    lonlat: object = None
    year: int = 2021


TAXA = [
    Taxon(1, "Azea alba", "bird", "EN", "White Azea", "EN, 97.4 % of its resident range; AOO disagrees", "B1ab(iii,v)"),
    Taxon(
        2,
        "Nubilana celsa",
        "plant",
        "EN",
        "Ridge Cloudflower",
        "EN, sole area; assessment over 10 years old",
        year=2009,
    ),
    Taxon(3, "Limnothea minuta", "amphibian", "CR", "Least Pool Frog", "CR, sole area", "B1ab(iii)+2ab(iii)"),
    Taxon(4, "Procellora nidulans", "seabird", "CR", "Cloud Petrel", "CR, breeds here only, winters at sea", "B2ab(v)"),
    Taxon(5, "Azea hiberna", "bird", "EN", "Winter Azea", "EN, 97.0 % of its non-breeding range", "C2a(i)"),
    Taxon(
        6, "Crateralla vacua", "rail", "EW", "Ember Rail", "EW, historic range only (presence 5)", "", trend="Unknown"
    ),
    Taxon(
        7,
        "Cinerana perdita",
        "amphibian",
        "CR",
        "Ash Frog",
        "CR(PE): flag in the table, plain CR on the map",
        "B2ab(v)",
        possibly_extinct=True,
    ),
    Taxon(
        8,
        "Vulnerella pontica",
        "reptile",
        "VU",
        "Terrace Skink",
        "VU with 100 %: cannot trigger; old map says EN",
        "D2",
        map_category="EN",
    ),
    Taxon(
        9,
        "Vulgarella communis",
        "plant",
        "LC",
        "Common Islewort",
        "LC everywhere; a regional EN must not count",
        "",
        trend="Stable",
    ),
    Taxon(10, "Obscurana dubia", "amphibian", "DD", "Dim Frog", "DD with 100 %: cannot trigger", "", trend="Unknown"),
    Taxon(11, "Propinquella minax", "reptile", "NT", "Nearby Gecko", "NT", "B1b(iii)"),
    Taxon(12, "Latigena vagans", "plant", "EN", "Wandering Latigena", "EN but widespread", "A2c"),
    Taxon(13, "Regulella infra", "reptile", "EN", "Lower Rule Gecko", "EN, 94.9 % to the metre: below", "B1ab(iii)"),
    Taxon(14, "Regulella aequa", "plant", "CR", "Even Rulewort", "CR, 95.0 % to the metre: equal", "B1ab(iii)"),
    Taxon(
        15,
        "Bisrelata gemina",
        "reptile",
        "EN",
        "Twice-told Skink",
        "EN, in two releases; 93.0 % when dissolved, above 95 % when added up",
    ),
    Taxon(16, "Liminella bifida", "amphibian", "CR", "Dateline Frog", "CR, sole area, one row split at 180°"),
    Taxon(17, "Meridianthe orientalis", "plant", "EN", "Meridian Bloom", "EN, sole area, longitudes over 180"),
    Taxon(18, "Transitora vernalis", "bird", "EN", "Spring Transit Bird", "EN, passes here only", "A2bcd"),
    Taxon(
        19, "Expulsina vera", "plant", "EN", "True Expulsina", "EN, 98.5 % once other presence and origin are dropped"
    ),
    Taxon(
        20,
        "Azea alba montana",
        "bird",
        "CR",
        "Mountain White Azea",
        "CR subspecies with its own id: never triggers",
        infra="montana",
    ),
    Taxon(
        21,
        "Partitella divisa",
        "reptile",
        "EN",
        "Parted Gecko",
        "EN, 96.0 % with the subpopulation's row, 88.2 % without",
    ),
    Taxon(
        22,
        "Localina regia",
        "plant",
        "EN",
        "Royal Localina",
        "assessed regionally only: not evaluated here",
        map_category="",
        scope="Nubila Islands",
    ),
    Taxon(23, "Ignotella anonyma", "reptile", "", "Nameless Gecko", "no category anywhere", assessed=False),
    Taxon(24, "Fractella torta", "reptile", "CR", "Twisted Skink", "CR, 97.5 % once a broken ring is mended"),
    Taxon(25, "Lacustrina caeca", "fish", "CR", "Blind Tarn Killifish", "CR, sole area", "B1ab(iii)+2ab(iii)"),
    Taxon(26, "Squaminella rupestris", "reptile", "EN", "Rock Squaminella", "EN, 62.0 %: a near miss"),
    Taxon(27, "Vulnerella nebulosa", "reptile", "VU", "Mist Skink", "VU, partly inside", "D2"),
    Taxon(28, "Geminula sylvatica", "plant", "EN", "Twin-isle Gemwood", "EN, sole area, in an existing site"),
    Taxon(29, "Parvula rupicola", "reptile", "EN", "Islet Gecko", "EN, in an existing site that has no boundary"),
    Taxon(30, "Desertula sola", "plant", "EN", "Lonely Desertula", "EN, sole island, in no site and no candidate"),
]
BY_NAME = {t.name: t for t in TAXA}


def add(name: str, shape, **values) -> None:
    """One row of a taxon's range."""
    BY_NAME[name].rows.append(Row(shape, **values))


# ------------------------------------------------------------------------------------------------ places

CLOUDTOP = "Cloudtop Ridge"
WINDWARD = "Windward Terraces"
EMBER = "Ember Crater"
DATE = "Dateline Wood"
PLUMB = "Plumb Line Plateau"
SERRATA = "Serrata Highlands"
SWELL = "Lone Swell Bank"
PLUMB_LON = -179.205
DLX = (DATELINE - X0) / KM


def make_candidates(land: Land) -> dict:
    """The candidates, in metres."""
    isles = land.islands
    cloudtop = to_area(blob(1.5, 2.0, 5.2, 2.7, 24, seed=11, n=220, rough=0.2), 43.12e6)
    lon_x = PLUMB_LON * X_PER_DEGREE
    plumb = blob(-66, -29, 10, 5, 4, seed=15).union(blob(-62, -29, 8, 4.6, 4, seed=16))
    plumb = isles["Regula"].buffer(-300).intersection(plumb).intersection(box(lon_x - 1e6, -1e8, lon_x, 1e8))
    windward = isles["Nubila"].intersection(blob(9, -6.5, 6.5, 3.2, 24, seed=12))
    sea_x, sea_y = forward(-173.4, -29.2)
    swell = affinity.translate(blob(0, 0, 9, 7, 15, seed=17), sea_x - X0, sea_y - Y0)
    out = {
        CLOUDTOP: cloudtop,
        WINDWARD: max(polygons(windward), key=lambda p: p.area),
        EMBER: blob(58.5, -29.5, 2.3, 2.1, 0, seed=13),
        DATE: blob(DLX - 0.2, 18, 5.0, 3.2, 12, seed=14, n=200),
        PLUMB: max(polygons(plumb), key=lambda p: p.area),
        SERRATA: blob(48, -17.5, 6.2, 4.3, -38, seed=18, n=200),
        SWELL: swell,
    }
    for name, island in ((CLOUDTOP, "Nubila"), (EMBER, "Serrata"), (DATE, "Liminalis"), (SERRATA, "Serrata")):
        must(isles[island].contains(out[name]), f"{name} is not within {island}")
    return out


def make_ranges(land: Land, sites: dict) -> None:
    """The rows of all range maps, in metres, each share as designed."""
    isles = land.islands
    nubila = isles["Nubila"]
    ridge = sites[CLOUDTOP]
    core = ridge.buffer(-180)

    def inside(candidate, shape, margin=150.0):
        out = sites[candidate].buffer(-margin).intersection(shape)
        must(not out.is_empty, f"nothing inside {candidate}")
        return max(polygons(out), key=lambda p: p.area)

    def on(island, *shapes):
        for shape in shapes:
            must(isles[island].contains(shape), f"a piece is not on {island}")
            must(not any(shape.intersects(s) for s in sites.values()), "an outside piece touches a candidate")
        return shapes

    # Cloudtop Ridge
    alba = inside(CLOUDTOP, blob(1.5, 2.0, 5.4, 2.9, 24, seed=101, n=240), 120)
    outer = outside_for(alba.area, 0.974, blob(-13, -6, 2, 1.6, 10, seed=102), blob(13, 7.5, 1.5, 1.2, 40, seed=103))
    add("Azea alba", MultiPolygon([alba, *on("Nubila", *outer)]), island="Nubila")
    add("Nubilana celsa", inside(CLOUDTOP, blob(0.6, 1.7, 3.4, 1.7, 24, seed=104)), island="Nubila")
    add("Limnothea minuta", inside(CLOUDTOP, blob(3.2, 2.9, 1.5, 0.9, 24, seed=105, n=120)), island="Nubila")
    add("Procellora nidulans", inside(CLOUDTOP, blob(1.2, 2.0, 2.6, 1.2, 24, seed=106)), seasonal=2, island="Nubila")
    add("Procellora nidulans", blob(20, -135, 95, 42, 8, seed=107, n=300), seasonal=3)
    add("Obscurana dubia", inside(CLOUDTOP, blob(-0.8, 1.2, 1.3, 0.9, 0, seed=108, n=120)))
    add("Propinquella minax", nubila.buffer(-400).intersection(blob(3, -1, 15, 9, 24, seed=109)))
    squam = inside(CLOUDTOP, blob(3.6, 2.6, 2.2, 1.5, 24, seed=110))
    far = outside_for(squam.area, 0.62, blob(-11, -4.5, 2, 1.4, 30, seed=111))
    add("Squaminella rupestris", squam)
    add("Squaminella rupestris", *on("Nubila", *far))
    add("Azea alba montana", core.intersection(blob(1.8, 2.2, 2.2, 1.1, 24, seed=112)), subspecies="montana")
    add("Localina regia", inside(CLOUDTOP, blob(0.2, 2.0, 1.4, 0.8, 24, seed=113, n=120)))
    add("Ignotella anonyma", inside(CLOUDTOP, blob(2.4, 2.0, 1.3, 0.8, 24, seed=114, n=120)))
    add("Vulnerella nebulosa", nubila.intersection(blob(5.5, 3.8, 4.5, 2.2, 24, seed=115)))

    # Windward Terraces
    add("Vulnerella pontica", inside(WINDWARD, blob(9, -6.5, 4.5, 2.2, 24, seed=116), 60), island="Nubila")

    # Everywhere
    common = [isles[n] for n in ("Nubila", "Serrata", "Gemina Maior", "Gemina Minor", "Regula", "Liminalis")]
    add("Vulgarella communis", shapely.union_all(common).simplify(120), file="b")
    wide = [
        nubila.buffer(-350).intersection(blob(-3.0, 2.5, 15, 6, 22, seed=117)),
        isles["Serrata"].buffer(-350).intersection(blob(46, -15, 9, 7, -38, seed=118)),
        isles["Gemina Maior"].buffer(-500),
    ]
    windward_free = shapely.difference(shapely.union_all(wide), sites[WINDWARD].union(sites[EMBER]).buffer(250))
    add("Latigena vagans", MultiPolygon([p for p in polygons(windward_free) if p.area > 1e5]), file="b")

    # Ember Crater: nothing living is known there
    add("Crateralla vacua", inside(EMBER, blob(58.5, -29.5, 1.9, 1.7, 0, seed=119), 80), presence=5, island="Serrata")
    add("Cinerana perdita", inside(EMBER, blob(58.3, -29.3, 1.2, 1.1, 0, seed=120, n=120)), island="Serrata", file="b")
    add("Cinerana perdita", *on("Serrata", blob(61.5, -25.5, 0.8, 0.7, 0, seed=121, n=90)), presence=4, file="b")

    # Dateline Wood
    add("Liminella bifida", inside(DATE, blob(DLX + 0.2, 18.2, 2.4, 1.6, 12, seed=122)), island="Liminalis")
    bloom = inside(DATE, blob(DLX - 0.5, 17.8, 1.9, 1.3, 12, seed=123))
    add("Meridianthe orientalis", bloom, lonlat=degrees_beyond(bloom), island="Liminalis")
    winter = inside(DATE, blob(DLX, 18, 4.5, 2.7, 12, seed=124), 100)
    other = outside_for(winter.area, 0.97, blob(-52, 26, 1, 1, 0, seed=125))
    add("Azea hiberna", winter, seasonal=3)
    add("Azea hiberna", *on("Gemina Maior", *other), seasonal=3)
    add("Azea hiberna", *on("Nubila", blob(-14.5, -6.5, 4.5, 3.0, 24, seed=126)), seasonal=2)
    add("Transitora vernalis", inside(DATE, blob(DLX - 0.4, 18.3, 3.0, 1.9, 12, seed=127)), seasonal=4)
    add(
        "Transitora vernalis",
        isles["Solitudo"].buffer(-200).intersection(blob(104, 31, 4, 3, 50, seed=128)),
        seasonal=2,
    )
    add("Transitora vernalis", *on("Regula", blob(-54.5, -28.2, 1.6, 1.4, 0, seed=129)), seasonal=3)

    # Plumb Line Plateau: rectangles in lon/lat, whose areas in a cylindrical projection go as their widths
    for name, west, east, low, high in (
        ("Regulella aequa", PLUMB_LON - 0.095, PLUMB_LON + 0.005, -26.876, -26.842),
        ("Regulella infra", PLUMB_LON - 0.0949, PLUMB_LON + 0.0051, -26.880, -26.850),
    ):
        (x1, x2), (y1, y2) = forward([west, east], [low, high])
        shape = box(float(x1), float(y1), float(x2), float(y2))
        must(isles["Regula"].contains(shape), f"{name} is not on Regula")
        add(name, shape, lonlat=box(west, low, east, high), island="Regula")

    # Serrata Highlands
    one = inside(SERRATA, blob(48.2, -17.3, 3.4, 2.4, -38, seed=130))
    two = inside(SERRATA, blob(47.6, -17.6, 3.3, 2.5, -38, seed=131))
    strays = outside_for(
        one.union(two).area, 0.93, blob(54.5, -24.5, 1, 0.8, 0, seed=132), blob(57, -23, 1, 0.8, 0, seed=133)
    )
    add("Bisrelata gemina", MultiPolygon([one, *on("Serrata", strays[0])]), year=2016)
    add("Bisrelata gemina", MultiPolygon([two, *on("Serrata", strays[1])]), file="b", year=2022)
    vera = inside(SERRATA, blob(47.2, -16.8, 2.8, 1.9, -38, seed=134))
    add("Expulsina vera", vera)
    add("Expulsina vera", *on("Serrata", *outside_for(vera.area, 0.985, blob(52.3, -24, 1, 1, 0, seed=135))))
    for presence, origin, x, y, r in (
        (3, 1, -11, -5, 1.6),
        (4, 1, -14, -7, 1.5),
        (6, 1, 13, 7, 1.3),
        (1, 3, -52, 26, 2.0),
        (1, 4, 55, -22, 1.0),
    ):
        piece = blob(x, y, r, r * 0.7, 20, seed=140 + presence * 10 + origin, n=90)
        add("Expulsina vera", piece, presence=presence, origin=origin)
    main = inside(SERRATA, blob(45.6, -15.4, 1.6, 1.1, -38, seed=136, n=120))
    part = to_area(inside(SERRATA, blob(49.6, -19.0, 1.9, 1.4, -38, seed=137, n=120)), 1)
    part = to_area(part, main.area * 66 / 30)
    must(sites[SERRATA].contains(part) and not part.intersects(main), "the subpopulation is misplaced")
    add("Partitella divisa", main)
    add("Partitella divisa", part, subpop="Southern slope")
    add("Partitella divisa", *on("Serrata", to_area(blob(56.2, -21.2, 1, 0.8, 0, seed=138, n=90), main.area * 4 / 30)))
    cx, cy = at(48.4, -17.6)
    a = 1600.0
    bow = Polygon([(cx - a, cy - a), (cx + a, cy + a), (cx + a, cy - a), (cx - a, cy + a)])
    must(not bow.is_valid and sites[SERRATA].contains(bow.envelope), "the broken ring is misplaced")
    add("Fractella torta", bow)
    add("Fractella torta", *on("Serrata", *outside_for(2 * a * a, 0.975, blob(53.2, -26.2, 1, 0.8, 0, seed=139, n=90))))
    add("Lacustrina caeca", inside(SERRATA, blob(46.6, -18.6, 0.8, 0.5, -60, seed=160, n=100)), island="Serrata")

    # Islands without candidates
    add("Geminula sylvatica", isles["Gemina Maior"].buffer(-900).intersection(blob(-52, 26, 5, 3, -20, seed=161)))
    add("Parvula rupicola", isles["Parva"].intersection(blob(24, 35, 0.8, 0.6, 10, seed=162, n=90)))
    add("Desertula sola", isles["Solitudo"].buffer(-600))


def kept(taxon: Taxon) -> list[Row]:
    """The rows that count: extant, native or reintroduced; for what is extinct in the wild the historic range too."""
    presences = (1, 2, 4, 5) if taxon.category == "EW" else (1, 2)
    return [r for r in taxon.rows if r.presence in presences and r.origin in (1, 2, 6)]


def shares(taxon: Taxon, boundary) -> dict[str, float]:
    """Share of each segment's dissolved range inside a boundary, both in metres."""
    rows = kept(taxon)
    seasons = {r.seasonal for r in rows}
    segments = {"all": seasons}
    if seasons & {2, 3}:
        segments.update(breeding={1, 2}, non_breeding={1, 3})
    else:
        segments["resident"] = {1, 5}
    if 4 in seasons:
        segments["passage"] = {4}
    out = {}
    for segment, codes in segments.items():
        shapes = [shapely.make_valid(r.shape) for r in rows if r.seasonal in codes]
        if shapes:
            whole = shapely.union_all(shapes)
            out[segment] = whole.intersection(boundary).area / whole.area
    return out


# ------------------------------------------------------------------------------------------------ existing sites


def make_sites(land: Land, candidates: dict) -> list[dict]:
    """Four existing sites: partly covered, without a boundary, unprotected beside a candidate, fully covered."""
    isles = land.islands
    ridge = candidates[CLOUDTOP]
    strip = blob(-4, 9.5, 9, 4.5, 24, seed=201)

    def north_coast(shift):
        return isles["Nubila"].intersection(affinity.translate(strip, 0, -shift))

    shift = bisect(lambda s: north_coast(s).intersection(ridge).area / ridge.area - 0.012, -2 * KM, 5 * KM)
    parva = at(24, 35)
    forest = isles["Gemina Maior"].buffer(-700).intersection(blob(-52, 26, 6.5, 4, -20, seed=202))
    circle = Point(*parva).buffer(1000, quad_segs=16)
    serrata = affinity.scale(candidates[SERRATA], 0.86, 0.86)

    def biggest(shape):
        return max(polygons(shape), key=lambda p: p.area)

    sites = []
    for number, name, native, iso3, country, shape, aze, iba, klass, legacy in (
        (98001, "Serrata Highlands", "Serrata Alta", "XAZ", "Azea", serrata, "confirmed", "", "Global", 0),
        (98002, "Parva Islet", "Insula Parva", "XAZ", "Azea", circle, "confirmed", "", "Global", 1),
        (
            98003,
            "Nubila North Coast",
            "Ora Borealis",
            "XAZ",
            "Azea",
            biggest(north_coast(shift)),
            "",
            "confirmed",
            "Regional",
            0,
        ),
        (98004, "Gemina Maior Forest", "Silva Gemina", "XLM", "Limina", biggest(forest), "confirmed", "", "Global", 0),
    ):
        point = inverse(np.array([shape.representative_point().coords[0]]))[0]
        sites.append({
            "SitRecID": number, "NatName": native, "IntName": name, "Country": country, "ISO3": iso3,
            "Region": "Invented Ocean", "SitLat": round(float(point[1]), 4), "SitLong": round(float(point[0]), 4),
            "SitAreaKM2": round(shape.area / 1e6, 3), "Source": "Invented", "LastUpdate": DAY, "LegacyKba": legacy,
            "AzeStatus": aze, "IbaStatus": iba, "KbaStatus": "confirmed", "KbaClass": klass, "shape": shape,
        })  # fmt: skip
    return sites


TRIGGERS = [
    (98001, "Lacustrina caeca"),
    (98001, "Fractella torta"),
    (98002, "Parvula rupicola"),
    (98004, "Geminula sylvatica"),
]

# ------------------------------------------------------------------------------------------------ protected areas


def make_protected(land: Land, candidates: dict, sites: list[dict]) -> tuple[list[dict], list[dict]]:
    """Nine areas: polygons and points; 33 % of Cloudtop Ridge is a protected area and 5 % more an OECM."""
    isles = land.islands
    nubila = isles["Nubila"]
    ridge = candidates[CLOUDTOP]

    def park(size):
        return nubila.intersection(blob(-5.5, -0.8, size, size * 0.62, 24, seed=301, n=220))

    size = bisect(lambda s: park(s).intersection(ridge).area / ridge.area - 0.33, 2, 14)
    west = max(polygons(park(size)), key=lambda p: p.area)
    east = nubila.intersection(blob(17, 6.5, 3.5, 2.2, 24, seed=302))
    east = max(polygons(east), key=lambda p: p.area)

    def springs(size):
        return blob(0.0, 2.3, size, size * 0.6, 40, seed=303)

    size = bisect(lambda s: springs(s).difference(west).intersection(ridge).area / ridge.area - 0.05, 0.3, 5)
    proposed = nubila.intersection(blob(5.2, 3.6, 3.2, 2.0, 24, seed=304))
    cx, cy = at(46.2, -16.4)
    b = 2400.0
    broken = Polygon([(cx - b, cy - b), (cx + b, cy + b), (cx + b, cy - b), (cx - b, cy + b)])
    gemina = next(s["shape"] for s in sites if s["SitRecID"] == 98004).buffer(250)
    coast = nubila.intersection(blob(11, -7, 4, 2.2, 24, seed=305))

    def area(number, parcel, kind, name, english, designation, category, status, year, iso3, shape, **more):
        size = (
            0.0
            if shape.geom_type != "Polygon" and shape.geom_type != "MultiPolygon"
            else shapely.make_valid(shape).area / 1e6
        )
        values = {
            "SITE_ID": 99900000 + number, "SITE_PID": f"{99900000 + number}{parcel}", "SITE_TYPE": kind,
            "NAME_ENG": english, "NAME": name, "DESIG": designation, "DESIG_ENG": designation,
            "DESIG_TYPE": "National", "IUCN_CAT": category, "INT_CRIT": "Not Applicable", "REALM": "Terrestrial",
            "REP_M_AREA": 0.0, "GIS_M_AREA": 0.0, "REP_AREA": round(size, 3), "GIS_AREA": round(size, 3),
            "NO_TAKE": "Not Applicable", "NO_TK_AREA": 0.0, "STATUS": status, "STATUS_YR": year,
            "GOV_TYPE": "Federal or national ministry or agency", "GOVSUBTYPE": "Not Applicable", "OWN_TYPE": "State",
            "OWNSUBTYPE": "Not Applicable", "MANG_AUTH": "Not Reported", "MANG_PLAN": "Not Reported",
            "VERIF": "State Verified", "METADATAID": 9999, "PRNT_ISO3": iso3.split(";")[0], "ISO3": iso3,
            "SUPP_INFO": "Not Applicable", "CONS_OBJ": "Not Applicable", "INLND_WTRS": "Not Reported",
            "OECM_ASMT": "Not Applicable", "shape": shape,
        }  # fmt: skip
        values.update(more)
        return values

    whole = round((west.area + east.area) / 1e6, 3)
    mab = "UNESCO-MAB Biosphere Reserve"
    polygon_rows = [
        area(1, "_A", "PA", "Hortus Nubilae", "Nubila National Park", "National Park", "II", "Designated", 1987, "XAZ",
             west, REP_AREA=whole),
        area(1, "_B", "PA", "Hortus Nubilae", "Nubila National Park", "National Park", "II", "Designated", 1987, "XAZ",
             east, REP_AREA=whole),
        area(2, "", "OECM", "Fontes Superiores", "Upper Springs Water Catchment", "Water Catchment", "Not Applicable",
             "Established", 2015, "XAZ", springs(size), OECM_ASMT="Assessed", CONS_OBJ="Secondary",
             GOV_TYPE="Local communities"),
        area(3, "", "PA", "Hortus Orientalis", "Nubila National Park Extension", "National Park", "II", "Proposed",
             2023,
             "XAZ", max(polygons(proposed), key=lambda p: p.area)),
        area(4, "", "PA", "Reservatum Serratae", "Serrata Strict Reserve", "Nature Reserve", "Ia", "Designated", 2004,
             "XAZ", broken),
        area(5, "", "PA", "Ora Ventosa", "Windward Shore", "Landscape Protection Area", "V", "Not Reported", 0, "XAZ",
             max(polygons(coast), key=lambda p: p.area)),
        area(6, "", "PA", "Nubila", "Nubila Biosphere", mab, "Not Applicable", "Designated", 1999, "XAZ", nubila,
             DESIG_TYPE="International"),
        area(7, "", "PA", "Silva Gemina", "Gemina Forest Reserve", "Forest Reserve", "IV", "Established", 0, "XAZ;XLM",
             gemina),
    ]  # fmt: skip
    points = [
        area(8, "", "PA", "Fons Serratae", "Serrata Springs", "Nature Monument", "III", "Designated", 1996, "XAZ",
             MultiPoint([at(49.5, -18.8), at(44.5, -13.5)]), REP_AREA=4.0),
        area(9, "", "PA", "Scopulus", "Parva Rock", "Nature Monument", "III", "Designated", 0, "XAZ",
             MultiPoint([at(24, 35)]), REP_AREA=0.0),
    ]  # fmt: skip
    return polygon_rows, points


# ------------------------------------------------------------------------------------------------ writing


def wgs84():
    """WGS 84, longitude first."""
    crs = osr.SpatialReference()
    crs.ImportFromEPSG(4326)
    crs.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
    return crs


def write_layer(dataset, name, kind, rows, options=()) -> None:
    """Rows as a layer; the member ``geometry`` is lon/lat, field types follow the first row's values."""
    layer = dataset.CreateLayer(name, wgs84(), kind, list(options))
    fields = [k for k in rows[0] if k not in ("shape", "geometry")]
    for key in fields:
        values = [r[key] for r in rows if r[key] is not None]
        if all(isinstance(v, int) for v in values):
            definition = ogr.FieldDefn(key, ogr.OFTInteger)
            definition.SetWidth(9 if dataset.GetDriver().GetName() == "ESRI Shapefile" else 0)
        elif all(isinstance(v, float) for v in values):
            definition = ogr.FieldDefn(key, ogr.OFTReal)
        else:
            definition = ogr.FieldDefn(key, ogr.OFTString)
            if dataset.GetDriver().GetName() == "ESRI Shapefile":
                definition.SetWidth(max([len(v.encode()) for v in values] + [4]))
        layer.CreateField(definition)
    for row in rows:
        feature = ogr.Feature(layer.GetLayerDefn())
        for key in fields:
            if row[key] is not None:
                feature[key] = row[key]
        shape = row["geometry"]
        if kind == ogr.wkbMultiPolygon and shape.geom_type == "Polygon":
            shape = MultiPolygon([shape])
        feature.SetGeometry(ogr.CreateGeometryFromWkb(shapely.to_wkb(shape, byte_order=1)))
        layer.CreateFeature(feature)


def write_gpkg(path: Path, layers: dict) -> None:
    """A GeoPackage of named layers: kind and rows."""
    path.unlink(missing_ok=True)
    dataset = ogr.GetDriverByName("GPKG").CreateDataSource(str(path))
    for name, (kind, rows) in layers.items():
        write_layer(dataset, name, kind, rows, ["GEOMETRY_NAME=geom"])
    dataset = None


def write_zip(path: Path, members: dict) -> None:
    """A zip with fixed dates."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in sorted(members.items()):
            entry = zipfile.ZipInfo(name, (2025, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, data)


def csv_text(header, rows) -> str:
    """CSV with Unix line ends; None is empty."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(["" if v is None else v for v in row] for row in rows)
    return out.getvalue()


CITATION = "AZE Toolkit sample, an invented archipelago (CC0-1.0)"
TRUNCATED = {"sci_name": "BINOMIL", "presence": "PRESENC", "seasonal": "SEASONL"}


def write_ranges(folder: Path) -> None:
    """Range maps: one zip of two shapefiles in two dialects, and birds as their own GeoPackage."""
    files = {"a": [], "b": []}
    birds = []
    for taxon in TAXA:
        kingdom, phylum, klass, order = GROUPS[taxon.group]
        genus = taxon.name.split()[0]
        for row in taxon.rows:
            geometry = row.lonlat if row.lonlat is not None else degrees(row.shape)
            if taxon.is_bird:
                birds.append({
                    "SISID": taxon.taxon_id, "SCINAME": taxon.name, "PRESENCE": row.presence, "ORIGIN": row.origin,
                    "SEASONAL": row.seasonal, "SUBSPECIES": row.subspecies or None, "SOURCE": "Invented",
                    "COMPILER": "AZE Toolkit", "DATA_SENS": 0, "SENS_COMM": None, "DIST_COMM": None, "TAX_COMM": None,
                    "GENERALISD": 0, "CITATION": CITATION, "YRCOMPILED": row.year, "VERSION": "sample-1",
                    "geometry": geometry,
                })  # fmt: skip
                continue
            values = {
                "id_no": taxon.taxon_id, "sci_name": taxon.name, "presence": row.presence, "origin": row.origin,
                "seasonal": row.seasonal, "compiler": "AZE Toolkit", "yrcompiled": row.year, "citation": CITATION,
                "subspecies": row.subspecies or None, "subpop": row.subpop or None, "source": "Invented",
                "island": row.island or None, "tax_comm": None, "dist_comm": None, "generalisd": 0,
                "legend": "Extant (resident)" if row.presence == 1 else "Other", "kingdom": kingdom, "phylum": phylum,
                "class": klass, "order_": order, "family": family(taxon).upper(), "genus": genus,
                "category": (taxon.map_category if taxon.map_category is not None else taxon.category) or None,
                "marine": "false", "terrestial": "true" if taxon.group != "fish" else "false",
                "freshwater": "true" if taxon.group in ("fish", "amphibian") else "false", "geometry": geometry,
            }  # fmt: skip
            files[row.file or "a"].append(values)
    members = {}
    with tempfile.TemporaryDirectory() as scratch:
        driver = ogr.GetDriverByName("ESRI Shapefile")
        for key, name in (("a", "AZEA_TERRESTRIAL_PART1"), ("b", "AZEA_TERRESTRIAL_PART2")):
            rows = files[key]
            if key == "b":
                rows = [
                    {(k if k == "geometry" else TRUNCATED.get(k, k.upper())): v for k, v in row.items()} for row in rows
                ]
            path = Path(scratch) / key
            path.mkdir()
            dataset = driver.CreateDataSource(str(path))
            options = [f"DBF_DATE_LAST_UPDATE={DAY}", "ENCODING=UTF-8"]
            write_layer(dataset, name, ogr.wkbPolygon, rows, options)
            dataset = None
            for part in sorted(path.iterdir()):
                members[part.name] = part.read_bytes()
    write_zip(folder / "ranges.zip", members)
    write_gpkg(folder / "ranges_birds.gpkg", {"all_species": (ogr.wkbMultiPolygon, birds)})


def family(taxon: Taxon) -> str:
    """An invented family, named after the genus."""
    genus = taxon.name.split()[0]
    return genus.rstrip("aeiou") + ("aceae" if taxon.group == "plant" else "idae")


def authority(taxon: Taxon) -> str:
    """An invented author, in the style of the group."""
    year = 1820 + 5 * taxon.number
    return "A.Nemo" if taxon.group == "plant" else f"Nemo, {year}"


def write_redlist(folder: Path) -> None:
    """The tables of an assessment export."""
    assessments, taxonomy, summary, names = [], [], [], []

    def assess(taxon, number, category, criteria, scope):
        kingdom, phylum, klass, order = GROUPS[taxon.group]
        words = taxon.name.split()
        day = f"{taxon.year - 1}-06-30 00:00:00 UTC"
        text = (
            f"<p><em>{taxon.name}</em> is an <strong>invented</strong> taxon; it shows: {taxon.shows}. "
            "Its range, in km&sup2;, is &lt; 5,000.</p>"
        ).replace(" & ", " &amp; ")
        assessments.append([
            number, taxon.taxon_id, taxon.name, WORDS[category], criteria, taxon.year, day,
            "3.1", "English", text, "<p>Montane &amp; lowland forest.</p>", "<p>Invasive rats,<br/>fire.</p>",
            "<p>Not quantified.</p>", taxon.trend, "<p>The Nubila Islands.</p>", "", "Terrestrial", "<p>None.</p>",
            "Oceanian", "1931" if taxon.category == "EW" or taxon.possibly_extinct else "",
            str(taxon.possibly_extinct).lower(), "false", scope,
        ])  # fmt: skip
        infra = "subspecies (animalia)" if taxon.infra else ""
        summary.append([
            number, taxon.taxon_id, taxon.name, kingdom, phylum, order, klass, family(taxon).upper(), words[0],
            words[1], infra, taxon.infra, "", authority(taxon), WORDS[category], criteria, "3.1", taxon.trend, scope,
        ])  # fmt: skip

    for taxon in TAXA:
        if not taxon.assessed:
            continue
        kingdom, phylum, klass, order = GROUPS[taxon.group]
        words = taxon.name.split()
        taxonomy.append([
            taxon.taxon_id, taxon.name, kingdom, phylum, order, klass, family(taxon).upper(), words[0], words[1],
            "subspecies (animalia)" if taxon.infra else "", taxon.infra, "", "", authority(taxon), "",
        ])  # fmt: skip
        names.append([taxon.taxon_id, taxon.name, taxon.common, "English", "true"])
        assess(taxon, 99500000 + taxon.number, taxon.category, taxon.criteria, taxon.scope)
        if taxon.name == "Vulgarella communis":
            assess(taxon, 99600000 + taxon.number, "EN", "B1ab(iii)", "Nubila Islands")
    tables = {
        "assessments.csv": csv_text(
            ["assessmentId", "internalTaxonId", "scientificName", "redlistCategory", "redlistCriteria", "yearPublished",
             "assessmentDate", "criteriaVersion", "language", "rationale", "habitat", "threats", "population",
             "populationTrend", "range", "useTrade", "systems", "conservationActions", "realm", "yearLastSeen",
             "possiblyExtinct", "possiblyExtinctInTheWild", "scopes"], assessments),
        "taxonomy.csv": csv_text(
            ["internalTaxonId", "scientificName", "kingdomName", "phylumName", "orderName", "className", "familyName",
             "genusName", "speciesName", "infraType", "infraName", "infraAuthority", "subpopulationName", "authority",
             "taxonomicNotes"], taxonomy),
        "simple_summary.csv": csv_text(
            ["assessmentId", "internalTaxonId", "scientificName", "kingdomName", "phylumName", "orderName", "className",
             "familyName", "genusName", "speciesName", "infraType", "infraName", "infraAuthority", "authority",
             "redlistCategory", "redlistCriteria", "criteriaVersion", "populationTrend", "scopes"], summary),
        "common_names.csv": csv_text(["internalTaxonId", "scientificName", "name", "language", "main"], names),
    }  # fmt: skip
    write_zip(folder / "redlist.zip", tables)


def write_populations(folder: Path) -> None:
    """Estimates: one that agrees, one that is uncertain, one that is far too low, and cells and localities."""
    header = [
        "scientific_name",
        "taxon_id",
        "scope",
        "site",
        "parameter",
        "segment",
        "min",
        "best",
        "max",
        "year",
        "source",
    ]
    count, note = "mature_individuals", "Invented survey"
    squam = BY_NAME["Squaminella rupestris"].taxon_id
    rows = [
        ["Azea alba", None, "global", None, count, "resident", 840, 850, 860, 2022, note],
        ["Azea alba", None, "site", CLOUDTOP, count, "resident", 825, 835, 840, 2022, note],
        ["Latigena vagans", None, "global", None, count, "all", 10000, 12000, 15000, 2018, note],
        ["Latigena vagans", None, "site", CLOUDTOP, count, "all", 900, 1000, 1200, 2018, note],
        ["Latigena vagans", None, "site", SERRATA, count, "all", 2500, 3000, 3400, 2018, note],
        ["Bisrelata gemina", None, "global", None, count, "all", 45, 50, 60, 2020, note],
        ["Bisrelata gemina", None, "site", SERRATA, count, "all", 40, 45, 50, 2020, note],
        [None, squam, "global", None, count, "all", 400, 500, 600, 2019, note],
        [None, squam, "site", CLOUDTOP, count, "all", 250, 300, 330, 2019, note],
        ["Lacustrina caeca", None, "global", None, "localities", "all", 1, 1, 1, 2023, note],
        ["Lacustrina caeca", None, "site", SERRATA, "localities", "all", 1, 1, 1, 2023, note],
        ["Procellora nidulans", None, "global", None, count, "breeding", 60, 64, 70, 2021, note],
        ["Procellora nidulans", None, "site", CLOUDTOP, count, "breeding", 60, 64, 70, 2021, note],
    ]
    (folder / "populations.csv").write_text(csv_text(header, rows), encoding="utf-8")


def random_points(rng, shape, n) -> list:
    """Points inside a shape."""
    low_x, low_y, high_x, high_y = shape.bounds
    out = []
    while len(out) < n:
        x, y = rng.uniform(low_x, high_x), rng.uniform(low_y, high_y)
        if shape.contains(Point(x, y)):
            out.append((x, y))
    return out


def write_occurrences(folder: Path, candidates: dict) -> int:
    """Records: present ones follow the ranges, some are absent, without place, vague, or of nobody."""
    rng = np.random.default_rng(77)
    header = ["occurrenceID", "basisOfRecord", "scientificName", "decimalLatitude", "decimalLongitude",
              "coordinateUncertaintyInMeters", "eventDate", "year", "individualCount", "occurrenceStatus",
              "countryCode", "datasetName", "license"]  # fmt: skip
    rows = []

    def record(name, lon, lat, uncertainty=30, year=None, basis="HUMAN_OBSERVATION", status="PRESENT", count=None):
        year = year or int(rng.integers(2005, 2025))
        day = f"{year}-{int(rng.integers(1, 13)):02d}-{int(rng.integers(1, 29)):02d}"
        taxon = BY_NAME.get(name)
        full = f"{name} {authority(taxon)}" if taxon else name
        rows.append([
            f"sample:{len(rows) + 1:04d}", basis, full, None if lat is None else f"{lat:.5f}",
            None if lon is None else f"{lon:.5f}", uncertainty, day, year,
            count if count is not None else int(rng.integers(1, 9)), status, "XA", "Invented records", "CC0_1_0",
        ])  # fmt: skip

    def present(name, shape, n, **values):
        for x, y in random_points(rng, shape, n):
            lon, lat = inverse(np.array([[x, y]]))[0]
            lon = (lon + 180) % 360 - 180
            record(name, float(lon), float(lat), values.get("uncertainty", int(rng.choice([10, 30, 100, 250]))),
                   **{k: v for k, v in values.items() if k != "uncertainty"})  # fmt: skip

    ridge = candidates[CLOUDTOP]
    alba = BY_NAME["Azea alba"].rows[0].shape
    present("Azea alba", alba.intersection(ridge), 58)
    for piece in polygons(alba)[1:]:
        present("Azea alba", piece, 1)
    for name, n in (("Nubilana celsa", 30), ("Limnothea minuta", 22), ("Lacustrina caeca", 12),
                    ("Liminella bifida", 18),
                    ("Geminula sylvatica", 10), ("Parvula rupicola", 8), ("Desertula sola", 10), ("Obscurana dubia", 3),
                    ("Vulnerella pontica", 12)):  # fmt: skip
        present(name, shapely.make_valid(BY_NAME[name].rows[0].shape).buffer(-60), n)
    present("Latigena vagans", BY_NAME["Latigena vagans"].rows[0].shape, 34)
    present("Vulgarella communis", BY_NAME["Vulgarella communis"].rows[0].shape, 30)
    squam = BY_NAME["Squaminella rupestris"].rows
    present("Squaminella rupestris", squam[0].shape, 9)
    present("Squaminella rupestris", squam[1].shape, 6)
    old = {"basis": "PRESERVED_SPECIMEN", "uncertainty": 2000}
    present("Crateralla vacua", BY_NAME["Crateralla vacua"].rows[0].shape, 3, year=1908, **old)
    present("Cinerana perdita", BY_NAME["Cinerana perdita"].rows[0].shape, 4, year=1931, **old)
    # Searched for and not found: these are no occurrences, and two of them lie outside the sole area.
    outside = Polygon(blob(-12, -5, 2, 2, seed=400))
    present("Nubilana celsa", outside, 4, status="ABSENT", count=0)
    present("Limnothea minuta", outside, 3, status="absent", count=0)
    present("Cinerana perdita", candidates[EMBER], 3, status="ABSENT", count=0, year=2023)
    # Without a place, or with none on Earth.
    for name in ("Azea alba", "Nubilana celsa", "Limnothea minuta"):
        record(name, None, None, None)
    record("Azea alba", -178.58, None)
    record("Azea alba", -26.58, -178.58)
    # Vague, zero by default, and of a name the ranges do not have.
    present("Limnothea minuta", ridge.buffer(-1000), 2, uncertainty=50000)
    record("Vulgarella communis", 0.0, 0.0, None)
    record("Nullius species", -178.6, -26.6)
    (folder / "occurrences.csv").write_text(csv_text(header, rows), encoding="utf-8")
    return len(rows)


def write_statements(folder: Path) -> None:
    """What a nominator would write; two candidates are left without, so that the gap shows."""
    seen = "Recorded by standardised transects in {} (invented survey)."
    document = {
        "schema": "aze-statements/1",
        "candidates": {
            CLOUDTOP: {
                "delineation_rationale": "The boundary follows the lower edge of the cloud forest along the "
                "ridge, where it meets scrub and fields; the whole is one catchment and can be managed as one unit.",
                "species": {
                    "Azea alba": {"evidence_of_presence": seen.format(2024)},
                    "Nubilana celsa": {"evidence_of_presence": seen.format(2023)},
                    "Limnothea minuta": {"evidence_of_presence": seen.format(2024)},
                    "Procellora nidulans": {"evidence_of_presence": "Burrows counted in 2021 (invented survey)."},
                },
            },
            SERRATA: {
                "delineation_rationale": "The existing boundary is moved out to the foot of the escarpment, which is "
                "where the highland forest ends.",
                "species": {
                    "Lacustrina caeca": {"evidence_of_presence": seen.format(2023)},
                    "Fractella torta": {"evidence_of_presence": seen.format(2022)},
                    "Partitella divisa": {"evidence_of_presence": seen.format(2022)},
                    "Expulsina vera": {"evidence_of_presence": seen.format(2021)},
                },
            },
            EMBER: {"delineation_rationale": "The rim of the crater closes the site on all sides.", "species": {}},
            PLUMB: {
                "delineation_rationale": "The plateau's edge, and in the east the meridian at which the estate ends.",
                "species": {},
            },
        },
    }
    text = json.dumps(document, indent=1, ensure_ascii=False) + "\n"
    (folder / "statements.json").write_text(text, encoding="utf-8")


CLASSES = [
    (1, "Cloud forest", 27, 94, 72),
    (2, "Lowland forest", 88, 148, 84),
    (3, "Scrub and grassland", 190, 190, 110),
    (4, "Fields and settlements", 226, 184, 134),
    (5, "Rock and lava", 138, 130, 128),
    (6, "Open water", 190, 216, 232),
]


def write_raster(path, array, west, north, cell, kind, options, nodata=None, colours=None) -> None:
    """A GeoTIFF in degrees."""
    path.unlink(missing_ok=True)
    options = ["COMPRESS=DEFLATE", "ZLEVEL=9", *options]
    dataset = gdal.GetDriverByName("GTiff").Create(str(path), array.shape[1], array.shape[0], 1, kind, options)
    dataset.SetProjection(wgs84().ExportToWkt())
    dataset.SetGeoTransform((west, cell, 0, north, 0, -cell))
    band = dataset.GetRasterBand(1)
    if nodata is not None:
        band.SetNoDataValue(nodata)
    if colours:
        table = gdal.ColorTable()
        for value, _name, red, green, blue in colours:
            table.SetColorEntry(value, (red, green, blue, 255))
        band.SetRasterColorTable(table)
    band.WriteArray(array)
    band = dataset = None


def cell_centres(west, north, cell, rows, cols):
    """Metres of the centres of a grid in degrees."""
    lon = west + (np.arange(cols) + 0.5) * cell
    lat = north - (np.arange(rows) + 0.5) * cell
    x, _ = forward(lon, np.zeros(cols))
    _, y = forward(np.zeros(rows), lat)
    return np.meshgrid(x, y)


def write_landcover(folder: Path, land: Land) -> None:
    """Classes by height and noise. The raster ends at 180°, as such products do."""
    west, north, cell, rows, cols = -180.0, -26.13, 0.0025, 384, 1016
    x, y = cell_centres(west, north, cell, rows, cols)
    h = land.sample(x, y)
    n = land.sample(x, y, "noise")
    out = np.full(h.shape, 6, np.uint8)
    on_land = shapely.contains_xy(shapely.union_all(list(land.islands.values())), x, y)
    h2 = h + 0.05 * n
    out[on_land] = 2
    out[on_land & (h2 < 0.28) & (n > -0.2)] = 4
    out[on_land & (h2 < 0.34) & (n < -0.7)] = 3
    out[on_land & (h2 >= 0.28) & (h2 < 0.6) & (n > 0.9)] = 3
    out[on_land & (h2 > 0.88)] = 1
    ex, ey = at(58.5, -29.5)
    out[on_land & (np.hypot(x - ex, y - ey) < 2500 * (1 + 0.15 * n))] = 5
    out[on_land & (h < 0.035) & (n > 0.4)] = 5
    write_raster(folder / "landcover.tif", out, west, north, cell, gdal.GDT_Byte, [], 0, CLASSES)
    (folder / "landcover_classes.csv").write_text(csv_text(["value", "class", "red", "green", "blue"], CLASSES))


def write_habitat(folder: Path, land: Land, candidates: dict) -> None:
    """Area of habitat of two taxa: 96.5 % of the one and all of the other inside Cloudtop Ridge."""
    (folder / "habitat").mkdir(exist_ok=True)
    ridge = candidates[CLOUDTOP]
    for name, cell, rows, cols, west, north, share in (
        ("Azea alba", 0.005, 52, 92, -178.84, -26.47, 0.965),
        ("Limnothea minuta", 0.0025, 24, 32, -178.60, -26.555, None),
    ):
        x, y = cell_centres(west, north, cell, rows, cols)
        lon_edges = forward(west + np.arange(cols + 1) * cell, np.zeros(cols + 1))[0]
        lat_edges = forward(np.zeros(rows + 1), north - np.arange(rows + 1) * cell)[1]
        cells = shapely.box(lon_edges[None, :-1], lat_edges[1:, None], lon_edges[None, 1:], lat_edges[:-1, None])
        shape = BY_NAME[name].rows[0].shape
        value = shapely.area(shapely.intersection(cells, shape)) / shapely.area(cells)
        value *= np.clip(0.8 + 0.1 * land.sample(x, y, "noise"), 0.3, 1)
        inside = shapely.area(shapely.intersection(cells, ridge)) / shapely.area(cells)
        if share is None:
            value[inside < 1] = 0
        else:
            size = shapely.area(cells)
            within = float((inside * value * size).sum())
            cut = float((((1 - inside) * value * size)[inside > 0]).sum())
            free = float(((value * size)[inside == 0]).sum())
            factor = (within * (1 - share) / share - cut) / free
            must(factor > 0, "habitat cannot reach its share")
            value[inside == 0] *= factor
            must(value.max() <= 1, "habitat over 1")
        path = folder / "habitat" / f"{name.replace(' ', '_')}.tif"
        write_raster(path, value.astype(np.float32), west, north, cell, gdal.GDT_Float32, ["PREDICTOR=3"])


README = """# The sample

An archipelago in mid-ocean that does not exist, with taxa, sites and protected areas that do not exist either. Names,
countries (XAZ, XLM), numbers and people are invented; likeness to real ones is chance. CC0-1.0: use it for anything.
`scripts/make_sample.py` makes all of it, this page included.

| file | what it is |
|---|---|
| `ranges.zip` | range maps, two shapefiles in two dialects of field names |
| `ranges_birds.gpkg` | range maps of birds, without categories |
| `redlist.zip` | assessments, taxonomy and summary tables |
| `occurrences.csv` | Darwin Core records, some of them absent, vague or without a place |
| `populations.csv` | estimates, global and at sites |
| `habitat/` | area of habitat of two taxa |
| `candidates.gpkg` | candidates to check |
| `statements.json` | what a nominator wrote about four of them |
| `sites.gpkg`, `site_triggers.csv` | existing sites and their trigger species |
| `protected_areas.gpkg` | protected areas and an OECM, as polygons and points |
| `landcover.tif`, `landcover_classes.csv` | land cover west to 180°, and its legend |
| `islands.gpkg` | the islands, as a base map |

Areas for shares are those of EPSG:6933; presence 1 and 2, origin 1, 2 and 6 count.

## Candidates

| name | what it shows |
|---|---|
"""
PLACES = {
    CLOUDTOP: "eligible: four trigger species; 33 % protected and 5 % more an OECM; 1.2 % in an existing site",
    WINDWARD: "not eligible: VU and less only",
    EMBER: "needs evidence: Extinct in the Wild and possibly extinct taxa only",
    DATE: "crosses 180°; criteria 1 and 2 are met, the rationale is missing",
    PLUMB: "95.0 % and 94.9 %: A1e is met, AZE is not",
    SERRATA: "eligible: a larger boundary for an existing site",
    SWELL: "at sea, where nothing is",
}


def write_readme(folder: Path, candidates: dict) -> None:
    """What each candidate and each taxon shows."""
    lines = [f"| {name} | {PLACES[name]} |" for name in candidates]
    lines += ["", "## Taxa", "", "| id | name | group | map | table | what it shows | where, and best share |"]
    lines.append("|---|---|---|---|---|---|---|")
    for taxon in TAXA:
        mapped = "-" if taxon.is_bird else (taxon.category if taxon.map_category is None else taxon.map_category) or "-"
        table = taxon.category if taxon.assessed else "-"
        table += "" if taxon.scope == "Global" else " (regional)"
        where = []
        for name, boundary in candidates.items():
            found = [(v, k) for k, v in shares(taxon, boundary).items() if v > 0]
            if found:
                share, segment = max(found)
                where.append(f"{name} {100 * share:.1f} %" + ("" if segment in ("all", "resident") else f" {segment}"))
        cells = [taxon.taxon_id, f"*{taxon.name}*", taxon.group, mapped, table, taxon.shows, "; ".join(where) or "-"]
        lines.append("| " + " | ".join(str(c) for c in cells) + " |")
    (folder / "README.md").write_text(README + "\n".join(lines) + "\n", encoding="utf-8")


def main() -> int:
    """Make everything in a scratch folder, then put it in place."""
    gdal.SetConfigOption("OGR_CURRENT_DATE", f"{DAY}T00:00:00.000Z")
    land = make_land()
    candidates = make_candidates(land)
    make_ranges(land, candidates)
    sites = make_sites(land, candidates)
    polygon_rows, point_rows = make_protected(land, candidates, sites)
    for row in (*sites, *polygon_rows):
        row["geometry"] = degrees(row["shape"])
    for row in point_rows:
        row["geometry"] = shapely.transform(row["shape"], inverse)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        write_ranges(folder)
        write_redlist(folder)
        write_gpkg(folder / "sites.gpkg", {"sites": (ogr.wkbMultiPolygon, sites)})
        triggers = csv_text(["SitRecID", "scientific_name"], TRIGGERS)
        (folder / "site_triggers.csv").write_text(triggers, encoding="utf-8")
        layers = {"polygons": (ogr.wkbMultiPolygon, polygon_rows), "points": (ogr.wkbMultiPoint, point_rows)}
        write_gpkg(folder / "protected_areas.gpkg", layers)
        rows = [{"name": name, "geometry": degrees(shape)} for name, shape in candidates.items()]
        write_gpkg(folder / "candidates.gpkg", {"candidates": (ogr.wkbMultiPolygon, rows)})
        rows = [
            {"name": name, "area_km2": round(shape.area / 1e6, 1), "geometry": degrees(shape)}
            for name, shape in land.islands.items()
        ]
        write_gpkg(folder / "islands.gpkg", {"islands": (ogr.wkbMultiPolygon, rows)})
        write_landcover(folder, land)
        write_habitat(folder, land, candidates)
        write_populations(folder)
        records = write_occurrences(folder, candidates)
        write_statements(folder)
        write_readme(folder, candidates)
        TARGET.mkdir(parents=True, exist_ok=True)
        (TARGET / "habitat").mkdir(exist_ok=True)
        for path in sorted(p for p in folder.rglob("*") if p.is_file()):
            shutil.copyfile(path, TARGET / path.relative_to(folder))
    print(f"{'taxon':26} {'id':9} {'cat':3} {'candidate':20} shares")
    for taxon in TAXA:
        for name, boundary in candidates.items():
            found = {k: v for k, v in shares(taxon, boundary).items() if v > 0}
            if found:
                text = ", ".join(f"{k} {v:.9f}" for k, v in found.items())
                print(f"{taxon.name:26} {taxon.taxon_id} {taxon.category or '-':3} {name:20} {text}")
    size = sum(p.stat().st_size for p in TARGET.rglob("*") if p.is_file())
    print(f"{len(TAXA)} taxa, {len(candidates)} candidates, {records} records, {size / 1e6:.2f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
