"""The table of versions in the candidates' GeoPackage: kept, never twice in a row, with the file open in QGIS."""

import sqlite3
import threading

import pytest
from osgeo import ogr
from qgis.core import QgsFeature, QgsGeometry, QgsProject, QgsVectorLayer

from aze_plugin.domain.errors import AzeError
from aze_plugin.gui import layers
from aze_plugin.services.versions import History
from aze_plugin.services.wording import text


def square(side, west=0.0):
    return QgsGeometry.fromWkt(
        f"MultiPolygon((({west} 0, {west + side} 0, {west + side} {side}, {west} {side}, {west} 0)))"
    )


def wkb(side):
    return bytes(square(side).asWkb())


@pytest.fixture
def layer(qgis_app, tmp_path):
    return layers.create_candidate_layer(str(tmp_path / "c.gpkg"), QgsProject.instance().transformContext())


@pytest.fixture
def history(layer, tmp_path):
    return History(str(tmp_path / "c.gpkg"))


def test_nothing_is_there_before_something_is_kept(history):
    assert history.of("a") == []


def test_versions_are_numbered_by_candidate_and_keep_all(history):
    found = {"verdict": "eligible", "species": [{"scientific_name": "Azea alba", "share": 0.974}]}
    history.keep("a", wkb(1), "  First   walk\n", "A. Nominator", 1230.5, found)
    history.keep("b", wkb(1), "Other candidate")
    history.keep("a", wkb(2), "Örtliche Begehung – “neu”")
    first, second = history.of("a")
    assert (first.number, second.number) == (1, 2)
    assert first.reason == "First walk"
    assert second.reason == "Örtliche Begehung – “neu”"
    assert (first.author, first.area_ha, first.summary) == ("A. Nominator", 1230.5, found)
    assert (second.author, second.area_ha, second.summary) == ("", None, {})
    assert first.wkb == wkb(1)
    assert first.kept.utcoffset().total_seconds() == 0
    assert [v.number for v in history.of("b")] == [1]


def test_equal_ones_are_not_kept_in_a_row_but_later_again(history):
    assert history.keep("a", wkb(1), "one").number == 1
    assert history.keep("a", wkb(1), "same") is None
    assert history.keep("a", wkb(2), "two").number == 2
    assert history.keep("a", wkb(1), "as before").number == 3
    assert [v.reason for v in history.of("a")] == ["one", "two", "as before"]


def test_reasons_are_values_not_statements(history):
    nasty = "'); DROP TABLE candidate_version; --"
    history.keep(nasty, wkb(1), nasty)
    assert [v.reason for v in history.of(nasty)] == [nasty]


def test_keys_may_be_exchanged(history):
    history.keep("a", wkb(1), "of a")
    history.keep("b", wkb(2), "of b")
    history.rename({"a": "b", "b": "a"})
    assert [v.reason for v in history.of("a")] == ["of b"]
    assert [v.reason for v in history.of("b")] == ["of a"]


def test_the_file_stays_a_geopackage_whose_layer_can_be_edited_and_saved(layer, history, tmp_path):
    feature = QgsFeature(layer.fields())
    feature.setGeometry(square(1))
    layer.startEditing()
    assert layer.addFeature(feature)
    history.keep("a", wkb(1), "while edits wait")
    assert layer.commitChanges(False), layer.commitErrors()
    history.keep("a", wkb(2), "between two savings")
    fid = next(layer.getFeatures()).id()
    assert layer.changeGeometry(fid, square(3))
    walking = layer.getFeatures()
    next(walking)
    history.keep("a", wkb(3), "while the layer is read")
    assert layer.commitChanges(True), layer.commitErrors()
    assert [v.number for v in history.of("a")] == [1, 2, 3]
    again = QgsVectorLayer(layers.candidate_uri(str(tmp_path / "c.gpkg")), "again", "ogr")
    assert next(again.getFeatures()).geometry().equals(square(3))
    source = ogr.Open(str(tmp_path / "c.gpkg"))
    assert source.GetLayerByName("candidate_version").GetGeomType() == ogr.wkbNone
    assert source.GetLayerByName("candidate_version").GetFeatureCount() == 3
    with sqlite3.connect(tmp_path / "c.gpkg") as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []


def test_two_who_keep_at_once_get_numbers_of_their_own(history):
    def work(start):
        for i in range(15):
            history.keep("a", wkb(start + i), f"{start + i}")

    threads = [threading.Thread(target=work, args=(start,)) for start in (1, 101)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [v.number for v in history.of("a")] == list(range(1, 31))


def test_all_versions_go_to_another_file(history, tmp_path):
    history.keep("a", wkb(1), "one", "A. Nominator", 1.0, {"verdict": "eligible", "species": []})
    history.keep("b", wkb(2), "two")
    layers.create_candidate_layer(str(tmp_path / "d.gpkg"), QgsProject.instance().transformContext())
    history.copy_to(str(tmp_path / "d.gpkg"))
    other = History(str(tmp_path / "d.gpkg"))
    assert other.of("a") == history.of("a")
    assert other.of("b") == history.of("b")


def test_what_hinders_is_said_with_the_file(history, tmp_path):
    missing = str(tmp_path / "none.gpkg")
    broken = tmp_path / "broken.gpkg"
    broken.write_bytes(b"no database " * 100)
    for path, code in ((missing, "versions.no_file"), (str(broken), "versions.failed")):
        with pytest.raises(AzeError) as caught:
            History(path).keep("a", wkb(1), "one")
        assert caught.value.code == code
        assert path in text(caught.value.code, caught.value.params)
    assert not (tmp_path / "none.gpkg").exists()


def test_a_file_that_another_program_writes_to_is_said_to_be_locked(history, tmp_path, monkeypatch):
    monkeypatch.setattr("aze_plugin.services.versions._LOCK_SECONDS", 0.1)
    history.keep("a", wkb(1), "one")
    other = sqlite3.connect(tmp_path / "c.gpkg", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(AzeError) as caught:
        history.keep("a", wkb(2), "two")
    assert caught.value.code == "versions.locked"
    other.execute("ROLLBACK")
    other.close()
    assert history.keep("a", wkb(2), "two").number == 2
