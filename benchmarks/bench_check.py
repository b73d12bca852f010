"""The check of one candidate against ``native:intersection`` and geopandas on the same layers.

A reserve meets a few of the 5,000 ranges; a boundary as large as a province meets dozens. Everything runs in this
process, one after the other; each figure is the median of several turns. Shares have to agree with geopandas, or the
benchmark stops.
"""

from __future__ import annotations

import statistics
import sys
import time
from pathlib import Path

import geopandas
import numpy as np
from qgis.core import QgsApplication, QgsFeature, QgsGeometry, QgsVectorLayer

from aze_plugin.domain import geometry
from aze_plugin.domain.candidate import Candidate
from aze_plugin.services import checking

from . import ranges
from .table import Row

_TURNS = 5


def run() -> list[Row]:
    """Rows for both peers, and for the library four times as large."""
    application = QgsApplication([], False)
    application.initQgis()
    intersect = _native_intersection()
    source, library, larger = str(ranges.source()), str(ranges.library()), str(ranges.library(4))
    reserve = ranges.candidate()
    ours, native, pandas, count = _compare(reserve, source, library, intersect)
    alone, _ = _median(lambda: _check(_candidate(reserve), library))
    large, _ = _median(lambda: _check(_candidate(reserve), larger))
    wide, wide_native, _, wide_count = _compare(ranges.candidate(radius=2.0, vertices=400), source, library, intersect)

    def faster(quantity: str, mine: float, peer: float, target: float) -> Row:
        return Row(quantity, f"{1000 * mine:.1f} ms", f"{1000 * peer:.0f} ms", peer / mine, target, at_most=False)

    return [
        faster(f"check of a reserve ({count} taxa), native:intersection", ours, native, 100),
        faster("the same, geopandas: read, project, intersect", ours, pandas, 10),
        Row(
            "the same, with four times the ranges",
            f"{1000 * large:.1f} ms",
            f"{1000 * alone:.1f} ms",
            large / alone,
            1.3,
        ),
        faster(f"check of a province ({wide_count} taxa), native:intersection", wide, wide_native, 10),
    ]


def _compare(outline, source: str, library: str, intersect) -> tuple[float, float, float, int]:
    """Seconds of the check, of native:intersection and of geopandas, and the number of taxa, on which all agree."""
    candidate = _candidate(outline)
    ours, found = _median(lambda: _check(candidate, library))
    native, crossed = _median(lambda: intersect(outline, source))
    pandas, shares = _median(lambda: _geopandas(outline, source), turns=2)
    if not len(found) == crossed == len(shares):
        raise RuntimeError(f"The peers disagree: {len(found)}, {crossed} and {len(shares)} taxa.")
    for name, share in found.items():
        if abs(share - shares[name]) > 1e-9:
            raise RuntimeError(f"The share of {name} is {share} here and {shares[name]} by geopandas.")
    return ours, native, pandas, len(found)


def _candidate(outline) -> Candidate:
    shape = geometry.prepare(np.array([outline], dtype=object)).geometries[0]
    return Candidate("Bench", shape, geometry.area(shape) / 1e4)


def _median(work, turns: int = _TURNS):
    work()
    seconds = []
    for _ in range(turns):
        start = time.perf_counter()
        result = work()
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds), result


def _check(candidate: Candidate, library: str) -> dict[str, float]:
    document = checking.check_candidates([candidate], checking.Background(library, checking.default_settings()))
    return {s["scientific_name"]: s["shares"][0]["best"] for s in document["assessments"][0]["species"]}


def _native_intersection():
    """A function that intersects an outline with a layer as the toolbox does it, and counts the features."""
    sys.path.append(str(Path(QgsApplication.pkgDataPath()) / "python" / "plugins"))
    import processing
    from processing.core.Processing import Processing

    Processing.initialize()

    def intersect(outline, source: str) -> int:
        layer = QgsVectorLayer("Polygon?crs=EPSG:4326", "candidate", "memory")
        feature = QgsFeature()
        feature.setGeometry(QgsGeometry.fromWkt(outline.wkt))
        layer.dataProvider().addFeature(feature)
        done = processing.run("native:intersection", {"INPUT": source, "OVERLAY": layer, "OUTPUT": "memory:"})
        return done["OUTPUT"].featureCount()

    return intersect


def _geopandas(outline, source: str) -> dict[str, float]:
    taxa = geopandas.read_file(source).to_crs("EPSG:6933")
    boundary = geopandas.GeoSeries([outline], crs="EPSG:4326").to_crs("EPSG:6933").iloc[0]
    near = taxa.iloc[taxa.sindex.query(boundary, predicate="intersects")]
    return dict(zip(near["sci_name"], near.intersection(boundary).area / near.area))
