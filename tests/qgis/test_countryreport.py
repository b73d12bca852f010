"""``aze:countryreport``: its figures are those of ``aze:protectioncoverage``, its words say what is not known."""

import csv
import io
import json
import re
import subprocess
import time
import warnings
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
import shapely
from qgis.core import (
    QgsApplication,
    QgsProcessingAlgRunnerTask,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeedback,
    QgsProject,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QCoreApplication

from aze_plugin.domain.progress import Progress
from aze_plugin.services import country_map, countryreport, protection
from aze_plugin.services.layers import LayerSnapshot

with warnings.catch_warnings():
    # In a virtual environment the system's pyproj does not find its data by itself, and says so.
    warnings.simplefilter("ignore")
    import geopandas

NAMES = ("Cloudtop Ridge", "ጣና ሐይቅ ደሴቶች", "محمية الغابة الكبيرة", "ป่าดงดิบเขาใหญ่", "=SUM(A1)<b>&</b>", "Far bank")


def box(x, y, half):
    return shapely.box(x - half, y - half, x + half, y + half)


@pytest.fixture
def world(tmp_path):
    """Two countries side by side along 21° east, six sites and five areas: paths by name."""
    circle = geopandas.GeoSeries([shapely.Point(20.2, -8.5)], crs="EPSG:4326").to_crs(32734)
    circle = circle.buffer(1000, resolution=32).to_crs("EPSG:4326")[0]
    shapes = [
        box(20.2, -7, 0.1),
        box(20.6, -7, 0.1),
        # Across the border, named for the western country alone.
        box(21.0, -7.5, 0.1),
        circle,
        box(20.4, -8, 0.1),
        box(21.6, -7, 0.1),
    ]
    sites = geopandas.GeoDataFrame(
        {
            "SitRecID": [1, 2, 3, 4, 5, 6],
            "IntName": NAMES,
            "ISO3": ["AAA", "AAA", "AAA", "AAA", "AAA", "BBB"],
            "Country": ["Aland", "Aland", "Aland", "Aland", "Aland", "Beland"],
            "AzeStatus": ["confirmed", "confirmed", "confirmed", "confirmed", "", "confirmed"],
            "geometry": shapes,
        },
        crs="EPSG:4326",
    )
    areas = geopandas.GeoDataFrame(
        {
            "SITE_ID": [10, 11, 12, 13, 14],
            "NAME_ENG": ["Whole", "Half", "Other half", "Proposed", "West"],
            "SITE_TYPE": ["PA", "PA", "OECM", "PA", "PA"],
            "DESIG_ENG": "Park",
            "STATUS": ["Designated", "Designated", "Designated", "Proposed", "Designated"],
            "STATUS_YR": [1980, 2000, 2010, 2020, 1990],
            "ISO3": "AAA",
            "geometry": [
                box(20.2, -7, 0.2),
                shapely.box(20.5, -7.1, 20.6, -6.9),
                shapely.box(20.6, -7.1, 20.65, -6.9),
                box(20.4, -8, 0.2),
                shapely.box(20.8, -7.7, 21.0, -7.3),
            ],
        },
        crs="EPSG:4326",
    )
    countries = geopandas.GeoDataFrame(
        {
            "ISO_A3": ["AAA", "BBB"],
            "NAME": ["Aland", "Beland"],
            "geometry": [shapely.box(19, -10, 21, -5), shapely.box(21, -10, 23, -5)],
        },
        crs="EPSG:4326",
    )
    paths = {}
    for name, frame in (("sites", sites), ("areas", areas), ("countries", countries)):
        paths[name] = str(tmp_path / f"{name}.gpkg")
        frame.to_file(paths[name])
    paths["triggers"] = str(tmp_path / "triggers.csv")
    Path(paths["triggers"]).write_text(
        "SitRecID,scientific_name,category\n1,Azea alba,EN\n2,Azea alba,EN\n2,Parvula nigra,CR\n3,Fractella torta,CR\n"
        "4,Squaminella rupestris,EN\n5,Limnothea minuta,CR\n99,Nowhere alba,EN\n",
        encoding="utf-8",
    )
    return paths


@pytest.fixture
def report(run, world, tmp_path):
    """``report("name", COUNTRY=…)``: the summary; the files are ``<name>.html`` and so on."""

    def runner(name="report", **parameters):
        defaults = {
            "SITES": world["sites"],
            "PROTECTED": [world["areas"]],
            "OUTPUT": str(tmp_path / f"{name}.html"),
            "CSV": str(tmp_path / f"{name}.csv"),
            "SUMMARY": str(tmp_path / f"{name}.json"),
            "DRAWS": 50,
        }
        run("countryreport", **{**defaults, **parameters})
        return json.loads((tmp_path / f"{name}.json").read_text(encoding="utf-8"))

    return runner


class Reader(HTMLParser):
    """Text, headings and tables of a page."""

    def __init__(self, path):
        super().__init__()
        self.headings, self.rows, self.text, self._tags, self.sources = [], [], "", [], []
        self.feed(Path(path).read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attrs):
        self._tags.append(tag)
        if tag in ("h1", "h2", "h3"):
            self.headings.append("")
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th") and self.rows:
            self.rows[-1].append("")
        self.sources += [value for name, value in attrs if name in ("src", "href", "srcset")]

    def handle_endtag(self, tag):
        while self._tags and self._tags.pop() != tag:
            pass

    def handle_data(self, data):
        self.text += data
        if {"h1", "h2", "h3"} & set(self._tags):
            self.headings[-1] += data
        if {"td", "th"} & set(self._tags):
            self.rows[-1][-1] += data

    def row(self, first):
        return next(row for row in self.rows if row and row[0] == first)


def test_figures_are_those_of_the_cover_and_of_the_geometry(run, report, world, tmp_path):
    found = report(COUNTRY="AAA", COUNTRIES=world["countries"], TRIGGERS=world["triggers"], DRAWS=50)
    summary = tmp_path / "cover.json"
    run("protectioncoverage", SITES=world["sites"], PROTECTED=[world["areas"]], COUNTRIES=world["countries"],
        YEARS=True, DRAWS=50, OUTPUT="memory:", SUMMARY=str(summary))  # fmt: skip
    cover = json.loads(summary.read_text(encoding="utf-8"))
    block = next(b for b in cover["countries"] if b["iso3"] == "AAA")
    assert {key: found["global"][key] for key in block} == block
    assert [c["iso3"] for c in found["countries"]] == ["AAA"]
    # By hand: fully, three quarters, fully (its western half), not assessed, not at all.
    percentages = {row["site_id"]: row["both_pct"] for row in found["sites"]}
    assert percentages == {"1": pytest.approx(100), "2": pytest.approx(75, abs=0.01), "3": pytest.approx(100, abs=0.01),
                           "4": None, "5": 0}  # fmt: skip
    assert found["global"]["mean_pct"] == pytest.approx((100 + 75 + 100 + 0) / 4, abs=0.01)
    flat = geopandas.read_file(world["sites"]).to_crs(6933).geometry.area
    sizes = np.array([flat[0], flat[1], flat[2] / 2, flat[4]])
    assert found["global"]["area_weighted_pct"] == pytest.approx(
        (sizes * [100, 75, 100, 0]).sum() / sizes.sum(), abs=0.01
    )
    assert found["global"]["area_weighted_oecm_pct"] == pytest.approx(25 * sizes[1] / sizes.sum(), abs=0.01)
    assert found["global"]["mean_low_pct"] <= found["global"]["mean_pct"] <= found["global"]["mean_high_pct"]
    across = next(row for row in found["sites"] if row["site_id"] == "3")
    assert across["part"] is True and across["iso3"] == "AAA"
    assert across["area_ha"] == pytest.approx(flat[2] / 2 / 1e4, rel=0.001)


def test_the_other_country_has_its_part_although_no_code_names_it(report, world):
    found = report(COUNTRY="bbb", COUNTRIES=world["countries"])
    assert {row["site_id"]: row["both_pct"] for row in found["sites"]} == {"3": pytest.approx(0, abs=0.01), "6": 0}
    by_code = report(COUNTRY="BBB")
    assert [row["site_id"] for row in by_code["sites"]] == ["6"]


def test_species_are_counted_by_the_cover_of_their_sites_and_unknown_ones_said(report, world, tmp_path):
    found = report(COUNTRY="AAA", COUNTRIES=world["countries"], TRIGGERS=world["triggers"])
    assert {row["scientific_name"]: (row["category"], row["cover_class"]) for row in found["species"]} == {
        "Limnothea minuta": ("CR", "none"),
        "Fractella torta": ("CR", "complete"),
        "Parvula nigra": ("CR", "partial"),
        "Azea alba": ("EN", "partial"),
        "Squaminella rupestris": ("EN", "not_assessed"),
    }
    page = Reader(tmp_path / "report.html")
    assert page.row("Critically Endangered (CR)") == ["Critically Endangered (CR)", "1", "1", "1", "0", "3"]
    assert page.row("Limnothea minuta")[2] == NAMES[4]
    assert "One id in the table of trigger species is that of no site in the layer: 99." in page.text
    report("without", COUNTRY="AAA")
    without = Reader(tmp_path / "without.html")
    assert "No trigger species is known of these sites" in without.text
    assert "Of 5 sites the trigger species are not known" in without.text
    assert json.loads((tmp_path / "without.json").read_text())["sites"][0]["species"] is None


def test_the_page_shows_names_as_they_are_and_needs_nothing_else(report, world, tmp_path):
    report(COUNTRY="AAA", TITLE="Sites of <Aland>", SOURCES="First citation\nSecond <citation>", DATE="2026-11-21")
    html = (tmp_path / "report.html").read_text(encoding="utf-8")
    page = Reader(tmp_path / "report.html")
    assert page.headings[0] == "Sites of <Aland>"
    for name in NAMES[:5]:
        assert any(row and row[0] == name for row in page.rows), name
    assert "<b>&</b>" not in html and "21 November 2026" in page.text and "Second <citation>" in page.text
    assert all(source.startswith(("data:image/png;base64,", "#")) for source in page.sources)
    assert "could not be assessed" in page.text and "circle of 1 km radius" in page.text
    assert page.row(NAMES[3])[7] == "not assessed"
    for target in ("Target 1", "Target 2", "Target 3", "Target 4"):
        assert target in page.text
    # No code without its sentence.
    assert not re.search(r"\b(report|coverage)\.[a-z_]+", page.text)


def test_the_map_of_a_country_shows_gaps_of_its_own_part_of_a_site(provider, world):
    def opened(name):
        layer = QgsVectorLayer(world[name], name, "ogr")
        assert layer.isValid()
        return layer

    transform = QgsProject.instance().transformContext()
    countries = protection.read_countries(opened("countries"), transform, Progress())
    for country, low, high in (("AAA", 20.9, 21.0), ("BBB", 21.0, 21.1)):
        gathered = countryreport.gather(
            countryreport.Inputs(
                sites=opened("sites"),
                protected=[LayerSnapshot(opened("areas"))],
                rules=protection.default_rules(),
                country=country,
                countries=countries,
            ),
            transform,
            Progress(),
        )
        groups = {group.kind: group.shapes for group in country_map.map_content(gathered).groups}
        across = [shapely.from_wkb(wkb) for name, wkb in groups["gap"] if name == NAMES[2]]
        # In the west the site is covered whole.
        assert len(across) == (country == "BBB")
        for shape in across:
            assert shape.bounds == pytest.approx((low, -7.6, high, -7.4), abs=1e-6)


def test_what_is_no_confirmed_site_is_said_or_left_out(report, tmp_path):
    assert len(report(COUNTRY="AAA")["sites"]) == 5
    assert "is not marked as a confirmed AZE site" in Reader(tmp_path / "report.html").text
    only = report("only", COUNTRY="AAA", AZE_ONLY=True)
    assert {row["site_id"] for row in only["sites"]} == {"1", "2", "3", "4"}
    assert "one other is left out" in Reader(tmp_path / "only.html").text


def test_what_is_no_confirmed_site_is_counted_by_the_borders_that_count(report, world, tmp_path):
    sites = geopandas.read_file(world["sites"])
    # Its code is another country's than the one it lies in.
    sites.loc[sites.SitRecID == 5, "ISO3"] = "BBB"
    sites.to_file(tmp_path / "coded.gpkg")
    for country, only, said in (
        ("AAA", False, "One of the 5 sites is not marked"),
        ("AAA", True, "one other is left out"),
        ("BBB", False, None),
        ("BBB", True, None),
    ):
        report(SITES=str(tmp_path / "coded.gpkg"), COUNTRY=country, COUNTRIES=world["countries"], AZE_ONLY=only)
        told = Reader(tmp_path / "report.html").text
        assert said in told if said else "confirmed AZE site" not in told


def test_a_country_without_sites_has_a_report_that_says_so(report, tmp_path):
    found = report(COUNTRY="CCC", PDF=str(tmp_path / "report.pdf"))
    assert found["sites"] == [] and found["global"]["mean_pct"] is None
    page = Reader(tmp_path / "report.html")
    assert "The site layer has no site in CCC" in page.text and "Target" not in page.text
    assert "no site in CCC" in pdf_text(tmp_path / "report.pdf")


def test_sites_without_any_boundary_give_no_figure_but_a_list(report, world, tmp_path):
    sites = geopandas.read_file(world["sites"])
    sites.loc[sites.ISO3 == "AAA", "geometry"] = None
    sites.to_file(tmp_path / "bare.gpkg")
    found = report(SITES=str(tmp_path / "bare.gpkg"), COUNTRY="AAA", PDF=str(tmp_path / "report.pdf"))
    assert found["global"]["mean_pct"] is None and found["global"]["not_assessed"] == 5
    assert found["global"]["unprotected_ha"] is None
    page = Reader(tmp_path / "report.html")
    assert "This is not 0 %." in page.text and not [s for s in page.sources if s.startswith("data:")]
    assert "Mean cover of a site" in page.text and "0\u00a0%" not in page.text
    assert "no geometry" in pdf_text(tmp_path / "report.pdf")


def test_all_countries_have_a_table_and_a_section_each(run, report, world, tmp_path):
    found = report(COUNTRIES=world["countries"], TRIGGERS=world["triggers"])
    run("protectioncoverage", SITES=world["sites"], PROTECTED=[world["areas"]], COUNTRIES=world["countries"],
        YEARS=True, DRAWS=50, OUTPUT="memory:", SUMMARY=str(tmp_path / "cover.json"))  # fmt: skip
    cover = json.loads((tmp_path / "cover.json").read_text(encoding="utf-8"))
    assert {key: found["global"][key] for key in cover["global"]} == cover["global"]
    for ours, theirs in zip(found["countries"], cover["countries"]):
        assert {key: ours[key] for key in theirs} == theirs
    for key in ("excluded", "counted", "repaired"):
        assert found[key] == cover[key]
    assert [c["iso3"] for c in found["countries"]] == ["AAA", "BBB"]
    # The whole has each site once, the countries their parts.
    assert found["global"]["sites"] == 6 and [c["sites"] for c in found["countries"]] == [5, 2]
    page = Reader(tmp_path / "report.html")
    assert {"Aland (AAA)", "Beland (BBB)"} <= set(page.headings)
    assert page.row("Aland (AAA)")[1] == "5"


def test_the_table_has_every_figure_unrounded_and_runs_no_formula(report, tmp_path):
    found = report(COUNTRY="AAA")
    raw = (tmp_path / "report.csv").read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(raw.decode("utf-8-sig"))))
    assert len(rows) == len(found["sites"]) == 5
    for row, expected in zip(rows, found["sites"]):
        assert row["site_id"] == expected["site_id"]
        for key in ("area_ha", "both_pct", "longitude", "latitude"):
            assert (float(row[key]) if row[key] else None) == expected[key]
    assert {row["name"] for row in rows} >= {"'=SUM(A1)<b>&</b>", "ጣና ሐይቅ ደሴቶች"}
    (aside,) = [row for row in rows if row["cover_class"] == "not_assessed"]
    assert aside["both_pct"] == "" and aside["area_ha"] == "" and "circle" in aside["remarks"]


