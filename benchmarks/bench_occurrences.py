"""Import of a million records against ``ogr2ogr`` (points, spatial index) and pandas, and the questions to them.

Each runs in a process of its own, in turns, and the median counts. The peers do less: ogr2ogr copies the rows, pandas
parses them; neither reads names, rejects rows, projects or counts.
"""

from __future__ import annotations

import re
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from . import ranges
from .table import Row

RECORDS = 1_000_000
TAXA = 5_000
SEED = 7
_ROUNDS = 3
_SECONDS = 60
_MEGABYTES = 1000
_NEAR_SECONDS = 1.0

# Seconds of the work alone, without starting Python, and the peak of memory of the whole process in MB. Not
# getrusage(), whose peak a new process takes over from the one that started it.
_PEAK = r"""
def peak():
    import re
    from pathlib import Path
    return int(re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text()).group(1)) / 1024
"""
_IMPORT = """
import sys, time
sys.path.insert(0, sys.argv[1])
from aze_plugin.library.importer import Request, import_species
start = time.perf_counter()
report = import_species(Request(sys.argv[2], occurrences=(sys.argv[3],)))
seconds = time.perf_counter() - start
print(seconds, peak(), report.rows_imported, report.rows_rejected)
"""
_COPY = """
import subprocess, sys, time
start = time.perf_counter()
subprocess.run(
    ["ogr2ogr", "-f", "GPKG", sys.argv[2], sys.argv[3], "-a_srs", "EPSG:4326", "-oo", "SEPARATOR=TAB",
     "-oo", "X_POSSIBLE_NAMES=decimalLongitude", "-oo", "Y_POSSIBLE_NAMES=decimalLatitude"],
    check=True, stderr=subprocess.DEVNULL,
)
print(time.perf_counter() - start, 0, 0, 0)
"""
_PANDAS = """
import sys, time
import pandas
start = time.perf_counter()
table = pandas.read_csv(sys.argv[3], sep="\\t")
print(time.perf_counter() - start, peak(), len(table), 0)
"""
_NEAR = """
import sys, time
sys.path.insert(0, sys.argv[1])
from aze_plugin.domain import geometry
from aze_plugin.library.store import Reader, occurrences
from aze_plugin.library.taxa import default_settings
import numpy as np
west, south, east, north = map(float, sys.argv[3].split(","))
box = geometry.project(np.array([[west, south], [east, north]])).ravel().tolist()
reader, rules, turns = Reader(sys.argv[2]), default_settings().records, []
for _ in range(5):
    start = time.perf_counter()
    found = occurrences.near(reader, [box], rules)
    occurrences.totals(reader, list(found), rules)
    turns.append(time.perf_counter() - start)
print(sorted(turns)[2], peak(), sum(len(r.years) for r in found.values()), len(found))
"""

# West, south, east and north of a country where records are dense.
_BOX = (10.0, -5.0, 25.0, 9.0)


def source() -> Path:
    """Path of the records: seeded, invented, written once as a download of GBIF's has them."""
    path = ranges.BENCH / "occurrences.tsv"
    if not path.exists():
        ranges.BENCH.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_suffix(".part")
        _write(unfinished)
        unfinished.rename(path)
    return path


def run() -> list[Row]:
    """Rows for time, memory and the questions."""
    records = source()
    imported, copied, parsed, memory = [], [], [], []
    with tempfile.TemporaryDirectory(dir=ranges.BENCH) as folder:
        for n in range(_ROUNDS):
            library = Path(folder) / f"library{n}.gpkg"
            copied.append(_measure(_COPY, Path(folder) / f"copy{n}.gpkg", records)[0])
            parsed.append(_measure(_PANDAS, library, records)[0])
            seconds, megabytes, kept, left_out = _measure(_IMPORT, library, records)
            if kept + left_out != RECORDS or not 0.9 * RECORDS < kept < RECORDS:
                raise RuntimeError(f"{kept:.0f} records were imported and {left_out:.0f} rejected, of {RECORDS}.")
            imported.append(seconds)
            memory.append(megabytes)
        near, _, count, taxa = _measure(_NEAR, library, ",".join(map(str, _BOX)))
    ours, copy, pandas = map(statistics.median, (imported, copied, parsed))
    shown = f"{ours:.1f} s"
    return [
        Row("import of 1,000,000 records", shown, f"{_SECONDS} s", ours / _SECONDS, 1),
        Row("the same, against ogr2ogr with spatial index", shown, f"{copy:.1f} s", ours / copy, 3),
        Row("the same, against pandas.read_csv alone", shown, f"{pandas:.1f} s", ours / pandas, 12),
        Row("the same, memory", f"{max(memory):.0f} MB", f"{_MEGABYTES} MB", max(memory) / _MEGABYTES, 1),
        Row(
            f"{count:,.0f} records of {taxa:,.0f} taxa near a boundary",
            f"{near:.2f} s",
            f"{_NEAR_SECONDS:.0f} s",
            near / _NEAR_SECONDS,
            1,
        ),
    ]


