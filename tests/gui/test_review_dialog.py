"""The reviewer's window: sound, damaged and hostile packages; comments, decision, saving; two versions."""

import json
import shutil
import zipfile
from pathlib import Path

import pytest
from hostile_packages import ARCHIVES
from package_helpers import FOLDER, execute, packaged, rebag
from pages_support import *  # noqa: F403
from pages_support import SAMPLE, boundary_of, settle, wait_for
from qgis.core import QgsApplication, QgsGeometry, QgsProject
from qgis.gui import QgsRubberBand
from qgis.PyQt import sip
from qgis.PyQt.QtCore import (
    QCoreApplication,
    QEvent,
    QMimeData,
    QObject,
    QPoint,
    QPointF,
    QSettings,
    Qt,
    QUrl,
    pyqtSignal,
)
from qgis.PyQt.QtGui import QDragEnterEvent, QDropEvent
from qgis.PyQt.QtWidgets import QFileDialog, QLabel, QWidget
from window import window  # noqa: F401

from aze_plugin.gui import tasks
from aze_plugin.gui.review_dialog import ReviewDialog
from aze_plugin.gui.widgets.basics import TextLabel
from aze_plugin.gui.widgets.plainrows import visible

EVIL = '<img src="file:///etc/passwd"><a href="http://127.0.0.1:9/">press</a><b>bold</b>'


@pytest.fixture(scope="module")
def packed(library, tmp_path_factory):  # noqa: F811
    """A final package of the sample, unpacked."""
    folder = tmp_path_factory.mktemp("packed")
    (folder / "survey.txt").write_text("Nine transects.\n")
    packaged(library, folder, folder / "survey.txt")
    with zipfile.ZipFile(folder / "package.zip") as archive:
        archive.extractall(folder)
    return folder / FOLDER


@pytest.fixture
def scratch(tmp_path, monkeypatch):
    """Where temporary folders are made, and a profile of its own."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    monkeypatch.setattr(QgsApplication, "qgisSettingsDirPath", staticmethod(lambda: str(tmp_path / "profile")))
    QSettings().remove("aze_toolkit/reviewer")
    yield folder
    QSettings().remove("aze_toolkit/reviewer")


@pytest.fixture
def archive(packed, tmp_path):
    """``archive(change, name)``: the package as a zip, after a change of its folder."""

    def make(change=None, name="package", manifest=True):
        folder = tmp_path / name / FOLDER
        shutil.copytree(packed, folder)
        if change is not None:
            change(folder)
            if manifest:
                rebag(folder)
        return shutil.make_archive(str(tmp_path / name), "zip", folder.parent, FOLDER)

    return make


@pytest.fixture
def show(empty_session, window, scratch, library):  # noqa: F811
    """``show(path)``: the window of a package, when it was verified."""
    empty_session.iface = window
    empty_session.open_library(library)
    made = []

    def open_package(path, width=620):
        dialog = ReviewDialog(empty_session, str(path))
        dialog.resize(width, 700)
        dialog.show()
        made.append(dialog)
        wait_for(lambda: dialog.review.busy is None)
        settle()
        return dialog

    yield open_package
    for dialog in made:
        if not sip.isdeleted(dialog):
            dialog.close()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def said(widget):
    """All that the labels of a widget say."""
    return "\n".join(label.plain() for label in widget.findChildren(TextLabel))


def bands(window):  # noqa: F811
    return [item for item in window.canvas.scene().items() if isinstance(item, QgsRubberBand)]


def change_nomination(change):
    def edit(folder):
        path = folder / "data" / "nomination.json"
        content = json.loads(path.read_text(encoding="utf-8"))
        change(content)
        path.write_text(json.dumps(content), encoding="utf-8")

    return edit


def claim_more(folder):
    """Azea alba's share, 97.4 %, claimed to be 98.1 %."""
    path = folder / "data" / "assessment.json"
    document = json.loads(path.read_text())
    taxon = next(t for t in document["assessments"][0]["species"] if t["scientific_name"] == "Azea alba")
    for share in taxon["shares"]:
        share.update(low=0.981, best=0.981, high=0.981, site_value=0.981 * share["global_value"])
    path.write_text(json.dumps(document))


