"""Import of 5,000 ranges against a plain ``ogr2ogr`` copy of the same file, and how much memory it takes.

Both run in processes of their own, in turns, and the median of each counts: other work on the machine then weighs on
both alike.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from . import ranges
from .table import Row

_ROUNDS = 5
_MEGABYTES = 1000

# Seconds of the work alone, without starting Python, and the peak of memory of the whole process in MB.
_IMPORT = r"""
import re, sys, time
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from aze_plugin.library.importer import Request, import_species
start = time.perf_counter()
import_species(Request(sys.argv[2], (sys.argv[3],)))
seconds = time.perf_counter() - start
# Not getrusage(), whose peak a new process takes over from the one that started it.
print(seconds, int(re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text()).group(1)) / 1024)
"""
_COPY = """
import subprocess, sys, time
start = time.perf_counter()
subprocess.run(["ogr2ogr", "-f", "GPKG", sys.argv[2], sys.argv[3]], check=True)
print(time.perf_counter() - start, 0)
"""


def run() -> list[Row]:
    """Rows for time and memory."""
    source = ranges.source()
    imported, copied, memory = [], [], []
    with tempfile.TemporaryDirectory(dir=ranges.BENCH) as folder:
        for n in range(_ROUNDS):
            copied.append(_measure(_COPY, Path(folder) / f"copy{n}.gpkg", source)[0])
            seconds, megabytes = _measure(_IMPORT, Path(folder) / f"library{n}.gpkg", source)
            imported.append(seconds)
            memory.append(megabytes)
    ours, peer = statistics.median(imported), statistics.median(copied)
    return [
        Row("import of 5,000 ranges, against ogr2ogr copy", f"{ours:.2f} s", f"{peer:.2f} s", ours / peer, 3),
        Row(
            "import of 5,000 ranges, memory",
            f"{max(memory):.0f} MB",
            f"{_MEGABYTES} MB",
            max(memory) / _MEGABYTES,
            1,
        ),
    ]


def _measure(code: str, target: Path, source: Path) -> tuple[float, float]:
    root = str(Path(__file__).resolve().parent.parent)
    done = subprocess.run(
        [sys.executable, "-c", code, root, str(target), str(source)], stdout=subprocess.PIPE, text=True, check=True
    )
    target.unlink(missing_ok=True)
    seconds, megabytes = done.stdout.split()
    return float(seconds), float(megabytes)