def pdf_text(path):
    return subprocess.run(["pdftotext", "-layout", str(path), "-"], capture_output=True, text=True, check=True).stdout


def test_the_same_inputs_and_seed_give_the_same_bytes(report, world, tmp_path):
    for name in ("one", "two"):
        report(name, COUNTRY="AAA", COUNTRIES=world["countries"], TRIGGERS=world["triggers"],
               PDF=str(tmp_path / f"{name}.pdf"))  # fmt: skip
    for ending in ("html", "pdf", "csv", "json"):
        assert (tmp_path / f"one.{ending}").read_bytes() == (tmp_path / f"two.{ending}").read_bytes(), ending
    text = pdf_text(tmp_path / "one.pdf")
    assert "Aland (AAA)" in text and "Cloudtop Ridge" in text
    other = report("three", COUNTRY="AAA", SEED=7)
    first = report("four", COUNTRY="AAA")
    assert other["global"]["mean_pct"] == first["global"]["mean_pct"]
    assert other["global"]["mean_low_pct"] != first["global"]["mean_low_pct"]


def test_a_second_run_says_what_has_changed(report, world, tmp_path):
    report("first", COUNTRY="AAA", TRIGGERS=world["triggers"])
    sites = geopandas.read_file(world["sites"])
    sites.loc[1, "geometry"] = box(20.25, -7, 0.05)
    sites = sites.drop(index=4)
    world["sites"] = str(tmp_path / "later.gpkg")
    sites.to_file(world["sites"])
    Path(world["triggers"]).write_text(
        "SitRecID,scientific_name,category\n1,Azea alba,CR\n2,Novella nova,EN\n", encoding="utf-8"
    )
    report("second", SITES=world["sites"], COUNTRY="AAA", TRIGGERS=world["triggers"],
           EARLIER=str(tmp_path / "first.json"), POINTS=1)  # fmt: skip
    page = Reader(tmp_path / "second.html")
    changed = page.text[page.text.rindex("What has changed since the earlier run") :]
    assert "The earlier run had other settings (points)" in changed
    assert f"{NAMES[4]} (5): unprotected, 0\u00a0%" in changed.split("Sites that are no longer there")[1]
    assert "Novella nova" in changed.split("New trigger species")[1].split("no longer there")[0]
    assert "Parvula nigra" in changed.split("Trigger species that are no longer there")[1]
    assert "Azea alba: Endangered (EN), now Critically Endangered (CR)" in changed
    row = page.row(f"{NAMES[1]} (2)")
    assert row[1].startswith("partly protected, 75") and row[2].startswith("completely protected, 100")
    report("third", SITES=world["sites"], COUNTRY="AAA", TRIGGERS=world["triggers"],
           EARLIER=str(tmp_path / "second.json"), POINTS=1)  # fmt: skip
    assert "are as they were" in Reader(tmp_path / "third.html").text