# ------------------------------------------------------------------------------------------------------- what is shown
def test_a_sound_package(show, archive, window):  # noqa: F811
    dialog = show(archive())
    assert dialog.name.plain() == "Cloudtop Ridge"
    assert dialog.chip.state == "fine" and dialog.chip.text == "sound"
    assert "package.zip" in dialog.facts.plain() and "final" in dialog.facts.plain()
    assert dialog.overview.claims.chip.text == "Eligible"
    assert dialog.overview.shares.chip.state == "fine"
    table = dialog.shares.table
    rows = {table.topLevelItem(n).text(0): table.topLevelItem(n) for n in range(table.topLevelItemCount())}
    alba = rows["Azea alba\nrange, resident"]
    assert (alba.text(1), alba.text(2), alba.text(3)) == ("97.40\u00a0%", "97.40\u00a0%", "")
    assert alba.text(4) == "● the same"
    names = {dialog.files.rows.key_of(item) for item in dialog.files.rows.rows()}
    assert {"bagit.txt", "data/nomination.json", "data/evidence/survey.txt"} <= names
    (band,) = bands(window)
    there = QgsGeometry.fromWkt(band.asGeometry().asWkt())
    assert there.area() == pytest.approx(boundary_of("Cloudtop Ridge").area(), rel=1e-9)
    assert "4,31" in dialog.overview.place_said.plain()


def test_shares_that_differ_are_marked_by_shape_colour_and_order(show, archive):
    dialog = show(archive(claim_more))
    assert dialog.chip.state == "problem"
    first = dialog.shares.table.topLevelItem(0)
    assert first.text(0).startswith("Azea alba") and first.text(1) == "98.10\u00a0%" and first.text(2) == "97.40\u00a0%"
    assert first.text(3) == "\u22120.7" and first.text(4) == "▲ differs"
    dialog.tabs.setCurrentWidget(dialog.shares)
    settle()
    table = dialog.shares.table
    colours = []
    for n in (0, table.topLevelItemCount() - 1):
        table.scrollToItem(table.topLevelItem(n))
        settle()
        place = table.visualItemRect(table.topLevelItem(n)).topRight() - QPoint(3, -3)
        colours.append(table.viewport().grab().toImage().pixelColor(place).name())
    assert colours[0] != colours[1]
    dialog.shares.only.setChecked(True)
    table = dialog.shares.table
    shown = [
        table.topLevelItem(n).text(4) for n in range(table.topLevelItemCount()) if not table.topLevelItem(n).isHidden()
    ]
    assert set(shown) == {"▲ differs"}
    assert "▲" in dialog.tabs.tabText(1)


def test_without_a_library_nothing_is_said_to_be_the_same(show, archive, empty_session):
    empty_session.open_library("")
    dialog = show(archive())
    assert dialog.overview.shares.chip.state == "empty"
    assert "no share was recomputed" in dialog.overview.shares_said.plain()
    assert dialog.shares.table.topLevelItem(0).text(2) == "–"


def test_a_damaged_package(show, archive, window):  # noqa: F811
    def damage(folder):
        (folder / "data" / "coverage.json").unlink()
        (folder / "data" / "boundary" / f"{FOLDER}.gpkg").write_bytes(b"SQLite format 3\0" + bytes(4096))

    dialog = show(archive(damage, manifest=False))
    assert dialog.chip.state == "problem"
    assert "Integrity" in said(dialog.overview) and "data/coverage.json" in said(dialog.overview)
    assert bands(window) == [] and not dialog.overview.look.isEnabled() and not dialog.overview.add.isEnabled()


