"""The whole way on the bundled sample, by the command line that users have: import, check, cover, suggest, report,
package, verify. What does not need one another runs side by side.

Leaves everything in ``build/demo`` and prints a short summary. Ends with an error as soon as a step does.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SAMPLE = ROOT / "build" / "aze_plugin" / "resources" / "sample"
SCHEMA = ROOT / "build" / "aze_plugin" / "resources" / "schemas" / "nomination.schema.json"
OUT = ROOT / "build" / "demo"
# Of a new site, and of an update of the site with this number.
NOMINATED, UPDATED_SITE = ("Cloudtop Ridge", "Serrata Highlands"), "98001"
TAXON = "Azea alba"


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


def boundary(name: str) -> str:
    """One candidate alone, as a nomination has one boundary."""
    target = OUT / f"{stem(name)}.gpkg"
    subprocess.run(
        ["ogr2ogr", "-q", "-where", f"name = '{name}'", str(target), str(SAMPLE / "candidates.gpkg")], check=True
    )
    return str(target)


def stem(name: str) -> str:
    """A name as part of a file's name."""
    return name.lower().replace(" ", "_")


def footprint() -> str:
    """A quarry that somebody might plan at the edge of an existing site."""
    west, south, east, north = -178.18, -26.77, -178.13, -26.74
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    target = OUT / "project.geojson"
    feature = {"type": "Feature", "properties": {}, "geometry": {"type": "Polygon", "coordinates": [ring]}}
    target.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    return str(target)


def percent(share) -> str:
    """A share for the table on the terminal."""
    return f"{share:.1f} %"


def main() -> None:
    """Run all steps."""
    shutil.rmtree(OUT, ignore_errors=True)
    OUT.mkdir(parents=True)
    library, assessment, coverage = OUT / "library.gpkg", OUT / "assessment.json", OUT / "coverage.json"
    protected = [layer("protected_areas", "polygons"), layer("protected_areas", "points")]
    sites, islands = layer("sites", "sites"), layer("islands", "islands")
    landcover, triggers = str(SAMPLE / "landcover.tif"), str(SAMPLE / "site_triggers.csv")
    evidence = {"LIBRARY": str(library), "PROTECTED": protected}
    land = {"LANDCOVER": landcover, "EDGES": [islands]}

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
    steps = {
        "check": lambda: run(
            "checkboundary",
            **evidence,
            **land,
            BOUNDARY=layer("candidates", "candidates"),
            SITES=sites,
            STATEMENTS=str(SAMPLE / "statements.json"),
            OUTPUT=str(assessment),
            SPECIES=str(OUT / "species.csv"),
            CANDIDATE_LIST=str(OUT / "candidate_list.csv"),
        ),
        "cover": lambda: run(
            "protectioncoverage",
            SITES=layer("candidates", "candidates"),
            PROTECTED=protected,
            OUTPUT=str(OUT / "coverage.gpkg"),
            GAPS=str(OUT / "gaps.gpkg"),
            SUMMARY=str(coverage),
        ),
        "suggest": lambda: run(
            "suggestboundary",
            **evidence,
            TAXON=TAXON,
            UNITS=[layer("protected_areas", "polygons")],
            SITES=sites,
            OUTPUT=str(OUT / "suggestions.gpkg"),
            REPORT=str(OUT / "suggestions.json"),
        ),
        "country": lambda: run(
            "countryreport",
            **evidence,
            SITES=sites,
            TRIGGERS=triggers,
            OUTPUT=str(OUT / "country.html"),
            PDF=str(OUT / "country.pdf"),
            CSV=str(OUT / "country.csv"),
        ),
        "sheet": lambda: run(
            "sitefactsheet",
            **evidence,
            SITES=sites,
            SITE_ID=UPDATED_SITE,
            TRIGGERS=triggers,
            RASTERS=[landcover],
            OUTPUT=str(OUT / "factsheet.html"),
            PDF=str(OUT / "factsheet.pdf"),
        ),
        "screen": lambda: run(
            "screenproject",
            PROJECT=footprint(),
            SITES=sites,
            LIBRARY=str(library),
            TRIGGERS=triggers,
            OUTPUT=str(OUT / "screening.gpkg"),
            REPORT=str(OUT / "screening.html"),
        ),
        "context": lambda: run(
            "sitecontext", SITES=sites, RASTERS=[landcover], POLYGONS=[islands], OUTPUT=str(OUT / "context.gpkg")
        ),
        **{name: lambda name=name: package(name, {**evidence, **land, "SITES": sites}) for name in NOMINATED},
        "panel": screenshot,
    }
    with ThreadPoolExecutor(min(len(steps), os.cpu_count() or 1)) as pool:
        running = {key: pool.submit(step) for key, step in steps.items()}
        try:
            results = {key: future.result() for key, future in running.items()}
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    summarise(imported, results, json.loads(assessment.read_text()), json.loads(coverage.read_text()))


