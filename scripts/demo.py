"""The whole way on the bundled sample, by the command line that users have: import, check, cover, package, verify.

Leaves everything in ``build/demo`` and prints a short summary. Ends with an error as soon as a step does.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SAMPLE = ROOT / "build" / "aze_plugin" / "resources" / "sample"
SCHEMA = ROOT / "build" / "aze_plugin" / "resources" / "schemas" / "nomination.schema.json"
OUT = ROOT / "build" / "demo"
MAIN_CANDIDATE = "Cloudtop Ridge"


def run(algorithm: str, **parameters) -> dict:
    """Run one algorithm by qgis_process and return its outputs."""
    command = ["qgis_process", "--json", "run", f"aze:{algorithm}", "-"]
    print(f"  aze:{algorithm} …", flush=True)
    done = subprocess.run(
        command, input=json.dumps({"inputs": parameters}), capture_output=True, text=True, timeout=600, check=False
    )
    if done.returncode:
        sys.exit(f"aze:{algorithm} failed:\n{done.stdout}\n{done.stderr}")
    return json.loads(done.stdout[done.stdout.index("{") :])["results"]


def layer(name: str, table: str) -> str:
    """A layer of one of the sample's GeoPackages, as QGIS writes its source."""
    return f"{SAMPLE / name}.gpkg|layername={table}"


def main_boundary() -> str:
    """The main candidate alone, as a nomination has one boundary."""
    target = OUT / "boundary.gpkg"
    subprocess.run(
        ["ogr2ogr", "-q", "-where", f"name = '{MAIN_CANDIDATE}'", str(target), str(SAMPLE / "candidates.gpkg")],
        check=True,
    )
    return str(target)


def percent(share) -> str:
    """A share for the table on the terminal."""
    return f"{share:.1f} %"


def main() -> None:
    """Run all steps."""
    shutil.rmtree(OUT, ignore_errors=True)
    OUT.mkdir(parents=True)
    library, assessment, coverage = OUT / "library.gpkg", OUT / "assessment.json", OUT / "coverage.json"
    package = OUT / "cloudtop_ridge.zip"
    protected = [layer("protected_areas", "polygons"), layer("protected_areas", "points")]

    imported = run(
        "importspecies",
        LIBRARY=str(library),
        RANGES=[str(SAMPLE / "ranges.zip"), str(SAMPLE / "ranges_birds.gpkg")],
        ASSESSMENTS=str(SAMPLE / "redlist.zip"),
        OCCURRENCES=[str(SAMPLE / "occurrences.csv")],
        POPULATIONS=str(SAMPLE / "populations.csv"),
        HABITATS=str(SAMPLE / "habitat"),
        VERSION="sample-1",
        CITATION="AZE Toolkit sample, invented",
        REPORT=str(OUT / "import.json"),
    )
    checked = run(
        "checkboundary",
        BOUNDARY=layer("candidates", "candidates"),
        LIBRARY=str(library),
        SITES=layer("sites", "sites"),
        PROTECTED=protected,
        LANDCOVER=str(SAMPLE / "landcover.tif"),
        EDGES=[layer("islands", "islands")],
        STATEMENTS=str(SAMPLE / "statements.json"),
        OUTPUT=str(assessment),
        SPECIES=str(OUT / "species.csv"),
        CANDIDATE_LIST=str(OUT / "candidate_list.csv"),
    )
    run(
        "protectioncoverage",
        SITES=layer("candidates", "candidates"),
        PROTECTED=protected,
        OUTPUT=str(OUT / "coverage.gpkg"),
        GAPS=str(OUT / "gaps.gpkg"),
        SUMMARY=str(coverage),
    )
    details = OUT / "details.json"
    details.write_text(json.dumps(json.loads(SCHEMA.read_text(encoding="utf-8"))["examples"][0], indent=2))
    packaged = run(
        "packagenomination",
        BOUNDARY=main_boundary(),
        LIBRARY=str(library),
        DETAILS=str(details),
        SITES=layer("sites", "sites"),
        PROTECTED=protected,
        LANDCOVER=str(SAMPLE / "landcover.tif"),
        EDGES=[layer("islands", "islands")],
        OUTPUT=str(package),
    )
    verified = run("verifypackage", PACKAGE=str(package), LIBRARY=str(library), OUTPUT=str(OUT / "verification.json"))
    if not verified["VALID"]:
        sys.exit(f"The package is not valid:\n{(OUT / 'verification.json').read_text(encoding='utf-8')}")
    with zipfile.ZipFile(package) as archive:
        for member in archive.namelist():
            if member.endswith(("report.pdf", "map.png")):
                (OUT / Path(member).name).write_bytes(archive.read(member))
    print("  the panel in QGIS …", flush=True)
    screen = {k: v for k, v in os.environ.items() if k != "QT_QPA_PLATFORM"}
    subprocess.run(
        ["xvfb-run", "-a", "-s", "-screen 0 1600x1000x24", sys.executable, str(ROOT / "scripts" / "screenshot.py")]
        + [str(OUT / "panel.png")],
        env=screen,
        check=True,
        timeout=300,
    )
    summarise(imported, checked, json.loads(assessment.read_text()), json.loads(coverage.read_text()), packaged)


def summarise(imported: dict, checked: dict, assessment: dict, coverage: dict, packaged: dict) -> None:
    """The table on the terminal."""
    cover = {site["name"]: site for site in coverage["sites"]}
    taxa, rows, rejected = (int(imported[k]) for k in ("TAXA", "ROWS_IMPORTED", "ROWS_REJECTED"))
    print(f"\nLibrary: {taxa} taxa from {rows} rows ({rejected} rejected)\n")
    print(f"{'candidate':<22}{'verdict':<17}{'A1e':<16}{'area':>12}{'protected':>12}  trigger species")
    for entry in assessment["assessments"]:
        triggers = ", ".join(s["scientific_name"] for s in entry["species"] if s["trigger"]) or "-"
        protected = cover[entry["name"]]["both_pct"]
        shown = "-" if protected is None else percent(protected)
        verdict, a1e = entry["verdict"].replace("_", " "), entry["a1e"].replace("_", " ")
        print(f"{entry['name']:<22}{verdict:<17}{a1e:<16}{entry['area_ha']:>9,.0f} ha{shown:>12}  {triggers}")
    print(f"\n{int(checked['ELIGIBLE'])} of {int(checked['CANDIDATES'])} candidates are eligible.")
    print(
        f"Package: {Path(packaged['OUTPUT']).relative_to(ROOT)}, verified as valid, sha256 {packaged['SHA256'][:16]}…"
    )
    print(f"Everything is in {OUT.relative_to(ROOT)}/")


if __name__ == "__main__":
    main()