def test_what_cannot_be_compared_with_or_is_no_country_is_refused(report, run, world, tmp_path):
    with pytest.raises(QgsProcessingException, match="no country's code"):
        report(COUNTRY="Aland")
    report("first", COUNTRY="AAA")
    with pytest.raises(QgsProcessingException, match="another country"):
        report(COUNTRY="BBB", EARLIER=str(tmp_path / "first.json"))
    sound = json.loads((tmp_path / "first.json").read_text(encoding="utf-8"))
    for n, damaged in enumerate((
        "{", "[]", json.dumps({"schema": "aze-coverage/1"}), json.dumps({**sound, "sites": [{"site_id": 1}]}),
        json.dumps({**sound, "global": {"sites": "x"}}), "[" * 100_000,
    )):  # fmt: skip
        path = tmp_path / f"damaged{n}.json"
        path.write_text(damaged, encoding="utf-8")
        with pytest.raises(QgsProcessingException, match=path.name):
            report(COUNTRY="AAA", EARLIER=str(path))


def test_the_library_finds_species_where_nothing_else_tells_of_them(run, sample_library, tmp_path):
    sample = Path(__file__).resolve().parents[2] / "resources" / "sample"
    copies = {}
    for name in ("candidates", "protected_areas"):
        copies[name] = tmp_path / f"{name}.gpkg"
        copies[name].write_bytes((sample / f"{name}.gpkg").read_bytes())
    out = tmp_path / "report"
    sites, areas = f"{copies['candidates']}|layername=candidates", [str(copies["protected_areas"])]
    run("countryreport", SITES=sites, PROTECTED=areas,
        LIBRARY=sample_library, OUTPUT=f"{out}.html", SUMMARY=f"{out}.json", DRAWS=10)  # fmt: skip
    found = json.loads(Path(f"{out}.json").read_text(encoding="utf-8"))
    bases = {row["name"]: (row["species_basis"], row["species"]) for row in found["sites"]}
    assert {basis for basis, _ in bases.values()} <= {"library", ""}
    assert any(species for _, species in bases.values())
    assert all((species is None) == (basis == "") for basis, species in bases.values())
    assert "sample-1" in Reader(f"{out}.html").text


