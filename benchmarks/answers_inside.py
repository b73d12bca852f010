"""Times of what a person waits for in the window, in a process of its own; prints them as JSON, in milliseconds."""

from __future__ import annotations

import json
import math
import os
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from qgis.core import QgsApplication, QgsGeometry

SITES, CORNERS = 16_000, 100_000


def best_of(work, times: int = 5) -> float:
    """Milliseconds of the quickest of some runs: what the machine does meanwhile only adds to the others."""
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return 1000 * min(taken)


def filtering() -> float:
    """The slowest keystroke in the filter of the list of sites."""
    from aze_plugin.domain.sites import SiteRow
    from aze_plugin.gui.models.sites import SitesModel

    people = ("Phiri", "Müller", "Ñandú", "Ōkami")
    rows = [
        SiteRow(
            layer="layer",
            fid=n,
            site_id=str(n),
            name=f"Mont {people[n % 4]} {n}",
            country=f"Country {n % 200}",
            iso3="",
            area_ha=float(n),
            is_circle=False,
            aze="none",
        )
        for n in range(SITES)
    ]
    model = SitesModel()
    model.set_rows(rows, [row.words() for row in rows])
    return max(best_of(lambda w=wanted: model.set_wanted(w)) for wanted in ("m", "mont", "country 7", "mont 12", "zzz"))


def ring() -> QgsGeometry:
    corners = [(math.cos(2 * math.pi * n / CORNERS), math.sin(2 * math.pi * n / CORNERS)) for n in range(CORNERS)]
    text = ",".join(f"{x} {y}" for x, y in [*corners, corners[0]])
    return QgsGeometry.fromWkt(f"Polygon(({text}))")


def noting(shape: QgsGeometry) -> float:
    """Writing a note of an unsaved boundary."""
    from aze_plugin.services.journal import Journal, Unsaved

    with tempfile.TemporaryDirectory() as folder:
        journal = Journal(os.path.join(folder, "c.gpkg"))
        wkb = bytes(shape.asWkb())
        return best_of(lambda: journal.note([Unsaved("a", "A", wkb)]))


def reading(shape: QgsGeometry) -> float:
    """Reading a boundary from text, with all that is looked at."""
    from aze_plugin.services.boundary_files import read_boundaries
    from aze_plugin.services.boundary_sources import Text

    text = "SRID=4326;" + shape.asWkt()
    return best_of(lambda: read_boundaries(Text(text)), 2)


def main() -> None:
    application = QgsApplication([], True)
    application.initQgis()
    shape = ring()
    print(json.dumps({"filter": filtering(), "note": noting(shape), "read": reading(shape)}))
    application.exitQgis()


if __name__ == "__main__":
    main()