def package(name: str, given: dict) -> dict:
    """Pack a nomination, verify it, and take the report out."""
    details = OUT / f"{stem(name)}.json"
    examples = json.loads(SCHEMA.read_text(encoding="utf-8"))["examples"]
    wanted = next(example for example in examples if example["site"]["international_name"] == name)
    details.write_text(json.dumps(wanted, indent=2))
    target, verification = OUT / f"{stem(name)}.zip", OUT / f"{stem(name)}_verification.json"
    packed = run("packagenomination", **given, BOUNDARY=boundary(name), DETAILS=str(details), OUTPUT=str(target))
    verified = run("verifypackage", PACKAGE=str(target), LIBRARY=given["LIBRARY"], OUTPUT=str(verification))
    if not verified["VALID"]:
        sys.exit(f"The package of {name} is not valid:\n{verification.read_text(encoding='utf-8')}")
    with zipfile.ZipFile(target) as archive:
        for member in map(Path, archive.namelist()):
            if member.name in ("report.pdf", "map.png"):
                (OUT / f"{stem(name)}_{member.name}").write_bytes(archive.read(str(member)))
    return packed


def screenshot() -> None:
    """The panel with the sample, in QGIS."""
    print("  the panel in QGIS …", flush=True)
    screen = {k: v for k, v in os.environ.items() if k != "QT_QPA_PLATFORM"}
    subprocess.run(
        ["xvfb-run", "-a", "-s", "-screen 0 1600x1000x24", sys.executable, str(ROOT / "scripts" / "screenshot.py")]
        + [str(OUT / "panel.png")],
        env=screen,
        check=True,
        timeout=300,
    )


def summarise(imported: dict, results: dict, assessment: dict, coverage: dict) -> None:
    """What came out, on the terminal."""
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
    print(f"\n{int(results['check']['ELIGIBLE'])} of {int(results['check']['CANDIDATES'])} candidates are eligible.")
    suggested, screened = results["suggest"], results["screen"]
    reachable = percent(100 * suggested["REACHABLE"])
    print(f"Boundaries suggested for {TAXON}: {int(suggested['PROPOSALS'])}; {reachable} can be reached.")
    print(f"A project overlaps sites: {int(screened['TOUCHED'])}; further sites near it: {int(screened['NEAR'])}.")
    for name in NOMINATED:
        print(
            f"Package: {shown_path(results[name]['OUTPUT'])}, verified as valid, sha256 {results[name]['SHA256'][:16]}…"
        )
    for title, key, outputs in (
        ("Country report", "country", ("OUTPUT", "PDF", "CSV")),
        ("Fact sheet", "sheet", ("OUTPUT", "PDF")),
        ("Screening of a project", "screen", ("OUTPUT", "REPORT")),
        ("Surroundings of the sites", "context", ("OUTPUT",)),
    ):
        print(f"{title}: {', '.join(shown_path(results[key][output]) for output in outputs)}")
    print(f"Everything is in {OUT.relative_to(ROOT)}/")


def shown_path(path: str) -> str:
    """A file of the demo's folder by its short name."""
    return str(Path(path).relative_to(ROOT))


if __name__ == "__main__":
    main()
