#!/usr/bin/env bash
# Makes .venv of the Python that the system's QGIS is built for, and installs the pinned needs into it. NumPy is held
# at the system's version, because GDAL's and QGIS's compiled bindings are built against that one.
set -euo pipefail
cd "$(dirname "$0")/.."

system_python=/usr/bin/python3
constraints=$(mktemp)
trap 'rm -f "$constraints"' EXIT
"$system_python" -c 'import numpy; print("numpy==" + numpy.__version__)' >"$constraints"

if ! .venv/bin/python -c 'import qgis.core' 2>/dev/null; then
    rm -rf .venv
    "$system_python" -m venv --system-site-packages .venv
fi
.venv/bin/python -m pip install --quiet --disable-pip-version-check -c "$constraints" -r requirements/dev.txt
.venv/bin/python -c 'import shapely, qgis.core; from osgeo import gdal_array'