@pytest.mark.parametrize("name", ["a name that leads out", "a link", "a bomb", "an empty file", "100,000 entries"])
def test_hostile_packages_are_refused_in_the_window(name, show, tmp_path, scratch, window):  # noqa: F811
    path = tmp_path / "evil.zip"
    ARCHIVES[name][0](path)
    dialog = show(path)
    assert dialog.chip.state == "problem" and bands(window) == []
    assert dialog.review.files == []
    assert "not safe" in dialog.files.rows.rows()[0].text(0)
    assert dialog.overview._problem_rows.count() >= 2
    dialog.close()
    assert list(scratch.iterdir()) == []


def test_texts_of_a_package_are_never_markup(show, archive):
    def evil(nomination):
        nomination["site"]["international_name"] = EVIL
        nomination["site"]["description"] = EVIL + "\u202egnp.exe"
        nomination[EVIL] = EVIL

    dialog = show(archive(change_nomination(evil)))
    for label in dialog.findChildren(QLabel):
        assert label.textFormat() == Qt.TextFormat.PlainText or "<" not in label.text()
        assert not label.openExternalLinks()
    for widget in dialog.findChildren(QWidget):
        assert "<img" not in widget.toolTip() and "passwd" not in widget.toolTip()
    for item in dialog.fields.rows.rows():
        assert item.toolTip(0) == ""
    dialog.fields.reach("/site/description")
    assert EVIL in dialog.fields.value.toPlainText()
    assert "\u202e" not in dialog.fields.value.toPlainText() + dialog.fields.rows.currentItem().text(0)
    dialog.review.comment("/site/description", EVIL)
    assert all(label.textFormat() == Qt.TextFormat.PlainText for label in dialog.fields.pane.findChildren(TextLabel))


def test_what_turns_text_round_becomes_visible_and_scripts_stay():
    assert visible("a\u202eb\u2066c\x00d\re") == "a\ufffdb\ufffdc\ufffdd\ne"
    assert visible("قمة السحاب \u200fالعالية") == "قمة السحاب \u200fالعالية"


@pytest.mark.parametrize("width", [360, 900])
def test_long_and_right_to_left_texts_wrap(show, archive, width):
    def long(nomination):
        nomination["site"]["description"] = "قمة السحاب " * 200
        nomination["site"]["notes"] = "x" * 3000
        nomination["site"]["international_name"] = "Long name " * 24

    dialog = show(archive(change_nomination(long)), width)
    for n in range(dialog.tabs.count()):
        dialog.tabs.setCurrentIndex(n)
        settle()
        assert dialog.width() == width
    dialog.fields.reach("/site/notes")
    rows = dialog.fields.rows
    line = rows.fontMetrics().height()
    assert rows.visualItemRect(rows.currentItem()).height() > 4 * line
    assert rows.visualItemRect(rows.currentItem()).width() <= rows.viewport().width()


# ------------------------------------------------------------------------------------------------ comments and decision
def test_comments_and_decision_are_saved_beside_the_package_and_taken_up_again(show, archive):
    path = archive()
    dialog = show(path)
    dialog.overview.author.setText("Ines Baum")
    dialog.overview.author.editingFinished.emit()
    dialog.fields.reach("/site/description")
    dialog.fields.box.setPlainText("Which century?")
    dialog.fields.reach("/site/country")
    assert dialog.fields.box.toPlainText() == ""
    dialog.overview.outcome.setCurrentIndex(dialog.overview.outcome.findData("revise"))
    dialog.overview.why.setPlainText("See the comments.")
    dialog.overview.commit()
    dialog.close()
    saved = json.loads(Path(f"{path}.review.json").read_text(encoding="utf-8"))
    (comment,) = saved["comments"]["/site/description"]
    assert (comment["text"], comment["author"]) == ("Which century?", "Ines Baum")
    assert saved["decision"]["outcome"] == "revise" and saved["decision"]["text"] == "See the comments."
    again = show(path)
    assert again.overview.why.toPlainText() == "See the comments."
    again.fields.reach("/site/description")
    assert "Which century?" in again.fields.rows.currentItem().text(0)
    again.fields.only.setChecked(True)
    assert [i for i in again.fields.rows.rows() if not i.isHidden()] == [again.fields.rows.currentItem()]
    again.fields._remove(0)
    settle()
    assert again.review.document["comments"] == {}


