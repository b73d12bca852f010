"""Protected-area cover of many sites against geopandas on the same files, and how much memory it takes.

The peer reads both files, projects them, drops what does not count, overlays and dissolves by site, which gives one
figure a site. Ours gives that, the PAs apart, each area's share, three classifications, and the series by year where
that is said. Every turn of either is a process of its own; they take turns, and the median counts. Figures have to
agree, or the benchmark stops. Reading is included on both sides, starting Python and QGIS on neither.

Areas that all lie over one another at one site are measured twice, the second time twice as many, and held to GEOS's
own union; so are areas beside one another, the second time four times as many.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import shapely

from aze_plugin.domain import geometry
from aze_plugin.domain.coverage import OECM, PA, CoverRules, ProtectedArea, Site
from aze_plugin.domain.coverrun import CoverageRun
from aze_plugin.domain.progress import Progress

from . import protected
from .table import Row

ROOT = Path(__file__).resolve().parents[1]
_ROUNDS = 3
_SITES, _AREAS, _VERTICES = 850, 20_000, 10_000_000
_LARGE = (16_000, 300_000, 60_000_000)
_MEGABYTES, _LARGE_MEGABYTES, _LARGE_SECONDS = 1500, 4000, 600
_AGREE_PCT = 0.005
_CROWD, _CROWD_TIMES = 1500, 3
_OVER = 20_000, 15_000, 6500
_BESIDE, _BESIDE_TIMES = 16_000, 6

# Not getrusage(), whose peak a new process takes over from the one that started it.
_PEAK = r"""
import json, re, sys, time, warnings
from pathlib import Path
warnings.simplefilter("ignore")
def told(seconds, figures):
    peak = int(re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text()).group(1)) / 1024
    print(json.dumps([seconds, peak, figures]))
"""
_OURS = (
    _PEAK
    + r"""
sys.path.insert(0, sys.argv[1])
from qgis.core import QgsApplication, QgsCoordinateTransformContext, QgsVectorLayer
application = QgsApplication([], False)
application.initQgis()
from aze_plugin.domain.progress import Progress
from aze_plugin.services import bulk, protection
from aze_plugin.services.collector import collector_at_rest
context = QgsCoordinateTransformContext()
start = time.perf_counter()
with collector_at_rest():
    layers = [QgsVectorLayer(path, "layer", "ogr") for path in sys.argv[2:4]]
    snapshot = bulk.Snapshot(layers[1])
    if sys.argv[4] == "features":
        snapshot._package = None
    rules = protection.default_rules().with_choices(years=sys.argv[4] == "years")
    sites = protection.read_sites(layers[0], context, Progress())
    result = protection.measure_cover(sites, [snapshot], rules, context)
seconds = time.perf_counter() - start
told(seconds, {c.site.site_id: c.both_pct for c in result.covers if c.both_pct is not None})
"""
)
_PEER = (
    _PEAK
    + r"""
