"""Synthetic sites and protected areas of the size of the world's: seeded, invented, written once to ``build/bench``.

Areas lie in clusters, as they do round mountains and coasts, so that they overlap one another and most meet a site;
few of them hold most of the vertices. One in fifty has a ring that crosses itself, one in six is an OECM, and one in
twelve has a status that does not count.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pyogrio
import shapely

from .ranges import BENCH

SEED = 14_051
_YEARS = (1930, 2024)
_STATUSES = ("Designated",) * 8 + ("Inscribed", "Established", "Proposed", "Not Reported")
_CATEGORIES = ("Ia", "Ib", "II", "III", "IV", "V", "VI", "Not Reported", "Not Applicable")
_GOVERNANCE = ("Federal or national ministry or agency", "Local communities", "Individual landowners", "Not Reported")
_COUNTRIES = tuple(f"X{a}{b}" for a in "ABCDEFGH" for b in "ABCDE")
_PART = 20_000


def files(sites: int, areas: int, vertices: int) -> tuple[Path, Path]:
    """Paths of the sites and of the protected areas, two GeoPackages in EPSG:4326, the areas with WDPA fields."""
    name = f"{sites}_{areas}_{vertices // 1_000_000}m"
    targets = BENCH / f"sites_{name}.gpkg", BENCH / f"protected_{name}.gpkg"
    if not all(path.exists() for path in targets):
        BENCH.mkdir(parents=True, exist_ok=True)
        rng = np.random.default_rng(SEED)
        centres = np.column_stack(
            (rng.uniform(-120, 120, sites), np.degrees(np.arcsin(rng.uniform(-0.75, 0.75, sites))))
        )
        _once(targets[0], lambda path: _write_sites(path, rng, centres))
        _once(targets[1], lambda path: _write_areas(path, rng, centres, areas, vertices))
    return targets


def _once(path: Path, write) -> None:
    unfinished = path.with_suffix(".part.gpkg")
    unfinished.unlink(missing_ok=True)
    write(unfinished)
    unfinished.rename(path)


def _write_sites(path: Path, rng, centres: np.ndarray) -> None:
    count = len(centres)
    radii = np.clip(0.12 * rng.lognormal(0.0, 0.7, count), 0.02, 1.0)
    shapes = [_blob(rng, centres[i], radii[i], int(rng.integers(60, 900))) for i in range(count)]
    pyogrio.raw.write(
        str(path),
        shapely.to_wkb(np.array(shapes, dtype=object)),
        [
            np.arange(1, count + 1),
            np.array([f"Site {i}" for i in range(1, count + 1)], dtype=object),
            np.array([_country(*c) for c in centres], dtype=object),
        ],
        ["SitRecID", "IntName", "ISO3"],
        layer="sites",
        driver="GPKG",
        geometry_type="Polygon",
        crs="EPSG:4326",
    )


def _write_areas(path: Path, rng, sites: np.ndarray, count: int, vertices: int) -> None:
    for start in range(0, count, _PART):
        number = min(_PART, count - start)
        weight = rng.lognormal(0.0, 1.3, number)
        sizes = np.maximum(10, weight / weight.sum() * vertices * number / count).astype(int)
        radii = np.clip(0.07 * rng.lognormal(0.0, 0.9, number), 0.005, 3.0)
        near = sites[rng.integers(0, len(sites), number)]
        centres = near + rng.normal(0.0, 0.25, (number, 2))
        shapes = [_area(rng, centres[i], radii[i], sizes[i]) for i in range(number)]
        numbers = np.arange(start + 1, start + number + 1)
        year = rng.integers(*_YEARS, number)
        year[rng.random(number) < 0.1] = 0
        text = {
            "NAME": [f"Area {i}" for i in numbers],
            "PA_DEF": np.where(rng.random(number) < 1 / 6, "0", "1"),
            "DESIG_ENG": rng.choice(
                ["National Park", "Nature Reserve", "UNESCO-MAB Biosphere Reserve"], number, p=[0.5, 0.45, 0.05]
            ),
            "DESIG_TYPE": rng.choice(["National", "Regional", "International"], number, p=[0.8, 0.1, 0.1]),
            "IUCN_CAT": rng.choice(_CATEGORIES, number),
            "GOV_TYPE": rng.choice(_GOVERNANCE, number),
            "STATUS": rng.choice(_STATUSES, number),
            "ISO3": [_country(*c) for c in near],
        }
        pyogrio.raw.write(
            str(path),
            shapely.to_wkb(np.array(shapes, dtype=object)),
            [numbers.astype(float), year, np.zeros(number), *(np.array(v, dtype=object) for v in text.values())],
            ["WDPAID", "STATUS_YR", "REP_AREA", *text],
            layer="polygons",
            driver="GPKG",
            geometry_type="MultiPolygon",
            promote_to_multi=True,
            crs="EPSG:4326",
            append=start > 0,
        )


def _country(lon: float, lat: float) -> str:
    return _COUNTRIES[int((lon + 180) // 45 + 8 * ((lat + 90) // 36)) % len(_COUNTRIES)]


def _area(rng, centre, radius: float, vertices: int) -> shapely.Geometry:
    shape = _blob(rng, centre, radius, vertices)
    draw = rng.random()
    if draw < 0.02:
        # Both of its wings are passed round once, so that every way of mending gives the same.
        (x, y), r = centre, radius
        return shapely.Polygon([(x - r, y - r), (x + r, y + r), (x + r, y - r), (x - r, y + r)])
    if draw < 0.12:
        x, y = centre
        return shapely.MultiPolygon([shape, _blob(rng, (x + 3 * radius, y), radius / 2, max(8, vertices // 6))])
    return shape


def _blob(rng, centre, radius: float, vertices: int) -> shapely.Polygon:
    """A star-shaped polygon with a ragged edge; valid by construction."""
    angle = np.arange(vertices) * (2 * math.pi / vertices)
    distance = np.ones(vertices)
    for octave in range(1, 12):
        waves = 2**octave
        if waves * 4 > vertices:
            break
        distance += 0.6 / waves**0.8 * np.sin(waves * angle + rng.uniform(0, 2 * math.pi))
    distance = radius * np.clip(distance, 0.25, None)
    return shapely.Polygon(
        np.column_stack((centre[0] + distance * np.cos(angle), centre[1] + distance * np.sin(angle)))
    )