def test_a_comment_leaves_the_list_where_it_is(show, archive):
    dialog = show(archive())
    dialog.tabs.setCurrentWidget(dialog.fields)
    dialog.fields.reach("/site/description")
    settle()
    bar = dialog.fields.rows.verticalScrollBar()
    place, item = bar.value(), dialog.fields.rows.currentItem()
    assert place > 0
    dialog.fields.box.setPlainText("Which century?")
    dialog.fields.commit()
    settle()
    assert dialog.fields.rows.currentItem() is item and bar.value() == place
    assert "Which century?" in item.text(0)


def test_a_very_long_nomination_does_not_hold_the_window_up(show, archive):
    def long(nomination):
        nomination["more"] = [{"text": f"Row {n} " * 10} for n in range(3_300)]

    dialog = show(archive(change_nomination(long)))
    dialog.tabs.setCurrentWidget(dialog.fields)
    settle()
    assert len(dialog.fields.rows.rows()) <= 2_002
    assert not dialog.fields.rows.topLevelItem(dialog.fields.rows.topLevelItemCount() - 2).isExpanded()


def test_somebody_elses_file_beside_the_package_is_left_alone(show, archive, tmp_path):
    path = archive()
    foreign = Path(f"{path}.review.json")
    foreign.write_text('{"mine": true}')
    dialog = show(path)
    dialog.review.comment("", "Good.")
    dialog.close()
    assert foreign.read_text() == '{"mine": true}'
    (kept,) = (tmp_path / "profile" / "aze_toolkit" / "reviews").iterdir()
    assert json.loads(kept.read_text())["comments"][""][0]["text"] == "Good."
    assert show(path).review.document["comments"][""][0]["text"] == "Good."


def test_a_planted_review_is_held_against_its_schema(show, archive):
    path = archive()
    dialog = show(path)
    planted = {**dialog.review.document, "decision": {"outcome": "accept", "text": EVIL}}
    dialog.close()
    Path(f"{path}.review.json").write_text(json.dumps(planted))
    again = show(path)
    assert again.review.document["decision"] is None


def test_another_reviewers_comments_are_added(show, archive, monkeypatch, tmp_path):
    path = archive()
    dialog = show(path)
    dialog.review.set_author("A")
    dialog.review.comment("/site/notes", "First.")
    other = tmp_path / "other.json"
    dialog.review.set_author("B")
    dialog.review.comment("/site/notes", "Second.")
    dialog.review.export(str(other))
    dialog.review.remove_comment("/site/notes", 1)
    monkeypatch.setattr(QFileDialog, "getOpenFileName", staticmethod(lambda *a, **k: (str(other), "")))
    dialog.ask_and_merge()
    assert [c["text"] for c in dialog.review.document["comments"]["/site/notes"]] == ["First.", "Second."]
    other.write_text("[]")
    dialog.ask_and_merge()
    assert not dialog.note.isHidden() and "no review" in dialog.note.plain()


def test_a_review_of_another_package_is_not_taken(show, archive, monkeypatch):
    first = show(archive(name="first"))
    second = show(archive(claim_more, name="second"))
    saved = str(Path(first.review.package).with_suffix(".json"))
    first.review.export(saved)
    monkeypatch.setattr(QFileDialog, "getOpenFileName", staticmethod(lambda *a, **k: (saved, "")))
    second.ask_and_merge()
    assert "first.zip" in second.note.plain()