import geopandas
start = time.perf_counter()
sites = geopandas.read_file(sys.argv[2]).to_crs(6933)
areas = geopandas.read_file(sys.argv[3])
counts = areas.STATUS.isin(["Designated", "Inscribed", "Established", "Adopted"])
areas = areas[counts & (areas.DESIG_ENG != "UNESCO-MAB Biosphere Reserve")].to_crs(6933)
covered = geopandas.overlay(sites, areas, keep_geom_type=True).dissolve("SitRecID").area
pct = 100 * (covered / sites.set_index("SitRecID").area).fillna(0)
seconds = time.perf_counter() - start
told(seconds, {str(n): value for n, value in pct.items()})
"""
)


def run() -> list[Row]:
    """Rows for time and memory, and for the world's sites and areas."""
    files = protected.files(_SITES, _AREAS, _VERTICES)
    ours, years, features, peer = [], [], [], []
    for _ in range(_ROUNDS):
        ours.append(_measured(_OURS, files, "bulk"))
        peer.append(_measured(_PEER, files, ""))
        years.append(_measured(_OURS, files, "years"))
        features.append(_measured(_OURS, files, "features"))
        _agreed(ours[-1][2], peer[-1][2])
        _agreed(features[-1][2], ours[-1][2])
    base = statistics.median(seconds for seconds, _, _ in peer)
    rows = []
    for name, turns, target in (
        ("overlay and dissolve by geopandas", ours, 10),
        ("the same, with series by year of 1,000 draws", years, 5),
        ("the same, read feature by feature", features, 5),
    ):
        mine = statistics.median(seconds for seconds, _, _ in turns)
        quantity = f"cover of {_SITES} sites by {_AREAS:,} areas, {name}"
        rows.append(Row(quantity, f"{mine:.2f} s", f"{base:.2f} s", base / mine, target, at_most=False))
    peak = max(megabytes for _, megabytes, _ in ours + years + features)
    rows.append(Row("cover, memory", f"{peak:.0f} MB", f"{_MEGABYTES} MB", peak / _MEGABYTES, 1))
    seconds, peak, _ = _measured(_OURS, protected.files(*_LARGE), "years")
    rows.append(
        Row(
            f"cover of {_LARGE[0]:,} sites by {_LARGE[1]:,} areas by year",
            f"{seconds:.0f} s",
            f"{_LARGE_SECONDS} s",
            seconds / _LARGE_SECONDS,
            1,
        )
    )
    limit = f"{_LARGE_MEGABYTES} MB"
    rows.append(Row("the same, memory", f"{peak:.0f} MB", limit, peak / _LARGE_MEGABYTES, 1))
    half, whole = _one_site(_CROWD // 2, *_OVER), _one_site(_CROWD, *_OVER)
    quantity = f"cover of one site by {_CROWD:,} areas over one another, and by half as many"
    rows.append(Row(quantity, f"{whole:.2f} s", f"{half:.2f} s", whole / half, _CROWD_TIMES))
    fourth, whole = (_one_site(count, 400_000, 260_000, 2.6e5 / count**0.5) for count in (_BESIDE // 4, _BESIDE))
    quantity = f"cover of one site by {_BESIDE:,} areas beside one another, and by a fourth as many"
    rows.append(Row(quantity, f"{whole:.2f} s", f"{fourth:.2f} s", whole / fourth, _BESIDE_TIMES))
    return rows


def _rules() -> CoverRules:
    return CoverRules.from_dict(json.loads((ROOT / "resources" / "criteria" / "coverage.json").read_text()))


def _one_site(count: int, site_m: float, spread_m: float, radius_m: float) -> float:
    """Seconds of the processor for a site of that radius under so many areas of about that radius, strewn so wide."""
    rng = np.random.default_rng(protected.SEED)
    east, north = 3_000_000.0, -1_500_000.0
    outline = protected._blob(rng, (east, north), site_m, 400)
    middles = rng.normal((east, north), spread_m, (count, 2))
    radii = radius_m * rng.uniform(0.6, 1.4, count)
    shapes = [protected._blob(rng, middle, radius, 100) for middle, radius in zip(middles, radii)]
    areas = [
        ProtectedArea(n, str(n), f"Area {n}", kind=(OECM, PA)[n % 6 > 0], iucn_category=("Ia", "II", "IV")[n % 3])
        for n in range(count)
    ]
    lonlat = geometry.to_lonlat(np.array(shapes, dtype=object))
    start = time.process_time()
    with CoverageRun([Site(1, "1", "Site", "AAA", outline, 1.0)], _rules()) as run:
        run.add(areas, lonlat, Progress())
        (cover,) = run.results(Progress())
    seconds = time.process_time() - start
    expected = 100 * shapely.union_all(shapes).intersection(outline).area / outline.area
    if abs(cover.both_pct - expected) > _AGREE_PCT:
        raise SystemExit(f"{count} areas at one site cover {expected} %, not {cover.both_pct} %.")
    return seconds


def _agreed(ours: dict[str, float], peer: dict[str, float]) -> None:
    apart = [n for n, pct in peer.items() if abs(ours[n] - pct) > _AGREE_PCT]
    if apart or set(ours) != set(peer):
        raise SystemExit(f"{len(apart)} sites are measured otherwise, such as {apart[:5]}.")


def _measured(code: str, files, way: str) -> tuple[float, float, dict[str, float]]:
    root = str(protected.BENCH.parent.parent)
    command = [sys.executable, "-c", code, root, *map(str, files), way]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=True)
    seconds, megabytes, figures = json.loads(done.stdout.strip().splitlines()[-1])
    return seconds, megabytes, figures