def _measure(code: str, target: Path, given: Path | str) -> list[float]:
    root = str(Path(__file__).resolve().parent.parent)
    done = subprocess.run(
        [sys.executable, "-c", _PEAK + code, root, str(target), str(given)],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return [float(value) for value in re.split(r"\s+", done.stdout.strip())]


def _write(path: Path) -> None:
    rng = np.random.default_rng(SEED)
    names = np.array([f"Synthetica {_epithet(i)}" for i in range(TAXA)], dtype=object)
    authors = np.array([f"{name} (Nemo, {1758 + i % 250})" for i, name in enumerate(names)], dtype=object)
    # Few taxa have most of the records, each round a centre of its own; every seventh lies near the equator.
    taxon = np.minimum((rng.pareto(0.8, RECORDS) * 20).astype(int), TAXA - 1)
    centres = np.column_stack((rng.uniform(-170, 170, TAXA), rng.uniform(-55, 65, TAXA)))
    centres[::7] = np.column_stack((rng.uniform(8, 27, len(centres[::7])), rng.uniform(-8, 12, len(centres[::7]))))
    lonlat = np.clip(centres[taxon] + rng.normal(0, 1.5, (RECORDS, 2)), [-179.9, -89.0], [179.9, 89.0])
    years = rng.integers(1850, 2025, RECORDS)
    uncertainty = rng.choice(np.array(["", "10", "100", "1000", "30000"], dtype=object), RECORDS)
    basis = rng.choice(
        np.array(["HUMAN_OBSERVATION", "PRESERVED_SPECIMEN", "FOSSIL_SPECIMEN"], dtype=object),
        RECORDS,
        p=[0.7, 0.29, 0.01],
    )
    absent, lost = rng.random(RECORDS) < 0.02, rng.random(RECORDS) < 0.03
    with open(path, "w", encoding="utf-8") as file:
        file.write(
            "gbifID\tdatasetKey\toccurrenceID\tkingdom\tphylum\tclass\torder\tfamily\tgenus\tspecies\ttaxonRank\t"
            "scientificName\tcountryCode\tlocality\tindividualCount\toccurrenceStatus\tdecimalLatitude\t"
            "decimalLongitude\tcoordinateUncertaintyInMeters\teventDate\tday\tmonth\tyear\ttaxonKey\tbasisOfRecord\t"
            "institutionCode\tlicense\trecordedBy\tissue\n"
        )
        for i in range(RECORDS):
            t = taxon[i]
            lon, lat = ("", "") if lost[i] else (f"{lonlat[i, 0]:.5f}", f"{lonlat[i, 1]:.5f}")
            status = "ABSENT" if absent[i] else "PRESENT"
            file.write(
                f"{10**9 + i}\t50c9509d-22c7-4a22-a47d-8c48425ef4a7\tinvented:{i}\tAnimalia\tChordata\tAves\t"
                f"Passeriformes\tSyntheticidae\tSynthetica\t{names[t]}\tSPECIES\t{authors[t]}\tXA\tby river {i % 977}\t"
                f"1\t{status}\t{lat}\t{lon}\t{uncertainty[i]}\t{years[i]}-06-15T00:00:00\t15\t6\t{years[i]}\t"
                f"{2_000_000 + t}\t{basis[i]}\tXYZ\tCC0_1_0\tNemo\tGEODETIC_DATUM_ASSUMED_WGS84\n"
            )


def _epithet(number: int) -> str:
    letters = []
    for _ in range(4):
        number, index = divmod(number, 10)
        letters.append(("ra", "mo", "ti", "lu", "ke", "sa", "no", "vi", "da", "pe")[index])
    return "".join(letters) + "us"