@pytest.mark.parametrize("ending", ["html", "json"])
def test_the_review_is_exported(show, archive, monkeypatch, tmp_path, ending):
    dialog = show(archive())
    dialog.fields.reach("/site/description")
    dialog.fields.box.setPlainText("Written and not yet added <b>")
    target = tmp_path / f"review.{ending}"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", staticmethod(lambda *a, **k: (str(target), "")))
    dialog.ask_and_export()
    content = target.read_text(encoding="utf-8")
    assert "Written and not yet added" in content
    assert ("added <b>" in content) == (ending == "json")


def test_a_file_of_the_package_is_only_copied(show, archive, monkeypatch, tmp_path):
    dialog = show(archive())
    rows = dialog.files.rows
    chosen = next(item for item in rows.rows() if rows.key_of(item) == "data/evidence/survey.txt")
    rows.setCurrentItem(chosen)
    target = tmp_path / "copy.txt"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", staticmethod(lambda *a, **k: (str(target), "")))
    dialog.files.ask_and_save()
    assert target.read_text() == "Nine transects.\n"
    with pytest.raises(KeyError):
        dialog.review.save_copy("../../evil", str(target))


# ------------------------------------------------------------------------------------------------------------- the map
def test_the_boundary_becomes_a_layer_on_demand(show, archive):
    dialog = show(archive(change_nomination(lambda n: n["site"].update(international_name="Cloud <img src=x>"))))
    assert QgsProject.instance().mapLayers() == {}
    layer = dialog.add_layer()
    (feature,) = layer.getFeatures()
    assert feature.geometry().area() == pytest.approx(boundary_of("Cloudtop Ridge").area(), rel=1e-9)
    assert "<" not in layer.name() and layer.crs().authid() == "EPSG:4326"


def test_nothing_stays_behind_when_the_window_closes(show, archive, scratch, window):  # noqa: F811
    dialog = show(archive())
    assert any(p.name.startswith("aze-verify-") for p in scratch.iterdir())
    dialog.close()
    settle()
    assert bands(window) == [] and list(scratch.iterdir()) == []


def test_closing_and_cancelling_while_it_is_verified(empty_session, window, scratch, archive, library):  # noqa: F811
    empty_session.iface = window
    empty_session.open_library(library)
    path = archive()
    closed = ReviewDialog(empty_session, path)
    closed.show()
    closed.close()
    stopped = ReviewDialog(empty_session, path)
    stopped.show()
    stopped._cancel()
    wait_for(lambda: tasks.under_way() == 0)
    settle()
    assert list(scratch.iterdir()) == [] and bands(window) == []
    assert stopped.review.document is None and stopped.again.isEnabled() and not stopped.export_button.isEnabled()
    stopped.open()
    wait_for(lambda: stopped.review.document is not None)
    stopped.close()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    assert list(scratch.iterdir()) == []


def test_a_package_that_is_not_there(show, tmp_path):
    dialog = show(tmp_path / "gone.zip")
    assert "gone.zip" in dialog.note.plain() and dialog.review.document is None


# -------------------------------------------------------------------------------------------------------- two versions
def test_two_versions(show, archive, monkeypatch):
    def later(nomination):
        nomination["site"]["notes"] = "New."
        del nomination["site"]["state"]
        nomination["site"]["altitude_max"] = 1200

    earlier = archive(name="earlier")
    dialog = show(archive(change_nomination(later), name="later"))
    monkeypatch.setattr(QFileDialog, "getOpenFileName", staticmethod(lambda *a, **k: (earlier, "")))
    dialog.ask_and_compare()
    wait_for(lambda: dialog.review.busy is None)
    assert dialog.tabs.currentWidget() is dialog.changes
    rows = dialog.changes.rows
    found = {rows.row_of(i).head: rows.row_of(i) for i in rows.rows()}
    assert found["Site: Notes"].body == "New." and found["Site: Notes"].tags[0].word == "added"
    assert found["Site: State or province"].tags[0].mark == "−"
    altitude = next(row for head, row in found.items() if row.body == "1,180 → 1,200" or row.body == "1180 → 1200")
    assert altitude.tags[0].word == "changed"
    assert "The boundary is the same." in dialog.changes.head.plain()
    dialog.changes._swap()
    wait_for(lambda: dialog.review.busy is None)
    assert dialog.changes.head.plain().startswith("later.zip → earlier.zip")


