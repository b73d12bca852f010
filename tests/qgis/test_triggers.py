"""Trigger species of sites: from fields, tables and the library, and never empty where they are not known."""

from pathlib import Path

import pytest
from qgis.core import QgsFeature, QgsGeometry, QgsVectorLayer

from aze_plugin.domain.errors import AzeError
from aze_plugin.domain.progress import Progress
from aze_plugin.services import candidates, triggers
from aze_plugin.services.triggers import Trigger, parsed
from aze_plugin.services.wording import text

SAMPLE = Path(__file__).resolve().parents[2] / "resources" / "sample"
SQUARE = "POLYGON((10 0,10.1 0,10.1 0.1,10 0.1,10 0))"


def layer(fields, rows, kind="Polygon?crs=EPSG:4326"):
    made = QgsVectorLayer(kind + "".join(f"&field={f}" for f in fields.split()), "sites", "memory")
    for wkt, *values in rows:
        feature = QgsFeature(made.fields())
        feature.setAttributes(values)
        if wkt:
            feature.setGeometry(QgsGeometry.fromWkt(wkt))
        assert made.dataProvider().addFeature(feature)
    return made


def table(fields, rows):
    return layer(fields, [(None, *row) for row in rows], "NoGeometry?x=y")


@pytest.mark.parametrize(
    "cell, expected",
    [
        ("Azea alba", [Trigger("Azea alba")]),
        ("Azea alba (CR); Bufo b. ( Endangered )", [Trigger("Azea alba", "CR"), Trigger("Bufo b.", "EN")]),
        ("Azea alba, Cyanea rubra|Dipsas lata [CR(PE)]", [
            Trigger("Azea alba"), Trigger("Cyanea rubra"), Trigger("Dipsas lata", "CR")]),
        ("Azea alba (sensu lato)", [Trigger("Azea alba (sensu lato)")]),
        ("  ", []), (None, []), ("n/a", []),
    ],
)  # fmt: skip
def test_a_cell_is_taken_apart(cell, expected):
    assert parsed(cell) == expected


def test_a_field_a_table_and_nothing():
    sites = layer(
        "SitRecID:double IntName:string Trigger_Species:string",
        [
            (SQUARE, 7.0, "Told by both", "Azea alba (EN)"),
            (SQUARE, 8.0, "Told by its field", "Vulpes v.; Azea alba (EN); Bufo b. (CR)"),
            (SQUARE, 9.0, "Not told", None),
        ],
    )
    listed = table(
        "SITRECID:string Species:string Category:string",
        [("7", "Crassula c.", "Critically Endangered"), ("7.0", "Azea alba", "EN"), ("99", "Nobody n.", "CR")],
    )
    found = triggers.known(sites, listed)
    assert found.of("7") == (Trigger("Crassula c.", "CR"), Trigger("Azea alba", "EN"))
    assert [t.scientific_name for t in found.of("8")] == ["Bufo b.", "Azea alba", "Vulpes v."]
    assert found.of("9") is None and found.basis("9") == ""
    assert (found.basis("7"), found.basis("8")) == ("table", "field")
    assert found.strangers == ("99",)


def test_a_table_without_the_columns_says_what_it_has():
    sites = layer("SitRecID:int", [(SQUARE, 1)])
    with pytest.raises(AzeError) as raised:
        triggers.known(sites, table("number:int who:string", [(1, "Azea alba")]))
    assert raised.value.code == "triggers.fields"
    assert "number, who" in text(raised.value.code, raised.value.params)


def test_the_library_completes_names_and_judges_the_rest(evidence_library):
    sites = QgsVectorLayer(f"{SAMPLE / 'sites.gpkg'}|layername=sites", "sites", "ogr")
    if not sites.isValid():
        sites = QgsVectorLayer(str(SAMPLE / "sites.gpkg"), "sites", "ogr")
    listed = QgsVectorLayer(f"file://{SAMPLE / 'site_triggers.csv'}?type=csv", "listed", "delimitedtext")
    assert sites.isValid() and listed.isValid()
    from qgis.core import QgsCoordinateTransformContext

    existing = candidates.read_sites(sites, QgsCoordinateTransformContext(), Progress())
    told = triggers.known(sites, listed)
    assert {t.scientific_name for t in told.of("98001")} == {"Lacustrina caeca", "Fractella torta"}
    assert all(t.category == "" for t in told.of("98001"))
    full = triggers.with_library(told, existing, evidence_library)
    assert full.basis("98001") == "table"
    assert {t.scientific_name for t in full.of("98001")} == {"Lacustrina caeca", "Fractella torta"}
    assert all(t.category for t in full.of("98001"))
    rest = [s for s in existing if told.of(s.site_id) is None]
    for site in rest:
        # Looked for: an answer, if it is that there are none.
        assert full.of(site.site_id) is not None and full.basis(site.site_id) == "library"
    alone = triggers.with_library(triggers.Triggers(), existing, evidence_library)
    assert any(alone.of(s.site_id) for s in existing)
    assert all(t.category in ("CR", "EN", "EW") for s in existing for t in alone.of(s.site_id))