def test_it_runs_in_a_task_with_the_layout_on_the_main_thread_and_can_be_cancelled(provider, world, tmp_path):
    def started(pdf):
        algorithm = provider.algorithm("countryreport").create()
        context = QgsProcessingContext()
        context.setProject(QgsProject.instance())
        parameters = {"SITES": world["sites"], "PROTECTED": [world["areas"]], "COUNTRY": "AAA", "DRAWS": 10,
                      "OUTPUT": str(tmp_path / "task.html"), "PDF": str(pdf)}  # fmt: skip
        feedback = QgsProcessingFeedback(False)
        task = QgsProcessingAlgRunnerTask(algorithm, parameters, context, feedback)
        ended = []
        task.executed.connect(lambda ok, results: ended.append((ok, results)))
        QgsApplication.taskManager().addTask(task)
        return task, ended, (algorithm, context, feedback)

    def served(ended, seconds=120):
        end = time.monotonic() + seconds
        while not ended and time.monotonic() < end:
            QCoreApplication.processEvents()
            time.sleep(0.005)
        assert ended

    task, ended, _kept = started(tmp_path / "task.pdf")
    served(ended)
    assert ended[0][0] and (tmp_path / "task.pdf").stat().st_size > 10_000
    task, ended, _kept = started(tmp_path / "cancelled.pdf")
    task.cancel()
    served(ended)
    assert not (tmp_path / "cancelled.pdf").exists()


def test_the_documents_shape_is_what_an_earlier_run_has_to_have(report):
    assert countryreport._fault(report(COUNTRY="AAA")) == ""