def test_what_a_boundary_gained_and_lost_is_hatched_on_the_map(show, archive, library, tmp_path, window):  # noqa: F811
    from aze_plugin.packaging.details import schema
    from aze_plugin.processing.packagenomination import PackageNomination

    shape = boundary_of("Cloudtop Ridge")
    box = shape.boundingBox()
    box.setXMinimum(box.xMinimum() + box.width() / 4)
    cut = shape.intersection(QgsGeometry.fromRect(box))
    member = {"type": "Feature", "properties": {"name": "Cloudtop Ridge"}, "geometry": json.loads(cut.asJson(15))}
    (tmp_path / "cut.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": [member]}))
    (tmp_path / "details.json").write_text(json.dumps(schema()["examples"][0]), encoding="utf-8")
    execute(
        PackageNomination,
        BOUNDARY=str(tmp_path / "cut.geojson"),
        LIBRARY=library,
        DETAILS=str(tmp_path / "details.json"),
        ALLOW_INCOMPLETE=True,
        OUTPUT=str(tmp_path / "cut.zip"),
    )
    dialog = show(tmp_path / "cut.zip")
    dialog.compare(archive(), str(tmp_path / "cut.zip"))
    wait_for(lambda: dialog.review.busy is None)
    assert "Gained: nothing" in dialog.changes.gained.plain()
    assert len(bands(window)) == 2
    areas = sorted(b.asGeometry().area() for b in bands(window))
    assert areas[0] == pytest.approx(shape.difference(cut).area(), rel=1e-6)
    rows = dialog.changes.rows
    alba = next(r for r in map(rows.row_of, rows.rows()) if r.head.startswith("Azea alba · range"))
    assert alba.body.startswith("97.40\u00a0% → ") and alba.tags[0].word.startswith("\u2212")


# -------------------------------------------------------------------------------------------------------- ways to it
class _Dock(QObject):
    """The part of the dock that the ways to a review use."""

    built = pyqtSignal()

    def __init__(self, session, panel):
        super().__init__()
        self.session, self.panel = session, panel

    def build(self):
        return self.panel


def test_a_package_is_dropped_on_the_panel(empty_session, window, scratch, archive):  # noqa: F811
    from aze_plugin.gui.panel import Panel
    from aze_plugin.gui.reviewing import Reviewing

    empty_session.iface = window
    panel = Panel(empty_session)
    dock = _Dock(empty_session, panel)
    reviewing = Reviewing(dock, window.window)
    dock.built.emit()
    path = archive()

    def drop(file):
        mime = QMimeData()
        mime.setUrls([QUrl.fromLocalFile(str(file))])
        given = Qt.DropAction.CopyAction, mime, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
        entering = QDragEnterEvent(QPoint(5, 5), *given)
        if reviewing.eventFilter(panel, entering):
            assert entering.isAccepted()
            assert reviewing.eventFilter(panel, QDropEvent(QPointF(5, 5), *given))
        return entering.isAccepted()

    assert panel.acceptDrops()
    assert not drop(SAMPLE / "sites.gpkg") and not drop(SAMPLE / "ranges.zip")
    assert reviewing._dialogs == []
    drop(path)
    drop(path)
    (dialog,) = reviewing._dialogs
    assert dialog.review.package == path
    wait_for(lambda: dialog.review.busy is None)
    reviewing.close()
    assert list(scratch.iterdir()) == []
    panel.close_pages()
    panel.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
